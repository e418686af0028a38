"""How long jobs tell where they are: one call at the start of each stage (SPEC §8.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

StageReport = Callable[[int, int, str], None]
"""Called as (number of the stage from 1, how many there are, its name) when a stage begins."""

NOTICE: Final = 0
"""The number under which something worth a line is told that is no stage."""


def silent(number: int, count: int, name: str) -> None:
    """Tells nobody."""


class Stages:
    """Counts the stages of one job off as they begin; a name that isn't among them is a ValueError."""

    def __init__(self, names: tuple[str, ...], report: StageReport) -> None:
        self._names = names
        self._report = report

    def begin(self, name: str) -> None:
        """Tell that `name` begins."""
        self._report(self._names.index(name) + 1, len(self._names), name)

    def notice(self, text: str) -> None:
        """Tell something else."""
        self._report(NOTICE, len(self._names), text)
