"""Filling the columns of hashes that take a row for each round (SPEC §5.15)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.folded_poseidon import BOX, BOXES, HASH_ROWS, KEPT, PERIOD, STATE
from zkpay.circuits.gadgets.partial_rounds import Matrix, partial_forms
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import permutation_trace
from zkpay.poseidon.permutation import DIGEST_SIZE, HALF_FULL_ROUNDS, permutation_of_width
from zkpay.stark.field import P

LEAF_START, NODE_START = 0, HASH_ROWS
_BLOCK = 1 << 12


def fill_folded(trace: Trace, start: int, inputs: Elements) -> Elements:
    """Fill the hashes of the inputs uint32[24 or 16, n], which begin on row `start` of every 16; n up to height / 16.

    Returns the digests, uint32[8, n].
    """
    width, count = inputs.shape
    partial = permutation_of_width(width).partial_rounds
    state, box, kept = (_by_row(trace, name, start, count) for name in (STATE, BOX, KEPT))
    half = HALF_FULL_ROUNDS
    for first in range(0, count, _BLOCK):
        block = slice(first, min(first + _BLOCK, count))
        given = np.ascontiguousarray(inputs[:, block])
        traced = permutation_trace(given)
        full, cubes, rest = np.split(traced, [half * width, half * width + partial])
        between = _applied(partial_forms(width).forward, np.concatenate([full[-width:], cubes]))
        into_boxes, after = between[:partial], between[partial:]
        before = [given, *np.split(full[:-width], half - 1), after, *np.split(rest[:-DIGEST_SIZE], half - 1)]
        for row, values in enumerate(before):
            state[:width, block, row] = values
        box[: min(partial, BOXES), block, half - 1] = into_boxes[:BOXES]
        box[: partial - BOXES, block, half] = into_boxes[BOXES:]
        digest = (rest[-DIGEST_SIZE:].astype(np.int64) + given[:DIGEST_SIZE]) % P
        box[:DIGEST_SIZE, block, HASH_ROWS - 1] = digest
        kept[:, block] = given[:DIGEST_SIZE, :, None]
    return folded_digests(trace, start)[:, :count]


def folded_digests(trace: Trace, start: int) -> Elements:
    """The digests of all hashes that begin on row `start` of every 16, a view uint32[8, height / 16]."""
    return trace.group(BOX)[:DIGEST_SIZE, start + HASH_ROWS - 1 :: PERIOD]


def _by_row(trace: Trace, name: str, start: int, count: int) -> Elements:
    """The columns of a group as a view uint32[columns, count, 8]."""
    group = trace.group(name)
    return group.reshape(len(group), -1, PERIOD)[:, :count, start : start + HASH_ROWS]


def _applied(form: Matrix, values: Elements) -> Elements:
    """The form of the values uint32[k, n], its last column being constants; k <= 48.

    Entries are cut into 16-bit halves: at most 48 products below 2^47 add up to less than 2^53, exact in doubles.
    """
    matrix: NDArray[np.int64] = form[:, :-1]
    exact = values.astype(np.float64)
    high = ((matrix >> 16).astype(np.float64) @ exact).astype(np.int64) % P
    low = ((matrix & 0xFFFF).astype(np.float64) @ exact).astype(np.int64)
    return (((high << 16) + low + form[:, -1:]) % P).astype(np.uint32)
