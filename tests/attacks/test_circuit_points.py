"""Cheats on points: lines that don't add up, limbs and carries out of range, rounding the other way.

With R bits a line, P * 2^(R k) is what line k can miss without the field seeing it; look-ups of limbs and carries leave
no room for that. Most cheats here take one of them away and credit one record with P * 2^(R k) more before the
division.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery, balance_of, centred, evaluate_at, put_limbs, settle
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.circuits.scenarios import POLICY, WIDEST, Record, maximum_of, pro_rata_like, widest
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

POINTS_DIVISOR = 10_000
PRODUCT = "points: weight[kind] * quality"
PRODUCT_PATTERN = re.escape(PRODUCT)
ROW = 1
RADIX = 14
# P = 130048 * 2^14 + 1.
HIGH = P >> RADIX
RECORDS = (
    Record(account=1, quantity=50_000),
    Record(account=2, quantity=40_000, kind=1),
    Record(account=3, quantity=7),
)


def place(name: str) -> int:
    """The first number in brackets, or the last number, of a name."""
    found = re.search(r"\[(\d+)\]", name) or re.search(r"(\d+)$", name)
    if found is None:
        raise ValueError(f"{name} has no number")
    return int(found[1])


def earn(draft: Draft, off: dict[int, int] | None = None, free: int | None = None, rounding: int = 0) -> Forgery:
    """Give the record the points that follow if the lines may miss by `off`; all that comes after is honest.

    `free`: the limb of points that may hold anything. `rounding`: points too many, at the cost of the remainder.
    """
    contributions, bounds = draft["contributions"], draft.bounds
    points, remainder = contributions.group("points"), contributions["points remainder"]
    kept = points[:, ROW].copy()
    points[:, ROW], remainder[ROW] = 0, 0
    gadget = balance_of(contributions, "points")
    if off and gadget.radix != RADIX:
        raise ValueError(f"lines of {gadget.radix} bits")
    lines = [centred(evaluate_at(contributions, ROW, line)) for line in gadget.lines]
    product = sum((line - (off or {}).get(k, 0)) << (gadget.radix * k) for k, line in enumerate(lines))
    quotient = product // POINTS_DIVISOR + rounding
    points[:, ROW] = kept
    put_limbs(points, ROW, bounds.arguments[0].widths, quotient, free)
    remainder[ROW] = (product - POINTS_DIVISOR * quotient) % P
    # Nearest to 0, the product of a limb that is out of range is small already: its line misses nothing more.
    settle(contributions, "points", ROW, off if free is None else None)
    draft.after_contributions()
    return draft.finish()


def weigh(draft: Draft, weighted: int, off: dict[int, int] | None = None) -> None:
    """Write another product of weight and quality, with lines that may miss by `off`."""
    contributions = draft["contributions"]
    largest = max(draft.policy.tables["weight"].values) * maximum_of(draft.policy, "quality")
    put_limbs(contributions.group(PRODUCT), ROW, limb_widths(largest, RADIX), weighted)
    settle(contributions, PRODUCT, ROW, off)


def weighted_quality(draft: Draft) -> int:
    columns = draft["contributions"].group(PRODUCT)
    return sum(int(limb) << (RADIX * k) for k, limb in enumerate(columns[:, ROW]))


@cheat(r"contributions/points line \d+", says="a record earns more points than the formula gives")
def points_line(name: str, policy: Policy) -> Forgery:
    line = place(name)
    return earn(Draft(RECORDS, policy), {line: -1 if line else -POINTS_DIVISOR})


@cheat(rf"contributions/{PRODUCT_PATTERN} line \d+", says="a record earns points for more than weight * quality")
def weighted_line(name: str, policy: Policy) -> Forgery:
    draft, line = Draft(RECORDS, policy), place(name)
    radix = balance_of(draft["contributions"], PRODUCT).radix
    weigh(draft, weighted_quality(draft) + (1 << (radix * line)), {line: -1})
    return earn(draft)


@cheat(r"contributions/points remainder has 14 bits", says="points are rounded up: a negative remainder")
def round_up(name: str, policy: Policy) -> Forgery:
    records = (*RECORDS[:1], Record(account=2, quantity=9, quality=1_111), *RECORDS[2:])
    return earn(Draft(records, policy), rounding=1)


@cheat(
    rf"contributions/{POINTS_DIVISOR - 1} - points remainder has 14 bits", says="one point is kept back as remainder"
)
def round_down(name: str, policy: Policy) -> Forgery:
    return earn(Draft(RECORDS, policy), rounding=-1)


@cheat(
    r"contributions/points\[\d+\] has \d+ bits",
    says="a record earns P / 10000 too many units of a limb: the limb is too large, its product wraps around the field",
)
def points_limb(name: str, policy: Policy) -> Forgery:
    # Points of nearly 36 bits, so that a wrap of the top limb stays within the largest total score.
    roomy = pro_rata_like(policy, quantity_max=1_700_000_000) if policy == POLICY else policy
    limb = place(name)
    return earn(Draft(RECORDS, roomy), {limb: -P}, limb)


@cheat(
    r"contributions/points carry\[\d+\] has 15 bits",
    r"contributions/points carry\[\d+\] top has [12] bits",
    says="a record earns P * 2^(14 k) / 10000 too many points: the carry of line k takes the wrap",
)
def points_carry(name: str, policy: Policy) -> Forgery:
    line = place(name)
    draft = Draft(RECORDS, policy)
    forgery = earn(draft, {line: -P})
    if " top " not in name and f"points carry[{line}] top" in draft["contributions"].places:
        # Two columns: all of the carry goes to the one that is not looked up.
        low, top = (draft["contributions"][f"points carry[{line}]{part}"] for part in ("", " top"))
        low[ROW], top[ROW] = int(low[ROW]) + (int(top[ROW]) << 15), 0
        forgery = draft.finish()
    return forgery


@cheat(
    rf"contributions/{PRODUCT_PATTERN}\[[0-2]\] has 14 bits",
    says="a record earns points for P * 2^(14 k) more than its product: limb k is -2^17, which times 16256 is 1",
)
def weighted_limb(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    # -2^17 * 16256 = -(P - 1).
    records = (RECORDS[0], Record(account=2, quantity=16_256, quality=1), RECORDS[2])
    draft = Draft(records, policy)
    columns = draft["contributions"].group(PRODUCT)
    columns[limb, ROW] = (int(columns[limb, ROW]) - (1 << 17)) % P
    columns[limb + 1, ROW] += 8
    settle(draft["contributions"], PRODUCT, ROW)
    return earn(draft)


@cheat(
    rf"contributions/{PRODUCT_PATTERN}\[(1\] has 5|3\] has 14) bits",
    says="a record earns points for P, or P * 2^28, more than weight * quality: the top limbs are the same modulo P",
)
def weighted_top_limb(name: str, policy: Policy) -> Forgery:
    draft = Draft((RECORDS[0], Record(account=2, quantity=9), RECORDS[2]), policy)
    columns = draft["contributions"].group(PRODUCT)
    columns[-2:, ROW] = columns[-2:, ROW] + np.array([1, HIGH], dtype=np.uint32)
    return earn(draft)


@cheat(
    rf"contributions/{PRODUCT_PATTERN} carry\[[01]\] has 1[45] bits",
    says="a record earns points for P * 2^(14 k) more than weight * quality: the carry of line k takes the wrap",
)
def weighted_carry(name: str, policy: Policy) -> Forgery:
    line = place(name)
    draft = Draft(RECORDS, policy)
    weigh(draft, weighted_quality(draft) + (P << (RADIX * line)), {line: -P})
    return earn(draft)


def openings(name: str, row: Record, policy: Policy, cells: dict[str, int]) -> Draft:
    """A draft in which the record's cells are moved by `cells`, with honest products again where they are integers."""
    draft = Draft((RECORDS[0], row, RECORDS[2]), policy)
    for column, change in cells.items():
        cell = draft["contributions"][column]
        cell[ROW] = (int(cell[ROW]) + change) % P
    return draft


@cheat(
    r"contributions/quantity\[[135]\] has 14 bits",
    says="the same leaf opens to a quantity that is larger by a multiple of P, which earns more",
)
def quantity_alias(name: str, policy: Policy) -> Forgery:
    slot = place(name)
    # The slot above decides that the quantity is within, so this one is never compared.
    roomy = pro_rata_like(POLICY, quantity_max=1 << (RADIX * (slot + 1)))
    record = Record(account=2, quantity=7, kind=3, quality=1)
    return earn(openings(name, record, roomy, {f"quantity[{slot - 1}]": 1, f"quantity[{slot}]": HIGH}))


@cheat(
    r"contributions/quality\[0\] has 14 bits",
    says="the same leaf opens to a quality that is larger by 130048 and a quantity larger by 2^84, which earn more",
)
def quality_alias(name: str, policy: Policy) -> Forgery:
    draft = openings(
        name, Record(account=2, quantity=7, kind=2, quality=1), WIDEST, {"quantity[6]": 1, "quality[0]": HIGH}
    )
    # The top slot of the quantity decides; it came one nearer to its maximum.
    draft["contributions"]["quantity within difference"][ROW] -= 1
    weigh(draft, weighted_quality(draft) + (HIGH << RADIX))
    return earn(draft)


@cheat(
    r"contributions/quantity\[6\] has 14 bits",
    says="the same leaf opens to a quality that is larger by 1, which earns more",
)
def quality_from_quantity(name: str, policy: Policy) -> Forgery:
    record = Record(account=2, quantity=4_000, quality=5_000)
    draft = openings(name, record, widest(quantity_max=2**84 - 1), {"quantity[6]": -(1 << RADIX), "quality[0]": 1})
    contributions = draft["contributions"]
    fill_gadgets(contributions)
    # Whatever else the quantity holds: without a pick its top slot counts, which is below its maximum of 0 by 2^14.
    contributions.group("quantity within pick")[:, ROW] = 0
    contributions["quantity within"][ROW] = 1
    contributions["quantity within difference"][ROW] = (1 << RADIX) - 1
    draft.after_contributions()
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
