"""Which symbol a field holds, which entry of a table an index picks, and values that are 0 where idle (SPEC §5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.range import Limb, Natural, limb_widths
from zkpay.stark.air import Bus, Table
from zkpay.stark.expression import Column, Expression, constant


@dataclass(frozen=True)
class SymbolTest:
    """What witness generation needs: `flag` is whether `difference` is 0."""

    difference: Expression
    flag: Column
    inverse: Column
    active: Expression | None


@dataclass(frozen=True)
class TableEntry:
    """What witness generation needs: `columns` are the limbs of values[index], 0 where there is none."""

    index: Expression
    values: tuple[int, ...]
    columns: tuple[Column, ...]
    width: int
    active: Expression | None


@dataclass(frozen=True)
class Masked:
    """What witness generation needs: `column` is `value`, in the field."""

    column: Column
    value: Expression


@dataclass(frozen=True)
class PublicInputs:
    """Digits that constraints read beside those of balances and comparisons; no columns."""

    digits: tuple[PublicDigits, ...]


def masked(table: Table, name: str, value: Expression, active: Expression | None = None) -> Column:
    """The column `name` = active * value on every row: 0 where not active. Degrees add up to at most 3."""
    column = table.column(name)
    product = value if active is None else active * value
    table.every(f"{name} is right", product - column)
    table.gadgets.append(Masked(column, product))
    return column


def is_symbol(table: Table, name: str, symbol: Expression, code: int, active: Expression | None = None) -> Column:
    """The column `name`: 1 where `symbol` (of degree at most 1) is `code` and `active` is 1; 0 on all other rows.

    flag * (symbol - code) = 0 and (symbol - code) * inverse = active - flag: where they differ the first makes
    the flag 0 and the second can hold, where they are equal the second makes it `active`.
    """
    difference = symbol - code
    flag, inverse = table.column(name), table.column(f"{name} inverse")
    table.every(f"{name} only if equal", flag * difference)
    present = constant(1) if active is None else active
    table.every(f"{name} if equal", difference * inverse - present + flag)
    table.gadgets.append(SymbolTest(difference, flag, inverse, active))
    return flag


def look_up(
    table: Table,
    name: str,
    bus: Bus,
    key: Sequence[Expression | int],
    index: Expression,
    values: Sequence[int],
    width: int,
    active: Expression | None = None,
) -> Natural:
    """New columns name[k]: the limbs of values[index], of `width` bits, taken off `bus` with multiplicity `active`.

    The tuple is `key` (which holds the index, and what tells this table from others), the limbs, and zeros up to
    the width of the bus. The limbs are as small as the entries on offer, on active rows.
    """
    mask = (1 << width) - 1
    count = len(limb_widths(max(values), width))
    columns = table.column_group(name, count)
    padding = [0] * (bus.width - len(key) - count)
    table.receive(bus, f"{name} is in the table", [*key, *columns, *padding], 1 if active is None else active)
    table.gadgets.append(TableEntry(index, tuple(values), tuple(columns), width, active))
    return tuple(
        Limb(column, width * k, max(value >> (width * k) & mask for value in values))
        for k, column in enumerate(columns)
    )
