"""Why a total by which the whole pool is shared out can't be told too small: more would be paid than there is."""

from __future__ import annotations

import re
from math import isqrt, prod

from zkpay.circuits.bounds import TOTAL_WIDTH, Bounds
from zkpay.policy.language.program import Node, Operation

PATTERN = re.compile(r"payouts/(?P<title>.+)_limb\[(?P<k>\d+)\] is added up")
REASON = (
    "The total would be too small by at least 2^(10 k), and everybody's share of the pool so much larger that together "
    "they come to more than the pool, whatever the roundings: no statement can say so."
)


def why_overdrawn(bounds: Bounds, name: str) -> str | None:
    """Why nothing can use that a limb of a total isn't added up; None if something may."""
    found = re.fullmatch(PATTERN, name)
    total = next((total for total in bounds.totals[:-1] if found and total.name == found["title"]), None)
    if found is None or total is None:
        return None
    missing, payout = 1 << (TOTAL_WIDTH * int(found["k"])), bounds.program.payout
    if _is_whole_or_share(bounds, payout, total.node) and missing > bounds.pool:
        # Where the total told is at most the pool, accounts are paid their parts, which come to more than the pool.
        payout = payout.arguments[1]
    if not is_shared_by(bounds, payout, total.node):
        return None
    # With T for the total told, shares add up to more than pool * (T + missing) / T - accounts; where 0 is told,
    # which counts as 1, to at least pool * missing, and to at least pool * what the least share is.
    enough = bounds.pool * missing >= bounds.accounts * total.public.maximum and max(missing, least(total.node)) > 1
    return REASON if enough else None


def least(node: Node) -> int:
    """A bound that a node of naturals is at least, unless it is 0."""
    parts = [least(argument) for argument in node.arguments]
    if node.operation is Operation.CONSTANT and isinstance(node.value, int):
        return max(1, node.value)
    if node.operation is Operation.MULTIPLY:
        return prod(parts)
    if node.operation is Operation.ADD:
        return min(parts)
    if node.operation is Operation.ROOT:
        return isqrt(parts[0])
    return parts[0] if node.operation is Operation.SUM else 1


def _is_whole_or_share(bounds: Bounds, payout: Node, part: Node) -> bool:
    """Whether the payout is a share where the total is over the pool, and the part itself elsewhere."""
    if payout.operation is not Operation.SELECT or payout.arguments[2] is not part:
        return False
    condition = payout.arguments[0]
    limit, total = condition.arguments if condition.operation is Operation.AT_MOST else (condition, condition)
    return limit.value == bounds.pool + 1 and total.operation is Operation.TOTAL and total.arguments == (part,)


def is_shared_by(bounds: Bounds, payout: Node, part: Node) -> bool:
    """Whether the payout is pool * part // the total of the parts."""
    if payout.operation is not Operation.DIVIDE:
        return False
    numerator, divisor = payout.arguments
    if numerator.operation is not Operation.MULTIPLY or part not in numerator.arguments:
        return False
    (factor,) = (argument for argument in numerator.arguments if argument is not part)
    total = divisor.arguments[1] if divisor.operation is Operation.SELECT else divisor
    return (
        factor.operation is Operation.CONSTANT
        and factor.value == bounds.pool
        and total.arguments == (part,)
        and total in bounds.program.totals.values()
    )
