"""Products mod P without division, as compiled helpers for kernels (Montgomery, Math. Comp. 44, 1985).

A product of x in [0, 2^32) with c * 2^32 mod P is c * x mod P in [0, P): a constant in Montgomery form times
a plain value is a plain value.  So columns never leave the canonical form; only constants are converted,
once, by `to_montgomery`.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined
from zkpay.stark.field import P

MODULUS: Final = np.uint32(P)
INVERSE: Final = np.uint32(pow(P, -1, 2**32))
"""P^-1 mod 2^32, with the sign for which the reduction subtracts."""

SHIFT: Final = np.uint64(32)


@inlined
def reduce_product(t: np.uint64) -> np.uint32:
    """t / 2^32 mod P in [0, P), for t < 2^32 * P.

    m P with m = t P^-1 mod 2^32 has the low half of t; the difference of the high halves lies in (-P, P),
    and the smaller of d and d + P as unsigned words is the canonical one.
    """
    m = np.uint32(np.uint32(t) * INVERSE)
    difference = np.uint32(np.uint32(t >> SHIFT) - np.uint32((np.uint64(m) * np.uint64(MODULUS)) >> SHIFT))
    return min(difference, np.uint32(difference + MODULUS))


@inlined
def multiply(a: np.uint32, b: np.uint32) -> np.uint32:
    """a * b / 2^32 mod P in [0, P), for a * b < 2^32 * P: any word times a canonical value."""
    return reduce_product(np.uint64(a) * np.uint64(b))


@inlined
def add(a: np.uint32, b: np.uint32) -> np.uint32:
    """a + b mod P for a, b in [0, P); the sum stays below 2 P < 2^32."""
    total = np.uint32(a + b)
    return min(total, np.uint32(total - MODULUS))


@inlined
def subtract(a: np.uint32, b: np.uint32) -> np.uint32:
    """a - b mod P for a, b in [0, P)."""
    difference = np.uint32(a - b)
    return min(difference, np.uint32(difference + MODULUS))


def to_montgomery(values: npt.ArrayLike, power: int = 1) -> npt.NDArray[np.uint32]:
    """values * 2^(32 power) mod P, elementwise, for integers in [0, P)."""
    factor = np.uint64(pow(2, 32 * power, P))
    return (np.asarray(values, dtype=np.uint64) * factor % np.uint64(P)).astype(np.uint32)


def power_table(base: int, count: int) -> npt.NDArray[np.uint32]:
    """base^i in Montgomery form for i < count."""
    powers = np.ones(max(count, 1), dtype=np.uint64)
    known, step = 1, base % P
    while known < count:
        more = min(known, count - known)
        powers[known : known + more] = powers[:more] * np.uint64(step) % np.uint64(P)
        known, step = known + more, step * step % P
    return to_montgomery(powers[:count])
