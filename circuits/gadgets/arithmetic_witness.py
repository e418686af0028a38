"""Filling naturals that arithmetic defines: sums, quotients, square roots (SPEC §5.2).

Values are worked out in 64 bits where the bound of the source allows it, limb by limb where the divisor is
small, and with Python's integers beyond. A sum that should not be negative but is counts as 0, a divisor of 0 as
1, and what does not fit the columns is cut: the balance then fails, which is where a lie shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided, LineSum, Rooted
from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.limbs import divide, from_integers, repack, settle, to_integers
from zkpay.circuits.gadgets.range import Natural
from zkpay.circuits.trace import Trace
from zkpay.stark.expression import Expression

WORD_BITS = 62
"""Sums of at most this many bits are kept in an int64."""

Rows = NDArray[np.intp]


def fill_defined(trace: Trace, gadget: Defined) -> None:
    """Write the sum of the terms."""
    rows = _active_rows(trace, gadget.active)
    limbs = _source(trace, gadget.source, rows)
    _put(trace, gadget.result, repack(limbs, gadget.source.radix, gadget.result.widths), rows)


def fill_divided(trace: Trace, gadget: Divided) -> None:
    """Write quotient and remainder."""
    rows = _active_rows(trace, gadget.active)
    limbs, radix = _source(trace, gadget.source, rows), gadget.source.radix
    divisor = gadget.divisor
    if isinstance(divisor, PublicDigits):
        divisor = max(1, sum(trace.publics[divisor.digit(k).name] << (divisor.radix * k) for k in range(divisor.count)))
    bits = gadget.source.maximum.bit_length()
    if isinstance(divisor, int) and divisor.bit_length() + radix <= WORD_BITS:
        quotients, remainders = divide(limbs, radix, divisor)
        _put(trace, gadget.quotient, repack(quotients, radix, gadget.quotient.widths), rows)
        _put(trace, gadget.remainder, _split(remainders, gadget.remainder.widths), rows)
    elif isinstance(divisor, tuple) and bits <= WORD_BITS and _bits(divisor) <= WORD_BITS:
        sources, divisors = _words(limbs, radix), np.maximum(_natural_words(trace, divisor, rows), 1)
        _put(trace, gadget.quotient, _split(sources // divisors, gadget.quotient.widths), rows)
        _put(trace, gadget.remainder, _split(sources % divisors, gadget.remainder.widths), rows)
    else:
        each = [divisor] * len(rows) if isinstance(divisor, int) else _natural_integers(trace, divisor, rows)
        pairs = [divmod(value, max(1, by)) for value, by in zip(to_integers(limbs, radix), each, strict=True)]
        _put(trace, gadget.quotient, from_integers([pair[0] for pair in pairs], gadget.quotient.widths), rows)
        _put(trace, gadget.remainder, from_integers([pair[1] for pair in pairs], gadget.remainder.widths), rows)


def fill_rooted(trace: Trace, gadget: Rooted) -> None:
    """Write the root and what is left."""
    rows = _active_rows(trace, gadget.active)
    limbs, radix = _source(trace, gadget.source, rows), gadget.source.radix
    if gadget.source.maximum.bit_length() <= WORD_BITS:
        values = _words(limbs, radix)
        # A double is at most a few units off: its 53 bits hold the root of 62 bits and its rounding.
        roots = np.sqrt(values.astype(np.float64)).astype(np.int64)
        for _ in range(2):
            roots -= roots * roots > values
            roots += (roots + 1) * (roots + 1) <= values
        _put(trace, gadget.root, _split(roots, gadget.root.widths), rows)
        _put(trace, gadget.rest, _split(values - roots * roots, gadget.rest.widths), rows)
    else:
        numbers = to_integers(limbs, radix)
        found = [isqrt(number) for number in numbers]
        rests = [number - s * s for number, s in zip(numbers, found, strict=True)]
        _put(trace, gadget.root, from_integers(found, gadget.root.widths), rows)
        _put(trace, gadget.rest, from_integers(rests, gadget.rest.widths), rows)


def _active_rows(trace: Trace, active: Expression | None) -> Rows:
    if active is None:
        return np.arange(trace.height)
    return np.flatnonzero(trace.in_field(active)[0] == 1)


def _source(trace: Trace, source: LineSum, rows: Rows) -> Integers:
    """The sum on the given rows in limbs of the source's radix; negative ones are 0."""
    lines = np.stack([trace.in_integers(line)[rows] for line in source.lines])
    limbs, negative = settle(lines, source.radix, source.maximum.bit_length())
    limbs[:, negative] = 0
    return limbs


def _put(trace: Trace, target: Columns, limbs: Integers, rows: Rows) -> None:
    for column, limb in zip(target.columns, limbs, strict=True):
        values = np.zeros(trace.height, dtype=np.int64)
        values[rows] = limb
        trace.put(column, values)


def _words(limbs: Integers, radix: int) -> Integers:
    """Limbs of at most 62 bits in all as one int64; higher limbs of a lie are dropped."""
    words = np.zeros(limbs.shape[1], dtype=np.int64)
    for k, limb in enumerate(limbs):
        if radix * k < WORD_BITS:
            words |= limb << (radix * k)
    return words & ((1 << WORD_BITS) - 1)


def _split(words: Integers, widths: Sequence[int]) -> Integers:
    """Numbers below 2^63 in limbs of the given widths; what is above them is dropped."""
    result = np.zeros((len(widths), len(words)), dtype=np.int64)
    position = 0
    for k, bits in enumerate(widths):
        if position < 63:
            result[k] = words >> position & ((1 << bits) - 1)
        position += bits
    return result


def _bits(number: Natural) -> int:
    return sum(limb.maximum << limb.position for limb in number).bit_length()


def _natural_words(trace: Trace, number: Natural, rows: Rows) -> Integers:
    words = np.zeros(len(rows), dtype=np.int64)
    for limb in number:
        words += trace.in_field(limb.expression)[0][rows] << limb.position
    return words & ((1 << WORD_BITS) - 1)


def _natural_integers(trace: Trace, number: Natural, rows: Rows) -> list[int]:
    integers = [0] * len(rows)
    for limb in number:
        values = trace.in_field(limb.expression)[0][rows].tolist()
        integers = [total + (value << limb.position) for total, value in zip(integers, values, strict=True)]
    return integers
