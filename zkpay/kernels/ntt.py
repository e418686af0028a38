"""Number-theoretic transforms of columns, on subgroups and their cosets (SPEC §2).

Natural order in and out.  A column of n = R * C values is read as a matrix of R rows (Bailey's four steps,
"FFTs in external or hierarchical memory", 1990):

1. length-R transforms down the matrix's columns, a panel of 128 neighbouring lanes at a time;
2. entry (k, c) times omega_n^(k c);
3. transposition;
4. length-C transforms down the columns of the transposed matrix, again in panels.

A panel fits the second-level cache, and all inner loops run over contiguous lanes.  Shifts of the domain and
the factor 1/n are folded into the twiddles of step 2 and into one factor for each row that is loaded or
stored.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import MODULUS, add, multiply, power_table, subtract, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import P, inverse, two_adic_generator

Columns = npt.NDArray[np.uint32]

LANES: Final = 128
_CACHED_ROWS: Final = 64
"""Rows of a panel that fit the first-level cache: 64 * 128 * 4 bytes = 32 KiB."""
_TILE: Final = 16


@kernel
def _butterflies_4(panel: Columns, base: int, size: int, step: int, roots: Columns, lanes: int) -> None:
    """Two radix-2 decimation-in-frequency stages on rows base .. base + size of the panel, size a multiple
    of 4.

    Differences enter products unreduced: a + P - b < 2 P < 2^32.
    """
    quarter = size // 4
    for i in range(quarter):
        row0, row1 = panel[base + i], panel[base + i + quarter]
        row2, row3 = panel[base + i + 2 * quarter], panel[base + i + 3 * quarter]
        fourth_root = roots[(i + quarter) * step]
        if i == 0:
            for lane in range(lanes):
                a0, a1, a2, a3 = row0[lane], row1[lane], row2[lane], row3[lane]
                b0, b1, b2 = add(a0, a2), add(a1, a3), subtract(a0, a2)
                b3 = multiply(np.uint32(a1 + MODULUS - a3), fourth_root)
                row0[lane] = add(b0, b1)
                row1[lane] = subtract(b0, b1)
                row2[lane] = add(b2, b3)
                row3[lane] = subtract(b2, b3)
        else:
            root, square = roots[i * step], roots[2 * i * step]
            for lane in range(lanes):
                a0, a1, a2, a3 = row0[lane], row1[lane], row2[lane], row3[lane]
                b0, b1 = add(a0, a2), add(a1, a3)
                b2 = multiply(np.uint32(a0 + MODULUS - a2), root)
                b3 = multiply(np.uint32(a1 + MODULUS - a3), fourth_root)
                row0[lane] = add(b0, b1)
                row1[lane] = multiply(np.uint32(b0 + MODULUS - b1), square)
                row2[lane] = add(b2, b3)
                row3[lane] = multiply(np.uint32(b2 + MODULUS - b3), square)


@kernel
def _stages(panel: Columns, base: int, rows: int, smallest: int, total: int, roots: Columns, lanes: int) -> int:
    """Stages on rows base .. base + rows until blocks have at most `smallest` rows; returns the block size
    reached."""
    size = rows
    while size > smallest and size >= 4:
        for start in range(base, base + rows, size):
            _butterflies_4(panel, start, size, total // size, roots, lanes)
        size //= 4
    if size == 2 and smallest < 2:
        for start in range(base, base + rows, 2):
            row0, row1 = panel[start], panel[start + 1]
            for lane in range(lanes):
                a0, a1 = row0[lane], row1[lane]
                row0[lane] = add(a0, a1)
                row1[lane] = subtract(a0, a1)
        size = 1
    return size


@kernel
def _transform_panel(panel: Columns, rows: int, roots: Columns, lanes: int) -> None:
    """Length-`rows` transforms down the panel's lanes; natural order in, bit-reversed rows out.

    roots[i] = omega^i * 2^32 for i < rows / 2. Blocks that fit the first-level cache are finished one by one.
    """
    block = _stages(panel, 0, rows, _CACHED_ROWS, rows, roots, lanes)
    if block > 1:
        for base in range(0, rows, block):
            _stages(panel, base, block, 1, rows, roots, lanes)


@kernel
def _load_panel(
    column: Columns,
    fold: np.uint32,
    factors: Columns,
    panel: Columns,
    rows: int,
    width: int,
    first: int,
    lanes: int,
) -> None:
    """panel[r, j] = factors[r] * (column[i] + fold * column[i + rows * width]) with i = r * width + first +
    j.

    Values beyond the end of the column are 0; with no factors they are taken to be 1.
    """
    size = rows * width
    for r in range(rows):
        begin = r * width + first
        present = min(max(len(column) - begin, 0), lanes)
        folded = min(max(len(column) - size - begin, 0), lanes)
        target = panel[r]
        source = column[begin : begin + present]
        for lane in range(present):
            target[lane] = source[lane]
        for lane in range(present, lanes):
            target[lane] = np.uint32(0)
        beyond = column[begin + size : begin + size + folded]
        for lane in range(folded):
            target[lane] = add(target[lane], multiply(beyond[lane], fold))
        if len(factors) > 0:
            factor = factors[r]
            for lane in range(lanes):
                target[lane] = multiply(target[lane], factor)


@kernel
def _transform_column(
    column: Columns,
    output: Columns,
    fold: np.uint32,
    load_factors: Columns,
    store_factors: Columns,
    twiddles: Columns,
    row_roots: Columns,
    column_roots: Columns,
    row_order: npt.NDArray[np.int64],
    column_order: npt.NDArray[np.int64],
    panel: Columns,
    tile: Columns,
) -> None:
    """The four steps for one column: uint32 in [0, P) to output uint32[R * C] in [0, P); both must not
    overlap.

    row_order and column_order are the bit reversals of R and C rows; twiddles[k, c] may hold more than
    omega_n^(k c).
    """
    rows, width = twiddles.shape
    for first in range(0, width, LANES):
        lanes = min(LANES, width - first)
        _load_panel(column, fold, load_factors, panel, rows, width, first, lanes)
        _transform_panel(panel, rows, row_roots, lanes)
        height = min(_TILE, rows)
        for top in range(0, rows, height):
            for k in range(height):
                source, twiddle = panel[row_order[top + k]], twiddles[top + k, first : first + lanes]
                target = tile[k]
                for lane in range(lanes):
                    target[lane] = multiply(source[lane], twiddle[lane])
            for lane in range(lanes):
                begin = (first + lane) * rows + top
                entries = output[begin : begin + height]
                for k in range(height):
                    entries[k] = tile[k, lane]
    for first in range(0, rows, LANES):
        lanes = min(LANES, rows - first)
        for r in range(width):
            panel[r, :lanes] = output[r * rows + first : r * rows + first + lanes]
        _transform_panel(panel, width, column_roots, lanes)
        for r in range(width):
            source = panel[column_order[r]]
            target = output[r * rows + first : r * rows + first + lanes]
            if len(store_factors) > 0:
                factor = store_factors[r]
                for lane in range(lanes):
                    target[lane] = multiply(source[lane], factor)
            else:
                target[:] = source[:lanes]


@kernel
def _twiddle_rows(twiddles: Columns, bases: Columns, starts: Columns, first: int, last: int) -> None:
    """twiddles[k, c] = starts[k] * bases[k]^c for rows first..last, everything in Montgomery form."""
    width = twiddles.shape[1]
    for k in range(first, last):
        row = twiddles[k]
        row[0] = starts[k]
        known, step = 1, bases[k]
        while known < width:
            source, target = row[:known], row[known : 2 * known]
            for c in range(known):
                target[c] = multiply(source[c], step)
            known, step = 2 * known, multiply(step, step)


@cache
def _bit_reversal(log_size: int) -> npt.NDArray[np.int64]:
    order = np.zeros(1, dtype=np.int64)
    for _ in range(log_size):
        order = np.concatenate([2 * order, 2 * order + 1])
    return order


@dataclass(frozen=True)
class _Plan:
    """Everything that a transform of one size, direction and shift multiplies by."""

    load_factors: Columns
    store_factors: Columns
    twiddles: Columns
    row_roots: Columns
    column_roots: Columns
    row_order: npt.NDArray[np.int64]
    column_order: npt.NDArray[np.int64]


@lru_cache(maxsize=2)
def _plan(log_size: int, omega: int, input_shift: int, output_shift: int, factor: int) -> _Plan:
    """For output[k] = factor * output_shift^k * sum_j input_shift^j * omega^(j k) * input[j].

    With j = r C + c and k = k1 + R k2, input_shift^(r C) is a factor of row r on loading and output_shift^(R
    k2) one of row k2 on storing; input_shift^c and output_shift^k1 join the twiddle omega^(c k1).
    """
    log_rows = log_size // 2
    rows, width = 1 << log_rows, 1 << (log_size - log_rows)
    none = np.empty(0, dtype=np.uint32)
    bases = power_table(omega, rows).astype(np.uint64) * np.uint64(input_shift) % np.uint64(P)
    starts = power_table(output_shift, rows).astype(np.uint64) * np.uint64(factor) % np.uint64(P)
    bases, starts = bases.astype(np.uint32), starts.astype(np.uint32)
    twiddles = np.empty((rows, width), dtype=np.uint32)
    parallel_ranges(lambda first, last: _twiddle_rows(twiddles, bases, starts, first, last), rows, grain=16)
    return _Plan(
        load_factors=none if input_shift == 1 else power_table(pow(input_shift, width, P), rows),
        store_factors=none if output_shift == 1 else power_table(pow(output_shift, rows, P), width),
        twiddles=twiddles,
        row_roots=power_table(pow(omega, width, P), max(rows // 2, 1)),
        column_roots=power_table(pow(omega, rows, P), max(width // 2, 1)),
        row_order=_bit_reversal(log_rows),
        column_order=_bit_reversal(log_size - log_rows),
    )


def _transform(columns: Columns, output: Columns, fold: int, plan: _Plan) -> None:
    fold_factor = np.uint32(to_montgomery(fold))
    height, lanes = max(plan.twiddles.shape), min(LANES, max(plan.twiddles.shape))

    def run(start: int, stop: int) -> None:
        panel = np.empty((height, lanes), dtype=np.uint32)
        tile = np.empty((_TILE, lanes), dtype=np.uint32)
        for index in range(start, stop):
            _transform_column(
                columns[index],
                output[index],
                fold_factor,
                plan.load_factors,
                plan.store_factors,
                plan.twiddles,
                plan.row_roots,
                plan.column_roots,
                plan.row_order,
                plan.column_order,
                panel,
                tile,
            )

    parallel_ranges(run, len(columns))


def _log_of(size: int) -> int:
    if size < 1 or size & (size - 1):
        raise ValueError(f"the size of a transform must be a power of two, not {size}")
    return size.bit_length() - 1


def _with_contiguous_rows(columns: Columns) -> Columns:
    return columns if columns.strides[-1] == columns.itemsize else np.ascontiguousarray(columns)


def interpolate(values: Columns) -> Columns:
    """Coefficients of the polynomials with the given values at 1, omega, ..., omega^(n-1).

    values: uint32[w, n] in [0, P), n a power of two up to 2^24; returns uint32[w, n] in [0, P).
    """
    return interpolate_coset(values, 1)


def interpolate_coset(values: Columns, shift: int) -> Columns:
    """Coefficients of the polynomials with the given values at shift * omega^i, i < n; shift not 0 mod P.

    values: uint32[w, n] in [0, P), n a power of two up to 2^24; returns uint32[w, n] in [0, P).
    """
    size = values.shape[1]
    log_size = _log_of(size)
    omega = inverse(two_adic_generator(log_size))
    coefficients = np.empty(values.shape, dtype=np.uint32)
    plan = _plan(log_size, omega, 1, inverse(shift), inverse(size))
    _transform(_with_contiguous_rows(values), coefficients, 0, plan)
    return coefficients


def evaluate_coset(coefficients: Columns, size: int, shift: int, out: Columns) -> None:
    """Values at shift * omega^i, i < size, omega of order `size`, of polynomials with up to 2 * size
    coefficients.

    coefficients: uint32[w, L] in [0, P), L <= 2 * size; size a power of two up to 2^24; shift not 0 mod P;
    out: uint32[w, size], filled with values in [0, P), its rows contiguous, not overlapping the coefficients.
    On this coset X^size = shift^size, so coefficient size + j joins coefficient j with that factor.
    """
    log_size = _log_of(size)
    if coefficients.shape[1] > 2 * size:
        raise ValueError(f"{coefficients.shape[1]} coefficients: at most twice the size {size} can be evaluated")
    if out.shape != (coefficients.shape[0], size) or out.dtype != np.uint32 or out.strides[-1] != out.itemsize:
        raise ValueError(f"out must be uint32[{coefficients.shape[0]}, {size}] with contiguous rows")
    if shift % P == 0:
        raise ValueError("the shift of a coset must not be 0")
    plan = _plan(log_size, two_adic_generator(log_size), shift % P, 1, 1)
    _transform(_with_contiguous_rows(coefficients), out, pow(shift, size, P), plan)
