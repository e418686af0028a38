"""Values of polynomials at a point against exact integer sums."""

import numpy as np
import pytest

from zkpay.kernels.extension import powers
from zkpay.kernels.opening import evaluate_at
from zkpay.stark.field import EXT_ZERO, Extension, P, ext_add, ext_mul, ext_scale

POINT: Extension = (P - 1, 5, 0, 2**30, P - 2)


def horner(row: list[int], point: Extension) -> Extension:
    value = EXT_ZERO
    for coefficient in reversed(row):
        value = ext_add(ext_mul(value, point), (coefficient, 0, 0, 0, 0))
    return value


@pytest.mark.parametrize("length", [0, 1, 255, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize("width", [0, 1, 3])
def test_values_equal_horners_rule(width: int, length: int) -> None:
    coefficients = np.random.default_rng(length).integers(0, P, (width, length)).astype(np.uint32)
    coefficients[:1] = P - 1
    values = evaluate_at(coefficients, powers(POINT, length + 3))
    assert values.dtype == np.uint32
    assert values.tolist() == [list(horner(row, POINT)) for row in coefficients.tolist()]


def test_maximal_entries_do_not_overflow() -> None:
    length = (1 << 17) + 77
    ends = np.full((2, length), P - 1, dtype=np.uint32)
    assert np.all(evaluate_at(ends, np.full((5, length), P - 1, dtype=np.uint32)) == length)


def test_views_give_what_their_copies_give() -> None:
    table = np.random.default_rng(1).integers(0, P, (12, 5000)).astype(np.uint32)
    factors = powers(POINT, 5000)
    for view in (table[3:7], table[::3, 100:2900], table[:, ::2], table[::-1]):
        assert np.array_equal(evaluate_at(view, factors), evaluate_at(view.copy(), factors))


def test_linearity() -> None:
    a, b = np.random.default_rng(2).integers(0, P, (2, 1, 4097)).astype(np.uint32)
    both = ((a.astype(np.uint64) + 3 * b.astype(np.uint64)) % P).astype(np.uint32)
    of_a, of_b, of_both = (tuple(evaluate_at(rows, powers(POINT, 4097))[0].tolist()) for rows in (a, b, both))
    assert of_both == ext_add(of_a, ext_scale(of_b, 3))


def test_too_few_powers_are_refused() -> None:
    with pytest.raises(ValueError, match="need powers"):
        evaluate_at(np.zeros((1, 9), dtype=np.uint32), np.zeros((5, 8), dtype=np.uint32))
