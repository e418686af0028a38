"""Commands on an epoch under every rule: verdicts show totals and formula, receipts fields, lines and corrections."""

from pathlib import Path

import pytest

import zkpay
from tests.cli.test_main import run_json
from tests.zkpay.epoch.folders import ALICE, BOB, RULES_COUNTS, make_committed_rules
from zkpay.cli import main

FORMULA = {
    "good": "bar <= quality",
    "points": "weight[kind] * quantity * quality // 10000",
    "bonus": "points // 2 if good and region == eu else 0",
    "data_score": "sum(points if kind == data)",
    "other_score": "isqrt(sum(points + bonus if kind != data))",
    "steady": "2 <= count(good)",
    "payout": "data_pool * data_score // total(data_score) + compute_pool * other_score // total(other_score)",
}


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_committed_rules(tmp_path_factory.mktemp("rules"))
    zkpay.prove(folder)
    return folder


def test_a_verdict_shows_name_formula_and_totals(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = str(proved / "public")
    assert main.run(["verify", public]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("Two pools and every rule" in line for line in lines)
    assert any(line.split()[:3] == ["compute_pool", "150,000.5", "OPEN"] for line in lines)
    texts = [line.split() for line in lines]
    (first,) = (place for place, words in enumerate(texts) if words[:1] == ["totals"])
    assert texts[first][2:] == ["total(data_score)"]
    assert texts[first + 1][1:] == ["total(other_score)"]
    assert texts[first][1] == "3282"
    start = lines.index("The formula:") + 1
    shown = dict(line.split(" = ", 1) for line in lines[start : start + len(FORMULA)])
    assert {name.strip(): text for name, text in shown.items()} == FORMULA
    code, verdict = run_json(capsys, "verify", public)
    assert code == 0
    claims = verdict["claims"]
    assert claims["formula"] == FORMULA
    assert list(claims["formula"]) == list(FORMULA)
    assert claims["pools"] == {"data_pool": "100000000000", "compute_pool": "150000500000"}
    assert claims["counts"] == RULES_COUNTS
    assert claims["totals"]["total(data_score)"] == "3282"
    assert verdict["discretionary_rejections"] == {"spam": 1}


def test_inspect_shows_them_too(proved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof = str(proved / "public" / "payout.zkproof")
    assert main.run(["inspect", proof]) == 0
    shown = capsys.readouterr().out
    assert "total(other_score)" in shown
    assert FORMULA["payout"] in shown
    code, content = run_json(capsys, "inspect", proof)
    assert code == 0
    assert content["claim"]["formula"] == FORMULA
    tables = {table["name"] for table in content["claim"]["tables"]}
    assert {"window_limit", "account_limit", "uniqueness", "uniqueness_2", "tables"} <= tables


def test_a_receipt_shows_fields_lines_and_corrections(
    proved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt, public = str(tmp_path / "bob.json"), str(proved / "public")
    assert main.run(["receipt", "issue", str(proved), "--account", BOB, "--out", receipt]) == 0
    assert main.run(["receipt", "verify", receipt, "--public", public]) == 0
    shown = capsys.readouterr().out
    for words in (
        "accepted: kind compute, region us, quantity 17, quality 10000, task 1, timestamp 1000; good = true;"
        " points = 85; bonus = 0\n",
        "duplicate: kind compute, region us",
        "superseded: kind data, region eu, quantity 8, quality 8000, task 5, timestamp 100; corrected by #14\n",
        "timestamp 100; corrects #13; good = true; points = 21; bonus = 10\n",
        "By the formula:\n",
        "data_score   = 21\n",
        "steady       = true\n",
    ):
        assert words in shown
    code, held = run_json(capsys, "receipt", "verify", receipt, "--public", public)
    assert code == 0
    assert held["payout"]["lines"] == {"data_score": "21", "other_score": "9", "steady": True}
    assert [record["index"] for record in held["contributions"]] == [1, 3, 13, 14]
    assert held["contributions"][3]["replaces"] == 13
    assert held["contributions"][3]["fields"]["kind"] == "data"
    code, _ = run_json(capsys, "receipt", "issue", str(proved), "--account", ALICE, "--out", receipt)
    assert code == 0
    code, held = run_json(capsys, "receipt", "verify", receipt, "--public", public)
    assert {record["reason"] for record in held["contributions"]} == {
        "accepted", "duplicate", "over_window_limit", "over_account_limit",
    }  # fmt: skip
