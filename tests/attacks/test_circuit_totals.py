"""Cheats on the totals: a total score or a sum paid that the accounts' limbs don't add up to."""

from __future__ import annotations

import re

import pytest

from tests.attacks.forgery import Draft, Forgery, settle
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.attacks.shares import SCORE, earning, put_sums, scores_of, share_out, sum_of
from tests.circuits.scenarios import WIDEST, Record, pro_rata_like
from zkpay.circuits.bounds import TOTAL_WIDTH
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

RADIX = 15
RECORDS = (Record(account=1, quantity=4_000), Record(account=2, quantity=9_000))
NO_SCORE = (Record(account=1, quantity=0),)
MORE_SCORE = "the total score is more than the scores add up to, so everybody is paid less"
NOBODY_PAID = "a sum paid that is not 0 where nobody is paid"
LESS_PAID = "less is said to be paid than the payouts add up to"

redundant(
    r"totals/total\(score\) carry\[8\] has 15 bits|totals/payout carry\[6\] has 15 bits",
    "kept: by the bounds of this table alone its line could wrap. To use its absence, the scores or payouts would "
    "have to add up to P * 2^(15 k) more or less than is said, which is beyond the largest total and the pool.",
)


def place(name: str) -> int:
    """The first number in brackets, or the last number, of a name."""
    found = re.search(r"\[(\d+)\]", name) or re.search(r"(\d+)$", name)
    if found is None:
        raise ValueError(f"{name} has no number")
    return int(found[1])


def claim_total(draft: Draft, excess: int, misses: dict[int, int]) -> Forgery:
    """Say that the total score is `excess` more; the totals' lines may miss by `misses`."""
    scores = scores_of(draft)
    share_out(draft, scores, total=sum(scores) + excess)
    settle(draft["totals"], SCORE, 0, misses)
    return draft.finish()


def claim_paid(draft: Draft, excess: int, misses: dict[int, int]) -> Forgery:
    """Say that `excess` more is paid; the totals' lines may miss by `misses`."""
    draft.state(paid=draft.statement.paid + excess, dust=draft.statement.dust - excess)
    settle(draft["totals"], "payout", 0, misses)
    return draft.finish()


@cheat(r"totals/total\(score\) line \d+", says=MORE_SCORE)
def score_line(name: str, policy: Policy) -> Forgery:
    return claim_total(Draft(RECORDS, policy), 1 << (RADIX * place(name)), {place(name): -1})


@cheat(r"totals/payout line \d+", says=LESS_PAID)
def payout_line(name: str, policy: Policy) -> Forgery:
    return claim_paid(Draft(RECORDS, policy), -1 << (RADIX * place(name)), {place(name): 1})


@cheat(
    r"totals/total\(score\) carry\[[0246]\] has 15 bits",
    r"totals/total\(score\) carry\[[1357]\] has 10 bits",
    says=MORE_SCORE,
)
def score_carry(name: str, policy: Policy) -> Forgery:
    # Totals of the first policy have no room for a wrap beyond line 0.
    return claim_total(Draft(RECORDS, WIDEST), P << (RADIX * place(name)), {place(name): -P})


@cheat(
    r"totals/payout carry\[[024]\] has 15 bits",
    r"totals/payout carry\[[135]\] has 10 bits",
    says=NOBODY_PAID,
)
def payout_carry(name: str, policy: Policy) -> Forgery:
    return claim_paid(Draft(NO_SCORE, WIDEST), P << (RADIX * place(name)), {place(name): -P})


@cheat(r"totals/total\(score\)_limb\[\d+\] is 0 below the first row", says=MORE_SCORE)
def score_in_the_second_row(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = Draft(RECORDS, policy)
    scores = scores_of(draft)
    share_out(draft, scores, total=sum(scores) + (1 << (TOTAL_WIDTH * limb)))
    column = draft["totals"][f"{SCORE}_limb[{limb}]"]
    column[0], column[1] = column[0] + 1, P - 1
    settle(draft["totals"], SCORE, 0)
    return draft.finish()


@cheat(r"totals/payout_limb\[\d+\] is 0 below the first row", says=LESS_PAID)
def payout_in_the_second_row(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = Draft(RECORDS, policy)
    column = draft["totals"][f"payout_limb[{limb}]"]
    column[0], column[1] = column[0] - 1, 1
    draft.state(
        paid=draft.statement.paid - (1 << (TOTAL_WIDTH * limb)),
        dust=draft.statement.dust + (1 << (TOTAL_WIDTH * limb)),
    )
    settle(draft["totals"], "payout", 0)
    return draft.finish()


@cheat(r"totals/total\(score\)_limb\[\d+\] is the sum", says="a total score that is not 0 where nobody has scored")
def score_of_nobody(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = Draft(NO_SCORE, policy)
    share_out(draft, [0], total=1 << (TOTAL_WIDTH * limb))
    put_sums(draft, SCORE, {limb: 1})
    return draft.finish()


@cheat(r"totals/payout_limb\[\d+\] is the sum", says=NOBODY_PAID)
def payout_to_nobody(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = Draft(NO_SCORE, policy)
    draft.state(paid=1 << (TOTAL_WIDTH * limb), dust=policy.pool - (1 << (TOTAL_WIDTH * limb)))
    put_sums(draft, "payout", {limb: 1})
    return draft.finish()


@cheat(r"payouts/total\(score\)_limb\[\d+\] is added up", says="a total score that leaves out a limb of every score")
def score_limb_left_out(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    # A pool of 1 and three accounts beside, so that the smaller divisor does not spend more than there is.
    one = pro_rata_like(policy, pool=1)
    others = 7 << (TOTAL_WIDTH * limb - 3) if limb else 1 << TOTAL_WIDTH
    records = [record for account in (2, 3, 4) for record in earning(account, others, one)]
    draft = Draft([*earning(1, 5 << (TOTAL_WIDTH * limb), one), *records], one)
    scores = scores_of(draft)
    left_out = sum(score >> (TOTAL_WIDTH * limb) & ((1 << TOTAL_WIDTH) - 1) for score in scores)
    share_out(draft, scores, total=sum(scores) - (left_out << (TOTAL_WIDTH * limb)))
    put_sums(draft, SCORE, {limb: 0})
    return draft.finish()


@cheat(r"payouts/payout_limb\[\d+\] is added up", says=LESS_PAID)
def payout_limb_left_out(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = Draft(RECORDS, policy)
    left_out = sum_of(draft, "payout", limb) << (TOTAL_WIDTH * limb)
    draft.state(paid=draft.statement.paid - left_out, dust=draft.statement.dust + left_out)
    put_sums(draft, "payout", {limb: 0})
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
