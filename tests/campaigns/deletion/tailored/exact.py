"""Lies that need an exact number: aimed at names for which random records are a poor ground."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story, paid_accounts, with_amount
from tests.campaigns.deletion.lies.choices import (
    ABOVE,
    FLAG,
    PICK,
    ComparisonLie,
    RemainderLie,
    claims,
    comparison_called,
    comparison_width,
    owner_of,
    weights,
)
from tests.campaigns.deletion.names import COMPARISON, LIMB, is_comparison, row_in
from tests.campaigns.deletion.reasons.unreachable import Claim, claims_about, constants
from tests.campaigns.deletion.tailored.measured import MOST, Worth, adding_up, closest, crowd, kinds, sized
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.stark.air import Table

TRIES = 50


def aim_exactly(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    table_name, _, rest = name.partition("/")
    table = ground.tables[table_name]
    found = re.fullmatch(COMPARISON, rest)
    if found and is_comparison(table, found[1]):
        return _compared(ground, table, dice, found)
    found = re.fullmatch(LIMB, rest)
    if found and table_name == "contributions":
        return _rounded(ground, table, dice, found)
    return None


def _rounded(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    """A quotient of few units that is one too small, as the remainder is let be too large."""
    owner = owner_of(table, found[1])
    gadget = table.gadgets[owner]
    if owner < 0 or not isinstance(gadget, Divided) or gadget.remainder.columns[0].name != found[1]:
        return None
    numbers, account = ground.policy.rules.numbers, dice.randrange(1 << 30)
    values = [
        tuple((number.name, min(dice.randrange(1 << dice.randrange(1, 16)), number.maximum)) for number in numbers)
        + tuple((symbol.name, dice.randrange(len(symbol.values))) for symbol in ground.policy.rules.symbols)
        for _ in range(dice.choice([1, 2, 3]))
    ]
    records = sized(values[:1], account) + sized(values[1:], account + dice.choice([0, 1]), first=2000)
    return Story(records, RemainderLie(table.name, owner + 1, 0, 1, None, None))


def _compared(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    """A number of which picks can claim a false order to a constant, if one part is not demanded."""
    less, place = found[2] or found[4] or found[7], int(found[3] or found[5] or 0)
    number = comparison_called(table, found[1])
    gadget = table.gadgets[number]
    if not isinstance(gadget, Comparison) or gadget.flag is None or less not in (PICK, ABOVE, FLAG):
        return None
    width = comparison_width(table, gadget)
    fixed = constants(gadget.right) or constants(gadget.left)
    if less == FLAG or (found[1] == "payout order" and dice.random() < 0.8):
        records = crowd(ground, dice)
        row = row_in(table, records, dice)
        if row is None:
            return None
        lie = ComparisonLie(table.name, number, row, less, place, width, dice)
        on = "" if less == FLAG else _moved(ground, table, gadget, records, row, lie, dice)
        return None if on is None else Story(records, lie, on=on)
    is_right = constants(gadget.right) is not None
    if fixed is None:
        return None
    side = gadget.left if is_right else gadget.right
    worth = Worth(ground, table.name, side, width)
    possible = list(claims_about(fixed, width, less, place, is_right=is_right))
    wanted = number_told(fixed, width, dice.choice(possible), dice, is_right=is_right) if possible else None
    if wanted is None or wanted > MOST * max(worth(kind) for kind in kinds(ground)):
        return None
    account, other = dice.sample(range(1, 1000), 2)
    if table.name == "contributions":
        records = sized([closest(ground, dice.choice(list(kinds(ground))), worth, wanted, dice)], account)
    else:
        records = sized(adding_up(ground, worth, wanted, dice), account)
    records += sized([dice.choice(list(kinds(ground))) for _ in range(dice.choice([0, 1, 1, 3]))], other, first=5000)
    row = 0 if table.name == "contributions" else paid_accounts(records).index(account)
    return Story(records, ComparisonLie(table.name, number, row, less, place, width, dice))


def _moved(
    ground: Ground,
    table: Table,
    gadget: Comparison,
    records: Records,
    row: int,
    lie: ComparisonLie,
    dice: random.Random,
) -> str | None:
    """The policy with another constant in its amounts, so near the number that the lie can be told."""
    trace = ground.truth(records).traces[table.name]
    left, right = ([evaluate_at(trace, row, entry) for entry in side] for side in (gadget.left, gadget.right))
    is_right = constants(gadget.right) is not None
    held, fixed = (left, right) if is_right else (right, left)
    top = (1 << lie.bits) - 1
    for _ in range(TRIES):
        other = [
            limb if dice.random() < 0.5 else dice.choice([max(limb - 1, 0), limb + 1, dice.randint(0, top)])
            for limb in held
        ]
        sides = (held, other) if is_right else (other, held)
        value, constant = (sum(limb << (lie.bits * k) for k, limb in enumerate(part)) for part in (held, other))
        truth = int(value <= constant if is_right else constant <= value)
        if value != constant and next(claims(*sides, 1 - truth, lie.bits, lie.less, lie.place), None) is not None:
            return with_amount(ground, sum(limb << (lie.bits * k) for k, limb in enumerate(fixed)), constant)
    return None


def number_told(fixed: Sequence[int], bits: int, claim: Claim, dice: random.Random, *, is_right: bool) -> int | None:
    """A number of which a claim is false, and seems right."""
    top = (1 << bits) - 1
    sign = (2 * claim.flag - 1) * (1 if is_right else -1)
    for _ in range(TRIES):
        limbs = list(fixed)
        for k in range(claim.decisive + 1):
            low, high = claim.ends if k == claim.decisive else (0, top if k in claim.free else -1)
            if low <= high:
                near = [low, high, min(high, low + 1), min(high, low + dice.randrange(100)), dice.randint(low, high)]
                limbs[k] = dice.choice(near)
        counted = weights(claim.picks)
        gap = sum(sign * weight * (held - limb) for weight, held, limb in zip(counted, fixed, limbs, strict=True))
        if 0 <= gap - 1 + claim.flag * counted[0] <= top:
            return sum(limb << (bits * k) for k, limb in enumerate(limbs))
    return None
