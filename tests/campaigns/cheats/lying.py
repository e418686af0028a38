"""Lies told while a table is filled: one cell or number is changed right after its gadget was filled, and every gadget
after it, every table after that and the statement are computed from the lie by the honest fillers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tests.attacks.forgery import centred, evaluate_at, put_carry
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided, Rooted
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.gadgets.choice import Masked, SymbolTest, TableEntry
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P

FILLED = ("contributions", "payouts", "tally", "totals", "uniqueness", "limits", "nodes")
"""Packages of circuits whose fillers call `fill_gadgets`."""

Change = Callable[[Trace, Any, int], None]


@dataclass(frozen=True)
class Lie:
    """`change(trace, gadget, row)` on some rows, after the gadget of `table` that writes the number `column`."""

    table: str
    column: str
    rows: tuple[int, ...]
    change: Change


@contextmanager
def told(*lies: Lie) -> Iterator[None]:
    """Meanwhile fillers tell these lies."""

    def fill_gadgets(trace: Trace) -> None:
        here = [lie for lie in lies if lie.table == trace.table.name]
        rows = {row for lie in here for row in lie.rows}
        for gadget in trace.table.gadgets:
            fill_gadget(trace, gadget)
            if isinstance(gadget, Balance):
                for row in rows:
                    settle(trace, gadget, row)
            for lie in here:
                if lie.column == number_of(gadget):
                    for row in lie.rows:
                        lie.change(trace, gadget, row)

    with ExitStack() as patches:
        for package in FILLED:
            patches.enter_context(mock.patch(f"zkpay.circuits.{package}.witness.fill_gadgets", fill_gadgets))
        yield


def settle(trace: Trace, gadget: Balance, row: int) -> None:
    """Fill a row's carries for limbs out of range, each of which stands for the integer nearest to 0; where they can't
    be settled, they stay what the filler made of them.
    """
    if gadget.active is not None and evaluate_at(trace, row, gadget.active) != 1:
        return
    carried, found = 0, []
    for line in gadget.lines[: len(gadget.carries)]:
        carried, left = divmod(centred(evaluate_at(trace, row, line)) + carried, 1 << gadget.radix)
        if left:
            return
        found.append(carried)
    for carry, value in zip(gadget.carries, found, strict=True):
        put_carry(trace, carry, row, value)


def number_of(gadget: object) -> str:
    """What the number or flag that a gadget writes is called; "" for gadgets that only prove."""
    if isinstance(gadget, Defined):
        return _root(gadget.result)
    if isinstance(gadget, Divided):
        return _root(gadget.quotient)
    if isinstance(gadget, Rooted):
        return _root(gadget.root)
    if isinstance(gadget, TableEntry):
        return gadget.columns[0].name.partition("[")[0]
    if isinstance(gadget, SymbolTest | Comparison):
        return gadget.flag.name if gadget.flag is not None else ""
    return gadget.column.name if isinstance(gadget, Masked) else ""


def numbers_of(table: Table) -> dict[str, type]:
    """Every number and flag that gadgets of a table write, with the gadget's type."""
    return {number_of(gadget): type(gadget) for gadget in table.gadgets if number_of(gadget)}


def _root(columns: Columns) -> str:
    return columns.columns[0].name.rpartition("[")[0] if columns.columns else ""


def read(trace: Trace, number: Columns, row: int) -> int:
    """The number that some limbs hold."""
    found, position = 0, 0
    for column, width in zip(number.columns, number.widths, strict=True):
        found += int(trace.values[column.index, row]) << position
        position += width
    return found


def write(trace: Trace, number: Columns, row: int, value: int) -> None:
    """Write a number; what is too large or negative about it is in the highest limb."""
    last = len(number.columns) - 1
    for k, (column, width) in enumerate(zip(number.columns, number.widths, strict=True)):
        trace.values[column.index, row] = (value if k == last else value & ((1 << width) - 1)) % P
        value >>= width


def more(amount: int) -> Change:
    """So much more than is due: of a quotient at the remainder's cost, of a root at that of the rest."""

    def change(trace: Trace, gadget: Any, row: int) -> None:
        if isinstance(gadget, Divided):
            divisor = divisor_of(trace, gadget, row)
            rest = read(trace, gadget.remainder, row) - amount * divisor
            write(trace, gadget.quotient, row, read(trace, gadget.quotient, row) + amount)
            write(trace, gadget.remainder, row, rest)
        elif isinstance(gadget, Rooted):
            root = read(trace, gadget.root, row)
            square = root * root + read(trace, gadget.rest, row)
            write(trace, gadget.root, row, root + amount)
            write(trace, gadget.rest, row, square - (root + amount) ** 2)
        elif isinstance(gadget, Defined):
            write(trace, gadget.result, row, read(trace, gadget.result, row) + amount)
        elif isinstance(gadget, Masked):
            column = trace.values[gadget.column.index]
            column[row] = (int(column[row]) + amount) % P
        else:
            raise TypeError(f"{type(gadget).__name__} writes no number")

    return change


def divisor_of(trace: Trace, gadget: Divided, row: int) -> int:
    """What a quotient is divided by."""
    divisor = gadget.divisor
    if isinstance(divisor, int):
        return divisor
    if isinstance(divisor, PublicDigits):
        return sum(trace.publics[divisor.digit(k).name] << (divisor.radix * k) for k in range(divisor.count))
    return sum(evaluate_at(trace, row, limb.expression) << limb.position for limb in divisor)


def turned(trace: Trace, gadget: Any, row: int) -> None:
    """A condition says the other thing; what proves it is as its constraint demands."""
    flag = trace.values[gadget.flag.index]
    flag[row] = 1 - int(flag[row])
    if isinstance(gadget, SymbolTest):
        trace.values[gadget.inverse.index, row] = 0
        return
    difference = trace.values[gadget.difference.index]
    # Equality counts as at most where the lowest limb decides.
    is_lowest = not gadget.picks or trace.values[gadget.picks[0].index, row] == 1
    difference[row] = (-int(difference[row]) - (1 if is_lowest else 2)) % P
