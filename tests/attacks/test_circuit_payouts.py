"""Cheats on payouts: scores that are not the sums, shares that are not the formula's, rounding the other way.

With R bits a line, P * 2^(R k) is what line k can miss without the field seeing it: carries and limbs out of range hide
such a miss. Remainders that are negative or not below the divisor shift a payout by a unit or more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.attacks.shares import (
    REMAINDER_WIDTH,
    SCORE,
    UNIT_QUALITY,
    below_public_of,
    earning,
    scores_of,
    share_out,
    share_skewed,
    total_of,
)
from tests.circuits.scenarios import POLICY, WIDEST, Record, pro_rata_like
from zkpay.circuits.bounds import TOTAL_WIDTH
from zkpay.policy.policy import Policy
from zkpay.stark.expression import Expression, Public
from zkpay.stark.field import P

RADIX = 15
SCORE_RADIX = 14
# The last limb of the remainder under WIDEST.
TOP = 9
# 127 * 2^24 = P - 1.
WRAP = P >> 24
UNDERPAID = "an account is paid less than the formula gives, to the pool's good"

ELEMENT = re.compile(r"account\[(\d)\] ?(low|high)?")


@cheat(
    r"payouts/account\[\d\].* has \d+ bits",
    says="a payout leaf of an account that doesn't exist: no 160 bits encode to it",
)
def account_of_no_bits(name: str, policy: Policy) -> Forgery:
    found = ELEMENT.search(name)
    if found is None:
        raise ValueError(name)
    place, half = int(found[1]), found[2]
    # One record, so that no order is claimed of the element.
    draft = Draft([Record(account=3, quantity=4_000)], policy)
    draft["contributions"].group("account")[place, 0] = P - 1 if place else 1 << 29
    draft.refill_contributions()
    draft.after_contributions()
    if half == "low":
        draft["payouts"].group("account high")[place - 1, 0] = 0
    return draft.finish()


redundant(
    r"payouts/accounts are counted",
    "kept, so that the count rests on no hash. Without it let there be B leaves. A node at i stands for (i + 1) / i, "
    "which modulo P is what its children at 2 i and 2 i + 1 come to together; so what hangs below the root comes to 2. "
    "Leaves from 2^d on come to (2^d + B) / 2^d, the verifier's empty subtrees to 2^(d + 1) / (2^d + A): so B = A. A "
    "node at 0 or -1, which stands for nothing, has a child at its own place, which only a node can be: those would "
    "hash in a circle, which is as hard as a collision. A node at (P - 1) / 2 has both for children.",
)


def place(name: str) -> int:
    """The first number in brackets, or the last number, of a name."""
    found = re.search(r"\[(\d+)\]", name) or re.search(r"(\d+)$", name)
    if found is None:
        raise ValueError(f"{name} has no number")
    return int(found[1])


def pair(first: int, second: int, policy: Policy) -> Draft:
    """Two accounts that earn about these scores."""
    return Draft([*earning(1, first, policy), *earning(2, second, policy)], policy)


@cheat(r"payouts/score line \d+", says="an account has a score that its points don't add up to")
def score_line(name: str, policy: Policy) -> Forgery:
    draft, line = pair(5, 7, policy), place(name)
    # A limb on that line, so that no carry changes.
    limb = -(-SCORE_RADIX * line // TOTAL_WIDTH)
    first, *rest = scores_of(draft)
    off = 1 << (TOTAL_WIDTH * limb)
    share_out(draft, [first + off, *rest], score_misses={line: -(off >> (SCORE_RADIX * line))})
    return draft.finish()


@cheat(
    r"payouts/score carry\[[0-35-8]\] has 11 bits",
    r"payouts/score carry\[4\] has 10 bits",
    says="an account has a score that is P * 2^(14 k) more than its points: the carry of line k takes the wrap",
)
def score_carry(name: str, policy: Policy) -> Forgery:
    draft, line = pair(5, 7, policy), place(name)
    first, *rest = scores_of(draft)
    share_out(draft, [first + (P << (SCORE_RADIX * line)), *rest], score_misses={line: -P})
    return draft.finish()


def underpay(name: str, policy: Policy, wrap: int, room: int) -> Forgery:
    """Pay the first account as if its share were less by `wrap` * 2^(15 k), or enough times that to make a unit.

    `room`: how many times that much its share is.
    """
    line = place(name)
    off = wrap << (RADIX * line)
    draft = pair(max(5, room * off // policy.pool), max(7, off // policy.pool), policy)
    scores = scores_of(draft)
    divisor = sum(scores)
    honest, remainder = divmod(policy.pool * scores[0], divisor)
    times = remainder // off + 1
    less = divmod(policy.pool * scores[0] - times * off, divisor)
    if less[0] >= honest:
        raise ValueError(f"{times} times {off} are no unit of payout")
    share_out(draft, scores, first=less, payout_misses={line: times * wrap})
    return draft.finish()


@cheat(r"payouts/payout line \d+", says=UNDERPAID)
def payout_line(name: str, policy: Policy) -> Forgery:
    return underpay(name, policy, 1, 4)


@cheat(
    r"payouts/payout carry\[(?!16\])\d+\] has \d+ bits",
    says=f"{UNDERPAID}: the carry of line k takes a wrap of P * 2^(15 k)",
)
def payout_carry(name: str, policy: Policy) -> Forgery:
    return underpay(name, policy, P, 2)


def three(policy: Policy) -> Draft:
    """Three accounts with small scores, whose payouts leave something of the pool."""
    if policy == WIDEST:
        # Its least weight that is not 0 is 2^14 - 1.
        return Draft([Record(account, 1, 1, quality) for account, quality in ((1, 5), (2, 7), (3, 10))], policy)
    return Draft([Record(account, quantity, 3) for account, quantity in ((1, 5), (2, 7), (3, 9))], policy)


def round_by(draft: Draft, units: int, limb: int | None = None) -> None:
    """Pay the first account that many units more, at the cost of its remainder; `limb` of it may hold anything."""
    scores = scores_of(draft)
    payout, remainder = divmod(draft.policy.pool * scores[0], sum(scores))
    share_out(draft, scores, first=(payout + units, remainder - units * sum(scores)), remainder_limb=limb)


def compare(draft: Draft, picks: Mapping[int, int], difference: int) -> Forgery:
    """Claim how the remainder of the first account is below the divisor."""
    payouts, gadget = draft["payouts"], below_public_of(draft["payouts"])
    for limb, pick in enumerate(gadget.picks):
        payouts.values[pick.index, 0] = picks.get(limb, 0) % P
    payouts.values[gadget.difference.index, 0] = difference % P
    return draft.finish()


@cheat(
    r"payouts/payout remainder\[\d+\] has \d+ bits",
    says="an account is paid a unit more than the formula gives: a negative remainder",
)
def rounded_up(name: str, policy: Policy) -> Forgery:
    draft = three(policy)
    round_by(draft, 1, place(name))
    return draft.finish()


@cheat(
    r"payouts/payout remainder below difference has 15 bits",
    says="an account is paid a unit less than the formula gives: a remainder that is not below the divisor",
)
def rounded_down(name: str, policy: Policy) -> Forgery:
    draft = three(policy)
    round_by(draft, -1)
    return draft.finish()


@cheat(
    r"payouts/payout remainder below difference is at least one",
    says="an account is paid a unit less than the formula gives: a remainder that is not below the divisor",
)
def rounded_down_unnoticed(name: str, policy: Policy) -> Forgery:
    draft = three(policy)
    round_by(draft, -1)
    return compare(draft, {0: 1}, 0)


def excess_in(limb: int, divisor_limb: int) -> Draft:
    """A payout so much too small that the remainder reaches 2^(15 limb), with less than that and the divisor above it.

    The divisor's top limb is `divisor_limb`, and there the remainder is less than the divisor. Under WIDEST.
    """
    for score in range(1 << (REMAINDER_WIDTH * divisor_limb + 9), 1 << (REMAINDER_WIDTH * divisor_limb + 10), 12_345):
        draft = pair(score, score, WIDEST)
        scores = scores_of(draft)
        divisor = sum(scores)
        remainder = WIDEST.pool * scores[0] % divisor
        units = -((remainder - (1 << (REMAINDER_WIDTH * limb))) // divisor)
        low = remainder + units * divisor - (1 << (REMAINDER_WIDTH * limb))
        if low >> (REMAINDER_WIDTH * divisor_limb) < (divisor >> (REMAINDER_WIDTH * divisor_limb)) - 1:
            round_by(draft, -units)
            return draft
    raise ValueError("no such score")


def public_name(expression: Expression) -> str:
    """The name of a public scalar."""
    if not isinstance(expression, Public):
        raise TypeError("not public")
    return expression.name


def limbs_below(draft: Draft, limb: int) -> int:
    """Divisor - remainder at one limb, for the first account."""
    payouts, gadget = draft["payouts"], below_public_of(draft["payouts"])
    return payouts.publics[public_name(gadget.right[limb])] - int(payouts[f"payout remainder[{limb}]"][0])


@cheat(r"payouts/payout remainder below pick\[[0-8]\] is a bit", says=UNDERPAID)
def picks_that_cancel(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    if limb < TOP - 1:
        # The limb where the remainder is too large is picked -1 times; two equal limbs above it make up for it.
        draft = three(WIDEST)
        scores = scores_of(draft)
        remainder = WIDEST.pool * scores[0] % sum(scores)
        round_by(draft, -max(1, -((remainder - (1 << (REMAINDER_WIDTH * limb))) // sum(scores))))
        return compare(draft, {TOP: 1, limb + 1: 1, limb: -1}, -limbs_below(draft, limb) - 1)
    # No limb between it and the top: the top is too large by 1, which the limb below makes up for.
    draft = excess_in(TOP, limb - 1)
    difference = limbs_below(draft, TOP) + limbs_below(draft, limb - 1) - 1
    return compare(draft, {TOP: 1, limb: -1, limb - 1: 1}, difference)


@cheat(r"payouts/payout remainder below equal above the pick\[[1-9]\]", says=UNDERPAID)
def larger_above_the_pick(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    draft = excess_in(limb, limb - 1)
    return compare(draft, {limb - 1: 1}, limbs_below(draft, limb - 1) - 1)


@cheat(
    r"payouts/score\[(1|2|4|5|6|8|9|11|12|13|14)\] has \d+ bits",
    says="two accounts with true scores are paid wrongly: a limb of 1/2^t and one of -1/2^t wrap where the pool has "
    "no factor 2^t",
)
def fraction_of_a_score(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    position = TOTAL_WIDTH * limb
    # The most that the limb's line in the score leaves whole.
    bits = 14 if limb == 14 else position % SCORE_RADIX
    # Two digits of the pool: on one line the fraction becomes whole, on the other, of weight 1, it does not.
    whole = next(bit for bit in range(110, 0, -1) if (position + bit) % RADIX == RADIX - 1)
    # For limb 13 further down, where the carries have a bit more.
    top = 34 if limb == 13 else whole - 3
    wrapped = next(bit for bit in range(top, -1, -1) if (position + bit) % RADIX == 0 and 31 + bit < whole - 4)
    draft = pair(5 << position, 6 << position, pro_rata_like(policy, pool=(1 << whole) + (1 << wrapped)))
    return skew_scores(draft, limb, pow(2, -bits, P), 1 << (position - bits))


def skew_scores(draft: Draft, limb: int, part: int, taken: int) -> Forgery:
    """Add `part` to a limb of the first score, which is worth what is taken from the rest; the second the other way."""
    rows = {}
    for row, (score, sign) in enumerate(zip(scores_of(draft), (1, -1), strict=True)):
        rest = score - sign * taken
        count = len(total_of(draft, SCORE).widths)
        limbs = [(rest >> (TOTAL_WIDTH * k)) & ((1 << TOTAL_WIDTH) - 1) for k in range(count)]
        limbs[limb] += sign * part
        rows[row] = limbs
    share_skewed(draft, rows, {})
    return draft.finish()


@cheat(
    r"payouts/score\[(0|3|7|10)\] has 10 bits",
    says="two accounts with true scores are paid wrongly: a limb so large, and one so far below 0, that they wrap",
)
def oversized_limb(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    position = TOTAL_WIDTH * limb
    line, bits = divmod(position, SCORE_RADIX)
    # 127 * 2^(14 - bits) on the limb are 127 on the carry, which many records make large enough.
    large = WRAP << (SCORE_RADIX - bits)
    # Two digits of the pool: the limb times 2 stays what it is, the limb times 2^(10 + bits) is -1.
    whole = next(bit for bit in range(110, 0, -1) if (position + bit) % RADIX == 1)
    wrapped = next(bit for bit in range(whole - 3, -1, -1) if (position + bit) % RADIX == 10 + bits)
    pool = pro_rata_like(WIDEST, pool=(1 << whole) + (1 << wrapped))
    # Points of which the limb of 14 bits on that line is full, or nearly.
    quality = UNIT_QUALITY << max(0, SCORE_RADIX * line - 96)
    quantity = (UNIT_QUALITY << (SCORE_RADIX * line)) // quality - 1
    full = Record(1, quantity, 2, quality) if line else Record(1, 1, 1)
    draft = Draft([*(full for _ in range(220)), *earning(2, 300 << (SCORE_RADIX * (line + 1)), pool)], pool)
    return skew_scores(draft, limb, large, large << position)


@cheat(
    r"payouts/payout\[\d+\] has (?!1 bits)\d+ bits",
    says="one account is paid less than its share and another more: a limb of -1/2^14 and one of 1/2^14 wrap where the "
    "divisor has no factor 2^14",
)
def fraction_of_a_payout(name: str, policy: Policy) -> Forgery:
    limb = place(name)
    # Two digits of the divisor: on one line the fraction becomes whole, on the other, of weight 1, it does not.
    wrapped = -TOTAL_WIDTH * limb % RADIX
    whole = wrapped + (2 if limb < 3 else 3) * RADIX - 1
    exact = pro_rata_like(POLICY, pool=policy.pool, weights=(1, 1, 1, 1), quantity_max=1 << 64)
    half = 1 << (whole - 1)
    draft = Draft([Record(1, half), Record(2, half + (1 << wrapped))], exact)
    excess = WRAP << (24 - (RADIX - 1))
    share_skewed(draft, {}, {0: (limb, excess), 1: (limb, -excess)})
    return draft.finish()


@cheat(
    r"payouts/account is in the tally",
    says="an account is paid for points that no record has earned",
    with_bus=True,
)
def sums_of_nobody(name: str, policy: Policy) -> Forgery:
    draft = pair(5_000, 7_000, policy)
    draft["payouts"]["sum(points)[0]"][0] += 1
    first, *rest = scores_of(draft)
    share_out(draft, [first + 1, *rest])
    return draft.finish()


@cheat(r"payouts/leaf is in the tree", says="a payout root of other leaves", with_bus=True)
def root_of_other_leaves(name: str, policy: Policy) -> Forgery:
    draft = Draft([Record(account=1), Record(account=2)], policy)
    return draft.finish(payout_root=(1, 2, 3, 4, 5, 6, 7, 8))


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
