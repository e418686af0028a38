"""Records that are drawn at random, for lies that need many or large ones."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from tests.campaigns.deletion.ground import TALL_HEIGHT, Ground, Records, record_of
from tests.campaigns.deletion.tailored.measured import kinds, sized
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import forced

LIKES = 40


def row_of(ground: Ground, dice: random.Random, account: int, numbers: dict[str, int]) -> Row:
    values = {symbol.name: dice.randrange(len(symbol.values)) for symbol in ground.policy.rules.symbols}
    return Row(account, values | numbers, dice.getrandbits(60))


def any_row(ground: Ground, dice: random.Random, account: int = 1) -> Row:
    """A record of any size."""
    numbers = {}
    for number in ground.policy.rules.numbers:
        size = min(
            number.maximum, number.minimum + dice.getrandbits(dice.randrange(1, number.maximum.bit_length() + 1))
        )
        numbers[number.name] = size if dice.random() < 0.7 else number.maximum
    return row_of(ground, dice, account, numbers)


def accepted(ground: Ground, rows: Sequence[Row]) -> Records:
    """The records with the reasons that the rules give them."""
    reasons = forced(rows, ground.policy.rules, [None] * len(rows))
    return tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))


def alike(ground: Ground, dice: random.Random, name: str) -> Row:
    """Of some records the one whose amount has the largest lowest limb: many of it add up to much there."""
    rows = [any_row(ground, dice, 1 + place) for place in range(LIKES)]
    held = ground.truth(accepted(ground, rows)).traces["tally"][name]
    return rows[int(np.argmax(held[:LIKES]))]


def random_records(ground: Ground, dice: random.Random) -> Records:
    """Records of any size, and some as large as can be."""
    rows = [any_row(ground, dice, 1 + n % 3) for n in range(dice.choice([1, 2, 3, 5]))]
    found = accepted(ground, rows)
    counts = [0, 1, 3, 10, 30]
    if ground.height == TALL_HEIGHT:
        counts += [100, 300, 900]
    kind = dice.choice(list(kinds(ground)))
    return found + sized([kind] * dice.choice(counts), dice.choice([1, 2, 7]), first=10_000)
