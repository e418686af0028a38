"""Cheats on the uniqueness table: a copy that is paid as well, an original that is rejected for its copy."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.keys import PADDING, arrange, elements_of, keyed, settle
from tests.attacks.orders import FALL_PATTERN, MASK, SHIFTED, Step, claim, fall_of
from tests.attacks.records import number
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import SPAM, Record
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.ledger.rules import ACCEPTED, BUILT_IN_REASONS, DUPLICATE
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

ACCEPTED_FLAG, DUPLICATE_FLAG = (flag_name(BUILT_IN_REASONS[code]) for code in (ACCEPTED, DUPLICATE))
PAID_TWICE = "a copy is accepted and paid beside its original"

redundant(
    r"uniqueness/is_real is a bit",
    "kept: the bus counts in the integers only where multiplicities are bits (SPEC §4.3). To use its absence, a tuple "
    "would have to come from the contributions twice: before padding only the last row can hold more than 1, as many "
    "as it has picks, and each tuple has an index of its own.",
)


def accept(draft: Draft, row: int) -> None:
    """Flip a duplicate's verdict in the contributions table, points included."""
    contributions = draft["contributions"]
    contributions[DUPLICATE_FLAG][row], contributions[ACCEPTED_FLAG][row] = 0, 1
    refill(draft)


def refill(draft: Draft) -> None:
    """Points, gadgets and leaves of the contributions again, then all that follows."""
    draft.refill_contributions()
    draft.after_contributions()


def pair(policy: Policy) -> list[Record]:
    """An original and its copy."""
    return [keyed(policy, 1, 500, e7=5), keyed(policy, 3, 500, DUPLICATE, e7=5)]


def copied(
    policy: Policy,
    original: Mapping[str, int],
    other: Mapping[str, int],
    *,
    copy_at: int = 2,
    other_at: int = 1,
    count: int = 3,
) -> list[Record]:
    """An original at 0, a rejected record with another key, a copy of the original; the rest has keys above both."""
    records = [keyed(policy, 9, 10 + at, e0=1000, e7=at) for at in range(count)]
    records[0] = keyed(policy, 1, 500, **original)
    records[other_at] = keyed(policy, 2, 70, SPAM, **other)
    records[copy_at] = keyed(policy, 3, 500, DUPLICATE, **original)
    return records


@cheat(r"uniqueness/padding comes last", says=PAID_TWICE)
def padding_between_original_and_copy(name: str, policy: Policy) -> Forgery:
    draft = Draft(pair(policy), policy)
    accept(draft, 1)
    table = arrange(draft, [0, PADDING, 1])
    # The gap has the same key, so that the copy may follow; nothing valid was in it.
    table.group("key")[:, 1] = table.group("key")[:, 0]
    fill_gadgets(table)
    settle(table, 3)
    return draft.finish()


@cheat(r"uniqueness/order pick\[[1-9]\d*\] is a bit", says=PAID_TWICE)
def picks_that_cancel(name: str, policy: Policy) -> Forgery:
    place, index = number(name), elements_of(policy)
    if place < index:
        # Down at the place before, picked; up at the index, picked; -1 here keeps the picks' sum 1.
        records = copied(policy, {}, {f"e{place - 1}": 1}, copy_at=3, count=4)
        picks, rows = {place - 1: 1, place: -1, index: 1}, [0, 1, 3, 2]
    else:
        # Down by 1 at place 0 and down by 2 in the index, which counts negative.
        records = copied(policy, {"e1": 100}, {"e0": 1, "e1": 100}, copy_at=1, other_at=3, count=4)
        picks, rows = {0: 1, 1: 1, index: -1}, [0, 3, 1, 2]
    draft = Draft(records, policy)
    accept(draft, rows[2])
    table = arrange(draft, rows)
    claim(table, 1, picks)
    settle(table, len(rows))
    return draft.finish()


@cheat(r"uniqueness/order picks one place", says=PAID_TWICE)
def copy_without_a_pick(name: str, policy: Policy) -> Forgery:
    draft = Draft(pair(policy), policy)
    accept(draft, 1)
    table = arrange(draft, [0, 1])
    # All of the key is equal and nothing is picked, so that the copy seems to begin a group.
    claim(table, 0, {})
    settle(table, 2)
    return draft.finish()


@cheat(r"uniqueness/order pick\[0\] is a bit", says=PAID_TWICE)
def picks_that_shift(name: str, policy: Policy) -> Forgery:
    draft = Draft(copied(policy, SHIFTED.k, SHIFTED.x), policy)
    accept(draft, 2)
    table = arrange(draft, [0, 1, 2])
    claim(table, 1, SHIFTED.picks)
    settle(table, 3)
    return draft.finish()


@cheat(r"uniqueness/order equal before the pick\[\d+\]", says=PAID_TWICE)
def fall_before_the_pick(name: str, policy: Policy) -> Forgery:
    draft = Draft(copied(policy, {}, {f"e{number(name)}": 1}), policy)
    accept(draft, 2)
    table = arrange(draft, [0, 1, 2])
    claim(table, 1, {elements_of(policy): 1})
    settle(table, 3)
    return draft.finish()


@cheat(rf"uniqueness/{FALL_PATTERN}", says=PAID_TWICE)
def order_that_falls(name: str, policy: Policy) -> Forgery:
    fall = fall_of(name)
    draft = Draft(copied(policy, {"e1": fall.k}, {"e1": fall.x}), policy)
    accept(draft, 2)
    table = arrange(draft, [0, 1, 2])
    claim(table, 1, {1: 1}, step=fall.step)
    settle(table, 3)
    return draft.finish()


@cheat(
    r"uniqueness/order (low|high) bits 0-14 has 15 bits",
    says="a contribution root over a leaf that encodes no record: a fingerprint's element has more than 30 bits",
)
def fingerprint_of_more_bits(name: str, policy: Policy) -> Forgery:
    draft = Draft([keyed(policy, 1, 500, e0=10), keyed(policy, 2, 700, e0=11)], policy)
    low = "low" in name
    # Read as -1 below all others, or as 2^30 + 5 above all others.
    element = P - 1 if low else 2**30 + 5
    draft["contributions"].group("fingerprint")[0, 1] = element
    refill(draft)
    table = arrange(draft, [1, 0] if low else [0, 1])
    if low:
        claim(table, 0, {0: 1}, step=Step(low=-1))
        table["order low bits 0-14"][0], table["order low bits 15-29"][0] = P - 1, 0
        table["order borrow"][0] = 0
        table["order gap bits 0-14"][0], table["order gap bits 15-29"][0] = 10, 0
    else:
        claim(table, 0, {0: 1})
        table["order high bits 0-14"][0], table["order high bits 15-29"][0] = element - (MASK << 15), MASK
        table["order gap bits 0-14"][0] = element - (MASK << 15) - 10 - 1
        table["order gap bits 15-29"][0], table["order borrow"][0] = MASK, 0
    settle(table, 2)
    return draft.finish()


@cheat(r"uniqueness/nothing is earlier than the first", says="an original without any copy is rejected as a duplicate")
def first_is_called_a_copy(name: str, policy: Policy) -> Forgery:
    draft = Draft([keyed(policy, 1, 500, e7=5), keyed(policy, 2, 700, e7=6)], policy)
    contributions = draft["contributions"]
    contributions[ACCEPTED_FLAG][0], contributions[DUPLICATE_FLAG][0] = 0, 1
    refill(draft)
    table = arrange(draft, [0, 1])
    table["earlier"][0] = 1
    settle(table, 2)
    return draft.finish()


@cheat(r"uniqueness/earlier valid record", says=PAID_TWICE)
def original_is_forgotten(name: str, policy: Policy) -> Forgery:
    draft = Draft(pair(policy), policy)
    accept(draft, 1)
    arrange(draft, [0, 1])["earlier"][1] = 0
    return draft.finish()


@cheat(
    r"uniqueness/the first valid record comes first",
    says="a copy is accepted and paid, its original is rejected as a duplicate",
)
def copy_is_preferred(name: str, policy: Policy) -> Forgery:
    draft = Draft(pair(policy), policy)
    contributions = draft["contributions"]
    contributions[ACCEPTED_FLAG][:2], contributions[DUPLICATE_FLAG][:2] = (0, 1), (1, 0)
    refill(draft)
    return draft.finish()


@cheat(r"uniqueness/record is a contribution", says=PAID_TWICE, with_bus=True)
def uniqueness_of_nothing(name: str, policy: Policy) -> Forgery:
    draft = Draft(pair(policy), policy)
    accept(draft, 1)
    arrange(draft, [])
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_constraint(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
