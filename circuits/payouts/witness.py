"""Filling the payouts table from the tally (SPEC §5.7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkpay.circuits.bounds import REMAINDER_WIDTH, Bounds
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.difference import HALF_BITS
from zkpay.circuits.gadgets.limbs import from_integers, normalise, repack, to_integers
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.stark.statement import Statement


def fill_payouts(
    trace: Trace, bounds: Bounds, statement: Statement, tally: Trace, payouts: Sequence[int], salts: Elements
) -> None:
    """Fill all columns. `payouts`: an amount for each account, in account order. `salts`: uint32[5, A]."""
    fill_accounts(trace, tally, salts)
    fill_amounts(trace, bounds, statement, payouts)
    fill_gadgets(trace)


def fill_accounts(trace: Trace, tally: Trace, salts: Elements) -> None:
    """Fill index, account, sums and counts from the tally's group ends, and the salts."""
    rows = np.flatnonzero(tally["ends"] * tally["seen"])
    count = len(rows)
    if salts.shape[1] != count:
        raise ValueError(f"{salts.shape[1]} salts for {count} accounts")
    trace["index"][:] = np.arange(trace.height)
    trace["is_real"][:count] = 1
    for name in ("account", "sum"):
        trace.group(name)[:, :count] = tally.group(name)[:, rows]
    trace.group("account high")[:, :count] = trace.group("account")[1:, :count] >> HALF_BITS
    for name in ("accepted_count", "rejected_count"):
        trace[name][:count] = tally[name][rows]
    trace.group("salt")[:, :count] = salts


def fill_amounts(trace: Trace, bounds: Bounds, statement: Statement, payouts: Sequence[int]) -> None:
    """Fill score, payout and remainder from the sums and the given payouts."""
    count = len(payouts)
    limbs = normalise(trace.group("sum")[:, :count].astype(np.int64), bounds.points_width)
    score = repack(limbs, bounds.points_width, bounds.score_widths)
    trace.group("score")[:, :count] = score
    trace.group("payout")[:, :count] = from_integers(payouts, bounds.payout_widths)
    divisor = max(statement.total_score, 1)
    scores = to_integers(limbs, bounds.points_width)
    remainders = [statement.pool * score - divisor * payout for score, payout in zip(scores, payouts, strict=True)]
    widths = limb_widths(bounds.public_divisor.maximum, REMAINDER_WIDTH)
    trace.group("payout remainder")[:, :count] = from_integers(remainders, widths)
