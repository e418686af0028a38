"""The caps in a formula: where something is cut off or damped, and what the formula would be without (SPEC §8.1.3).

A cap is a `min` of something that varies with something that doesn't, a `clamp`, a root or a table of tiers. The
formula without one of them answers what it does: `simulate` asks in whose case it binds, `stress` what it costs or
gains who splits an account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zkpay.policy.language.tree import Expression, Form, Formula, Level, Type

_HEARD = (Form.MINIMUM, Form.CLAMP, Form.ROOT, Form.TIERS)


@dataclass(frozen=True)
class Cap:
    """`expression`, first found in the line that it names, would be `without` if nothing were cut off or damped.

    binds: the condition that something is cut off, or None where everything is damped (roots).
    """

    expression: Expression
    without: Expression
    binds: Expression | None

    @property
    def line(self) -> str:
        """The line of the formula."""
        return self.expression.line

    @property
    def text(self) -> str:
        """The expression as the policy writes it."""
        return self.expression.text


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all its parts, outermost first; lines that it names are not entered."""
    pending = [expression]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.arguments))


def every_expression(formula: Formula) -> Iterator[Expression]:
    """All expressions of all lines, in order."""
    for line in formula.lines.values():
        yield from walk(line.expression)


def caps(formula: Formula) -> tuple[Cap, ...]:
    """All caps, in the order of the lines; one for each text."""
    found: dict[str, Cap] = {}
    for expression in every_expression(formula):
        if expression.form in _HEARD and expression.level > Level.TOTAL and expression.text not in found:
            cap = _cap(expression)
            if cap is not None:
                found[expression.text] = cap
    return tuple(found.values())


def without(formula: Formula, cap: Cap) -> Formula:
    """The formula with every expression of the cap's text replaced; its bounds are not checked here."""

    def changed(expression: Expression) -> Expression:
        if expression.text == cap.text and expression.form is cap.expression.form:
            return cap.without
        arguments = tuple(map(changed, expression.arguments))
        unchanged = all(new is old for new, old in zip(arguments, expression.arguments, strict=True))
        return expression if unchanged else replace(expression, arguments=arguments)

    lines = {name: replace(line, expression=changed(line.expression)) for name, line in formula.lines.items()}
    totals = {text: changed(expression) for text, expression in formula.totals.items()}
    return replace(formula, lines=lines, totals=totals)


def _cap(expression: Expression) -> Cap | None:
    arguments = expression.arguments
    match expression.form:
        case Form.ROOT:
            return Cap(expression, arguments[0], None)
        case Form.CLAMP:
            value, low, high = arguments
            raised = _new(Form.MAXIMUM, (value, low), expression, Type.NUMBER, expression.line)
            return Cap(expression, raised, _less(high, value, expression))
        case Form.TIERS:
            value, first_bound, first_rate = arguments[:3]
            flat = _new(Form.MULTIPLY, (value, first_rate), expression, Type.NUMBER, expression.line)
            return Cap(expression, flat, _less(first_bound, value, expression) if len(arguments) > 3 else None)
        case _:
            return _minimum(expression)


def _minimum(expression: Expression) -> Cap | None:
    """A `min` is a cap where some of its arguments vary between records or accounts, and some don't."""
    limits = [argument for argument in expression.arguments if argument.level <= Level.TOTAL]
    others = [argument for argument in expression.arguments if argument.level > Level.TOTAL]
    if not limits or not others:
        return None
    limit, other = (
        parts[0] if len(parts) == 1 else _new(Form.MINIMUM, tuple(parts), expression, Type.NUMBER, expression.line)
        for parts in (limits, others)
    )
    return Cap(expression, other, _less(limit, other, expression))


def _less(smaller: Expression, larger: Expression, model: Expression) -> Expression:
    return _new(Form.LESS, (smaller, larger), model, Type.CONDITION, model.line)


def _new(form: Form, arguments: tuple[Expression, ...], model: Expression, kind: Type, line: str) -> Expression:
    """An expression that no policy wrote; its text tells it from all others."""
    level = max(argument.level for argument in arguments)
    text = f"{form}({', '.join(argument.text for argument in arguments)})"
    return Expression(form, arguments, None, kind, level, text, line, model.span)
