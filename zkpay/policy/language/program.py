"""The program of a formula: total functions over naturals with bounds, one node for each value (SPEC §8.1, §5.13).

Lowering makes it from the tree for given numbers of records and accounts. Every node has bounds low <= value <= high
that hold for every possible input, on every path: a division that is guarded by a condition divides by 1 where
the condition fails, a guarded subtraction is 0 - 0 there. Circuits are compiled from these nodes one by one, and
columns are computed from them; both may rely on the bounds.

Nodes are shared: the same operation on the same arguments is the same object, unless different bounds are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zkpay.policy.language.tree import Level, Table


class Operation(StrEnum):
    """What a node does with its arguments; `value` as said here, None elsewhere."""

    CONSTANT = "constant"  # value: int
    FIELD = "field"  # value: name of a number field
    TABLE_OF_SYMBOL = "table of symbol"  # value: (table, field); level CONTRIBUTION
    TABLE = "table"  # value: table with numbered entries; argument: a number below its length
    ADD = "add"
    SUBTRACT = "subtract"  # the first argument is at least the second, always
    MULTIPLY = "multiply"
    DIVIDE = "divide"  # floor; the second argument is at least 1, always
    REMAINDER = "remainder"  # likewise
    MINIMUM = "minimum"  # two arguments
    MAXIMUM = "maximum"  # two arguments
    ROOT = "root"  # floor
    SELECT = "select"  # condition, value where it holds, value elsewhere
    SUM = "sum"  # argument: a contribution's number; over the account's accepted contributions
    LARGEST = "largest"  # likewise
    TOTAL = "total"  # argument: an account's number; value: its text in the statement; level TOTAL
    # Conditions: 0 or 1.
    AT_MOST = "at most"  # first <= second
    IS_SYMBOL = "is symbol"  # value: (field, code)
    AND = "and"
    OR = "or"
    NOT = "not"


CONDITIONS = frozenset({Operation.AT_MOST, Operation.IS_SYMBOL, Operation.AND, Operation.OR, Operation.NOT})


@dataclass(frozen=True, eq=False)
class Node:
    """One value. `level` is CONSTANT only for constants, TOTAL only for what follows from totals and constants alone;
    it is at least that of the arguments.

    `text`: the expression of the policy that it computes, shortened; several nodes may have one text. `line`: the
    line of the formula in which it first stands.
    """

    operation: Operation
    arguments: tuple[Node, ...]
    value: int | str | tuple[str, str] | tuple[str, int] | None
    low: int
    high: int
    level: Level
    text: str
    line: str

    @property
    def is_condition(self) -> bool:
        """Whether the value is 0 or 1 and may select; constants that conditions were folded to aren't."""
        return self.operation in CONDITIONS


@dataclass(frozen=True)
class Program:
    """All that a formula computes, for at most `records` records and `accounts` accounts.

    lines: the node of each line. aggregates: all SUM and LARGEST nodes. totals: all TOTAL nodes by text, in the
    order of the statement; each depends on earlier ones only. tables: by name. nodes: all of them, arguments before
    what is made of them, in an order that the formula's text fixes.
    """

    records: int
    accounts: int
    lines: Mapping[str, Node]
    aggregates: tuple[Node, ...]
    totals: Mapping[str, Node]
    tables: Mapping[str, Table]
    nodes: tuple[Node, ...]

    @property
    def payout(self) -> Node:
        """What an account is paid, in base units."""
        return self.lines["payout"]
