"""Progress of long commands on standard error: bars on a terminal, one plain line a stage elsewhere (SPEC §9)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

StageReport = Callable[[int, int, str], None]


@contextmanager
def stage_progress() -> Iterator[StageReport]:
    """A report for the functions that tell their stages as (number, count, name); number 0 is a notice."""
    # Not rich's own test: FORCE_COLOR in a build's environment must not draw bars into its log.
    if sys.stderr is not None and sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _plain_lines()


@contextmanager
def _bars() -> Iterator[StageReport]:
    # Loaded here, since `zkpay --help` has no use for it and should be quick.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with progress:
        task = progress.add_task("starting", total=None)

        def report(number: int, count: int, name: str) -> None:
            if number == 0:
                progress.console.print(name, markup=False, highlight=False)
            else:
                progress.update(task, description=name, completed=number - 1, total=count)

        yield report


def _plain_lines() -> StageReport:
    began = time.monotonic()

    def report(number: int, count: int, name: str) -> None:
        place = "note" if number == 0 else f"{number}/{count}"
        # A job goes on though nobody hears of its progress.
        with suppress(OSError, AttributeError):
            click.echo(f"[{place}] {name} ({time.monotonic() - began:.1f} s)", err=True)

    return report
