"""Expressions on many rows at once, over the field or over the integers (SPEC §5).

The checker reads constraints over the field. Witness generation reads the lines of carry chains over the
integers: their bounds say that they stay below P in size, and a carry is a quotient of integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.stark.expression import Column, Expression, Phase, Reader, read
from zkpay.stark.field import P

Integers = NDArray[np.int64]
Elements = NDArray[np.uint32]


@dataclass(frozen=True)
class Rows:
    """Rows start..stop of a table: `main` uint32[width, height], each of `preprocessed` int64[period]."""

    main: Elements
    preprocessed: Sequence[Integers]
    publics: Mapping[str, int]
    start: int
    stop: int

    def column(self, column: Column) -> Integers:
        """Values of a column as int64[stop - start]; the row after the last is the first."""
        if column.phase is Phase.PREPROCESSED:
            period = self.preprocessed[column.index]
            repeated: Integers = period[(np.arange(self.start, self.stop) + column.rotation) % len(period)]
            return repeated
        values: Elements = self.main[column.index]
        if column.rotation == 0:
            return values[self.start : self.stop].astype(np.int64)
        following = values[self.start + 1 : self.stop + 1].astype(np.int64)
        if self.stop < len(values):
            return following
        return np.append(following, np.int64(values[0]))


class FieldReader:
    """Canonical values in [0, P): every product stays below P^2 < 2^62."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def constant(self, value: int) -> Integers:
        return np.asarray(value % P, dtype=np.int64)

    def public(self, name: str) -> Integers:
        return np.asarray(self.rows.publics[name], dtype=np.int64)

    def column(self, column: Column) -> Integers:
        return self.rows.column(column)

    def linear(self, terms: list[tuple[int | str, Integers]], constant: int) -> Integers:
        result, largest = self.constant(constant), P
        for coefficient, value in terms:
            factor = (self.rows.publics[coefficient] if isinstance(coefficient, str) else coefficient) % P
            if factor > P // 2:
                factor -= P
            # Sums of signed products are reduced only where the next one could pass 2^63; each is below 2^61.
            largest += abs(factor) * P
            if largest >= 1 << 63:
                result, largest = _reduced(result), P + abs(factor) * P
            result = result + (value if factor == 1 else factor * value)
        return _reduced(result)

    def product(self, left: Integers, right: Integers) -> Integers:
        return _reduced(left * right)


def _reduced(values: Integers) -> Integers:
    """values mod P, by a division for which numpy has vector code (it has none for the remainder)."""
    found: Integers = values - values // P * P
    return found


class IntegerReader:
    """Integers as they are; whoever reads vouches that nothing reaches 2^63."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def constant(self, value: int) -> Integers:
        return np.asarray(value, dtype=np.int64)

    def public(self, name: str) -> Integers:
        return np.asarray(self.rows.publics[name], dtype=np.int64)

    def column(self, column: Column) -> Integers:
        return self.rows.column(column)

    def linear(self, terms: list[tuple[int | str, Integers]], constant: int) -> Integers:
        result = self.constant(constant)
        for coefficient, value in terms:
            factor = self.rows.publics[coefficient] if isinstance(coefficient, str) else coefficient
            result = result + factor * value
        return result

    def product(self, left: Integers, right: Integers) -> Integers:
        return left * right


def evaluate(
    expression: Expression, reader: Reader[Integers], count: int, memory: dict[Expression, Integers]
) -> Integers:
    """The expression on `count` rows, int64[count]; `memory` serves expressions of one graph and one reader."""
    return np.broadcast_to(read(expression, reader, memory), (count,))
