"""Remainders that are the whole divisor, or more, and pass for less than it."""

from __future__ import annotations

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.lies.arithmetic import divisor_at, put, read_number, settle_balance
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.stark.field import P


class BorrowedRemainder:
    """A quotient that is one too small. Of the remainder, limb `place` takes a unit of the next limb that has one, and
    that limb is picked: so it seems to be below the divisor.
    """

    def __init__(self, table: str, balance: int, row: int, place: int) -> None:
        self.table, self.balance, self.row, self.place = table, balance, row, place

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table or number < self.balance - 1:
            return
        gadget, divided = trace.table.gadgets[number], trace.table.gadgets[self.balance - 1]
        if number == self.balance - 1 and isinstance(gadget, Divided):
            self._borrow(trace, gadget)
        elif number == self.balance and isinstance(gadget, Balance):
            settle_balance(trace, gadget, self.row, {}, exact=False)
        elif isinstance(gadget, Comparison) and isinstance(divided, Divided):
            if gadget.left[: len(divided.remainder.columns)] == divided.remainder.columns:
                self._pick(trace, gadget)

    def _borrow(self, trace: Trace, gadget: Divided) -> None:
        divisor, rest = divisor_at(trace, gadget, self.row), read_number(trace, gadget.remainder, self.row)
        quotient = read_number(trace, gadget.quotient, self.row)
        put(trace, gadget.quotient, self.row, quotient - 1)
        put(trace, gadget.remainder, self.row, rest + divisor)
        limbs, widths = gadget.remainder.columns, gadget.remainder.widths
        above = next(k for k in range(self.place + 1, len(limbs)) if trace.values[limbs[k].index, self.row])
        trace.values[limbs[above].index, self.row] -= 1
        for k in range(self.place + 1, above):
            trace.values[limbs[k].index, self.row] += (1 << widths[k]) - 1
        held = int(trace.values[limbs[self.place].index, self.row]) + (1 << widths[self.place])
        trace.values[limbs[self.place].index, self.row] = held % P
        self.above = above

    def _pick(self, trace: Trace, gadget: Comparison) -> None:
        """Left < right, by the limb that was borrowed from."""
        for place, pick in enumerate(gadget.picks):
            trace.values[pick.index, self.row] = place == self.above
        left, right = (evaluate_at(trace, self.row, side[self.above]) for side in (gadget.left, gadget.right))
        trace.values[gadget.difference.index, self.row] = (right - left - 1) % P
