"""The deletion campaign: is every constraint, look-up, interaction and sum of every preset's circuit needed?

For each name a lie is looked for that nothing else stands against: a fresh one from the unit's seed, else the one that
is kept (catalogue.py). Part of the lies are told by the whole circuit as well, part of those are proved: the verifier
rejects the proof, and accepts that for the circuit without the name.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.attacks.forgery import Forgery, blames, killed_by
from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.deletion.catalogue import CHEAT, LIE, LOOK_UP, OFFERS, REASON, asked_of, replay, stored
from tests.campaigns.deletion.ground import Ground, UnstoppedError, ground, ground_for
from tests.campaigns.deletion.proofs import verdicts
from tests.campaigns.deletion.scripts import cheats_for, play_on
from tests.campaigns.deletion.search import IMPOSSIBLE, attempt, kills, told_on
from tests.campaigns.deletion.whole import forge
from zkpay.policy.tools.presets import PRESETS

BATCH = 8
NAMES = 3_300
"""The presets' circuits have at least as many names, permutations by family."""
FRESH = 12
"""Fresh lies that are tried for a name."""
REFOUND = ("m", "k")
"""What begins the seeds of kept lies that fresh ones are looked for like."""
WHOLE, PROVED, DEFAULT = 0.15, 0.02, 0.003
"""Shares of the lies that are told by the whole circuit, that are proved, and that are proved at full strength."""


class Deletion(Campaign):
    """A unit is a few names of one preset."""

    name = "deletion"
    question = "Which forgery goes through without each single constraint, look-up, interaction and sum of the presets?"
    targets: ClassVar[Mapping[str, int]] = {"names": NAMES}

    def units(self, seed: str) -> Iterable[str]:
        for title in PRESETS:
            batches = -(-len(asked_of(title)) // BATCH)
            yield from (f"{seed}/{title}/{batch}" for batch in range(batches))

    def run(self, unit: str) -> Tally:
        seed, title, batch = unit.split("/")
        tally = Tally()
        begin = int(batch) * BATCH
        for name in asked_of(title)[begin : begin + BATCH]:
            try:
                _Trial(seed, title, name, unit, tally).run()
            except UnstoppedError as hole:
                tally.find(f"{unit} {name}", str(hole))
        return tally


class _Trial:
    def __init__(self, seed: str, title: str, name: str, unit: str, tally: Tally) -> None:
        self.seed, self.title, self.name, self.tally = seed, title, name, tally
        self.place = f"{unit} {name}"
        self.dice = random.Random(f"{seed}/{title}/{name}")

    def run(self) -> None:
        self.tally.counts["names"] += 1
        self.tally.count("Names asked about", [self.title])
        how = stored().get(self.title, {}).get(self.name)
        if how is None:
            self.tally.find(self.place, "neither a lie nor a reason is known")
            return
        if how.startswith(REASON):
            self._explained(how)
            return
        place = ground_for(self.title, self.name)
        lie = self._fresh(place, next((begin for begin in REFOUND if re.match(rf"{LIE} {begin}\d", how)), ""))
        if lie is None and not replay(self.title, self.name, how):
            self.tally.find(self.place, f"{how} is no kill any more")
            return
        self.tally.counts["names killed"] += 1
        self.tally.counts["names killed by a fresh lie"] += lie is not None
        self.tally.count("Names killed", [self.title])
        if self.dice.random() < WHOLE:
            self._whole(place, lie, how)

    def _explained(self, how: str) -> None:
        """Whether the reason stands, and an honest try to prove it wrong."""
        self.tally.counts["names explained"] += 1
        self.tally.count("Names explained", [self.title])
        if not replay(self.title, self.name, how):
            self.tally.find(self.place, "the reason is not given any more")
        place = ground_for(self.title, self.name)
        lie = self._fresh(place)
        if lie is None and " pick[" in self.name:
            lie = self._fresh(place, "k")
        if lie is not None:
            self.tally.find(self.place, f"there is a reason why no lie exists, but lie {lie} is one")

    def _fresh(self, place: Ground, prefix: str = "") -> str | None:
        """The seed of a fresh lie that only the name stands against. prefix: of the seeds, as the kept lie's."""
        if self.name not in place.names:
            return None
        for number in range(FRESH):
            # Digits alone: letters before them would name a family.
            seed = f"{prefix}{zlib.crc32(self.seed.encode())}.{number}"
            self.tally.counts["lies told"] += 1
            if self.name in kills(place, self.name, seed):
                return seed
        return None

    def _whole(self, place: Ground, lie: str | None, how: str) -> None:
        found = self._forgery(place, lie, how)
        if found is None:
            self.tally.counts["lies that the whole circuit has no room for"] += 1
            return
        forgery, removed = found
        try:
            killed_by(forgery, self.name, removed)
        except AssertionError:
            # More than one element objects: the low tables show less than the whole circuit does.
            self.tally.counts["lies that the whole circuit finds twice"] += 1
            return
        self.tally.counts["names killed in the whole circuit"] += 1
        chance = self.dice.random()
        if chance < PROVED / WHOLE:
            full = chance < DEFAULT / WHOLE
            with_it, without_it = verdicts(forgery, removed, full=full)
            self.tally.counts["proofs rejected with it"] += with_it == "constraints-unsatisfied"
            self.tally.counts["proofs accepted without it"] += without_it == "accepted"
            self.tally.counts["proofs at full strength"] += full
            if with_it != "constraints-unsatisfied" or without_it != "accepted":
                self.tally.find(self.place, f"the proof is {with_it} with it, {without_it} without it")

    def _forgery(self, place: Ground, lie: str | None, how: str) -> tuple[Forgery, str] | None:
        kind, _, rest = how.partition(" ")
        if kind == LOOK_UP:
            found = _Trial(self.seed, self.title, rest, self.place, self.tally)._forgery(
                place, None, stored()[self.title][rest]
            )
            return found and (found[0], f"bus/{OFFERS[self.name]}")
        if lie is None and kind == CHEAT:
            entry = next(entry for entry in cheats_for(self.name) if entry.title == rest)
            return play_on(entry, self.name, place.policy)
        seed, _, aimed = rest.partition(" ")
        story = attempt(place, self.name, lie) if lie is not None else attempt(place, aimed or self.name, seed)
        if story is None:
            return None
        try:
            on = ground(story.on) if story.on else told_on(place, seed if lie is None else lie)
            forgery = forge(on.policy, story)
        except IMPOSSIBLE:
            return None
        blamed = blames(forgery.circuit, self.name)
        # One side of a bus can't be taken away alone; look-ups and sums can.
        alone = not blamed.startswith("bus/") or blamed in ("bus/range", "bus/tables")
        return forgery, self.name if alone else blamed
