"""Every line of every balance stays below P, and every compared limb in its range, by what look-ups let through.

The intervals here are worked out from the finished tables: from range look-ups, the policy's tables and what the tally
sends. They share nothing with the bounds that the compiler reckons with, and would show one that is too tight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pytest

from tests.circuits.folding import in_line
from tests.circuits.scenarios import policy_of
from tests.circuits.test_payout_circuit import statement_of
from zkpay.circuits.bounds import Bounds, bounds_for
from zkpay.circuits.buses import RANGE
from zkpay.circuits.contributions.columns import field_name, table_name
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.choice import Masked, PublicInputs, SymbolTest, TableEntry
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.heights import heights
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.ledger.fields import SLOT_BITS
from zkpay.policy.language.program import Operation
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Linear, read
from zkpay.stark.field import P

Interval = tuple[int, int]
DIGIT = re.compile(r"(.*)\*2\^(\d+) radix 2\^(\d+) digit (\d+)")
SLOT = (1 << SLOT_BITS) - 1
WIDE = "340282366920938463463374607431768211455"
FIELDS = (
    'kind = { values = ["data", "compute"] }',
    'quantity = { max = "1000000" }',
    f'big = {{ max = "{WIDE}" }}',
)
TABLES = (f'weight = {{ data = 3, compute = "{WIDE}" }}', f'share = [3, 2, "{WIDE}"]')
FORMULAS: dict[str, dict[str, str]] = {
    "largest": {"payout": "max(quantity)"},
    "wide share": {"payout": "sum(big * weight[kind]) // total(sum(big))"},
    "roots": {"payout": "min(pool, isqrt(sum(big)) * max(quantity) // max(min(quantity), 1))"},
    "entries": {"payout": "share[min(count(), 2)] % pool + total(max(quantity)) % 7"},
    "quotients": {"payout": "min(max(big) * sum(weight[kind]) // (1 + sum(big)), 100)"},
    "pro rata": {"points": "big * quantity * 77", "payout": "sum(points) * pool // total(sum(points))"},
    "choices": {
        "most": "quantity if quantity > 3 and kind == data else 0",
        "payout": "count(quantity > 3) * max(most) + min(most if kind == data)",
    },
}


class Intervals:
    """Reads expressions as intervals; a public digit is any of its radix that a number up to its maximum has there."""

    def __init__(self, columns: Mapping[str, Interval], numbers: Mapping[str, int]) -> None:
        self.columns = columns
        self.numbers = numbers

    def constant(self, value: int) -> Interval:
        number = value % P
        number -= P if number > P // 2 else 0
        return number, number

    def public(self, name: str) -> Interval:
        number, shift, radix, place = DIGIT.findall(name)[0]
        above = (self.numbers[number] << int(shift)) >> (int(radix) * int(place))
        return 0, min(above, (1 << int(radix)) - 1)

    def column(self, column: Column) -> Interval:
        return self.columns[column.name]

    def linear(self, terms: list[tuple[int | str, Interval]], constant: int) -> Interval:
        low, high = self.constant(constant)
        for coefficient, interval in terms:
            factor = self.public(coefficient) if isinstance(coefficient, str) else self.constant(coefficient)
            part = self.product(factor, interval)
            low, high = low + part[0], high + part[1]
        return low, high

    def product(self, left: Interval, right: Interval) -> Interval:
        ends = [a * b for a in left for b in right]
        return min(ends), max(ends)


def interval(expression: Expression, columns: Mapping[str, Interval], numbers: Mapping[str, int]) -> Interval:
    return read(expression, Intervals(columns, numbers), {})


def maxima(tables: Iterable[Table]) -> dict[str, int]:
    """The largest value of each public number that a gadget reads."""
    gadgets = [
        gadget
        for table in tables
        for gadget in table.gadgets
        if isinstance(gadget, Balance | Comparison | PublicInputs)
    ]
    return {digits.number.name: digits.number.maximum for gadget in gadgets for digits in gadget.digits}


def limbs(values: Sequence[int], count: int) -> list[Interval]:
    return [(0, max(value >> (SLOT_BITS * k) & SLOT for value in values)) for k in range(count)]


def looked_up(table: Table) -> dict[str, Interval]:
    """Intervals of columns that are looked up in `range`, themselves or as what is left to a constant."""
    found: dict[str, Interval] = {}
    for interaction in table.interactions:
        width, value = interaction.payload[:2]
        if interaction.bus != RANGE or not isinstance(width, Constant):
            continue
        column, largest = value, (1 << width.value) - 1
        if isinstance(value, Linear) and [factor for factor, _ in value.terms] in ([-1], [P - 1]):
            column, largest = value.terms[0][1], value.constant
        if isinstance(column, Column):
            found[column.name] = 0, min(largest, found.get(column.name, (0, largest))[1])
    return found


def columns_of(table: Table, policy: Policy, bounds: Bounds) -> dict[str, Interval]:
    """Intervals of the columns that lines and comparisons read, on rows that count."""
    found = looked_up(table)
    for gadget in table.gadgets:
        bits: list[Column] = []
        if isinstance(gadget, Comparison):
            bits = [*gadget.picks, *([gadget.flag] if gadget.flag is not None else [])]
        elif isinstance(gadget, SymbolTest):
            bits = [gadget.flag]
        elif isinstance(gadget, Masked) and gadget.value.degree == 3:
            # A connective of two bits, where active.
            bits = [gadget.column]
        elif isinstance(gadget, TableEntry):
            entries = limbs(gadget.values, len(gadget.columns))
            found |= {column.name: entry for column, entry in zip(gadget.columns, entries, strict=True)}
        found |= {bit.name: (0, 1) for bit in bits}
    if table.name == "contributions":
        for field in policy.rules.numbers:
            tops = [min(SLOT, field.maximum >> (SLOT_BITS * k)) for k in range(field.slots)]
            found |= {f"{field_name(field.name)}[{k}]": (0, top) for k, top in enumerate(tops)}
        for name, entry in policy.tables.items():
            count = -(-max(entry.values).bit_length() // SLOT_BITS)
            found |= {f"{table_name(name)}[{k}]": limb for k, limb in enumerate(limbs(entry.values, count))}
    if table.name == "payouts":
        found["accepted_count"] = 0, bounds.records
        for aggregate in bounds.aggregates:
            addends = bounds.records if aggregate.node.operation is Operation.SUM else 1
            for k, width in enumerate(aggregate.widths):
                found[f"{aggregate.name}[{k}]"] = 0, ((1 << width) - 1) * addends
    return found


def added_up(
    payouts: Table, columns: Mapping[str, Interval], accounts: int, numbers: Mapping[str, int]
) -> dict[str, Interval]:
    """Intervals of the totals' limbs, by what the payouts table adds to them."""
    real = {**columns, "is_real": (0, 1)}
    tops = {row_sum.target: interval(row_sum.expression, real, numbers)[1] * accounts for row_sum in payouts.sums}
    return {target: (0, top) for target, top in tops.items()}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(("records", "accounts"), [(1, 1), (1 << 17, 5), (1 << 20, 1 << 14), (1 << 21, 1 << 20)])
@pytest.mark.parametrize("pool", [2000, 2**100])
def test_lines_and_limbs_stay_in_reach(name: str, records: int, accounts: int, pool: int) -> None:
    policy = policy_of(FORMULAS[name], fields=FIELDS, tables=TABLES, pool=pool)
    with in_line():
        bounds = bounds_for(policy, heights(policy, records, accounts))
        circuit = build_circuit(policy, statement_of(policy, records, accounts))
    tables = {item.table.name: item.table for item in circuit.placed}
    numbers = maxima(tables.values())
    columns = {part: columns_of(tables[part], policy, bounds) for part in ("contributions", "payouts", "totals")}
    columns["totals"] |= added_up(tables["payouts"], columns["payouts"], bounds.accounts, numbers)
    for part, known in columns.items():
        for gadget in tables[part].gadgets:
            if isinstance(gadget, Balance):
                carried = (0, 0)
                for k, line in enumerate(gadget.lines):
                    low, high = (a + b for a, b in zip(interval(line, known, numbers), carried, strict=True))
                    if k < len(gadget.carries):
                        carry = gadget.carries[k]
                        tops = [
                            known[column.name][1] << (carry.range.low_bits * j)
                            for j, column in enumerate(carry.columns)
                        ]
                        carried = (carry.range.low, carry.range.low + sum(tops))
                        low, high = low - (carried[1] << gadget.radix), high - (carried[0] << gadget.radix)
                    assert max(-low, high) < P, (part, k, line)
            elif isinstance(gadget, Comparison):
                for limb in (*gadget.left, *gadget.right):
                    low, high = interval(limb, known, numbers)
                    assert 0 <= low <= high <= known[gadget.difference.name][1], (part, gadget.difference.name)
