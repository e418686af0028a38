"""How large every number of the circuit can get, and the limbs that it is kept in (SPEC §5.2, §5.10).

All bounds follow from the policy and the heights. No limb is wider than the range table's 15 bits; what accounts
add up is kept in limbs so narrow that a column of them can be added up without a carry: height * 2^width <= 2^30 < P.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from zkpay.circuits.gadgets.carry import PublicNumber
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.ledger.fields import SLOT_BITS
from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.policy import Policy

TOTAL_WIDTH = 10
"""Bits of a limb of a payout, or of what a total adds up: 2^20 of them add up to less than P, and three make a leaf
element.
"""
SUM_BITS = 30
PAYOUT = "payout"
PAID = "paid"


@dataclass(frozen=True)
class Argument:
    """A number of a contribution that accounts aggregate. `name`: of its columns in the tally."""

    node: Node
    name: str
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Aggregate:
    """A sum or a largest value over an account's accepted contributions. `name`: of its columns.

    argument: None where it counts the accepted contributions, which the tally does anyway.
    """

    node: Node
    name: str
    argument: Argument | None

    @property
    def widths(self) -> tuple[int, ...]:
        """Bits of each limb of one contribution's share; () for the count."""
        return self.argument.widths if self.argument is not None else ()


@dataclass(frozen=True)
class AccountTotal:
    """A sum over all accounts. `name`: of its columns and targets; `public`: its value in the statement."""

    name: str
    node: Node
    widths: tuple[int, ...]
    public: PublicNumber


@dataclass(frozen=True)
class Bounds:
    """What follows from one policy at given heights.

    records, accounts: rows that can be in use. amount_width: bits of a limb of what accounts aggregate. nodes: all
    nodes that payouts and totals depend on. arguments, aggregates: those among them, in the program's order.
    """

    program: Program
    pool: int
    records: int
    accounts: int
    amount_width: int
    nodes: frozenset[Node]
    arguments: tuple[Argument, ...]
    aggregates: tuple[Aggregate, ...]

    @property
    def payout_maximum(self) -> int:
        """No payout that can be proved is larger: the pool would not hold it."""
        return min(self.program.payout.high, self.pool)

    @cached_property
    def totals(self) -> tuple[AccountTotal, ...]:
        """All totals in the statement's order, then what is paid."""
        found = [
            AccountTotal(
                text,
                node.arguments[0],
                limb_widths(node.arguments[0].high, TOTAL_WIDTH),
                PublicNumber(text, node.high),
            )
            for text, node in self.program.totals.items()
        ]
        widths = limb_widths(self.payout_maximum, TOTAL_WIDTH)
        return (*found, AccountTotal(PAYOUT, self.program.payout, widths, PublicNumber(PAID, self.pool)))

    def reads_table(self, table: str) -> bool:
        """Whether payouts or totals depend on that table of a symbol field."""
        return any(
            node.operation is Operation.TABLE_OF_SYMBOL and isinstance(node.value, tuple) and node.value[0] == table
            for node in self.nodes
        )


def bounds_for(policy: Policy, heights: Mapping[str, int]) -> Bounds:
    """The bounds of a circuit of these heights."""
    records, accounts = heights["contributions"], heights["payouts"]
    program = policy.program(records, accounts)
    nodes = dependencies([program.payout, *program.totals.values()])
    amount_width = min(SLOT_BITS, SUM_BITS - (records - 1).bit_length())
    arguments: dict[Node, Argument] = {}
    aggregates: list[Aggregate] = []
    names: set[str] = {"account", "salt"}
    lines = {line: name for name, line in reversed(list(program.lines.items()))}
    for node in program.aggregates:
        if node not in nodes:
            continue
        (value,) = node.arguments
        if is_count(node):
            aggregates.append(Aggregate(node, _free(node.text, names), None))
            continue
        if value not in arguments:
            widths = limb_widths(value.high, amount_width)
            arguments[value] = Argument(value, _free(lines.get(value, value.text), names), widths)
        aggregates.append(Aggregate(node, _free(node.text, names), arguments[value]))
    return Bounds(
        program=program,
        pool=policy.pool,
        records=records,
        accounts=accounts,
        amount_width=amount_width,
        nodes=nodes,
        arguments=tuple(arguments.values()),
        aggregates=tuple(aggregates),
    )


def is_count(node: Node) -> bool:
    """Whether an aggregate is the number of accepted contributions."""
    (value,) = node.arguments
    return node.operation is Operation.SUM and value.operation is Operation.CONSTANT and value.value == 1


def dependencies(roots: Iterable[Node]) -> frozenset[Node]:
    """The nodes and all that they depend on."""
    found: set[Node] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(node.arguments)
    return frozenset(found)


def _free(name: str, taken: set[str]) -> str:
    """The name, or the name and the least number that makes it one of its own; it is taken then."""
    chosen, number = name, 2
    while chosen in taken:
        chosen, number = f"{name} {number}", number + 1
    taken.add(chosen)
    return chosen
