"""How narrow the bounds of expressions are, and what is folded away."""

import math

import pytest

from tests.zkpay.policy.language.formulas import MANY, bounds_of, node_of, program_of
from zkpay.policy.language.program import Operation
from zkpay.policy.language.tree import Level


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("quantity + quality", (3, 1012)),
        ("quantity * quality * weight[kind]", (0, 1000 * 12 * 40)),
        ("quantity // 7", (0, 142)),
        ("1000 // quality", (83, 333)),
        ("quantity % 7", (0, 6)),
        ("quality % 100", (3, 12)),
        ("min(quantity, 5)", (0, 5)),
        ("max(quality, 5)", (5, 12)),
        ("clamp(quantity, 4, 9)", (4, 9)),
        ("isqrt(wide)", (0, math.isqrt(2**127 + 5))),
        ("weight[kind]", (3, 40)),
        ("share[quality % 2]", (3, 3)),
        ("share[quality % 3]", (2, 3)),
        ("share[quality // 6 + 1]", (1, 3)),
        ("tiers(quality, [(5, 10), (8, 3), (rest, 1)])", (30, 63)),
        ("tiers(quality, [(5, 10), (8, 3)])", (30, 59)),
        ("round_div(quantity, quality)", (0, 333)),
        ("ceil_div(quantity, quality)", (0, 334)),
        ("round_div(quality, 2)", (2, 6)),
        # A branch knows its condition.
        ("quantity if quantity < 10 else 10", (0, 10)),
        ("quantity if quantity <= quality else quality", (0, 12)),
        ("1000 // quantity if quantity > 100 else 0", (0, 9)),
        ("quantity * 2 if quantity + 3 < 10 else 0", (0, 12)),
        ("isqrt(quantity) if isqrt(quantity) >= 5 else 7", (5, 31)),
        ("weight[kind] if kind != model else 1", (1, 5)),
        ("7 if kind == data else weight[kind]", (5, 40)),
        ("0 if kind == data or kind == model else weight[kind]", (0, 5)),
        ("quantity if quantity == 4 else 5", (4, 5)),
        ("quantity if not (quantity > 4 or quality > 7) else 0", (0, 4)),
        # Differences by what cancels.
        ("quantity + quality - quantity", (3, 12)),
        ("max(quantity, quality) - quality", (0, 997)),
        ("3 * quantity - 2 * quantity", (0, 1000)),
        ("quantity - quantity // 3", (0, 1000)),
        ("quantity - quality if quantity > quality else 1", (1, 997)),
    ],
)
def test_bounds_of_contributions(text: str, bounds: tuple[int, int]) -> None:
    assert bounds_of(text) == bounds


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("sum(quantity)", (0, 1000 * MANY)),
        ("sum(quality)", (3, 12 * MANY)),
        ("count()", (1, MANY)),
        ("count(kind == data)", (0, MANY)),
        ("max(quality)", (3, 12)),
        ("min(quality)", (3, 12)),
        ("min(quality if quantity > 3)", (0, 12)),
        ("max(quality if quantity > 3)", (0, 12)),
        ("sum(quantity if quantity < 10)", (0, 9 * MANY)),
        ("sum(quantity) // count()", (0, 1000)),
        ("sum(quantity) - max(quantity)", (0, 1000 * MANY)),
        ("sum(quantity) - sum(quantity if kind == data)", (0, 1000 * MANY)),
        # All accounts together have no more than all records together.
        ("total(sum(quantity))", (0, 1000 * MANY)),
        ("total(count())", (0, MANY)),
        ("total(2 * sum(quantity) + count(kind == data))", (0, 2001 * MANY)),
        ("total(max(quantity))", (0, 1000 * MANY)),
        ("total(min(sum(quantity), 7))", (0, 7 * MANY)),
        ("total(isqrt(sum(quantity)))", (0, 33158884)),
        ("total(sum(quantity) // 10)", (0, 100 * MANY)),
        # A share of a total is at most what is shared.
        ("pool * sum(quantity) // total(sum(quantity))", (0, 10**20)),
        ("sum(quantity) * pool * 3 // total(sum(quantity)) // 3", (0, 10**20)),
        ("round_div(pool * sum(quantity), total(sum(quantity)))", (0, 10**20)),
        ("ceil_div(pool * sum(quantity), total(sum(quantity)))", (0, 10**20)),
        ("pool * sum(quantity if kind == data) // total(sum(quantity))", (0, 10**20)),
        ("total(pool * sum(quantity) // total(sum(quantity)))", (0, 10**20)),
        ("sum(quantity) % total(count())", (0, MANY - 1)),
    ],
)
def test_bounds_of_accounts_and_totals(text: str, bounds: tuple[int, int]) -> None:
    assert bounds_of(text) == bounds


def test_shares_by_the_names_of_lines() -> None:
    program = program_of(
        score="min(isqrt(sum(quantity)), cap)", all="total(score)", share="pool * score", payout="share // all"
    )
    assert (program.payout.low, program.payout.high) == (0, 10**20)


def test_bounds_follow_the_numbers_of_records_and_accounts() -> None:
    few = program_of(5, x="sum(quantity)", t="total(x)")
    assert (few.lines["x"].high, few.lines["t"].high) == (5000, 5000)
    assert (few.records, few.accounts) == (5, 5)
    none = program_of(0, x="sum(quality)")
    assert (none.records, none.lines["x"].low, none.lines["x"].high) == (1, 3, 12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 * 4 + 20 // 6 - isqrt(17)", 11),
        ("weight[model] * share[3]", 40),
        ("quantity * 0", 0),
        ("quantity - quantity", 0),
        ("quantity // 1001", 0),
        ("quantity % 1", 0),
        ("max(quality, 12)", 12),
        ("min(quality, 3)", 3),
        ("1 if quality >= 3 else 0", 1),
        ("1 if quantity > 1000 or quality < 3 else 0", 0),
        ("1 if quantity <= quantity + quality else 0", 1),
        ("5 if quantity > 7 else 5", 5),
        ("1 if quantity > 7 and quantity < 8 and quantity % 2 == 0 and quality == 0 else 0", 0),
    ],
)
def test_what_is_constant_becomes_a_constant(text: str, value: int) -> None:
    node = node_of(text)
    assert (node.operation, node.value, node.level) == (Operation.CONSTANT, value, Level.CONSTANT)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("quantity + 0", "quantity"),
        ("1 * quantity * 1", "quantity"),
        ("quantity // 1", "quantity"),
        ("quantity - 0", "quantity"),
        ("quality % 13", "quality"),
        ("min(quantity, 1000)", "quantity"),
        ("max(quality, 2)", "quality"),
        ("min(quantity, quantity + quality)", "quantity"),
        ("clamp(quality, 1, 20)", "quality"),
        ("quantity + quality", "quality + quantity"),
        ("quantity * weight[kind] * quality", "quality * (quantity * weight[kind])"),
        ("2 * quantity * 3", "6 * quantity"),
        ("quantity if not quality > 5 else 3", "3 if quality > 5 else quantity"),
        ("quantity if quality > 5 else 3", "quantity if 6 <= quality else 3"),
        ("quality if quality >= 3 else quantity // 0", "quality"),
        ("1 if quantity == 0 else 2", "2 if quantity > 0 else 1"),
        ("quantity - quality if quantity >= quality else 0", "0 if quantity < quality else quantity - quality"),
    ],
)
def test_equal_expressions_are_one_node(text: str, same: str) -> None:
    program = program_of(x=text, y=same)
    assert program.lines["x"] is program.lines["y"]


def test_smallest_of_all_needs_no_selection() -> None:
    operations = [node.operation for node in program_of(payout="min(quality)").nodes]
    assert Operation.SELECT not in operations


def test_products_start_with_the_narrow_factors() -> None:
    node = node_of("wide * 5 * quantity * quality")
    inner, constant = node.arguments
    assert constant.value == 5
    narrow, wide = sorted(inner.arguments, key=lambda argument: argument.high)
    assert wide.value == "wide"
    assert {argument.value for argument in narrow.arguments} == {"quantity", "quality"}


def test_guarded_difference_needs_no_second_selection() -> None:
    # Where the guard fails, a - (b if a >= b else a) is 0 already.
    node = node_of("quantity - quality if quantity >= quality else 0")
    assert node.operation is Operation.SUBTRACT


def test_no_selection_where_the_total_of_zeros_is_zero() -> None:
    node = program_of(score="sum(quantity)", payout="pool * score // total(score)").payout
    numerator, divisor = node.arguments
    assert numerator.operation is Operation.MULTIPLY
    assert (divisor.operation, divisor.level, divisor.low) == (Operation.SELECT, Level.TOTAL, 1)


def test_texts_name_what_is_computed() -> None:
    program = program_of(score="sum(quantity)", payout="pool * score // total(score)")
    assert (program.payout.text, program.payout.line) == ("pool * score // total(score)", "payout")
    assert (program.lines["score"].text, program.lines["score"].line) == ("sum(quantity)", "score")
    long = node_of("quantity" + " + quantity * quality // 7" * 9)
    assert len(long.text) == 60
    assert long.text.endswith("...")
