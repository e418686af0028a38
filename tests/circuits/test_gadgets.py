"""Gadgets on all inputs and all witnesses of small domains: exactly the true ones pass."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.circuits.gadget_tables import every_combination, passing_rows, trace_of
from zkpay.circuits.gadgets.difference import increasing, non_decreasing
from zkpay.circuits.gadgets.poseidon import compress, hash_leaf
from zkpay.circuits.gadgets.range import limb_widths, natural, natural_of, range_check
from zkpay.circuits.gadgets.witness import fill_gadgets, leaf_digests
from zkpay.circuits.lookups.air import range_row, range_table
from zkpay.kernels.poseidon import compress_nodes, hash_leaves
from zkpay.stark.air import Table
from zkpay.stark.expression import Constant
from zkpay.stark.field import P


def test_range_table_holds_every_range_and_nothing_else() -> None:
    table = range_table()
    offered = list(zip(*(values.tolist() for values in table.preprocessed_values), strict=True))
    assert set(offered) == {(bits, value) for bits in range(16) for value in range(1 << bits)}
    assert all(offered[range_row(bits, value)] == (bits, value) for bits in range(16) for value in (0, (1 << bits) - 1))


def test_range_check_refuses_what_the_table_does_not_hold() -> None:
    table = Table("t")
    with pytest.raises(ValueError, match="16"):
        range_check(table, "wide", table.column("x"), 16)


@pytest.mark.parametrize(
    ("maximum", "width", "widths"),
    [(0, 10, (0,)), (1, 10, (1,)), (1023, 10, (10,)), (1024, 10, (10, 1)), (2**30 - 1, 15, (15, 15))],
)
def test_limbs_of_a_natural(maximum: int, width: int, widths: tuple[int, ...]) -> None:
    assert limb_widths(maximum, width) == widths
    table = Table("t")
    number = natural(table, "x", maximum, width)
    assert [limb.maximum for limb in number] == [(1 << bits) - 1 for bits in widths]
    assert [item.payload[0].value for item in table.interactions if isinstance(item.payload[0], Constant)] == [*widths]
    assert natural_of(table.columns, 0, width) == ()


ELEMENTS = (0, 1, 2, 2**15, 2**30 - 1, 2**30, P - 1)
"""Around the ends of what counts as an integer; the last two do not."""


def steps_in_order(low: tuple[int, ...], high: tuple[int, ...]) -> bool:
    """Strictly increasing, with integers below 2^30 where they first differ."""
    for small, large in zip(low, high, strict=True):
        if small != large:
            return small < large < 2**30
    return False


@pytest.mark.parametrize("strict", [True, False])
def test_order_of_rows(strict: bool) -> None:
    table = Table("t")
    low, high = table.column_group("low", 2), table.column_group("high", 2)
    active = table.column("active")
    if strict:
        increasing(table, "order", low, high, active)
    else:
        non_decreasing(table, "order", low, high, active)
    bits = (0, 1)
    rows = every_combination(ELEMENTS, ELEMENTS, ELEMENTS, ELEMENTS, bits, bits, bits, (0,) if strict else bits)
    # The last row is exempt; make it a copy of a row that stands elsewhere too.
    rows = np.concatenate([rows, np.repeat(rows[:, :1], rows.shape[1], axis=1)], axis=1)
    trace = trace_of(table, rows.shape[1])
    names = ["low[0]", "low[1]", "high[0]", "high[1]", "active", "order pick[0]", "order pick[1]"]
    names += [] if strict else ["order same"]
    for name, values in zip(names, rows, strict=False):
        trace[name][:] = values
    # Given the picks, only these halves can satisfy the constraints; of the borrow both values are tried.
    picked = rows[5] + rows[6]
    low_picked, high_picked = rows[5] * rows[0] + rows[6] * rows[1], rows[5] * rows[2] + rows[6] * rows[3]
    for name, values in (("low", low_picked % P), ("high", high_picked % P)):
        trace[f"order {name} bits 0-14"][:] = values & 0x7FFF
        trace[f"order {name} bits 15-29"][:] = values >> 15
    passes = np.zeros(trace.height, dtype=bool)
    for borrow in bits:
        trace["order borrow"][:] = borrow
        # Low halves that the constraint forces, as a field element: out of range if the borrow is wrong.
        gap_low = (high_picked % P & 0x7FFF) - (low_picked % P & 0x7FFF) - picked + (borrow << 15)
        gap_high = (high_picked % P >> 15) - (low_picked % P >> 15) - borrow
        trace["order gap bits 0-14"][:], trace["order gap bits 15-29"][:] = gap_low % P, gap_high % P
        passes |= passing_rows(trace)
    passes[-1] = False
    found = {tuple(row) for row in rows[:, passes].T.tolist()}
    expected = set()
    for a, b, c, d in itertools.product(ELEMENTS, repeat=4):
        expected.add((a, b, c, d, 0, 0, 0, 0))
        if steps_in_order((a, b), (c, d)):
            expected.add((a, b, c, d, 1, int(a != c), int(a == c), 0))
        if (a, b) == (c, d) and not strict:
            expected.add((a, b, c, d, 1, 0, 0, 1))
    assert found == expected


def test_order_is_filled() -> None:
    table = Table("t")
    account = table.column_group("account", 3)
    active = table.column("active")
    non_decreasing(table, "order", account, [element.next for element in account], active)
    vectors = sorted(itertools.product((0, 1, 2**30 - 1), repeat=3))
    vectors = sorted([*vectors, vectors[0], vectors[5], vectors[5], vectors[-1], vectors[-1]])
    trace = trace_of(table, 32)
    trace.group("account")[:] = np.array(vectors, dtype=np.uint32).T
    trace["active"][:31] = 1
    fill_gadgets(trace)
    assert passing_rows(trace).all()
    assert trace["order same"].tolist() == [
        *(int(a == b) for a, b in itertools.pairwise(vectors)),
        0,
    ]


@pytest.mark.parametrize("width", [16, 24])
def test_hash_binds_every_column(width: int) -> None:
    table = Table("t")
    inputs = table.column_group("input", width)
    if width == 24:
        digest = hash_leaf(table, "hash", inputs)
    else:
        digest = compress(table, "hash", inputs[:8], inputs[8:])
    height = 256
    trace = trace_of(table, height)
    given = np.random.default_rng(1).integers(0, P, (width, height), dtype=np.uint32)
    trace.values[:width] = given
    fill_gadgets(trace)
    assert passing_rows(trace).all()
    expected = hash_leaves(given) if width == 24 else compress_nodes(given[:8], given[8:])
    assert (np.stack(trace.in_field(*digest)) == expected).all()
    assert (leaf_digests(trace) == expected).all()
    assert all(constraint.expression.degree <= 3 for constraint in table.constraints)
    # Row i has column i changed.
    assert table.width <= height
    for column in range(table.width):
        trace.values[column, column] = (int(trace.values[column, column]) + 1) % P
    assert not passing_rows(trace)[: table.width].any()
    assert passing_rows(trace)[table.width :].all()
