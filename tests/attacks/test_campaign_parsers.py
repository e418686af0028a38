"""The parsers' campaign in small: some thousand inputs for each cheap reader, and readers too weak to pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaigns.parsers import weakened
from tests.campaigns.parsers.bounds import KINDS, run_bounds
from tests.campaigns.parsers.campaign import Parsers
from tests.campaigns.parsers.measure import Cost, measured
from tests.campaigns.parsers.observe import FaultError, minimised, observe, require, site
from tests.campaigns.parsers.runs import run_fuzz
from tests.campaigns.parsers.target import Target
from tests.campaigns.parsers.targets import HOMES
from zkpay.errors import InputError, Rejected

RUNS = {"statement": 3000, "payouts": 3000, "csv": 200, "policy": 200, "private": 300}


@pytest.mark.parametrize("name", RUNS)
def test_no_input_is_found(name: str) -> None:
    pytest.importorskip("atheris")
    module, target = HOMES[name]
    tally = run_fuzz(f"slice/{name}/0", module, target, RUNS[name])
    assert tally.findings == []
    assert tally.counts["executions"] == RUNS[name]
    # Inputs that reach the end: a reader that refuses everything would hold nothing against anybody.
    assert tally.counts["inputs accepted"] > 0
    assert tally.tables["Executions by reader"] == {name: RUNS[name]}


@pytest.mark.parametrize("target", weakened.TARGETS, ids=lambda target: target.name)
def test_a_weak_reader_is_found(target: Target) -> None:
    pytest.importorskip("atheris")
    tally = run_fuzz(f"slice/{target.name}/0", weakened.__name__, target, 3000)
    found = {
        "encoding": "not the one encoding",
        "types": "TypeError",
        "messages": "a message with",
        "death": "the reader's process ended with",
    }
    assert any(found[target.name] in what for _, what in tally.findings)


@pytest.mark.parametrize(("kind", "files"), [("statement", 18), ("parquet", 11)])
def test_no_file_costs_more_than_an_honest_one(kind: str, files: int) -> None:
    tally = run_bounds(f"slice/bounds-{kind}/0", kind, changed=1)
    assert tally.findings == []
    assert tally.counts["files measured"] >= files


def test_a_dear_file_is_found() -> None:
    cost = Cost("honest", 1000, 0.1, 100 << 20, None)
    assert not cost.too_dear(0.1, 60 << 20)
    assert replace(cost, memory=200 << 20).too_dear(0.1, 60 << 20)
    assert replace(cost, seconds=1.0).too_dear(0.1, 100 << 20)


def test_memory_and_time_are_those_of_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")

    def measured_with(read: object) -> Cost:
        monkeypatch.setattr("tests.campaigns.parsers.measure.read_file", read)
        return measured("any", "any", path)

    def crash(*_: object) -> None:
        raise IndexError

    def swell(*_: object) -> None:
        bytearray(b"x") * (200 << 20)

    def spin(*_: object) -> None:
        sum(range(20_000_000))

    quick = measured_with(lambda *_: None)
    assert (quick.fault, quick.memory < 50 << 20) == (None, True)
    assert "IndexError" in str(measured_with(crash).fault)
    assert measured_with(swell).memory > 190 << 20
    assert measured_with(spin).seconds > 10 * quick.seconds
    assert "MemoryError" in str(measured_with(lambda *_: bytearray(20 << 30)).fault)


def test_what_a_reader_may_do() -> None:
    def refuse(error: Exception) -> str:
        def read(_: bytes) -> None:
            raise error

        return observe(read, b"")

    assert observe(lambda _: None, b"") == "accepted"
    assert refuse(InputError("no")) == "InputError"
    assert refuse(Rejected("why", "what")) == "why"
    for said in ("", " ", "a\x1b[2J", "a" * 100_000):
        with pytest.raises(FaultError):
            refuse(InputError(said))
    with pytest.raises(KeyError):
        refuse(KeyError("x"))


def test_findings_are_made_short() -> None:
    def read(data: bytes) -> None:
        require(b"bad" not in data, "accepted what is bad")

    with pytest.raises(FaultError) as caught:
        read(b"bad")
    assert minimised(read, b"a" * 500 + b"bad" + b"z" * 500, site(caught.value)) == b"bad"


def test_units_name_every_reader() -> None:
    units = [unit.split("/")[1] for unit in Parsers().units("1")]
    assert set(units) == {*HOMES, *(f"bounds-{kind}" for kind in KINDS)}
    executions = sum(target.runs * units.count(name) for name, (_, target) in HOMES.items())
    assert executions >= Parsers.targets["executions"]
