"""The Gini coefficient of payouts: 0 where all are equal, near 1 where one account has everything. In integers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

DECIMALS = 4


def gini(amounts: Sequence[int]) -> Fraction | None:
    """Exact; None where nothing is paid.

    With x_1 <= ... <= x_n: (2 * sum of i x_i) / (n * sum of x_i) - (n + 1) / n.
    """
    count, total = len(amounts), sum(amounts)
    if not total:
        return None
    weighted = sum(place * amount for place, amount in enumerate(sorted(amounts), start=1))
    return Fraction(2 * weighted - (count + 1) * total, count * total)


def decimal_text(value: Fraction, decimals: int = DECIMALS) -> str:
    """A fraction with so many decimals, halves away from zero."""
    scaled = abs(value) * 10**decimals
    digits = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    whole, fraction = divmod(digits, 10**decimals)
    sign = "-" if value < 0 and digits else ""
    return f"{sign}{whole}" + (f".{fraction:0{decimals}d}" if decimals else "")
