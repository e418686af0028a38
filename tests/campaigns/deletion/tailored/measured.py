"""Records made to measure: of one account, or one record, so that some number of theirs is just what a lie needs.

Random records come near round numbers, but not to one that is small in all limbs but the highest.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, record_of
from tests.campaigns.differential.records import Row
from zkpay.ledger.rules import ACCEPTED
from zkpay.stark.expression import Expression

Values = tuple[tuple[str, int], ...]
STEPS, MOST = 60, 1000
"""Steps of a search for one number, and the most records that are made."""


def sized(values: Sequence[Values], account: int, first: int = 1000) -> Records:
    """Accepted records of one account that say these values."""
    return tuple(record_of(Row(account, dict(held), first + k), ACCEPTED) for k, held in enumerate(values))


class Worth:
    """What a number in limbs comes to where there are only such records."""

    def __init__(self, ground: Ground, table: str, side: Sequence[Expression], width: int) -> None:
        self.ground, self.table, self.side, self.width = ground, table, side, width
        self._known: dict[tuple[Values, ...], int] = {}

    def __call__(self, *values: Values) -> int:
        if values not in self._known:
            trace = self.ground.truth(sized(values, 1)).traces[self.table]
            limbs = [evaluate_at(trace, 0, limb) for limb in self.side]
            self._known[values] = sum(limb << (self.width * k) for k, limb in enumerate(limbs))
        return self._known[values]


def kinds(ground: Ground) -> Iterator[Values]:
    """A record of each kind, as large as it can be."""
    rules = ground.policy.rules
    largest = [(number.name, number.maximum) for number in rules.numbers]
    for codes in itertools.product(*(range(len(symbol.values)) for symbol in rules.symbols)):
        yield (*largest, *((symbol.name, code) for symbol, code in zip(rules.symbols, codes, strict=True)))


def closest(ground: Ground, kind: Values, worth: Worth, wanted: int, dice: random.Random) -> Values:
    """The record of that kind, with one number changed, that is worth the most up to `wanted`."""
    number = dice.choice(ground.policy.rules.numbers)

    def changed(value: int) -> Values:
        return tuple((name, value if name == number.name else held) for name, held in kind)

    low, high = number.minimum, number.maximum
    worths = (worth(changed(low)), worth(changed(high)))
    for step in range(STEPS):
        if worths[0] > wanted or high - low < 2:
            break
        span = worths[1] - worths[0]
        # By a straight line, and halfway where that is slow.
        part = (high - low) * (wanted - worths[0]) // span if step % 3 < 2 and span > 0 else (high - low) // 2
        middle = low + min(max(part, 1), high - low - 1)
        found = worth(changed(middle))
        if found <= wanted:
            low, worths = middle, (found, worths[1])
        else:
            high, worths = middle, (worths[0], found)
    return changed(high if worths[1] <= wanted else low)


def adding_up(ground: Ground, worth: Worth, wanted: int, dice: random.Random) -> list[Values]:
    """Values of records that are worth so much together, or a little less; kinds may be worth less than apart."""
    found: list[Values] = []

    for kind in sorted(kinds(ground), key=worth, reverse=True):
        most, rest = worth(kind), wanted - (worth(*found) if found else 0)
        if not most or rest <= 0:
            continue
        found += [kind] * min(rest // most, MOST - len(found))
        rest = wanted - worth(*found) if found else wanted
        part = closest(ground, kind, worth, rest, dice) if rest > 0 else kind
        if 0 < worth(part) <= rest:
            found.append(part)
    return found[:MOST]


def crowd(ground: Ground, dice: random.Random) -> Records:
    """Records of many accounts that earn about as much."""
    several = list(kinds(ground))
    number, kind = dice.choice(ground.policy.rules.numbers), dice.choice(several)
    found: Records = ()
    for account in range(dice.choice([3, 6, 7, 8, 10, 20, 50])):
        part = 1 - dice.random() * dice.choice([0.001, 0.1, 1])
        values = tuple(
            (name, max(number.minimum, int(held * part)) if name == number.name else held)
            for name, held in (kind if dice.random() < 0.7 else dice.choice(several))
        )
        found += sized([values] * dice.choice([1, 1, 2, 8, 12]), 1 + account, first=1000 * (1 + account))
    return found
