"""Filling the tally from what the contributions table sends it (SPEC §5.6)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.groups import Groups
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.policy.language.program import Operation


def fill_tally(trace: Trace, bounds: Bounds, contributions: Trace) -> None:
    """Fill all columns."""
    sent = contributions.sent("records")
    groups = Groups.of(sent[:ACCOUNT_ELEMENTS])
    sent = sent[:, groups.order]
    count = sent.shape[1]
    accepted = sent[ACCOUNT_ELEMENTS]
    trace["is_real"][:count] = 1
    trace.group("account")[:, :count] = sent[:ACCOUNT_ELEMENTS]
    trace["accepted"][:count] = accepted
    amounts: dict[str, Integers] = {}
    start = ACCOUNT_ELEMENTS + 1
    for argument in bounds.arguments:
        amounts[argument.name] = sent[start : start + len(argument.widths)]
        trace.group(argument.name)[:, :count] = amounts[argument.name]
        start += len(argument.widths)
    trace["accepted_count"][:count] = groups.running(accepted)
    trace["rejected_count"][:count] = groups.running(1 - accepted)
    trace["seen"][:count] = trace["accepted_count"][:count] > 0
    trace["ends"][:count] = groups.ends
    for aggregate in bounds.aggregates:
        if aggregate.argument is None:
            continue
        amount = amounts[aggregate.argument.name]
        if aggregate.node.operation is Operation.SUM:
            for target, limb in zip(trace.group(aggregate.name), amount, strict=True):
                target[:count] = groups.running(limb)
        else:
            largest = _largest(groups, amount)
            trace.group(aggregate.name)[:, :count] = largest
            shown = (amount == largest).all(axis=0).astype(np.int64)
            trace[f"{aggregate.name} attained"][:count] = groups.running(shown) > 0
    paid = np.cumsum(trace["ends"] * trace["seen"], dtype=np.int64)
    trace["ordinal"][1:] = paid[:-1]
    fill_gadgets(trace)


def _largest(groups: Groups, amount: Integers) -> Integers:
    """The largest amount of each row's group, int64[limbs, n]."""
    # By group, then by amount, most significant limb first: the last of each group has the largest.
    order = np.lexsort((*amount, groups.group))
    last: Integers = amount[:, order[groups.ends]]
    return last[:, groups.group]
