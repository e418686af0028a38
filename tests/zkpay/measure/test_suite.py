"""A whole run in small, and runs that are stopped, fail or can't measure something: the document says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from zkpay.epoch.stages import silent
from zkpay.errors import Refused
from zkpay.measure import macro, suite
from zkpay.measure.child import ChildFailedError
from zkpay.measure.macro import NotMeasurableError
from zkpay.measure.plan import Case, Plan, make_plan
from zkpay.measure.suite import SCHEMA, Suite
from zkpay.measure.tables import all_tables, load_line, machine_line

CASE_KEYS = {
    "section", "policy", "profile", "contributions", "accounts", "commit", "prove", "proof_bytes", "verify",
    "tables", "parameters", "accounts_paid", "steps",
}  # fmt: skip
DOCUMENT_KEYS = {
    "schema", "complete", "started", "seconds", "plan", "machine", "versions", "load", "ceilings", "kernels", "start",
    "cases", "peers", "left_out", "failed",
}  # fmt: skip


def small_plan(*only: str, up_to: int = 64) -> Plan:
    return make_plan(full=False, up_to=up_to, runs=1, only=only, policies=("pro-rata",))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A real run of one small case, as it stands in the file."""
    out = tmp_path_factory.mktemp("bench") / "bench.json"
    Suite(small_plan("ceilings", "scaling"), out).run(silent)
    document: dict[str, Any] = json.loads(out.read_text())
    return document


def test_a_document_has_its_parts(measured: dict[str, Any]) -> None:
    assert measured["schema"] == SCHEMA
    assert set(measured) == DOCUMENT_KEYS
    assert measured["complete"]
    assert measured["left_out"] == measured["failed"] == []
    (case,) = measured["cases"]
    assert set(case) == CASE_KEYS
    assert (case["section"], case["contributions"], case["accounts"]) == ("scaling", 64, 4)
    assert 0 < case["accounts_paid"] <= 4
    assert case["proof_bytes"] > 10_000
    assert set(case["commit"]) == {"csv", "parquet"}
    assert {table["table"] for table in case["tables"]} >= {"contributions", "payouts", "range"}
    assert measured["seconds"] > case["prove"]["seconds"] > 0


def test_stages_are_those_that_prove_tells(measured: dict[str, Any]) -> None:
    from zkpay.epoch.prove import STAGES

    (case,) = measured["cases"]
    stages = case["prove"]["stages"]
    assert list(stages) == ["start", *STAGES]
    assert sum(stages.values()) == pytest.approx(case["prove"]["seconds"])
    assert {step["stage"] for step in case["steps"]} <= set(STAGES)
    (run,) = case["prove"]["runs"]
    assert run["peak_bytes"] == case["prove"]["peak_bytes"] > 50_000_000


def test_tables_show_every_case_and_stage(measured: dict[str, Any]) -> None:
    titles = {table.title.partition(",")[0]: table for table in all_tables(measured)}
    assert "64 x 4" in "\n".join(titles["Pro rata"].lines())
    floor = next(table for title, table in titles.items() if title.startswith("Floor of a proof"))
    (case,) = measured["cases"]
    assert [row[0] for row in floor.rows] == [*case["prove"]["stages"], "all"]
    assert all(len(row) == len(table.head) for table in titles.values() for row in table.rows)
    assert "numba" in machine_line(measured)
    measured["load"].update(largest_other_load=0.5, disturbed=True)
    assert "50 %" in load_line(measured)


def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(case: Case, workplace: Path) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "warm_up", lambda workplace: None)
    monkeypatch.setattr(suite, "work", lambda task, request: {"products": 1.0})
    monkeypatch.setattr(suite, "check_memory", lambda case: None)
    monkeypatch.setattr(suite, "measure_case", interrupt)
    out = tmp_path / "bench.json"
    with pytest.raises(KeyboardInterrupt):
        Suite(small_plan("ceilings", "scaling"), out).run(silent)
    document = json.loads(out.read_text())
    assert not document["complete"]
    assert document["ceilings"] == {"products": 1.0}
    assert document["cases"] == []


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (NotMeasurableError("too small a machine"), "left_out"),
        (ChildFailedError(Refused.exit_code, "exit code 6: not enough memory"), "left_out"),
        (ChildFailedError(70, "exit code 70: a fault"), "failed"),
    ],
)
def test_what_could_not_be_measured_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    def fail(case: Case, workplace: Path) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(suite, "warm_up", lambda workplace: None)
    monkeypatch.setattr(suite, "check_memory", lambda case: None)
    monkeypatch.setattr(suite, "measure_case", fail)
    found = Suite(small_plan("scaling"), tmp_path / "bench.json")
    found.run(silent)
    assert found.document[where] == [{"what": "64 contributions, pro-rata, default", "why": str(error)}]
    assert found.document["complete"] == (where == "left_out")


def test_too_little_memory_or_disk_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case("scaling", "pro-rata", "default", 1 << 20, 1)
    monkeypatch.setattr(macro, "work", lambda task, request: {"bytes": 8_000_000_000})
    monkeypatch.setattr(macro, "available_memory", lambda: 2_000_000_000)
    with pytest.raises(NotMeasurableError, match=r"8\.0 GB of memory, and 2\.0 GB are free"):
        macro.check_memory(case)
    monkeypatch.setattr(macro, "available_memory", lambda: None)
    macro.check_memory(case)
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 1_000_000})())
    with pytest.raises(NotMeasurableError, match="free, and it takes about"):
        macro.measure_case(case, tmp_path)


def test_more_records_than_a_version_takes_are_left_out(tmp_path: Path) -> None:
    from zkpay.ledger.contributions import MAX_CONTRIBUTIONS

    case = Case("scaling", "pro-rata", "default", 2 * MAX_CONTRIBUTIONS, 1)
    with pytest.raises(NotMeasurableError, match=str(MAX_CONTRIBUTIONS)):
        macro.measure_case(case, tmp_path)
    assert list(tmp_path.iterdir()) == []
