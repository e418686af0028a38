"""Poseidon in the circuit: leaf and node hashes, one column and one constraint for each cube layer (SPEC
§5.2).

Committed: the states after full rounds 0 to 3, the cube of each partial round, the states after full rounds 4
to 6 and the first 8 of the last one: all that is between is linear. The partial rounds use the sparse
matrices of `zkpay.poseidon`, so a round costs two terms for each element of the state. Columns stand in the
order in which `zkpay.kernels.poseidon.permutation_trace` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkpay.poseidon.permutation import (
    DIGEST_SIZE,
    HALF_FULL_ROUNDS,
    PERMUTATION_16,
    PERMUTATION_24,
    Permutation,
)
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, linear


@dataclass(frozen=True)
class Hash:
    """What witness generation needs: the inputs and the committed columns."""

    inputs: tuple[Expression, ...]
    columns: tuple[Column, ...]


def hash_leaf(table: Table, name: str, elements: Sequence[Expression]) -> list[Expression]:
    """The digest (8 expressions of degree 1) of a leaf of 24 elements, each of degree at most 1."""
    return _feed_forward_hash(table, name, PERMUTATION_24, elements)


def compress(table: Table, name: str, left: Sequence[Expression], right: Sequence[Expression]) -> list[Expression]:
    """The digest (8 expressions of degree 1) of a Merkle node from the digests of its children."""
    return _feed_forward_hash(table, name, PERMUTATION_16, [*left, *right])


def _feed_forward_hash(
    table: Table, name: str, permutation: Permutation, inputs: Sequence[Expression]
) -> list[Expression]:
    width = permutation.width
    if len(inputs) != width:
        raise ValueError(f"{table.name}/{name}: {len(inputs)} inputs for a permutation of width {width}")
    state = list(inputs)
    columns: list[Column] = []
    for number in range(HALF_FULL_ROUNDS):
        committed = table.column_group(f"{name} round {number}", width)
        _full_round(table, permutation, permutation.round_constants[number], state, committed)
        columns += committed
        state = list(committed)
    state = _partial_rounds(table, name, permutation, state, columns)
    for number in range(HALF_FULL_ROUNDS, 2 * HALF_FULL_ROUNDS):
        last = number == 2 * HALF_FULL_ROUNDS - 1
        committed = table.column_group(f"{name} round {number}", DIGEST_SIZE if last else width)
        constants = permutation.round_constants[permutation.partial_rounds + number]
        _full_round(table, permutation, constants, state, committed)
        columns += committed
        state = list(committed)
    table.gadgets.append(Hash(tuple(inputs), tuple(columns)))
    return [linear([(1, output), (1, given)]) for output, given in zip(state, inputs[:DIGEST_SIZE], strict=True)]


def _full_round(
    table: Table,
    permutation: Permutation,
    constants: Sequence[int],
    state: Sequence[Expression],
    committed: Sequence[Column],
) -> None:
    cubes = [_cube(element + constant) for element, constant in zip(state, constants, strict=True)]
    for column, row in zip(committed, permutation.mds, strict=False):
        table.every(f"{column.name} is right", linear([*zip(row, cubes, strict=True), (-1, column)]))


def _partial_rounds(
    table: Table, name: str, permutation: Permutation, state: Sequence[Expression], columns: list[Column]
) -> list[Expression]:
    partial = permutation.partial
    shifted = [element + constant for element, constant in zip(state, partial.initial_constants, strict=True)]
    current: list[Expression] = [linear(zip(row, shifted, strict=True)) for row in partial.dense]
    for number, (cube, step) in enumerate(
        zip(table.column_group(f"{name} cube", permutation.partial_rounds), partial.sparse, strict=True)
    ):
        table.every(f"{name} cube[{number}] is right", _cube(current[0]) - cube)
        columns.append(cube)
        first = cube + step.constant
        rest = current[1:]
        current = [
            linear(zip(step.first_row, [first, *rest], strict=True)),
            *(linear([(1, element), (factor, first)]) for element, factor in zip(rest, step.first_column, strict=True)),
        ]
    return current


def _cube(expression: Expression) -> Expression:
    return expression * expression * expression
