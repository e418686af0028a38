"""Commands from end to end: the demo, bad input, receipts, and signals to real processes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_main import ROOT, run_json
from tests.zkpay.epoch.folders import ALICE, HEADER, POLICY, contents, make_committed, write_inputs
from zkpay.cli import main
from zkpay.cli.prove import PROFILE_NAMES
from zkpay.stark.parameters import PROFILES

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
GOOD = f"r0,{ALICE},data,1,1,aa,,"
# Case of the checksum's letters changed in one place.
WRONG_CHECKSUM = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def bad_rows(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


# Name: (bytes of the file, line, column, value, words of the message).
BAD_CONTRIBUTIONS: dict[str, tuple[bytes, int | None, str | None, str | None, str]] = {
    "text for a number": (bad_rows(GOOD, f"r1,{ALICE},data,many,1,ab,,"), 3, "quantity", "many", "digits"),
    "float": (bad_rows(f"r1,{ALICE},data,1.5,1,ab,,"), 2, "quantity", "1.5", "whole number"),
    "exponent": (bad_rows(f"r1,{ALICE},data,1e3,1,ab,,"), 2, "quantity", "1e3", "whole number"),
    "negative": (bad_rows(f"r1,{ALICE},data,1,-4,ab,,"), 2, "quality", "-4", "negative"),
    "too large": (bad_rows(f"r1,{ALICE},data,1000001,1,ab,,"), 2, "quantity", "1000001", "maximum"),
    "unknown kind": (bad_rows(f"r1,{ALICE},magic,1,1,ab,,"), 2, "kind", "magic", "kind"),
    "duplicate id": (bad_rows(GOOD, f"r0,{ALICE},data,1,1,ab,,"), 3, "contribution_id", "r0", "line 2"),
    "two marked accepted": (
        bad_rows(f"r0,{ALICE},data,1,1,aa,accepted,", f"r1,{ALICE},data,1,1,aa,accepted,"),
        3, "fingerprint", "aa", "line 2",
    ),
    "bad checksum": (bad_rows(f"r1,{WRONG_CHECKSUM},data,1,1,ab,,"), 2, "account", WRONG_CHECKSUM, "checksum"),
    "missing column": (b"contribution_id,account,kind,quantity,fingerprint\n", None, "quality", None, "column"),
    "empty file": (b"", None, None, None, "empty"),
    "wrong encoding": (bad_rows(GOOD).replace(b"r0", b"r\xff"), 2, None, None, "UTF-8"),
}  # fmt: skip
BAD_POLICIES = {
    "syntax": (POLICY.replace("[fields]", "[fields"), 6, None, "TOML"),
    "float": (POLICY.replace('pool = "1000.5"', "pool = 1000.5"), 4, "1000.5", "string"),
    "unknown key": (POLICY.replace("unique =", "uniqe ="), 13, None, "uniqe"),
    "unknown name in the formula": (POLICY.replace('"sum(points)"', '"sum(point)"'), 17, None, "points"),
}


@pytest.mark.parametrize("name", BAD_CONTRIBUTIONS)
def test_bad_contributions_exit_4_and_say_where_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    data, line, column, value, words = BAD_CONTRIBUTIONS[name]
    contributions, policy = write_inputs(tmp_path)
    contributions.write_bytes(data)
    before = contents(tmp_path)
    arguments = ["commit", str(contributions), "--policy", str(policy), "--epoch", "e", "--out", str(tmp_path / "d")]
    assert main.run(arguments) == 4
    message = capsys.readouterr().err
    assert str(contributions) in message
    assert words in message
    code, content = run_json(capsys, *arguments)
    assert code == 4
    problem = content["error"]["problems"][0]
    assert problem["file"] == str(contributions)
    assert problem["remedy"]
    assert line is None or problem["line"] == line
    assert column is None or column in (problem["column"], problem["value"]) or column in problem["why"]
    assert value is None or problem["value"] == value
    assert contents(tmp_path) == before
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("name", BAD_POLICIES)
def test_bad_policies_exit_4_and_say_where_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text, line, value, words = BAD_POLICIES[name]
    contributions, policy = write_inputs(tmp_path, policy=text)
    arguments = ["commit", str(contributions), "--policy", str(policy), "--epoch", "e", "--out", str(tmp_path / "d")]
    code, content = run_json(capsys, *arguments)
    assert code == 4
    problem = content["error"]["problems"][0]
    assert (problem["file"], problem["line"]) == (str(policy), line)
    assert value is None or problem["value"] == value
    assert words in content["error"]["message"]
    assert problem["remedy"]
    assert not (tmp_path / "d").exists()


def test_a_mistake_in_a_formula_is_underlined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faulty = POLICY.replace('"sum(points)"', '"sum(point)"').replace("pool * score", "pool - score")
    contributions, policy = write_inputs(tmp_path, policy=faulty)
    arguments = ["commit", str(contributions), "--policy", str(policy), "--epoch", "e", "--out", str(tmp_path / "d")]
    assert main.run(arguments) == 4
    lines = capsys.readouterr().err.splitlines()
    (place,) = (index for index, line in enumerate(lines) if line.endswith('score  = "sum(point)"'))
    assert lines[place - 1].startswith(f"error: {policy}, line 17, column 15: formula.score: `point` is not")
    start = lines[place].index("point)")
    assert lines[place + 1] == " " * start + "^^^^^"
    code, content = run_json(capsys, *arguments)
    problem = content["error"]["problems"][0]
    assert (code, problem["line"], problem["character"]) == (4, 17, 15)
    assert problem["excerpt"] == ['score  = "sum(point)"', "              ^^^^^"]


def test_a_mistyped_profile_is_told_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert PROFILE_NAMES == tuple(PROFILES)
    assert main.run(["prove", "nowhere", "--profile", "weak"]) == 2
    said = capsys.readouterr().err
    assert "weak" in said
    assert all(name in said for name in PROFILES)


@pytest.mark.parametrize("missing", ["contributions.csv", "policy.toml"])
def test_missing_input_exits_4(tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str) -> None:
    contributions, policy = write_inputs(tmp_path)
    (tmp_path / missing).unlink()
    arguments = ["commit", str(contributions), "--policy", str(policy), "--epoch", "e", "--out", str(tmp_path / "d")]
    assert main.run(arguments) == 4
    assert missing in capsys.readouterr().err


def test_commit_tells_what_was_rejected_and_refuses_a_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contributions, policy = write_inputs(tmp_path)
    folder = tmp_path / "an epoch"
    arguments = ["commit", str(contributions), "--policy", str(policy), "--epoch", "e", "--out", str(folder)]
    assert main.run(arguments) == 0
    captured = capsys.readouterr()
    assert "1 duplicate, 1 out_of_range, 1 undeclared, 1 spam" in captured.out
    assert f"zkpay prove '{folder}'" in captured.out
    assert "[1/4] read contributions" in captured.err
    assert main.run(arguments) == 6
    assert "holds a commitment already" in capsys.readouterr().err


def test_the_demo_runs_the_main_job_and_shows_each_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    arguments = ["demo", "--contributions", "40", "--accounts", "5", "--dir", str(folder)]
    assert main.run(arguments) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("$ zkpay ")]
    assert [line.split()[2] for line in shown] == ["sample", "commit", "prove", "verify", "receipt", "receipt"]
    # The commands are as good as they look: they run by themselves.
    for line in shown[3:]:
        assert main.run(line.replace("'", "").split()[2:]) == 0
    capsys.readouterr()
    assert main.run(arguments) == 6
    assert "not empty" in capsys.readouterr().err


def test_the_demo_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, content = run_json(capsys, "demo", "--contributions", "0", "--accounts", "1", "--dir", str(tmp_path / "d"))
    assert code == 0
    # An empty epoch has nobody to give a receipt to.
    assert [step["command"][1] for step in content["steps"]] == ["sample", "commit", "prove", "verify"]


def test_prove_verify_inspect_and_receipts_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_committed(tmp_path)
    public = str(folder / "public")
    code, proved = run_json(capsys, "prove", str(folder))
    assert code == 0
    code, verdict = run_json(capsys, "verify", public, "--leaves")
    assert code == 0
    assert verdict["schema"] == "zkpay/verify/v1"
    assert verdict["claims"]["pool"] == "1000500000"
    assert list(verdict["claims"]["totals"]) == ["total(score)"]
    assert list(verdict["claims"]["formula"]) == ["points", "score", "payout"]
    assert verdict["claims"]["formula"]["payout"] == "pool * score // total(score)"
    assert verdict["discretionary_rejections"] == {"spam": 1, "withdrawn": 0}
    assert verdict["security"] == proved["security"]
    assert all(check["status"] == "pass" for check in verdict["checks"])
    code, inspected = run_json(capsys, "inspect", str(folder / "public" / "payout.zkproof"))
    assert code == 0
    security = inspected["claim"]["security"]
    assert security == verdict["security"]
    # Every round by name, with what its bound rests on.
    assert list(security["rounds"]) == list(security["sources"])
    assert security["rounds"].keys() >= {"buses", "constraints", "out-of-domain", "batching", "folding 1", "queries"}
    assert main.run(["inspect", str(folder / "public" / "payout.zkproof")]) == 0
    shown = capsys.readouterr().out
    for name, source in security["sources"].items():
        assert re.search(rf"^ +{name} +\d+\.\d bits: {re.escape(source)}$", shown, re.MULTILINE)
    assert sum(inspected["sizes"].values()) <= inspected["total_bytes"] == verdict["sizes"]["payout.zkproof"]
    receipt = str(tmp_path / "alice.json")
    code, issued = run_json(capsys, "receipt", "issue", str(folder), "--account", ALICE, "--out", receipt)
    assert (code, issued["schema"]) == (0, "zkpay/receipt-issue/v1")
    code, held = run_json(capsys, "receipt", "verify", receipt, "--public", public)
    assert (code, held["schema"]) == (0, "zkpay/receipt-verify/v1")
    assert held["account"] == issued["receipts"][0]["account"]
    code, all_of_them = run_json(capsys, "receipt", "issue", str(folder), "--all", "--out", str(tmp_path / "all"))
    assert len(all_of_them["receipts"]) == 4
    (folder / "public" / "payouts.csv").unlink()
    code, false = run_json(capsys, "verify", public)
    assert (code, false["error"]["reason"]) == (1, "payouts-missing")
    assert main.run(["verify", public]) == 1
    assert capsys.readouterr().err.startswith("FALSE: payouts-missing")
    code, unexpected = run_json(capsys, "verify", public, "--expect-origin", "example.com")
    assert (code, unexpected["error"]["reason"]) == (1, "unexpected-origin")


def test_inspect_without_neighbours_and_of_garbage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    garbage = tmp_path / "payout.zkproof"
    # A CBOR map, no CBOR, CBOR that ends too soon.
    for content in (b"\xa0", b"[policy]\n", b"\x5b"):
        garbage.write_bytes(content)
        capsys.readouterr()
        assert main.run(["inspect", str(garbage)]) == 4
        message = capsys.readouterr().err
        assert f"{garbage}: not a proof, as it isn't" in message
        assert "give the payout.zkproof that `zkpay prove` wrote, or fetch it again" in message
    assert main.run(["inspect", str(tmp_path / "missing")]) == 4
    capsys.readouterr()


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "zkpay.cli.main", *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_prove_exits_5_and_works_again(tmp_path: Path, number: signal.Signals) -> None:
    folder = make_committed(tmp_path)
    before = contents(folder)
    process = start("prove", str(folder), "--json", cwd=tmp_path)
    assert process.stderr is not None
    for line in process.stderr:
        if "commit trace" in line:
            process.send_signal(number)
            break
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 5, errors
    content: dict[str, Any] = json.loads(output)
    assert content["error"]["code"] == "resumable"
    assert ("Ctrl-C" if number is signal.SIGINT else number.name) in content["error"]["message"]
    assert contents(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["private", "public"]
    assert main.run(["prove", str(folder)]) == 0


def test_ctrl_c_elsewhere_exits_130(tmp_path: Path) -> None:
    script = (
        "import signal, sys, zkpay.epoch.verify as module\n"
        "def wait(*arguments, **named):\n"
        "    print('waiting', flush=True)\n"
        "    signal.pause()\n"
        "module.verify = wait\n"
        "from zkpay.cli.main import main\n"
        "main(['verify', 'public'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
