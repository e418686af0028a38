"""Cheats on the slots of a leaf under any fields: a slot that no leaf holds, a time that is rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.attacks.forgery import Draft, Forgery, centred, evaluate_at
from tests.attacks.limits import record
from tests.attacks.records import SLOT, compare, judge, number, published
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.circuits.scenarios import SPAM, Record, maximum_of
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.record_layout import REPLACES
from zkpay.ledger.rules import OUT_OF_RANGE
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

ROW = 1
FIELDS = "units|quantity|quality|failures|submitted|time|amount|donor"


def compare_as_seen(contributions: Trace, row: int) -> None:
    """Fill the comparisons of a row's numbers with their bounds, where slots may be negative."""
    for gadget in contributions.table.gadgets:
        if isinstance(gadget, Comparison) and gadget.active is None and gadget.flag is not None:
            gaps = [
                centred(evaluate_at(contributions, row, large)) - centred(evaluate_at(contributions, row, small))
                for small, large in zip(gadget.left, gadget.right, strict=True)
            ]
            place = max((k for k, gap in enumerate(gaps) if gap), default=0)
            gap = gaps[place]
            is_strict = place > 0 or gap < 0
            for k, pick in enumerate(gadget.picks):
                contributions.values[pick.index, row] = k == place
            contributions.values[gadget.flag.index, row] = gap >= 0
            contributions.values[gadget.difference.index, row] = abs(gap) - is_strict


def among(middle: Record, values: tuple[tuple[str, int], ...]) -> list[Record]:
    """A record with these values at ROW between two honest ones."""
    return [record(1, 0), replace(middle, values=(*middle.values, *values)), record(3, 0)]


@cheat(
    rf"contributions/({FIELDS}|{REPLACES})\[\d+\] has 14 bits",
    says="a contribution root over a leaf that encodes no record: a slot of it is negative, or has more than 14 bits",
)
def slot_of_no_record(name: str, policy: Policy) -> Forgery:
    # Nobody asks what a record says that is rejected as spam, but for the comparisons with its fields' bounds.
    nothing = tuple((field.name, 0) for field in policy.rules.numbers)
    draft = Draft(among(record(2, 0, SPAM), nothing), policy)
    contributions = draft["contributions"]
    group, slot = name.removeprefix("contributions/").partition("[")[0], number(name)
    if group == REPLACES:
        # Both together are 0 modulo P, so that the record seems to replace none.
        low, high = contributions.group(REPLACES)
        low[ROW], high[ROW] = (1, P >> SLOT_BITS) if slot else (P - SLOT, 1)
    else:
        contributions.group(group)[slot, ROW] = P - 1
        compare_as_seen(contributions, ROW)
    draft.rehash("contributions")
    return published(draft)


@cheat(
    r"contributions/(time within pick\[0\]|submitted within pick\[[01]\]) is a bit",
    says="a record whose time is in range is rejected as out_of_range: a pick of -1 turns room into too much",
)
def pick_of_minus_one(name: str, policy: Policy) -> Forgery:
    field, place = name.removeprefix("contributions/").partition(" ")[0], number(name)
    # One less in the slot of the pick; all others are equal.
    early = maximum_of(policy, field) - SLOT**place
    draft = Draft(among(record(2, 0), ((field, early),)), policy)
    judge(draft, ROW, OUT_OF_RANGE)
    compare(draft, f"{field} within", ROW, {place: -1}, 0, 0)
    return published(draft)


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
