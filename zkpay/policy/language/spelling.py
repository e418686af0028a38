"""The normalised text of an expression: one spelling for one tree, with no bracket too many (SPEC §8.1.1).

`a > b` is the tree of `b < a` and is spelled so; `not a == b` is `a != b`.
"""

from collections.abc import Sequence
from typing import Final

from zkpay.policy.language.tree import Expression, Form

_CHOICE: Final = 0
_OR: Final = 1
_NOT: Final = 3
_COMPARISON: Final = 4
_ATOM: Final = 7

_BETWEEN: Final = {
    Form.OR: _OR,
    Form.AND: 2,
    Form.EQUAL: _COMPARISON,
    Form.LESS: _COMPARISON,
    Form.AT_MOST: _COMPARISON,
    Form.ADD: 5,
    Form.SUBTRACT: 5,
    Form.MULTIPLY: 6,
    Form.DIVIDE: 6,
    Form.REMAINDER: 6,
}
"""Forms with a sign between two operands, and how tightly it binds."""

_NEGATED: Final = (Form.EQUAL, Form.IS_SYMBOL)
"""Comparisons whose negation has a sign of its own."""

_AGGREGATES: Final = {
    Form.SUM: "sum",
    Form.COUNT: "count",
    Form.SMALLEST: "min",
    Form.LARGEST: "max",
}


def spelled(form: Form, arguments: Sequence[Expression]) -> str:
    """The text of a form over its arguments; of a form with a value, its maker knows the text."""
    if form in _BETWEEN:
        return _between(form.value, _BETWEEN[form], arguments)
    if form is Form.NOT:
        (argument,) = arguments
        if argument.form is Form.EQUAL:
            return _between("!=", _COMPARISON, argument.arguments)
        if argument.form is Form.IS_SYMBOL:
            return argument.text.replace(" == ", " != ", 1)
        return f"not {operand(argument, _NOT)}"
    if form is Form.CONDITIONAL:
        condition, value, otherwise = arguments
        return f"{operand(value, _OR)} if {operand(condition, _OR)} else {otherwise.text}"
    if form in _AGGREGATES:
        return f"{_AGGREGATES[form]}({_filtered(form, arguments)})"
    if form is Form.TIERS:
        bounds, rates = arguments[1::2], arguments[2::2]
        slices = ", ".join(f"({upto.text}, {rate.text})" for upto, rate in zip(bounds, rates, strict=True))
        return f"tiers({arguments[0].text}, [{slices}])"
    return f"{form.value}({', '.join(argument.text for argument in arguments)})"


def operand(expression: Expression, loosest: int) -> str:
    """The text of an operand, in brackets where it binds more loosely than `loosest`."""
    return expression.text if _binding(expression) >= loosest else f"({expression.text})"


def _between(sign: str, binding: int, arguments: Sequence[Expression]) -> str:
    # Signs of one strength group from the left; comparisons don't chain at all.
    left = operand(arguments[0], binding + 1 if binding == _COMPARISON else binding)
    return f"{left} {sign} {operand(arguments[1], binding + 1)}"


def _binding(expression: Expression) -> int:
    if expression.form is Form.CONDITIONAL:
        return _CHOICE
    if expression.form is Form.IS_SYMBOL:
        return _COMPARISON
    if expression.form is Form.NOT:
        return _COMPARISON if expression.arguments[0].form in _NEGATED else _NOT
    return _BETWEEN.get(expression.form, _ATOM)


def _filtered(form: Form, arguments: Sequence[Expression]) -> str:
    """What stands in the brackets of an aggregate."""
    if form is Form.COUNT or len(arguments) == 1:
        return "".join(argument.text for argument in arguments)
    value, condition = arguments
    return f"{operand(value, _OR)} if {operand(condition, _OR)}"
