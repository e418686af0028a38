"""Filling the tally from what the contributions table sends it (SPEC §5.6)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.groups import Groups
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.policy.language.program import Operation


def fill_tally(trace: Trace, bounds: Bounds, contributions: Trace) -> None:
    """Fill all columns."""
    sent = contributions.sent("records")
    groups = Groups.of(sent[:ACCOUNT_ELEMENTS])
    count = sent.shape[1]
    trace["is_real"][:count] = 1
    columns = [*trace.group("account"), trace["accepted"]]
    for argument in bounds.arguments:
        columns.extend(trace.group(argument.name))
    for column, values in zip(columns, sent, strict=True):
        groups.put_in_order(column, values)
    accepted = trace["accepted"][:count]
    trace["accepted_count"][:count] = groups.running(accepted)
    trace["rejected_count"][:count] = groups.running(1 - accepted.astype(np.int64))
    trace["seen"][:count] = trace["accepted_count"][:count] > 0
    trace["ends"][:count] = groups.ends
    for aggregate in bounds.aggregates:
        if aggregate.argument is None:
            continue
        amount = trace.group(aggregate.argument.name)[:, :count]
        if aggregate.node.operation is Operation.SUM:
            for target, limb in zip(trace.group(aggregate.name), amount, strict=True):
                target[:count] = groups.running(limb)
        else:
            largest = _largest(groups, amount)
            trace.group(aggregate.name)[:, :count] = largest
            shown = (amount == largest).all(axis=0)
            trace[f"{aggregate.name} attained"][:count] = groups.running(shown) > 0
    paid = np.cumsum(trace["ends"] * trace["seen"], dtype=np.int64)
    trace["ordinal"][1:] = paid[:-1]
    fill_gadgets(trace)


def _largest(groups: Groups, amount: Elements) -> Elements:
    """The largest amount of each row's group, uint32[limbs, n]."""
    # By group, then by amount, most significant limb first: the last of each group has the largest.
    order = np.lexsort((*amount, groups.group))
    last: Elements = amount[:, order[groups.ends]]
    return last[:, groups.group]
