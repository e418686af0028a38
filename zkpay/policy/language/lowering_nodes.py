"""Nodes of a program, each made once, with constants folded and bounds attached (SPEC §8.1.4).

The order in which nodes are made is the order of the formula's text; nothing depends on hashes or identities, so a
policy gives the same program on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from zkpay.ledger.fields import NumberField
from zkpay.policy.language.bounds import MAX_TOTAL_BITS, MAX_VALUE_BITS, Bounds, common, hull, operation_bounds
from zkpay.policy.language.lowering_facts import MAX_DEPTH, Context, Literal
from zkpay.policy.language.lowering_proofs import Proofs
from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.language.tree import Expression, Formula, FormulaFault, Level, Span

MAX_NODES: Final = 4096
MAX_TEXT: Final = 60
"""Characters of a node's text; longer ones are shortened."""

Value = int | str | tuple[str, str] | tuple[str, int] | None


@dataclass(frozen=True)
class Place:
    """Where in the formula something is computed; expressions are places as well."""

    text: str
    line: str
    span: Span


class Nodes:
    """Makes nodes for at most `records` records of `accounts` accounts.

    `place` is what is being lowered: it names new nodes, and faults point at it. Bounds given as `within` are known
    besides those that follow from the arguments, and whatever node comes back has bounds within them.
    """

    def __init__(self, formula: Formula, records: int, accounts: int, place: Place | Expression) -> None:
        self.place = place
        self.least_level = Level.CONSTANT
        """Of new nodes but constants: bounds that hold for accounts only may not reach the epoch's public values."""
        self.most_nodes: int | None = MAX_NODES
        """More are a fault of the formula; None where a formula that passed is made anew, which may take some more."""
        self.records = records
        self.accounts = accounts
        self.context = Context(formula)
        self._fields = {field.name: field for field in formula.fields}
        self._made: dict[tuple[Operation, tuple[Node, ...], Value], Node] = {}
        self._number: dict[Node, int] = {}
        self._proofs: dict[tuple[Literal, ...], Proofs] = {}
        self.bare = self.proofs(())
        """Proofs under no facts."""
        self.zero = self.constant(0)
        self.one = self.constant(1)

    def proofs(self, literals: tuple[Literal, ...]) -> Proofs:
        """Proofs under literals, each set made once."""
        if literals not in self._proofs:
            self._proofs[literals] = Proofs(self.context, literals, self._proofs.get(()))
        return self._proofs[literals]

    @contextmanager
    def at_least(self, level: Level) -> Iterator[None]:
        """Make nodes of this level at least: their bounds need what is known there."""
        outside, self.least_level = self.least_level, max(self.least_level, level)
        try:
            yield
        finally:
            self.least_level = outside

    def fault(self, why: str, remedy: str) -> FormulaFault:
        """A fault at the present place."""
        if self.context.is_exhausted:
            remedy += " (the formula is so intricate that bounds are worked out roughly only: a shorter one may pass)"
        return FormulaFault(self.place.line, self.place.span, why, remedy)

    def program(self, lines: Mapping[str, Node], totals: Mapping[str, Node]) -> Program:
        """The program of these lines and totals, of all that was made what they need."""
        needed: set[Node] = set()
        waiting = [*lines.values(), *totals.values()]
        while waiting:
            node = waiting.pop()
            if node not in needed:
                needed.add(node)
                waiting += node.arguments
        nodes = tuple(node for node in self._number if node in needed)
        aggregates = tuple(node for node in nodes if node.operation in (Operation.SUM, Operation.LARGEST))
        return Program(self.records, self.accounts, lines, aggregates, totals, self.context.tables, nodes)

    # Leaves

    def constant(self, number: int) -> Node:
        """A constant."""
        return self._node(Operation.CONSTANT, (), number, (number, number), Level.CONSTANT)

    def number_field(self, name: str) -> Node:
        """A number of an accepted contribution."""
        field = self._fields[name]
        if not isinstance(field, NumberField):
            raise ValueError(f"{name} is not a number field")
        return self._leaf(Operation.FIELD, name, (field.minimum, field.maximum))

    def table_of_symbol(self, table: str, field: str) -> Node:
        """A table's entry for the symbol of a contribution."""
        values = self.context.tables[table].values
        return self._leaf(Operation.TABLE_OF_SYMBOL, (table, field), (min(values), max(values)))

    def is_symbol(self, field: str, code: int) -> Node:
        """Whether a contribution's symbol has this code; a field with one symbol always has it."""
        if self.context.symbol_counts[field] == 1:
            return self.constant(int(code == 0))
        return self._leaf(Operation.IS_SYMBOL, (field, code), (0, 1))

    def _leaf(self, operation: Operation, value: Value, bounds: Bounds) -> Node:
        if bounds[0] == bounds[1]:
            return self.constant(bounds[0])
        return self._node(operation, (), value, bounds, Level.CONTRIBUTION)

    # Numbers

    def arithmetic(self, operation: Operation, *arguments: Node, within: Bounds | None = None) -> Node:
        """An arithmetic node, or the argument that is its value already."""
        bounds = self._bounds(operation, arguments, within)
        folded = self._folded(operation, arguments)
        if folded is not None and is_within(folded, within):
            return folded
        return self._sized(operation, arguments, None, bounds)

    def raised(self, node: Node) -> Node:
        """A node that is certainly not 0, with that as its lower bound."""
        return self._limited(node, (1, max(node.high, 1)))

    def capped(self, node: Node, last: Node) -> Node:
        """min(node, last) of a node that is certainly not above, with that as its upper bound."""
        if node.high <= last.low:
            return node
        return self._sized(Operation.MINIMUM, (node, last), None, (min(node.low, last.low), last.low))

    def _folded(self, operation: Operation, arguments: tuple[Node, ...]) -> Node | None:
        """The argument that is the result, if there is one."""
        a, b = arguments[0], arguments[-1]
        match operation:
            case Operation.ADD:
                return b if a is self.zero else a if b is self.zero else None
            case Operation.SUBTRACT:
                return self.zero if a is b else a if b is self.zero else None
            case Operation.MULTIPLY:
                return b if a is self.one else a if b is self.one else None
            case Operation.DIVIDE:
                return a if b is self.one else None
            case Operation.REMAINDER:
                return a if a.high < b.low else None
            case Operation.MINIMUM if min(a.high, b.high) >= a.high and self.bare.plainly_at_most(a, b):
                return a
            case Operation.MINIMUM if min(a.high, b.high) >= b.high and self.bare.plainly_at_most(b, a):
                return b
            case Operation.MAXIMUM if max(a.low, b.low) <= b.low and self.bare.plainly_at_most(a, b):
                return b
            case Operation.MAXIMUM if max(a.low, b.low) <= a.low and self.bare.plainly_at_most(b, a):
                return a
        return None

    def _bounds(self, operation: Operation, arguments: tuple[Node, ...], within: Bounds | None) -> Bounds:
        bounds = operation_bounds(operation, [(argument.low, argument.high) for argument in arguments])
        if operation is Operation.SUBTRACT:
            bounds = common(bounds, self.bare.difference_bounds(arguments[0], arguments[1]))
        if operation is Operation.DIVIDE:
            ratio = self.bare.ratio(arguments[0], arguments[1])
            bounds = bounds if ratio is None else common(bounds, (0, ratio.numerator // ratio.denominator))
        return bounds if within is None else common(bounds, within)

    def product(self, factors: list[Node]) -> Node:
        """The product, narrow factors first so that partial products stay narrow; constants as one, last."""
        constant = 1
        variable = []
        for factor in factors:
            if factor.operation is Operation.CONSTANT:
                constant *= factor.low
            else:
                variable.append(factor)
        if not constant or not variable:
            return self.sized_constant(constant)
        variable.sort(key=lambda factor: (factor.high.bit_length(), self._number[factor]))
        result = variable[0]
        for factor in variable[1:]:
            result = self.arithmetic(Operation.MULTIPLY, result, factor)
        return self.arithmetic(Operation.MULTIPLY, result, self.sized_constant(constant))

    def sized_constant(self, number: int) -> Node:
        """A constant that was worked out, and may be too wide."""
        self._check_width(number)
        return self.constant(number)

    def entry(self, table: str, index: Node) -> Node:
        """A table's entry; the index is certainly below its length."""
        values = self.context.tables[table].values[index.low : index.high + 1]
        return self._sized(Operation.TABLE, (index,), table, (min(values), max(values)))

    def select(self, condition: Node, a: Node, b: Node, within: Bounds | None = None) -> Node:
        """`a` where the condition holds, else `b`, both numbers."""
        if condition.operation is Operation.NOT:
            return self.select(condition.arguments[0], b, a, within)
        if condition.operation is not Operation.CONSTANT:
            a, b = _branch(a, condition, True), _branch(b, condition, False)
        selected = self._selected(condition, a, b)
        if selected is not None and is_within(selected, within):
            return selected
        if condition.operation is Operation.CONSTANT:
            # The value is known, but not its bounds.
            return self._limited(a if condition.low else b, within)
        holds, fails = self.proofs(((condition, True),)), self.proofs(((condition, False),))
        bounds = hull(holds.bounds(a), fails.bounds(b))
        return self._sized(Operation.SELECT, (condition, a, b), None, common(bounds, within) if within else bounds)

    def _selected(self, condition: Node, a: Node, b: Node) -> Node | None:
        """The branch that is the value of a selection in both cases, if there is one."""
        if condition.operation is Operation.CONSTANT:
            return a if condition.low else b
        if a is b or (b is self.zero and self.vanishes(a, condition, False)):
            return a
        if a is self.zero and self.vanishes(b, condition, True):
            return b
        if self.proofs(((condition, True),)).facts.impossible:
            return b
        return a if self.proofs(((condition, False),)).facts.impossible else None

    def _limited(self, node: Node, within: Bounds | None) -> Node:
        """The node, raised or capped to bounds that it certainly keeps."""
        low, high = within or (node.low, node.high)
        if node.low < low:
            node = self._sized(Operation.MAXIMUM, (node, self.constant(low)), None, (low, max(node.high, low)))
        return self.capped(node, self.constant(high))

    def vanishes(self, node: Node, condition: Node, holds: bool, zero: Node | None = None) -> bool:
        """Whether the node is certainly 0 where the condition `holds` or not; `zero` is known to be 0 there."""
        known: dict[Node, bool] = {}

        def is_zero(node: Node, depth: int) -> bool:
            if node not in known:
                known[node] = node is zero or node.high == 0 or (depth < MAX_DEPTH and by_form(node, depth + 1))
            return known[node]

        def by_form(node: Node, depth: int) -> bool:
            arguments = node.arguments
            match node.operation:
                case Operation.MULTIPLY | Operation.MINIMUM:
                    return is_zero(arguments[0], depth) or is_zero(arguments[1], depth)
                case Operation.ADD | Operation.MAXIMUM:
                    return is_zero(arguments[0], depth) and is_zero(arguments[1], depth)
                case Operation.SUBTRACT:
                    return is_zero(arguments[0], depth) or _branch(arguments[1], condition, holds) is arguments[0]
                case Operation.DIVIDE | Operation.REMAINDER | Operation.ROOT:
                    return is_zero(arguments[0], depth)
                case Operation.SELECT:
                    if arguments[0] is condition:
                        return is_zero(arguments[1 if holds else 2], depth)
                    return is_zero(arguments[1], depth) and is_zero(arguments[2], depth)
            return False

        return is_zero(node, 0)

    # Aggregates and totals

    def aggregate(self, operation: Operation, number: Node) -> Node:
        """SUM or LARGEST of a contribution's number over an account's accepted contributions, one at least."""
        if number.high == 0 or (operation is Operation.LARGEST and number.level < Level.CONTRIBUTION):
            return number
        high = number.high * self.records if operation is Operation.SUM else number.high
        self._check_width(high)
        return self._node(operation, (number,), None, (number.low, high), Level.ACCOUNT)

    def total(self, text: str, number: Node, within: Bounds | None = None) -> Node:
        """The sum over all accounts; no epoch has to have one."""
        high = self.bare.sum_over_accounts(number, self.records, self.accounts)
        high = high if within is None else min(high, within[1])
        if high.bit_length() > MAX_TOTAL_BITS:
            raise self.fault(
                f"`{shortened(text)}` can have {high.bit_length()} bits, more than {MAX_TOTAL_BITS}",
                "divide what it adds up, or lower the maxima of the fields that it reads",
            )
        return self._node(Operation.TOTAL, (number,), text, (0, high), Level.TOTAL)

    # Conditions

    def at_most(self, a: Node, b: Node) -> Node:
        """a <= b; `a <= 4` is made as `not 5 <= a`, so that all comparisons with one bound are one node."""
        if self.bare.plainly_at_most(a, b):
            return self.one
        if self.bare.plainly_at_most(b, a, gap=1):
            return self.zero
        if b.operation is Operation.CONSTANT:
            return self.negation(self.at_most(self.constant(b.low + 1), a))
        return self._sized(Operation.AT_MOST, (a, b), None, (0, 1))

    def negation(self, condition: Node) -> Node:
        """Not."""
        if condition.operation is Operation.CONSTANT:
            return self.constant(1 - condition.low)
        if condition.operation is Operation.NOT:
            return condition.arguments[0]
        return self._sized(Operation.NOT, (condition,), None, (0, 1))

    def both(self, a: Node, b: Node) -> Node:
        """a and b."""
        return self._connected(Operation.AND, a, b, self.one, self.zero)

    def either(self, a: Node, b: Node) -> Node:
        """a or b."""
        return self._connected(Operation.OR, a, b, self.zero, self.one)

    def _connected(self, operation: Operation, a: Node, b: Node, neutral: Node, decisive: Node) -> Node:
        if decisive in (a, b):
            return decisive
        if a is neutral or a is b:
            return b
        if b is neutral:
            return a
        return self._sized(operation, (a, b), None, (0, 1))

    def guard(self, literals: tuple[Literal, ...]) -> Node:
        """The condition that all literals hold."""
        result = self.one
        for condition, holds in literals:
            result = self.both(result, condition if holds else self.negation(condition))
        return result

    # Making

    def _sized(self, operation: Operation, arguments: tuple[Node, ...], value: Value, bounds: Bounds) -> Node:
        self._check_width(bounds[1])
        if bounds[0] == bounds[1]:
            return self.constant(bounds[0])
        level = max(self.least_level, *(argument.level for argument in arguments))
        return self._node(operation, arguments, value, bounds, level)

    def _check_width(self, high: int) -> None:
        if high.bit_length() > MAX_VALUE_BITS:
            raise self.fault(
                f"`{shortened(self.place.text)}` can have {high.bit_length():_} bits, more than {MAX_VALUE_BITS:_}",
                "divide earlier, or lower the maxima of the fields that it reads",
            )

    def _node(
        self, operation: Operation, arguments: tuple[Node, ...], value: Value, bounds: Bounds, level: Level
    ) -> Node:
        if operation in _COMMUTATIVE:
            arguments = tuple(sorted(arguments, key=self._number.__getitem__))
        if operation is Operation.MULTIPLY and arguments[0].operation is Operation.CONSTANT:
            arguments = (arguments[1], arguments[0])
        key = (operation, arguments, value)
        known = self._made.get(key)
        if known is not None and known.level is level and is_within(known, bounds):
            return known
        if len(self._number) == self.most_nodes:
            raise self.fault(f"the formula has more than {MAX_NODES} different parts", "shorten it")
        text = str(value) if operation is Operation.CONSTANT else shortened(self.place.text)
        node = Node(operation, arguments, value, bounds[0], bounds[1], level, text, self.place.line)
        self._made[key] = node
        self._number[node] = len(self._number)
        return node


_COMMUTATIVE: Final = frozenset({Operation.ADD, Operation.MULTIPLY, Operation.MINIMUM, Operation.MAXIMUM})


def is_within(node: Node, within: Bounds | None) -> bool:
    """Whether the bounds of the node are within the others."""
    return within is None or within[0] <= node.low <= node.high <= within[1]


def shortened(text: str) -> str:
    """A text that fits a message or a constraint's name."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


def _branch(node: Node, condition: Node, holds: bool) -> Node:
    """What a selection by the same condition is where it holds or fails."""
    while node.operation is Operation.SELECT and node.arguments[0] is condition:
        node = node.arguments[1 if holds else 2]
    return node
