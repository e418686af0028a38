"""The campaign of changed cells: which cells of the tables of every preset say something, and which are free?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.cells.checks import CHECKED, PROVED, RECOMPUTED, check
from tests.campaigns.cells.epochs import PLACES, epoch
from tests.campaigns.cells.trials import MUTATIONS, PAIRS, try_columns, try_pairs
from tests.campaigns.cheats.scene import forget_epochs

SHARES = 4
"""Units that the columns of an epoch are shared out among."""
CHECKS = 3
"""Units of an epoch that hold verdicts against checker and verifier."""


class Cells(Campaign):
    """Every cell of every table of all presets in both forms, in every way; a unit is a share of an epoch's columns,
    or some verdicts held against what checker and verifier say."""

    name = "cells"
    question = "Does something object to every changed cell of a witness, but to those that are free by design?"
    targets: ClassVar[Mapping[str, int]] = {
        MUTATIONS: 100_000_000,
        PAIRS: 50_000_000,
        CHECKED: 100_000,
        PROVED: 100,
        RECOMPUTED: 300,
    }

    def units(self, seed: str) -> Iterable[str]:
        for place in PLACES:
            for share in range(SHARES):
                yield f"{seed}/{place}/single/{share}"
            for number in range(CHECKS):
                yield f"{seed}/{place}/checks/{number}"
            for share in range(SHARES):
                yield f"{seed}/{place}/pairs/{share}"

    def run(self, unit: str) -> Tally:
        seed, preset, form, what, share = unit.rsplit("/", 4)
        tally = Tally()
        made = epoch(seed, preset, form)
        forget_epochs()
        if what == "checks":
            check(tally, unit, made)
            return tally
        attempt = try_columns if what == "single" else try_pairs
        for table in made.tables.values():
            attempt(tally, unit, f"{preset}/{form}", table, range(int(share), table.table.width, SHARES))
        return tally
