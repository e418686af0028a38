"""Lies about comparisons, symbols, table entries and values that ought to be 0."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.lies.arithmetic import divisor_at, put, read_number, refill_as_seen, settle_balance
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.choice import Masked, SymbolTest, TableEntry
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

# What a comparison demands, as the ends of the constraints' names.
PICK, ABOVE, SIGN, LEAST, BITS, FLAG = (
    "pick",
    "equal above the pick",
    "difference has the sign",
    "difference is at least one",
    "difference has",
    "is a bit",
)
MOST_PICKS = 12


def comparison_called(table: Table, title: str) -> int:
    """The number of the comparison with that name; ValueError if there is none."""
    for number, gadget in enumerate(table.gadgets):
        if isinstance(gadget, Comparison) and gadget.difference.name == f"{title} difference":
            return number
    raise ValueError(f"{table.name} has no comparison {title}")


def comparison_width(table: Table, gadget: Comparison) -> int:
    """Bits of the look-up of the difference."""
    (name,) = (
        item.name for item in table.interactions if item.name.startswith(f"{table.name}/{gadget.difference.name} has ")
    )
    return int(name.rpartition(" has ")[2].split()[0])


def claims(
    left: Sequence[int], right: Sequence[int], flag: int | None, bits: int, less: str, place: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Picks and differences with which a comparison says `flag` (None: that left is below right), if what `less` (and
    `place`) names is not demanded. Picks are bits, but for the one that needn't be.
    """
    for chosen in itertools.product((0, 1), repeat=len(left) - 1):
        for picks in odd_picks(chosen, place) if less == PICK else [chosen]:
            if any(
                undecided(picks, k) * (left[k] - right[k]) % P
                for k in range(len(left))
                if not (less == ABOVE and k == place)
            ):
                continue
            difference = 0 if less in (SIGN, LEAST) else difference_told(picks, left, right, flag) % P
            if difference >> bits == 0 or less == BITS:
                yield tuple(pick % P for pick in picks), difference


def weights(picks: Sequence[int]) -> tuple[int, ...]:
    """How often each limb counts: the top one where no other is picked."""
    return (*picks, 1 - sum(picks))


def difference_told(picks: Sequence[int], left: Sequence[int], right: Sequence[int], flag: int | None) -> int:
    """What is looked up where `flag` (None: that left is below right) is claimed by such picks."""
    counted = weights(picks)
    gap = sum(weight * (large - small) for weight, small, large in zip(counted, left, right, strict=True))
    return gap - 1 if flag is None else (2 * flag - 1) * gap - 1 + flag * counted[0]


def undecided(picks: Sequence[int], k: int) -> int:
    """What limb k's difference is multiplied with: where that isn't 0, both sides are equal there."""
    return sum(picks[:k])


def odd_picks(picks: Sequence[int], place: int) -> list[tuple[int, ...]]:
    """Picks of which one is no bit: each value that frees a limb that would have to be equal, and small ones."""
    if picks[place]:
        return []
    values = {-sum(picks[:k]) for k in range(place + 1, len(picks) + 1)} | {-1, -2, -3, 2}
    return [(*picks[:place], value, *picks[place + 1 :]) for value in sorted(values - {0, 1})]


class ComparisonLie:
    """Says the contrary of a comparison on one row, or (FLAG) a number that is no bit."""

    def __init__(
        self, table: str, number: int, row: int, less: str, place: int, bits: int, dice: random.Random
    ) -> None:
        self.table, self.number, self.row, self.less, self.place = table, number, row, less, place
        self.bits, self.choice = bits, dice.random()

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table:
            return
        gadget = trace.table.gadgets[number]
        if number == self.number and isinstance(gadget, Comparison):
            if self.less == FLAG:
                self._say_no_bit(trace, gadget)
            else:
                self._turn(trace, gadget)
        elif number > self.number and self.less == FLAG:
            refill_as_seen(trace, number, self.row)

    def _sides(self, trace: Trace, gadget: Comparison) -> tuple[list[int], list[int]]:
        left = [evaluate_at(trace, self.row, entry) for entry in gadget.left]
        return left, [evaluate_at(trace, self.row, entry) for entry in gadget.right]

    def _turn(self, trace: Trace, gadget: Comparison) -> None:
        left, right = self._sides(trace, gadget)
        claimed = None if gadget.flag is None else 1 - int(trace.values[gadget.flag.index, self.row])
        if len(left) > MOST_PICKS:
            raise ValueError(f"{len(left)} limbs are too many to try all picks")
        found = list(itertools.islice(claims(left, right, claimed, self.bits, self.less, self.place), 50))
        if not found:
            raise ValueError("no picks say so")
        picks, difference = found[int(self.choice * len(found))]
        for column, pick in zip(gadget.picks, picks, strict=True):
            trace.values[column.index, self.row] = pick
        trace.values[gadget.difference.index, self.row] = difference
        if gadget.flag is not None and claimed is not None:
            trace.values[gadget.flag.index, self.row] = claimed

    def _say_no_bit(self, trace: Trace, gadget: Comparison) -> None:
        if gadget.flag is None:
            raise ValueError("there is no flag")
        left, right = self._sides(trace, gadget)
        place = next((k for k in reversed(range(len(left))) if left[k] != right[k]), 0)
        gap = right[place] - left[place]
        # (2 v - 1) gap - 1, and v more at the lowest limb.
        factor, rest = 2 * gap + (place == 0), -gap - 1
        tries = [2, -1, 3, -2, 4, 5, -3, 100, 1 << 14][int(self.choice * 90) % 9 :]
        flag = next((v for v in tries if 0 <= factor * v + rest < 1 << self.bits), None)
        if flag is None and self.choice < 0.8:
            raise ValueError("no small number says so")
        if flag is None:
            difference = int(self.choice * (1 << self.bits))
            flag = (difference - rest) * inverse(factor % P) % P
        trace.values[gadget.flag.index, self.row] = flag % P
        trace.values[gadget.difference.index, self.row] = (factor * flag + rest) % P


class RemainderLie:
    """A quotient that is `units` too small, with the remainder that follows, and a comparison that passes it off as
    below the divisor; or, for units below 0, too large.
    """

    def __init__(
        self, table: str, balance: int, row: int, units: int, lie: ComparisonLie | None, free: int | None
    ) -> None:
        self.table, self.balance, self.row, self.units, self.lie, self.free = table, balance, row, units, lie, free

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table:
            return
        gadget = trace.table.gadgets[number]
        if number == self.balance - 1 and isinstance(gadget, Divided):
            quotient = read_number(trace, gadget.quotient, self.row)
            rest = read_number(trace, gadget.remainder, self.row)
            divisor = divisor_at(trace, gadget, self.row)
            put(trace, gadget.quotient, self.row, quotient - self.units)
            put(trace, gadget.remainder, self.row, rest + self.units * divisor, self.free)
        elif number == self.balance and isinstance(gadget, Balance):
            settle_balance(trace, gadget, self.row, {}, exact=self.free is None)
        elif self.lie is not None:
            self.lie(trace, number)


class SymbolLie:
    """Says of one row that it has a symbol that it hasn't, or the other way round."""

    def __init__(self, table: str, number: int, row: int, *, equal: bool) -> None:
        self.table, self.number, self.row, self.equal = table, number, row, equal

    def __call__(self, trace: Trace, number: int) -> None:
        gadget = trace.table.gadgets[number] if trace.table.name == self.table else None
        if number == self.number and isinstance(gadget, SymbolTest):
            if int(trace.values[gadget.flag.index, self.row]) == int(self.equal):
                raise ValueError("that is the truth")
            trace.values[gadget.flag.index, self.row] = int(self.equal)
            trace.values[gadget.inverse.index, self.row] = 0


class CellLie:
    """Sets a cell when the gadget of that number is filled."""

    def __init__(self, table: str, number: int, cells: dict[tuple[str, int], int], *, seen: bool = False) -> None:
        self.table, self.number, self.cells, self.seen = table, number, cells, seen

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != self.table:
            return
        if number == self.number:
            for (column, row), value in self.cells.items():
                trace[column][row] = value % P
        elif number > self.number and self.seen:
            for row in {row for _, row in self.cells}:
                refill_as_seen(trace, number, row)


def owner_of(table: Table, column: str) -> int:
    """The gadget that fills a masked value, a table's entry or any natural of that column; -1 if none does."""
    for number, gadget in enumerate(table.gadgets):
        if isinstance(gadget, Masked) and gadget.column.name == column:
            return number
        if isinstance(gadget, TableEntry) and column in [entry.name for entry in gadget.columns]:
            return number
        for part in ("result", "quotient", "remainder", "root", "rest"):
            if column in [held.name for held in getattr(getattr(gadget, part, None), "columns", ())]:
                return number
    return -1
