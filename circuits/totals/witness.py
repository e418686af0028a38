"""Filling the totals table from the payouts table (SPEC §5.8)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace


def fill_totals(trace: Trace, payouts: Trace) -> None:
    """Fill all columns."""
    is_real = payouts["is_real"].astype(np.int64)
    for name in ("score", "payout"):
        sums = (payouts.group(name) * is_real).sum(axis=1)
        trace.group(f"{name}_limb")[:, 0] = sums
    fill_gadgets(trace)
