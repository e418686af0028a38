"""One fixed kernel that runs a constraint program over blocks of rows (SPEC §4.5).

A program is an array of instructions (operation, destination, a, b) over registers of LANES rows. It compiles
once and serves every circuit. Registers hold Montgomery form: columns are converted when they are loaded,
results when they are stored. An extension register is five base registers in a row.

All values are canonical in [0, P), so a sum is below 2 P < 2^32 and a product below 2^62; `linear` adds at
most two products before it reduces, 2 P^2 < 2^32 P.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import add, multiply, reduce_product, subtract
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import P

Columns = npt.NDArray[np.uint32]

LANES: Final = 128
EXTENSION: Final = 5
SELECTORS: Final = 4  # every, transition, first, last

LOAD_MAIN: Final = 0
LOAD_PREPROCESSED: Final = 1
LOAD_AUXILIARY: Final = 2
SET: Final = 3
MULTIPLY: Final = 4
LINEAR: Final = 5
FINGERPRINT: Final = 6
EXTENSION_MULTIPLY: Final = 7
EXTENSION_SCALE: Final = 8
EXTENSION_ADD: Final = 9
EXTENSION_SUBTRACT: Final = 10
CONSTRAIN: Final = 11
EXTENSION_CONSTRAIN: Final = 12
STORE: Final = 13
EXTENSION_SET: Final = 14

_TO_MONTGOMERY = np.uint32(pow(2, 64, P))
_ONE = np.uint32(1)


@dataclass(frozen=True)
class Program:
    """instructions int32[n, 4]; terms int32[m, 2] = (register, constant); constants uint32[k] and
    extension_constants uint32[e, 5] in Montgomery form; registers: how many; outputs: rows of stored
    results."""

    instructions: npt.NDArray[np.int32]
    terms: npt.NDArray[np.int32]
    constants: Columns
    extension_constants: Columns
    registers: int
    outputs: int


@kernel
def _extension_product(a: Columns, b: Columns, out: Columns, lanes: int) -> None:
    """out = a * b in F_p[X] / (X^5 + X^2 - 1), Montgomery form; out must not overlap a or b."""
    for lane in range(lanes):
        a0, a1, a2, a3, a4 = a[0, lane], a[1, lane], a[2, lane], a[3, lane], a[4, lane]
        b0, b1, b2, b3, b4 = b[0, lane], b[1, lane], b[2, lane], b[3, lane], b[4, lane]
        x5 = add(add(multiply(a1, b4), multiply(a2, b3)), add(multiply(a3, b2), multiply(a4, b1)))
        x6 = add(add(multiply(a2, b4), multiply(a3, b3)), multiply(a4, b2))
        x7 = add(multiply(a3, b4), multiply(a4, b3))
        x8 = multiply(a4, b4)
        c2 = add(add(multiply(a0, b2), multiply(a1, b1)), multiply(a2, b0))
        c3 = add(add(multiply(a0, b3), multiply(a1, b2)), add(multiply(a2, b1), multiply(a3, b0)))
        c4 = add(add(multiply(a0, b4), multiply(a1, b3)), add(multiply(a2, b2), multiply(a3, b1)))
        out[0, lane] = subtract(add(multiply(a0, b0), x5), x8)
        out[1, lane] = add(add(multiply(a0, b1), multiply(a1, b0)), x6)
        out[2, lane] = add(subtract(c2, x5), add(x7, x8))
        out[3, lane] = add(subtract(c3, x6), x8)
        out[4, lane] = subtract(add(c4, multiply(a4, b0)), x7)


@kernel
def _load(source: Columns, column: int, rotation: int, start: int, lanes: int, out: Columns) -> None:
    rows = source.shape[1]
    values = source[column]
    first = start + rotation
    inside = min(lanes, rows - first)
    for lane in range(inside):
        out[lane] = multiply(values[first + lane], _TO_MONTGOMERY)
    for lane in range(max(inside, 0), lanes):
        out[lane] = multiply(values[first + lane - rows], _TO_MONTGOMERY)


@kernel
def _linear(
    terms: npt.NDArray[np.int32],
    constants: Columns,
    registers: Columns,
    offset: np.uint32,
    out: Columns,
    lanes: int,
) -> None:
    """out = offset + sum constant * register; two products at a time."""
    count = len(terms)
    for lane in range(lanes):
        out[lane] = offset
    for k in range(0, count - 1, 2):
        c0, c1 = np.uint64(constants[terms[k, 1]]), np.uint64(constants[terms[k + 1, 1]])
        s0, s1 = registers[terms[k, 0]], registers[terms[k + 1, 0]]
        for lane in range(lanes):
            t = c0 * np.uint64(s0[lane]) + c1 * np.uint64(s1[lane])
            out[lane] = add(out[lane], reduce_product(t))
    if count % 2:
        c0 = np.uint64(constants[terms[count - 1, 1]])
        s0 = registers[terms[count - 1, 0]]
        for lane in range(lanes):
            out[lane] = add(out[lane], reduce_product(c0 * np.uint64(s0[lane])))


@kernel
def _run(
    instructions: npt.NDArray[np.int32],
    terms: npt.NDArray[np.int32],
    constants: Columns,
    extension_constants: Columns,
    register_count: int,
    main: Columns,
    preprocessed: Columns,
    auxiliary: Columns,
    selectors: Columns,
    folded: Columns,
    outputs: Columns,
    start: int,
    stop: int,
) -> None:
    registers = np.empty((register_count, LANES), np.uint32)
    sums = np.empty((SELECTORS * EXTENSION, LANES), np.uint32)
    for block in range(start, stop, LANES):
        lanes = min(LANES, stop - block)
        sums[:] = 0
        for position in range(len(instructions)):
            operation, out, a, b = instructions[position]
            if operation == LINEAR:
                # a: first term, b: number of terms; the offset is the constant of the term before the first.
                _linear(terms[a : a + b], constants, registers, constants[terms[a - 1, 1]], registers[out], lanes)
            elif operation == MULTIPLY:
                left, right, result = registers[a], registers[b], registers[out]
                for lane in range(lanes):
                    result[lane] = multiply(left[lane], right[lane])
            elif operation == LOAD_MAIN:
                _load(main, a, b, block, lanes, registers[out])
            elif operation == LOAD_AUXILIARY:
                for k in range(EXTENSION):
                    _load(auxiliary, a + k, b, block, lanes, registers[out + k])
            elif operation == LOAD_PREPROCESSED:
                _load(preprocessed, a, b, block, lanes, registers[out])
            elif operation == SET:
                registers[out, :lanes] = constants[a]
            elif operation == CONSTRAIN:
                # out: selector, a: register, b: extension constant.
                value = registers[a]
                for k in range(EXTENSION):
                    weight = extension_constants[b, k]
                    total = sums[EXTENSION * out + k]
                    for lane in range(lanes):
                        total[lane] = add(total[lane], multiply(value[lane], weight))
            elif operation == FINGERPRINT:
                # Extension sum: a: first term, b: number; terms are (register, extension constant).
                for k in range(EXTENSION):
                    result = registers[out + k]
                    result[:lanes] = extension_constants[terms[a - 1, 1], k]
                    for t in range(a, a + b):
                        weight, source = extension_constants[terms[t, 1], k], registers[terms[t, 0]]
                        for lane in range(lanes):
                            result[lane] = add(result[lane], multiply(source[lane], weight))
            elif operation == EXTENSION_MULTIPLY:
                _extension_product(
                    registers[a : a + EXTENSION],
                    registers[b : b + EXTENSION],
                    registers[out : out + EXTENSION],
                    lanes,
                )
            elif operation == EXTENSION_SCALE:
                factor = registers[b]
                for k in range(EXTENSION):
                    source, result = registers[a + k], registers[out + k]
                    for lane in range(lanes):
                        result[lane] = multiply(source[lane], factor[lane])
            elif operation == EXTENSION_ADD:
                for k in range(EXTENSION):
                    left, right, result = registers[a + k], registers[b + k], registers[out + k]
                    for lane in range(lanes):
                        result[lane] = add(left[lane], right[lane])
            elif operation == EXTENSION_SUBTRACT:
                for k in range(EXTENSION):
                    left, right, result = registers[a + k], registers[b + k], registers[out + k]
                    for lane in range(lanes):
                        result[lane] = subtract(left[lane], right[lane])
            elif operation == EXTENSION_SET:
                for k in range(EXTENSION):
                    registers[out + k, :lanes] = extension_constants[a, k]
            elif operation == EXTENSION_CONSTRAIN:
                weight_register = registers[out + EXTENSION : out + 2 * EXTENSION]
                product = registers[out : out + EXTENSION]
                for k in range(EXTENSION):
                    weight_register[k, :lanes] = extension_constants[b, k]
                _extension_product(registers[a : a + EXTENSION], weight_register, product, lanes)
                for k in range(EXTENSION):
                    total, source = sums[k], product[k]
                    for lane in range(lanes):
                        total[lane] = add(total[lane], source[lane])
            else:  # STORE: out: output row, a: register
                source, result = registers[a], outputs[out]
                for lane in range(lanes):
                    result[block + lane] = multiply(source[lane], _ONE)
        if len(folded):
            for k in range(EXTENSION):
                result = folded[k]
                for where in range(SELECTORS):
                    factor, source = selectors[where], sums[EXTENSION * where + k]
                    for lane in range(lanes):
                        # A canonical selector times a Montgomery value is canonical.
                        part = multiply(factor[block + lane], source[lane])
                        if where == 0:
                            result[block + lane] = part
                        else:
                            result[block + lane] = add(result[block + lane], part)


def fold_constraints(
    program: Program, main: Columns, preprocessed: Columns, auxiliary: Columns, selectors: Columns
) -> Columns:
    """uint32[5, n]: sum over selectors s of selectors[s, i] * (weighted constraints under s at row i).

    main, preprocessed, auxiliary: uint32[w, n] canonical, natural order, the next row cyclic; selectors
    uint32[4, n] canonical, in the order every, transition, first, last.
    """
    rows = main.shape[1]
    folded = np.empty((EXTENSION, rows), np.uint32)
    _execute(program, main, preprocessed, auxiliary, selectors, folded, np.empty((0, rows), np.uint32))
    return folded


def evaluate_rows(program: Program, main: Columns, preprocessed: Columns) -> Columns:
    """uint32[outputs, n]: what the program stores for each row of a trace."""
    rows = main.shape[1]
    empty = np.empty((0, rows), np.uint32)
    outputs = np.empty((program.outputs, rows), np.uint32)
    _execute(program, main, preprocessed, empty, empty, empty, outputs)
    return outputs


def _execute(
    program: Program,
    main: Columns,
    preprocessed: Columns,
    auxiliary: Columns,
    selectors: Columns,
    folded: Columns,
    outputs: Columns,
) -> None:
    def run(start: int, stop: int) -> None:
        _run(
            program.instructions,
            program.terms,
            program.constants,
            program.extension_constants,
            program.registers,
            main,
            preprocessed,
            auxiliary,
            selectors,
            folded,
            outputs,
            start,
            stop,
        )

    parallel_ranges(run, main.shape[1], grain=LANES)
