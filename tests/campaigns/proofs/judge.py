"""One changed proof: what the verifier says of it, and whether that is a fault."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable

from tests.campaigns.campaign import Tally
from tests.campaigns.proofs.changes import change, path_of
from tests.campaigns.proofs.document import File, Place, Step, places, read, write_file
from tests.campaigns.proofs.manifest import MANIFEST
from tests.campaigns.proofs.resplits import RESPLITS
from tests.campaigns.proofs.subjects import Subject
from zkpay.errors import InputError, Rejected

BYTE_CHANGES: dict[str, Callable[[int], int]] = {
    "^01": lambda byte: byte ^ 1,
    "^80": lambda byte: byte ^ 128,
    "^FF": lambda byte: byte ^ 255,
    "=00": lambda byte: 0,
}
ACCEPTED = "accepted"
INPUT = "not a proof"
MOVES_ITS_NEIGHBOURS = ("remove", "duplicate", "swap")
"""Kinds that neither of two neighbours may be changed by before the other."""


def verdict(subject: Subject, data: bytes) -> tuple[str, str]:
    """The verifier's word on a file, and what is wrong with that word; "" if nothing is."""
    try:
        subject.verify(data)
    except Rejected as rejection:
        return rejection.reason, "" if rejection.reason and rejection.detail else "a rejection that says nothing"
    except InputError as error:
        return INPUT, "" if str(error) else "an error that says nothing"
    except Exception:
        return "crash", traceback.format_exc()
    return ACCEPTED, ""


def judge(tally: Tally, subject: Subject, data: bytes, counted: str, place: str, what: str) -> bool:
    """Verify a file made of the subject's; `counted` is what it counts as, `place` where in the campaign it is.

    False if it is the subject's own, byte for byte: then nothing is counted.
    """
    if data == subject.data:
        return False
    word, fault = verdict(subject, data)
    tally.counts[counted] += 1
    tally.count("What the verifier says", [word])
    if word == ACCEPTED:
        tally.find(place, f"{what}: another file is accepted, {len(data)} bytes: {data.hex()[:4000]}")
    elif fault:
        tally.find(place, f"{what}: {fault}")
    return True


def change_byte(data: bytes, place: int, how: str) -> bytes:
    """A file with one byte changed."""
    return data[:place] + bytes([BYTE_CHANGES[how](data[place])]) + data[place + 1 :]


def changed_once(subject: Subject, path: str, kind: str, dice: random.Random) -> bytes:
    """The subject's file with one place of a path changed in one way of a kind."""
    file = read(subject.data)
    steps = dice.choice([steps for other, steps in places(file) if other == path])
    change(Place(file, steps), kind, dice, subject.donors)
    return write_file(file)


def resplit(subject: Subject, name: str, dice: random.Random) -> bytes:
    """The subject's file with its bytes divided in another way."""
    file = read(subject.data)
    RESPLITS[name](file, subject.groups, dice)
    return write_file(file)


def changed_twice(subject: Subject, dice: random.Random) -> tuple[bytes, str]:
    """Two places that don't lie in one another, changed each by itself, or both replaced from one other proof."""
    file = read(subject.data)
    # Both are found before either is changed: what stands in a list may move.
    chosen = [Place(file, steps) for steps in _apart(file, dice, subject.free)]
    donors, kinds = subject.donors, []
    if dice.random() < 0.4:
        donors, kinds = [dice.choice(donors)], ["replace", "replace"]
    else:
        beside = chosen[0].container is chosen[1].container
        for place in chosen:
            applicable = MANIFEST[path_of(place)].kinds
            kinds.append(dice.choice([kind for kind in applicable if not (beside and kind in MOVES_ITS_NEIGHBOURS)]))
    for place, kind in zip(chosen, kinds, strict=True):
        change(place, kind, dice, donors)
    return write_file(file), " and ".join(f"{kind} {path_of(place)}" for place, kind in zip(chosen, kinds, strict=True))


def _apart(file: File, dice: random.Random, free: frozenset[str]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    by_path: dict[str, list[tuple[Step, ...]]] = {}
    for path, steps in places(file):
        if steps and path not in free:
            by_path.setdefault(path, []).append(steps)
    while True:
        one, other = (dice.choice(by_path[path]) for path in dice.choices(sorted(by_path), k=2))
        if one[: len(other)] != other and other[: len(one)] != one:
            return one, other
