"""Filling the uniqueness table from the contributions table (SPEC §5.5)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.contributions.air import flag_name
from zkpay.circuits.contributions.witness import real_rows
from zkpay.circuits.gadgets.limbs import sorted_by
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.codes import ACCEPTED, BUILT_IN_REASONS, DUPLICATE


def fill_uniqueness(trace: Trace, contributions: Trace) -> None:
    """Fill all columns."""
    rows = real_rows(contributions)
    keys = contributions.group("fingerprint")[:, rows]
    # Sorting is stable, so equal keys stay in intake order.
    order = sorted_by(keys)
    rows, keys = rows[order], keys[:, order]
    count = len(rows)
    accepted = contributions[flag_name(BUILT_IN_REASONS[ACCEPTED])][rows]
    valid = accepted + contributions[flag_name(BUILT_IN_REASONS[DUPLICATE])][rows]
    trace["is_real"][:count] = 1
    trace["index"][:count] = contributions["index"][rows]
    trace.group("fingerprint")[:, :count] = keys
    trace["valid"][:count] = valid
    trace["accepted"][:count] = accepted
    if count:
        starts = np.ones(count, dtype=bool)
        starts[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        before = np.cumsum(valid, dtype=np.int64) - valid
        trace["earlier"][:count] = before > before[starts][np.cumsum(starts) - 1]
    fill_gadgets(trace)
