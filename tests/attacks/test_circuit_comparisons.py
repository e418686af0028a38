"""Cheats on the bounds of quantity and quality: slots, picks and differences of the comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.attacks.forgery import Draft, Forgery, honest, settle
from tests.attacks.records import SLOT, compare, number, pass_off, published, records_with, turn_away
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import POLICY, Record
from zkpay.ledger.rules import ACCEPTED, OUT_OF_RANGE
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

# Comparisons with a maximum. Quantity: 7 slots against 10^9 = (2560, 11883, 3, 0, ...); quality: 2 against 10000.

LIMITS = {"quantity": (2_560, 11_883, 3, 0, 0, 0, 0), "quality": (10_000, 0)}


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


def maximum_of(field: str) -> int:
    return POLICY.quantity_max if field == "quantity" else POLICY.quality_max


@cheat(
    r"contributions/(quantity|quality) within equal above the pick\[\d+\]",
    says="a record over a maximum is accepted: one slot above the pick is larger and not looked at",
)
def unequal_above(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    slots = list(LIMITS[field])
    slots[number(name)] += 1
    draft = pass_off(record_of(field, number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within difference has the sign",
    says="a record over a maximum is accepted: the difference has the wrong sign",
)
def wrong_sign(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, maximum_of(field) + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within difference has \d+ bits",
    says="a record over a maximum is accepted: the difference is negative",
)
def negative_difference(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, maximum_of(field) + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, -2)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within equal is at most",
    says="a record exactly at a maximum is rejected as out_of_range",
)
def equal_rejected(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = turn_away(record_of(field, maximum_of(field), ACCEPTED), OUT_OF_RANGE, policy)
    compare(draft, flag, 1, {}, 0, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality) within picks one limb",
    says="a record exactly at a maximum is rejected as out_of_range: neither equal nor different",
)
def nothing_picked(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = turn_away(record_of(field, maximum_of(field), ACCEPTED), OUT_OF_RANGE, policy)
    compare(draft, flag, 1, {}, 0, 0)
    draft["contributions"][f"{flag} equal"][1] = 0
    return published(draft)


@cheat(
    r"contributions/quantity within pick\[[0-5]\] is a bit",
    says="a record over a maximum is accepted: a pick of -1 lets two slots count, the lower against the higher",
)
def pick_of_minus_one(name: str, policy: Policy) -> Forgery:
    place = number(name)
    limit = list(LIMITS["quantity"])
    if place == 0:
        # Slot 2 is one too large; -1 at slot 0 turns what is over there into room.
        slots = [limit[0] + 3, limit[1], limit[2] + 1, *limit[3:]]
        picks, room = {0: -1, 1: 1, 2: 1}, 2
    else:
        # The top slot is one too large; a lower one, which counts as well, is below its limit by more.
        slots = [0, *limit[1:6], 1]
        picks, room = {0: 1, place: -1, 6: 1}, limit[0] - 1
    draft = pass_off(record_of("quantity", number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, "quantity within", 1, picks, 1, room - 1)
    return published(draft)


for _pattern, _reason in {
    r"contributions/(quantity|quality) within is a bit": (
        "every use forces it: a valid record needs 1, out_of_range needs a product of 0, and the sign is right for both"
    ),
    r"contributions/(quantity|quality) within equal is a bit": (
        "it is 1 - sum of bits; at -1 or less the flag must be 1, and then the highest picked slot is below its limit "
        "by at least the number of picks, while the slots that are free stand below it"
    ),
    r"contributions/quantity within pick\[6\] is a bit|contributions/quality within pick\[[01]\] is a bit": (
        "all other picks are bits and with equal they add up to 1: any other value makes its own slot equal, and all "
        "slots above the lowest pick, which then decides alone"
    ),
}.items():
    redundant(_pattern, _reason)


@cheat(
    r"contributions/quantity\[[024]\] has 14 bits",
    says="the same leaf opens to slots that pass for a quantity below the maximum, though it is above",
)
def disguised_quantity(name: str, policy: Policy) -> Forgery:
    slot = number(name)
    limit = 5 * SLOT ** (slot + 1)
    roomy = replace(policy, quantity_max=limit)
    draft = pass_off(Record(account=2, quantity=limit + SLOT**slot, quality=0, reason=OUT_OF_RANGE), roomy)
    quantity = draft["contributions"].group("quantity")
    quantity[slot, 1], quantity[slot + 1, 1] = 1 + SLOT, 4
    compare(draft, "quantity within", 1, {slot + 1: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/quality\[1\] has 14 bits",
    says="a leaf that encodes no record is accepted, and earns more than the largest quality does",
)
def negative_quality(name: str, policy: Policy) -> Forgery:
    quality = SLOT - 1
    records = records_with(Record(account=2, quantity=10_000, quality=10_000))
    draft = Draft(records, policy)
    contributions = draft["contributions"]
    contributions.group("quality")[:, 1] = (quality, P - 1)
    compare(draft, "quality within", 1, {1: 1}, 1, 0)
    weighted = 3 * quality
    contributions.group("weighted_quality")[:, 1] = (weighted % SLOT, weighted // SLOT)
    contributions.group("points")[:, 1] = (weighted % SLOT, weighted // SLOT, 0)
    contributions["points remainder"][1] = 0
    settle(contributions, "weighted_quality", 1)
    settle(contributions, "points", 1)
    draft.rehash("contributions")
    draft.after_contributions()
    # Its slots would be a quality of 2^14 - 1 at best: out of range.
    honestly = records_with(Record(account=2, quantity=10_000, quality=quality, reason=OUT_OF_RANGE))
    return draft.finish(truth=honest(honestly, policy))


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
