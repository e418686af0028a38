"""The payouts table: every account with an accepted record, what the formula makes of it, its payout and its leaf
(SPEC §5.7).

Bounds of aggregates hold on real rows, where the tally vouches for them; on the others nothing that a row holds
is used. All constraints of the formula are multiplied by `is_real`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zkpay.circuits.bounds import TOTAL_WIDTH, Aggregate, Bounds
from zkpay.circuits.buses import PAYOUT_LEAF, PAYOUT_TREE, TREE, Buses
from zkpay.circuits.contributions.formula import limbs_of, numbered_entry
from zkpay.circuits.formula.compiler import FormulaCompiler
from zkpay.circuits.gadgets.difference import HALF_BITS
from zkpay.circuits.gadgets.poseidon import hash_leaf
from zkpay.circuits.gadgets.range import Limb, Natural, range_check
from zkpay.circuits.lookups.contents import Contents
from zkpay.circuits.totals.air import limb_name
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
from zkpay.ledger.fields import SLOT_BITS
from zkpay.policy.language.program import Node, Operation
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Public, constant, linear

FIRST_LEAF = Public("first leaf of payouts")
LEAF_PAYLOAD = range(1 + SALT_ELEMENTS, FIRST_UNUSED)
"""Elements of a leaf that say something of an account: those between salt and zeros."""


class AccountSource:
    """Aggregates of an account; they are within their bounds on real rows."""

    def __init__(
        self,
        table: Table,
        bounds: Bounds,
        contents: Contents,
        buses: Buses,
        is_real: Column,
        accepted_count: Column,
        columns: Mapping[Node, Sequence[Column]],
    ) -> None:
        self.table = table
        self.bounds = bounds
        self.contents = contents
        self.bus = buses.tables
        self.is_real = is_real
        self.accepted_count = accepted_count
        self.columns = columns
        self.aggregates = {aggregate.node: aggregate for aggregate in bounds.aggregates}

    def number(self, node: Node) -> Natural:
        """An aggregate of the account's accepted contributions."""
        aggregate = self.aggregates.get(node)
        if aggregate is None:
            raise ValueError(f"{node.text}: no number of an account")
        if aggregate.argument is None:
            return (Limb(self.accepted_count, 0, self.bounds.records),)
        # A sum has this many addends at most; a largest value is one of them.
        addends = self.bounds.records if node.operation is Operation.SUM else 1
        return tuple(
            Limb(limb, self.bounds.amount_width * k, ((1 << bits) - 1) * addends)
            for k, (limb, bits) in enumerate(zip(self.columns[node], aggregate.widths, strict=True))
        )

    def symbol(self, field: str) -> Expression:
        """An account has no symbols: ValueError."""
        raise ValueError(f"{field}: no symbol of an account")

    def look_up(self, node: Node, index: Expression) -> Natural:
        """An entry of a numbered table."""
        name = f"{node.text} entry {self.table.width}"
        return numbered_entry(self.table, name, self.bus, self.contents, str(node.value), index, self.is_real)


def payouts_table(
    bounds: Bounds, contents: Contents, buses: Buses, *, folded: bool = False
) -> tuple[Table, FormulaCompiler]:
    """The table for these bounds, and the compiler that knows which public numbers it reads.

    folded: leaves are hashed in the table `payout_tree`, which adds the salt, and not here.
    """
    table = Table("payouts")
    index, is_real = table.column("index"), table.column("is_real")
    # Real rows take the ordinals that the tally counts: each index once, from 0 up, on whichever row.
    table.boolean("is_real is a bit", is_real)
    table.sum("accounts", "accounts are counted", is_real)
    account = table.column_group("account", ACCOUNT_ELEMENTS)
    accepted_count, rejected_count = table.column("accepted_count"), table.column("rejected_count")
    salt = [] if folded else table.column_group("salt", SALT_ELEMENTS)
    high_halves = table.column_group("account high", ACCOUNT_ELEMENTS - 1)
    columns = {aggregate.node: _columns(table, aggregate) for aggregate in bounds.aggregates}
    limbs = [limb for group in columns.values() for limb in group]
    table.receive(
        buses.accounts,
        "account is in the tally",
        (index, *account, *limbs, accepted_count, rejected_count),
        is_real,
    )

    # Elements of an account that is paid are those that 160 bits encode to, as receipts and lists will ask.
    range_check(table, account[0].name, account[0], TOP_ACCOUNT_BITS)
    for element, high in zip(account[1:], high_halves, strict=True):
        range_check(table, f"{element.name} low", element - (1 << HALF_BITS) * high, HALF_BITS)
        range_check(table, f"{element.name} high", high, HALF_BITS)

    source = AccountSource(table, bounds, contents, buses, is_real, accepted_count, columns)
    widths = {total.node: TOTAL_WIDTH for total in bounds.totals}
    compiler = FormulaCompiler(table, is_real, source, SLOT_BITS, bounds.program.lines, widths)
    payout = _add_up(table, bounds, compiler, is_real)

    payload = [*account, *_payout_elements(payout), accepted_count, rejected_count]
    if folded:
        table.send(PAYOUT_LEAF, "payout goes to its leaf", (index, *payload), is_real)
        return table, compiler
    unused = [constant(0) for _ in range(FIRST_UNUSED, LEAF_ELEMENTS)]
    digest = hash_leaf(table, "leaf", [constant(TAG_PAYOUT), *salt, *payload, *unused])
    position = linear([(1, FIRST_LEAF), (1, index)])
    table.send(TREE, "leaf is in the tree", (PAYOUT_TREE, position, *digest), is_real)
    return table, compiler


def _columns(table: Table, aggregate: Aggregate) -> list[Column]:
    return table.column_group(aggregate.name, len(aggregate.widths))


def _add_up(table: Table, bounds: Bounds, compiler: FormulaCompiler, is_real: Column) -> list[Expression]:
    """Add the limbs of the payout and of every total's number to the circuit-wide sums; the payout's limbs."""
    *totals, paid = bounds.totals
    # Payouts first: a formula that adds them up as well finds their limbs, which are cut by the pool.
    compiler.number(paid.node, width=TOTAL_WIDTH, maximum=bounds.payout_maximum)
    payout: list[Expression] = []
    for total in (paid, *totals):
        maximum = bounds.payout_maximum if total is paid else None
        number = compiler.number(total.node, width=TOTAL_WIDTH, maximum=maximum)
        limbs = limbs_of(number, total.widths, TOTAL_WIDTH, total.node)
        payout = payout or limbs
        for k, limb in enumerate(limbs):
            if not isinstance(limb, Constant):
                name = limb_name(total, k)
                table.sum(name, f"{name} is added up", is_real * limb)
    return payout


def _payout_elements(limbs: Sequence[Expression]) -> list[Expression]:
    """Elements of 30 bits, three limbs of 10 bits each, little-endian; elements beyond the limbs are 0."""
    step = ELEMENT_BITS // TOTAL_WIDTH
    return [
        linear([(1 << (TOTAL_WIDTH * k), limb) for k, limb in enumerate(limbs[start : start + step])])
        for start in range(0, step * PAYOUT_ELEMENTS, step)
    ]
