"""The campaigns' runner, and the summaries that the repository keeps."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from tests.campaigns import __main__ as runner
from tests.campaigns import report
from tests.campaigns.all import CAMPAIGNS
from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.report import RESULTS, Report, overview, summary


class Numbers(Campaign):
    """Counts units; every tenth finds something."""

    name = "numbers"
    question = "Is every tenth number found?"
    targets: ClassVar[Mapping[str, int]] = {"numbers": 50}

    def units(self, seed: str) -> Iterable[str]:
        return (f"{seed}/{number}" for number in range(50))

    def run(self, unit: str) -> Tally:
        tally = Tally()
        tally.counts["numbers"] += 1
        tally.count("last digits", [unit[-1]])
        if unit.endswith("0"):
            tally.find(unit, "a tenth")
        return tally


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setitem(CAMPAIGNS, "numbers", Numbers())
    monkeypatch.setattr("sys.argv", ["campaigns", "numbers", "--out", str(folder), *arguments])
    return runner.main()


def test_a_whole_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, tmp_path, "--seed", "7") == 1
    content = json.loads((tmp_path / "numbers.json").read_text())
    assert content["finished"] is True
    assert content["counts"] == {"numbers": 50}
    assert content["tables"] == {"last digits": {str(digit): 5 for digit in range(10)}}
    assert sorted(content["findings"])[0] == ["7/0", "a tenth"]
    assert content["findings_count"] == 5
    assert "finished" in (tmp_path / "README.md").read_text()


def test_a_run_without_time_is_named_unfinished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(monkeypatch, tmp_path, "--seconds", "0")
    assert json.loads((tmp_path / "numbers.json").read_text())["finished"] is False
    assert "UNFINISHED" in (tmp_path / "numbers.md").read_text()


def test_a_run_that_misses_its_target_is_unfinished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Numbers, "targets", {"numbers": 51})
    run(monkeypatch, tmp_path)
    assert json.loads((tmp_path / "numbers.json").read_text())["finished"] is False


def test_one_unit_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, tmp_path, "--replay", "7/10 place") == 1
    assert "--- 7/10\na tenth" in capsys.readouterr().out
    assert run(monkeypatch, tmp_path, "--replay", "7/11") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_where_the_last_one_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after one that was cut off, as summaries are about the first units; of the same commit and seed only."""
    commit = "c" * 40
    monkeypatch.setattr(report, "current_commit", lambda: commit)
    assert run(monkeypatch, tmp_path / "whole", "--seed", "7") == 1
    whole = json.loads((tmp_path / "whole" / "numbers.json").read_text())
    units = Numbers().units
    for most in (13, 31):
        monkeypatch.setattr(Numbers, "units", lambda self, seed, most=most: itertools.islice(units(seed), most))
        assert run(monkeypatch, tmp_path, "--seed", "7", *(["--continue"] if most > 13 else [])) == 1
        assert json.loads((tmp_path / "numbers.json").read_text())["units"] == most
    monkeypatch.undo()
    for other, seed in (("d" * 40, "7"), (commit, "8"), (f"{commit} with changes", "7")):
        monkeypatch.setattr(report, "current_commit", lambda other=other: other)
        assert run(monkeypatch, tmp_path, "--seed", seed, "--continue") == 2
        assert "can't go on: the " in capsys.readouterr().err
    monkeypatch.setattr(report, "current_commit", lambda: commit)
    assert run(monkeypatch, tmp_path, "--seed", "7", "--continue") == 1
    content = json.loads((tmp_path / "numbers.json").read_text())
    assert content | {"seconds": 0} == whole | {"seconds": 0}
    assert run(monkeypatch, tmp_path / "empty", "--continue") == 2


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_units_follow_from_the_seed(name: str) -> None:
    units = [list(itertools.islice(CAMPAIGNS[name].units(seed), 20)) for seed in ("a", "a", "b")]
    assert units[0] == units[1] != units[2]
    assert len(set(units[0])) == len(units[0])
    assert not any(" " in unit for unit in units[0])


def test_summaries_are_those_of_their_runs() -> None:
    contents = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    assert set(contents) <= set(CAMPAIGNS)
    for name, content in contents.items():
        assert (RESULTS / f"{name}.md").read_text() == summary(content)
        assert content["campaign"] == name
        assert content["targets"] == dict(CAMPAIGNS[name].targets)
        assert content["finished"] <= (content["findings_count"] == 0)
    assert (RESULTS / "README.md").read_text() == overview()


def test_no_campaign_is_without_a_summary() -> None:
    assert {path.stem for path in RESULTS.glob("*.json")} == set(CAMPAIGNS)


def test_a_report_starts_unfinished(tmp_path: Path) -> None:
    assert Report(Numbers(), "1", tmp_path).content()["finished"] is False
