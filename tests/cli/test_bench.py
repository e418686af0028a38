"""`zkpay bench`: its options, its file, Ctrl-C and failures; what it measures is tested in tests/zkpay/measure."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.test_main import run_json
from zkpay.cli import main
from zkpay.cli.bench import Size
from zkpay.measure.suite import SCHEMA, Suite


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Makes a run of the suite end at once, with `error` if there is one or `failed` in its document."""
    wanted: dict[str, Any] = {"error": None, "failed": []}

    def run(self: Suite, report: object) -> None:
        self._save()
        self.document["failed"] = wanted["failed"]
        if wanted["error"] is not None:
            raise wanted["error"]
        self.document["complete"] = not wanted["failed"]
        self._save()

    monkeypatch.setattr(Suite, "run", run)
    return wanted


def test_one_object_and_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], measuring: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, content = run_json(capsys, "bench", "--up-to", "2^12", "--runs", "1")
    assert code == 0
    assert content["schema"] == "zkpay/bench/v1"
    assert content["benchmark"]["schema"] == SCHEMA
    assert content["benchmark"]["plan"]["sizes"] == [1 << 10, 1 << 12]
    assert content["file"].startswith("bench-")
    assert json.loads((tmp_path / content["file"]).read_text()) == content["benchmark"]
    # A second run on one day has a file of its own.
    _, again = run_json(capsys, "bench")
    assert again["file"] != content["file"]


def test_tables_and_the_file_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measuring: dict[str, Any]
) -> None:
    out = tmp_path / "mine.json"
    assert main.run(["bench", "--only", "kernels", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "cores of" in shown
    assert str(out) in shown
    assert main.run(["bench", "--out", str(out)]) == 6
    assert "exists" in capsys.readouterr().err


def test_interrupted_it_shows_and_keeps_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measuring: dict[str, Any]
) -> None:
    measuring["error"] = KeyboardInterrupt()
    out = tmp_path / "mine.json"
    assert main.run(["bench", "--out", str(out)]) == 130
    assert "marked incomplete" in capsys.readouterr().out
    assert not json.loads(out.read_text())["complete"]


def test_a_failed_measurement_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], measuring: dict[str, Any]
) -> None:
    measuring["failed"] = [{"what": "kernels", "why": "exit code 70: a fault"}]
    assert main.run(["bench", "--out", str(tmp_path / "mine.json")]) == 70
    assert "FAILED: kernels: exit code 70: a fault" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--up-to", "many"], 2, "2^16"),
        (["--up-to", "1000"], 4, "power of two"),
        (["--only", "nothing"], 4, "ceilings, kernels"),
        (["--runs", "0"], 4, "at least 1"),
        (["--out", "missing/x.json"], 4, "no such folder"),
    ],
)
def test_bad_arguments(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.run(["bench", *arguments]) == code
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "size"), [("65536", 65536), ("65_536", 65536), ("65,536", 65536), ("2^16", 65536), ("1", 1)]
)
def test_sizes(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "2^", "-4", "1e6", "2^16.0", "2^999"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Size().convert(text, None, None)
