"""How much there is to do in each stage of a proof, counted from circuit and parameters before anything runs.

A count is of the operations that take the time, in the units of `Counts`; it is good to a few percent of a stage, not
to the last operation. What is counted follows the prover's modules, stage by stage.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from zkpay.prover.prove import STAGES
from zkpay.stark.air import Circuit, Interaction, Table, Where
from zkpay.stark.expression import Column, Expression, Linear, Product
from zkpay.stark.field import EXTENSION_DEGREE
from zkpay.stark.layout import AUXILIARY_TREE, MAIN_TREE, QUOTIENT_TREE, Group, layout_of
from zkpay.stark.parameters import Parameters

RATE_BYTES = 136
_PREFIX_BYTES = 8
_SALT_BYTES = 16


@dataclass(frozen=True)
class Counts:
    """butterflies: of number-theoretic transforms. permutations: of Keccak-f over many messages at once. operations:
    of constraint programs, base field operations on one row each. inversions: in the extension. products: a base
    element by an extension constant. points: of the domain, for which the DEEP codeword has denominators to invert."""

    butterflies: int = 0
    permutations: int = 0
    operations: int = 0
    inversions: int = 0
    products: int = 0
    points: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Counts)))


def butterflies(columns: int, size: int) -> int:
    """Butterflies of the transforms of `columns` columns of `size` values."""
    return columns * (size // 2) * (size.bit_length() - 1)


def row_permutations(width: int, *, salted: bool = True) -> int:
    """Permutations for the digest of a row of `width` elements: prefix, salt, four bytes an element, padding."""
    return (_PREFIX_BYTES + (_SALT_BYTES if salted else 0) + 4 * width) // RATE_BYTES + 1


def committing(groups: tuple[Group, ...], blowup: int, *, interpolated: bool) -> Counts:
    """Extending and hashing row groups; `interpolated`: their coefficients are made from values first."""
    transforms = blowup + (1 if interpolated else 0)
    return Counts(
        butterflies=sum(transforms * butterflies(group.width, group.height) for group in groups),
        # A tree has about as many inner nodes as rows of the tallest group; each join is one more digest.
        permutations=sum(blowup * group.height * (row_permutations(group.width) + 1) for group in groups),
    )


def stage_counts(circuit: Circuit, parameters: Parameters, keep: int) -> dict[str, Counts]:
    """The counts of each of the prover's stages, with the values of `keep` cosets of the main trace kept."""
    layout = layout_of(circuit)
    blowup, cosets, domain = parameters.blowup, parameters.quotient_cosets, parameters.domain
    tallest = butterflies(layout.main[0].width, layout.main[0].height)
    traces = sum(butterflies(item.table.width, item.height) for item in circuit.placed)
    elements = sum(group.width * group.height for tree in _TREES for group in layout.groups(tree))
    following = sum(len(item.table.next_row_columns) * item.height for item in circuit.placed)
    helpers = sum(len(item.table.helpers) * item.height for item in circuit.placed)
    quotient_width = layout.quotient[0].width
    first_arity = parameters.arities[0] if parameters.arities else 1
    counts = (
        committing(layout.main, blowup, interpolated=True),
        Counts(
            operations=sum(fraction_operations(item.table) * item.height for item in circuit.placed),
            inversions=helpers,
            # The trace comes back out of its coefficients.
            butterflies=traces,
        )
        + committing(layout.auxiliary, blowup, interpolated=True),
        Counts(
            operations=cosets * sum(constraint_operations(item.table) * item.height for item in circuit.placed),
            butterflies=cosets * butterflies(EXTENSION_DEGREE, parameters.height)
            + blowup * butterflies(quotient_width, parameters.height)
            + max(0, cosets - keep) * tallest,
            permutations=domain * (row_permutations(quotient_width) + 1),
        ),
        # Every coefficient is opened, then weighed.
        Counts(products=2 * (elements + following), points=domain),
        Counts(
            permutations=domain // first_arity * (row_permutations(EXTENSION_DEGREE * first_arity, salted=False) + 1),
        ),
        # Opened rows of cosets that were not kept are computed again, which takes about half of a transform.
        Counts(permutations=1 << parameters.grinding_bits, butterflies=max(0, blowup - keep) * tallest // 2),
    )
    return dict(zip(STAGES, counts, strict=True))


def fraction_operations(table: Table) -> int:
    """Operations on a row for tops and bottoms of all helpers, and for the sums."""
    counter = _Counter()
    for group in table.helpers:
        counter.fractions(group)
    counter.weigh({atom for row_sum in table.sums for atom in atoms(row_sum.expression)})
    return counter.operations


def constraint_operations(table: Table) -> int:
    """Operations on a row of one coset for all constraints, those of helpers and sums included.

    What is linear is folded before any row: a column or product costs one weighted term for each kind of rows that it
    is wanted on.
    """
    counter = _Counter()
    for where in Where:
        own = [constraint.expression for constraint in table.constraints if constraint.where is where]
        if where is Where.EVERY:
            own += [row_sum.expression for row_sum in table.sums]
        counter.weigh({atom for expression in own for atom in atoms(expression)})
    for group in table.helpers:
        counter.fractions(group)
        counter.operations += 2 * _EXTENSION_PRODUCT
    return counter.operations


_TREES = (MAIN_TREE, AUXILIARY_TREE, QUOTIENT_TREE)
_EXTENSION_PRODUCT = EXTENSION_DEGREE**2


class _Counter:
    """Adds up what expressions cost on one row; nodes that several share count once."""

    def __init__(self) -> None:
        self.operations = 0
        self._known: set[Expression] = set()

    def weigh(self, atoms: set[Expression]) -> None:
        """Each atom times an extension constant."""
        self.operations += EXTENSION_DEGREE * len(atoms)
        for atom in atoms:
            self._value(atom)

    def fractions(self, group: tuple[Interaction, ...]) -> None:
        """Denominators of the group, and products to bring its fractions together."""
        for interaction in group:
            self.weigh({atom for entry in interaction.payload for atom in atoms(entry)})
            self._value(interaction.multiplicity)
        self.operations += 2 * _EXTENSION_PRODUCT * (len(group) - 1)

    def _value(self, expression: Expression) -> None:
        pending = [expression]
        while pending:
            node = pending.pop()
            if node in self._known:
                continue
            self._known.add(node)
            if isinstance(node, Linear):
                self.operations += len(node.terms)
                pending += [term for _, term in node.terms]
            elif isinstance(node, Product):
                self.operations += 1
                pending += [node.left, node.right]


def atoms(expression: Expression) -> set[Expression]:
    """Columns and products that the expression is a linear combination of."""
    found: set[Expression] = set()
    seen: set[Expression] = set()
    pending = [expression]
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Linear):
            pending += [term for _, term in node.terms]
        elif isinstance(node, Column | Product):
            found.add(node)
    return found
