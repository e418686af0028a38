"""Lies that would pay more than the pool: no statement says that, so what they need is never asked for.

Where a payout is `pool * x // total(x)`, shares round down to the pool less one unit for each account. What makes some
of them larger by more than that, and none smaller, is spent.
"""

from __future__ import annotations

import re
from typing import Final

from tests.campaigns.deletion.reasons.implied import PATTERN, Plans
from zkpay.circuits.bounds import PAYOUT, Bounds
from zkpay.policy.language.program import Node, Operation
from zkpay.stark.field import P

WRAPPED: Final = (
    "Whatever this carry is, pool * x is off by multiples of P * 2^(R k): never below it, as it is less than that "
    "itself, so somebody would be paid more, by more than all rounding leaves of the pool."
)


def shared_out(bounds: Bounds) -> Node | None:
    """The x of a payout `pool * x // total(x)`; None where it isn't of that form."""
    payout = bounds.program.payout
    if payout.operation is not Operation.DIVIDE or payout.arguments[0].operation is not Operation.MULTIPLY:
        return None
    numerator, divisor = payout.arguments
    parts = [node for node in numerator.arguments if node.value != bounds.pool]
    totals = [node for node in bounds.program.totals.values() if node in (divisor, *divisor.arguments)]
    return parts[0] if len(parts) == 1 and len(totals) == 1 and totals[0].arguments[0] is parts[0] else None


def why_spent(bounds: Bounds, plans: Plans, name: str) -> str | None:
    """Why a carry of a share is of no use to a liar; None if it may be."""
    shared = shared_out(bounds)
    if shared is None:
        return None
    most = bounds.accounts * bounds.program.payout.arguments[1].high
    found = re.fullmatch(PATTERN, name)
    if found is not None and (found["table"], found["title"]) == ("payouts", PAYOUT):
        wrap = P << (plans["payouts", PAYOUT].radix * int(found["k"]))
        return WRAPPED if wrap > max(most, bounds.pool, bounds.pool * shared.high) else None
    return None
