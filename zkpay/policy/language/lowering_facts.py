"""What is certain about nodes where some conditions are known to hold: their bounds (SPEC §8.1.4).

`Facts` of no condition are the stored bounds. In a branch, each condition narrows the bounds of what it compares,
of what these are made of and of what is made of them; `lowering_proofs` adds what follows from structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from zkpay.ledger.fields import NumberField
from zkpay.policy.language.bounds import Bounds, common, hull, operation_bounds
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Formula, Table

Literal = tuple[Node, bool]
"""A condition, and whether it holds."""

ARITHMETIC: Final = frozenset(
    {
        Operation.ADD,
        Operation.SUBTRACT,
        Operation.MULTIPLY,
        Operation.DIVIDE,
        Operation.REMAINDER,
        Operation.MINIMUM,
        Operation.MAXIMUM,
        Operation.ROOT,
    }
)

MAX_DEPTH: Final = 60
"""How far bounds are followed into a node; deeper its stored bounds count, which are true as well."""

_ROUNDS: Final = 4


class _Contradiction(Exception):  # noqa: N818 - not an error: the branch can't be reached
    pass


MAX_LITERALS: Final = 32
"""Facts that are kept at a time, the innermost ones."""

MAX_COMPARISONS: Final = 128
"""Comparisons that are followed at a time, the innermost ones, and as many alternatives."""

MAX_STEPS: Final = 200_000
"""Steps of all proofs of a formula together, so that a hostile policy can't keep its reader busy; a formula that
people write takes some thousand. Without steps left, only stored bounds count. The same on every machine.
"""


class Context:
    """What facts need to know of a formula: its tables, and how many values its symbols have."""

    def __init__(self, formula: Formula) -> None:
        self._steps = 0
        self.tables: Mapping[str, Table] = formula.tables
        self.symbol_counts = {
            field.name: len(field.values) for field in formula.fields if not isinstance(field, NumberField)
        }

    def may_spend(self, steps: int = 1) -> bool:
        """Whether there are steps left, which are then spent."""
        self._steps += steps
        return not self.is_exhausted

    @property
    def is_exhausted(self) -> bool:
        """Whether no steps are left."""
        return self._steps > MAX_STEPS


class Facts:
    """Bounds under literals. Where these contradict one another everything is true, and `impossible` says so."""

    def __init__(self, context: Context, literals: Sequence[Literal] = ()) -> None:
        self.literals = tuple(literals)
        self.impossible = False
        self.order: list[tuple[Node, Node, int]] = []
        """(p, q, gap): p + gap <= q."""
        self._context = context
        self._decided: dict[Node, bool] = {}
        self._codes: dict[str, frozenset[int]] = {}
        self._either: list[tuple[Node, Node, bool]] = []
        """(a, b, wanted): a or b is `wanted`."""
        self._narrowed: dict[Node, Bounds] = {}
        self._known: dict[Node, Bounds] = {}
        self._known_decisions: dict[Node, bool | None] = {}
        try:
            for condition, holds in self.literals:
                self._assume(condition, holds)
            # One literal may be a thousand conditions joined by `and`.
            del self.order[:-MAX_COMPARISONS], self._either[:-MAX_COMPARISONS]
            for _ in range(_ROUNDS if self.literals else 0):
                if not self._narrow_once():
                    break
        except _Contradiction:
            self.impossible = True

    def bounds(self, node: Node) -> Bounds:
        """Bounds of a number under the facts; its stored bounds where they contradict one another."""
        if not self.literals or self.impossible:
            return node.low, node.high
        try:
            return self._bounds(node, 0)
        except _Contradiction:
            self.impossible = True
            return node.low, node.high

    def decided(self, condition: Node) -> bool | None:
        """Whether the condition holds under the facts, or None if they don't say."""
        if self.impossible:
            return None
        try:
            return self._decision(condition, 0)
        except _Contradiction:
            self.impossible = True
            return None

    def resolved(self, node: Node) -> Node:
        """The node, or the branch of it that the facts select."""
        while node.operation is Operation.SELECT and self.literals:
            holds = self.decided(node.arguments[0])
            if holds is None:
                break
            node = node.arguments[1 if holds else 2]
        return node

    def _assume(self, condition: Node, holds: bool) -> None:
        """Take it that the condition holds or fails, and with it those that follow from that alone."""
        self._known_decisions.clear()
        pending = [(condition, holds)]
        while pending:
            current, expected = pending.pop()
            if current not in self._decided:
                self._decided[current] = expected
                pending += reversed(self._implied(current, expected))
            elif self._decided[current] != expected:
                raise _Contradiction

    def _implied(self, condition: Node, holds: bool) -> list[Literal]:
        """Keep what a condition says; the conditions that hold or fail with it."""
        arguments = condition.arguments
        match condition.operation:
            case Operation.CONSTANT:
                if bool(condition.value) != holds:
                    raise _Contradiction
            case Operation.NOT:
                return [(arguments[0], not holds)]
            case Operation.AND | Operation.OR:
                if holds == (condition.operation is Operation.AND):
                    return [(arguments[0], holds), (arguments[1], holds)]
                self._either.append((arguments[0], arguments[1], holds))
            case Operation.AT_MOST:
                a, b = arguments
                self.order.append((a, b, 0) if holds else (b, a, 1))
            case Operation.IS_SYMBOL if isinstance(condition.value, tuple):
                field, code = str(condition.value[0]), int(condition.value[1])
                possible = self._possible_codes(field)
                self._codes[field] = possible & {code} if holds else possible - {code}
                if not self._codes[field]:
                    raise _Contradiction
        return []

    def _possible_codes(self, field: str) -> frozenset[int]:
        return self._codes.get(field, frozenset(range(self._context.symbol_counts[field])))

    def _narrow_once(self) -> bool:
        """Follow every fact once; whether anything became narrower."""
        before = (dict(self._narrowed), len(self._decided))
        for low_side, high_side, gap in list(self.order):
            self._narrow(low_side, (0, self._bounds(high_side, 0)[1] - gap), 0)
            self._narrow(high_side, (self._bounds(low_side, 0)[0] + gap, high_side.high), 0)
        for a, b, wanted in list(self._either):
            for one, other in ((a, b), (b, a)):
                if self._decision(one, 0) is (not wanted) and other not in self._decided:
                    self._assume(other, wanted)
        return (self._narrowed, len(self._decided)) != before

    def _narrow(self, node: Node, to: Bounds, depth: int) -> None:
        """Take it that the node is within `to`, and what follows for its arguments."""
        known = self._bounds(node, 0)
        low, high = common(known, to)
        if low > high:
            raise _Contradiction
        # What a fact itself says is kept even where no steps are left.
        if (low, high) == known or depth > MAX_DEPTH or (depth and not self._context.may_spend()):
            return
        self._narrowed[node] = (low, high)
        self._known.clear()
        self._known_decisions.clear()
        if node.operation in ARITHMETIC:
            a, b = node.arguments[0], node.arguments[-1]
            for argument, narrower in _backwards(node, (low, high), self._bounds(a, 0), self._bounds(b, 0)):
                self._narrow(argument, narrower, depth + 1)
        elif node.operation is Operation.SELECT:
            condition, *branches = node.arguments
            for branch, holds in zip(branches, (True, False), strict=True):
                branch_low, branch_high = common(self._bounds(branch, 0), (low, high))
                if branch_low > branch_high and condition not in self._decided:
                    self._assume(condition, not holds)

    def _bounds(self, node: Node, depth: int) -> Bounds:
        if node in self._known:
            return self._known[node]
        found = common((node.low, node.high), self._narrowed.get(node, (node.low, node.high)))
        if depth <= MAX_DEPTH and self._context.may_spend():
            derived = self._derived(node, depth + 1)
            if derived is not None:
                found = common(found, derived)
        if found[0] > found[1]:
            raise _Contradiction
        self._known[node] = found
        return found

    def _derived(self, node: Node, depth: int) -> Bounds | None:
        """Bounds from those of the arguments. Aggregates and totals are about other records than the facts."""
        if node.operation in ARITHMETIC:
            return operation_bounds(node.operation, [self._bounds(argument, depth) for argument in node.arguments])
        if node.operation is Operation.SELECT:
            condition, a, b = node.arguments
            holds = self._decision(condition, depth)
            if holds is None:
                return hull(self._bounds(a, depth), self._bounds(b, depth))
            return self._bounds(a if holds else b, depth)
        if node.operation is Operation.TABLE:
            low, high = self._bounds(node.arguments[0], depth)
            values = self._context.tables[str(node.value)].values[low : high + 1]
            return min(values), max(values)
        if node.operation is Operation.TABLE_OF_SYMBOL and isinstance(node.value, tuple):
            table, field = str(node.value[0]), str(node.value[1])
            values = tuple(self._context.tables[table].values[code] for code in sorted(self._possible_codes(field)))
            return min(values), max(values)
        return None

    def _decision(self, condition: Node, depth: int) -> bool | None:
        if condition in self._decided:
            return self._decided[condition]
        if condition not in self._known_decisions:
            may_look = depth <= MAX_DEPTH and self._context.may_spend()
            self._known_decisions[condition] = self._decision_by_form(condition, depth + 1) if may_look else None
        return self._known_decisions[condition]

    def _decision_by_form(self, condition: Node, depth: int) -> bool | None:
        arguments = condition.arguments
        match condition.operation:
            case Operation.CONSTANT:
                return bool(condition.value)
            case Operation.NOT:
                inner = self._decision(arguments[0], depth)
                return None if inner is None else not inner
            case Operation.AND | Operation.OR:
                ends = condition.operation is Operation.OR
                found = [self._decision(argument, depth) for argument in arguments]
                if ends in found:
                    return ends
                return None if None in found else not ends
            case Operation.AT_MOST:
                return self._compared(arguments[0], arguments[1], depth)
            case Operation.IS_SYMBOL if isinstance(condition.value, tuple):
                possible = self._possible_codes(str(condition.value[0]))
                code = condition.value[1]
                if code not in possible:
                    return False
                return True if len(possible) == 1 else None
        return None

    def _compared(self, a: Node, b: Node, depth: int) -> bool | None:
        low_a, high_a = self._bounds(a, depth)
        low_b, high_b = self._bounds(b, depth)
        if high_a <= low_b or any(p is a and q is b for p, q, _ in self.order):
            return True
        if low_a > high_b or any(p is b and q is a and gap for p, q, gap in self.order):
            return False
        return None


def _backwards(node: Node, bounds: Bounds, of_a: Bounds, of_b: Bounds) -> list[tuple[Node, Bounds]]:
    """What the bounds of a result say of the two arguments, whose bounds so far are given."""
    low, high = bounds
    a, b = node.arguments[0], node.arguments[-1]
    match node.operation:
        case Operation.ADD:
            return [(a, (low - of_b[1], high - of_b[0])), (b, (low - of_a[1], high - of_a[0]))]
        case Operation.SUBTRACT:
            return [(a, (low + of_b[0], high + of_b[1])), (b, (of_a[0] - high, of_a[1] - low))]
        case Operation.MULTIPLY:
            return [(one, _factor(bounds, mine, other)) for one, mine, other in ((a, of_a, of_b), (b, of_b, of_a))]
        case Operation.DIVIDE:
            return [(a, (low * of_b[0], (high + 1) * of_b[1] - 1))]
        case Operation.REMAINDER:
            return [(a, (low, of_a[1]))]
        case Operation.MINIMUM:
            return [(a, (low, of_a[1])), (b, (low, of_b[1]))]
        case Operation.MAXIMUM:
            return [(a, (of_a[0], high)), (b, (of_b[0], high))]
        case _:
            return [(a, (low * low, (high + 1) ** 2 - 1))]


def _factor(product: Bounds, mine: Bounds, other: Bounds) -> Bounds:
    low = -(-product[0] // other[1]) if other[1] else mine[0]
    high = product[1] // other[0] if other[0] else mine[1]
    return low, high
