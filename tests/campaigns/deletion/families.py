"""The families of lies: what their seeds begin with, who tells them, how often they are tried, and where they are told.

A lie of a plain seed is of no family: it is told by `aim`, in low tables.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.campaigns.deletion.ground import TALL, WORTHLESS, Ground, Story
from tests.campaigns.deletion.lies.aims import aim
from tests.campaigns.deletion.tailored.borrowed import aim_at_borrowed
from tests.campaigns.deletion.tailored.brimming import aim_brimming
from tests.campaigns.deletion.tailored.capped import aim_at_cap
from tests.campaigns.deletion.tailored.chosen import aim_chosen
from tests.campaigns.deletion.tailored.crowds import aim_at_crowd
from tests.campaigns.deletion.tailored.dear import aim_dearly
from tests.campaigns.deletion.tailored.dividends import aim_at_dividend
from tests.campaigns.deletion.tailored.donated import aim_donated
from tests.campaigns.deletion.tailored.dusty import aim_at_dust
from tests.campaigns.deletion.tailored.exact import aim_exactly
from tests.campaigns.deletion.tailored.fitted import aim_fitted
from tests.campaigns.deletion.tailored.gathered import aim_gathered
from tests.campaigns.deletion.tailored.leaves import aim_at_leaf
from tests.campaigns.deletion.tailored.moved import aim_moved
from tests.campaigns.deletion.tailored.parts import aim_at_parts
from tests.campaigns.deletion.tailored.picked import aim_at_pick
from tests.campaigns.deletion.tailored.pooled import aim_pooled
from tests.campaigns.deletion.tailored.quotients import aim_at_quotient
from tests.campaigns.deletion.tailored.rich import aim_at_riches
from tests.campaigns.deletion.tailored.roomy import aim_at_room
from tests.campaigns.deletion.tailored.roots import aim_at_root
from tests.campaigns.deletion.tailored.shares import aim_shared
from tests.campaigns.deletion.tailored.spread import aim_spread
from tests.campaigns.deletion.tailored.squares import aim_at_square
from tests.campaigns.deletion.tailored.together import aim_at_total

Aim = Callable[[Ground, str, random.Random], Story | None]


@dataclass(frozen=True)
class Family:
    """Lies whose seeds begin with the same letters."""

    letters: str
    aim: Aim
    attempts: int
    where: str = ""
    """In tables for many records, or under a policy with other numbers: what is added to the preset's name."""


FAMILIES = (
    Family("ct", aim_at_crowd, 60, TALL),
    Family("j", aim_at_parts, 60),
    Family("jt", aim_at_parts, 100, TALL),
    Family("m", aim_exactly, 120, TALL),
    Family("g", aim_gathered, 120),
    Family("f", aim_fitted, 80),
    Family("w", aim, 60, WORTHLESS),
    Family("ft", aim_fitted, 120, TALL),
    Family("r", aim_at_room, 100),
    Family("rt", aim_at_room, 40, TALL),
    Family("s", aim_at_total, 40),
    Family("q", aim_at_quotient, 20),
    Family("qt", aim_at_quotient, 20, TALL),
    Family("d", aim_at_dividend, 20),
    Family("dt", aim_at_dividend, 40, TALL),
    Family("k", aim_at_pick, 60),
    Family("kt", aim_at_pick, 60, TALL),
    Family("u", aim_donated, 10, TALL),
    Family("yt", aim_at_dust, 10, TALL),
    Family("zt", aim_brimming, 5, TALL),
    Family("y", aim_at_dust, 20),
    Family("b", aim_at_borrowed, 60),
    Family("bt", aim_at_borrowed, 40, TALL),
    Family("p", aim_shared, 200),
    Family("pt", aim_shared, 40, TALL),
    Family("i", aim_spread, 60),
    Family("v", aim_at_root, 20),
    Family("vt", aim_at_root, 100, TALL),
    Family("e", aim_chosen, 400),
    Family("h", aim_pooled, 60),
    Family("a", aim_moved, 120),
    Family("n", aim_at_riches, 300),
    Family("nt", aim_at_riches, 30, TALL),
    Family("at", aim_moved, 20, TALL),
    Family("o", aim_at_square, 300),
    Family("ot", aim_at_square, 20, TALL),
    Family("l", aim_at_leaf, 100),
    Family("lt", aim_at_leaf, 20, TALL),
    Family("xt", aim_at_cap, 5, TALL),
    Family("it", aim_dearly, 10, TALL),
    Family("t", aim, 40, TALL),
)
"""In the order in which they are tried, after lies of plain seeds."""
BY_LETTERS = {family.letters: family for family in FAMILIES}
PLAIN = Family("", aim, 0)


def family_of(seed: str) -> Family:
    """The family whose letters a seed begins with."""
    return BY_LETTERS.get(re.split(r"\d", seed, maxsplit=1)[0], PLAIN)
