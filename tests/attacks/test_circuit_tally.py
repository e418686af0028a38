"""Cheats on the tally: accounts that are left out, listed twice, or credited with what others earned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.orders import FALL_PATTERN, MASK, TWICE, Step, claim, fall_of
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.attacks.tallies import added_up, settle
from tests.circuits.scenarios import POLICY, SPAM, Record
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.rules import ACCEPTED, BUILT_IN_REASONS
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

ELEMENTS = 6
PADDING = -1
ACCEPTED_FLAG = flag_name(BUILT_IN_REASONS[ACCEPTED])

redundant(
    r"tally/ordinal starts at 0",
    "kept: it alone says where payouts' leaves are. Without it let them begin at 2^d + o. By what nodes come to (see "
    "`payouts/accounts are counted`), (2^d + o + A) / (2^d + o) * 2^(d + 1) / (2^d + A) = 2 modulo P, hence o A = 0. "
    "That leaves open what hangs below nodes at 0 and -1 where leaves stand at both of these places. Up to 2^15 "
    "leaves nothing does: the deep ones, at depth 30 or more, have weights 2^-depth of less than 2^-d together, the "
    "others multiples of 2^-d, and all add up to 1, so that none is deep. Beyond, no such tree is known and none is "
    "ruled out.",
)


def account(**elements: int) -> int:
    """An account by its elements: e0 (most significant) to e5; 0 where not told."""
    return sum(value << (30 * (ELEMENTS - 1 - int(name[1:]))) for name, value in elements.items())


def arrange(draft: Draft, rows: Sequence[int]) -> Trace:
    """Fill the tally with these contributions, in this order, whatever their accounts; PADDING is a gap."""
    draft.clear("tally")
    table, contributions = draft["tally"], draft["contributions"]
    arguments = draft.bounds.arguments
    amounts = [f"{argument.name}[{k}]" for argument in arguments for k in range(len(argument.widths))]
    for place, row in enumerate(rows):
        if row != PADDING:
            table["is_real"][place] = 1
            table["accepted"][place] = contributions[ACCEPTED_FLAG][row]
            table.group("account")[:, place] = contributions.group("account")[:, row]
            for name, sent in zip(amounts, contributions.sent("records")[ELEMENTS + 1 :], strict=True):
                table[name][place] = sent[row]
    fill_gadgets(table)
    settle(table, len(rows))
    return table


def tallied(draft: Draft) -> Forgery:
    """The forgery of a draft whose tally is done."""
    draft.after_tally()
    return draft.finish()


PAIR = (Record(account=3, quantity=4_000), Record(account=5, quantity=9_000))
SPLIT = (Record(account=3, quantity=4_000), Record(account=5, quantity=9_000), Record(account=3, quantity=800))


@cheat(r"tally/padding comes last", says="an account is paid for points that no record has earned")
def padding_with_points(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    table = arrange(draft, [0, PADDING, 1])
    table.group("account")[:, 1] = table.group("account")[:, 2]
    table[next(iter(added_up(table).values()))][1] = 5_000
    fill_gadgets(table)
    settle(table, 3)
    return tallied(draft)


@cheat(r"tally/is_real is a bit", says="a payout leaf hides that records of the account were rejected")
def row_that_counts_twice(name: str, policy: Policy) -> Forgery:
    own, other = account(**TWICE.k), account(**TWICE.x)
    rejected = Record(own, 800, reason=SPAM)
    draft = Draft([Record(own, 4_000), Record(other, 9_000), rejected, rejected], policy)
    table = arrange(draft, [0, 1, 2])
    # One row takes both rejected records, and its two picks let the account come again.
    table["is_real"][2] = 2
    claim(table, 1, TWICE.picks)
    settle(table, 3)
    return tallied(draft)


@cheat(r"tally/order same is a bit", says="a payout leaf hides that a record of the account was rejected")
def rejections_cancel(name: str, policy: Policy) -> Forgery:
    # Two places are picked and `same` is -1: what the first account counted is subtracted from the second.
    first, second = account(e4=1, e5=7), account(e4=4, e5=7)
    draft = Draft([Record(first, reason=SPAM), Record(second, 5_000), Record(second, reason=SPAM)], policy)
    table = arrange(draft, [0, 1, 2])
    claim(table, 0, {4: 1, 5: 1}, same=-1)
    settle(table, 3)
    return tallied(draft)


@cheat(r"tally/order pick\[\d\] is a bit", says="the last account's records earn it nothing, and it has no leaf")
def last_account_goes_on(name: str, policy: Policy) -> Forgery:
    place = int(name.partition("[")[2][0])
    draft = Draft([Record(3, 4_000), Record(account(e4=1) if place == 3 else account(e3=1), 9_000)], policy)
    table = arrange(draft, [0, 1])
    # The row after the last is padding; it is made the group's end, and padding sends nothing.
    table.group("account")[:, 2] = table.group("account")[:, 1]
    claim(table, 1, {place: -1}, same=1)
    settle(table, 2)
    return tallied(draft)


@cheat(r"tally/order picks one place", says="one account has two payout leaves")
def account_in_two_groups(name: str, policy: Policy) -> Forgery:
    draft = Draft(SPLIT, policy)
    table = arrange(draft, [0, 2, 1])
    claim(table, 0, {})
    settle(table, 3)
    return tallied(draft)


@cheat(
    r"tally/order equal before the pick\[\d\]",
    says="an account is paid for another account's records, which has no leaf",
)
def two_accounts_in_a_group(name: str, policy: Policy) -> Forgery:
    draft = Draft([Record(0, 4_000), Record(account(**{f"e{name[-2]}": 1}), 9_000)], policy)
    table = arrange(draft, [0, 1])
    claim(table, 0, {}, same=1)
    settle(table, 2)
    return tallied(draft)


@cheat(rf"tally/{FALL_PATTERN}", says="one account has two payout leaves")
def order_that_falls(name: str, policy: Policy) -> Forgery:
    fall = fall_of(name)
    k, x = account(e5=fall.k), account(e5=fall.x)
    draft = Draft([Record(k, 4_000), Record(x, 9_000), Record(k, 800)], policy)
    table = arrange(draft, [0, 1, 2])
    claim(table, 1, {ELEMENTS - 1: 1}, step=fall.step)
    settle(table, 3)
    return tallied(draft)


@cheat(
    r"tally/order (low|high) bits 0-14 has 15 bits",
    says="a contribution root over a leaf that encodes no record: an element of the account has more than 30 bits",
)
def account_of_more_bits(name: str, policy: Policy) -> Forgery:
    # The record is rejected: an account that is paid is looked up in the payouts table as well.
    draft = Draft([Record(account(e5=10), 4_000), Record(account(e5=11), 9_000, reason=SPAM)], policy)
    low = "low" in name
    # Read as -1 below all others, or as 2^30 + 5 above all others.
    element = P - 1 if low else 2**30 + 5
    draft["contributions"].group("account")[-1, 1] = element
    draft.refill_contributions()
    draft.after_contributions()
    table = arrange(draft, [1, 0] if low else [0, 1])
    claim(table, 0, {ELEMENTS - 1: 1}, step=Step(low=-1) if low else None)
    if low:
        table["order low bits 0-14"][0], table["order low bits 15-29"][0] = P - 1, 0
        gap = (10, 0)
    else:
        table["order high bits 0-14"][0], table["order high bits 15-29"][0] = element - (MASK << 15), MASK
        gap = (element - (MASK << 15) - 10 - 1, MASK)
    table["order borrow"][0] = 0
    table["order gap bits 0-14"][0], table["order gap bits 15-29"][0] = gap
    settle(table, 2)
    return tallied(draft)


@cheat(
    r"tally/group ends where the account changes",
    says="an account with an accepted record is not paid and has no leaf",
)
def group_without_end(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    settle(draft["tally"], 2, {("ends", 0): 0})
    return tallied(draft)


@cheat(r"tally/group ends with the table", says="the last account of a full table is not paid and has no leaf")
def last_row_without_end(name: str, policy: Policy) -> Forgery:
    height = Draft(PAIR, policy)["tally"].height
    # No two alike, and few of one account in a window: so that they are accepted under any policy.
    records = [Record(account=3 + row // 100, quantity=40 + row, values=(("time", row),)) for row in range(height)]
    draft = Draft(records, policy)
    draft["tally"]["ends"][height - 1] = 0
    return tallied(draft)


@cheat(r"tally/sum\(points\)\[\d+\] starts", says="the first account is paid for points that no record has earned")
def sum_starts_higher(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    column = name.partition("/")[2].removesuffix(" starts")
    settle(draft["tally"], 2, {(column, 0): int(draft["tally"][column][0]) + 1})
    return tallied(draft)


@cheat(r"tally/sum\(points\)\[\d+\] adds up", says="an account is paid for points that no record has earned")
def sum_grows(name: str, policy: Policy) -> Forgery:
    draft = Draft([*PAIR, Record(account=5, quantity=300)], policy)
    column = name.partition("/")[2].removesuffix(" adds up")
    settle(draft["tally"], 3, {(column, 2): int(draft["tally"][column][2]) + 1})
    return tallied(draft)


@cheat(
    r"tally/(accepted|rejected)_count (starts|adds up)",
    says="a payout leaf counts a record of the account that there isn't",
)
def record_is_miscounted(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    column, _, rest = name.partition("/")[2].partition(" ")
    row = 0 if rest == "starts" else 1
    settle(draft["tally"], 2, {(column, row): int(draft["tally"][column][row]) + 1})
    return tallied(draft)


@cheat(r"tally/seen (starts|goes on)", says="an account with an accepted record is not paid and has no leaf")
def accepted_record_is_overlooked(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    settle(draft["tally"], 2, {("seen", 0 if "starts" in name else 1): 0})
    return tallied(draft)


@cheat(r"tally/seen goes on", says="an account without an accepted record has a payout leaf")
def rejected_record_is_taken_for_accepted(name: str, policy: Policy) -> Forgery:
    # Two accepted records, so that two accounts are not refused out of hand.
    draft = Draft([PAIR[0], PAIR[0], Record(account=5, quantity=9_000, reason=SPAM)], policy)
    settle(draft["tally"], 3, {("seen", 2): 1})
    return tallied(draft)


@cheat(r"tally/ordinal counts", says="a payout root whose leaves are not in account order")
def leaves_out_of_order(name: str, policy: Policy) -> Forgery:
    draft = Draft([*PAIR, Record(account=8, quantity=100)], policy)
    draft.after_tally()
    tally, payouts = draft["tally"], draft["payouts"]
    tally["ordinal"][1], tally["ordinal"][2] = 2, 1
    index = payouts["index"].copy()
    payouts.values[:, [1, 2]] = payouts.values[:, [2, 1]]
    payouts["index"][:] = index
    draft.after_payouts()
    return draft.finish()


@cheat(
    r"tally/record is a contribution",
    says="a record that was committed and accepted earns nothing",
    with_bus=True,
)
def record_is_left_out(name: str, policy: Policy) -> Forgery:
    draft = Draft(SPLIT, policy)
    arrange(draft, [0, 1])
    return tallied(draft)


@cheat(
    r"tally/account goes to the payouts",
    says="a payout goes to another account than the one that earned it",
    with_bus=True,
)
def payee_is_swapped(name: str, policy: Policy) -> Forgery:
    draft = Draft(PAIR, policy)
    draft["payouts"]["account[5]"][0] = 4
    draft.rehash("payouts")
    draft.after_payouts()
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_constraint(entry: Cheat, name: str) -> None:
    run_trial(entry, name)


def test_settling_an_honest_tally_changes_nothing() -> None:
    draft = Draft([*SPLIT, Record(account=3, reason=SPAM)], POLICY)
    honest = draft.witness["tally"].copy()
    arrange(draft, [0, 2, 3, 1])
    assert np.array_equal(draft.witness["tally"], honest)
