"""Conditions of a formula: bits of degree at most 1 (SPEC §5.13)."""

from __future__ import annotations

from zkpay.circuits.formula.planning import LIMB_COST
from zkpay.circuits.formula.source import Source
from zkpay.circuits.formula.terms import digits_of, integer
from zkpay.circuits.formula.values import Values
from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.choice import PublicInputs, is_symbol, masked
from zkpay.circuits.gadgets.compare import Side, at_most
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Level
from zkpay.stark.expression import Expression, constant, linear


class Conditions:
    """The conditions of one table; what was compared or tested once is not compared again."""

    def __init__(self, values: Values, source: Source) -> None:
        self.columns: set[Expression] = set()
        """Columns that are 0 on all rows that aren't active."""
        self._values = values
        self._source = source
        self._known: dict[Node, Expression] = {}
        self._orders: dict[tuple[Node, Node], Expression] = {}
        self._symbols: dict[tuple[str, int], Expression] = {}
        self._tests: dict[Node, frozenset[tuple[str, int]]] = {}

    def __contains__(self, node: Node) -> bool:
        return node in self._known

    def holds(self, node: Node) -> Expression:
        """An expression of degree at most 1 that is 1 on active rows where the condition holds, 0 where it doesn't."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._build_condition(node)
        return known

    def _build_condition(self, node: Node) -> Expression:
        if node.operation is Operation.CONSTANT:
            return constant(integer(node))
        if node.level is Level.TOTAL:
            digits = PublicDigits(self._values.public(node), 1)
            self._values.table.gadgets.append(PublicInputs((digits,)))
            return digits.digit(0)
        if node.operation is Operation.AT_MOST:
            return self.order(node)
        if node.operation is Operation.IS_SYMBOL:
            return self._is_symbol(node)
        parts = [self.holds(argument) for argument in node.arguments]
        if node.operation is Operation.NOT:
            return 1 - parts[0]
        if node.operation is Operation.AND:
            return self._joined(node, parts[0] * parts[1])
        if node.operation is Operation.OR:
            if self._tested(node):
                return parts[0] + parts[1]
            return self._joined(node, linear([(1, parts[0]), (1, parts[1]), (-1, parts[0] * parts[1])]))
        raise TypeError(f"{node.operation} of {node.text} is no condition")

    def _tested(self, node: Node) -> frozenset[tuple[str, int]]:
        """The (field, code) of which the condition asks whether one holds, no two of them together; empty for any other
        condition. Each node is looked at once, after its arguments.
        """
        if node not in self._tests:
            found: frozenset[tuple[str, int]] = frozenset()
            if node.operation is Operation.OR and node.level > Level.TOTAL:
                found = _union(*(self._tested(argument) for argument in node.arguments))
            elif node.operation is Operation.IS_SYMBOL and isinstance(node.value, tuple):
                found = frozenset({(str(node.value[0]), int(node.value[1]))})
            self._tests[node] = found
        return self._tests[node]

    def _joined(self, node: Node, value: Expression) -> Expression:
        """`value`, in a column of its own if it has degree 2."""
        if value.degree <= 1:
            return value
        column = masked(self._values.table, self._values.names.fresh(node), value, self._values.active)
        self.columns.add(column)
        return column

    def order(self, node: Node, suffix: str = "") -> Expression:
        """Whether the node's first argument is at most its second."""
        left, right = node.arguments
        known = self._orders.get((left, right))
        if known is None:
            width = min(self._values.widths(left, right), key=lambda bits: self._comparison_cost(left, right, bits))
            sides = [self._side(argument, width) for argument in (left, right)]
            known = at_most(
                self._values.table,
                self._values.names.fresh(node, suffix),
                sides[0],
                sides[1],
                width,
                self._values.active,
            )
            self._orders[left, right] = known
            self.columns.add(known)
        return known

    def _comparison_cost(self, left: Node, right: Node, width: int) -> tuple[int, bool]:
        """Columns of a comparison in limbs of `width` bits; a new limb is a column and a look-up."""
        sizes = [max(1, -(-node.high.bit_length() // width)) for node in (left, right)]
        new = sum(
            size
            for size, node in zip(sizes, (left, right), strict=True)
            if node.level > Level.TOTAL and not self._values.has_canonical(node, width)
        )
        return LIMB_COST * new + max(sizes), width != self._values.width

    def _side(self, node: Node, width: int) -> Side:
        if node.operation is Operation.CONSTANT:
            return digits_of(integer(node), width)
        if node.level is Level.TOTAL:
            return PublicDigits(self._values.public(node), width)
        return [limb.expression for limb in self._values.canonical(node, width)]

    def _is_symbol(self, node: Node) -> Expression:
        if not isinstance(node.value, tuple) or not isinstance(node.value[1], int):
            raise TypeError(f"{node.text} tests no symbol")
        key = (node.value[0], node.value[1])
        known = self._symbols.get(key)
        if known is None:
            field = self._source.symbol(key[0])
            known = is_symbol(self._values.table, self._values.names.fresh(node), field, key[1], self._values.active)
            self._symbols[key] = known
            self.columns.add(known)
        return known


def _union(left: frozenset[tuple[str, int]], right: frozenset[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """Both together; empty unless they are of one field and have no code in common."""
    fields = {field for field, _ in left | right}
    return left | right if left and right and len(fields) == 1 and not left & right else frozenset()
