"""Tries lies from seeds until each name of a preset has one that it alone stands against."""

from __future__ import annotations

import random

from tests.campaigns.deletion.families import family_of
from tests.campaigns.deletion.ground import Ground, Story, ground
from zkpay.errors import InputError, Rejected

# What a lie that can't be told runs into: limbs that are too few, a statement that contradicts itself.
IMPOSSIBLE = (ValueError, OverflowError, StopIteration, IndexError, InputError, Rejected)


def told_on(place: Ground, seed: str) -> Ground:
    """Where the lie of a seed is told: by the letters before it in tables for many records, or under a policy with
    other numbers.
    """
    suffix = family_of(seed).where
    told = ground(place.title + suffix) if suffix else place
    if told.names.keys() != place.names.keys():
        raise ValueError(f"{told.title} has other names")
    return told


def attempt(place: Ground, name: str, seed: str) -> Story | None:
    """The lie of a seed; None where there is none."""
    try:
        return family_of(seed).aim(told_on(place, seed), name, random.Random(f"{place.title}/{name}/{seed}"))
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
