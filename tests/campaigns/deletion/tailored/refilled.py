"""Filling a row again after a cell that no honest filler would have made: by lines that are known modulo P alone."""

from __future__ import annotations

import itertools
from copy import copy

from tests.attacks.forgery import centred, evaluate_at, put_carry
from tests.campaigns.deletion.lies.arithmetic import (
    balance_called,
    divisor_at,
    exact_sum,
    fill_for,
    outputs,
    put,
    refill_as_seen,
    settle_balance,
)
from zkpay.circuits.gadgets.arithmetic import Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P


def fill_carries(trace: Trace, balance: Balance, row: int) -> bool:
    """Fill the carries of a balance for lines that are known modulo P alone, so that they are in their ranges; False if
    they can't be.
    """
    carried = 0
    for line, carry in zip(balance.lines, balance.carries, strict=False):
        amount = centred(evaluate_at(trace, row, line)) + carried
        # Modulo P; and P is 1 more than a multiple of 2^radix.
        rest = amount % (1 << balance.radix)
        found = [(amount + turns * P) >> balance.radix for turns in (-rest, (1 << balance.radix) - rest)]
        fitting = [value for value in found if carry.range.low <= value <= carry.range.high]
        if not fitting:
            return False
        carried = fitting[0]
        put_carry(trace, carry, row, carried)
    return (centred(evaluate_at(trace, row, balance.lines[-1])) + carried) % P == 0


def copied(trace: Trace) -> Trace:
    """A trace of its own with the same values."""
    found = copy(trace)
    found.whole = trace.whole.copy()
    return found


def factors(trace: Trace, balance: Balance, column: int, row: int) -> list[int]:
    """What each line of a balance multiplies a column with, digits of a total included."""
    part = copied(trace)
    found = []
    for line in balance.lines:
        ends = []
        for value in (0, 1):
            part.values[column, row] = value
            ends.append(evaluate_at(part, row, line))
        found.append((ends[1] - ends[0]) % P)
    return found


def shared(trace: Trace, share: int, column: int, element: int, row: int) -> tuple[int, int] | None:
    """Quotient and remainder that the lines of the quotient let through."""
    gadget, balance = trace.table.gadgets[share], trace.table.gadgets[share + 1]
    if not isinstance(gadget, Divided) or not isinstance(balance, Balance):
        return None
    trace.values[column, row] = 0
    base = exact_sum(trace, gadget.source, row)
    trace.values[column, row] = element
    read = [element * factor % P for factor in factors(trace, balance, column, row)]
    divisor, bits = divisor_at(trace, gadget, row), sum(gadget.quotient.widths)
    turns = [(value, value - P) if value else (0,) for value in read]
    for choice in itertools.product(*turns):
        value = base + sum(part << (balance.radix * k) for k, part in enumerate(choice))
        if 0 <= value < divisor << bits:
            quotient, rest = divmod(value, divisor)
            put(trace, gadget.quotient, row, quotient)
            put(trace, gadget.remainder, row, rest)
            if fill_carries(trace, balance, row):
                return quotient, rest
    return None


def refill_by_lines(trace: Trace, number: int, row: int) -> None:
    """Fill a gadget for what the field makes of the lines of its balance, as far as that can be written."""
    gadget = trace.table.gadgets[number]
    if not isinstance(gadget, Defined | Divided | Rooted):
        refill_as_seen(trace, number, row)
        return
    kept = trace.values[:, row].copy()
    balance = trace.table.gadgets[number + 1]
    if not isinstance(balance, Balance):
        raise TypeError("no balance follows")
    for part in outputs(gadget):
        for column in part.columns:
            trace.values[column.index, row] = 0
    seen = [centred(evaluate_at(trace, row, line)) << (balance.radix * k) for k, line in enumerate(balance.lines)]
    try:
        fill_for(trace, gadget, row, sum(seen))
    except ValueError:
        trace.values[:, row] = kept


def total_as_seen(title: str, trace: Trace) -> None:
    """Carries of a total as the field sees its lines."""
    gadget = trace.table.gadgets[balance_called(trace.table, title)]
    if isinstance(gadget, Balance):
        settle_balance(trace, gadget, 0, {}, exact=False)
