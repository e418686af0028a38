"""Sums of columns over the base field, in place (SPEC §2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.stark.field import P

Columns = NDArray[np.uint32]

_MODULUS = np.uint32(P)


def add_to(total: Columns, part: Columns) -> None:
    """total += part mod P, elementwise, with numpy's broadcasting; all canonical: sums stay below 2 P < 2^32."""
    np.add(total, part, out=total)
    np.minimum(total, total - _MODULUS, out=total)


def add_lifted(total: Columns, part: Columns) -> None:
    """total uint32[w, r * m] += part uint32[w, m], repeated r times."""
    width, height = part.shape
    add_to(total.reshape(width, -1, height), part[:, None, :])
