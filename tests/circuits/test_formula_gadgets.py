"""Gadgets of formulas by enumeration: of all witnesses that look-ups let through, exactly the true ones pass.

Limbs are of one to three bits, and lines and carries of at most two, so that numbers have several of both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from tests.circuits.gadget_tables import all_witnesses, passing_rows, trace_of
from zkpay.circuits.gadgets import arithmetic, balance, carry
from zkpay.circuits.gadgets.arithmetic import QuotientShape, define, quotient, root
from zkpay.circuits.gadgets.carry import PublicDigits, PublicNumber, Term, minus, plus, product
from zkpay.circuits.gadgets.choice import is_symbol, look_up, masked
from zkpay.circuits.gadgets.compare import Side, at_most, below
from zkpay.circuits.gadgets.range import Natural, limb_widths, natural_of
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.stark.air import Bus, Table
from zkpay.stark.expression import Column, constant
from zkpay.stark.field import P

Numbers = Mapping[str, tuple[int, int]]
"""Inputs by name: maximum and width."""
LINE_BOUND = 1 << 5


@pytest.fixture(params=[2, 15])
def widest(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The widest look-up that gadgets know of: 2 bits make carries and comparisons of limbs out of small numbers.

    Lines keep below a smaller bound than P then, so that their last ones aren't all one.
    """
    for module in (arithmetic, balance, carry):
        monkeypatch.setattr(module, "MAXIMUM_RANGE_BITS", request.param)
    if request.param == 2:
        monkeypatch.setattr(balance, "P", LINE_BOUND)
    return int(request.param)


class Bench:
    """A table with naturals as inputs, each at all of its values, on active and on idle rows."""

    def __init__(self, **numbers: tuple[int, int]) -> None:
        self.numbers = numbers
        self.table = Table("t")
        self.active = self.table.column("active")
        self.naturals = {
            name: natural_of(self.table.column_group(name, len(limb_widths(maximum, width))), maximum, width)
            for name, (maximum, width) in numbers.items()
        }

    def inputs(self) -> tuple[list[tuple[int, ...]], dict[str, np.ndarray]]:
        """(active, values of the numbers) and the columns that say so."""
        rows = list(itertools.product((0, 1), *(range(maximum + 1) for maximum, _ in self.numbers.values())))
        columns = {"active": np.array([row[0] for row in rows])}
        for place, (name, (maximum, width)) in enumerate(self.numbers.items(), start=1):
            for k in range(len(limb_widths(maximum, width))):
                columns[f"{name}[{k}]"] = np.array([row[place] >> (width * k) & ((1 << width) - 1) for row in rows])
        return rows, columns

    def check(
        self,
        outputs: Sequence[str],
        expected: Callable[..., tuple[int, ...] | None],
        publics: Mapping[str, int] | None = None,
        offered: Sequence[tuple[int, ...]] = (),
        domains: Mapping[str, Sequence[int]] | None = None,
        width: int = 2,
    ) -> None:
        """Where active, the outputs that pass are the expected ones, or none; where idle, zeros pass.

        Outputs are columns, or groups of limbs of `width` bits.
        """
        rows, columns = self.inputs()
        active = {name: values[columns["active"] == 1] for name, values in columns.items()}
        found = all_witnesses(self.table, active, publics, offered, domains)
        inputs = [self._value(found, name, self.numbers[name][1]) for name in self.numbers]
        results = [self._value(found, name, width) for name in outputs]
        passing: dict[tuple[int, ...], set[tuple[int, ...]]] = {row[1:]: set() for row in rows}
        for row in np.stack([*inputs, *results]).T.tolist():
            passing[tuple(row[: len(inputs)])].add(tuple(row[len(inputs) :]))
        for numbers, found_results in passing.items():
            wanted = expected(*numbers)
            assert found_results == (set() if wanted is None else {wanted}), numbers
        self._check_filled(rows, columns, expected, publics, offered)

    def _check_filled(
        self,
        rows: Sequence[tuple[int, ...]],
        columns: Mapping[str, np.ndarray],
        expected: Callable[..., tuple[int, ...] | None],
        publics: Mapping[str, int] | None,
        offered: Sequence[tuple[int, ...]],
    ) -> None:
        """The filler finds what passes wherever there is something, and doesn't fail elsewhere."""
        trace = trace_of(self.table, len(rows), publics)
        for name, values in columns.items():
            trace[name][:] = values
        fill_gadgets(trace)
        wanted = [not active or expected(*numbers) is not None for active, *numbers in rows]
        assert passing_rows(trace, offered).tolist() == wanted
        added = [column for column in self.table.columns if column.name not in columns]
        assert all((trace[column.name][columns["active"] == 0] == 0).all() for column in added)

    @staticmethod
    def _value(found: Mapping[str, np.ndarray], name: str, width: int) -> np.ndarray:
        if name in found:
            return found[name]
        limbs = [values for column, values in found.items() if column.startswith(f"{name}[")]
        return sum((limb << (width * k) for k, limb in enumerate(limbs)), start=np.zeros_like(found["active"]))


def assert_zero_where_idle(bench: Bench, name: str) -> None:
    """Where idle, the column is 0 in every witness, whatever the rest says."""
    idle = {column: values[:4] for column, values in bench.inputs()[1].items()}
    found = all_witnesses(bench.table, idle, domains={name: (*range(16), P - 1)})
    assert len(found[name])
    assert (found[name] == 0).all()


def expressions(number: Natural) -> list[Column]:
    return [limb.expression for limb in number if isinstance(limb.expression, Column)]


@pytest.mark.parametrize(("a", "b"), [((5, 2), (6, 2)), ((3, 2), (3, 2)), ((1, 1), (11, 1)), ((5, 2), (3, 2))])
def test_at_most_of_naturals(a: tuple[int, int], b: tuple[int, int]) -> None:
    bench = Bench(a=a, b=b)
    left, right = (expressions(bench.naturals[name]) for name in "ab")
    at_most(bench.table, "flag", left, right, a[1], bench.active)
    bench.check(["flag"], lambda x, y: (int(x <= y),))
    assert_zero_where_idle(bench, "flag")


@pytest.mark.parametrize("bound", range(10))
@pytest.mark.parametrize("maximum", [3, 7])
def test_at_most_of_constants_and_publics(bound: int, maximum: int) -> None:
    digits = PublicDigits(PublicNumber("bound", 15), 2)
    publics = digits.values({"bound": bound})
    for left, right in (("a", "constant"), ("constant", "a"), ("a", "public"), ("public", "a")):
        bench = Bench(a=(maximum, 2))
        sides: dict[str, Side] = {
            "a": expressions(bench.naturals["a"]),
            "constant": [bound & 3, bound >> 2],
            "public": digits,
        }
        at_most(bench.table, "flag", sides[left], sides[right], 2, bench.active)
        flipped = left != "a"
        bench.check(["flag"], lambda x, flipped=flipped: (int(bound <= x if flipped else x <= bound),), publics)


@pytest.mark.parametrize(("a", "b"), [((5, 2), (6, 2)), ((3, 2), (2, 2)), ((1, 1), (6, 1))])
def test_below_of_naturals(a: tuple[int, int], b: tuple[int, int]) -> None:
    bench = Bench(a=a, b=b)
    left, right = (expressions(bench.naturals[name]) for name in "ab")
    below(bench.table, "below", left, right, a[1], bench.active)
    bench.check([], lambda x, y: () if x < y else None)


@pytest.mark.parametrize("bound", range(8))
def test_below_a_public_number(bound: int) -> None:
    digits = PublicDigits(PublicNumber("bound", 15), 2)
    bench = Bench(a=(6, 2))
    below(bench.table, "below", expressions(bench.naturals["a"]), digits, 2, bench.active)
    bench.check([], lambda x: () if x < bound else None, digits.values({"bound": bound}))


def test_comparisons_hold_on_every_row_where_nothing_is_said() -> None:
    table = Table("t")
    x, y = table.column_group("x", 2), table.column_group("y", 2)
    at_most(table, "flag", x, y, 2)
    below(table, "below", x, y, 2)
    rows = np.array(list(itertools.product(range(4), repeat=4))).T
    inputs = dict(zip(["x[0]", "x[1]", "y[0]", "y[1]"], rows, strict=True))
    found = all_witnesses(table, inputs)
    pairs = {(int(a + 4 * b), int(c + 4 * d)) for a, b, c, d in zip(*(found[name] for name in inputs), strict=True)}
    assert pairs == {(a, b) for a in range(16) for b in range(16) if a < b}
    assert (found["flag"] == 1).all()


def test_comparisons_refuse_limbs_that_do_not_fit() -> None:
    table = Table("t")
    with pytest.raises(ValueError, match="4 does not fit a limb of 2 bits"):
        at_most(table, "flag", table.column_group("x", 2), [4], 2)
    with pytest.raises(ValueError, match="not 16"):
        at_most(table, "wide", table.column_group("y", 2), [4], 16)
    with pytest.raises(ValueError, match="digits of 3 bits"):
        below(table, "below", table.column_group("z", 2), PublicDigits(PublicNumber("bound", 15), 3), 2)


def test_define_sums_and_differences(widest: int) -> None:
    bench = Bench(a=(5, 2), b=(6, 2))
    a, b = bench.naturals["a"], bench.naturals["b"]
    terms = [*plus(a, 3), *minus(b, 2), Term(constant(1), 1, 1, 0, 5)]
    define(bench.table, "sum", terms, 20, 2, bench.active)
    # A sum that is negative has no witness, though it is a field element like any other.
    bench.check(["sum"], lambda x, y: (3 * x - 2 * y + 5,) if 3 * x - 2 * y + 5 >= 0 else None)


def test_define_products(widest: int) -> None:
    bench = Bench(a=(5, 2), b=(6, 2))
    define(bench.table, "product", product(bench.naturals["a"], bench.naturals["b"]), 30, 2, bench.active)
    assert any("carry" in column.name for column in bench.table.columns) == (widest == 2)
    bench.check(["product"], lambda x, y: (x * y,))


def test_define_what_is_too_large_for_its_limbs(widest: int) -> None:
    bench = Bench(a=(5, 2), b=(6, 2))
    define(bench.table, "product", product(bench.naturals["a"], bench.naturals["b"]), 7, 2, bench.active)
    bench.check(["product"], lambda x, y: (x * y,) if x * y < 8 else None)


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 5, 6, 7, 8, 9, 13])
def test_quotients_by_constants(widest: int, divisor: int) -> None:
    bench = Bench(a=(30, 3))
    sizes = QuotientShape(30 // divisor, divisor - 1, 2, 2)
    quotient(bench.table, "q", plus(bench.naturals["a"]), divisor, sizes, bench.active)
    bench.check(["q", "q remainder"], lambda x: divmod(x, divisor))


@pytest.mark.parametrize("divisor", [0, 1, 2, 3, 5, 7])
def test_quotients_by_public_numbers(widest: int, divisor: int) -> None:
    number = PublicNumber("divisor", 7)
    bench = Bench(a=(6, 2), b=(3, 2))
    terms = product(bench.naturals["a"], bench.naturals["b"])
    quotient(bench.table, "q", terms, number, QuotientShape(18, 6, 2, 2), bench.active)
    publics: dict[str, int] = {}
    for gadget in bench.table.gadgets:
        for digits in getattr(gadget, "digits", ()):
            publics |= digits.values({"divisor": divisor})
    # By 0 nothing divides: no remainder is below it.
    bench.check(["q", "q remainder"], lambda x, y: divmod(x * y, divisor) if divisor else None, publics)


def test_quotients_by_naturals(widest: int) -> None:
    bench = Bench(a=(13, 2), d=(5, 2))
    quotient(bench.table, "q", plus(bench.naturals["a"]), bench.naturals["d"], QuotientShape(13, 4, 2, 2), bench.active)
    bench.check(["q", "q remainder"], lambda x, d: divmod(x, d) if d else None)


def test_a_natural_divisor_has_limbs_of_one_width() -> None:
    bench = Bench(a=(13, 2), d=(5, 2))
    with pytest.raises(ValueError, match="limbs of 3 bits"):
        quotient(bench.table, "q", plus(bench.naturals["a"]), bench.naturals["d"], QuotientShape(13, 4, 2, 3))


@pytest.mark.parametrize("maximum", [1, 8, 30])
def test_roots(widest: int, maximum: int) -> None:
    bench = Bench(a=(maximum, 3))
    root(bench.table, "s", plus(bench.naturals["a"]), maximum, 2, bench.active)
    bench.check(["s"], lambda x: (math.isqrt(x),) if x < (math.isqrt(maximum) + 1) ** 2 else None)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_symbols(code: int) -> None:
    bench = Bench(a=(3, 2))
    is_symbol(bench.table, "is", expressions(bench.naturals["a"])[0], code, bench.active)
    bench.check(["is"], lambda x: (int(x == code),))
    assert_zero_where_idle(bench, "is")


def test_table_entries() -> None:
    values = (9, 0, 7)
    bus = Bus("tables", 40, 5)
    bench = Bench(a=(3, 2))
    index = expressions(bench.naturals["a"])[0]
    entry = look_up(bench.table, "entry", bus, (6, index), index, values, 2, bench.active)
    assert [limb.maximum for limb in entry] == [3, 2]
    offered = [(6, n, value & 3, value >> 2, 0) for n, value in enumerate(values)]
    offered += [(5, n, 1, 1, 0) for n in range(4)]  # another table on the same bus
    domains = {"entry[0]": range(4), "entry[1]": range(4)}
    bench.check(["entry"], lambda x: (values[x],) if x < 3 else None, offered=offered, domains=domains)


def test_masked_values() -> None:
    bench = Bench(a=(3, 2), b=(3, 2))
    (a,), (b,) = expressions(bench.naturals["a"]), expressions(bench.naturals["b"])
    masked(bench.table, "product", a * b, bench.active)
    bench.check(["product"], lambda x, y: (x * y,), domains={"product": range(16)})
    assert_zero_where_idle(bench, "product")
