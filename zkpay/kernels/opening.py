"""Many polynomials at one point of the challenge field (SPEC §4.6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import reduce_product, to_montgomery
from zkpay.kernels.parallel import parallel_ranges
from zkpay.stark.field import P

Columns = npt.NDArray[np.uint32]


@kernel
def _evaluate(coefficients: Columns, powers: Columns, values: npt.NDArray[np.uint64], start: int, stop: int) -> None:
    # Each reduced product is below P < 2^31; 2^24 of them stay below 2^55.
    for column in range(start, stop):
        row = coefficients[column]
        for k in range(powers.shape[0]):
            power = powers[k]
            total = np.uint64(0)
            for i in range(len(row)):
                total += np.uint64(reduce_product(np.uint64(row[i]) * np.uint64(power[i])))
            values[column, k] = total


def evaluate_at(coefficients: Columns, powers: Columns) -> Columns:
    """uint32[w, 5]: sum_i coefficients[c, i] * point^i for uint32[w, L] and powers uint32[5, >= L] of the
    point."""
    values = np.zeros((coefficients.shape[0], powers.shape[0]), dtype=np.uint64)
    constants = to_montgomery(powers[:, : coefficients.shape[1]])
    parallel_ranges(lambda start, stop: _evaluate(coefficients, constants, values, start, stop), coefficients.shape[0])
    return (values % np.uint64(P)).astype(np.uint32)
