"""Poseidon with a row for each full round: a leaf's permutation and a node's in turn, 8 rows each (SPEC §5.15).

A row holds the state before its full round. From the fourth row to the fifth the state crosses the partial rounds as
well: what goes into their S-boxes stands in the `box` columns of both rows, and all else between the two states is
linear (`partial_rounds`). On the eighth row the first `box` columns hold the digest. Periodic columns say which round
a row is; the widths share all columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zkpay.circuits.gadgets.partial_rounds import Matrix, partial_forms
from zkpay.poseidon.permutation import (
    DIGEST_SIZE,
    HALF_FULL_ROUNDS,
    PERMUTATION_16,
    PERMUTATION_24,
    Permutation,
)
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, linear, total
from zkpay.stark.field import P

STATE: Final = "state"
BOX: Final = "box"
KEPT: Final = "kept"

HASH_ROWS: Final = 2 * HALF_FULL_ROUNDS
"""Rows of one permutation."""
PERIOD: Final = 2 * HASH_ROWS
"""Rows of a leaf's permutation and a node's."""
BOXES: Final = -(-PERMUTATION_24.partial_rounds // 2)
"""S-boxes of the partial rounds in one row, of two."""

_LEAF, _NODE = PERMUTATION_24, PERMUTATION_16
_CROSSING: Final = HALF_FULL_ROUNDS - 1
_LAST: Final = HASH_ROWS - 1


@dataclass(frozen=True)
class FoldedHashes:
    """Columns of the hashes, and periodic columns that are 1 on the first or the last row of a leaf or a node.

    state: on the first row the inputs, 24 of a leaf or 16 of a node. digest: on the last row. kept: the first 8 inputs
    on all rows of a hash. goes_on: 1 on all rows of a hash but the last.
    """

    state: Sequence[Column]
    digest: Sequence[Column]
    kept: Sequence[Column]
    leaf_starts: Column
    node_starts: Column
    leaf_ends: Column
    node_ends: Column
    goes_on: Expression


def folded_hashes(table: Table) -> FoldedHashes:
    """Add the columns and constraints; rows 0-7 of every 16 are a leaf's hash, rows 8-15 a node's."""
    state = table.column_group(STATE, _LEAF.width)
    box = table.column_group(BOX, BOXES)
    kept = table.column_group(KEPT, DIGEST_SIZE)
    leaf, node = (_Selectors.of(table, name, start) for name, start in (("leaf", 0), ("node", HASH_ROWS)))
    hashes = FoldedHashes(
        state,
        box[:DIGEST_SIZE],
        kept,
        leaf.starts,
        node.starts,
        leaf.ends,
        node.ends,
        1 - leaf.ends - node.ends,
    )
    starts = leaf.starts + node.starts
    for element, own in zip(kept, state, strict=False):
        table.every(f"{element.name} is the input", starts * (element - own))
        table.every(f"{element.name} stays", hashes.goes_on * (element.next - element))

    constants = [table.preprocessed_column(f"round constant[{i}]", values) for i, values in enumerate(_constants())]
    cubes = [_cube(element + constant) for element, constant in zip(state, constants, strict=True)]
    boxes = [*box, *(column.next for column in box)]
    box_cubes = [_cube(column) for column in boxes]
    sides = [_Side(_LEAF, leaf, cubes, boxes, box_cubes, state), _Side(_NODE, node, cubes, boxes, box_cubes, state)]
    for i, element in enumerate(state):
        present = [side for side in sides if i < side.permutation.width]
        gated = [part for side in present for part in side.round(i)]
        gated.append(-(total([side.selectors.plain for side in present]) * element.next))
        if i < DIGEST_SIZE:
            gated.append(-((leaf.ends + node.ends) * (box[i] - kept[i])))
        table.every(f"{STATE}[{i}] is right", total(gated))
    for j in range(_LEAF.partial_rounds):
        present = [side for side in sides if j < side.permutation.partial_rounds]
        table.every(f"S-box {j} passes on", total([side.partial(j) for side in present]))
    return hashes


@dataclass(frozen=True)
class _Selectors:
    """Periodic bits of one hash: its first and last rows; its rows but the last; those whose next row is one full round
    on; the one whose next row is beyond the partial rounds.
    """

    starts: Column
    ends: Column
    goes_on: Column
    plain: Column
    crosses: Column

    @classmethod
    def of(cls, table: Table, name: str, start: int) -> _Selectors:
        def bits(what: str, rows: Iterable[int]) -> Column:
            values = np.zeros(PERIOD, dtype=np.int64)
            values[[start + row for row in rows]] = 1
            return table.preprocessed_column(f"{name} {what}", values)

        return cls(
            bits("starts", [0]),
            bits("ends", [_LAST]),
            bits("goes on", range(_LAST)),
            bits("round", [row for row in range(_LAST) if row != _CROSSING]),
            bits("crosses the partial rounds", [_CROSSING]),
        )


class _Side:
    """The equations of one permutation, gated by its selectors."""

    def __init__(
        self,
        permutation: Permutation,
        selectors: _Selectors,
        cubes: Sequence[Expression],
        boxes: Sequence[Column],
        box_cubes: Sequence[Expression],
        state: Sequence[Column],
    ) -> None:
        self.permutation = permutation
        self.selectors = selectors
        self.cubes = cubes[: permutation.width]
        self.boxes = boxes
        self.after = [element.next for element in state[: permutation.width]]
        self.basis = [*self.after[1:], *box_cubes[: permutation.partial_rounds]]
        self.forms = partial_forms(permutation.width)

    def round(self, i: int) -> list[Expression]:
        """Element i after the row's full round, and less, where that is before the partial rounds, what they say."""
        rounds = self.selectors.goes_on + self.selectors.ends if i < DIGEST_SIZE else self.selectors.goes_on
        before = self._form(self.forms.before[i - 1]) if i else self.boxes[0] - self.forms.first
        return [
            rounds * linear(zip(self.permutation.mds[i], self.cubes, strict=True)),
            -(self.selectors.crosses * before),
        ]

    def partial(self, j: int) -> Expression:
        """What follows from S-box j: what goes into the next one, or after the last, element 0 of the state."""
        following = self.boxes[j + 1] if j + 1 < self.permutation.partial_rounds else self.after[0]
        return self.selectors.crosses * (following - self._form(self.forms.inputs[j]))

    def _form(self, row: Matrix) -> Expression:
        *coefficients, constant = (int(entry) for entry in row)
        return linear([(entry, term) for entry, term in zip(coefficients, self.basis, strict=True) if entry], constant)


def _constants() -> Matrix:
    """Constants of each row's full round, int64[24, 16]."""
    rows = np.zeros((_LEAF.width, PERIOD), dtype=np.int64)
    for start, permutation in ((0, _LEAF), (HASH_ROWS, _NODE)):
        full = permutation.round_constants[:HALF_FULL_ROUNDS] + permutation.round_constants[-HALF_FULL_ROUNDS:]
        rows[: permutation.width, start : start + HASH_ROWS] = np.array(full, dtype=np.int64).T
    return rows % P


def _cube(expression: Expression) -> Expression:
    return expression * expression * expression
