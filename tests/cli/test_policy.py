"""`zkpay policy`: each command for people and for programs, with its exit codes, and a quick `--help`."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.test_main import ROOT, run_json
from tests.zkpay.policy.preset_pages import DOCS, read_page
from zkpay.cli import main
from zkpay.policy.tools.presets import PRESETS

COMMANDS = ("new", "lint", "schema", "explain", "simulate", "diff", "stress")


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The square-root preset and the records of its page."""
    policy, records = tmp_path / "policy.toml", tmp_path / "records.csv"
    assert main.run(["policy", "new", "square-root", "--out", str(policy)]) == 0
    records.write_text(read_page("square-root").csv, encoding="utf-8")
    capsys.readouterr()
    return str(policy), str(records)


def test_help_is_quick_and_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["policy", "--help"]) == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    for name in COMMANDS:
        assert main.run(["policy", name, "--help"]) == 0
    script = "from zkpay.cli.main import run\nimport sys\nrun(['policy', 'simulate', '--help'])\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "zkpay.cli.policy" in loaded
    assert not loaded & {"numba", "pyarrow", "numpy", "pydantic"}


@pytest.mark.parametrize("name", PRESETS)
def test_new_writes_a_preset_that_lint_and_explain_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / "policy.toml"
    code, content = run_json(capsys, "policy", "new", name, "--out", str(path))
    assert (code, content["schema"], content["preset"]) == (0, "zkpay/policy-new/v1", name)
    assert path.read_text(encoding="utf-8") == content["text"]
    assert main.run(["policy", "new", name]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed) == tomllib.loads(content["text"])
    code, linted = run_json(capsys, "policy", "lint", str(path))
    assert code == 0
    assert linted["leaf_blocks"] == 1
    assert linted["lines"][-1]["name"] == "payout"
    code, explained = run_json(capsys, "policy", "explain", str(path))
    assert code == 0
    assert explained["policy_digest"] == linted["policy_digest"]
    assert [line["name"] for line in explained["formula"]] == [line["name"] for line in linted["lines"]]
    assert int(explained["example"]["payout"]) > 0
    assert max(bound["bits"] for bound in explained["bounds"]) == linted["widest"]["bits"]
    assert main.run(["policy", "explain", str(path)]) == 0
    text = capsys.readouterr().out
    for line in explained["formula"]:
        assert f"= {line['text']}\n" in text
        assert f"{line['words']}." in text
    for sentence in (*explained["rules"], *explained["not_protected"]):
        assert f"  - {sentence}\n" in text
    # A file that is there stays.
    assert main.run(["policy", "new", name, "--out", str(path)]) == 6


def test_new_lists_presets_and_knows_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    code, content = run_json(capsys, "policy", "new")
    assert code == 0
    assert [one["name"] for one in content["presets"]] == list(PRESETS)
    assert main.run(["policy", "new"]) == 0
    text = capsys.readouterr().out
    assert [name for name in PRESETS if f"\n  {name} " not in text] == []
    assert main.run(["policy", "new", "nothing"]) == 4
    assert "choose one of pro-rata" in capsys.readouterr().err
    assert main.run(["policy", "new", "--out", "x.toml"]) == 2


def test_lint_shows_errors_with_their_place_and_warnings_without_failing(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    policy = Path(files[0])
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("total(score)", "total(scor)"), encoding="utf-8")
    assert main.run(["policy", "lint", str(policy)]) == 4
    error = capsys.readouterr().err
    line = next(number for number, row in enumerate(text.split("\n"), start=1) if row.startswith("payout"))
    assert f"line {line}, column " in error
    assert "^^^^" in error
    assert "did you mean `score`" in error
    policy.write_text(text.replace("[rules]", "[constants]\nspare = 3\n[rules]"), encoding="utf-8")
    code, content = run_json(capsys, "policy", "lint", str(policy))
    assert code == 0
    assert [(one["code"], one["where"]) for one in content["warnings"]] == [("unused-name", "constants.spare")]
    assert main.run(["policy", "lint", str(policy)]) == 0
    assert "no errors, 1 warning.\n" in (shown := capsys.readouterr().out)
    assert "Warning: constants.spare: no line reads spare; remove it, or use it." in shown


def test_schema_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["policy", "schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    code, content = run_json(capsys, "policy", "schema")
    assert code == 0
    assert content["policy_schema"] == printed
    assert printed["$schema"].endswith("draft/2020-12/schema")


def test_simulate_shows_payouts_and_writes_them(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "payouts.csv"
    assert main.run(["policy", "simulate", *files, "--out", str(out), "--top", "2"]) == 0
    text = capsys.readouterr().out
    assert "a trial run, nothing is proved" in text
    # 10,000, 2,000 and 8,000 of 20,000 hundredths; mean difference (8 + 2 + 6) * 2 / 9 of 20 / 3 twice.
    for shown in ("total(score)  20,000", "Gini          0.2667", "50,000 TOKEN", "40,000 TOKEN"):
        assert shown in text
    # The list ends after two.
    assert "10,000 TOKEN" not in text
    rows = [row.split(",") for row in out.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["account", "payout", "accepted", "rejected", "score"]
    assert {row[0]: (int(row[1]), row[4]) for row in rows[1:]} == {
        "alice": (50_000 * 10**18, "10000"),
        "bob": (10_000 * 10**18, "2000"),
        "carol": (40_000 * 10**18, "8000"),
    }
    code, content = run_json(capsys, "policy", "simulate", *files, "--top", "1")
    assert code == 0
    assert content["gini"] == "0.2667"
    assert content["counts"]["accepted"] == 3
    assert (content["paid"], content["dust"], content["exceeds_pool_by"]) == (str(10**23), "0", "0")
    assert content["top"] == [
        {"account": "alice", "payout": str(5 * 10**22), "accepted": 1, "rejected": 0, "capped": False}
    ]
    assert main.run(["policy", "simulate", *files, "--out", str(out)]) == 6


def test_simulate_warns_of_an_overspent_pool(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    policy = Path(files[0])
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("pool * score // total(score)", "pool // 20_000 * score + 1"), encoding="utf-8")
    assert main.run(["policy", "simulate", *files]) == 0
    text = capsys.readouterr().out
    assert "Warning: the payouts exceed the pool by 0.000000000000000003 TOKEN" in text
    code, content = run_json(capsys, "policy", "simulate", *files)
    assert (code, content["exceeds_pool_by"], content["dust"]) == (0, "3", "-3")


def test_bad_contributions_exit_4(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[1]).write_text("contribution_id,account\n", encoding="utf-8")
    for command in (["simulate", *files], ["stress", *files], ["diff", files[0], *files]):
        assert main.run(["policy", *command]) == 4
        assert "quantity" in capsys.readouterr().err


def test_diff_shows_both_ways(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = tmp_path / "old.toml"
    assert main.run(["policy", "new", "pro-rata", "--out", str(old)]) == 0
    capsys.readouterr()
    arguments = ["policy", "diff", str(old), *files]
    code, content = run_json(capsys, *arguments)
    assert code == 0
    # Of 16,800 points alice has 10,000, bob 400, carol 6,400.
    pool = 10**23
    before = {"alice": pool * 10_000 // 16_800, "bob": pool * 400 // 16_800, "carol": pool * 6400 // 16_800}
    after = {"alice": pool // 2, "bob": pool // 10, "carol": pool * 4 // 10}
    gains = {one["account"]: int(one["difference"]) for side in ("gainers", "losers") for one in content[side]["top"]}
    assert gains == {name: after[name] - before[name] for name in before}
    assert (content["gainers"]["count"], content["losers"]["count"], content["unchanged"]) == (2, 1, 0)
    assert int(content["losers"]["sum"]) == after["alice"] - before["alice"]
    assert {"where": "formula.score", "old": "sum(points)", "new": "isqrt(10000 * sum(points))"} in content["edits"]
    assert main.run([*arguments, "--top", "1"]) == 0
    text = capsys.readouterr().out
    assert "2 accounts gaining " in text
    assert "1 losing" in text
    assert "+320.00%" in text
    assert "-16.00%" in text
    assert text.count("carol") == 0


def test_what_if_the_minimum_were_higher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, records = tmp_path / "old.toml", tmp_path / "new.toml", tmp_path / "records.csv"
    text = """\
[policy]
name = "Least"
pool = "100"
token = { symbol = "T", decimals = 0 }
[fields]
x = { max = "100", min = "1" }
[formula]
payout = "pool * sum(x) // total(sum(x))"
"""
    old.write_text(text, encoding="utf-8")
    new.write_text(text.replace('min = "1"', 'min = "10"'), encoding="utf-8")
    records.write_text("contribution_id,account,x\na,alice,5\nb,bob,15\nc,carol,5\n", encoding="utf-8")
    code, content = run_json(capsys, "policy", "diff", str(old), str(new), str(records))
    assert (code, content["old"]["judged"], content["new"]["judged"]) == (0, 0, 2)
    assert content["new"]["counts"] == {"accepted": 1, "out_of_range": 0, "below_minimum": 2}
    assert [one["difference"] for one in content["gainers"]["top"]] == ["40"]
    assert main.run(["policy", "diff", str(old), str(new), str(records)]) == 0
    assert "0 under the old, 2 under the new; `zkpay commit` would refuse" in capsys.readouterr().out
    assert main.run(["policy", "diff", str(old), str(old), str(records)]) == 0
    assert "judged" not in capsys.readouterr().out
    code, content = run_json(capsys, "policy", "simulate", str(new), str(records))
    assert (code, content["judged"], content["paid"]) == (0, 2, "100")
    assert main.run(["policy", "simulate", str(new), str(records)]) == 0
    assert "2 records are judged here by the policy at hand" in capsys.readouterr().out
    assert main.run(["policy", "stress", str(new), str(records)]) == 0
    capsys.readouterr()
    arguments = ["commit", str(records), "--policy", str(new), "--epoch", "1", "--out", str(tmp_path / "epoch")]
    assert main.run(arguments) == 4
    assert "below the policy's minimum of 10" in capsys.readouterr().err


def test_diff_refuses_other_tokens(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.toml"
    other.write_text(
        Path(files[0]).read_text(encoding="utf-8").replace('symbol = "TOKEN"', 'symbol = "OTHER"'), encoding="utf-8"
    )
    assert main.run(["policy", "diff", str(other), *files]) == 4
    assert "compare policies that pay the same token" in capsys.readouterr().err


def test_stress_tells_who_gains_by_what(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    records = Path(files[1])
    rows = records.read_text(encoding="utf-8").rstrip("\n").replace("c1,alice,compute,2000,", "c1,alice,compute,1000,")
    records.write_text(rows + "\nc4,alice,compute,1000,10000,aa04\n", encoding="utf-8")
    code, content = run_json(capsys, "policy", "stress", *files, "--account", "alice")
    assert code == 0
    (asked,) = content["accounts"]
    assert (asked["account"], asked["why"], asked["record_count"]) == ("alice", "asked for", 2)
    variants = {variant["what"]: variant for variant in asked["variants"]}
    whole = variants["the whole policy"]
    # Two halves of 5,000 points score 7,071 each, beside 10,000 of others.
    assert whole["payout"] == str(10**23 // 2)
    assert [split["parts"] for split in whole["splits"]] == [2, 10, 100]
    expected = 2 * (10**23 * 7071 // (2 * 7071 + 10_000))
    assert [split["payout"] for split in whole["splits"]] == [str(expected)] * 3
    assert whole["splits"][0]["gain"] == str(expected - 10**23 // 2)
    plain = variants["without isqrt(10000 * sum(points)) (score)"]
    assert abs(int(plain["splits"][0]["gain"])) <= 1
    assert main.run(["policy", "stress", *files]) == 0
    text = capsys.readouterr().out
    assert "alice (the largest payout, 2 records)" in text
    assert "+17.16%" in text
    assert "No formula can tell the accounts" in text
    assert main.run(["policy", "stress", *files, "--account", "mallory"]) == 4
    assert "no record names it" in capsys.readouterr().err


def test_commands_of_the_docs_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    named = {words.split()[0].strip("`.,") for words in text.split("zkpay policy ")[1:]}
    assert named <= set(COMMANDS)
    assert named >= {"new", "lint", "explain", "simulate", "stress"}


def test_a_policy_without_fields_and_rules_is_explained_and_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, records = tmp_path / "policy.toml", tmp_path / "records.csv"
    head = '[policy]\nname = "Flat"\npool = "10"\ntoken = { symbol = "T", decimals = 0 }\n'
    policy.write_text(f'{head}[formula]\npayout = "pool // 7"\n', encoding="utf-8")
    records.write_text("contribution_id,account\na,alice\nb,bob\n", encoding="utf-8")
    assert main.run(["policy", "explain", str(policy)]) == 0
    text = capsys.readouterr().out
    for words in ("none: every record is accepted", "record 1: no fields", "payout = 1 T", "paid as much again"):
        assert words in text
    assert main.run(["policy", "lint", str(policy)]) == 0
    assert "payout   a constant, up to 1 bit\n" in capsys.readouterr().out
    assert main.run(["policy", "simulate", str(policy), str(records)]) == 0
    assert "2 T  (20.00%)" in capsys.readouterr().out
    assert main.run(["policy", "stress", str(policy), str(records)]) == 0
    assert "bob" in capsys.readouterr().out
    assert main.run(["policy", "diff", str(policy), str(policy), str(records)]) == 0
    assert "The policies say the same." in capsys.readouterr().out
