"""Every refusal of the bounds, with its words and place, and every guard that makes it pass."""

import time

import pytest

from tests.zkpay.policy.language.formulas import MANY, faults_of, formula_of
from zkpay.policy.language import lowering_facts
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.tree import FormulaFaults

NEGATIVE = [
    "quantity - quality",
    "quantity - 1",
    "sum(quantity) - sum(quality)",
    "sum(quantity if kind == data) - max(quantity)",
    "max(quantity, 5) - quality",
    "quantity - min(quality, 900)",
    "quantity - quantity * 3 // 2",
    "quality - 4 if quantity > 3 else 0",
    "quantity - quality if quantity >= quality or quality > 5 else 0",
    "quantity - quality if not quantity >= quality else 0",
    "0 if quantity >= quality else quantity - quality",
    "quantity - quality - 1 if quantity >= quality else 0",
    "1 if quantity - quality > 0 and quantity >= quality else 0",
    "count() - count(kind == data) - count(kind == model) - count(quantity > 3)",
    "min(quantity, 5) - min(quantity, 6)",
]

SAFE = [
    "quantity - min(quantity, quality)",
    "quantity - min(quality, quantity, 7)",
    "max(quantity, quality) - quantity",
    "max(quality, quantity, 8) - quantity",
    "quantity + quality - quality",
    "quantity + quality - min(quantity, 7) - quality",
    "quantity - quantity // 3",
    "quantity - quantity % 3",
    "quantity - quantity * 2 // 3",
    "quantity - quantity * 3 // 3",
    "(quantity + quality) - (quantity + quality) * 2 // 3",
    "quantity - quantity // 3 - quantity // 3",
    "quantity * quality - min(quantity, 7) * quality",
    "quantity * quality - quantity",
    "quantity - isqrt(quantity)",
    "isqrt(quantity + quality) - isqrt(quantity)",
    "min(quantity, 6) - min(quantity, 5)",
    "clamp(quantity, 5, 9) - 5",
    "clamp(quantity, quality, 12) - quality",
    "sum(quantity) - max(quantity)",
    "sum(quantity) - sum(quantity if kind == data)",
    "sum(quantity) - sum(quantity // 2)",
    "max(quantity) - max(quantity if kind == data)",
    "count() - count(kind == data)",
    "count() - 1",
    "total(sum(quantity)) - sum(quantity)",
    "total(sum(quantity)) - total(sum(quantity if kind == data))",
    "pool - pool * sum(quantity) // total(sum(quantity))",
    "quantity - quality if quantity >= quality else 0",
    "quantity - quality if quality <= quantity else 0",
    "quantity - quality if quantity > quality else 0",
    "quantity - quality - 1 if quantity > quality else 0",
    "0 if quantity < quality else quantity - quality",
    "quantity - quality if quantity == quality else 0",
    "quantity - quality if not quantity < quality else 0",
    "quantity - 10 if quantity > 20 and kind == data else 0",
    "quantity - 10 if kind == data and not (quantity < 20 or quality > 5) else 0",
    "1 if quantity >= quality and quantity - quality > 5 else 0",
    "1 if quantity < quality or quantity - quality > 5 else 0",
    "quantity - quality if (quantity if kind == data else 0) >= quality else 0",
    "2 * quantity - 2 * quality if quantity >= quality else 0",
    "quantity - quality if 3 * quantity >= 4 * quality else 0",
    "(quantity - 7 if quantity > 500 else 3) - 3 if quantity > 600 else 0",
    "(100 - quantity if quantity < 50 else 60) - 40",
    "sum(quantity) - cap if sum(quantity) >= cap else 0",
    "sum(quantity - quality if quantity >= quality)",
    "sum(quantity - quality if kind == data and quality <= quantity)",
    "weight[kind] - 5 if kind != data else 0",
    "tiers(sum(quantity), [(10, 3), (rest, 1)]) - sum(quantity)",
]

ZERO_DIVISORS = [
    "7 // quantity",
    "7 % quantity",
    "round_div(7, quantity)",
    "ceil_div(7, quantity)",
    "7 // (quality - 3)",
    "sum(quantity) // count(kind == data)",
    "7 // quantity if quality > 5 else 0",
    "7 // quantity if quantity == 0 else 0",
    "7 // (total(sum(quantity)) + 0 * count())",
    "7 // min(total(count()), 5)",
    "1 if 7 // quantity > 1 and quantity > 0 else 0",
    "sum(7 // quantity if kind == data)",
]

SAFE_DIVISORS = [
    "7 // quality",
    "7 // max(quantity, 1)",
    "7 // (quantity + 1)",
    "sum(quantity) // count()",
    "sum(quantity) // sum(quality)",
    "7 // quantity if quantity > 0 else 0",
    "7 % quantity if quantity >= 1 else 0",
    "round_div(7, quantity) if quantity != 0 else 0",
    "0 if quantity == 0 else ceil_div(7, quantity)",
    "7 // (quantity - quality) if quantity > quality else 0",
    "7 // (quantity - 10) if quantity > 10 else 0",
    "7 // count(kind == data) if count(kind == data) > 0 else 0",
    "7 // (quantity * quality) if quantity * quality > 0 else 0",
    "7 // quantity if quantity * quality > 0 else 0",
    "7 // isqrt(quantity) if quantity > 3 else 0",
    "sum(7 // quantity if quantity > 0)",
    "1 if quantity > 0 and 7 // quantity > 1 else 0",
    "1 if quantity == 0 or 7 // quantity > 1 else 0",
    "7 // total(sum(quantity))",
    "7 // total(sum(quantity)) if total(count()) > 3 else 0",
    "7 // min(total(count()), 5) if total(count()) > 0 else 0",
    "sum(7 // (total(count()) - 1) if total(count()) > 1 and quantity > 0)",
]

OUTSIDE = ["share[quality]", "share[quantity]", "share[min(quantity, 4)]", "share[quantity] if quantity < 5 else 0"]

INSIDE = [
    "share[quantity % 4]",
    "share[min(quantity, 3)]",
    "share[quantity] if quantity < 4 else 0",
    "share[quality] if quality <= 3 else 0",
    "0 if quantity > 3 else share[quantity]",
    "share[quality - 3] if quality < 6 else 0",
]


@pytest.mark.parametrize("text", NEGATIVE)
def test_what_could_be_negative_is_refused(text: str) -> None:
    (fault,) = faults_of(x=text)
    assert "can be negative" in fault.why


@pytest.mark.parametrize("text", ZERO_DIVISORS)
def test_divisors_that_could_be_zero_are_refused(text: str) -> None:
    (fault,) = faults_of(x=text)
    assert "can divide by zero" in fault.why


@pytest.mark.parametrize("text", OUTSIDE)
def test_indices_that_could_lie_outside_are_refused(text: str) -> None:
    (fault,) = faults_of(x=text)
    assert "can read past the end of the table" in fault.why


@pytest.mark.parametrize("text", SAFE + SAFE_DIVISORS + INSIDE)
@pytest.mark.parametrize("records", [1, 3, MANY])
def test_what_is_safe_passes_for_any_number_of_records(text: str, records: int) -> None:
    lower(formula_of(x=text), records, records)  # raises no FormulaFaults


def test_message_of_a_difference() -> None:
    (fault,) = faults_of(x="1 + (quantity - quality * 2)")
    assert fault.why == "`quantity - quality * 2` can be negative: quantity is 0 to 1_000, quality * 2 is 6 to 24"
    assert fault.remedy == (
        "write quantity - min(quantity, quality * 2), or guard it: "
        "quantity - quality * 2 if quantity >= quality * 2 else 0"
    )
    assert (fault.line, fault.span.start, fault.span.stop) == ("x", 4, 28)


def test_messages_tell_bounds_under_the_conditions_of_the_place() -> None:
    (fault,) = faults_of(x="quantity - quality if quantity > 10 else 0")
    assert fault.why == "`quantity - quality` can be negative: quantity is 11 to 1_000, quality is 3 to 12"
    (fault,) = faults_of(x="quantity - 7")
    assert fault.why == "`quantity - 7` can be negative: quantity is 0 to 1_000"
    (fault,) = faults_of(x="cap - quantity * 3")
    assert fault.why == "`cap - quantity * 3` can be negative: cap is 2_000, quantity * 3 is 0 to 3_000"
    (fault,) = faults_of(x="3 - 7")
    assert fault.why == "`3 - 7` can be negative"


def test_message_of_a_quotient() -> None:
    (fault,) = faults_of(x="round_div(quality, quantity)")
    assert fault.why == "`round_div(quality, quantity)` can divide by zero: quantity is 0 to 1_000"
    assert fault.remedy == ("write max(quantity, 1), or guard it: round_div(quality, quantity) if quantity > 0 else 0")
    # No guard helps where the divisor is never anything but 0.
    (fault,) = faults_of(x="quantity // 0")
    assert (fault.why, fault.remedy) == ("`quantity // 0` divides by zero", "divide by something else")


def test_message_of_an_index() -> None:
    (fault,) = faults_of(x="share[quantity + 1]")
    assert fault.why == (
        "`share[quantity + 1]` can read past the end of the table, which has the entries 0 to 3: "
        "quantity + 1 is 1 to 1_001"
    )
    assert fault.remedy == (
        "write share[min(quantity + 1, 3)], or guard it: share[quantity + 1] if quantity + 1 <= 3 else 0"
    )


def test_remedies_name_long_operands() -> None:
    long = "(quantity * 123_456_789 + quality * 987_654_321 + weight[kind] * 55_555)"
    (fault,) = faults_of(x=f"7 // ({long} - 987_654_321 * quality - 55_555 * weight[kind])")
    assert fault.remedy == (
        'add the line b = "quantity * 123456789 + quality * 987654321 + weight[kind]...", then write max(b, 1), '
        "or guard it: 7 // b if b > 0 else 0"
    )
    (fault,) = faults_of(x=f"share[{long}]")
    assert fault.remedy.endswith("then write share[min(a, 3)], or guard it: share[a] if a <= 3 else 0")
    (fault,) = faults_of(x="(quality if kind == data else 5) - quantity * 2")
    assert fault.remedy == (
        "write (quality if kind == data else 5) - min(quality if kind == data else 5, quantity * 2), or guard it: "
        "(quality if kind == data else 5) - quantity * 2 if (quality if kind == data else 5) >= quantity * 2 else 0"
    )


def test_message_of_a_value_that_is_too_wide() -> None:
    (fault,) = faults_of(a="wide * wide * wide * wide", x="a * a + a * a * 2000")
    assert fault.why == "`a * a * 2000` can have 1_027 bits, more than 1_024"
    assert fault.remedy == "divide earlier, or lower the maxima of the fields that it reads"


def test_wide_values_pass_up_to_the_last_bit() -> None:
    # 128 + 127 * 7 + 7 bits are 1024; twice as much is too wide.
    factors = " * ".join(["wide"] * 8)
    assert lower(formula_of(x=factors), 1, 1).lines["x"].high.bit_length() == 1017
    assert lower(formula_of(x=f"{factors} * 64"), 1, 1).lines["x"].high.bit_length() == 1023
    assert not faults_of(x=f"{factors} * 64 * 2")
    (fault,) = faults_of(x=f"{factors} * 64 * 4")
    assert "can have 1_025 bits" in fault.why


def test_message_of_a_total_that_is_too_wide() -> None:
    (fault,) = faults_of(x="total(sum(wide) * sum(wide))")
    assert fault.why == "`total(sum(wide) * sum(wide))` can have 297 bits, more than 256"
    assert fault.remedy == "divide what it adds up, or lower the maxima of the fields that it reads"


def test_totals_in_branches_that_are_never_taken_are_checked_too() -> None:
    with pytest.raises(FormulaFaults, match="more than 256"):
        lower(formula_of(x="total(sum(wide) * sum(wide)) if 1 > 2 else 3"), MANY, MANY)
    program = lower(formula_of(x="total(count()) if 1 > 2 else 3"), MANY, MANY)
    assert list(program.totals) == ["total(count())"]


def test_all_faults_are_told_and_none_that_follows_from_another() -> None:
    faults = faults_of(a="quantity - 1", b="quality // quantity", c="a + 1", d="sum(c)", e="share[quantity]")
    assert [fault.line for fault in faults] == ["a", "b", "e"]


def test_facts_of_an_account_say_nothing_of_contributions() -> None:
    (fault,) = faults_of(x="sum(quantity - quality) if max(quality) == 3 else 0")
    assert "quantity is 0 to 1_000" in fault.why


def test_facts_of_a_place_say_nothing_of_totals() -> None:
    (fault,) = faults_of(x="total(sum(quantity) - 5) if sum(quantity) > 5 else 0")
    assert "can be negative" in fault.why


def test_facts_about_totals_hold_inside_aggregates() -> None:
    assert not faults_of(x="sum(quantity // (total(count()) - 3)) if total(count()) > 3 else 0")


def test_formulas_of_too_many_parts_are_refused() -> None:
    lines = {
        f"l{line}": " + ".join(f"isqrt({line * 60 + part} * quantity)" for part in range(60)) for line in range(40)
    }
    faults = faults_of(**lines)
    assert faults[0].why == "the formula has more than 4096 different parts"


def test_without_steps_left_plain_guards_still_pass_and_messages_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering_facts, "MAX_STEPS", 0)
    for text in (
        "quantity - quality if quantity >= quality else 0",
        "0 if quantity < quality else quantity - quality",
        "7 // quantity if quantity > 0 else 0",
        "share[quantity] if quantity <= 3 else 0",
        "quantity - min(quantity, 7)",
    ):
        assert not faults_of(x=text)
    (fault,) = faults_of(x="quantity - quality - 1 if quantity > quality + 3 else 0")
    assert fault.remedy.endswith(
        "(the formula is so intricate that bounds are worked out roughly only: a shorter one may pass)"
    )


def chain(first: str, following: str, count: int) -> dict[str, str]:
    """Lines l0, l1, ..., each made of the one before: `following` with {p} for its name and {i} for its number."""
    lines = {"l0": first}
    for i in range(count):
        lines[f"l{i + 1}"] = following.format(p=f"l{i}", i=i)
    return lines


@pytest.mark.parametrize(
    "lines",
    [
        # Each line reads the one before twice: there are 2^60 ways to the first.
        chain("min(sum(quantity), 1)", "{p} * {p}", 60),
        chain("sum(quantity)", "{p} + {p}", 60),
        chain("sum(quantity)", "min({p} + {i}, {p} * 2)", 60),
        chain("sum(quantity)", "max({p} + 1, {p} + {i} % max({p}, 1), {p})", 60),
        chain("sum(quantity)", "({p} + {i} if sum(quality) > {i} else {p})", 60),
        # Deeper than Python likes to recurse.
        chain("sum(quantity)", "isqrt(" * 12 + "{p} * 5" + ")" * 12 + " * {i} % ({i} + 7)", 120),
    ],
)
def test_lines_that_read_one_another_in_many_ways_take_no_longer(lines: dict[str, str]) -> None:
    last = list(lines)[-1]
    started = time.process_time()
    faults_of(**lines, payout=f"({last} if count() > 1 else 0) + {last} // total({last})")
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "following",
    [
        "({p} and sum(quality) > {i}) or (not {p} and sum(quality) > {i} + 1)",
        "({p} and sum(quality) > {i}) and ({p} and sum(quality) > {i} + 1)",
        "not (not {p} or not {p} or sum(quality) < {i})",
    ],
)
def test_conditions_that_read_one_another_in_many_ways_take_no_longer(following: str) -> None:
    lines = chain("sum(quantity) > 3", following, 100)
    started = time.process_time()
    guarded = "sum(quantity) - 5 if l100 and l99 and sum(quantity) >= 5 else 1"
    assert faults_of(**lines, payout=guarded) == ()
    assert time.process_time() - started < 20
