"""Tries lies from seeds until each name of a preset has one that it alone stands against."""

from __future__ import annotations

import random

from tests.campaigns.deletion.aims import aim
from tests.campaigns.deletion.ground import TALL, Ground, Story, ground
from zkpay.errors import InputError, Rejected

# What a lie that can't be told runs into: limbs that are too few, a statement that contradicts itself.
IMPOSSIBLE = (ValueError, OverflowError, StopIteration, IndexError, InputError, Rejected)


TALL_SEED = "t"


def told_on(place: Ground, seed: str) -> Ground:
    """Where the lie of a seed is told: one that begins with TALL_SEED in tables for many records."""
    return ground(place.title + TALL) if seed.startswith(TALL_SEED) else place


def attempt(place: Ground, name: str, seed: str) -> Story | None:
    """The lie of a seed; None where there is none."""
    try:
        return aim(told_on(place, seed), name, random.Random(f"{place.title}/{name}/{seed}"))
    except IMPOSSIBLE:
        return None


def kills(place: Ground, name: str, seed: str) -> set[str]:
    """The names that alone stand against the lie of a seed, which was aimed at `name`."""
    story = attempt(place, name, seed)
    if story is None:
        return set()
    try:
        return told_on(place, seed).killed(story)
    except IMPOSSIBLE:
        return set()
