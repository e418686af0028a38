"""Filling a uniqueness table from what the contributions table sends it (SPEC §5.5)."""

from __future__ import annotations

from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.groups import Groups
from zkpay.circuits.trace import Trace


def fill_uniqueness(trace: Trace, contributions: Trace) -> None:
    """Fill all columns."""
    (taken,) = (item for item in trace.table.interactions if item.name.endswith("/record is a contribution"))
    sent = contributions.sent(taken.bus.name)
    groups = Groups.of(sent[1:-2])
    count = sent.shape[1]
    trace["is_real"][:count] = 1
    columns = (trace["index"], *trace.group("key"), trace["valid"], trace["first"])
    for column, values in zip(columns, sent, strict=True):
        groups.put_in_order(column, values)
    valid = trace["valid"][:count]
    trace["earlier"][:count] = groups.running(valid) > valid
    fill_gadgets(trace)


def first_with_key(key: Elements, valid: Elements) -> Elements:
    """1 where a record is valid and no valid one before it has its key; key uint32[k, n], valid uint32[n] of bits."""
    groups = Groups.of(key)
    ordered = valid[groups.order]
    return groups.back(ordered * (groups.running(ordered) == 1))
