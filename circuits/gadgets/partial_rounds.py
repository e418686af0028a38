"""The partial rounds of Poseidon as linear forms, from either side (SPEC §5.15).

Between the state before the partial rounds and the state after them all is linear but the cubes. Given these, what goes
into each S-box and the state after are linear in the state before; and read backwards, what goes into each S-box but
the first, element 0 of the state after, and elements 1.. of the state before are linear in elements 1.. of the state
after. Matrices are those of the sparse form of `zkpay.poseidon.permutation`; all are taken modulo P.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zkpay.poseidon.matrices import inverse_matrix, matrix_product
from zkpay.poseidon.permutation import permutation_of_width
from zkpay.stark.field import P

Matrix = NDArray[np.int64]


@dataclass(frozen=True)
class PartialForms:
    """For width w and n partial rounds; the last entry of each row stands for 1.

    forward: int64[n + w, w + n + 1], S-box inputs 0..n-1, then the state after, from the state before and the cubes.
    before: int64[w - 1, w + n], elements 1.. of the state before, from elements 1.. of the state after and the cubes.
    inputs: int64[n, w + n], S-box inputs 1..n-1, then element 0 of the state after, from the same.
    first: S-box input 0 less element 0 of the state before.
    """

    forward: Matrix
    before: Matrix
    inputs: Matrix
    first: int


@cache
def partial_forms(width: int) -> PartialForms:
    """The forms of the permutation of width 16 or 24."""
    partial = permutation_of_width(width).partial
    dense = np.array(partial.dense, dtype=np.int64)
    constants = np.array(partial.initial_constants, dtype=np.int64)
    count = len(partial.sparse)

    size = width + count + 1
    state = np.zeros((width, size), dtype=np.int64)
    state[:, :width] = dense
    state[:, -1] = matrix_product(dense, constants[:, None])[:, 0]
    forward = np.zeros((count + width, size), dtype=np.int64)
    for number, step in enumerate(partial.sparse):
        forward[number] = state[0]
        state[0] = 0
        state[0, [width + number, size - 1]] = 1, step.constant
        first = matrix_product(np.array([step.first_row], dtype=np.int64), state)[0]
        state[1:] = (state[1:] + np.array(step.first_column, dtype=np.int64)[:, None] * state[0]) % P
        state[0] = first
    forward[count:] = state

    size = width + count
    rest = np.zeros((width - 1, size), dtype=np.int64)
    rest[:, : width - 1] = np.eye(width - 1, dtype=np.int64)
    inputs = np.zeros((count, size), dtype=np.int64)
    for number, step in reversed(list(enumerate(partial.sparse))):
        after_box = np.zeros(size, dtype=np.int64)
        after_box[[width - 1 + number, size - 1]] = 1, step.constant
        rest = (rest - np.array(step.first_column, dtype=np.int64)[:, None] * after_box) % P
        whole = np.concatenate([after_box[None, :], rest])
        inputs[number] = matrix_product(np.array([step.first_row], dtype=np.int64), whole)[0]
    # The dense matrix leaves element 0 alone, so its lower right block can be undone on its own.
    before = matrix_product(inverse_matrix(dense[1:, 1:]), rest)
    before[:, -1] = (before[:, -1] - constants[1:]) % P
    return PartialForms(forward, before, inputs, int(constants[0]))
