"""The parsers' campaign: can any bytes make a reader crash, hang, swell, or take what nobody issued?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.parsers.bounds import KINDS, run_bounds
from tests.campaigns.parsers.runs import run_fuzz
from tests.campaigns.parsers.targets import HOMES, TARGETS

BOUNDS = "bounds"
BOUNDS_UNITS = 20


class Parsers(Campaign):
    """A unit is some seconds of one reader: fuzzed, or measured against honest files."""

    name = "parsers"
    question = (
        "Does every file that an outsider can hand in end in success or in a typed error that says why, in one encoding"
        " only, within twice the memory and three times the time of an honest file?"
    )
    targets: ClassVar[Mapping[str, int]] = {"executions": 10_000_000, "files measured": 2_000}

    def units(self, seed: str) -> Iterable[str]:
        for number in range(max(target.units for target in TARGETS.values())):
            for target in TARGETS.values():
                if number < target.units:
                    yield f"{seed}/{target.name}/{number}"
            if number < BOUNDS_UNITS:
                yield from (f"{seed}/{BOUNDS}-{kind}/{number}" for kind in KINDS)

    def run(self, unit: str) -> Tally:
        name = unit.split("/")[-2]
        if name.startswith(f"{BOUNDS}-"):
            return run_bounds(unit, name.removeprefix(f"{BOUNDS}-"))
        module, target = HOMES[name]
        return run_fuzz(unit, module, target, target.runs)
