"""The definition of a formula's values, against numbers worked out by hand."""

import pytest

from tests.zkpay.policy.language.formulas import formula_of
from zkpay.policy.language.definition import Outcome, Record, evaluate

ANN, BOB = bytes(19) + b"\x02", b"\x01" + bytes(19)
"""Bob's number is the larger one, so Ann stands first."""


def record(account: bytes, kind: int = 0, quantity: int = 0, quality: int = 3, wide: int = 0) -> Record:
    return Record(account, {"kind": kind, "quantity": quantity, "quality": quality, "wide": wide})


RECORDS = [
    record(BOB, kind=0, quantity=10, quality=5, wide=2**127),
    record(ANN, kind=1, quantity=7, quality=3),
    record(BOB, kind=2, quantity=0, quality=12, wide=1),
    record(ANN, kind=1, quantity=1000, quality=4),
    record(ANN, kind=0, quantity=5, quality=3),
]


def values_of(text: str, records: list[Record] = RECORDS, **lines: str) -> int | list[int]:
    return evaluate(formula_of(**lines, x=text), records).lines["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quantity + 2 * quality", [20, 13, 24, 1008, 11]),
        ("wide", [2**127, 0, 1, 0, 0]),
        ("weight[kind]", [3, 5, 40, 5, 3]),
        ("weight[kind] * weight[model]", [120, 200, 1600, 200, 120]),
        ("quality - 3", [2, 0, 9, 1, 0]),
        ("quantity // quality", [2, 2, 0, 250, 1]),
        ("quantity % quality", [0, 1, 0, 0, 2]),
        ("round_div(quantity, 4)", [3, 2, 0, 250, 1]),
        ("ceil_div(quantity, 4)", [3, 2, 0, 250, 2]),
        ("min(quantity, quality, 4)", [4, 3, 0, 4, 3]),
        ("max(quantity, quality)", [10, 7, 12, 1000, 5]),
        ("clamp(quantity, 6, 9)", [9, 7, 6, 9, 6]),
        ("isqrt(quantity)", [3, 2, 0, 31, 2]),
        ("isqrt(wide * wide)", [2**127, 0, 1, 0, 0]),
        ("tiers(quantity, [(5, 10), (8, 3), (rest, 1)])", [61, 56, 0, 1051, 50]),
        ("tiers(quantity, [(5, 10), (8, 3)])", [59, 56, 0, 59, 50]),
        ("tiers(quantity, [(rest, 2)])", [20, 14, 0, 2000, 10]),
        ("1 if kind == data else 2 if kind != model else 3", [1, 2, 3, 2, 1]),
        ("100 // quantity if quantity > 0 else 77", [10, 14, 77, 0, 20]),
        ("share[quality - 3] if quality < 7 else 9", [2, 3, 9, 3, 3]),
        ("quantity if quantity <= 7 and quality == 3 else 0", [0, 7, 0, 0, 5]),
        ("1 if quantity == 0 or 20 // quantity > 2 else 0", [0, 0, 1, 0, 1]),
        ("1 if not quantity >= 7 else 0", [0, 0, 1, 0, 1]),
    ],
)
def test_values_of_contributions(text: str, expected: list[int]) -> None:
    assert values_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(quantity)", [1012, 10]),
        ("sum(quantity if kind == compute)", [1007, 0]),
        ("count()", [3, 2]),
        ("count(quality > 3)", [1, 2]),
        ("min(quantity)", [5, 0]),
        ("min(quantity if quantity > 5)", [7, 10]),
        ("min(quantity if kind == compute)", [7, 0]),
        ("max(quality)", [4, 12]),
        ("max(quality if kind == compute)", [4, 0]),
        ("sum(60 // quantity if quantity > 0)", [20, 6]),
        ("sum(quantity) * 1000 // total(sum(quantity))", [990, 9]),
        ("sum(quantity) % total(count())", [2, 0]),
        ("round_div(sum(quantity), total(count()))", [202, 2]),
        ("ceil_div(sum(quantity), total(count()))", [203, 2]),
        ("1_000 // total(sum(wide if kind == compute))", 0),
        ("7 % total(0 * count())", 0),
        ("round_div(7, total(0 * count())) + ceil_div(7, total(0 * count()))", 0),
        ("total(count())", 5),
        ("total(total(count()) * count())", 25),
        ("sum(quantity) - sum(quantity if kind == data)", [1007, 0]),
        ("3 * 4 // 5", 2),
    ],
)
def test_values_of_accounts_and_epoch(text: str, expected: int | list[int]) -> None:
    assert values_of(text) == expected


def test_lines_read_earlier_lines_and_totals_divide_by_the_name_of_a_line() -> None:
    found = evaluate(
        formula_of(
            points="weight[kind] * quantity",
            good="quality > 3",
            score="sum(points if good)",
            everything="total(score)",
            share_of_all="score * 100 // everything",
            payout="share_of_all + 1",
        ),
        RECORDS,
    )
    assert found == Outcome(
        accounts=[ANN, BOB],
        lines={
            "payout": [100, 1],
            "points": [30, 35, 0, 5000, 15],
            "good": [1, 0, 1, 1, 0],
            "score": [5000, 30],
            "everything": 5030,
            "share_of_all": [99, 0],
        },
        totals={"total(score)": 5030},
        payouts=[100, 1],
    )


def test_contributions_may_read_totals() -> None:
    found = evaluate(formula_of(all="total(sum(quantity))", part="quantity * 1000 // all", payout="sum(part)"), RECORDS)
    assert found.lines["part"] == [9, 6, 0, 978, 4]
    assert found.payouts == [988, 9]


def test_constant_payout_is_paid_to_each_account() -> None:
    assert evaluate(formula_of(payout="cap // 3"), RECORDS).payouts == [666, 666]


def test_no_records_no_accounts() -> None:
    found = evaluate(formula_of(score="sum(quantity)", payout="pool * score // total(score)"), [])
    assert (found.accounts, found.payouts, found.totals) == ([], [], {"total(score)": 0})


def test_known_totals_stand_for_accounts_that_are_not_given() -> None:
    formula = formula_of(score="sum(quantity)", payout="1000 * score // total(score)")
    alone = evaluate(formula, [row for row in RECORDS if row.account == BOB], {"total(score)": 1022})
    assert alone.payouts == [9] == evaluate(formula, RECORDS).payouts[1:]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("quantity - quality", "quantity - quality is 0 - 12, which is negative"),
        ("quality // quantity", "quality // quantity divides by 0"),
        ("share[quality]", r"share\[quality\] reads entry 5 of 4"),
    ],
)
def test_what_lowering_refuses_has_no_value(text: str, why: str) -> None:
    with pytest.raises(ArithmeticError, match=why):
        values_of(text)
