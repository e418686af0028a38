"""One fixed kernel that runs a constraint program over blocks of rows (SPEC §4.5).

A program is an array of instructions over registers of LANES rows; it compiles once and serves every circuit. A
base register is one row of words in [0, P), an extension register five in a row. Columns are copied to registers as
they are: a Montgomery product divides by R = 2^32, so a register holds its value times a power of R that the lowering
(`zkpay.prover.program`) knows, and puts right in the weights. Nothing is converted.

Weighted sums go four terms at a time into 64-bit totals that are reduced once, at the end. Totals stay below 2^32 P:
two products more make at most 2^32 P + 2 (P - 1)^2 < 2^33 P, because 2 P < 2^32, and one conditional subtraction
brings that below 2^32 P again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined, kernel
from zkpay.kernels.extension import multiply_values
from zkpay.kernels.montgomery import add, multiply, reduce_product, subtract
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import EXTENSION_DEGREE, P

Columns = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

LANES: Final = 512
AT_ONCE: Final = 4
"""Terms of a weighted sum come in groups of four; a group is filled up with weights of 0."""
SELECTORS: Final = 4  # every, transition, first, last

LOAD_MAIN: Final = 0
LOAD_PREPROCESSED: Final = 1
LOAD_AUXILIARY: Final = 2
MULTIPLY: Final = 3
CUBE: Final = 4
LINEAR: Final = 5
INVERT: Final = 6
EXTENSION_LINEAR: Final = 7
EXTENSION_MULTIPLY: Final = 8
EXTENSION_SCALE: Final = 9
EXTENSION_ADD: Final = 10
EXTENSION_SUBTRACT: Final = 11
FOLD: Final = 12
EXTENSION_FOLD: Final = 13
STORE: Final = 14

_BOUND: Final = np.uint64(P << 32)
_SHIFT: Final = np.uint64(32)
_LOW: Final = np.uint64(2**32 - 1)
_MODULUS: Final = np.uint64(P)
_INVERSE: Final = np.uint64(pow(P, -1, 2**32))
_FIVE: Final = EXTENSION_DEGREE * LANES


@dataclass(frozen=True)
class Program:
    """instructions int64[n, 5]: operation, result, a, b, c; registers stand as their first word's place.

    sources int64[m] and weights uint64[m], extension_sources int64[k] and extension_weights uint64[k, 5]: terms of
    weighted sums. constants uint64[...], extension_constants uint64[..., 5]: what sums begin with and cubes add;
    initial uint64[4, 5]: what the folded totals begin with. registers: how many; outputs: rows of stored results.

    Weights, and constants that cubes add, are below P; what sums and totals begin with is below 2^32 P.
    """

    instructions: Places
    sources: Places
    weights: Words
    extension_sources: Places
    extension_weights: Words
    constants: Words
    extension_constants: Words
    initial: Words
    registers: int
    outputs: int


@inlined
def _wrap(total: np.uint64) -> np.uint64:
    """From below 2^33 P to below 2^32 P."""
    return min(total, total - _BOUND)


@kernel
def _copy(values: Columns, first: int, lanes: int, out: Columns) -> None:
    """out[lane] = values[(first + lane) mod period], the period being the length of values."""
    period = len(values)
    position = first if first < period else first % period
    done = 0
    while done < lanes:
        count = min(lanes - done, period - position)
        source, target = values[position : position + count], out[done : done + count]
        for lane in range(count):
            target[lane] = source[lane]
        done += count
        position = 0


@inlined
def _reduce_lazily(t: np.uint64) -> np.uint64:
    """t / R mod P in (0, 2 P), for t < 2^32 P: in 64 bits all the way, which saves repacking between two products."""
    m = (t * _INVERSE) & _LOW
    return (t + _BOUND - m * _MODULUS) >> _SHIFT


@kernel
def _cube(source: Columns, constant: np.uint64, out: Columns) -> None:
    """out = (source + constant)^3 / R^2, both below P: a square is below 2 P, times the value below 2 P^2 < 2^32 P."""
    for lane in range(LANES):
        shifted = np.uint64(source[lane]) + constant
        value = min(shifted, shifted - _MODULUS)
        out[lane] = reduce_product(_reduce_lazily(value * value) * value)


@kernel
def _multiply(left: Columns, right: Columns, out: Columns) -> None:
    for lane in range(LANES):
        out[lane] = multiply(left[lane], right[lane])


@kernel
def _linear(
    total: Words,
    registers: Columns,
    sources: Places,
    weights: Words,
    offset: np.uint64,
    out: Columns,
) -> None:
    """out = (offset + sum of the terms) / R, four or eight terms at a time."""
    for lane in range(LANES):
        total[lane] = offset
    groups = len(sources) // AT_ONCE
    if groups % 2:
        first, second = registers[sources[0] : sources[0] + LANES], registers[sources[1] : sources[1] + LANES]
        third, fourth = registers[sources[2] : sources[2] + LANES], registers[sources[3] : sources[3] + LANES]
        w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
        for i in range(LANES):
            t = _wrap(total[i] + w0 * np.uint64(first[i]) + w1 * np.uint64(second[i]))
            total[i] = _wrap(t + w2 * np.uint64(third[i]) + w3 * np.uint64(fourth[i]))
    for k in range(AT_ONCE * (groups % 2), AT_ONCE * groups, 2 * AT_ONCE):
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        w4, w5, w6, w7 = weights[k + 4], weights[k + 5], weights[k + 6], weights[k + 7]
        a, b = registers[sources[k] : sources[k] + LANES], registers[sources[k + 1] : sources[k + 1] + LANES]
        c, d = registers[sources[k + 2] : sources[k + 2] + LANES], registers[sources[k + 3] : sources[k + 3] + LANES]
        e, f = registers[sources[k + 4] : sources[k + 4] + LANES], registers[sources[k + 5] : sources[k + 5] + LANES]
        g, h = registers[sources[k + 6] : sources[k + 6] + LANES], registers[sources[k + 7] : sources[k + 7] + LANES]
        for i in range(LANES):
            t = _wrap(total[i] + w0 * np.uint64(a[i]) + w1 * np.uint64(b[i]))
            t = _wrap(t + w2 * np.uint64(c[i]) + w3 * np.uint64(d[i]))
            t = _wrap(t + w4 * np.uint64(e[i]) + w5 * np.uint64(f[i]))
            total[i] = _wrap(t + w6 * np.uint64(g[i]) + w7 * np.uint64(h[i]))
    for lane in range(LANES):
        out[lane] = reduce_product(total[lane])


@kernel
def _accumulate_five(
    totals: Words, weights: Words, first: Columns, second: Columns, third: Columns, fourth: Columns
) -> None:
    """totals[i LANES + lane] += four registers times weights[:, i], modulo 2^32 P, for i below 5."""
    a0, a1, a2, a3, a4 = weights[0, 0], weights[0, 1], weights[0, 2], weights[0, 3], weights[0, 4]
    b0, b1, b2, b3, b4 = weights[1, 0], weights[1, 1], weights[1, 2], weights[1, 3], weights[1, 4]
    c0, c1, c2, c3, c4 = weights[2, 0], weights[2, 1], weights[2, 2], weights[2, 3], weights[2, 4]
    d0, d1, d2, d3, d4 = weights[3, 0], weights[3, 1], weights[3, 2], weights[3, 3], weights[3, 4]
    for i in range(LANES):
        x, y, z, w = np.uint64(first[i]), np.uint64(second[i]), np.uint64(third[i]), np.uint64(fourth[i])
        totals[i] = _wrap(_wrap(totals[i] + a0 * x + b0 * y) + c0 * z + d0 * w)
        totals[i + LANES] = _wrap(_wrap(totals[i + LANES] + a1 * x + b1 * y) + c1 * z + d1 * w)
        totals[i + 2 * LANES] = _wrap(_wrap(totals[i + 2 * LANES] + a2 * x + b2 * y) + c2 * z + d2 * w)
        totals[i + 3 * LANES] = _wrap(_wrap(totals[i + 3 * LANES] + a3 * x + b3 * y) + c3 * z + d3 * w)
        totals[i + 4 * LANES] = _wrap(_wrap(totals[i + 4 * LANES] + a4 * x + b4 * y) + c4 * z + d4 * w)


@kernel
def _sum_into(totals: Words, registers: Columns, sources: Places, weights: Words, first: int, groups: int) -> None:
    """Add `groups` groups of terms, from the term `first` on, to five totals."""
    for k in range(first, first + AT_ONCE * groups, AT_ONCE):
        _accumulate_five(
            totals,
            weights[k : k + AT_ONCE],
            registers[sources[k] : sources[k] + LANES],
            registers[sources[k + 1] : sources[k + 1] + LANES],
            registers[sources[k + 2] : sources[k + 2] + LANES],
            registers[sources[k + 3] : sources[k + 3] + LANES],
        )


@kernel
def _extension_product(a: Columns, b: Columns, out: Columns) -> None:
    """out = a * b / R for extension registers; out must not overlap a or b."""
    for i in range(LANES):
        product = multiply_values(
            (a[i], a[i + LANES], a[i + 2 * LANES], a[i + 3 * LANES], a[i + 4 * LANES]),
            (b[i], b[i + LANES], b[i + 2 * LANES], b[i + 3 * LANES], b[i + 4 * LANES]),
        )
        out[i] = product[0]
        out[i + LANES] = product[1]
        out[i + 2 * LANES] = product[2]
        out[i + 3 * LANES] = product[3]
        out[i + 4 * LANES] = product[4]


@kernel
def _invert(source: Columns, out: Columns, lanes: int) -> bool:
    """out = R^2 / source: the power P - 2 = 2^31 - 2^24 - 1 by 57 products, each of which divides by R, and
    R^-(P - 3) = R^2. Whether no value was 0.

    The exponent's bits, from the top: six ones, a zero, twenty-four ones.
    """
    least = np.uint32(P)
    for lane in range(lanes):
        out[lane] = source[lane]
        least = min(least, source[lane])
    for bit in range(29, -1, -1):
        if bit == 24:
            for lane in range(lanes):
                out[lane] = multiply(out[lane], out[lane])
        else:
            for lane in range(lanes):
                out[lane] = multiply(multiply(out[lane], out[lane]), source[lane])
    return bool(least != np.uint32(0))


@kernel
def _write_total(total: Words, out: Columns) -> None:
    for lane in range(len(out)):
        out[lane] = reduce_product(total[lane])


@kernel
def _write_selected(total: Words, selector: Columns, out: Columns) -> None:
    for lane in range(len(out)):
        out[lane] = add(out[lane], multiply(selector[lane], reduce_product(total[lane])))


@kernel
def _run(
    instructions: Places,
    sources: Places,
    weights: Words,
    extension_sources: Places,
    extension_weights: Words,
    constants: Words,
    extension_constants: Words,
    initial: Words,
    register_count: int,
    main: Columns,
    preprocessed: Columns,
    bounds: Places,
    auxiliary: Columns,
    selectors: Columns,
    folded: Columns,
    outputs: Columns,
    start: int,
    stop: int,
) -> int:
    """Rows start..stop; the first row of a block in which a value to invert was 0, or -1."""
    registers = np.zeros(register_count * LANES, np.uint32)
    totals = np.empty(SELECTORS * _FIVE, np.uint64)
    scratch = np.empty(_FIVE, np.uint64)
    for block in range(start, stop, LANES):
        lanes = min(LANES, stop - block)
        for i in range(SELECTORS * EXTENSION_DEGREE):
            totals[i * LANES : (i + 1) * LANES] = initial[i]
        # Loops run over whole registers: rows past the end compute on what was left there, and are not written.
        for position in range(len(instructions)):
            operation, out = instructions[position, 0], instructions[position, 1]
            a, b, c = instructions[position, 2], instructions[position, 3], instructions[position, 4]
            if operation == FOLD:
                # out: the selector's totals; a: first term; b: groups.
                _sum_into(totals[out : out + _FIVE], registers, extension_sources, extension_weights, a, b)
            elif operation == CUBE:
                _cube(registers[a : a + LANES], constants[b], registers[out : out + LANES])
            elif operation == MULTIPLY:
                _multiply(registers[a : a + LANES], registers[b : b + LANES], registers[out : out + LANES])
            elif operation == LINEAR:
                # a: first term; b: groups; c: what the sum begins with.
                last = a + AT_ONCE * b
                result = registers[out : out + LANES]
                _linear(scratch, registers, sources[a:last], weights[a:last], constants[c], result)
            elif operation == LOAD_MAIN:
                _copy(main[a], block + b, lanes, registers[out : out + LANES])
            elif operation == LOAD_PREPROCESSED:
                _copy(preprocessed[bounds[a] : bounds[a + 1]], block + b, lanes, registers[out : out + LANES])
            elif operation == LOAD_AUXILIARY:
                for k in range(EXTENSION_DEGREE):
                    _copy(auxiliary[a + k], block, lanes, registers[out + k * LANES : out + (k + 1) * LANES])
            elif operation == EXTENSION_LINEAR:
                for k in range(EXTENSION_DEGREE):
                    scratch[k * LANES : (k + 1) * LANES] = extension_constants[c, k]
                _sum_into(scratch, registers, extension_sources, extension_weights, a, b)
                result = registers[out : out + _FIVE]
                for lane in range(_FIVE):
                    result[lane] = reduce_product(scratch[lane])
            elif operation == EXTENSION_MULTIPLY:
                _extension_product(registers[a : a + _FIVE], registers[b : b + _FIVE], registers[out : out + _FIVE])
            elif operation == EXTENSION_SCALE:
                for k in range(0, _FIVE, LANES):
                    left, result = registers[a + k : a + k + LANES], registers[out + k : out + k + LANES]
                    _multiply(left, registers[b : b + LANES], result)
            elif operation == EXTENSION_ADD:
                left, right, result = registers[a : a + _FIVE], registers[b : b + _FIVE], registers[out : out + _FIVE]
                for lane in range(_FIVE):
                    result[lane] = add(left[lane], right[lane])
            elif operation == EXTENSION_SUBTRACT:
                left, right, result = registers[a : a + _FIVE], registers[b : b + _FIVE], registers[out : out + _FIVE]
                for lane in range(_FIVE):
                    result[lane] = subtract(left[lane], right[lane])
            elif operation == EXTENSION_FOLD:
                # A value below P times R is below 2^32 P, and so is a total.
                left = registers[a : a + _FIVE]
                for lane in range(_FIVE):
                    totals[lane] = _wrap(totals[lane] + (np.uint64(left[lane]) << _SHIFT))
            elif operation == INVERT:
                if not _invert(registers[a : a + LANES], registers[out : out + LANES], lanes):
                    return block
            else:  # STORE: out: first of five output rows
                for k in range(EXTENSION_DEGREE):
                    left, result = registers[a + k * LANES : a + (k + 1) * LANES], outputs[out + k]
                    for lane in range(lanes):
                        result[block + lane] = left[lane]
        for k in range(EXTENSION_DEGREE):
            _write_total(totals[k * LANES : (k + 1) * LANES], folded[k, block : block + lanes])
            for where in range(1, 1 + len(selectors)):
                first = where * _FIVE + k * LANES
                _write_selected(
                    totals[first : first + LANES],
                    selectors[where - 1, block : block + lanes],
                    folded[k, block : block + lanes],
                )
    return -1


def fold_constraints(
    program: Program,
    main: Columns,
    preprocessed: Iterable[npt.NDArray[np.integer]],
    auxiliary: Columns,
    selectors: Columns,
) -> Columns:
    """uint32[5, n]: sum over selectors s of selectors[s, i] * (weighted constraints under s at row i).

    main, auxiliary: uint32[w, n] canonical, natural order, the next row cyclic; preprocessed: arrays uint32[any
    period]; selectors uint32[4, n] canonical, in the order every (which is 1 and isn't read), transition, first, last.
    """
    folded = np.empty((EXTENSION_DEGREE, main.shape[1]), np.uint32)
    _execute(program, main, preprocessed, auxiliary, selectors[1:], folded, np.empty((0, 0), np.uint32))
    return folded


def evaluate_rows(
    program: Program, main: Columns, preprocessed: Iterable[npt.NDArray[np.integer]], outputs: Columns
) -> Columns:
    """Stores what the program stores for each row of a trace in outputs, uint32[program.outputs, n].

    Returns uint32[5, n]: what the program folds under no selector. ZeroDivisionError names about where a value that is
    to be inverted was 0.
    """
    if outputs.shape != (program.outputs, main.shape[1]):
        raise ValueError(f"outputs of shape {outputs.shape}, expected {(program.outputs, main.shape[1])}")
    folded = np.empty((EXTENSION_DEGREE, main.shape[1]), np.uint32)
    empty = np.empty((0, 0), np.uint32)
    _execute(program, main, preprocessed, empty, empty, folded, outputs)
    return folded


def _execute(
    program: Program,
    main: Columns,
    preprocessed: Iterable[npt.NDArray[np.integer]],
    auxiliary: Columns,
    selectors: Columns,
    folded: Columns,
    outputs: Columns,
) -> None:
    periodic, bounds = _pack(preprocessed)
    zeros: list[int] = []

    def run(start: int, stop: int) -> None:
        row = _run(
            program.instructions,
            program.sources,
            program.weights,
            program.extension_sources,
            program.extension_weights,
            program.constants,
            program.extension_constants,
            program.initial.reshape(-1),
            program.registers,
            main,
            periodic,
            bounds,
            auxiliary,
            selectors,
            folded,
            outputs,
            start,
            stop,
        )
        if row >= 0:
            zeros.append(row)

    parallel_ranges(run, main.shape[1], grain=LANES)
    if zeros:
        raise ZeroDivisionError(f"a value at index {min(zeros)} or up to {LANES - 1} after it is 0 and has no inverse")


def _pack(preprocessed: Iterable[npt.NDArray[np.integer]]) -> tuple[Columns, Places]:
    """(all columns one after the other, int64[count + 1] where each begins); short periods are repeated to make long
    runs."""
    repeated = [
        np.tile(values, -(-LANES // len(values))) if len(values) < LANES else np.asarray(values)
        for values in preprocessed
    ]
    bounds = np.cumsum([0, *(len(values) for values in repeated)], dtype=np.int64)
    return np.concatenate([np.zeros(0, np.uint32), *repeated]).astype(np.uint32, copy=False), bounds
