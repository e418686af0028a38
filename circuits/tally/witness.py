"""Filling the tally from the contributions table (SPEC §5.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.contributions.air import flag_name
from zkpay.circuits.contributions.witness import real_rows
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.limbs import sorted_by
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.codes import ACCEPTED, BUILT_IN_REASONS


def fill_tally(trace: Trace, contributions: Trace) -> None:
    """Fill all columns."""
    rows = real_rows(contributions)
    accounts = contributions.group("account")[:, rows]
    order = sorted_by(accounts)
    rows, accounts = rows[order], accounts[:, order]
    count = len(rows)
    points = contributions.group("points")[:, rows]
    accepted = contributions[flag_name(BUILT_IN_REASONS[ACCEPTED])][rows]
    trace["is_real"][:count] = 1
    trace.group("account")[:, :count] = accounts
    trace["accepted"][:count] = accepted
    trace.group("points")[:, :count] = points
    if count:
        starts = np.ones(count, dtype=bool)
        starts[1:] = (accounts[:, 1:] != accounts[:, :-1]).any(axis=0)
        group = np.cumsum(starts) - 1

        def running(amounts: Elements) -> NDArray[np.int64]:
            sums: NDArray[np.int64] = np.cumsum(amounts, dtype=np.int64)
            before: NDArray[np.int64] = (sums - amounts)[starts]
            result: NDArray[np.int64] = sums - before[group]
            return result

        for target, amounts in zip(trace.group("sum"), points, strict=True):
            target[:count] = running(amounts)
        trace["accepted_count"][:count] = running(accepted)
        trace["rejected_count"][:count] = running(1 - accepted)
        trace["seen"][:count] = trace["accepted_count"][:count] > 0
        trace["ends"][:count] = np.append(starts[1:], True)
    paid = np.cumsum(trace["ends"] * trace["seen"], dtype=np.int64)
    trace["ordinal"][1:] = paid[:-1]
    fill_gadgets(trace)
