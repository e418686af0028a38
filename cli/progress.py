"""Progress of long commands on standard error: bars on a terminal, plain lines elsewhere (SPEC §9).

Reports come when stages begin and now and then within them; between two of them the clock moves on what they told.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from zkpay.epoch.stages import Progress, StageReport

PLAIN_INTERVAL: Final = 30.0
"""Seconds after which a plain line says that a long stage is still at work."""


class Shown:
    """The last report, and what the clock makes of it since."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at = clock()
        self._share = 0.0
        self.progress: Progress | None = None

    def take(self, progress: Progress) -> None:
        """A new report."""
        # A bar never goes back.
        self._share = self.share()
        self.progress, self._told_at = progress, self._clock()

    def seconds_left(self) -> float | None:
        """Seconds until the end. A stage that takes longer than it should doesn't eat into those to come."""
        told = self.progress
        if told is None or told.seconds_left is None:
            return None
        return told.seconds_left - min(self._clock() - self._told_at, told.stage_seconds_left or 0.0)

    def share(self) -> float:
        """How much is done, from 0 to 1."""
        told, left = self.progress, self.seconds_left()
        if told is None or told.share is None or told.seconds_left is None or left is None:
            return self._share if told is None else max(self._share, (told.number - 1) / told.count)
        moved = 1.0 if not told.seconds_left else 1 - left / told.seconds_left
        return max(self._share, told.share + (1 - told.share) * moved)

    def left_in_words(self) -> str:
        """`about 12 s left`, or nothing where nobody knows."""
        left = self.seconds_left()
        if left is None:
            return ""
        return f"about {left / 60:.0f} min left" if left >= 99.5 else f"about {max(1, round(left))} s left"


@contextmanager
def stage_progress() -> Iterator[StageReport]:
    """A report for the functions that tell their stages; number 0 is a notice."""
    # Not rich's own test: FORCE_COLOR in a build's environment must not draw bars into its log.
    if sys.stderr is not None and sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        with _plain_lines(PLAIN_INTERVAL) as report:
            yield report


@contextmanager
def _bars() -> Iterator[StageReport]:
    # Loaded here, since `zkpay --help` has no use for it and should be quick.
    from rich import progress as rich
    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    shown = Shown()

    class LeftColumn(rich.ProgressColumn):
        def render(self, task: rich.Task) -> Text:
            return Text(shown.left_in_words())

    class Bar(rich.BarColumn):
        def render(self, task: rich.Task) -> ProgressBar:
            # The clock moves the bar, not only reports.
            task.completed = shown.share()
            return super().render(task)

    progress = rich.Progress(
        rich.SpinnerColumn(),
        rich.TextColumn("{task.description}", markup=False),
        Bar(),
        rich.TimeElapsedColumn(),
        LeftColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task("starting", total=1.0)

        def report(told: Progress) -> None:
            if told.number == 0:
                progress.console.print(told.name, markup=False, highlight=False)
            else:
                shown.take(told)
                progress.update(task, description=f"[{told.number}/{told.count}] {told.name}")

        yield report


@contextmanager
def _plain_lines(interval: float) -> Iterator[StageReport]:
    """A line when a stage begins, and one every `interval` seconds within it."""
    began = time.monotonic()
    shown = Shown()
    ended = threading.Event()
    lock = threading.Lock()
    last = ""

    def line(told: Progress) -> None:
        place = "note" if told.number == 0 else f"{told.number}/{told.count}"
        left = shown.left_in_words()
        # A job goes on though nobody hears of its progress.
        with suppress(OSError, AttributeError):
            since = f"{time.monotonic() - began:.1f} s" + (f", {left}" if left else "")
            click.echo(f"[{place}] {told.name} ({since})", err=True)

    def report(told: Progress) -> None:
        nonlocal last
        with lock:
            if told.number == 0:
                line(told)
                return
            shown.take(told)
            if told.name != last:
                last = told.name
                line(told)

    def remind() -> None:
        while not ended.wait(interval):
            with lock:
                if shown.progress is not None:
                    line(shown.progress)

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield report
    finally:
        ended.set()
