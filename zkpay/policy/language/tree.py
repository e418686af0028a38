"""A formula after its names are resolved: what the lines say, before any bound is known (SPEC §8.1).

The exact evaluator walks this tree: it is the definition. Lowering turns it into a program with bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from zkpay.ledger.fields import Field


class Level(IntEnum):
    """What an expression is about; one of a higher level may read the lower ones, but for the last two:
    accounts read contributions by aggregates only, and contributions never read accounts.
    """

    CONSTANT = 0
    TOTAL = 1  # one number for the epoch, public
    CONTRIBUTION = 2
    ACCOUNT = 3


class Type(StrEnum):
    """A symbol is compared with a symbol of the same field, and selects from tables; nothing else."""

    NUMBER = "number"
    CONDITION = "condition"
    SYMBOL = "symbol"


class Form(StrEnum):
    """What an expression does with its arguments; `value` as said here, None elsewhere."""

    CONSTANT = "constant"  # value: int
    FIELD = "field"  # value: the field's name; a number or a symbol
    LINE = "line"  # value: the name of an earlier line
    TABLE = "table"  # value: the table's name; argument: a symbol or a number
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "//"
    REMAINDER = "%"
    ROUND_DIVIDE = "round_div"
    CEIL_DIVIDE = "ceil_div"
    MINIMUM = "min"  # two or more arguments
    MAXIMUM = "max"  # two or more arguments
    CLAMP = "clamp"  # x, low, high: min(max(x, low), high)
    ROOT = "isqrt"
    TIERS = "tiers"  # x, then upto, rate, upto, rate, ...; the last upto is the constant REST for "all above"
    CONDITIONAL = "if"  # condition, value where it holds, value elsewhere
    EQUAL = "=="
    LESS = "<"  # `a > b` is `b < a`
    AT_MOST = "<="  # `a >= b` is `b <= a`
    IS_SYMBOL = "is"  # value: code; argument: a symbol. `kind != data` is NOT of it
    AND = "and"
    OR = "or"
    NOT = "not"
    SUM = "sum"  # over the account's accepted contributions: x, and optionally a condition
    COUNT = "count"  # no argument, or a condition
    SMALLEST = "smallest"  # `min` of one argument over contributions: x, and optionally a condition
    LARGEST = "largest"  # `max` likewise
    TOTAL = "total"  # over all accounts with an accepted contribution; value: its text


REST = -1
"""The last bound of `tiers` where the policy writes `rest`."""


@dataclass(frozen=True)
class Span:
    """Characters start..stop of a line's text."""

    start: int
    stop: int


@dataclass(frozen=True)
class Expression:
    """A node of the tree. `text` is its normalised text, one spelling for one tree: what messages and the circuit's
    constraints call it, and by what totals are known in a statement.
    """

    form: Form
    arguments: tuple[Expression, ...]
    value: int | str | None
    type: Type
    level: Level
    text: str
    line: str
    span: Span


@dataclass(frozen=True)
class Line:
    """A named line of the formula."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class Table:
    """`values[code]`: of the symbol field `field`, or where that is None of the numbers 0, 1, ..."""

    name: str
    field: str | None
    values: tuple[int, ...]


@dataclass(frozen=True)
class Formula:
    """A checked formula: every name is known, every type and level fits, `payout` is a number of an account.

    lines: in the order of the policy, each reading earlier ones only. constants: names with fixed values, amounts
    (in base units) and the pool among them. totals: the arguments of all `total(...)`, by normalised text, in the
    order in which they first appear; a total may read totals before it.
    """

    fields: tuple[Field, ...]
    tables: Mapping[str, Table]
    constants: Mapping[str, int]
    lines: Mapping[str, Line]
    totals: Mapping[str, Expression]

    @property
    def payout(self) -> Line:
        """The line that says what an account is paid."""
        return self.lines["payout"]


class FormulaFault(Exception):  # noqa: N818 - the finding's own word
    """A mistake in a formula: in which line, where, why, and how to mend it."""

    def __init__(self, line: str, span: Span, why: str, remedy: str) -> None:
        super().__init__(f"{line}: {why}; {remedy}")
        self.line = line
        self.span = span
        self.why = why
        self.remedy = remedy


class FormulaFaults(Exception):  # noqa: N818 - the finding's own word
    """All mistakes that were found in a formula, in the order of its lines; `faults` may be read one by one."""

    def __init__(self, faults: Iterable[FormulaFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
