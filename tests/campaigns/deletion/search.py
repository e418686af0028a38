"""Tries lies from seeds until each name of a preset has one that it alone stands against."""

from __future__ import annotations

import random
import re

from tests.campaigns.deletion.aims import aim
from tests.campaigns.deletion.borrowed import BORROWED_SEED, BORROWED_TALL_SEED, aim_at_borrowed
from tests.campaigns.deletion.brimming import BRIMMING_SEED, aim_brimming
from tests.campaigns.deletion.chosen import CHOSEN_SEED, aim_chosen
from tests.campaigns.deletion.crowds import CROWD_SEED, aim_at_crowd
from tests.campaigns.deletion.dividends import DIVIDEND_SEED, DIVIDEND_TALL_SEED, aim_at_dividend
from tests.campaigns.deletion.donated import DONATED_SEED, aim_donated
from tests.campaigns.deletion.dusty import DUST_SEED, SHARE_SEED, aim_at_dust
from tests.campaigns.deletion.exact import EXACT_SEED, aim_exactly
from tests.campaigns.deletion.fitted import aim_fitted
from tests.campaigns.deletion.gathered import GATHERED_SEED, aim_gathered
from tests.campaigns.deletion.ground import TALL, WORTHLESS, Ground, Story, ground
from tests.campaigns.deletion.leaves import LEAF_SEED, LEAF_TALL_SEED, aim_at_leaf
from tests.campaigns.deletion.moved import MOVED_SEED, MOVED_TALL_SEED, aim_moved
from tests.campaigns.deletion.picked import PICKED_SEED, PICKED_TALL_SEED, aim_at_pick
from tests.campaigns.deletion.pooled import POOLED_SEED, aim_pooled
from tests.campaigns.deletion.quotients import QUOTIENT_SEED, QUOTIENT_TALL_SEED, aim_at_quotient
from tests.campaigns.deletion.rich import RICH_SEED, RICH_TALL_SEED, aim_at_riches
from tests.campaigns.deletion.roomy import ROOM_SEED, ROOM_TALL_SEED, aim_at_room
from tests.campaigns.deletion.roots import ROOT_SEED, ROOT_TALL_SEED, aim_at_root
from tests.campaigns.deletion.shares import SHARED_SEED, SHARED_TALL_SEED, aim_shared
from tests.campaigns.deletion.squares import SQUARE_SEED, SQUARE_TALL_SEED, aim_at_square
from tests.campaigns.deletion.together import SUMMED_SEED, aim_at_total
from zkpay.errors import InputError, Rejected

__all__ = [
    "BORROWED_SEED",
    "BORROWED_TALL_SEED",
    "BRIMMING_SEED",
    "CHOSEN_SEED",
    "CROWD_SEED",
    "DIVIDEND_SEED",
    "DIVIDEND_TALL_SEED",
    "DONATED_SEED",
    "DUST_SEED",
    "EXACT_SEED",
    "GATHERED_SEED",
    "IMPOSSIBLE",
    "LEAF_SEED",
    "LEAF_TALL_SEED",
    "MOVED_SEED",
    "MOVED_TALL_SEED",
    "PICKED_SEED",
    "PICKED_TALL_SEED",
    "POOLED_SEED",
    "QUOTIENT_SEED",
    "QUOTIENT_TALL_SEED",
    "RICH_SEED",
    "RICH_TALL_SEED",
    "ROOM_SEED",
    "ROOM_TALL_SEED",
    "ROOT_SEED",
    "ROOT_TALL_SEED",
    "SHARED_SEED",
    "SHARED_TALL_SEED",
    "SHARE_SEED",
    "SQUARE_SEED",
    "SQUARE_TALL_SEED",
    "SUMMED_SEED",
    "TALL_SEED",
    "attempt",
    "kills",
    "told_on",
]

# What a lie that can't be told runs into: limbs that are too few, a statement that contradicts itself.
IMPOSSIBLE = (ValueError, OverflowError, StopIteration, IndexError, InputError, Rejected)

TALL_SEED, WORTHLESS_SEED, FITTED_SEED, FITTED_TALL_SEED = "t", "w", "f", "ft"
SUFFIXES = {
    CROWD_SEED: TALL,
    TALL_SEED: TALL,
    EXACT_SEED: TALL,
    WORTHLESS_SEED: WORTHLESS,
    FITTED_TALL_SEED: TALL,
    ROOM_TALL_SEED: TALL,
    QUOTIENT_TALL_SEED: TALL,
    DIVIDEND_TALL_SEED: TALL,
    PICKED_TALL_SEED: TALL,
    DONATED_SEED: TALL,
    DUST_SEED: TALL,
    BRIMMING_SEED: TALL,
    BORROWED_TALL_SEED: TALL,
    SHARED_TALL_SEED: TALL,
    ROOT_TALL_SEED: TALL,
    RICH_TALL_SEED: TALL,
    MOVED_TALL_SEED: TALL,
    SQUARE_TALL_SEED: TALL,
    LEAF_TALL_SEED: TALL,
}
AIMS = {
    CHOSEN_SEED: aim_chosen,
    POOLED_SEED: aim_pooled,
    CROWD_SEED: aim_at_crowd,
    EXACT_SEED: aim_exactly,
    GATHERED_SEED: aim_gathered,
    FITTED_SEED: aim_fitted,
    FITTED_TALL_SEED: aim_fitted,
    ROOM_SEED: aim_at_room,
    ROOM_TALL_SEED: aim_at_room,
    SUMMED_SEED: aim_at_total,
    QUOTIENT_SEED: aim_at_quotient,
    QUOTIENT_TALL_SEED: aim_at_quotient,
    DIVIDEND_SEED: aim_at_dividend,
    DIVIDEND_TALL_SEED: aim_at_dividend,
    PICKED_SEED: aim_at_pick,
    PICKED_TALL_SEED: aim_at_pick,
    DONATED_SEED: aim_donated,
    DUST_SEED: aim_at_dust,
    BRIMMING_SEED: aim_brimming,
    SHARE_SEED: aim_at_dust,
    BORROWED_SEED: aim_at_borrowed,
    BORROWED_TALL_SEED: aim_at_borrowed,
    SHARED_SEED: aim_shared,
    SHARED_TALL_SEED: aim_shared,
    ROOT_SEED: aim_at_root,
    ROOT_TALL_SEED: aim_at_root,
    RICH_SEED: aim_at_riches,
    RICH_TALL_SEED: aim_at_riches,
    MOVED_SEED: aim_moved,
    MOVED_TALL_SEED: aim_moved,
    SQUARE_SEED: aim_at_square,
    SQUARE_TALL_SEED: aim_at_square,
    LEAF_SEED: aim_at_leaf,
    LEAF_TALL_SEED: aim_at_leaf,
}


def told_on(place: Ground, seed: str) -> Ground:
    """Where the lie of a seed is told: by the letters before it in tables for many records, or under a policy with
    other numbers.
    """
    suffix = SUFFIXES.get(_letters(seed), "")
    told = ground(place.title + suffix) if suffix else place
    if told.names.keys() != place.names.keys():
        raise ValueError(f"{told.title} has other names")
    return told


def _letters(seed: str) -> str:
    return re.split(r"\d", seed, maxsplit=1)[0]


def attempt(place: Ground, name: str, seed: str) -> Story | None:
    """The lie of a seed; None where there is none."""
    told = AIMS.get(_letters(seed), aim)
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
