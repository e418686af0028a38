"""Filling a uniqueness table from what the contributions table sends it (SPEC §5.5)."""

from __future__ import annotations

from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.groups import Groups
from zkpay.circuits.trace import Trace


def fill_uniqueness(trace: Trace, contributions: Trace) -> None:
    """Fill all columns."""
    (taken,) = (item for item in trace.table.interactions if item.name.endswith("/record is a contribution"))
    sent = contributions.sent(taken.bus.name)
    groups = Groups.of(sent[1:-2])
    index, key, valid, first = sent[0], sent[1:-2], sent[-2][groups.order], sent[-1][groups.order]
    count = sent.shape[1]
    trace["is_real"][:count] = 1
    trace["index"][:count] = index[groups.order]
    trace.group("key")[:, :count] = key[:, groups.order]
    trace["valid"][:count] = valid
    trace["first"][:count] = first
    trace["earlier"][:count] = groups.running(valid) > valid
    fill_gadgets(trace)


def first_with_key(key: Integers, valid: Integers) -> Integers:
    """1 where a record is valid and no valid one before it has its key; key int64[k, n], valid int64[n] of bits."""
    groups = Groups.of(key)
    ordered = valid[groups.order]
    return groups.back(ordered * (groups.running(ordered) == 1))
