"""Filling the payouts table from the tally (SPEC §5.7)."""

from __future__ import annotations

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.difference import HALF_BITS
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS


def fill_payouts(trace: Trace, bounds: Bounds, tally: Trace, salts: Elements) -> None:
    """Fill all columns. `salts`: uint32[5, A]."""
    fill_accounts(trace, bounds, tally, salts)
    fill_gadgets(trace)


def fill_accounts(trace: Trace, bounds: Bounds, tally: Trace, salts: Elements) -> None:
    """Fill index, account, aggregates and counts from what the tally sends, and the salts where they stand here."""
    _, *sent = tally.sent("accounts")
    count = len(sent[0])
    if salts.shape[1] != count:
        raise ValueError(f"{salts.shape[1]} salts for {count} accounts")
    trace["index"][:] = range(trace.height)
    trace["is_real"][:count] = 1
    names = [f"account[{k}]" for k in range(ACCOUNT_ELEMENTS)]
    for aggregate in bounds.aggregates:
        names += [f"{aggregate.name}[{k}]" for k in range(len(aggregate.widths))]
    for name, values in zip([*names, "accepted_count", "rejected_count"], sent, strict=True):
        trace[name][:count] = values
    trace.group("account high")[:, :count] = trace.group("account")[1:, :count] >> HALF_BITS
    if "salt[0]" in trace.places:
        trace.group("salt")[:, :count] = salts
