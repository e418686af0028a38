"""Filling the table of a limit from what the contributions table sends it (SPEC §5.14)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.groups import Groups
from zkpay.circuits.limits.air import in_reach
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.stark.field import P, inverse


def fill_limit(trace: Trace, contributions: Trace, limit: int, records: int) -> None:
    """Fill all columns; limit and records as the table has them. Who passes is what the contributions say."""
    sent = contributions.sent(trace.table.name)
    group, passes = sent[1:-1], sent[-1]
    groups = Groups.of(group)
    count = sent.shape[1]
    trace["is_real"][:count] = 1
    columns = [trace["index"], *trace.group("account")]
    if len(group) > ACCOUNT_ELEMENTS:
        columns.extend(trace.group("window"))
    # Padding is a row on which anything may pass that a table of zeros would let pass.
    trace["passes"][:] = limit > 0
    for column, values in zip((*columns, trace["passes"]), sent, strict=True):
        groups.put_in_order(column, values)
    ordered = passes[groups.order]
    trace["count"][:count] = groups.running(ordered) - ordered
    left = (in_reach(limit, records) - trace["count"].astype(np.int64)) % P
    values, places = np.unique(left, return_inverse=True)
    inverses = np.array([inverse(int(value)) if value else 0 for value in values], dtype=np.int64)
    trace["inverse"][:] = inverses[places]
    fill_gadgets(trace)
