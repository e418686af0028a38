"""A policy's lines to a checked formula (SPEC §8.1).

Text becomes syntax (`syntax.py`), syntax a tree of known names, types and levels (`resolve.py`), line by line. A
faulty line doesn't hide the faults of others, and lines that read it get no fault from that.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from zkpay.ledger.fields import Field
from zkpay.policy.language.names import PAYOUT
from zkpay.policy.language.resolve import resolve_line
from zkpay.policy.language.resolve_checks import MAX_FAULTS_OF_LINE, Scope
from zkpay.policy.language.syntax import parse
from zkpay.policy.language.syntax_tokens import quoted
from zkpay.policy.language.tree import (
    Expression,
    Formula,
    FormulaFault,
    FormulaFaults,
    Level,
    Line,
    Span,
    Table,
    Type,
)

MAX_LINES: Final = 128
MAX_FAULTS: Final = 100
"""More mistakes than this aren't looked for."""


def parse_formula(
    lines: Mapping[str, str], fields: Sequence[Field], tables: Mapping[str, Table], constants: Mapping[str, int]
) -> Formula:
    """The formula that these lines say, in their order.

    constants: amounts in base units, pools and `pool` among them. Names must be checked before: plain, and no two
    things of one name. FormulaFaults with every mistake that doesn't follow from another.
    """
    scope = Scope(fields, tables, constants, lines)
    faults: list[FormulaFault] = []
    for count, (name, text) in enumerate(lines.items()):
        if count == MAX_LINES or len(faults) >= MAX_FAULTS:
            break
        try:
            expression = resolve_line(scope, name, parse(text, name))
            if name == PAYOUT:
                _check_payout(expression)
            scope.lines[name] = Line(name, expression)
        except FormulaFault as fault:
            faults.append(fault)
            scope.broken.add(name)
        except FormulaFaults as found:
            faults += found.faults[:MAX_FAULTS_OF_LINE]
            scope.broken.add(name)
    if len(lines) > MAX_LINES:
        extra = list(lines)[MAX_LINES]
        faults.append(FormulaFault(extra, Span(0, 0), f"more than {MAX_LINES} lines", "join some of them"))
    if PAYOUT not in lines:
        why = "there is no line `payout`, which says what an account is paid"
        faults.append(FormulaFault(PAYOUT, Span(0, 0), why, 'add it, as payout = "pool * score // total(score)"'))
    if faults:
        raise FormulaFaults(faults)
    return Formula(tuple(fields), dict(tables), dict(constants), scope.lines, scope.totals)


def _check_payout(expression: Expression) -> None:
    """A number of an account, or one and the same for all."""
    shown = quoted(expression.text)
    inside = expression.text if len(expression.text) <= 40 else "..."
    if expression.type is not Type.NUMBER:
        why = f"{shown} is a condition, but a payout is a number"
        raise FormulaFault(PAYOUT, expression.span, why, f"write 1 if {inside} else 0, or amounts in their places")
    if expression.level is Level.CONTRIBUTION:
        why = f"{shown} is a value of each contribution, but a payout is an account's"
        raise FormulaFault(PAYOUT, expression.span, why, f"write sum({inside})")
