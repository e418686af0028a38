"""Lies about lines, carries and totals."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.arithmetic import (
    SumLie,
    TwistedRoot,
    balance_called,
    divisor_at,
    misses,
    producer_of,
    settle_balance,
)
from tests.campaigns.deletion.lies.limbs import root_of_slack
from tests.campaigns.deletion.names import (
    WRAPS,
    row_in,
)
from zkpay.circuits.bounds import PAYOUT, TOTAL_WIDTH
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P


def divisor_size(ground: Ground, table: Table, balance: int, records: Records, row: int) -> int:
    """The divisor of a quotient, 1 for what isn't one."""
    producer = producer_of(table, balance)
    if not isinstance(producer, Divided):
        return 1
    return divisor_at(ground.truth(records).traces[table.name], producer, row)


def aim_at_line(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    balance, line = balance_called(table, found[1]), int(found[2])
    records = ground.draw(dice)
    gadget = table.gadgets[balance]
    if not isinstance(gadget, Balance):
        return None
    if table.name == "totals":
        return _total_line(
            records, found[1], balance, line, dice.choice([1, -1, 2, 1 << dice.randrange(15)]), gadget.radix
        )
    row = row_in(table, records, dice)
    if row is None:
        return None
    rooted = root_of_slack(table, balance - 1)
    if rooted is not None:
        step = -dice.choice([1, 1, 2, 1 << dice.randrange(20)])
        return Story(records, TwistedRoot(table.name, rooted + 1, row, step, (TwistedRoot.LINE, line)))
    size = divisor_size(ground, table, balance, records, row)
    return Story(records, SumLie(table.name, balance, row, line, misses(dice, size, gadget.radix, line)))


def aim_at_carry(ground: Ground, table: Table, dice: random.Random, found: re.Match[str]) -> Story | None:
    balance, line = balance_called(table, found[1]), int(found[2])
    records = ground.draw(dice)
    gadget = table.gadgets[balance]
    if not isinstance(gadget, Balance):
        return None
    miss = dice.choice(WRAPS) * dice.choice([P, -P])
    if table.name == "totals":
        return _total_line(records, found[1], balance, line, miss, gadget.radix)
    row = row_in(table, records, dice)
    if row is None:
        return None
    rooted = root_of_slack(table, balance - 1)
    if rooted is not None:
        step = -dice.choice([1 << 60, 1 << 60, 1 << dice.randrange(30)])
        return Story(records, TwistedRoot(table.name, rooted + 1, row, step, (TwistedRoot.CARRY, line)))
    wide = len(gadget.carries[line].columns) > 1
    return Story(records, SumLie(table.name, balance, row, line, miss, low=wide and not found[3]))


def _total_line(records: Records, title: str, balance: int, line: int, miss: int, radix: int) -> Story:
    """Another total, or another sum paid, of which only one line misses."""

    def post(trace: Trace) -> None:
        gadget = trace.table.gadgets[balance]
        if isinstance(gadget, Balance):
            settle_balance(trace, gadget, 0, {line: -miss}, exact=True)

    return _totalled(records, title, miss << (radix * line), post)


def _totalled(records: Records, title: str, excess: int, post: Callable[[Trace], None]) -> Story:
    if title == PAYOUT:
        return Story(records, post=post, paid=excess)
    return Story(records, post=post, excess={title: excess})


def left_out(ground: Ground, records: Records, title: str, limb: int) -> Story | None:
    """A total that leaves out a limb of everybody's number; None if that is 0."""
    table = ground.tables["totals"]
    balance, column = balance_called(table, title), f"{title}_limb[{limb}]"
    held = int(ground.truth(records).traces["totals"][column][0])

    def post(trace: Trace) -> None:
        trace[column][0] = 0
        gadget = trace.table.gadgets[balance]
        if isinstance(gadget, Balance):
            settle_balance(trace, gadget, 0, {}, exact=True)

    return _totalled(records, title, -held << (TOTAL_WIDTH * limb), post) if held else None


def aim_at_total_limb(ground: Ground, dice: random.Random, title: str, limb: int, kind: str) -> Story | None:
    """A limb of a total that is not what the payouts add up to."""
    table = ground.tables["totals"]
    balance, column = balance_called(table, title), f"{title}_limb[{limb}]"
    records = ground.draw(dice)
    unit = 1 << (TOTAL_WIDTH * limb)
    held = int(ground.truth(records).traces["totals"][column][0])
    sign = dice.choice([1, -1])
    if kind == "is added up":
        sign, amount = -1, held
    elif kind == "the sum":
        sign, amount = 1, dice.choice([1, 1, 3, 500])
        if held:
            return None
    else:
        amount = dice.choice([1, 1, 2, max(held, 1)])
    if kind == "added up":
        sign, amount = -1, held
    if not amount:
        return None

    def post(trace: Trace) -> None:
        trace[column][0] = (held + sign * amount) % P
        if kind == "0 below the first row":
            trace[column][1 + dice.randrange(3)] = -sign * amount % P
        gadget = trace.table.gadgets[balance]
        if isinstance(gadget, Balance):
            settle_balance(trace, gadget, 0, {}, exact=True)

    return _totalled(records, title, sign * amount * unit, post)
