"""Carries that need no look-up, as of several choices only one is ever made.

implied.py takes all that a line adds up for possible at once. Here each flag of a comparison and each condition on
totals is 0 or 1, and lines are bounded for each way to choose.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from tests.campaigns.deletion.reasons.implied import PATTERN, Plans, with_carries
from zkpay.circuits.gadgets.carry import Plan, PublicDigits
from zkpay.circuits.gadgets.choice import PublicInputs
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Linear, Product, Public
from zkpay.stark.field import P

REASON = (
    "The lines on both sides of this carry stay below P even together, whichever of its choices a row makes, for all "
    "that the other look-ups let through: so they hold over the integers as one, and with them the sum."
)
Form = tuple[dict[Column, int], int]


def why_exclusive(plans: Plans, table: Table, name: str) -> str | None:
    """Why a carry's look-up follows from the others, once choices are made; None if it isn't one or doesn't."""
    found = re.fullmatch(PATTERN, name)
    plan = plans.get((found["table"], found["title"])) if found else None
    if found is None or plan is None:
        return None
    k, switches = int(found["k"]), _switches(table)
    if not switches or len(switches) > 8:
        return None
    for bits in itertools.product((0, 1), repeat=len(switches)):
        size = _together(plan, k, table, dict(zip(switches, bits, strict=True)))
        if size is None or size >= P:
            return None
    return REASON


def _switches(table: Table) -> list[str]:
    """What is 0 or 1 on every row that counts: flags that a constraint has bits, and public conditions."""
    flags = [gadget.flag.name for gadget in table.gadgets if isinstance(gadget, Comparison) and gadget.flag]
    digits: list[PublicDigits] = [d for g in table.gadgets if isinstance(g, PublicInputs) for d in g.digits]
    return [*flags, *(held.digit(0).name for held in digits if held.number.maximum == 1)]


def _together(plan: Plan, k: int, table: Table, chosen: Mapping[str, int]) -> int | None:
    """The largest size of lines k and k + 1 as one, where these choices are made."""
    widths = {
        found[1]: int(found[2])
        for item in table.interactions
        if (found := re.fullmatch(rf"{table.name}/(.+) has (\d+) bits", item.name)) is not None
    }
    low = high = 0
    whole: dict[Column, int] = {}
    for line, weight in ((plan.lines[k], 1), (plan.lines[k + 1], 1 << plan.radix)):
        form = _chosen(Linear(line.terms, 0), chosen)
        if form is None:
            return None
        low, high = low + weight * form[1], high + weight * form[1]
        for column, factor in form[0].items():
            whole[column] = whole.get(column, 0) + weight * factor
    for column, factor in whole.items():
        if factor and column.name not in widths:
            return None
        most = factor * ((1 << widths.get(column.name, 0)) - 1)
        low, high = low + min(most, 0), high + max(most, 0)
    low, high = with_carries(plan, k, low, high, lines=2)
    return max(high, -low)


def _chosen(expression: Expression, chosen: Mapping[str, int]) -> Form | None:
    """An expression as a sum of columns; None if a product of columns or a public number is left."""
    if isinstance(expression, Column | Public) and expression.name in chosen:
        return {}, chosen[expression.name]
    if isinstance(expression, Constant):
        return {}, expression.value
    if isinstance(expression, Column):
        return {expression: 1}, 0
    if isinstance(expression, Linear):
        return _added(expression, chosen)
    if isinstance(expression, Product):
        left, right = _chosen(expression.left, chosen), _chosen(expression.right, chosen)
        if left is None or right is None or (left[0] and right[0]):
            return None
        (columns, held), factor = (right, left[1]) if not left[0] else (left, right[1])
        return {column: factor * part for column, part in columns.items()}, factor * held
    return None


def _added(expression: Linear, chosen: Mapping[str, int]) -> Form | None:
    whole: dict[Column, int] = {}
    held = expression.constant
    for told, part in expression.terms:
        factor = told if isinstance(told, int) else chosen.get(told.name)
        form = _chosen(part, chosen)
        if factor is None or form is None:
            return None
        held += factor * form[1]
        for column, amount in form[0].items():
            whole[column] = whole.get(column, 0) + factor * amount
    return whole, held
