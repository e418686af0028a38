"""Which values of a formula are money, in base units, so that they can be shown in tokens."""

from __future__ import annotations

from zkpay.policy.language.tree import Expression, Form
from zkpay.policy.policy import Policy

_FROM_FIRST = (Form.SUM, Form.SMALLEST, Form.LARGEST, Form.REMAINDER, Form.TOTAL)
_QUOTIENTS = (Form.DIVIDE, Form.ROUND_DIVIDE, Form.CEIL_DIVIDE)


def money_lines(policy: Policy) -> frozenset[str]:
    """The lines whose values are base units: `payout`, and what amounts and pools make so."""
    degrees: dict[str, int] = dict.fromkeys(("pool", *policy.pools, *policy.amounts), 1)
    for name, line in policy.formula.lines.items():
        degrees[name] = _degree(line.expression, degrees)
    return frozenset({"payout", *(name for name in policy.formula.lines if degrees[name] == 1)})


def _degree(expression: Expression, known: dict[str, int]) -> int:
    """1 for money, 0 for plain numbers, 2 for money times money, as units go in a formula of physics.

    known: that of all amounts, pools and earlier lines.
    """
    form = expression.form
    if form in (Form.CONSTANT, Form.LINE):
        return known.get(expression.text, 0)
    degrees = [_degree(argument, known) for argument in expression.arguments]
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
