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

from zkpay.kernels.montgomery import power_table, to_montgomery
from zkpay.kernels.panels import Columns, Order, first_pass, further_passes, transform_columns, twiddle_rows
from zkpay.kernels.parallel import parallel_ranges
from zkpay.kernels.vector import LANES
from zkpay.stark.field import P, inverse, two_adic_generator

_PANEL_WORDS: Final = 1 << 17
"""512 KiB, half of a usual second-level cache: columns, twiddles and the target pass through the other half."""
_SMALL: Final = 1024
"""Shorter columns have too few rows for two passes: all of these columns are the lanes of one panel."""


@dataclass(frozen=True)
class _Change:
    """output[k] = factor * base^k * (the polynomial at shift * omega^k), k < 2^log_size; all of [1, P)."""

    log_size: int
    omega: int
    shift: int
    base: int = 1
    factor: int = 1

    @property
    def size(self) -> int:
        return 1 << self.log_size

    @property
    def fold(self) -> int:
        """X^size at all points of the domain."""
        return pow(self.shift, self.size, P)


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


@dataclass(frozen=True)
class _Layout:
    """A panel of one step: where its rows stand, by which passes they are transformed.

    Parts begin 256 bytes further than multiples of 4096: rows that a first pass takes together, at the same place of
    each part, would else fall into one set of the first-level cache.  (Blocks of 16 rows stay together.)
    """

    lanes: int
    part: int
    part_step: int
    words: int
    radices: Order
    order: Order
    rows_at: Order


@cache
def _layout(log_rows: int, width: int) -> _Layout:
    """For transforms of 2^log_rows rows, `width` neighbours in all."""
    rows, radices = 1 << log_rows, _radices(log_rows)
    lanes = min(width, _PANEL_WORDS // rows)
    part = rows // radices[0]
    part_step = part * lanes + ((64 - part * lanes) % 1024 if part % LANES == 0 else 0)
    numbers = np.arange(rows)
    return _Layout(
        lanes=lanes,
        part=part,
        part_step=part_step,
        words=rows // part * part_step,
        radices=np.array(radices, dtype=np.int64),
        order=_order(log_rows),
        rows_at=numbers // part * part_step + numbers % part * lanes,
    )


def _scaled(table: Columns, factor: int) -> Columns:
    return (table.astype(np.uint64) * np.uint64(factor) % np.uint64(P)).astype(np.uint32)


@lru_cache(maxsize=2)
def _twiddles(log_size: int, omega: int, base: int, factor: int) -> Columns:
    """factor * base^k * omega^(k c) in Montgomery form at place k C + c of uint32[R * C]."""
    rows, width = 1 << log_size // 2, 1 << (log_size - log_size // 2)
    bases, starts = power_table(omega, rows), _scaled(power_table(base, rows), factor)
    twiddles = _aligned(rows * width)
    parallel_ranges(lambda first, last: twiddle_rows(twiddles, bases, starts, width, first, last), rows, grain=LANES)
    return twiddles


@lru_cache(maxsize=64)
def _powers(omega: int, size: int) -> npt.NDArray[np.uint64]:
    powers = np.ones(size, dtype=np.uint64)
    known = 1
    while known < size:
        powers[known : 2 * known] = powers[:known] * np.uint64(pow(omega, known, P)) % np.uint64(P)
        known *= 2
    return powers


def _aligned(words: int) -> Columns:
    """uint32[words] that begins at a cache line."""
    array = np.empty(words + LANES, dtype=np.uint32)
    start = -array.ctypes.data // array.itemsize % LANES
    return array[start : start + words]


class _Scratch(threading.local):
    """A thread's panel and the transposed column, kept between calls: fresh memory costs as much as a transform."""

    words: Columns = np.empty(0, dtype=np.uint32)

    def parts(self, panel: int, buffer: int) -> tuple[Columns, Columns]:
        """Two arrays that begin at cache lines."""
        if len(self.words) < panel + buffer:
            self.words = _aligned(panel + buffer)
        return self.words[:panel], self.words[panel : panel + buffer]


_scratch: Final = _Scratch()


def _is_flat(columns: Columns) -> bool:
    """Whether rows are contiguous, whole words apart and in the order of memory."""
    step, rest = divmod(columns.strides[0], columns.itemsize)
    return columns.strides[1] == columns.itemsize and rest == 0 and (len(columns) == 1 or step >= columns.shape[1])


def _flat(columns: Columns) -> tuple[Columns, int]:
    """One array over all rows of flat columns, whose type is the same whatever is between them; and the distance of
    rows in words."""
    step = columns.strides[0] // columns.itemsize if len(columns) > 1 else columns.shape[1]
    words = (len(columns) - 1) * step + columns.shape[1]
    return np.lib.stride_tricks.as_strided(columns, (words,), (columns.itemsize,)), step


def _transform_short(columns: Columns, output: Columns, change: _Change) -> None:
    """As `_transform` for short columns: all of them are the lanes of one panel."""
    size, (count, length) = change.size, columns.shape
    width = -(-count // LANES) * LANES
    rows = np.zeros((2 * size, width), dtype=np.uint64)
    rows[:length, :count] = columns.T
    panel = ((rows[:size] + rows[size:] * np.uint64(change.fold)) % np.uint64(P)).astype(np.uint32).reshape(-1)
    radices, order = np.array(_radices(change.log_size), dtype=np.int64), _order(change.log_size)
    roots = _roots(change.log_size, change.omega, change.shift)
    if len(radices) > 0:
        part = size // int(radices[0])
        first_pass(panel, 0, width, part, part * width, int(radices[0]), roots)
        if len(radices) > 1:
            further_passes(panel, 0, width, part, part * width, radices, roots, order, panel, 0, 0, panel, 0, 0)
    values = np.empty((size, count), dtype=np.uint64)
    values[order] = panel.reshape(size, width)[:, :count]
    factors = _powers(change.base, size) * np.uint64(change.factor) % np.uint64(P)
    output[:] = (values * factors[:, None] % np.uint64(P)).T


def _transform(columns: Columns, output: Columns, change: _Change) -> None:
    """`change` for all columns, folded to its size."""
    if columns.dtype != np.uint32:
        raise ValueError(f"columns must be uint32, not {columns.dtype}")
    if change.size < _SMALL or not len(columns):
        _transform_short(columns, output, change)
        return
    if not _is_flat(output):
        own = np.empty(output.shape, dtype=np.uint32)
        _transform(columns, own, change)
        output[:] = own
        return
    source, source_step = _flat(columns if _is_flat(columns) else np.ascontiguousarray(columns))
    target, target_step = _flat(output)
    length, fold = columns.shape[1], np.uint32(to_montgomery(change.fold))
    logs = (change.log_size // 2, change.log_size - change.log_size // 2)
    rows, width = 1 << logs[0], 1 << logs[1]
    first, last = _layout(logs[0], width), _layout(logs[1], rows)
    roots = (
        _roots(logs[0], pow(change.omega, width, P), pow(change.shift, width, P)),
        _roots(logs[1], pow(change.omega, rows, P), change.shift),
    )
    places = (first.rows_at[np.argsort(first.order)], last.rows_at)
    twiddles = _twiddles(change.log_size, change.omega, change.base, change.factor)
    scale = np.empty(0, dtype=np.uint32) if change.base == 1 else power_table(pow(change.base, rows, P), width)

    def run(start: int, stop: int) -> None:
        panel, buffer = _scratch.parts(first.words, rows // last.lanes * last.words)
        transform_columns(
            source, source_step, length, fold, target, target_step, start, stop,
            (first.lanes, last.lanes), (first.part, last.part), (first.part_step, last.part_step),
            (first.radices, last.radices), roots, (first.order, last.order), places, twiddles, scale, panel, buffer,
        )  # fmt: skip

    parallel_ranges(run, len(columns))


def _log_of(size: int) -> int:
    if size < 1 or size & (size - 1):
        raise ValueError(f"the size of a transform must be a power of two, not {size}")
    return size.bit_length() - 1


def _check_rows(out: Columns, count: int, size: int) -> None:
    if out.shape != (count, size) or out.dtype != np.uint32 or (count and out.strides[-1] != out.itemsize):
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
    _transform(values, out, _Change(log_size, omega, 1, inverse(shift), inverse(size)))
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
    _transform(coefficients, out, _Change(log_size, two_adic_generator(log_size), shift % P))
