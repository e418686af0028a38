"""What the README shows works: its shell block, its Python block, its policy and its table of exit codes."""

import os
import re
import subprocess
import sys
from pathlib import Path

from zkpay.cli.exit_codes import ExitCode
from zkpay.cli.main import root
from zkpay.policy.policy import parse_policy

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The one code block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)


def run(arguments: list[str], folder: Path) -> str:
    """Run in `folder` with a `zkpay` on the path that is this checkout's."""
    commands = folder / "bin"
    commands.mkdir()
    command = commands / "zkpay"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zkpay.cli.main "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_main_job_runs_as_shown(tmp_path: Path) -> None:
    output = run(["sh", "-eu", "-c", block("sh")], tmp_path)
    assert 'TRUE: every payout of epoch "2025-08"' in output
    assert "is paid" in output
    assert (tmp_path / "mine.json").is_file()
    assert sorted(path.name for path in (tmp_path / "august" / "public").iterdir()) == sorted(
        re.findall(r"^\| `public/(\S+)` \|", README, re.MULTILINE)
    )


def test_every_command_is_shown() -> None:
    shown = set(re.findall(r"^zkpay (\w+)", block("sh"), re.MULTILINE)) | {"demo", "bench"}
    assert shown == set(root.commands)


def test_the_python_block_runs(tmp_path: Path) -> None:
    assert float(run([sys.executable, "-c", block("python")], tmp_path).split()[1]) >= 100


def test_the_policy_is_one() -> None:
    assert parse_policy(block("toml").encode(), "README.md").symbol == "OPEN"


def test_exit_codes_are_all_there() -> None:
    table = README.partition("## Exit codes")[2].partition("##")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [int(code) for code in ExitCode]
