"""Operations that a table's constraints and buses take on one row, counted from the expressions themselves.

Not from the compiled program: the count is of what the circuit asks for, so that a better program shows as a smaller
gap to the floor. Nodes that several expressions share count once.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkpay.measure.work import EXTENSION_PRODUCT, NOTHING, Work
from zkpay.prover.work import atoms
from zkpay.stark.air import Interaction, Table, Where
from zkpay.stark.expression import Column, Constant, Expression, read
from zkpay.stark.field import EXTENSION_DEGREE

_SCALE = Work(products=EXTENSION_DEGREE)
_ADD = Work(additions=EXTENSION_DEGREE)
_WEIGH = Work(accumulations=EXTENSION_DEGREE)
"""A base element times an extension constant, added to a total that is reduced once for all."""


class OperationCounter:
    """Reads expressions and adds up what their evaluation takes; implements `expression.Reader`.

    The value of a node is how many products are still to be done with it: 1 where it is a multiple of another node,
    for which a sum has no work of its own.
    """

    def __init__(self) -> None:
        self.work = NOTHING
        self._memory: dict[Expression, int] = {}

    def constant(self, value: int) -> int:
        return 0

    def public(self, name: str) -> int:
        return 0

    def column(self, column: Column) -> int:
        return 0

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        scaled = sum(coefficient not in (1, -1) or pending > 0 for coefficient, pending in terms)
        if len(terms) == 1 and not constant:
            return scaled
        # Several scaled terms are added up before one reduction.
        self.work += Work(accumulations=scaled, products=1) if scaled > 1 else Work(products=scaled)
        summands = len(terms) - max(scaled - 1, 0) + (constant != 0)
        self.work += Work(additions=summands - 1)
        return 0

    def product(self, left: int, right: int) -> int:
        self.work += Work(products=1 + left + right)
        return 0

    def value(self, expression: Expression) -> None:
        """Count an expression that is needed."""
        pending = read(expression, self, self._memory)
        self.work += Work(products=pending)


def constraint_work(table: Table) -> Work:
    """All constraints of a row folded into one extension value, helpers' constraints included.

    What is linear is folded before any row: each column or product costs one weighted term for each of the four kinds
    of rows, however many constraints it stands in.
    """
    counter = OperationCounter()
    weighted: set[tuple[Where, Expression]] = set()
    for constraint in table.constraints:
        weighted |= {(constraint.where, atom) for atom in atoms(constraint.expression)}
    weighted |= {(Where.EVERY, atom) for term in table.sums for atom in atoms(term.expression)}
    for _, atom in weighted:
        counter.value(atom)
    work = _WEIGH.times(len(weighted))
    for group in table.helpers:
        # helper * bottom - top, times its power of alpha; the helpers themselves are added up for the accumulator.
        work += _fraction_work(counter, group) + EXTENSION_PRODUCT + _ADD + EXTENSION_PRODUCT + _ADD
    selectors = len({where for where, _ in weighted} - {Where.EVERY})
    return work + counter.work + (_SCALE + _ADD).times(selectors)


def fraction_work(table: Table) -> Work:
    """Top and bottom of every helper of a row, and its weighted sums."""
    counter = OperationCounter()
    work = NOTHING
    for group in table.helpers:
        work += _fraction_work(counter, group)
    for term in table.sums:
        counter.value(term.expression)
        work += _WEIGH
    return work + counter.work


def division_work(table: Table) -> Work:
    """Helpers from tops and bottoms: three products a value for inverting many at once, and one for the division."""
    return EXTENSION_PRODUCT.times(4 * len(table.helpers))


def _fraction_work(counter: OperationCounter, group: Sequence[Interaction]) -> Work:
    """The sum of the group's fractions m / D, over one denominator."""
    work = NOTHING
    for place, interaction in enumerate(group):
        entries = [entry for entry in interaction.payload if not isinstance(entry, Constant)]
        for entry in (*entries, interaction.multiplicity):
            counter.value(entry)
        work += _WEIGH.times(len(entries)) + _SCALE  # powers of beta; one reduction a coordinate
        if place:
            # top * D + bottom * m, where the first top is a base element; bottom * D.
            work += (_SCALE if place == 1 else EXTENSION_PRODUCT) + _SCALE + _ADD + EXTENSION_PRODUCT
    return work
