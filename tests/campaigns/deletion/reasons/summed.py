"""Which limbs of what a total adds up need no look-up, worked out from the bounds of the total.

Only the limb's own line and the total's read it. Whatever field element it is, each account's number comes out as it
is, as long as the limb is taken for the integer that its line makes of it; and the total is off by a multiple of P
times the foot of the lower one of the two lines.
"""

from __future__ import annotations

import re

from tests.campaigns.deletion.reasons.implied import Plans
from tests.campaigns.deletion.reasons.openings import coefficient_of
from zkpay.circuits.bounds import AccountTotal, Bounds
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Plan
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Linear, Product
from zkpay.stark.field import P

LOOK_UP = re.compile(r"payouts/((.+)\[\d+\]) has \d+ bits")
REASON = (
    "Only its own line and the total's line read this limb. Whatever it is for each account, the total can only be off "
    "by a multiple of P times the foot of the lower one of these lines, which is more than the total can be."
)


def why_summed(bounds: Bounds, plans: Plans, table: Table, totals: Table, name: str) -> str | None:
    """Why a limb that only a total reads needs no look-up of its own; None if it isn't one or may need it."""
    found = re.fullmatch(LOOK_UP, name)
    column = next((held for held in table.columns if found and held.name == found[1]), None)
    if found is None or column is None:
        return None
    own = plans.get(("payouts", found[2]))
    targets = [row_sum.target for row_sum in table.sums if _reads(row_sum.expression, column)]
    if own is None or len(targets) != 1 or not _is_read_by_its_lines_alone(table, column, found[2], own):
        return None
    added = next((total for total in bounds.totals[:-1] if targets[0].startswith(f"{total.name}_limb[")), None)
    if added is None:
        return None
    (limb,) = (held for held in totals.columns if held.name == targets[0])
    return REASON if _foot(own, added, plans["totals", added.name], column, limb) else None


def _reads(expression: object, column: Column) -> bool:
    return isinstance(expression, Product) and column in (expression.left, expression.right)


def _is_read_by_its_lines_alone(table: Table, column: Column, title: str, own: Plan) -> bool:
    """Whether no other constraint and no interaction but its look-up reads the column, which is a limb of a sum."""
    lines = {f"{table.name}/{title} line {k}" for k in range(len(own.lines))}
    for constraint in table.constraints:
        if constraint.name not in lines and coefficient_of(constraint.expression, column) != 0:
            return False
    for item in table.interactions:
        asked = [entry for entry in (*item.payload, item.multiplicity) if coefficient_of(entry, column) != 0]
        if asked and not item.name.startswith(f"{table.name}/{column.name} has "):
            return False
    return any(
        isinstance(gadget, Defined) and column in gadget.result.columns and " slack[" not in column.name
        for gadget in table.gadgets
    )


def _foot(own: Plan, total: AccountTotal, added: Plan, column: Column, limb: Column) -> bool:
    """Whether P times the foot of the lower line that reads the limb is more than the total's largest value."""
    places = []
    for plan, held in ((own, column), (added, limb)):
        read = [k for k, line in enumerate(plan.lines) if coefficient_of(Linear(line.terms, 0), held)]
        if len(read) != 1:
            return False
        places.append(plan.radix * read[0])
    return P << min(places) > total.public.maximum
