"""Balances: integer identities pass, congruences modulo P do not, and what could wrap is refused."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from tests.circuits.gadget_tables import every_combination, passing_rows, trace_of
from zkpay.circuits.gadgets.balance import balance, cheapest_plan, joined, plan
from zkpay.circuits.gadgets.carry import (
    Balance,
    Carry,
    Plan,
    PublicDigits,
    PublicNumber,
    Term,
    add_lines,
    minus,
    minus_public,
    plus,
    product,
)
from zkpay.circuits.gadgets.limbs import from_integers
from zkpay.circuits.gadgets.range import natural
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table, Where
from zkpay.stark.field import P, inverse


def put_field_carries(trace: Trace, gadget: Balance) -> None:
    """The carries that satisfy all lines but the last in the field: what a cheat has to write."""
    carried = np.zeros(trace.height, dtype=np.int64)
    for line, carry in zip(gadget.lines, gadget.carries, strict=False):
        value = (trace.in_field(line)[0] + carried) * inverse(1 << gadget.radix) % P
        stored = (value - carry.range.low) % P
        if carry.range.low_bits:
            trace.put(carry.columns[0], stored & ((1 << carry.range.low_bits) - 1))
            trace.put(carry.columns[1], stored >> carry.range.low_bits)
        else:
            trace.put(carry.columns[0], stored)
        carried = value


@pytest.mark.parametrize("radix", [1, 2, 3, 4, 5])
def test_products_pass_exactly_when_equal(radix: int) -> None:
    table = Table("t")
    a, b = natural(table, "a", 15, 2), natural(table, "b", 15, 2)
    c, r = natural(table, "c", 127, 3), natural(table, "r", 3, 2)
    gadget = add_lines(table, "identity", plan([*product(a, b), *minus(c, 3), *minus(r)], radix), Where.EVERY)
    assert gadget.carries or radix == 5
    rows = every_combination(range(16), range(16), range(128), range(4))
    trace = trace_of(table, rows.shape[1])
    for name, values, widths in zip("abcr", rows, ([2, 2], [2, 2], [3, 3, 1], [2]), strict=True):
        for k, width in enumerate(widths):
            trace[f"{name}[{k}]"][:] = values >> sum(widths[:k]) & ((1 << width) - 1)
    put_field_carries(trace, gadget)
    true = rows[0] * rows[1] == 3 * rows[2] + rows[3]
    assert (passing_rows(trace) == true).all()
    carries = trace.values[len(table.columns) - len(gadget.carries) :].copy()
    fill_gadgets(trace)
    assert (trace.values[len(table.columns) - len(gadget.carries) :, true] == carries[:, true]).all()
    assert passing_rows(trace)[true].all()


@pytest.mark.parametrize("radix", [2, 3, 7])
def test_public_numbers_at_any_radix(radix: int) -> None:
    number = PublicNumber("m", 1000)
    table = Table("t")
    x, y = natural(table, "x", 31, 2), natural(table, "y", 31000, 5)
    gadget = add_lines(table, "identity", plan([*plus(x, number), *minus(y)], radix), Where.EVERY)
    for m in (0, 1, 513, 1000):
        publics = {name: value for digits in gadget.digits for name, value in digits.values({"m": m}).items()}
        trace = trace_of(table, 64, publics)
        xs = np.arange(64) % 32
        for wrong in (0, 1):
            trace.group("x")[:] = from_integers(xs.tolist(), [2, 2, 1])
            trace.group("y")[:] = from_integers([int(v) * m + wrong for v in xs], [5, 5, 5])
            put_field_carries(trace, gadget)
            assert passing_rows(trace).all() == (not wrong)
            assert passing_rows(trace).any() == (not wrong)


def test_public_digits() -> None:
    digits = PublicDigits(PublicNumber("m", 2**40), 15, 10)
    assert digits.count == 4
    value = 0x9C_1234_5678
    found = digits.values({"m": value})
    assert sum(found[digits.digit(k).name] << (15 * k) for k in range(4)) == value << 10
    assert digits.maximum(3) == 2**5
    with pytest.raises(ValueError, match="over its maximum"):
        digits.values({"m": 2**40 + 1})


def test_only_the_first_row_is_bound_where_asked() -> None:
    table = Table("t")
    x = natural(table, "x", 2**40, 10)
    balance(table, "sum", [*plus(x), *minus_public(PublicNumber("m", 2**40))], Where.FIRST)
    (gadget,) = table.gadgets
    assert isinstance(gadget, Balance)
    publics = {name: value for digits in gadget.digits for name, value in digits.values({"m": 2**40 - 3}).items()}
    trace = trace_of(table, 4, publics)
    trace.group("x")[:] = from_integers([2**40 - 3, 5, 6, 0], [10, 10, 10, 10, 1])
    fill_gadgets(trace)
    assert passing_rows(trace).all()
    trace.group("x")[0, 0] ^= 1
    fill_gadgets(trace)
    assert passing_rows(trace).tolist() == [False, True, True, True]
    with pytest.raises(ValueError, match="first row"):
        balance(table, "sum2", plus(x), Where.LAST)


def test_idle_rows_are_free() -> None:
    table = Table("t")
    active = table.column("active")
    a, b = natural(table, "a", 2**20, 10), natural(table, "b", 2**20, 10)
    balance(table, "equal", [*plus(a), *minus(b)], active=active)
    trace = trace_of(table, 4)
    trace["active"][:] = [1, 1, 0, 0]
    trace.group("a")[:] = from_integers([2**20 - 1, 5, 2**20 - 1, 0], [10, 10, 1])
    trace.group("b")[:] = from_integers([2**20 - 1, 6, 3, 0], [10, 10, 1])
    fill_gadgets(trace)
    assert passing_rows(trace).tolist() == [True, False, True, True]
    carries = [name for name in trace.places if "carry" in name]
    assert all((trace[name][2:] == 0).all() for name in carries)


def test_too_wide_is_refused_with_numbers() -> None:
    table = Table("t")
    a, b = natural(table, "a", 2**15 - 1, 15), natural(table, "b", 2**30 - 1, 15)
    three = [*product(a, b), *product(a, b), *product(a, b)]
    with pytest.raises(ValueError, match=f"not below P = {P}"):
        cheapest_plan([*three, *minus(natural(table, "c", 2**45, 15))])


def largest_difference(chosen: Plan, terms: Sequence[Term]) -> int:
    """Worked out again from the terms alone: the largest |line + carry in - 2^radix * carry out| of all lines, of which
    the last one has all digits from there on.
    """
    lows = [0] * (len(chosen.lines) + 40)
    highs = [0] * (len(chosen.lines) + 40)
    for term in terms:
        if isinstance(term.multiplier, PublicNumber):
            number, largest, sign = True, term.multiplier.maximum, 1
        else:
            number, largest, sign = False, abs(term.multiplier), -1 if term.multiplier < 0 else 1
        for k in range(len(lows)):
            whole = largest << term.position
            digit = whole >> (chosen.radix * k) & ((1 << chosen.radix) - 1)
            if number and term.position < chosen.radix * (k + 1):  # a smaller number may have a larger digit
                digit = min((1 << chosen.radix) - 1, whole >> (chosen.radix * k))
            ends = sorted([sign * digit * term.low, sign * digit * term.high, *([0] if number else [])])
            lows[k], highs[k] = lows[k] + ends[0], highs[k] + ends[-1]
    last = len(chosen.lines) - 1
    for ends in (lows, highs):
        ends[last:] = [sum(end << (chosen.radix * k) for k, end in enumerate(ends[last:]))]
    worst, carry_low, carry_high = 0, 0, 0
    for k in range(len(chosen.lines)):
        out_low = out_high = 0
        if k < len(chosen.carries):
            carry = chosen.carries[k]
            out_low, out_high = carry.low, carry.low + (1 << carry.bits) - 1
        worst = max(
            worst,
            highs[k] + carry_high - (out_low << chosen.radix),
            (out_high << chosen.radix) - lows[k] - carry_low,
        )
        carry_low, carry_high = out_low, out_high
    return worst


def identities(score: int, pool: int, points: int, weighted: int, width: int) -> list[list[Term]]:
    """A pro-rata payout's division and a record's, at these bounds; sums are of limbs of `width` bits."""
    table = Table("t")
    divisor, pool_number = PublicNumber("divisor", score), PublicNumber("pool", pool)
    scores, payout = natural(table, "score", score, 10), natural(table, "payout", pool, 10)
    remainder = natural(table, "remainder", score, 15)
    result = natural(table, "points", points, width)
    factors = natural(table, "weighted", weighted, 14), natural(table, "quantity", 2**96, 14)
    return [
        [*plus(scores, pool_number), *minus(payout, divisor), *minus(remainder)],
        [*product(*factors), *minus(result, 10_000), Term(-result[0].expression, -9_999, 0)],
    ]


@pytest.mark.parametrize("records", [1, 1 << 16, 1 << 20])
@pytest.mark.parametrize(
    ("weighted", "pool"), [(40 * 10_000, 250_000 * 10**18), ((2**28 - 1) * (2**28 - 1), 2**112 - 1)]
)
def test_plans_stay_below_the_modulus(weighted: int, pool: int, records: int) -> None:
    points = weighted * 2**96 // 10_000
    width = min(14, 30 - (records - 1).bit_length())
    for terms in identities(points * records, pool, points, weighted, width):
        chosen = cheapest_plan(terms)
        assert 0 < largest_difference(chosen, terms) < P


def test_last_lines_are_one_where_they_fit() -> None:
    table = Table("t")
    a, b, c = natural(table, "a", 2**28 - 1, 14), natural(table, "b", 2**14 - 1, 14), natural(table, "c", 2**42 - 1, 14)
    terms = [*product(a, b), *minus(c)]
    apart = plan(terms, 14)
    together = joined(apart)
    assert (len(apart.carries), len(together.carries)) == (2, 1)
    assert 0 < largest_difference(together, terms) < P
    # The third line alone reaches 2^28, and 2^14 times that is beyond P.
    assert joined(plan([*terms, *minus(c, 1 << 14)], 14)).lines[1].high < P


@pytest.mark.parametrize("bits", [3, 20, 28])
def test_joined_lines_hold_exactly_when_equal(bits: int) -> None:
    generator = random.Random(bits)
    table = Table("t")
    a, b, c = natural(table, "a", 2**bits - 1, 14), natural(table, "b", 127, 7), natural(table, "c", 2**35 - 1, 14)
    gadget = add_lines(table, "identity", joined(plan([*product(a, b), *minus(c)], 14)), Where.EVERY)
    left = [generator.getrandbits(bits) for _ in range(256)]
    right = [generator.getrandbits(7) for _ in range(256)]
    trace = trace_of(table, 256)
    trace.group("a")[:] = from_integers(left, [14] * len(a))
    trace.group("b")[:] = from_integers(right, [7])
    for offset in (0, 1, P, 1 << 14, 1 << 28):
        products = [x * y + offset for x, y in zip(left, right, strict=True)]
        trace.group("c")[:] = from_integers(products, [14] * len(c))
        put_field_carries(trace, gadget)
        assert (passing_rows(trace) == (not offset)).all()


def test_carries_are_lowered_where_the_largest_would_wrap() -> None:
    # 2^30 + 2^29 on one line: carries up to 3 * 2^15 take 17 bits, and 2^17 * 2^14 is beyond P.
    table = Table("t")
    a, b = natural(table, "a", 2**15 - 1, 15), natural(table, "b", 2**15 - 1, 15)
    c, d = natural(table, "c", 2**46 - 1, 14), natural(table, "d", 2**14 - 1, 14)
    terms = [*product(a, b), *product(d, b), *minus(c)]
    chosen = plan(terms, 14)
    lowered = chosen.carries[0]
    assert lowered.low < 0
    assert lowered.bits == 17
    assert lowered.high >= ((2**15 - 1) ** 2 + (2**14 - 1) * (2**15 - 1)) >> 14
    assert 0 < largest_difference(chosen, terms) < P


def test_random_wide_products() -> None:
    # 56 by 98 bits, the widest product of any policy; one more or less in the result never passes.
    generator = random.Random(5)
    table = Table("t")
    a, b = natural(table, "a", 2**56 - 1, 14), natural(table, "b", 2**98 - 1, 14)
    c = natural(table, "c", 2**154 - 1, 14)
    balance(table, "identity", [*product(a, b), *minus(c)])
    (gadget,) = table.gadgets
    assert isinstance(gadget, Balance)
    assert all(isinstance(carry, Carry) for carry in gadget.carries)
    left = [2**56 - 1, 0, 1] + [generator.getrandbits(56) for _ in range(61)]
    right = [2**98 - 1, 2**98 - 1, 2**98 - 1] + [generator.getrandbits(98) for _ in range(61)]
    trace = trace_of(table, 64)
    trace.group("a")[:] = from_integers(left, [14] * 4)
    trace.group("b")[:] = from_integers(right, [14] * 7)
    for offset in (0, 1, -1, P, -P, 1 << 14):
        products = [max(0, x * y + offset) for x, y in zip(left, right, strict=True)]
        trace.group("c")[:] = from_integers(products, [14] * 11)
        put_field_carries(trace, gadget)
        true = np.array([c == x * y for c, x, y in zip(products, left, right, strict=True)])
        assert (passing_rows(trace) == true).all()
        fill_gadgets(trace)
        assert (passing_rows(trace) == true).all()
