"""How long jobs tell where they are, and when they will be done (SPEC §8.5).

Before a plan is known, a job tells its stages only. A plan says how many seconds each stage should take; what the
finished ones really took corrects it for those to come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

NOTICE: Final = 0
"""The number under which something worth a line is told that is no stage."""

_TRUST: Final = 0.08
"""Share of a plan's seconds that must have been checked by the clock before the clock counts as much as the plan."""
_LARGEST_SCALE: Final = 4.0
"""No plan is corrected by more: what is that far off is something else, such as kernels being compiled."""


@dataclass(frozen=True)
class Progress:
    """Where a job stands. number: of the stage from 1, or `NOTICE`, where `name` is a text. count: of stages.

    share: how much of the whole job is done, from 0 to 1, by estimated seconds; seconds_left: until its end;
    stage_seconds_left: until the end of this stage. All three are None where nothing is estimated.
    """

    number: int
    count: int
    name: str
    share: float | None = None
    seconds_left: float | None = None
    stage_seconds_left: float | None = None


StageReport = Callable[[Progress], None]
"""Called when a stage begins, and within long ones as they get on."""


def silent(progress: Progress) -> None:
    """Tells nobody."""


class Stages:
    """Counts the stages of one job off as they begin; a name that isn't among them is a ValueError."""

    def __init__(
        self, names: tuple[str, ...], report: StageReport, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._names = names
        self._report = report
        self._clock = clock
        self._began = self._stage_began = clock()
        self._current = ""
        self._plan: Mapping[str, float] | None = None
        self._planned = self._took = 0.0  # seconds of the planned stages that are done: by the plan, by the clock

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Set what the stages after the current one should take; those that aren't named take no time."""
        self._plan = dict(seconds)

    def begin(self, name: str) -> None:
        """Tell that `name` begins."""
        number = self._names.index(name) + 1
        now = self._clock()
        if self._plan is not None and self._current in self._plan:
            self._planned += self._plan[self._current]
            self._took += now - self._stage_began
        self._current, self._stage_began = name, now
        self._tell(number, 0.0)

    def within(self, name: str, share: float) -> None:
        """Tell that `share` of `name` is done, from 0 to 1; 0 begins it."""
        if name != self._current:
            self.begin(name)
        elif share > 0:
            self._tell(self._names.index(name) + 1, share)

    def notice(self, text: str) -> None:
        """Tell something else."""
        self._report(Progress(NOTICE, len(self._names), text))

    def _tell(self, number: int, share: float) -> None:
        count = len(self._names)
        if self._plan is None:
            self._report(Progress(number, count, self._current))
            return
        now = self._clock()
        own = self._plan.get(self._current, 0.0)
        planned, took = self._planned + share * own, self._took
        if share:
            took += now - self._stage_began
        left = sum(self._plan.get(name, 0.0) for name in self._names[number:])
        stage_left = (1 - share) * own
        # At first the plan is believed, then more and more what the clock says of it.
        trust = _TRUST * (planned + stage_left + left)
        scale = min((took + trust) / (planned + trust), _LARGEST_SCALE) if planned + trust > 0 else 1.0
        stage_left, left = scale * stage_left, scale * (stage_left + left)
        elapsed = now - self._began
        whole = elapsed + left
        self._report(Progress(number, count, self._current, elapsed / whole if whole else 1.0, left, stage_left))
