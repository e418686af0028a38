"""Columns over the quintic extension: products, inverses, powers; and inverses in the base field (SPEC §2).

A column of n values is uint32[5, n], row i holding the coefficients of X^i, in [0, P); X^5 = 1 - X^2.  Kernels
work on blocks of 64 values, five rows of 64 words each in one flat array; columns are copied in and out.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined, kernel
from zkpay.kernels.memory import contiguous_rows, memory_of
from zkpay.kernels.montgomery import multiply, reduce_product, subtract, to_montgomery
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
_INVERSE: Final = np.uint32(pow(2, -32, P))
_EXPONENT: Final = P - 2
_EXPONENT_BITS: Final = _EXPONENT.bit_length()
_BASIS: Final[list[Extension]] = [
    (1, 0, 0, 0, 0),
    (0, 1, 0, 0, 0),
    (0, 0, 1, 0, 0),
    (0, 0, 0, 1, 0),
    (0, 0, 0, 0, 1),
]
_IMAGES: Final = to_montgomery([[ext_frobenius(e, power) for e in _BASIS] for power in (1, 2)])


@inlined
def _product(a: np.uint32, b: np.uint32) -> np.uint64:
    return np.uint64(a) * np.uint64(b)


@inlined
def _wrap(total: np.uint64) -> np.uint64:
    """Less 2^32 P if that is possible: from below 2^33 P to below 2^32 P.

    Words from 2^33 P to 2^64 would not come below it; no total gets there, since 2 P < 2^32.
    """
    return min(total, total - _BOUND)


@inlined
def _dot(a: Value, b0: np.uint32, b1: np.uint32, b2: np.uint32, b3: np.uint32, b4: np.uint32) -> np.uint32:
    """sum_i a_i b_i / 2^32 mod P for canonical arguments: 4 P^2 and 2^32 P + P^2 are below 2^33 P."""
    total = _product(a[0], b0) + _product(a[1], b1) + _product(a[2], b2) + _product(a[3], b3)
    return reduce_product(_wrap(_wrap(total) + _product(a[4], b4)))


@inlined
def multiply_values(a: Value, b: Value) -> Value:
    """a * b / 2^32 for two values with coordinates in [0, P); the result is canonical.

    Row i of the matrix of multiplication by b holds what each coordinate of a adds to the coefficient of X^i, by
    X^5 = 1 - X^2, X^6 = X - X^3, X^7 = X^2 - X^4 and X^8 = X^3 + X^2 - 1.
    """
    b0, b1, b2, b3, b4 = b
    b14, b03, b42 = subtract(b1, b4), subtract(b0, b3), subtract(b4, b2)
    return (
        _dot(a, b0, b4, b3, b2, b14),
        _dot(a, b1, b0, b4, b3, b2),
        _dot(a, b2, b14, b03, b42, subtract(b3, b14)),
        _dot(a, b3, b2, b14, b03, b42),
        _dot(a, b4, b3, b2, b14, b03),
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


@inlined
def _row(block: Columns, x: int, i: int) -> Columns:
    """Coordinate i of the values at block[x ..]."""
    return block[x + i * LANES : x + (i + 1) * LANES]


@kernel
def _read(column: Columns, step: int, begin: int, stop: int, block: Columns, x: int) -> None:
    """Values begin .. stop, at most 64, to block[x ..]; the lanes that are left become (1, 1, 1, 1, 1), not zero.

    The number of lanes is not a constant, or the compiler would unroll the loops before it could vectorise them.
    """
    lanes = min(LANES, stop - begin)
    for i in range(EXTENSION_DEGREE):
        source, target = column[i * step + begin :], _row(block, x, i)
        for lane in range(lanes):
            target[lane] = source[lane]
        for lane in range(lanes, LANES):
            target[lane] = np.uint32(1)


@kernel
def _write(block: Columns, x: int, column: Columns, step: int, begin: int, stop: int) -> None:
    lanes = min(LANES, stop - begin)
    for i in range(EXTENSION_DEGREE):
        source, target = _row(block, x, i), column[i * step + begin :]
        for lane in range(lanes):
            target[lane] = source[lane]


@inlined
def _scale(block: Columns, x: int, factor: np.uint32) -> None:
    """block[x ..] *= factor / 2^32; the factor in [0, P)."""
    values = block[x : x + VALUES]
    for word in range(VALUES):
        values[word] = multiply(values[word], factor)


@kernel
def _multiply_range(
    a: Columns, a_step: int, b: Columns, b_step: int, output: Columns, output_step: int, start: int, stop: int
) -> None:
    """Values start..stop of flat columns, whose row i begins at i times their step."""
    block = np.empty(3 * VALUES, dtype=np.uint32)
    for begin in range(start, stop, LANES):
        _read(a, a_step, begin, stop, block, 0)
        _read(b, b_step, begin, stop, block, VALUES)
        _scale(block, VALUES, _SQUARE)
        multiply_rows(block, 0, VALUES, 2 * VALUES)
        _write(block, 2 * VALUES, output, output_step, begin, stop)


@inlined
def _invert_row(values: Columns, powers: Columns) -> None:
    """1 / values in place for 64 elements in [0, P), their powers P - 2; powers is room for 64.

    Each product loses 2^32, P - 3 times in all, which leaves a factor 2^64.
    """
    for lane in range(LANES):
        powers[lane] = values[lane]
    for bit in range(_EXPONENT_BITS - 2, -1, -1):
        for lane in range(LANES):
            powers[lane] = multiply(powers[lane], powers[lane])
        if _EXPONENT >> bit & 1:
            for lane in range(LANES):
                powers[lane] = multiply(powers[lane], values[lane])
    for lane in range(LANES):
        values[lane] = multiply(powers[lane], _INVERSE)


@kernel
def _frobenius(block: Columns, x: int, images: Columns, z: int) -> None:
    """block[z ..] = the map whose images of the basis, in Montgomery form, are uint32[5, 5], of block[x ..]."""
    a, c = block[x : x + VALUES], block[z : z + VALUES]
    # A constant 5 here would be unrolled: five times the code to compile, no faster.
    for k in range(images.shape[1]):
        m0, m1, m2, m3, m4 = images[0, k], images[1, k], images[2, k], images[3, k], images[4, k]
        target = _row(c, 0, k)
        for i in range(LANES):
            value = (a[i], a[i + LANES], a[i + 2 * LANES], a[i + 3 * LANES], a[i + 4 * LANES])
            target[i] = _dot(value, m0, m1, m2, m3, m4)


@inlined
def _invert_rows(block: Columns, x: int, z: int) -> None:
    """block[z ..] = 1 / block[x ..] for 64 values, by `zkpay.stark.field.ext_inverse`'s method; takes the room of
    three more blocks of values after z."""
    pair, others, norm = z + VALUES, z + 2 * VALUES, z + 3 * VALUES
    _frobenius(block, x, _IMAGES[0], others)
    _frobenius(block, x, _IMAGES[1], norm)
    multiply_rows(block, others, norm, pair)
    _frobenius(block, pair, _IMAGES[1], norm)
    multiply_rows(block, pair, norm, others)
    # The product of the other four conjugates has lost 2^96 here, the norm 2^128, and the last products lose 2^32.
    multiply_rows(block, x, others, norm)
    norms = _row(block, norm, 0)
    _invert_row(norms, _row(block, norm, 1))
    for i in range(EXTENSION_DEGREE):
        source, target = _row(block, others, i), _row(block, z, i)
        for lane in range(LANES):
            target[lane] = multiply(source[lane], norms[lane])


@kernel
def _invert_range(a: Columns, a_step: int, output: Columns, output_step: int, start: int, stop: int) -> bool:
    """output = 1 / a on values start..stop of flat columns; False if there is a zero.

    2048 values at a time stand in 32 rows: products down each lane, 64 inverses, and back up (Montgomery, 1987).
    In the block: the values, the products down to each row, two running inverses, room for `_invert_rows`.
    """
    block = np.empty((2 * _ROWS + 5) * VALUES, dtype=np.uint32)
    for first in range(start, stop, _ROWS * LANES):
        rows = min(_ROWS, (stop - first + LANES - 1) // LANES)
        running, spare = 2 * _ROWS * VALUES, (2 * _ROWS + 4) * VALUES
        _read(a, a_step, first, stop, block, 0)
        # Word by word: the check of shapes in an assignment of slices takes seconds to compile.
        for word in range(VALUES):
            block[_ROWS * VALUES + word] = block[word]
        for row in range(1, rows):
            _read(a, a_step, first + row * LANES, stop, block, row * VALUES)
            multiply_rows(block, (_ROWS + row - 1) * VALUES, row * VALUES, (_ROWS + row) * VALUES)
        product = (_ROWS + rows - 1) * VALUES
        for i in range(product, product + LANES):
            if not (block[i] | block[i + LANES] | block[i + 2 * LANES] | block[i + 3 * LANES] | block[i + 4 * LANES]):
                return False
        _invert_rows(block, product, running)
        # A product has lost 2^32 more than the one before it, which makes up for what each of these loses.
        for row in range(rows - 1, 0, -1):
            own = (_ROWS + row) * VALUES
            multiply_rows(block, running, own - VALUES, own)
            _write(block, own, output, output_step, first + row * LANES, stop)
            multiply_rows(block, running, row * VALUES, spare)
            running, spare = spare, running
        _write(block, running, output, output_step, first, stop)
    return True


@kernel
def _invert_words(values: Columns, output: Columns, start: int, stop: int) -> None:
    """output = 1 / values on start..stop, none of them zero: like `_invert_range`, in the base field.

    Entry n of a lane: the total is their product over 2^(32 (n - 1)), so it is inverted as it stands.
    """
    block = np.empty((2 * _ROWS + 2) * LANES, dtype=np.uint32)
    total, room = block[2 * _ROWS * LANES : (2 * _ROWS + 1) * LANES], block[(2 * _ROWS + 1) * LANES :]
    for first in range(start, stop, _ROWS * LANES):
        count = min(_ROWS * LANES, stop - first)
        entries, products = block[: _ROWS * LANES], block[_ROWS * LANES : 2 * _ROWS * LANES]
        for i in range(count):
            entries[i] = values[first + i]
        for i in range(count, _ROWS * LANES):
            entries[i] = np.uint32(1)
        total[:] = _ONE
        for row in range(_ROWS):
            own, product = entries[row * LANES : (row + 1) * LANES], products[row * LANES : (row + 1) * LANES]
            for lane in range(LANES):
                product[lane] = total[lane]
                total[lane] = multiply(total[lane], own[lane])
        _invert_row(total, room)
        for row in range(_ROWS - 1, -1, -1):
            own, product = entries[row * LANES : (row + 1) * LANES], products[row * LANES : (row + 1) * LANES]
            for lane in range(LANES):
                inverse = multiply(total[lane], product[lane])
                total[lane] = multiply(total[lane], own[lane])
                own[lane] = inverse
        for i in range(count):
            output[first + i] = entries[i]


@kernel
def _powers_range(output: Columns, output_step: int, block: Columns, start: int, stop: int) -> None:
    """Values start..stop from block: 64 powers to begin with, 64 times the step in Montgomery form, room for 64."""
    current, following = 0, 2 * VALUES
    for begin in range(start, stop, LANES):
        _write(block, current, output, output_step, begin, stop)
        multiply_rows(block, current, VALUES, following)
        current, following = following, current


def _require_extension(a: Columns) -> None:
    if a.ndim != 2 or len(a) != EXTENSION_DEGREE:
        raise ValueError(f"an extension column is uint32[5, n], not of shape {a.shape}")


def mul(a: Columns, b: Columns) -> Columns:
    """a * b elementwise; uint32[5, n] each, coordinates in [0, P). Columns with contiguous rows are not copied."""
    if a.shape != b.shape:
        raise ValueError(f"columns of shapes {a.shape} and {b.shape} can't be multiplied")
    _require_extension(a)
    output = np.empty(a.shape, dtype=np.uint32)
    first, (first_step,) = memory_of(contiguous_rows(a))
    second, (second_step,) = memory_of(contiguous_rows(b))
    product, (step,) = memory_of(output)

    def run(start: int, stop: int) -> None:
        _multiply_range(first, first_step, second, second_step, product, step, start, stop)

    parallel_ranges(run, a.shape[1], grain=_GRAIN)
    return output


def batch_inverse(a: Columns) -> Columns:
    """1 / a elementwise; uint32[5, n], coordinates in [0, P). ZeroDivisionError names the index of a zero.

    Columns with contiguous rows are not copied.
    """
    _require_extension(a)
    output = np.empty(a.shape, dtype=np.uint32)
    values, (step,) = memory_of(contiguous_rows(a))
    inverses, (output_step,) = memory_of(output)
    nonzero: list[bool] = []
    parallel_ranges(
        lambda start, stop: nonzero.append(_invert_range(values, step, inverses, output_step, start, stop)),
        a.shape[1],
        grain=_GRAIN,
    )
    if not all(nonzero):
        raise ZeroDivisionError(f"the value at index {int(np.argmin(a.any(axis=0)))} is 0 and has no inverse")
    return output


def invert_elements(values: Columns) -> Columns:
    """1 / values elementwise in the base field; uint32[n] in [0, P). ZeroDivisionError names the index of a zero."""
    if values.ndim != 1:
        raise ValueError(f"elements are uint32[n], not of shape {values.shape}")
    if not values.all():
        raise ZeroDivisionError(f"the element at index {int(np.argmin(values != 0))} is 0 and has no inverse")
    elements = np.ascontiguousarray(values)
    output = np.empty(elements.shape, dtype=np.uint32)
    parallel_ranges(lambda start, stop: _invert_words(elements, output, start, stop), len(values), grain=_GRAIN)
    return output


def powers(base: Extension, count: int) -> Columns:
    """1, base, ..., base^(count - 1) as uint32[5, count], coordinates in [0, P)."""
    output = np.empty((EXTENSION_DEGREE, count), dtype=np.uint32)
    flat, (output_step,) = memory_of(output)
    first = [EXT_ONE]
    while len(first) < LANES:
        first.append(ext_mul(first[-1], base))
    first_powers = np.array(first, dtype=np.uint32).T.reshape(-1)
    step = np.repeat(to_montgomery(ext_pow(base, LANES)), LANES)

    def run(start: int, stop: int) -> None:
        offset = np.repeat(np.array(ext_pow(base, start), dtype=np.uint32), LANES)
        block = np.empty(3 * VALUES, dtype=np.uint32)
        _multiply_range(first_powers, LANES, offset, LANES, block, LANES, 0, LANES)
        block[VALUES : 2 * VALUES] = step
        _powers_range(flat, output_step, block, start, stop)

    parallel_ranges(run, count, grain=_GRAIN)
    return output
