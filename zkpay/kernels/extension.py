"""Columns over the quintic extension: products, inverses, powers (SPEC §2).

A column of n values is uint32[5, n], row i holding the coefficients of X^i, in [0, P); X^5 = 1 - X^2.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined, kernel
from zkpay.kernels.montgomery import add, multiply, reduce_product, subtract, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import (
    EXT_ONE,
    EXTENSION_DEGREE,
    Extension,
    P,
    ext_frobenius,
    ext_mul,
    ext_pow,
)

Columns = npt.NDArray[np.uint32]

Value = tuple[np.uint32, np.uint32, np.uint32, np.uint32, np.uint32]

LANES: Final = 64
VALUES: Final = EXTENSION_DEGREE * LANES
"""Words of a block of 64 values."""
_ROWS: Final = 32
_GRAIN: Final = 1 << 12
_BOUND: Final = np.uint64(P << 32)
_ONE: Final = np.uint32(pow(2, 32, P))
_SQUARE: Final = np.uint32(pow(2, 64, P))
_BASIS: Final[list[Extension]] = [
    (1, 0, 0, 0, 0),
    (0, 1, 0, 0, 0),
    (0, 0, 1, 0, 0),
    (0, 0, 0, 1, 0),
    (0, 0, 0, 0, 1),
]
_INVERSE: Final = np.uint32(pow(2, -32, P))
_IMAGES: Final = to_montgomery([[ext_frobenius(e, power) for e in _BASIS] for power in (1, 2)])


@inlined
def _dot2(a0: np.uint32, b0: np.uint32, a1: np.uint32, b1: np.uint32) -> np.uint64:
    """a0 b0 + a1 b1 < 2 P^2 < 2^32 P for canonical arguments."""
    return np.uint64(a0) * np.uint64(b0) + np.uint64(a1) * np.uint64(b1)


@inlined
def _wrap(total: np.uint64) -> np.uint64:
    """Less 2^32 P if that is possible: from below 2^64 to below 2^32 P, which is above 2^62."""
    return min(total, total - _BOUND)


@inlined
def multiply_values(a: Value, b: Value) -> Value:
    """a * b / 2^32 for two values with coordinates in [0, P); the result is canonical.

    Sums of up to five products are kept below 2^32 P (below 2^64 before each conditional subtraction:
    2^32 P + 2 P^2 < 2^64), then reduced once each.
    """
    a0, a1, a2, a3, a4 = a
    b0, b1, b2, b3, b4 = b
    x0 = reduce_product(np.uint64(a0) * np.uint64(b0))
    x1 = reduce_product(_dot2(a0, b1, a1, b0))
    x2 = reduce_product(_wrap(_dot2(a0, b2, a1, b1) + np.uint64(a2) * np.uint64(b0)))
    x3 = reduce_product(_wrap(_dot2(a0, b3, a1, b2) + _dot2(a2, b1, a3, b0)))
    x4 = reduce_product(_wrap(_wrap(_dot2(a0, b4, a1, b3) + _dot2(a2, b2, a3, b1)) + np.uint64(a4) * np.uint64(b0)))
    x5 = reduce_product(_wrap(_dot2(a1, b4, a2, b3) + _dot2(a3, b2, a4, b1)))
    x6 = reduce_product(_wrap(_dot2(a2, b4, a3, b3) + np.uint64(a4) * np.uint64(b2)))
    x7 = reduce_product(_dot2(a3, b4, a4, b3))
    x8 = reduce_product(np.uint64(a4) * np.uint64(b4))
    x58 = subtract(x5, x8)
    return (
        add(x0, x58),
        add(x1, x6),
        add(subtract(x2, x58), x7),
        add(subtract(x3, x6), x8),
        subtract(x4, x7),
    )


@kernel
def multiply_rows(block: Columns, x: int, y: int, z: int) -> None:
    """block[z ..] = block[x ..] * block[y ..] / 2^32 for 64 values each; z's range must not overlap the
    others.

    A value's five rows of 64 words stand one after the other: rows at constant distances in one array are
    what the compiler can tell apart. Fifteen separate arrays might overlap, and the loop would not be
    vectorised.
    """
    a, b, c = block[x : x + VALUES], block[y : y + VALUES], block[z : z + VALUES]
    for i in range(LANES):
        product = multiply_values(
            (a[i], a[i + LANES], a[i + 2 * LANES], a[i + 3 * LANES], a[i + 4 * LANES]),
            (b[i], b[i + LANES], b[i + 2 * LANES], b[i + 3 * LANES], b[i + 4 * LANES]),
        )
        c[i] = product[0]
        c[i + LANES] = product[1]
        c[i + 2 * LANES] = product[2]
        c[i + 3 * LANES] = product[3]
        c[i + 4 * LANES] = product[4]


@kernel
def _load(column: Columns, begin: int, lanes: int, block: Columns, x: int, factor: np.uint32) -> None:
    """Values begin .. begin + lanes times factor / 2^32 to block[x ..]; the lanes that are left become 1."""
    for i in range(5):
        source, target = column[i, begin : begin + lanes], block[x + i * LANES : x + (i + 1) * LANES]
        for lane in range(lanes):
            target[lane] = multiply(source[lane], factor)
        for lane in range(lanes, LANES):
            target[lane] = np.uint32(i == 0)


@kernel
def _store(block: Columns, x: int, column: Columns, begin: int, lanes: int) -> None:
    for i in range(5):
        source, target = block[x + i * LANES : x + (i + 1) * LANES], column[i, begin : begin + lanes]
        for lane in range(lanes):
            target[lane] = source[lane]


@kernel
def _multiply_range(a: Columns, b: Columns, output: Columns, start: int, stop: int) -> None:
    block = np.empty(3 * VALUES, dtype=np.uint32)
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        _load(a, begin, lanes, block, 0, _ONE)
        _load(b, begin, lanes, block, VALUES, _SQUARE)
        multiply_rows(block, 0, VALUES, 2 * VALUES)
        _store(block, 2 * VALUES, output, begin, lanes)


@kernel
def _frobenius(a: Value, images: Columns) -> Value:
    """The map whose images of the basis, in Montgomery form, are the rows of images uint32[5, 5]."""
    r0, r1, r2, r3, r4 = a[0], np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)
    for i in range(1, 5):
        r0 = add(r0, multiply(a[i], images[i, 0]))
        r1 = add(r1, multiply(a[i], images[i, 1]))
        r2 = add(r2, multiply(a[i], images[i, 2]))
        r3 = add(r3, multiply(a[i], images[i, 3]))
        r4 = add(r4, multiply(a[i], images[i, 4]))
    return (r0, r1, r2, r3, r4)


@kernel
def _invert_value(a: Value, scale: np.uint32) -> Value:
    """scale * 2^32 / a; the method is that of `zkpay.stark.field.ext_inverse`, the norm's inverse its power P
    - 2."""
    pair = multiply_values(_frobenius(a, _IMAGES[0]), _frobenius(a, _IMAGES[1]))
    others = multiply_values(pair, _frobenius(pair, _IMAGES[1]))
    norm = multiply_values(a, others)[0]
    power, exponent = scale, np.uint32(P - 2)
    while exponent:
        if exponent & np.uint32(1):
            power = multiply(power, norm)
        norm = multiply(norm, norm)
        exponent = np.uint32(exponent >> np.uint32(1))
    return (
        multiply(others[0], power),
        multiply(others[1], power),
        multiply(others[2], power),
        multiply(others[3], power),
        multiply(others[4], power),
    )


@kernel
def _value(block: Columns, i: int) -> Value:
    return (block[i], block[i + LANES], block[i + 2 * LANES], block[i + 3 * LANES], block[i + 4 * LANES])


@kernel
def _set_value(block: Columns, i: int, value: Value) -> None:
    for coordinate in range(5):
        block[i + coordinate * LANES] = value[coordinate]


@kernel
def _invert_lanes(block: Columns, x: int, y: int, scale: np.uint32) -> None:
    """block[y ..] = scale * 2^32 / block[x ..] for 64 values, one true inversion for all (Montgomery,
    1987)."""
    running = _value(block, x)
    for lane in range(1, LANES):
        _set_value(block, y + lane, running)
        running = multiply_values(running, _value(block, x + lane))
    running = _invert_value(running, scale)
    for lane in range(LANES - 1, 0, -1):
        own = multiply_values(running, _value(block, y + lane))
        running = multiply_values(running, _value(block, x + lane))
        _set_value(block, y + lane, own)
    _set_value(block, y, running)


@kernel
def _invert_range(a: Columns, output: Columns, start: int, stop: int) -> int:
    """output = 1 / a on lanes start..stop; returns the index of the first zero, or -1 if there is none.

    2048 values at a time stand in 32 rows: products down each lane, 64 inverses, and back up.  In the block:
    the values, then the products of the rows above, then three values' room for the running products.
    """
    block = np.empty((2 * _ROWS + 3) * VALUES, dtype=np.uint32)
    room = 2 * _ROWS * VALUES
    for first in range(start, stop, _ROWS * LANES):
        rows = (min(_ROWS * LANES, stop - first) + LANES - 1) // LANES
        for row in range(rows):
            begin = first + row * LANES
            x, before = row * VALUES, (_ROWS + row) * VALUES
            _load(a, begin, min(LANES, stop - begin), block, x, _ONE)
            after = before + VALUES if row + 1 < rows else room
            if row == 0:
                block[after : after + VALUES] = block[x : x + VALUES]
            else:
                multiply_rows(block, before, x, after)
        for lane in range(LANES):
            zero = True
            for coordinate in range(5):
                zero = zero and block[room + coordinate * LANES + lane] == np.uint32(0)
            if zero:
                for index in range(first, min(first + _ROWS * LANES, stop)):
                    if not (a[0, index] | a[1, index] | a[2, index] | a[3, index] | a[4, index]):
                        return index
        running, spare, own = room + VALUES, room, room + 2 * VALUES
        # Every product loses 2^32, and so does each entry on the way up and down: with this scale they
        # cancel.
        _invert_lanes(block, room, running, _INVERSE)
        for row in range(rows - 1, -1, -1):
            begin = first + row * LANES
            lanes = min(LANES, stop - begin)
            if row == 0:
                _store(block, running, output, begin, lanes)
            else:
                multiply_rows(block, running, (_ROWS + row) * VALUES, own)
                _store(block, own, output, begin, lanes)
                multiply_rows(block, running, row * VALUES, spare)
                running, spare = spare, running
    return -1


@kernel
def _powers_range(output: Columns, block: Columns, start: int, stop: int) -> None:
    """Lanes start..stop from block: 64 powers to begin with, 64 times the step in Montgomery form, room for
    64."""
    current, following = 0, 2 * VALUES
    for begin in range(start, stop, LANES):
        _store(block, current, output, begin, min(LANES, stop - begin))
        multiply_rows(block, current, VALUES, following)
        current, following = following, current


def _require_extension(a: Columns) -> Columns:
    if a.ndim != 2 or len(a) != EXTENSION_DEGREE:
        raise ValueError(f"an extension column is uint32[5, n], not of shape {a.shape}")
    return np.ascontiguousarray(a)


def mul(a: Columns, b: Columns) -> Columns:
    """a * b elementwise; uint32[5, n] each, coordinates in [0, P)."""
    if a.shape != b.shape:
        raise ValueError(f"columns of shapes {a.shape} and {b.shape} can't be multiplied")
    a, b = _require_extension(a), _require_extension(b)
    output = np.empty(a.shape, dtype=np.uint32)
    parallel_ranges(lambda start, stop: _multiply_range(a, b, output, start, stop), a.shape[1], grain=_GRAIN)
    return output


def batch_inverse(a: Columns) -> Columns:
    """1 / a elementwise; uint32[5, n], coordinates in [0, P). ZeroDivisionError names the index of a zero."""
    a = _require_extension(a)
    output = np.empty(a.shape, dtype=np.uint32)
    zeros: list[int] = []

    def run(start: int, stop: int) -> None:
        index = _invert_range(a, output, start, stop)
        if index >= 0:
            zeros.append(index)

    parallel_ranges(run, a.shape[1], grain=_GRAIN)
    if zeros:
        raise ZeroDivisionError(f"the value at index {min(zeros)} is 0 and has no inverse")
    return output


def powers(base: Extension, count: int) -> Columns:
    """1, base, ..., base^(count - 1) as uint32[5, count], coordinates in [0, P)."""
    output = np.empty((EXTENSION_DEGREE, count), dtype=np.uint32)
    first = [EXT_ONE]
    while len(first) < LANES:
        first.append(ext_mul(first[-1], base))
    first_powers = np.array(first, dtype=np.uint32).T
    step = to_montgomery(np.broadcast_to(np.array(ext_pow(base, LANES))[:, None], (EXTENSION_DEGREE, LANES)))

    def run(start: int, stop: int) -> None:
        offset = np.broadcast_to(np.array(ext_pow(base, start), dtype=np.uint32)[:, None], first_powers.shape)
        block = np.empty(3 * VALUES, dtype=np.uint32)
        begin = np.empty((EXTENSION_DEGREE, LANES), dtype=np.uint32)
        _multiply_range(np.ascontiguousarray(offset), first_powers, begin, 0, LANES)
        block[:VALUES], block[VALUES : 2 * VALUES] = begin.reshape(-1), step.reshape(-1)
        _powers_range(output, block, start, stop)

    parallel_ranges(run, count, grain=_GRAIN)
    return output
