"""Bounds of single operations, by enumeration, and how messages write numbers."""

import itertools
import math
from collections.abc import Callable

import pytest

from zkpay.policy.language.bounds import bounds_in_words, common, hull, number_in_words, operation_bounds
from zkpay.policy.language.program import Operation

INTERVALS = [(low, high) for low in range(6) for high in range(low, 8)]

BINARY: dict[Operation, Callable[[int, int], int]] = {
    Operation.ADD: lambda a, b: a + b,
    Operation.SUBTRACT: lambda a, b: a - b,
    Operation.MULTIPLY: lambda a, b: a * b,
    Operation.DIVIDE: lambda a, b: a // b,
    Operation.REMAINDER: lambda a, b: a % b,
    Operation.MINIMUM: min,
    Operation.MAXIMUM: max,
}


def is_defined(operation: Operation, a: int, b: int) -> bool:
    if operation in (Operation.DIVIDE, Operation.REMAINDER):
        return b > 0
    return operation is not Operation.SUBTRACT or a >= b


@pytest.mark.parametrize("operation", BINARY)
def test_bounds_contain_all_values_and_are_reached(operation: Operation) -> None:
    for a, b in itertools.product(INTERVALS, INTERVALS):
        if operation in (Operation.DIVIDE, Operation.REMAINDER) and not b[0]:
            continue
        values = [
            BINARY[operation](x, y)
            for x in range(a[0], a[1] + 1)
            for y in range(b[0], b[1] + 1)
            if is_defined(operation, x, y)
        ]
        if not values:
            continue
        low, high = operation_bounds(operation, [a, b])
        assert low <= min(values)
        assert max(values) <= high
        if operation is not Operation.REMAINDER:
            assert (low, high) == (min(values), max(values))
        elif b[0] == b[1] and (a[1] < b[0] or a[0] // b[0] == a[1] // b[0]):
            assert (low, high) == (min(values), max(values))


def test_bounds_of_roots_are_exact() -> None:
    for low, high in itertools.combinations(range(70), 2):
        assert operation_bounds(Operation.ROOT, [(low, high)]) == (math.isqrt(low), math.isqrt(high))


def test_selections_have_no_bounds_of_their_own() -> None:
    with pytest.raises(ValueError, match="select has no bounds"):
        operation_bounds(Operation.SELECT, [(0, 1), (0, 1), (0, 1)])


def test_hull_and_common_part() -> None:
    assert hull((2, 3), (7, 9)) == (2, 9)
    assert common((2, 8), (7, 9)) == (7, 8)
    assert common((2, 3), (7, 9)) == (7, 3)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (1_000_000, "1_000_000"),
        (10**15, "1_000_000_000_000_000"),
        (2**60, "2^60"),
        (2**112 - 1, "2^112 - 1"),
        (2**100 + 1, "about 2^100"),
        (2**100 * 7 // 5, "about 2^100"),
        (2**100 * 3 // 2, "about 2^101"),
        (2**100 - 2, "about 2^100"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert number_in_words(number) == words


def test_bounds_in_words() -> None:
    assert bounds_in_words((0, 2**64)) == "0 to 2^64"
    assert bounds_in_words((5, 5)) == "5"
