"""The randomised split of the quotient into chunks, and the FRI mask (SPEC §4.5, §7).

The quotient is longer than a committed polynomial may be. Its chunks overlap in random polynomials that cancel in their
sum, so that single chunks say nothing that the whole quotient doesn't.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.prover.randomness import MaskSource
from zkpay.stark.field import EXTENSION_DEGREE, P
from zkpay.stark.layout import QUOTIENT_CHUNKS, QUOTIENT_WIDTH
from zkpay.stark.parameters import Parameters

Columns = NDArray[np.uint32]


def split_quotient(quotient: Columns, parameters: Parameters, masks: MaskSource, *, check: bool) -> Columns:
    """uint32[5 * chunks + 5, K]: the chunks q_i - t_(i-1) + X^s t_i, and the FRI mask R of degree below K - 1.

    quotient: uint32[5, cosets * N] coefficients of q = sum_i X^(i s) q_i, where all q_i but the last have s
    coefficients, the last at most K (`derive` has checked that a true quotient fits). Each t_i is uniform of degree
    below h = K - s, but t_(-1) and the last are 0. Raises ValueError if the quotient is longer than a true one, unless
    `check` is off.
    """
    dimension, split, length = parameters.dimension, parameters.split, parameters.mask_length
    columns = np.zeros((QUOTIENT_WIDTH, dimension), dtype=np.uint32)
    last = QUOTIENT_CHUNKS - 1
    if check and bool(quotient[:, parameters.quotient_length :].any()):
        raise ValueError("the quotient is longer than a true one: constraints are not satisfied")
    for chunk in range(QUOTIENT_CHUNKS):
        part = quotient[:, chunk * split : chunk * split + (split if chunk < last else dimension)]
        columns[EXTENSION_DEGREE * chunk : EXTENSION_DEGREE * (chunk + 1), : part.shape[1]] = part
    overlaps = masks.elements("quotient", (EXTENSION_DEGREE * last, length))
    columns[: EXTENSION_DEGREE * last, split:] = overlaps
    following = columns[EXTENSION_DEGREE : EXTENSION_DEGREE * QUOTIENT_CHUNKS, :length]
    following[:] = (following.astype(np.int64) - overlaps) % P
    columns[-EXTENSION_DEGREE:, : dimension - 1] = masks.elements("fri", (EXTENSION_DEGREE, dimension - 1))
    return columns
