"""The totals table with a row for each limb (SPEC §5.8): what large epochs have in place of a column for each.

The first rows hold the sums of the limbs of one total after the other, and what is carried into each; periodic columns
tell the rows apart. Rows below those say nothing and count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from zkpay.circuits.bounds import TOTAL_WIDTH, AccountTotal, Bounds
from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.choice import PublicInputs
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, limb_widths, range_check
from zkpay.circuits.totals.air import limb_name
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Public, linear, total
from zkpay.stark.field import P

SUM: Final = "sum"
CARRY: Final = "carry"


@dataclass(frozen=True)
class Line:
    """One row: limb k of a total, or where that has no more limbs, a digit of its public number alone."""

    total: AccountTotal
    k: int

    @property
    def name(self) -> str:
        """The circuit-wide sum that the row holds, if it has a limb."""
        return limb_name(self.total, self.k)

    @property
    def has_limb(self) -> bool:
        """Whether the total's numbers have a limb there."""
        return self.k < len(self.total.widths)

    def most(self, accounts: int) -> int:
        """The largest sum of that limb over so many accounts."""
        return ((1 << self.total.widths[self.k]) - 1) * accounts if self.has_limb else 0

    @property
    def digits(self) -> PublicDigits:
        """The digits of the total's public number."""
        return PublicDigits(self.total.public, TOTAL_WIDTH)


def lines_of(bounds: Bounds) -> list[Line]:
    """The rows in use, from the first on: the totals in the statement's order, each from its lowest limb up."""
    lines: list[Line] = []
    for added in bounds.totals:
        count = max(len(added.widths), PublicDigits(added.public, TOTAL_WIDTH).count)
        lines += [Line(added, k) for k in range(count)]
    return lines


def folded_totals_table(bounds: Bounds, height: int) -> Table:
    """The table for these bounds; ValueError if its rows don't fit, or a line could wrap around the field."""
    table = Table("totals")
    lines = lines_of(bounds)
    period = 1 << (len(lines) - 1).bit_length()
    if len(lines) > height:
        raise ValueError(f"totals take {len(lines)} rows, of {height}")
    here = table.preprocessed_column("line here", (np.arange(height) < len(lines)).astype(np.int64))
    units = np.eye(period, dtype=np.int64)[: len(lines)]
    rows = [table.preprocessed_column(f"row {row}", unit) for row, unit in enumerate(units)]
    # Nothing is carried into a total's first line, nor out of the last line of all.
    first = units[[row for row, line in enumerate(lines) if not line.k]].sum(axis=0)
    first[len(lines) % period] = 1
    starts = table.preprocessed_column("total starts", first)

    amount = table.column(SUM)
    widths = limb_widths(most_carried(lines, bounds.accounts), MAXIMUM_RANGE_BITS)
    carries = table.column_group(CARRY, len(widths))
    for column, bits in zip(carries, widths, strict=True):
        range_check(table, column.name, column, bits)
    # Both sides of a line stay below P: sum + carry on one, digit + 2^10 * carry on the other.
    carried = 1 << sum(widths)
    if max(line.most(bounds.accounts) for line in lines) + carried > P or carried << TOTAL_WIDTH > P:
        raise ValueError(f"totals of {bounds.accounts} accounts could wrap around the field")
    table.every("nothing is carried into a total", starts * _carry(carries))
    limbs = total([row for row, line in zip(rows, lines, strict=True) if line.has_limb])
    digits: list[tuple[int | Public, Expression]] = [
        (line.digits.digit(line.k), row) for row, line in zip(rows, lines, strict=True) if line.k < line.digits.count
    ]
    balance = limbs * amount + _carry(carries) - linear(digits) - (1 << TOTAL_WIDTH) * _carry([c.next for c in carries])
    table.every("limbs add up to the public number", here * balance)
    for row, line in zip(rows, lines, strict=True):
        if line.has_limb:
            table.sum(line.name, f"{line.name} is the sum", -(here * row * amount))
    table.gadgets.append(PublicInputs(tuple(line.digits for line in lines if not line.k)))
    return table


def most_carried(lines: list[Line], accounts: int) -> int:
    """The largest number that an honest line carries."""
    carried = largest = 0
    for line in lines:
        carried = ((carried if line.k else 0) + line.most(accounts)) >> TOTAL_WIDTH
        largest = max(largest, carried)
    return largest


def _carry(columns: list[Column]) -> Expression:
    return linear([(1 << (MAXIMUM_RANGE_BITS * k), column) for k, column in enumerate(columns)])
