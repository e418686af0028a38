"""Questions put to a formula: further lines beside its own, which change nothing that it pays (SPEC §8.1.3).

A probe is evaluated and bounded by the same code as the formula. It can be refused where the formula isn't: a part
that is safe behind a condition only has no meaning by itself. Then there is no answer, and that is no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from zkpay.policy.language.lowering import lower
from zkpay.policy.language.program import Node
from zkpay.policy.language.tree import Expression, Form, Formula, FormulaFault, FormulaFaults, Level, Line, Type

REFUSALS = (FormulaFault, FormulaFaults)

_PROBE = "a probe"
"""No policy has a line of this name."""


def with_lines(formula: Formula, added: Mapping[str, Expression]) -> Formula:
    """The formula with further lines ahead of `payout`; conditions count 1 where they hold and 0 elsewhere."""
    lines = {name: line for name, line in formula.lines.items() if name != "payout"}
    lines.update({name: Line(name, _as_number(expression)) for name, expression in added.items()})
    return replace(formula, lines={**lines, "payout": formula.payout})


def node_of(formula: Formula, expression: Expression, records: int) -> Node | None:
    """The node of an expression, with its bounds for so many records and accounts; None where it is refused."""
    try:
        return lower(with_lines(formula, {_PROBE: expression}), records, records).lines[_PROBE]
    except REFUSALS:
        return None


class Bounds:
    """The bounds of any expression of a formula, for so many records and accounts."""

    def __init__(self, formula: Formula, records: int) -> None:
        self._formula = formula
        self._records = records
        self._by_text = cache(self._node_of)
        self._expressions: dict[str, Expression] = {}

    def highest(self, expression: Expression) -> int | None:
        """None where the expression has no meaning outside the condition that guards it."""
        node = self._node(expression)
        return None if node is None else node.high

    def lowest(self, expression: Expression) -> int | None:
        """None likewise."""
        node = self._node(expression)
        return None if node is None else node.low

    def _node(self, expression: Expression) -> Node | None:
        self._expressions.setdefault(expression.text, expression)
        return self._by_text(expression.text)

    def _node_of(self, text: str) -> Node | None:
        return node_of(self._formula, self._expressions[text], self._records)


def answerable(formula: Formula, probes: Mapping[str, Expression], records: int) -> dict[str, Expression]:
    """The probes that can be added together with those before them."""
    try:
        lower(with_lines(formula, probes), records, records)
        return dict(probes)
    except REFUSALS:
        pass
    kept: dict[str, Expression] = {}
    for name, expression in probes.items():
        if node_of(formula, expression, records) is not None:
            kept[name] = expression
    return kept


def _as_number(expression: Expression) -> Expression:
    if expression.type is Type.NUMBER:
        return expression
    one, zero = (
        Expression(Form.CONSTANT, (), digit, Type.NUMBER, Level.CONSTANT, str(digit), expression.line, expression.span)
        for digit in (1, 0)
    )
    text = f"1 if {expression.text} else 0"
    arguments = (expression, one, zero)
    return Expression(
        Form.CONDITIONAL, arguments, None, Type.NUMBER, expression.level, text, expression.line, expression.span
    )
