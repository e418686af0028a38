"""Progress never touches standard output, and draws bars on a terminal only."""

import sys

import pytest

from zkpay.cli.progress import stage_progress


def show_two_stages() -> None:
    with stage_progress() as report:
        report(0, 2, "compiling [kernels]")
        report(1, 2, "first")
        report(2, 2, "second")


@pytest.mark.parametrize("forced", [False, True])
def test_plain_lines_off_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    if forced:
        monkeypatch.setenv("FORCE_COLOR", "1")
    show_two_stages()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(" (")[0] for line in captured.err.splitlines()] == [
        "[note] compiling [kernels]",
        "[1/2] first",
        "[2/2] second",
    ]


def test_bars_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    show_two_stages()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "compiling [kernels]" in captured.err
    assert "second" in captured.err
    assert "[2/2]" not in captured.err
