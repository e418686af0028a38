"""Progress never touches standard output, draws bars on a terminal only, and counts down between reports."""

import sys
import time

import pytest

from zkpay.cli import progress as module
from zkpay.cli.progress import Shown, stage_progress
from zkpay.epoch.stages import Progress


def show_two_stages() -> None:
    with stage_progress() as report:
        report(Progress(0, 2, "compiling [kernels]"))
        report(Progress(1, 2, "first"))
        report(Progress(2, 2, "second", 0.5, 12.0, 12.0))
        report(Progress(2, 2, "second", 0.75, 6.0, 6.0))


@pytest.mark.parametrize("forced", [False, True])
def test_plain_lines_off_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    if forced:
        monkeypatch.setenv("FORCE_COLOR", "1")
    show_two_stages()
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert [line.split(" (")[0] for line in lines] == ["[note] compiling [kernels]", "[1/2] first", "[2/2] second"]
    assert "left" not in lines[1]
    assert lines[2].endswith(" s, about 12 s left)")


def test_long_stages_are_told_again_off_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLAIN_INTERVAL", 0.02)
    with stage_progress() as report:
        report(Progress(1, 2, "first", 0.1, 400.0, 200.0))
        until = time.monotonic() + 10
        told = ""
        while told.count("[1/2] first") < 3 and time.monotonic() < until:
            time.sleep(0.01)
            told += capsys.readouterr().err
    assert told.count("[1/2] first") >= 3
    assert "about 7 min left" in told
    capsys.readouterr()
    time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_bars_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    show_two_stages()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "compiling [kernels]" in captured.err
    assert "[2/2] second" in captured.err
    assert "about 6 s left" in captured.err


def test_the_clock_counts_down_but_not_into_later_stages() -> None:
    now = [100.0]
    shown = Shown(lambda: now[0])
    assert (shown.seconds_left(), shown.share(), shown.left_in_words()) == (None, 0.0, "")
    shown.take(Progress(2, 4, "second", 0.25, 30.0, 10.0))
    assert shown.seconds_left() == 30
    now[0] += 6
    assert shown.seconds_left() == 24
    assert shown.left_in_words() == "about 24 s left"
    assert shown.share() == pytest.approx(0.25 + 0.75 * 6 / 30)
    now[0] += 60
    assert shown.seconds_left() == 20
    assert shown.share() == pytest.approx(0.5)
    # A report of less than was shown moves nothing back.
    shown.take(Progress(3, 4, "third", 0.3, 40.0, 20.0))
    assert shown.share() == pytest.approx(0.5)
    assert shown.left_in_words() == "about 40 s left"


def test_without_an_estimate_stages_are_counted() -> None:
    shown = Shown()
    shown.take(Progress(3, 4, "third"))
    assert (shown.seconds_left(), shown.share()) == (None, 0.5)
