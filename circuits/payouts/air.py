"""The payouts table: every account with an accepted record, its score, its payout and its leaf (SPEC §5.7).

    score  = sum of points           payout = pool * score // divisor,  divisor = total score, or 1 if that is
    0

The division is pool * score = divisor * payout + remainder with remainder < divisor, over the integers.
Bounds of the sums hold on real rows, where the tally vouches for them; on the others nothing that a row holds
is used.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkpay.circuits.bounds import REMAINDER_WIDTH, SCORE_WIDTH, Bounds
from zkpay.circuits.buses import PAYOUT_TREE, TREE, Buses
from zkpay.circuits.gadgets.carry import PublicDigits, balance, minus, plus
from zkpay.circuits.gadgets.compare import below_public
from zkpay.circuits.gadgets.difference import HALF_BITS
from zkpay.circuits.gadgets.poseidon import hash_leaf
from zkpay.circuits.gadgets.range import Limb, natural, range_check
from zkpay.ledger.encoding import (
    ACCOUNT_ELEMENTS,
    ELEMENT_BITS,
    FIRST_UNUSED,
    LEAF_ELEMENTS,
    PAYOUT_ELEMENTS,
    SALT_ELEMENTS,
    TAG_PAYOUT,
    TOP_ACCOUNT_BITS,
)
from zkpay.stark.air import Table
from zkpay.stark.expression import Expression, Public, constant, linear

FIRST_LEAF = Public("first leaf of payouts")


def payouts_table(bounds: Bounds, buses: Buses) -> Table:
    """The table for these bounds."""
    table = Table("payouts")
    index, is_real = table.column("index"), table.column("is_real")
    table.first("index starts at 0", index)
    table.transition("index counts", index.next - index - 1)
    table.boolean("is_real is a bit", is_real)
    table.sum("accounts", "accounts are counted", is_real)
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    sums = table.column_group("sum", len(bounds.points_widths))
    accepted_count, rejected_count = table.column("accepted_count"), table.column("rejected_count")
    table.receive(
        buses.accounts,
        "account is in the tally",
        (index, *account, *sums, accepted_count, rejected_count),
        is_real,
    )

    # Elements of an account that is paid are those that 160 bits encode to, as receipts and lists will ask.
    range_check(table, account[0].name, account[0], TOP_ACCOUNT_BITS)
    for element, high in zip(account[1:], table.column_group("account high", ACCOUNT_ELEMENTS - 1), strict=True):
        range_check(table, f"{element.name} low", element - (1 << HALF_BITS) * high, HALF_BITS)
        range_check(table, f"{element.name} high", high, HALF_BITS)

    sum_of_points = tuple(
        Limb(limb, bounds.points_width * k, ((1 << bits) - 1) * bounds.records)
        for k, (limb, bits) in enumerate(zip(sums, bounds.points_widths, strict=True))
    )
    score = natural(table, "score", bounds.score, SCORE_WIDTH)
    balance(table, "score", [*plus(sum_of_points), *minus(score)])

    payout = natural(table, "payout", bounds.pool, SCORE_WIDTH)
    divisor = bounds.public_divisor
    remainder = natural(table, "payout remainder", divisor.maximum, REMAINDER_WIDTH)
    balance(table, "payout", [*plus(score, bounds.public_pool), *minus(payout, divisor), *minus(remainder)])
    below_public(
        table,
        "remainder_below",
        [limb.expression for limb in remainder],
        PublicDigits(divisor, REMAINDER_WIDTH),
    )
    for name, number in (("score", score), ("payout", payout)):
        for k, limb in enumerate(number):
            table.sum(f"{name}_limb[{k}]", f"{name}_limb[{k}] is added up", is_real * limb.expression)

    salt = table.column_group("salt", SALT_ELEMENTS)
    elements = [
        constant(TAG_PAYOUT),
        *salt,
        *account,
        *_payout_elements([limb.expression for limb in payout]),
        accepted_count,
        rejected_count,
        *(constant(0) for _ in range(FIRST_UNUSED, LEAF_ELEMENTS)),
    ]
    digest = hash_leaf(table, "leaf", elements)
    position = linear([(1, FIRST_LEAF), (1, index)])
    table.send(TREE, "leaf is in the tree", (PAYOUT_TREE, position, *digest), is_real)
    return table


def _payout_elements(limbs: Sequence[Expression]) -> list[Expression]:
    """Elements of 30 bits, three limbs of 10 bits each, little-endian; elements beyond the limbs are 0."""
    step = ELEMENT_BITS // SCORE_WIDTH
    return [
        linear([(1 << (SCORE_WIDTH * k), limb) for k, limb in enumerate(limbs[start : start + step])])
        for start in range(0, step * PAYOUT_ELEMENTS, step)
    ]
