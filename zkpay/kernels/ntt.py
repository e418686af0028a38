"""Number-theoretic transforms of columns, on subgroups and their cosets (SPEC §2).

Natural order in and out.  A column of n = R * C values is read as a matrix of R rows (Bailey's four steps,
"FFTs in external or hierarchical memory", 1990):

1. length-R transforms down the matrix's columns, a panel of neighbouring lanes at a time;
2. entry (k, c) times omega_n^(k c);
3. transposition, into panels again;
4. length-C transforms down the columns of the transposed matrix.

A panel fits the second-level cache.  After its first pass, which makes 16 (or 8) polynomials out of one, what is
left of each fits the first-level cache; a pass keeps 16 rows in registers for four stages.  Transforms go from
polynomials modulo X^m - z to ones modulo X^(m/r) - (r-th roots of z), so the shift of a coset is part of these
roots and costs nothing.
"""

import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import add, multiply, power_table, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.kernels.vector import LANES, butterflies, transpose_products
from zkpay.stark.field import P, inverse, two_adic_generator

Columns = npt.NDArray[np.uint32]
Order = npt.NDArray[np.int64]

_PANEL_LANES: Final = 128
_PANEL_WORDS: Final = 1 << 17
"""512 KiB, half of a usual second-level cache: columns, twiddles and the target pass through the other half."""
_SMALL: Final = 256
"""Shorter columns have no 16 x 16 blocks: 16 of these columns are the lanes of one panel."""


@kernel
def _pass(
    radix: int,
    source: Columns,
    source_at: int,
    source_step: int,
    target: Columns,
    target_at: int,
    target_step: int,
    lanes: int,
    twiddles: Columns,
    twiddles_at: int,
) -> None:
    """`butterflies` on `radix` rows of any multiple of 16 lanes."""
    if radix == 16:
        for lane in range(0, lanes, LANES):
            butterflies(
                16,
                source, source_at + lane, source_step, target, target_at + lane, target_step, twiddles, twiddles_at,
            )  # fmt: skip
    elif radix == 8:
        for lane in range(0, lanes, LANES):
            butterflies(
                8,
                source, source_at + lane, source_step, target, target_at + lane, target_step, twiddles, twiddles_at,
            )  # fmt: skip
    elif radix == 4:
        for lane in range(0, lanes, LANES):
            butterflies(
                4,
                source, source_at + lane, source_step, target, target_at + lane, target_step, twiddles, twiddles_at,
            )  # fmt: skip
    else:
        for lane in range(0, lanes, LANES):
            butterflies(
                2,
                source, source_at + lane, source_step, target, target_at + lane, target_step, twiddles, twiddles_at,
            )  # fmt: skip


@kernel
def _transform_panel(
    panel: Columns,
    origin: int,
    lanes: int,
    radices: Order,
    roots: Columns,
    order: Order,
    target: Columns,
    target_at: int,
    target_step: int,
) -> None:
    """Transforms down the lanes of the rows panel[origin + r * lanes], r < product of the radices.

    The last pass writes value number k to target_at + k * target_step; with a step of 0 it leaves all in place,
    value order[r] in row r.
    """
    rows, count = len(order), len(radices)
    if count == 0:
        return
    part, behind_first = rows, 0
    if count > 1:
        radix = radices[0]
        part, behind_first = rows // radix, 2 * (radix - 1)
        for row in range(part):
            at = origin + row * lanes
            _pass(radix, panel, at, part * lanes, panel, at, part * lanes, lanes, roots, 0)
    for start in range(0, rows, part):
        block, table = part, behind_first
        for number in range(1, count - 1):
            radix = radices[number]
            step = block // radix
            for top in range(start, start + part, block):
                twiddles_at = table + 2 * (radix - 1) * (top // block)
                for row in range(top, top + step):
                    at = origin + row * lanes
                    _pass(radix, panel, at, step * lanes, panel, at, step * lanes, lanes, roots, twiddles_at)
            table += 2 * (radix - 1) * (rows // block)
            block = step
        radix = radices[count - 1]
        for top in range(start, start + part, radix):
            at, twiddles_at = origin + top * lanes, table + 2 * (radix - 1) * (top // radix)
            if target_step == 0:
                _pass(radix, panel, at, lanes, panel, at, lanes, lanes, roots, twiddles_at)
            else:
                to = target_at + order[top] * target_step
                step = rows // radix * target_step
                _pass(radix, panel, at, lanes, target, to, step, lanes, roots, twiddles_at)


@kernel
def _load_row(column: Columns, fold: np.uint32, size: int, begin: int, target: Columns) -> None:
    """target[j] = column[begin + j] + fold * column[begin + j + size]; beyond the column's end all is 0."""
    lanes = len(target)
    present = min(max(len(column) - begin, 0), lanes)
    folded = min(max(len(column) - size - begin, 0), lanes)
    source = column[begin : begin + present]
    for lane in range(present):
        target[lane] = source[lane]
    for lane in range(present, lanes):
        target[lane] = np.uint32(0)
    beyond = column[begin + size : begin + size + folded]
    for lane in range(folded):
        target[lane] = add(target[lane], multiply(beyond[lane], fold))


@kernel
def _transform_long(
    columns: Columns,
    columns_step: int,
    length: int,
    fold: np.uint32,
    output: Columns,
    output_step: int,
    first_column: int,
    last_column: int,
    radices: tuple[Order, Order],
    roots: tuple[Columns, Columns],
    orders: tuple[Order, Order],
    lanes: tuple[int, int],
    places: Order,
    twiddles: Columns,
    scale: Columns,
    panel: Columns,
    buffer: Columns,
) -> None:
    """The four steps for columns first..last, of at least _SMALL values: column i is the `length` words at i *
    columns_step, its transform goes to i * output_step.

    places[k]: where the panel of step 1 keeps row k; scale: empty, or a factor for each C-th of the output.
    """
    rows, width = len(orders[0]), len(orders[1])
    for index in range(first_column, last_column):
        column = columns[index * columns_step : index * columns_step + length]
        for first in range(0, width, lanes[0]):
            for r in range(rows):
                begin = r * width + first
                _load_row(column, fold, rows * width, begin, panel[r * lanes[0] : (r + 1) * lanes[0]])
            _transform_panel(panel, 0, lanes[0], radices[0], roots[0], orders[0], panel, 0, 0)
            for top in range(0, rows, LANES):
                at = top // lanes[1] * lanes[1] * width + top % lanes[1]
                for lane in range(0, lanes[0], LANES):
                    transpose_products(
                        panel, lane, places, top, twiddles, top * width + first + lane, width,
                        buffer, at + (first + lane) * lanes[1], lanes[1],
                    )  # fmt: skip
        begin = index * output_step
        for first in range(0, rows, lanes[1]):
            _transform_panel(
                buffer, first * width, lanes[1], radices[1], roots[1], orders[1], output, begin + first, rows
            )
            if len(scale) > 0:
                for k in range(width):
                    target, factor = output[begin + k * rows + first : begin + k * rows + first + lanes[1]], scale[k]
                    for lane in range(lanes[1]):
                        target[lane] = multiply(target[lane], factor)


@kernel
def _transform_short(
    columns: Columns,
    columns_step: int,
    length: int,
    fold: np.uint32,
    output: Columns,
    output_step: int,
    first_column: int,
    last_column: int,
    radices: Order,
    roots: Columns,
    order: Order,
    scale: Columns,
    panel: Columns,
) -> None:
    """As `_transform_long` for short columns, 16 of which are the lanes of the panel; scale: empty, or a factor for
    each value."""
    size = len(order)
    row = np.empty(size, dtype=np.uint32)
    for first in range(first_column, last_column, LANES):
        lanes = min(LANES, last_column - first)
        panel[: size * LANES] = np.uint32(0)
        for lane in range(lanes):
            begin = (first + lane) * columns_step
            _load_row(columns[begin : begin + length], fold, size, 0, row)
            for r in range(size):
                panel[r * LANES + lane] = row[r]
        _transform_panel(panel, 0, LANES, radices, roots, order, panel, 0, 0)
        for lane in range(lanes):
            begin = (first + lane) * output_step
            for r in range(size):
                row[order[r]] = panel[r * LANES + lane]
            if len(scale) > 0:
                for k in range(size):
                    row[k] = multiply(row[k], scale[k])
            output[begin : begin + size] = row


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


def _radices(log_size: int) -> list[int]:
    """Radices up to 16 of the passes of one transform, as equal as they can be, larger ones first."""
    count = -(-log_size // 4)
    return [1 << (log_size // count + (k < log_size % count)) for k in range(count)]


@cache
def _order(log_size: int) -> Order:
    """Number of the value that a transform in place leaves in each row: its digits reversed."""
    order = np.zeros(1, dtype=np.int64)
    for radix in _radices(log_size):
        order = (order[:, None] + len(order) * np.arange(radix)).reshape(-1)
    return order


@lru_cache(maxsize=32)
def _roots(log_size: int, omega: int, shift: int) -> Columns:
    """Twiddles of all passes of a transform to the values at shift * omega^k: pairs (floor(c 2^32 / P), c).

    A pass of radix r on polynomials modulo X^m - z, where z = (shift * omega^e)^m for the exponents e that the passes
    before left in this order, splits them by X^(m/2) = +-c with c = (shift * omega^e)^(m/2), and so on.
    """
    size = 1 << log_size
    powers = _powers(omega, size)
    exponents, tables = np.zeros(1, dtype=np.int64), []
    for radix in _radices(log_size):
        parts, children = len(exponents), exponents[:, None]
        stages = []
        while children.shape[1] < radix:
            half = size // (2 * parts * children.shape[1])
            stages.append(powers[children * half % size] * np.uint64(pow(shift, half, P)) % np.uint64(P))
            other = children + parts * children.shape[1]
            children = np.stack([children, other], axis=2).reshape(parts, -1)
        constants = np.concatenate(stages, axis=1).reshape(-1)
        tables.append(np.stack([(constants << np.uint64(32)) // np.uint64(P), constants], axis=1).reshape(-1))
        exponents = (exponents[:, None] + parts * np.arange(radix)).reshape(-1)
    return np.concatenate([np.empty(0, dtype=np.uint64), *tables]).astype(np.uint32)


def _scaled(table: Columns, factor: int) -> Columns:
    return (table.astype(np.uint64) * np.uint64(factor) % np.uint64(P)).astype(np.uint32)


@lru_cache(maxsize=2)
def _twiddles(log_size: int, omega: int, base: int, factor: int) -> Columns:
    """factor * base^k * omega^(k c) in Montgomery form at place k C + c of uint32[R * C]."""
    rows, width = 1 << log_size // 2, 1 << (log_size - log_size // 2)
    bases, starts = power_table(omega, rows), _scaled(power_table(base, rows), factor)
    twiddles = np.empty((rows, width), dtype=np.uint32)
    parallel_ranges(lambda first, last: _twiddle_rows(twiddles, bases, starts, first, last), rows, grain=16)
    return twiddles.reshape(-1)


@cache
def _powers(omega: int, size: int) -> npt.NDArray[np.uint64]:
    powers = np.ones(size, dtype=np.uint64)
    known = 1
    while known < size:
        powers[known : 2 * known] = powers[:known] * np.uint64(pow(omega, known, P)) % np.uint64(P)
        known *= 2
    return powers


class _Scratch(threading.local):
    """A thread's panel and the transposed column, kept between calls: fresh memory costs as much as a transform."""

    words: Columns = np.empty(0, dtype=np.uint32)

    def parts(self, panel: int, buffer: int) -> tuple[Columns, Columns]:
        """Two arrays that begin at cache lines."""
        if len(self.words) < panel + buffer + LANES:
            self.words = np.empty(panel + buffer + LANES, dtype=np.uint32)
        start = -self.words.ctypes.data // self.words.itemsize % LANES
        return self.words[start : start + panel], self.words[start + panel : start + panel + buffer]


_scratch: Final = _Scratch()


def _flat(columns: Columns) -> tuple[Columns, int]:
    """One array over all rows and the distance between them, in words; rows are copied only if they are not
    contiguous."""
    if columns.dtype != np.uint32:
        raise ValueError(f"columns must be uint32, not {columns.dtype}")
    step, rest = divmod(columns.strides[0], columns.itemsize)
    if len(columns) < 2:
        step, rest = columns.shape[1], 0
    if columns.strides[1] != columns.itemsize or rest or step < columns.shape[1]:
        columns = np.ascontiguousarray(columns)
        step = columns.shape[1]
    words = (len(columns) - 1) * step + columns.shape[1] if len(columns) else 0
    return np.lib.stride_tricks.as_strided(columns, (words,), (columns.itemsize,)), step


def _transform(
    columns: Columns, output: Columns, log_size: int, fold: int, omega: int, shift: int, base: int, factor: int
) -> None:
    """output[k] = factor * base^k * (the polynomial at shift * omega^k), columns folded to length 2^log_size."""
    size = 1 << log_size
    (source, source_step), (target, target_step) = _flat(columns), _flat(output)
    length, fold_factor = columns.shape[1], np.uint32(to_montgomery(fold))
    none = np.empty(0, dtype=np.uint32)
    if size < _SMALL:
        radices, order, roots = np.array(_radices(log_size), dtype=np.int64), _order(log_size), _roots(log_size, omega, shift)
        scale = none if base == factor == 1 else _scaled(power_table(base, size), factor)

        def run_short(first: int, last: int) -> None:
            panel, _ = _scratch.parts(size * LANES, 0)
            _transform_short(
                source, source_step, length, fold_factor, target, target_step, first, last,
                radices, roots, order, scale, panel,
            )  # fmt: skip

        parallel_ranges(run_short, len(columns), grain=LANES)
        return
    log_rows = log_size // 2
    logs = (log_rows, log_size - log_rows)
    rows, width = 1 << logs[0], 1 << logs[1]
    both = tuple(np.array(_radices(log), dtype=np.int64) for log in logs)
    orders = (_order(logs[0]), _order(logs[1]))
    roots_of = (_roots(logs[0], pow(omega, width, P), pow(shift, width, P)), _roots(logs[1], pow(omega, rows, P), shift))
    lanes = (min(_PANEL_LANES, width, _PANEL_WORDS // rows), min(_PANEL_LANES, rows, _PANEL_WORDS // width))
    places = np.argsort(orders[0]) * lanes[0]
    twiddles = _twiddles(log_size, omega, base, factor)
    scale = none if base == 1 else power_table(pow(base, rows, P), width)

    def run_long(first: int, last: int) -> None:
        panel, buffer = _scratch.parts(rows * lanes[0], size)
        _transform_long(
            source, source_step, length, fold_factor, target, target_step, first, last,
            both, roots_of, orders, lanes, places, twiddles, scale, panel, buffer,
        )  # fmt: skip

    parallel_ranges(run_long, len(columns))


def _log_of(size: int) -> int:
    if size < 1 or size & (size - 1):
        raise ValueError(f"the size of a transform must be a power of two, not {size}")
    return size.bit_length() - 1


def _check_rows(out: Columns, count: int, size: int) -> None:
    if out.shape != (count, size) or out.dtype != np.uint32 or out.strides[-1] != out.itemsize:
        raise ValueError(f"out must be uint32[{count}, {size}] with contiguous rows")


def interpolate(values: Columns, out: Columns | None = None) -> Columns:
    """Coefficients of the polynomials with the given values at 1, omega, ..., omega^(n-1).

    values: uint32[w, n] in [0, P), n a power of two up to 2^24; returns uint32[w, n] in [0, P), which is `out` if that
    is given: rows contiguous, either the values' own memory or apart from it.
    """
    return interpolate_coset(values, 1, out)


def interpolate_coset(values: Columns, shift: int, out: Columns | None = None) -> Columns:
    """As `interpolate` for the values at shift * omega^i, i < n; shift not 0 mod P."""
    count, size = values.shape
    log_size = _log_of(size)
    if shift % P == 0:
        raise ValueError("the shift of a coset must not be 0")
    if out is None:
        out = np.empty((count, size), dtype=np.uint32)
    _check_rows(out, count, size)
    omega = inverse(two_adic_generator(log_size))
    _transform(values, out, log_size, 0, omega, 1, inverse(shift), inverse(size))
    return out


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
    _check_rows(out, coefficients.shape[0], size)
    if shift % P == 0:
        raise ValueError("the shift of a coset must not be 0")
    shift %= P
    _transform(coefficients, out, log_size, pow(shift, size, P), two_adic_generator(log_size), shift, 1, 1)
