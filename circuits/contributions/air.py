"""The contributions table: a committed leaf, its verdict and its points, one row each in intake order (SPEC
§5.3).

Bounds that the gadgets rely on hold on rows that are accepted: there the kind is declared, so the weight is
the policy's, and quantity and quality are at most the policy's maxima. On all other rows the factor
`accepted` is 0, hence the weighted quality, the points and the remainder are 0, whatever the other columns
hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.buses import CONTRIBUTION_TREE, TREE, UNIQUE, Buses
from zkpay.circuits.gadgets.carry import Term, balance, minus, product
from zkpay.circuits.gadgets.compare import at_most_constant
from zkpay.circuits.gadgets.poseidon import hash_leaf
from zkpay.circuits.gadgets.range import Limb, natural, natural_of, range_check
from zkpay.ledger.codes import ACCEPTED, DUPLICATE, OUT_OF_RANGE, UNKNOWN_KIND_REASON, reason_names
from zkpay.ledger.encoding import (
    ACCOUNT_ELEMENTS,
    FINGERPRINT_ELEMENTS,
    KIND_SHIFT,
    QUALITY_HIGH_SHIFT,
    QUANTITY_SLOTS,
    REASON_SHIFT,
    SALT_ELEMENTS,
    SLOT_BITS,
    TAG_CONTRIBUTION,
)
from zkpay.policy.formula import POINTS_DIVISOR
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Public, linear, total

FIRST_LEAF = Public("first leaf of contributions")
QUALITY_SLOTS = 2


def usable_reasons(policy: Policy) -> dict[int, str]:
    """Reasons that a record of this policy can have, by code: without the unique rule nothing is a duplicate."""
    return {code: name for code, name in enumerate(reason_names(policy)) if code != DUPLICATE or policy.unique}


def flag_name(reason: str) -> str:
    """The column that is 1 on the rows with that reason."""
    return f"reason {reason}"


def contributions_table(policy: Policy, bounds: Bounds, buses: Buses) -> Table:
    """The table for this policy; its height is not part of it but through `bounds`."""
    table = Table("contributions")
    index = table.column("index")
    table.first("index starts at 0", index)
    table.transition("index counts", index.next - index - 1)

    flags = {code: table.column(flag_name(name)) for code, name in usable_reasons(policy).items()}
    for code, flag in flags.items():
        table.boolean(f"{flag.name} is a bit", flag)
        table.sum(f"count/{reason_names(policy)[code]}", f"{flag.name} is counted", flag)
    is_real = total(flags.values())
    table.boolean("at most one reason", is_real)

    kind, known = table.column("kind"), table.column("known")
    weight = table.column_group("weight", bounds.weight_limbs)
    table.receive(buses.kinds, "kind is in the policy", (kind, known, *weight), is_real)
    quantity = table.column_group("quantity", QUANTITY_SLOTS)
    quality = table.column_group("quality", QUALITY_SLOTS)
    for slot in (*quantity, *quality):
        range_check(table, slot.name, slot, SLOT_BITS)
    within = [
        at_most_constant(table, "quantity_within", quantity, SLOT_BITS, policy.quantity_max),
        at_most_constant(table, "quality_within", quality, SLOT_BITS, policy.quality_max),
    ]
    accepted = flags[ACCEPTED]
    # Records that pass all rules but uniqueness.
    valid: Expression = accepted + flags[DUPLICATE] if DUPLICATE in flags else accepted
    table.every("a valid kind is known", valid * (1 - known))
    table.every("a valid quantity is within", valid * (1 - within[0]))
    table.every("a valid quality is within", valid * (1 - within[1]))
    table.every("an unknown kind is unknown", flags[UNKNOWN_KIND_REASON] * known)
    table.every("out of range is out of range", flags[OUT_OF_RANGE] * within[0] * within[1])

    points = _points(table, policy, bounds, accepted, weight, quantity, quality)

    salt = table.column_group("salt", SALT_ELEMENTS)
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    key = table.column_group("fingerprint", FINGERPRINT_ELEMENTS)
    reason_and_kind = linear(
        [
            *((code << REASON_SHIFT, flag) for code, flag in flags.items() if code != ACCEPTED),
            (1 << KIND_SHIFT, kind),
            (1 << QUALITY_HIGH_SHIFT, quality[1]),
        ],
        TAG_CONTRIBUTION,
    )
    packed = [linear([(1, low), (1 << SLOT_BITS, high)]) for low, high in _pairs([*quantity, quality[0]])]
    digest = hash_leaf(table, "leaf", [reason_and_kind, *salt, *account, *key, *packed])
    position = linear([(1, FIRST_LEAF), (1, index)])
    table.send(TREE, "leaf is in the tree", (CONTRIBUTION_TREE, position, *digest), is_real)
    table.send(buses.records, "record goes to the tally", (*account, accepted, *points), is_real)
    if policy.unique:
        table.send(UNIQUE, "record goes to uniqueness", (index, *key, valid, accepted), is_real)
    return table


def _points(
    table: Table,
    policy: Policy,
    bounds: Bounds,
    accepted: Column,
    weight: Sequence[Column],
    quantity: Sequence[Column],
    quality: Sequence[Column],
) -> list[Expression]:
    """Limbs of weight * quantity * quality // 10_000 where accepted, of 0 elsewhere."""
    mask = (1 << SLOT_BITS) - 1
    # Limb by limb the largest of all kinds: not the limbs of the largest weight.
    accepted_weight = tuple(
        Limb(accepted * limb, SLOT_BITS * k, max((value >> (SLOT_BITS * k)) & mask for value in policy.weights))
        for k, limb in enumerate(weight)
    )
    accepted_quality = natural_of(quality, policy.quality_max, SLOT_BITS)
    weighted = natural(table, "weighted_quality", bounds.weighted_quality, SLOT_BITS)
    balance(table, "weighted_quality", [*product(accepted_weight, accepted_quality), *minus(weighted)])

    points = natural(table, "points", bounds.points, bounds.points_width)
    remainder = table.column("points remainder")
    bits = (POINTS_DIVISOR - 1).bit_length()
    range_check(table, remainder.name, remainder, bits)
    range_check(table, f"{POINTS_DIVISOR - 1} - {remainder.name}", POINTS_DIVISOR - 1 - remainder, bits)
    accepted_quantity = natural_of(quantity, policy.quantity_max, SLOT_BITS)
    balance(
        table,
        "points",
        [
            *product(weighted, accepted_quantity),
            *minus(points, POINTS_DIVISOR),
            Term(-remainder, 1 - POINTS_DIVISOR, 0),
        ],
    )
    return [limb.expression for limb in points]


def _pairs(slots: Sequence[Column]) -> list[tuple[Column, Column]]:
    return list(zip(slots[0::2], slots[1::2], strict=True))
