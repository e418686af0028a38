"""The campaign of changed proofs: does any file but the prover's own pass for a proof of the same statement?"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.proofs.judge import BYTE_CHANGES, change_byte, changed_once, changed_twice, judge, resplit
from tests.campaigns.proofs.manifest import MANIFEST
from tests.campaigns.proofs.resplits import RESPLITS
from tests.campaigns.proofs.subjects import Subject, parameters_of, subject

EVERY_BYTE = "bytes changed under a light profile"
SOME_BYTES = "bytes changed in default proofs"
STRUCTURED = "structured changes"
PAIRS = "pairs of places changed"
UNCHANGED = "changes that left the proof as it was"
WORDS = {"every-byte": EVERY_BYTE, "some-bytes": SOME_BYTES, "structured": STRUCTURED, "pairs": PAIRS}
"""What units are called, and what their changes count as."""
AMOUNTS: dict[str, dict[str, tuple[int, int]]] = {
    "every-byte": {"small": (64, 0), "three-heights": (64, 0)},
    "some-bytes": {"default": (360, 50), "epoch": (200, 10)},
    "structured": {
        "small": (400, 100),
        "three-heights": (300, 100),
        "frozen": (200, 100),
        "default": (200, 100),
        "payouts": (200, 20),
        "folded": (50, 20),
        "epoch": (200, 10),
    },
    "pairs": {
        "small": (7, 100),
        "three-heights": (5, 100),
        "frozen": (5, 100),
        "default": (4, 100),
        "payouts": (10, 20),
    },
}
"""By word and subject: units, and changes in one. Units of every byte share the bytes out among them."""
TRIES = 10
"""Draws after which a change that leaves a proof as it is, such as a swap with an equal neighbour, is given up."""
COMBINATIONS: list[tuple[str, str]] = [
    *((path, kind) for path, field in MANIFEST.items() for kind in field.kinds),
    *(3 * [("", name) for name in RESPLITS]),
]
"""Every kind of change at every place, and every other division; trials go through all of them in turn."""
random.Random("in no order, so that a few trials are a bit of everything").shuffle(COMBINATIONS)


class Proofs(Campaign):
    """A unit is a share of the changes of one kind to one proof."""

    name = "proofs"
    question = "Is every file but the proof itself rejected, with a reason, whatever of it is changed?"
    targets: ClassVar[Mapping[str, int]] = {
        EVERY_BYTE: 45_000,
        SOME_BYTES: 20_000,
        STRUCTURED: 100_000,
        PAIRS: 2_000,
    }

    def units(self, seed: str) -> Iterable[str]:
        return _spread(
            [
                [f"{seed}/{word}/{name}/{number}" for number in range(units)]
                for word, subjects in AMOUNTS.items()
                for name, (units, _) in subjects.items()
            ]
        )

    def run(self, unit: str) -> Tally:
        seed, word, name, number = unit.rsplit("/", 3)
        return run_trials(unit, subject(name, seed), word, AMOUNTS[word][name], int(number))


def run_trials(unit: str, made: Subject, word: str, amount: tuple[int, int], number: int) -> Tally:
    """The changes of one unit, as its word tells: a share of all bytes, or so many changes that chance chooses."""
    units, trials = amount
    combinations = [(path, kind) for path, kind in COMBINATIONS if path not in made.free]
    tally = Tally()
    with parameters_of(made):
        if word == "every-byte":
            for place in range(number, len(made.data), units):
                for how in BYTE_CHANGES:
                    _try_byte(tally, unit, made, place, how, EVERY_BYTE)
        for trial in range(number * trials, (number + 1) * trials):
            dice = random.Random(f"{unit}/{trial}")
            if word == "some-bytes":
                how = dice.choice(list(BYTE_CHANGES))
                # A byte that is 0 stays as it is under "=00", and the trial isn't counted: then the first one does.
                place = dice.randrange(len(made.data))
                _try_byte(tally, unit, made, place, how if made.data[place] else "^01", SOME_BYTES)
            elif word == "structured":
                _try_structured(tally, unit, made, combinations[trial % len(combinations)], dice)
            elif word == "pairs":
                _try_pair(tally, unit, made, dice)
    return tally


def _try_byte(tally: Tally, unit: str, made: Subject, place: int, how: str, counted: str) -> None:
    if not judge(tally, made, change_byte(made.data, place, how), counted, f"{unit} byte {place} {how}", how):
        tally.counts[UNCHANGED] += 1


def _try_structured(tally: Tally, unit: str, made: Subject, combination: tuple[str, str], dice: random.Random) -> None:
    path, kind = combination
    what = f"{kind} {path}".rstrip()
    for _ in range(TRIES):
        data = resplit(made, kind, dice) if kind in RESPLITS else changed_once(made, path, kind, dice)
        if judge(tally, made, data, STRUCTURED, f"{unit} {what}", what):
            tally.count("Kinds of change", [kind])
            if kind not in RESPLITS:
                tally.count("Places changed", [path or "(the whole)"])
            return
    tally.counts[UNCHANGED] += 1


def _try_pair(tally: Tally, unit: str, made: Subject, dice: random.Random) -> None:
    for _ in range(TRIES):
        data, what = changed_twice(made, dice)
        if judge(tally, made, data, PAIRS, f"{unit} {what}", what):
            return
    tally.counts[UNCHANGED] += 1


def _spread(kinds: list[list[str]]) -> Iterator[str]:
    """All units, those of each kind as evenly as can be: a run that is cut off has had some of everything."""
    placed = [(number / len(units), unit) for units in kinds for number, unit in enumerate(units)]
    return (unit for _, unit in sorted(placed, key=lambda pair: pair[0]))
