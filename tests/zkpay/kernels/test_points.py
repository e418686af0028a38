"""Values at a few points are those of the whole transform there."""

import numpy as np
import pytest

from zkpay.kernels.ntt import evaluate_coset
from zkpay.kernels.points import evaluate_points
from zkpay.stark.field import P


@pytest.mark.parametrize(
    ("size", "length"), [(1, 1), (1, 2), (2, 3), (32, 40), (64, 64), (128, 256), (1024, 1100), (1 << 14, 16640)]
)
@pytest.mark.parametrize("extreme", [False, True])
def test_points_of_a_coset(size: int, length: int, extreme: bool) -> None:
    generator = np.random.default_rng(size + length)
    coefficients = generator.integers(0, P, (5, length), dtype=np.uint32)
    if extreme:
        coefficients[:3] = P - 1
        coefficients[3] = 0
    places = np.unique(np.concatenate([[0, size - 1, size // 2], generator.integers(0, size, 20)]))
    for shift in (1, 3, 123456789, P - 1):
        whole = np.empty((5, size), dtype=np.uint32)
        evaluate_coset(coefficients, size, shift, whole)
        assert np.array_equal(evaluate_points(coefficients, size, shift, places), whole[:, places])


def test_no_points_and_no_columns() -> None:
    assert evaluate_points(np.ones((2, 8), dtype=np.uint32), 8, 3, np.empty(0, dtype=np.int64)).shape == (2, 0)
    assert evaluate_points(np.ones((0, 8), dtype=np.uint32), 8, 3, np.array([1, 2])).shape == (0, 2)


@pytest.mark.parametrize(("size", "length"), [(8, 7), (8, 17), (6, 6), (0, 0)])
def test_what_does_not_fit_is_refused(size: int, length: int) -> None:
    with pytest.raises(ValueError, match="coefficients"):
        evaluate_points(np.ones((1, length), dtype=np.uint32), size, 3, np.array([0]))
