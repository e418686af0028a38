"""The contract of the command line: exit codes, one JSON object, nothing else on standard output."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import zkpay
from zkpay.cli import main, render
from zkpay.cli.exit_codes import ExitCode
from zkpay.cli.progress import stage_progress
from zkpay.epoch.stages import Progress
from zkpay.errors import InputError, Refused, Rejected, Resumable, ZkpayError

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"sample", "policy", "commit", "prove", "verify", "receipt", "inspect", "demo", "bench"}


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes `zkpay verify` fail in a given way."""

    def set_failure(error: BaseException) -> None:
        def fail(*arguments: object, **named: object) -> None:
            raise error

        monkeypatch.setattr("zkpay.epoch.verify.verify", fail)

    return set_failure


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command line with --json; the exit code and the one object on standard output."""
    code = main.run([*arguments, "--json"])
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert content["exit_code"] == code
    assert content["ok"] == (code == 0)
    assert content["tool"] == {"name": "zkpay", "version": zkpay.__version__}
    return code, content


def test_every_expected_error_has_a_code_of_the_contract() -> None:
    assert {error.__name__: ExitCode(error.exit_code) for error in (Rejected, InputError, Resumable, Refused)} == {
        "Rejected": ExitCode.FALSE,
        "InputError": ExitCode.INPUT,
        "Resumable": ExitCode.RESUMABLE,
        "Refused": ExitCode.REFUSED,
    }
    assert ExitCode(ZkpayError.exit_code) is ExitCode.INTERNAL
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 70, 130]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Rejected("false", "it is"), 1),
        (InputError("broken"), 4),
        (Resumable("stopped"), 5),
        (Refused("no"), 6),
        (RuntimeError("a fault"), 70),
        (MemoryError(), 6),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
    ],
)
def test_exit_codes(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    failing(error)
    assert main.run(["verify", "nowhere"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("FALSE: false: it is" if code == 1 else "error: ") or code == 130
    assert "Traceback" not in captured.err
    found, content = run_json(capsys, "verify", "nowhere")
    assert found == code
    assert content["schema"] == "zkpay/verify/v1"
    assert content["error"]["code"] == ExitCode(code).name.lower()
    assert content["error"].get("reason") == ("false" if code == 1 else None)


def test_a_fault_of_its_own_says_so_and_shows_a_traceback_only_on_request(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(RuntimeError("a fault"))
    assert main.run(["verify", "nowhere"]) == 70
    assert "not of your input" in capsys.readouterr().err
    assert main.run(["verify", "nowhere", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [[], ["nothing"], ["verify"], ["verify", "a", "b"], ["verify", "a", "--no-such-option"], ["sample", "--out", "x"],
     ["sample", "--contributions", "many", "--accounts", "1", "--out", "x.csv"], ["receipt"],
     ["receipt", "issue", "d", "--out", "x"], ["receipt", "issue", "d", "--account", "a", "--all", "--out", "x"],
     ["commit", "x.csv", "--policy", "p", "--out", "d"]],
)  # fmt: skip
def test_a_mistyped_command_exits_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main.run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    code, content = run_json(capsys, *arguments)
    assert code == 2
    assert content["error"]["code"] == "usage"


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    assert set(main.root.commands) == COMMANDS
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    for name in COMMANDS:
        assert main.run([name, "--help"]) == 0
        assert "Usage: zkpay " + name in capsys.readouterr().out
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"zkpay {zkpay.__version__}\n"


def test_every_command_has_json() -> None:
    groups: list[click.Command] = [main.root]
    while groups:
        command = groups.pop()
        if isinstance(command, click.Group):
            groups.extend(command.commands.values())
        else:
            options = {name for parameter in command.params for name in parameter.opts}
            assert {"--json", "--debug"} <= options, command.name


def test_main_exits_with_the_code() -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["verify", "nowhere"])
    assert caught.value.code == 4


def test_a_reader_that_leaves_early_changes_no_exit_code(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "zkpay.cli.main", "--version"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(30) == 0, errors
    assert errors == b""
    process.stderr.close()


def test_texts_from_strangers_cannot_move_the_cursor() -> None:
    assert render.printable("a\x1b[2Jb\u202ec\n") == "a\\x1b[2Jb\\u202ec\\n"


def test_amounts_are_exact() -> None:
    assert render.tokens(0, 18, "T") == "0 T"
    assert render.tokens(1, 18, "T") == "0.000000000000000001 T"
    assert render.tokens(2**112 - 1, 0, "T") == f"{2**112 - 1:,} T"
    assert render.tokens(1_234_500_000, 6, "T") == "1,234.5 T"


def test_importing_zkpay_is_cheap_and_names_are_loaded_when_used() -> None:
    script = (
        "import sys, zkpay\n"
        "heavy = {'numpy', 'numba', 'pyarrow', 'pydantic', 'click', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "zkpay.verify\n"
        "assert 'numba' not in sys.modules and 'pyarrow' not in sys.modules\n"
        "zkpay.prove\n"
        "assert 'numba' in sys.modules\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_exported_name_is_there() -> None:
    assert sorted(zkpay.__all__) == zkpay.__all__
    for name in zkpay.__all__:
        assert getattr(zkpay, name) is not None
    with pytest.raises(AttributeError):
        zkpay.no_such_name  # noqa: B018
    assert set(zkpay.__all__) <= set(dir(zkpay))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--version",), ("--version", "--json")])
def test_a_result_that_can_not_be_written_is_no_verdict(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "zkpay.cli.main", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
    assert done.returncode == 5
    assert "standard output" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_error_that_nobody_can_read_keeps_its_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "zkpay.cli.main", "verify", str(tmp_path / "missing")]
        assert subprocess.run(command, stderr=full, cwd=ROOT).returncode == 4


def test_progress_that_nobody_can_read_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(click, "echo", fail)
    with stage_progress() as report:
        report(Progress(1, 2, "stage"))


def test_ctrl_c_while_modules_load_shows_no_traceback() -> None:
    script = """
import sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from zkpay.cli.start import main
main()
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "error: interrupted\n")


def test_things_are_counted_in_words() -> None:
    assert [render.counted(number, "record") for number in (0, 1, 1000)] == ["0 records", "1 record", "1,000 records"]
