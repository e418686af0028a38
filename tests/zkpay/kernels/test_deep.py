"""Linear combinations against exact integer sums."""

import numpy as np
import pytest

from zkpay.kernels.deep import combine
from zkpay.stark.field import P


@pytest.mark.parametrize("width", [0, 1, 2, 3, 4, 5, 33])
@pytest.mark.parametrize("count", [1, 511, 513, 1500])
def test_combine(width: int, count: int) -> None:
    generator = np.random.default_rng(width)
    columns = generator.integers(0, P, (width, count)).astype(np.uint32)
    weights = generator.integers(0, P, (5, width)).astype(np.uint32)
    columns[:, 0], weights[0] = P - 1, P - 1
    expected = weights.astype(object) @ columns.astype(object) % P if width else np.zeros((5, count), dtype=object)
    result = combine(columns, weights)
    assert result.dtype == np.uint32
    assert result.tolist() == expected.tolist()


def test_many_maximal_columns_do_not_overflow() -> None:
    width = 3001
    result = combine(np.full((width, 700), P - 1, dtype=np.uint32), np.full((5, width), P - 1, dtype=np.uint32))
    assert np.all(result == width)


def test_other_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="need weights"):
        combine(np.zeros((3, 8), dtype=np.uint32), np.zeros((3, 5), dtype=np.uint32))
