"""Which values of a formula are money, in base units, so that they can be shown in tokens."""

from __future__ import annotations

from collections.abc import Collection

from zkpay.policy.language.tree import Expression, Form, Formula
from zkpay.policy.policy import Policy

_FROM_FIRST = (Form.SUM, Form.SMALLEST, Form.LARGEST, Form.REMAINDER, Form.TOTAL)
_QUOTIENTS = (Form.DIVIDE, Form.ROUND_DIVIDE, Form.CEIL_DIVIDE)


def money_lines(policy: Policy) -> frozenset[str]:
    """The lines whose values are base units: `payout`, and what amounts and pools make so."""
    names = {"pool", *policy.pools, *policy.amounts}
    found = {
        name for name, line in policy.formula.lines.items() if _degree(line.expression, policy.formula, names) == 1
    }
    return frozenset(found | {"payout"})


def _degree(expression: Expression, formula: Formula, money: Collection[str]) -> int:
    """1 for money, 0 for plain numbers, 2 for money times money, as units go in a formula of physics."""
    degrees = [_degree(argument, formula, money) for argument in expression.arguments]
    form = expression.form
    if form is Form.CONSTANT:
        return int(expression.text in money)
    if form is Form.LINE:
        return _degree(formula.lines[str(expression.value)].expression, formula, money)
    if form is Form.MULTIPLY:
        return sum(degrees)
    if form in _QUOTIENTS:
        return degrees[0] - degrees[1]
    if form in _FROM_FIRST:
        return degrees[0]
    if form in (Form.ADD, Form.SUBTRACT, Form.MINIMUM, Form.MAXIMUM, Form.CLAMP):
        return max(degrees)
    if form is Form.CONDITIONAL:
        return max(degrees[1:])
    if form is Form.TIERS:
        return degrees[0] + max(degrees[2::2])
    return 0
