"""Cheats on the tables of limits: records that pass a limit that is reached, and records that are held up before."""

from __future__ import annotations

import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.limits import LIMITS, PADDING, REASONS, arrange, full, judge, over, record, settle
from tests.attacks.orders import FALL_PATTERN, SHIFTED, claim, fall_of
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import RULES
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.policy import Policy

TABLE = r"(window|account)_limit"
ELEMENTS = 6
LATE = 500 << 150
"""An account behind all others of this file."""
PASSED = "a record is accepted and paid though its limit is reached"
HELD_UP = "a record is rejected as over a limit that is not reached"

redundant(
    rf"{TABLE}/is_real is a bit",
    "kept: the bus counts in the integers only where multiplicities are bits (SPEC §4.3). To use its absence, a tuple "
    "would have to come from the contributions twice: before padding only the last row can hold more than 1, as many "
    "as it has picks, and each tuple has an index of its own.",
)
redundant(
    rf"{TABLE}/order (low|high) bits 0-14 has 15 bits",
    "kept: part of every order of rows, and in the others a cheat uses its absence. To use it here, a record that a "
    "limit counts would need an element of 2^30 or more: but the first of each account in each such table passes, so "
    "an accepted record has the account, which the payouts look up, as the contributions do the window's limbs.",
)


def table_of(name: str) -> str:
    return name.partition("/")[0]


def account(**elements: int) -> int:
    """An account by its elements: e0 (most significant) to e5; 0 where not told."""
    return sum(value << (30 * (ELEMENTS - 1 - int(name[1:]))) for name, value in elements.items())


@cheat(rf"{TABLE}/none passes where the limit is reached", says=PASSED)
def one_too_many(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    draft = Draft([*full(table, 5), over(table, 5)], policy)
    judge(draft, {LIMITS[table]: ACCEPTED})
    return draft.finish()


@cheat(rf"{TABLE}/all pass until the limit is reached", says=HELD_UP)
def one_too_few(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    last = LIMITS[table] - 1
    draft = Draft([*full(table, 5), record(7, 0)], policy)
    judge(draft, {last: REASONS[table]})
    settle(draft[table], table, last + 2)
    return draft.finish()


@cheat(rf"{TABLE}/count starts at 0", says=HELD_UP)
def count_that_starts_full(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit = LIMITS[table]
    draft = Draft([*full(table, 5)[:1], record(7, 0)], policy)
    judge(draft, {0: REASONS[table]})
    settle(draft[table], table, 2, {0: limit})
    return draft.finish()


@cheat(rf"{TABLE}/count of those that passed", says=PASSED)
def count_that_forgets(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit = LIMITS[table]
    draft = Draft([*full(table, 5), over(table, 5)], policy)
    judge(draft, {limit: ACCEPTED})
    place = _place(draft, table, limit)
    settle(draft[table], table, limit + 1, {place: 0})
    return draft.finish()


def _place(draft: Draft, table: str, row: int) -> int:
    """Where a record stands in a limit's table."""
    return next(at for at in range(100) if draft[table]["is_real"][at] and draft[table]["index"][at] == row)


@cheat(rf"{TABLE}/padding comes last", says=PASSED)
def padding_within_a_group(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit = LIMITS[table]
    draft = Draft([*full(table, 5), over(table, 5)], policy)
    judge(draft, {limit: ACCEPTED})
    # The gap's account is 0, so that the next row starts a group.
    arrange(draft, table, [*range(limit), PADDING, limit])
    return draft.finish()


@cheat(rf"{TABLE}/order pick\[[1-7]\] is a bit", says=f"{PASSED}; or: {HELD_UP}")
def picks_that_cancel(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit, place = LIMITS[table], int(name.partition("[")[2][0])
    index = 7 if table == "window_limit" else 6
    last = record(LATE, 0)
    if place < index:
        # Down at the place before, picked; up at the index, picked; -1 here keeps the picks' sum 1.
        larger = account(**{f"e{place - 1}": 1})
        draft = Draft([*full(table, larger), last, record(0, 0)], policy)
        judge(draft, {limit + 1: REASONS[table]})
        arranged = arrange(draft, table, [*range(limit), limit + 1, limit])
        claim(arranged, limit - 1, {place - 1: 1, place: -1, index: 1})
    else:
        # Down by 1 at place 0 and down by 2 in the index, which counts negative; so does the count behind it.
        own, other = account(e1=100), account(e0=1, e1=100)
        draft = Draft([*full(table, own), over(table, own), last, record(other, 0)], policy)
        judge(draft, {limit: ACCEPTED})
        arranged = arrange(draft, table, [*range(limit), limit + 2, limit, limit + 1])
        claim(arranged, limit, {0: 1, 1: 1, index: -1})
    settle(arranged, table, limit + 3)
    return draft.finish()


@cheat(rf"{TABLE}/order picks one place", says=PASSED)
def record_without_a_pick(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit = LIMITS[table]
    draft = Draft([*full(table, 5), over(table, 5)], policy)
    judge(draft, {limit: ACCEPTED})
    arranged = arrange(draft, table, range(limit + 1))
    # All of the group is equal and nothing is picked, so that the next record seems to begin a group.
    claim(arranged, limit - 1, {})
    settle(arranged, table, limit + 1)
    return draft.finish()


@cheat(rf"{TABLE}/order pick\[0\] is a bit", says=PASSED)
def picks_that_shift(name: str, policy: Policy) -> Forgery:
    table = table_of(name)
    limit = LIMITS[table]
    own, other = account(**SHIFTED.k), account(**SHIFTED.x)
    draft = Draft([*full(table, own), record(other, 0), over(table, own)], policy)
    judge(draft, {limit + 1: ACCEPTED})
    arranged = arrange(draft, table, range(limit + 2))
    claim(arranged, limit, SHIFTED.picks)
    settle(arranged, table, limit + 2)
    return draft.finish()


@cheat(
    r"window_limit/order equal before the pick\[[0-6]\]",
    r"account_limit/order equal before the pick\[[0-5]\]",
    says=HELD_UP,
)
def two_groups_in_one(name: str, policy: Policy) -> Forgery:
    table, place = table_of(name), int(name[-2])
    limit = LIMITS[table]
    if place < ELEMENTS:
        records = [*full(table, account(**{f"e{place}": 1})), record(0, 0)]
    else:
        records = [record(5, 10), record(5, 0)]
    draft = Draft(records, policy)
    judge(draft, {limit: REASONS[table]})
    arranged = arrange(draft, table, [*range(limit), limit])
    claim(arranged, limit - 1, {7 if table == "window_limit" else 6: 1})
    settle(arranged, table, limit + 1)
    return draft.finish()


@cheat(rf"{TABLE}/{FALL_PATTERN}", says=PASSED)
def order_that_falls(name: str, policy: Policy) -> Forgery:
    table, fall = table_of(name), fall_of(name)
    limit = LIMITS[table]
    own, other = account(e5=fall.k), account(e5=fall.x)
    draft = Draft([*full(table, own), record(other, 0), over(table, own)], policy)
    judge(draft, {limit + 1: ACCEPTED})
    arranged = arrange(draft, table, [*range(limit), limit, limit + 1])
    claim(arranged, limit, {ELEMENTS - 1: 1}, step=fall.step)
    settle(arranged, table, limit + 2)
    return draft.finish()


@cheat(
    rf"{TABLE}/record is a contribution",
    r"contributions/record goes to the (window|account) limit",
    says=PASSED,
    with_bus=True,
)
def limit_of_nothing(name: str, policy: Policy) -> Forgery:
    table = "window_limit" if "window" in name else "account_limit"
    draft = Draft([*full(table, 5), over(table, 5)], policy)
    judge(draft, {LIMITS[table]: ACCEPTED})
    arrange(draft, table, [])
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_constraint(entry: Cheat, name: str) -> None:
    run_trial(entry, name)


@pytest.mark.parametrize("table", LIMITS)
def test_settling_an_honest_table_changes_nothing(table: str) -> None:
    draft = Draft([*full(table, 5), record(7, 3), over(table, 5)], RULES)
    honest = draft.witness[table].copy()
    rows = [int(draft[table]["index"][at]) for at in range(100) if draft[table]["is_real"][at]]
    arrange(draft, table, rows)
    assert (draft.witness[table] == honest).all()
