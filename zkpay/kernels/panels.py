"""A column's transform, as kernels that work on panels: some rows, a few neighbouring lanes of each (SPEC §2).

A panel fits the second-level cache.  The first pass makes `radix` polynomials out of one; what is left of each, a
part of the panel, fits the first-level cache, and the further passes finish one part after the other.  Parts may
stand further apart than they are long.
"""

from typing import Final, cast

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import add, multiply
from zkpay.kernels.vector import LANES, butterflies, prefetch, transpose_products

Columns = npt.NDArray[np.uint32]
Order = npt.NDArray[np.int64]

_ZERO: Final = cast(int, np.int64(0))
"""No literal: a kernel that gets one is compiled again for it."""


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
def first_pass(panel: Columns, origin: int, lanes: int, part: int, part_step: int, radix: int, roots: Columns) -> None:
    """In place; the panel consists of `radix` parts of `part` rows of `lanes` words, part_step words apart."""
    for row in range(part):
        at = origin + row * lanes
        _pass(radix, panel, at, part_step, panel, at, part_step, lanes, roots, _ZERO)


@kernel
def further_passes(
    panel: Columns,
    origin: int,
    lanes: int,
    part: int,
    part_step: int,
    radices: Order,
    roots: Columns,
    order: Order,
    target: Columns,
    target_at: int,
    target_step: int,
    following: Columns,
    following_at: int,
    following_step: int,
) -> None:
    """Finishes one part after the other.

    The last pass writes value number k to target_at + k * target_step; with a step of 0 it leaves all in place,
    value order[r] in row r.  Meanwhile as many rows of `following` begin to come into the second-level cache.
    """
    rows, count = len(order), len(radices)
    for start in range(0, rows, part):
        begin = origin + start // part * part_step
        block, table = part, 2 * (radices[0] - 1)
        for number in range(1, count - 1):
            radix = radices[number]
            step = block // radix
            for top in range(0, part, block):
                twiddles_at = table + 2 * (radix - 1) * ((start + top) // block)
                for row in range(top, top + step):
                    at = begin + row * lanes
                    _pass(radix, panel, at, step * lanes, panel, at, step * lanes, lanes, roots, twiddles_at)
            table += 2 * (radix - 1) * (rows // block)
            block = step
        radix = radices[count - 1]
        for top in range(0, part, radix):
            row = start + top
            at, twiddles_at = begin + top * lanes, table + 2 * (radix - 1) * (row // radix)
            if target_step == 0:
                _pass(radix, panel, at, lanes, panel, at, lanes, lanes, roots, twiddles_at)
            else:
                to = target_at + order[row] * target_step
                _pass(radix, panel, at, lanes, target, to, rows // radix * target_step, lanes, roots, twiddles_at)
            if following_step > 0:
                for other in range(row, row + radix):
                    for lane in range(0, lanes, LANES):
                        prefetch(following, following_at + other * following_step + lane)


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
def _load_panel(
    column: Columns,
    fold: np.uint32,
    first: int,
    width: int,
    rows: int,
    panel: Columns,
    lanes: int,
    part: int,
    part_step: int,
    radix: int,
    roots: Columns,
) -> None:
    """The first pass of step 1, out of a column; rows that its end cuts or its fold joins are copied before."""
    size = rows * width
    for row in range(part):
        at, begin = row * lanes, row * width + first
        if len(column) <= begin + size and begin + (radix - 1) * part * width + lanes <= len(column):
            _pass(radix, column, begin, part * width, panel, at, part_step, lanes, roots, _ZERO)
        else:
            for k in range(radix):
                to = at + k * part_step
                _load_row(column, fold, size, begin + k * part * width, panel[to : to + lanes])
            _pass(radix, panel, at, part_step, panel, at, part_step, lanes, roots, _ZERO)


@kernel
def transform_columns(
    columns: Columns,
    columns_step: int,
    length: int,
    fold: np.uint32,
    output: Columns,
    output_step: int,
    first_column: int,
    last_column: int,
    lanes: tuple[int, int],
    parts: tuple[int, int],
    part_steps: tuple[int, int],
    radices: tuple[Order, Order],
    roots: tuple[Columns, Columns],
    orders: tuple[Order, Order],
    places: tuple[Order, Order],
    twiddles: Columns,
    scale: Columns,
    panel: Columns,
    buffer: Columns,
) -> None:
    """The four steps for columns first..last, of at least _SMALL values: column i is the `length` words at i *
    columns_step, its transform goes to i * output_step.

    Pairs are for steps 1 and 4; places: where step 1 leaves value k of a lane, and where step 4 wants row c;
    scale: empty, or a factor for each C-th of the output.
    """
    rows, width = len(orders[0]), len(orders[1])
    panel_step = width // parts[1] * part_steps[1]
    for index in range(first_column, last_column):
        column = columns[index * columns_step : index * columns_step + length]
        for first in range(0, width, lanes[0]):
            _load_panel(
                column, fold, first, width, rows, panel, lanes[0], parts[0], part_steps[0], radices[0][0], roots[0]
            )
            further_passes(
                panel, _ZERO, lanes[0], parts[0], part_steps[0], radices[0], roots[0], orders[0], panel, _ZERO, _ZERO,
                column, first + lanes[0], width,
            )  # fmt: skip
            for top in range(0, rows, LANES):
                at = top // lanes[1] * panel_step + top % lanes[1]
                for lane in range(first, first + lanes[0], LANES):
                    transpose_products(
                        panel, lane - first, places[0], top, twiddles, top * width + lane * LANES, LANES,
                        buffer, at + places[1][lane], lanes[1],
                    )  # fmt: skip
        begin = index * output_step
        for first in range(0, rows, lanes[1]):
            at = first // lanes[1] * panel_step
            first_pass(buffer, at, lanes[1], parts[1], part_steps[1], radices[1][0], roots[1])
            further_passes(
                buffer, at, lanes[1], parts[1], part_steps[1], radices[1], roots[1], orders[1],
                output, begin + first, rows, buffer, _ZERO, _ZERO,
            )  # fmt: skip
            if len(scale) > 0:
                for k in range(width):
                    target, factor = output[begin + k * rows + first : begin + k * rows + first + lanes[1]], scale[k]
                    for lane in range(lanes[1]):
                        target[lane] = multiply(target[lane], factor)


@kernel
def twiddle_rows(twiddles: Columns, bases: Columns, starts: Columns, width: int, first: int, last: int) -> None:
    """Entries (k, c) are starts[k] * bases[k]^c for rows first..last and c < width, everything in Montgomery form.

    They stand in 16 x 16 blocks, in the order in which these are used: block (k // 16, c // 16).
    """
    row = np.empty(width, dtype=np.uint32)
    for k in range(first, last):
        row[0] = starts[k]
        known, step = 1, bases[k]
        while known < width:
            source, target = row[:known], row[known : 2 * known]
            for c in range(known):
                target[c] = multiply(source[c], step)
            known, step = 2 * known, multiply(step, step)
        for c in range(0, width, LANES):
            begin = (k // LANES * width + c + k % LANES) * LANES
            target, source = twiddles[begin : begin + LANES], row[c : c + LANES]
            for lane in range(LANES):
                target[lane] = source[lane]
