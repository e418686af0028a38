"""Arithmetic on many naturals at once, in limbs, for witness generation (SPEC §5.2).

Arrays are int64[limbs, n], little-endian. All widths are at most 30 bits, so that sums of shifted limbs fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def settle(lines: Integers, width: int, bits: int) -> tuple[Integers, NDArray[np.bool_]]:
    """Sums of lines that may be negative, in limbs below 2^width, at least `bits` bits of them; and which sums are
    negative (their limbs are of no use). What is above is dropped. Lines stay below 2^62 in size.
    """
    count = max(len(lines), -(-bits // width), 1)
    result = np.zeros((count, lines.shape[1]), dtype=np.int64)
    carry = np.zeros(lines.shape[1], dtype=np.int64)
    for k in range(count):
        carry = carry + lines[k] if k < len(lines) else carry
        result[k] = carry & ((1 << width) - 1)
        carry = carry >> width
    return result, carry < 0


def divide(limbs: Integers, width: int, divisor: int) -> tuple[Integers, Integers]:
    """Quotients in limbs of the same width, and remainders int64[n]; divisor * 2^width < 2^63."""
    quotients = np.empty_like(limbs)
    remainder = np.zeros(limbs.shape[1], dtype=np.int64)
    for k in reversed(range(len(limbs))):
        remainder = (remainder << width) + limbs[k]
        quotients[k] = remainder // divisor
        remainder -= quotients[k] * divisor
    return quotients, remainder


def repack(limbs: Integers, width: int, widths: Sequence[int]) -> Integers:
    """The same numbers in limbs of the given widths; what is above them is dropped."""
    result = np.zeros((len(widths), limbs.shape[1]), dtype=np.int64)
    position = 0
    for k, wanted in enumerate(widths):
        source, offset = divmod(position, width)
        filled = -offset
        while filled < wanted and source < len(limbs):
            result[k] |= limbs[source] << filled if filled >= 0 else limbs[source] >> -filled
            source, filled = source + 1, filled + width
        result[k] &= (1 << wanted) - 1
        position += wanted
    return result


def from_integers(numbers: Sequence[int], widths: Sequence[int]) -> Integers:
    """Natural numbers in limbs of the given widths; what is above them is dropped."""
    size = max(1, -(-sum(widths) // 8))
    mask = (1 << (8 * size)) - 1
    data = b"".join((number & mask).to_bytes(size, "little") for number in numbers)
    octets = np.frombuffer(data, dtype=np.uint8).reshape(len(numbers), size).T.astype(np.int64)
    return repack(octets, 8, widths)


def to_integers(limbs: Integers, width: int) -> list[int]:
    """Numbers of which all limbs are below 2^width, as Python integers."""
    octets = repack(limbs, width, [8] * -(-len(limbs) * width // 8)).astype(np.uint8)
    rows = np.ascontiguousarray(octets.T)
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def sorted_by(elements: NDArray[np.uint32]) -> NDArray[np.intp]:
    """The stable order by vectors uint32[k, n], k at least 1, most significant element first; n below 2^32.

    The first two elements sort nearly all; only rows alike in these and different in others are sorted by all of them.
    """
    first, *others = _pairs(elements)
    order = np.argsort(first)
    ordered = first[order]
    run = np.zeros(len(order), dtype=np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=run[1:])
    # The sort above is not stable.
    order = np.sort(run << 32 | order) & 0xFFFFFFFF
    undecided = np.zeros(len(order), dtype=np.bool_)
    for word in others:
        ordered = word[order]
        undecided[1:] |= (ordered[1:] != ordered[:-1]) & (run[1:] == run[:-1])
    if undecided.any():
        places = np.flatnonzero(np.isin(run, run[undecided]))
        rows = order[places]
        order[places] = rows[np.lexsort([word[rows] for word in (*reversed(others), first)])]
    return order


def _pairs(elements: NDArray[np.uint32]) -> list[NDArray[np.uint64]]:
    """Vectors of elements as numbers of two elements each, the last of one if their number is odd."""
    words = []
    for k in range(0, len(elements), 2):
        word = elements[k].astype(np.uint64)
        words.append(word << np.uint64(32) | elements[k + 1] if k + 1 < len(elements) else word)
    return words
