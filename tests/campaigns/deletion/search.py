"""Tries lies from seeds until each name of a preset has one that it alone stands against."""

from __future__ import annotations

import random

from tests.campaigns.deletion.aims import aim
from tests.campaigns.deletion.exact import EXACT_SEED, aim_exactly
from tests.campaigns.deletion.ground import TALL, Ground, Story, ground
from zkpay.errors import InputError, Rejected

__all__ = ["EXACT_SEED", "IMPOSSIBLE", "TALL_SEED", "attempt", "kills", "told_on"]

# What a lie that can't be told runs into: limbs that are too few, a statement that contradicts itself.
IMPOSSIBLE = (ValueError, OverflowError, StopIteration, IndexError, InputError, Rejected)

TALL_SEED = "t"


def told_on(place: Ground, seed: str) -> Ground:
    """Where the lie of a seed is told: one with a letter before it in tables for many records."""
    return ground(place.title + TALL) if seed.startswith((TALL_SEED, EXACT_SEED)) else place


def attempt(place: Ground, name: str, seed: str) -> Story | None:
    """The lie of a seed; None where there is none."""
    told = aim_exactly if seed.startswith(EXACT_SEED) else aim
    try:
        return told(told_on(place, seed), name, random.Random(f"{place.title}/{name}/{seed}"))
    except IMPOSSIBLE:
        return None


def kills(place: Ground, name: str, seed: str) -> set[str]:
    """The names that alone stand against the lie of a seed, which was aimed at `name`."""
    story = attempt(place, name, seed)
    if story is None:
        return set()
    told = ground(story.on) if story.on else told_on(place, seed)
    try:
        return told.killed(story)
    except IMPOSSIBLE:
        return set()
