"""Poseidon over KoalaBear for many states at once, and its trace for the circuits (SPEC §2.3).

Same functions as `zkpay.poseidon.permutation`, an order of magnitude faster: blocks of 128 states, circulant
matrices in halves, sparse partial rounds, Montgomery products.  S-boxes give x^3 / 2^64, and the matrices after
them carry the factor 2^96 that makes up for it and for their own products; so every state is canonical.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import add, multiply, reduce_product, subtract, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.poseidon.permutation import DIGEST_SIZE, PERMUTATION_24, permutation_of_width
from zkpay.stark.field import P

Columns = npt.NDArray[np.uint32]

LANES: Final = 128
HALF: Final = 4
_BOUND: Final = np.uint64(P << 32)
_HALF_OF_ONE: Final = (P + 1) // 2
_CUBE_FACTOR: Final = np.uint32(pow(2, 96, P))


@kernel
def _dot(row: Columns, state: Columns, first: int, total: npt.NDArray[np.uint64], output: Columns, lanes: int) -> None:
    """output = sum_j row[j] * state[first + j] / 2^32 for each lane; row, state in [0, P); len(row) a multiple of 4.

    The running total is kept below 2^32 P: two more products make it at most 2^32 P + 2 P^2 < 2^33 P, since
    2 P < 2^32; one conditional subtraction of 2^32 P brings it back.
    """
    for lane in range(lanes):
        total[lane] = np.uint64(0)
    for j in range(0, len(row), 4):
        c0, c1, c2, c3 = (
            np.uint64(row[j]),
            np.uint64(row[j + 1]),
            np.uint64(row[j + 2]),
            np.uint64(row[j + 3]),
        )
        k = first + j
        s0, s1, s2, s3 = state[k], state[k + 1], state[k + 2], state[k + 3]
        for lane in range(lanes):
            t = total[lane] + c0 * np.uint64(s0[lane]) + c1 * np.uint64(s1[lane])
            t = min(t, t - _BOUND)
            t = t + c2 * np.uint64(s2[lane]) + c3 * np.uint64(s3[lane])
            total[lane] = min(t, t - _BOUND)
    for lane in range(lanes):
        output[lane] = reduce_product(total[lane])


@kernel
def _butterflies(state: Columns, lanes: int) -> None:
    """Each x of the first half and its y of the second become x + y and x - y."""
    half = len(state) // 2
    for i in range(half):
        upper, lower = state[i], state[half + i]
        for lane in range(lanes):
            x, y = upper[lane], lower[lane]
            upper[lane], lower[lane] = add(x, y), subtract(x, y)


@kernel
def _full_round(
    constants: Columns,
    halves: Columns,
    state: Columns,
    cubes: Columns,
    total: npt.NDArray[np.uint64],
    lanes: int,
) -> None:
    for i in range(len(constants)):
        constant, source, cube = constants[i], state[i], cubes[i]
        for lane in range(lanes):
            s = add(source[lane], constant)
            cube[lane] = multiply(multiply(s, s), s)
    _butterflies(cubes, lanes)
    half = len(constants) // 2
    for i in range(half):
        _dot(halves[i], cubes, 0, total, state[i], lanes)
        _dot(halves[half + i], cubes, half, total, state[half + i], lanes)
    _butterflies(state, lanes)


@kernel
def _cubes(source: Columns, target: Columns, lanes: int) -> None:
    for lane in range(lanes):
        s = source[lane]
        target[lane] = multiply(multiply(multiply(s, s), s), _CUBE_FACTOR)


@kernel
def _copy(source: Columns, target: Columns, lanes: int) -> None:
    """target = source. Assigning to a slice would do, but what Numba then adds for slices of other lengths takes
    seconds to compile.
    """
    for lane in range(lanes):
        target[lane] = source[lane]


@kernel
def _partial_round(
    constant: np.uint32,
    row: Columns,
    column: Columns,
    state: Columns,
    cube: Columns,
    total: npt.NDArray[np.uint64],
    lanes: int,
) -> None:
    head = state[0]
    _cubes(head, cube, lanes)
    for lane in range(lanes):
        head[lane] = add(cube[lane], constant)
    # The row needs the old tail, the tail the old head.
    new_head = cube
    _dot(row, state, 0, total, new_head, lanes)
    for i in range(1, len(row)):
        factor, tail = column[i - 1], state[i]
        for lane in range(lanes):
            tail[lane] = add(tail[lane], multiply(head[lane], factor))
    for lane in range(lanes):
        head[lane] = new_head[lane]


@kernel
def _permute_range(
    inputs: Columns,
    outputs: Columns,
    trace: Columns,
    round_constants: Columns,
    halves: Columns,
    initial: Columns,
    dense: Columns,
    scalars: Columns,
    rows: Columns,
    columns: Columns,
    start: int,
    stop: int,
    first: int,
    shift: int,
) -> None:
    """States start..stop of inputs uint32[w, n] to outputs[w or fewer, n]; trace uint32[c, m], if c > 0, gets their
    columns in the rows from `first` on, that of state i at i + shift.

    All values in [0, P).  Matrices that follow S-boxes of a full round carry 2^96, the others 2^32.
    """
    width = len(inputs)
    state = np.empty((width, LANES), dtype=np.uint32)
    spare = np.empty((width, LANES), dtype=np.uint32)
    total = np.empty(LANES, dtype=np.uint64)
    partial = len(scalars)
    recording = len(trace) > 0
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        end = begin + lanes
        for i in range(width):
            _copy(inputs[i, begin:end], state[i], lanes)
        for number in range(HALF):
            _full_round(round_constants[number], halves, state, spare, total, lanes)
            if recording:
                for i in range(width):
                    _copy(state[i], trace[first + number * width + i, begin + shift : end + shift], lanes)
        for i in range(width):
            for lane in range(lanes):
                spare[i, lane] = add(state[i, lane], initial[i])
        for i in range(width):
            _dot(dense[i], spare, 0, total, state[i], lanes)
        for number in range(partial):
            if recording:
                _cubes(state[0], trace[first + HALF * width + number, begin + shift : end + shift], lanes)
            _partial_round(scalars[number], rows[number], columns[number], state, spare[0], total, lanes)
        for number in range(HALF):
            _full_round(round_constants[HALF + number], halves, state, spare, total, lanes)
            if recording:
                base = first + HALF * width + partial + number * width
                for i in range(width if number < HALF - 1 else DIGEST_SIZE):
                    _copy(state[i], trace[base + i, begin + shift : end + shift], lanes)
        for i in range(len(outputs)):
            _copy(state[i], outputs[i, begin:end], lanes)


@kernel
def _add_range(accumulator: Columns, addend: Columns, start: int, stop: int) -> None:
    for i in range(len(accumulator)):
        target, source = accumulator[i], addend[i]
        for lane in range(start, stop):
            target[lane] = add(target[lane], source[lane])


@dataclass(frozen=True)
class _Constants:
    round_constants: Columns
    halves: Columns
    initial: Columns
    dense: Columns
    scalars: Columns
    rows: Columns
    columns: Columns


def _circulant_halves(first_row: Sequence[int]) -> list[list[int]]:
    """A circulant matrix of size 2h as two of size h, one above the other, between `_butterflies`.

    x^2h - 1 = (x^h - 1)(x^h + 1): on the sums of its input's halves it acts as a circulant matrix, on their
    differences as one whose entries change sign where they turn around; halves of both are the output's.
    """
    half = len(first_row) // 2
    low, high = first_row[:half], first_row[half:]
    sums = [(a + b) * _HALF_OF_ONE % P for a, b in zip(low, high, strict=True)]
    differences = [(a - b) * _HALF_OF_ONE % P for a, b in zip(low, high, strict=True)]
    return [
        *([sums[(j - i) % half] for j in range(half)] for i in range(half)),
        *([differences[j - i] if j >= i else -differences[j - i + half] % P for j in range(half)] for i in range(half)),
    ]


@cache
def _constants(width: int) -> _Constants:
    permutation = permutation_of_width(width)
    partial = permutation.partial
    full = permutation.round_constants[:HALF] + permutation.round_constants[-HALF:]
    return _Constants(
        round_constants=to_montgomery(full, 0),
        halves=to_montgomery(_circulant_halves(permutation.mds_first_row), 3),
        initial=to_montgomery(partial.initial_constants, 0),
        dense=to_montgomery(partial.dense),
        scalars=to_montgomery([step.constant for step in partial.sparse], 0),
        rows=to_montgomery([step.first_row for step in partial.sparse]),
        columns=to_montgomery([step.first_column for step in partial.sparse]),
    )


_NOWHERE: Final = np.empty((0, 0), dtype=np.uint32)


def _permute(
    inputs: Columns, outputs: Columns, trace: Columns, start: int, stop: int, first: int = 0, shift: int = 0
) -> None:
    c = _constants(len(inputs))
    _permute_range(
        inputs,
        outputs,
        trace,
        c.round_constants,
        c.halves,
        c.initial,
        c.dense,
        c.scalars,
        c.rows,
        c.columns,
        start,
        stop,
        first,
        shift,
    )


def _run(state: Columns, outputs: Columns) -> None:
    inputs = np.ascontiguousarray(state)
    parallel_ranges(lambda start, stop: _permute(inputs, outputs, _NOWHERE, start, stop), inputs.shape[1], grain=LANES)


def permute(state: Columns) -> Columns:
    """The permutation of each column: uint32[w, n] in [0, P) to uint32[w, n] in [0, P), w = 16 or 24."""
    outputs = np.empty(state.shape, dtype=np.uint32)
    _run(state, outputs)
    return outputs


def trace_columns(width: int) -> int:
    """How many columns `permutation_trace` returns: 140 for width 16, 199 for width 24."""
    return (2 * HALF - 1) * width + permutation_of_width(width).partial_rounds + DIGEST_SIZE


def permutation_trace(inputs: Columns) -> Columns:
    """The columns of a circuit that proves n permutations: uint32[w, n] in [0, P) to uint32[columns, n] in
    [0, P).

    In this order: the states after full rounds 0 to 3 (w columns each), s[0]^3 of every partial round (one
    column each), the states after full rounds 4 to 6, the first 8 elements after round 7, before any
    feed-forward.
    """
    trace = np.empty((trace_columns(len(inputs)), inputs.shape[1]), dtype=np.uint32)
    inputs = np.ascontiguousarray(inputs)
    parallel_ranges(lambda start, stop: _permute(inputs, _NOWHERE, trace, start, stop), inputs.shape[1], grain=LANES)
    return trace


def fill_permutation_trace(inputs: Columns, trace: Columns, first: int, start: int) -> None:
    """Write those columns for n permutations, by the calling thread alone, into a wider and longer trace.

    trace, uint32[c, m]: its rows from `first` on are the columns, and permutation i stands in each at start + i.
    """
    columns, rows = trace_columns(len(inputs)), inputs.shape[1]
    if not (0 <= first <= len(trace) - columns and 0 <= start <= trace.shape[1] - rows):
        raise ValueError(f"{columns} columns of {rows} permutations don't fit {trace.shape} at {first}, {start}")
    _permute(np.ascontiguousarray(inputs), _NOWHERE, trace, 0, rows, first, start)


def _feed_forward(state: Columns) -> Columns:
    count = state.shape[1]
    digests = np.empty((DIGEST_SIZE, count), dtype=np.uint32)
    _run(state, digests)
    first = np.ascontiguousarray(state[:DIGEST_SIZE])
    parallel_ranges(lambda start, stop: _add_range(digests, first, start, stop), count, grain=1 << 14)
    return digests


def compress_nodes(left: Columns, right: Columns) -> Columns:
    """Merkle node digests: the first 8 of P16(left || right) + (left || right); uint32[8, n] each, in [0,
    P)."""
    return _feed_forward(np.concatenate([left, right]))


def hash_leaves(elements: Columns) -> Columns:
    """Leaf digests uint32[8, n]: the first 8 of P24(elements) + elements, for uint32[24, n] in [0, P)."""
    if elements.shape[0] != PERMUTATION_24.width:
        raise ValueError(f"a leaf has {PERMUTATION_24.width} elements, not {elements.shape[0]}")
    return _feed_forward(elements)
