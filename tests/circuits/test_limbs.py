"""Limb arithmetic of witness generation against Python's integers."""

import random

import numpy as np
import pytest

from zkpay.circuits.gadgets.limbs import divide, from_integers, repack, sorted_by, to_integers

GENERATOR = random.Random(3)
NUMBERS = [0, 1, 2**112 - 1, 2**111] + [GENERATOR.getrandbits(112) for _ in range(50)]


@pytest.mark.parametrize("widths", [[14] * 8, [10] * 12, [15] * 7 + [7], [1, 30, 30, 30, 21]])
def test_round_trip(widths: list[int]) -> None:
    limbs = from_integers(NUMBERS, widths)
    assert all((limb >> width == 0).all() for limb, width in zip(limbs, widths, strict=True))
    positions = [sum(widths[:k]) for k in range(len(widths))]
    for n, number in enumerate(NUMBERS):
        assert sum(int(limb[n]) << position for limb, position in zip(limbs, positions, strict=True)) == number


@pytest.mark.parametrize(("width", "wanted"), [(14, 10), (10, 14), (8, 15), (15, 8), (14, 14), (9, 10)])
def test_repack(width: int, wanted: int) -> None:
    limbs = from_integers(NUMBERS, [width] * -(-112 // width))
    count = -(-112 // wanted)
    assert (repack(limbs, width, [wanted] * count) == from_integers(NUMBERS, [wanted] * count)).all()
    assert to_integers(limbs, width) == NUMBERS


def test_what_is_too_large_is_cut() -> None:
    assert from_integers([2**30 + 5], [10]).tolist() == [[5]]
    assert from_integers([-1], [10, 3]).tolist() == [[1023], [7]]


def test_quotients() -> None:
    quotients, remainders = divide(from_integers(NUMBERS, [14] * 8), 14, 10_000)
    expected = [divmod(number, 10_000) for number in NUMBERS]
    assert list(zip(to_integers(quotients, 14), remainders.tolist(), strict=True)) == expected


def test_no_numbers() -> None:
    assert from_integers([], [10, 10]).shape == (2, 0)
    assert to_integers(np.zeros((3, 0), dtype=np.int64), 14) == []


def test_sorting_is_lexicographic_and_stable() -> None:
    vectors = np.random.default_rng(2).integers(0, 3, (4, 200), dtype=np.uint32)
    vectors[0, :3] = 2**30 - 1
    order = sorted_by(vectors).tolist()
    assert order == sorted(range(200), key=lambda n: (tuple(vectors[:, n].tolist()), n))


@pytest.mark.parametrize("count", [0, 1, 2, 500])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 8])
@pytest.mark.parametrize("values", [1, 2, 50, 2**30])
def test_sorting_any_size_and_count(size: int, count: int, values: int) -> None:
    vectors = np.random.default_rng(size * values).integers(0, values, (size, count), dtype=np.uint32)
    expected = sorted(range(count), key=lambda n: (tuple(vectors[:, n].tolist()), n))
    assert sorted_by(vectors).tolist() == expected


def test_sorting_by_what_comes_late() -> None:
    """Alike in the first two elements, here and there different in the last."""
    vectors = np.zeros((6, 400), dtype=np.uint32)
    vectors[1] = np.arange(400) % 7
    vectors[5, 100:110] = np.arange(10)[::-1]
    expected = sorted(range(400), key=lambda n: (tuple(vectors[:, n].tolist()), n))
    assert sorted_by(vectors).tolist() == expected
