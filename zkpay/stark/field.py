"""The field KoalaBear and its quintic extension, for one value at a time and for numpy columns (SPEC §2).

P = 2^31 - 2^24 + 1, so P - 1 = 127 * 2^24: subgroups of every power-of-two order up to 2^24.  The extension
is F_p[X] / (X^5 + X^2 - 1), as in Plonky3 (`QuinticTrinomial`); 5 does not divide P - 1, so no binomial X^5
- w would do.  Its only proper subfield is F_p, since 5 is prime.

The verifier reads this module, so it needs nothing but Python and numpy.
"""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

P: Final = 2**31 - 2**24 + 1
GENERATOR: Final = 3
TWO_ADICITY: Final = 24
TWO_ADIC_ROOT: Final = 1791270792
"""Generates the subgroup of order 2^24: 3^127 mod P (Plonky3, koala_bear.rs)."""

EXTENSION_DEGREE: Final = 5

Extension = tuple[int, int, int, int, int]
"""a_0 + a_1 X + ... + a_4 X^4, every coordinate canonical in [0, P)."""

EXT_ZERO: Final[Extension] = (0, 0, 0, 0, 0)
EXT_ONE: Final[Extension] = (1, 0, 0, 0, 0)


def two_adic_generator(log_size: int) -> int:
    """The generator of order 2^log_size that all domains use; each is the square of the next larger one's."""
    if not 0 <= log_size <= TWO_ADICITY:
        raise ValueError(f"no subgroup of order 2^{log_size}: the two-adicity is {TWO_ADICITY}")
    return pow(TWO_ADIC_ROOT, 1 << (TWO_ADICITY - log_size), P)


def inverse(x: int) -> int:
    """1 / x mod P; ZeroDivisionError for 0."""
    if x % P == 0:
        raise ZeroDivisionError("0 has no inverse in the field")
    return pow(x, -1, P)


def ext(base: int) -> Extension:
    """A base-field value as an extension value."""
    return (base % P, 0, 0, 0, 0)


def is_base(a: Extension) -> bool:
    """Whether `a` lies in F_p."""
    return not (a[1] or a[2] or a[3] or a[4])


def ext_add(a: Extension, b: Extension) -> Extension:
    """a + b."""
    return ((a[0] + b[0]) % P, (a[1] + b[1]) % P, (a[2] + b[2]) % P, (a[3] + b[3]) % P, (a[4] + b[4]) % P)


def ext_sub(a: Extension, b: Extension) -> Extension:
    """a - b."""
    return ((a[0] - b[0]) % P, (a[1] - b[1]) % P, (a[2] - b[2]) % P, (a[3] - b[3]) % P, (a[4] - b[4]) % P)


def ext_neg(a: Extension) -> Extension:
    """-a."""
    return (-a[0] % P, -a[1] % P, -a[2] % P, -a[3] % P, -a[4] % P)


def ext_scale(a: Extension, factor: int) -> Extension:
    """a * factor with `factor` in F_p."""
    return (a[0] * factor % P, a[1] * factor % P, a[2] * factor % P, a[3] * factor % P, a[4] * factor % P)


def ext_mul(a: Extension, b: Extension) -> Extension:
    """a * b, reduced with X^5 = 1 - X^2, X^6 = X - X^3, X^7 = X^2 - X^4, X^8 = X^3 + X^2 - 1.

    Python's integers don't overflow, so each coordinate is reduced once.
    """
    a0, a1, a2, a3, a4 = a
    b0, b1, b2, b3, b4 = b
    x5 = a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1
    x6 = a2 * b4 + a3 * b3 + a4 * b2
    x7 = a3 * b4 + a4 * b3
    x8 = a4 * b4
    return (
        (a0 * b0 + x5 - x8) % P,
        (a0 * b1 + a1 * b0 + x6) % P,
        (a0 * b2 + a1 * b1 + a2 * b0 - x5 + x7 + x8) % P,
        (a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - x6 + x8) % P,
        (a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 - x7) % P,
    )


def ext_pow(a: Extension, exponent: int) -> Extension:
    """a^exponent by squaring; a negative exponent inverts first."""
    if exponent < 0:
        a, exponent = ext_inverse(a), -exponent
    result = EXT_ONE
    while exponent:
        if exponent & 1:
            result = ext_mul(result, a)
        a = ext_mul(a, a)
        exponent >>= 1
    return result


@cache
def _frobenius_images(power: int) -> tuple[Extension, Extension, Extension, Extension, Extension]:
    """X^(i p^power) for i = 0..4: the images of the basis under the power-th Frobenius map."""
    image = ext_pow((0, 1, 0, 0, 0), P**power)
    square = ext_mul(image, image)
    return (EXT_ONE, image, square, ext_mul(square, image), ext_mul(square, square))


def ext_frobenius(a: Extension, power: int = 1) -> Extension:
    """a^(p^power): linear over F_p, so it is fixed by the images of the basis."""
    _, x1, x2, x3, x4 = _frobenius_images(power % EXTENSION_DEGREE)
    a0, a1, a2, a3, a4 = a
    return (
        (a0 + a1 * x1[0] + a2 * x2[0] + a3 * x3[0] + a4 * x4[0]) % P,
        (a1 * x1[1] + a2 * x2[1] + a3 * x3[1] + a4 * x4[1]) % P,
        (a1 * x1[2] + a2 * x2[2] + a3 * x3[2] + a4 * x4[2]) % P,
        (a1 * x1[3] + a2 * x2[3] + a3 * x3[3] + a4 * x4[3]) % P,
        (a1 * x1[4] + a2 * x2[4] + a3 * x3[4] + a4 * x4[4]) % P,
    )


def ext_inverse(a: Extension) -> Extension:
    """1 / a; ZeroDivisionError for 0.

    The product of the other four conjugates, divided by the norm, which lies in F_p (Itoh and Tsujii 1988).
    """
    first_two = ext_mul(ext_frobenius(a, 1), ext_frobenius(a, 2))
    others = ext_mul(first_two, ext_frobenius(first_two, 2))
    return ext_scale(others, inverse(ext_mul(a, others)[0]))


_UNSIGNED_P: Final = np.uint64(P)


def _reduced(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """values mod P.  numpy divides by a scalar with vector code but has none for the remainder: 5 times
    faster."""
    reduced: npt.NDArray[np.uint64] = values - values // _UNSIGNED_P * _UNSIGNED_P
    return reduced


def _power_list(base: int, count: int) -> npt.NDArray[np.uint64]:
    """1, base, ..., base^(count-1), by doubling; count is a power of two or 0."""
    powers = np.ones(count, dtype=np.uint64)
    known, step = 1, base
    while known < count:
        powers[known : 2 * known] = _reduced(powers[:known] * np.uint64(step))
        known, step = 2 * known, step * step % P
    return powers


def ntt_inverse(values: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Coefficients of the polynomial with the given values at 1, omega, ..., omega^(n-1), omega of order n.

    values: integers in [0, P), n a power of two up to 2^24, natural order; returns int64[n] in [0, P),
    natural order. Radix 2, self-sorting (Stockham; Van Loan, "Computational Frameworks for the FFT", 1.7).
    Sums stay below 2 P and products below 2^63.
    """
    size = len(values)
    if size < 1 or size & (size - 1):
        raise ValueError(f"the number of values must be a power of two, not {size}")
    log_size = size.bit_length() - 1
    roots = _power_list(inverse(two_adic_generator(log_size)), size // 2)
    work = np.asarray(values).astype(np.uint64).reshape(size, 1)
    while work.shape[0] > 1:
        half, stride = work.shape[0] // 2, work.shape[1]
        low, high = work[:half], work[half:]
        following = np.empty((half, 2, stride), dtype=np.uint64)
        following[:, 0] = _reduced(low + high)
        following[:, 1] = _reduced((low + _UNSIGNED_P - high) * roots[::stride, None])
        work = following.reshape(half, 2 * stride)
    return _reduced(work.reshape(size) * np.uint64(inverse(size))).astype(np.int64)


def evaluate_polynomial(coefficients: npt.NDArray[np.int64], point: Extension) -> Extension:
    """sum_j coefficients[j] * point^j for int64[n] coefficients in [0, P), n <= 2^24.

    With j = width * a + b the inner sums over b are one matrix product, the outer sum is Horner's rule.  The
    powers of the point are split into 16-bit halves, so that an inner sum is below width * 2^31 * 2^16 <=
    2^59 for width <= 2^12.
    """
    count = len(coefficients)
    if count > 1 << TWO_ADICITY:
        raise ValueError(f"{count} coefficients: at most 2^{TWO_ADICITY} are supported")
    width = 1 << ((count - 1).bit_length() + 1) // 2
    rows = -(-count // width)
    padded = np.zeros(rows * width, dtype=np.int64)
    padded[:count] = coefficients
    power, point_powers = EXT_ONE, np.empty((width, EXTENSION_DEGREE), dtype=np.int64)
    for index in range(width):
        point_powers[index] = power
        power = ext_mul(power, point)
    matrix = padded.reshape(rows, width)
    low = matrix @ (point_powers & 0xFFFF) % P
    high = matrix @ (point_powers >> 16) % P
    result = EXT_ZERO
    for c0, c1, c2, c3, c4 in reversed(((low + (high << 16)) % P).tolist()):
        scaled = ext_mul(result, power)
        result = (
            (scaled[0] + c0) % P,
            (scaled[1] + c1) % P,
            (scaled[2] + c2) % P,
            (scaled[3] + c3) % P,
            (scaled[4] + c4) % P,
        )
    return result
