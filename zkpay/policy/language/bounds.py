"""Bounds of one operation from those of its arguments, and how messages write them (SPEC §8.1.4).

A pair (low, high) says low <= value <= high. Everything here is exact integer arithmetic; no bound is ever rounded
to the wrong side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from zkpay.policy.language.program import Operation

Bounds = tuple[int, int]

MAX_VALUE_BITS: Final = 1024
MAX_TOTAL_BITS: Final = 256

_LONGEST_NUMBER: Final = 10**15
"""Larger numbers are written as powers of two."""


def operation_bounds(operation: Operation, arguments: Sequence[Bounds]) -> Bounds:
    """Bounds of an arithmetic operation; arguments meet its conditions (a difference isn't negative, a divisor not 0).

    ValueError for operations that take more than bounds: fields, tables, aggregates, selections.
    """
    low_a, high_a = arguments[0]
    low_b, high_b = arguments[-1]
    match operation:
        case Operation.ADD:
            return low_a + low_b, high_a + high_b
        case Operation.SUBTRACT:
            return max(0, low_a - high_b), max(0, high_a - low_b)
        case Operation.MULTIPLY:
            return low_a * low_b, high_a * high_b
        case Operation.DIVIDE:
            return low_a // max(high_b, 1), high_a // max(low_b, 1)
        case Operation.REMAINDER:
            return _remainder_bounds(arguments[0], arguments[-1])
        case Operation.MINIMUM:
            return min(low_a, low_b), min(high_a, high_b)
        case Operation.MAXIMUM:
            return max(low_a, low_b), max(high_a, high_b)
        case Operation.ROOT:
            return math.isqrt(low_a), math.isqrt(high_a)
    raise ValueError(f"{operation} has no bounds of its own")


def _remainder_bounds(a: Bounds, b: Bounds) -> Bounds:
    if a[1] < b[0]:
        return a
    if b[0] == b[1] and a[0] // b[0] == a[1] // b[0]:
        return a[0] % b[0], a[1] % b[0]
    return 0, min(a[1], b[1] - 1)


def hull(a: Bounds, b: Bounds) -> Bounds:
    """Bounds of what is one or the other."""
    return min(a[0], b[0]), max(a[1], b[1])


def common(a: Bounds, b: Bounds) -> Bounds:
    """Bounds of what is both; low > high where nothing is."""
    return max(a[0], b[0]), min(a[1], b[1])


def number_in_words(number: int) -> str:
    """As messages write a number: with `_` between thousands, and large ones by a power of two."""
    if number <= _LONGEST_NUMBER:
        return f"{number:_}"
    bits = number.bit_length()
    if number == 1 << (bits - 1):
        return f"2^{bits - 1}"
    if number == (1 << bits) - 1:
        return f"2^{bits} - 1"
    # The nearer power, by comparing squares: number >= 2^(bits - 1/2).
    return f"about 2^{bits if number * number >> (2 * bits - 1) else bits - 1}"


def bounds_in_words(bounds: Bounds) -> str:
    """As messages write bounds: `0 to 1_000`, or the one value that is possible."""
    low, high = bounds
    return number_in_words(low) if low == high else f"{number_in_words(low)} to {number_in_words(high)}"
