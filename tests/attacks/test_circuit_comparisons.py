"""Cheats on the bounds of quantity and quality: slots, picks and differences of the comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.attacks.forgery import Draft, Forgery, honest
from tests.attacks.records import SLOT, compare, number, pass_off, published, records_with
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import Record, pro_rata_like
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.rules import OUT_OF_RANGE
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

# Comparisons with a maximum, slot by slot: 10^9 = (2560, 11883, 3) and 10000 = (10000, 0), or 7 and 3 slots.


def compared(name: str) -> tuple[str, str]:
    """The field that a comparison's name is about, and its flag column."""
    field = "quantity" if "/quantity within" in name else "quality"
    return field, f"{field} within"


def record_of(field: str, value: int, reason: int) -> Record:
    """A record with that quantity or quality that earns nothing: the other one is 0."""
    return Record(
        account=2,
        quantity=value if field == "quantity" else 0,
        quality=value if field == "quality" else 0,
        reason=reason,
    )


def number_of(slots: Sequence[int]) -> int:
    return sum(slot * SLOT**k for k, slot in enumerate(slots))


def limit_of(policy: Policy, field: str) -> tuple[int, list[int]]:
    """The maximum of a field, and its slots."""
    (number,) = (declared for declared in policy.rules.numbers if declared.name == field)
    return number.maximum, [number.maximum >> (SLOT_BITS * k) & (SLOT - 1) for k in range(number.slots)]


def with_maximum(policy: Policy, field: str, slots: Sequence[int]) -> Policy:
    """The policy with another maximum of a field."""
    if field == "quantity":
        return pro_rata_like(policy, quantity_max=number_of(slots))
    return pro_rata_like(policy, quality_max=number_of(slots))


@cheat(
    r"contributions/(quantity|quality) within equal above the pick\[\d+\]",
    says="a record over a maximum is accepted: one slot above the pick is larger and not looked at",
)
def unequal_above(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    # One more in the top slot takes no more bits, so that the formula can still be written down.
    slots = [5] * (len(limit_of(policy, field)[1]) - 1) + [2]
    policy = with_maximum(policy, field, slots)
    slots[number(name)] += 1
    draft = pass_off(record_of(field, number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within difference has the sign",
    says="a record over a maximum is accepted: the difference has the wrong sign",
)
def wrong_sign(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, limit_of(policy, field)[0] + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within difference has \d+ bits",
    says="a record over a maximum is accepted: the difference is negative",
)
def negative_difference(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, limit_of(policy, field)[0] + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, -1)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within pick\[\d+\] is a bit",
    says="a record over a maximum is accepted: a pick of -1 turns what a slot is over into room",
)
def pick_of_minus_one(name: str, policy: Policy) -> Forgery:
    place, (field, flag) = number(name), compared(name)
    limit = [5] * (place + 1) + [2]
    policy = with_maximum(policy, field, limit)
    slots = list(limit)
    slots[place] += 3
    picks, room = {place: -1}, 3 - (place == 0)
    draft = pass_off(record_of(field, number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, flag, 1, picks, 1, room - 1)
    return published(draft)


redundant(
    r"contributions/(quantity|quality) within is a bit",
    "kept: whoever asks a comparison is promised a bit, and formulas reckon with it. To use its absence here, some use "
    "would have to read another value: a valid record needs 1, out_of_range needs a product of 0, and the sign is "
    "right for both.",
)


@cheat(
    r"contributions/quantity\[[024]\] has 14 bits",
    says="the same leaf opens to slots that pass for a quantity below the maximum, though it is above",
)
def disguised_quantity(name: str, policy: Policy) -> Forgery:
    slot = number(name)
    limit = 5 * SLOT ** (slot + 1)
    roomy = with_maximum(policy, "quantity", [0] * (slot + 1) + [5])
    draft = pass_off(Record(account=2, quantity=limit + SLOT**slot, quality=0, reason=OUT_OF_RANGE), roomy)
    quantity = draft["contributions"].group("quantity")
    quantity[slot, 1], quantity[slot + 1, 1] = 1 + SLOT, 4
    fill_gadgets(draft["contributions"])
    compare(draft, "quantity within", 1, {slot + 1: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/quality\[[12]\] has 14 bits",
    says="a leaf that encodes no record is accepted, and earns more than the largest quality does",
)
def negative_quality(name: str, policy: Policy) -> Forgery:
    top = number(name)
    quality = number_of([SLOT - 1] * top)
    # The top slot of the maximum is 0, and the slots below leave room in the limbs of the points.
    policy = with_maximum(policy, "quality", [0] * (top - 1) + [SLOT - 2])
    records = records_with(Record(account=2, quantity=10_000, quality=limit_of(policy, "quality")[0]))
    draft = Draft(records, policy)
    contributions = draft["contributions"]
    contributions.group("quality")[:, 1] = (*[SLOT - 1] * top, P - 1)
    fill_gadgets(contributions)
    compare(draft, "quality within", 1, {top: 1}, 1, 0)
    draft.after_contributions()
    # Its slots would be a quality of all lower slots at best: out of range.
    honestly = records_with(Record(account=2, quantity=10_000, quality=quality, reason=OUT_OF_RANGE))
    return draft.finish(truth=honest(honestly, policy))


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
