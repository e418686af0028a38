"""The campaign of consistent cheats: operators who lie once and compute everything after it again, end to end."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.cheats.kinds import CHEATS, Attempt, Cheat, NoLieError, load_all
from tests.campaigns.cheats.publishing import ACCEPTED, light
from tests.campaigns.cheats.scene import Scene, forget_epochs
from tests.circuits.folding import folding

ROUNDS = 4
LEAST_CHEATS = 100
DRAWS = 30
"""Scenes that are drawn for a unit, until one gives the cheat something to lie about."""
STRONG = 0.1
"""Of units, those proved at full strength; the others with few queries, which is many times faster."""
FOLDED = 0.25


class Cheats(Campaign):
    """Every cheat in every round, on other records under another policy; a unit is a cheat in a round."""

    name = "cheats"
    question = "Is every prover rejected who lies once and computes everything after it again?"
    targets: ClassVar[Mapping[str, int]] = {"cheats": LEAST_CHEATS, "runs": ROUNDS * LEAST_CHEATS}

    def units(self, seed: str) -> Iterable[str]:
        load_all()
        return (f"{seed}/{number}/{name}" for number in range(ROUNDS) for name in CHEATS)

    def run(self, unit: str) -> Tally:
        load_all()
        _, number, name = unit.rsplit("/", 2)
        tally = Tally()
        try:
            run_cheat(tally, unit, CHEATS[name])
        finally:
            forget_epochs()
        # In the first round every cheat is played once, so that this counts cheats.
        tally.counts["cheats"] += number == "0"
        return tally


def run_cheat(tally: Tally, unit: str, cheat: Cheat) -> None:
    """Play one cheat: draw scenes until there is something to lie about, then see what becomes of lie and truth."""
    dice = random.Random(unit)
    strong = dice.random() < STRONG
    folded = cheat.folds and dice.random() < FOLDED
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if folded:
            stack.enter_context(folding())
        if not strong:
            stack.enter_context(light())
        refusals = []
        for draw in range(DRAWS):
            place = folder / str(draw)
            place.mkdir()
            try:
                attempt = cheat.attempt(Scene(dice, dice.choice(cheat.presets)), place, "default")
            except NoLieError as refusal:
                refusals.append(str(refusal))
                continue
            judge(tally, unit, cheat, attempt)
            tally.counts["runs"] += 1
            tally.counts["runs at full strength"] += strong
            tally.counts["runs in the folded form"] += folded
            tally.counts["runs with a private list"] += attempt.is_private
            tally.counts["draws without a lie"] += len(refusals)
            return
    tally.find(unit, f"{DRAWS} draws gave nothing to lie about, the last because {refusals[-1]}")


def judge(tally: Tally, unit: str, cheat: Cheat, attempt: Attempt) -> None:
    """Count an attempt; it is a finding unless the truth was accepted, and the lie rejected for what it is."""
    tally.count("Cheats, rejected" if attempt.cheated != ACCEPTED else "Cheats, accepted", [cheat.name])
    tally.count("Reasons of rejections", [attempt.cheated])
    if attempt.honest != ACCEPTED:
        tally.find(unit, f"the honest epoch is rejected: {attempt.honest}")
    elif attempt.cheated == ACCEPTED:
        tally.find(unit, f"accepted: {cheat.says}")
    elif attempt.cheated not in cheat.stopped_by:
        tally.find(unit, f"rejected for {attempt.cheated}, not for {' or '.join(cheat.stopped_by)}: it shows nothing")
