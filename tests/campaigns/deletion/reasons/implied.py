"""Which carries need no look-up of their own, worked out from the bounds that the compiler itself reckons with.

A carry links two lines. Whatever is said of it, both lines together hold modulo P, and so does the sum from line k on:
it is off by a multiple of P * 2^(R k). If the two lines stay below P for all that the other look-ups let through, or
the whole sum below P * 2^(R k), that multiple is 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from zkpay.circuits.bounds import PAYOUT, Bounds
from zkpay.circuits.gadgets import arithmetic, balance, carry
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Balance, Plan
from zkpay.policy.language.program import Node, Operation
from zkpay.stark.air import Table, Where
from zkpay.stark.expression import Expression
from zkpay.stark.field import P

PATTERN = re.compile(
    r"(?P<table>\w+)/(?P<difference>\d+ - )?(?P<title>.+) carry\[(?P<k>\d+)\](?P<top> top)? has \d+ bits"
)
Plans = dict[tuple[str, str], Plan]
REASON = (
    "The lines on both sides of this carry stay below P even together, for all that the other look-ups let through: so "
    "they hold over the integers as one, and with them the sum."
)
TOO_LARGE = (
    "Whatever this carry is, the sum can only be off by a multiple of P * 2^(R k), which is more than all its limbs "
    "together can hold."
)


@contextmanager
def noted_plans(plans: Plans) -> Iterator[None]:
    """Meanwhile the plan of every balance is noted by its table and name."""
    add_lines = carry.add_lines

    def noting(table: Table, name: str, chosen: Plan, where: Where, active: Expression | None = None) -> Balance:
        plans[table.name, name] = chosen
        return add_lines(table, name, chosen, where, active)

    with mock.patch.object(balance, "add_lines", noting), mock.patch.object(arithmetic, "add_lines", noting):
        yield


TOTALS = (
    "Whatever this carry is, the total can only be off by a multiple of P * 2^(R k): more than what it is said to be, "
    "or what the accounts' numbers, each of which is right, can add up to."
)


def why_total(bounds: Bounds, plans: Plans, name: str) -> str | None:
    """Why a carry of a total needs no look-up of its own; None if it isn't one or may need it."""
    found = re.fullmatch(PATTERN, name)
    if found is None or found["table"] != "totals":
        return None
    (total,) = (total for total in bounds.totals if total.name == found["title"])
    most = total.public.maximum
    if total.name == PAYOUT:
        most = max(most, bounds.accounts * bounds.payout_maximum)
    return TOTALS if most < P << (plans["totals", total.name].radix * int(found["k"])) else None


BEYOND = (
    "Whatever this carry is, numerator and divisor * quotient + remainder differ by a multiple of P * 2^(R k): that is "
    "more than either can be, as long as the quotient is a payout that the pool can hold."
)


def why_beyond(bounds: Bounds, plans: Plans, name: str) -> str | None:
    """Why a carry of a quotient needs no look-up for the numbers that a formula can have; None if it may need one."""
    found = re.fullmatch(PATTERN, name)
    node = _line_called(bounds, found["title"]) if found is not None and found["table"] == "payouts" else None
    if found is None or node is None or node.operation is not Operation.DIVIDE:
        return None
    numerator, divisor = (argument.high for argument in node.arguments)
    quotient = bounds.payout_maximum if node is bounds.program.payout else (1 << node.high.bit_length()) - 1
    wrap = P << (plans["payouts", found["title"]].radix * int(found["k"]))
    return BEYOND if wrap > max(numerator, divisor * (quotient + 1)) else None


def _line_called(bounds: Bounds, title: str) -> Node | None:
    return bounds.program.payout if title == "payout" else bounds.program.lines.get(title)


SMALL = (
    "Whatever this carry is, the number can only be off by a multiple of P * 2^(R k), which is more than its limbs can "
    "hold or, by the bounds of the formula, its value can be."
)


def why_small(bounds: Bounds, plans: Plans, tables: Mapping[str, Table], name: str) -> str | None:
    """Why a carry of a number within known bounds needs no look-up of its own; None if it may need it."""
    found = re.fullmatch(PATTERN, name)
    if found is None or found["title"].endswith(" slack") or found["table"] not in ("contributions", "payouts"):
        return None
    if found["title"] == PAYOUT and bounds.program.payout.high > bounds.payout_maximum:
        return None
    for gadget in tables[found["table"]].gadgets:
        if isinstance(gadget, Defined) and gadget.result.columns[0].name == f"{found['title']}[0]":
            wrap = P << (plans[found["table"], found["title"]].radix * int(found["k"]))
            return SMALL if wrap >= 1 << sum(gadget.result.widths) else None
    return None


def why_implied(plans: Plans, name: str) -> str | None:
    """Why a carry's look-up follows from the others; None if it isn't one or doesn't."""
    found = re.fullmatch(PATTERN, name)
    plan = plans.get((found["table"], found["title"])) if found else None
    if found is None or plan is None:
        return None
    k = int(found["k"])
    if _together(plan, k) < P:
        return REASON
    if _whole(plan) < P << (plan.radix * k):
        return TOO_LARGE
    return None


def with_carries(plan: Plan, k: int, low: int, high: int, lines: int = 1) -> tuple[int, int]:
    """Where so many lines from line k on lie as one, with the carry that comes in and the one that goes out, if without
    them they lie between `low` and `high`.
    """
    if k:
        low, high = low + plan.carries[k - 1].low, high + plan.carries[k - 1].high
    last = k + lines - 1
    if last < len(plan.carries):
        out, shift = plan.carries[last], plan.radix * lines
        low, high = low - (out.high << shift), high - (out.low << shift)
    return low, high


def _together(plan: Plan, k: int) -> int:
    """The largest size of lines k and k + 1 as one."""
    first, second = plan.lines[k : k + 2]
    low, high = first.low + (second.low << plan.radix), first.high + (second.high << plan.radix)
    low, high = with_carries(plan, k, low, high, lines=2)
    return max(high, -low)


def _whole(plan: Plan) -> int:
    """The largest size of the sum that all lines make."""
    low = sum(line.low << (plan.radix * k) for k, line in enumerate(plan.lines))
    return max(-low, sum(line.high << (plan.radix * k) for k, line in enumerate(plan.lines)))
