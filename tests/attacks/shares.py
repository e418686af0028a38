"""Payouts by other scores, sums or roundings than the honest ones, with everything after them filled again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tests.attacks.forgery import Draft, balance_of, centred, evaluate_at, put_limbs, settle
from tests.circuits.scenarios import POLICY, Record, maximum_of
from zkpay.circuits.bounds import TOTAL_WIDTH, AccountTotal
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.circuits.totals.folded import CARRY, SUM, lines_of
from zkpay.circuits.trace import Trace
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

REMAINDER_WIDTH = 15
SCORE = "total(score)"
# An accepted quality of 10_000 makes points = weight * quantity.
UNIT_QUALITY = 10_000
MOST_RECORDS = 1 << 14
Miss = Mapping[int, int]


def earning(account: int, score: int, policy: Policy) -> list[Record]:
    """Records with which the account earns `score`, or up to one part in 2^9 more."""
    weights, quality = policy.tables["weight"].values, maximum_of(policy, "quality")
    weight = max(weights)
    kind = weights.index(weight)
    if score < weight * quality << 9:
        # Weights 1 and 2^14 - 1, to meet small scores.
        kind, quality = (3, UNIT_QUALITY) if weights == POLICY.tables["weight"].values else (1, UNIT_QUALITY)
        weight = weights[kind]
    unit = weight * quality
    count = -(-score * UNIT_QUALITY // (unit * maximum_of(policy, "quantity")))
    if count > MOST_RECORDS:
        raise ValueError(f"{count} records to earn {score}")
    quantity = -(-score * UNIT_QUALITY // (unit * count)) if score else 0
    return [Record(account, quantity, kind, quality) for _ in range(max(count, 1))]


def scores_of(draft: Draft) -> list[int]:
    """The scores that the payouts table holds, honest ones."""
    payouts = draft["payouts"]
    limbs = payouts.group("score")[:, : int(payouts["is_real"].sum())]
    return [sum(int(limb) << (TOTAL_WIDTH * k) for k, limb in enumerate(column)) for column in limbs.T]


def remainder_widths(draft: Draft) -> tuple[int, ...]:
    """Bits of each limb of a remainder."""
    return limb_widths(total_of(draft, SCORE).public.maximum, REMAINDER_WIDTH)


def total_of(draft: Draft, name: str) -> AccountTotal:
    """What the circuit adds up under that name."""
    (total,) = (total for total in draft.bounds.totals if total.name == name)
    return total


def below_public_of(trace: Trace) -> Comparison:
    """The comparison of remainders with the divisor."""
    return next(gadget for gadget in trace.table.gadgets if isinstance(gadget, Comparison))


def share_out(
    draft: Draft,
    scores: Sequence[int],
    *,
    total: int | None = None,
    first: tuple[int, int] | None = None,
    remainder_limb: int | None = None,
    score_misses: Miss | None = None,
    payout_misses: Miss | None = None,
) -> None:
    """Credit the accounts with these scores, and fill all that follows.

    total: the total score, their sum unless told. Of row 0: `first` are payout and remainder, by the formula unless
    told; `remainder_limb` takes what is left of the remainder; the misses are what its lines may be off by (`settle`).
    """
    wanted = sum(scores) if total is None else total
    shares = [divmod(draft.policy.pool * score, max(wanted, 1)) for score in scores]
    if first is not None:
        shares[0] = first
    paid = sum(payout for payout, _ in shares)
    draft.state(totals=((SCORE, wanted),), paid=paid, dust=draft.policy.pool - paid)
    payouts = draft["payouts"]
    for row, score in enumerate(scores):
        payout, remainder = shares[row]
        put_limbs(payouts.group("score"), row, total_of(draft, SCORE).widths, score)
        put_limbs(payouts.group("payout"), row, total_of(draft, "payout").widths, payout)
        limbs = payouts.group("payout remainder")
        limbs[:, row] = 0
        put_limbs(limbs, row, remainder_widths(draft), remainder, None if row else remainder_limb)
        settle(payouts, "score", row, None if row else score_misses)
        settle(payouts, "payout", row, None if row else payout_misses)
    compare_and_hash(draft)


def compare_and_hash(draft: Draft) -> None:
    """The comparison of remainders, the leaves and all that follows, from limbs as they are."""
    payouts = draft["payouts"]
    fill_gadget(payouts, below_public_of(payouts))
    draft.rehash("payouts")
    draft.after_payouts()


def share_skewed(
    draft: Draft, score_limbs: Mapping[int, Sequence[int]], payout_limb: Mapping[int, tuple[int, int]]
) -> None:
    """Pay by what the lines make of limbs out of range.

    score_limbs: all limbs of some rows' scores. payout_limb: (limb, excess) to be added to some rows' payouts.
    Totals stay as they are but for what is paid.
    """
    payouts = draft["payouts"]
    divisor = max(dict(draft.statement.totals)[SCORE], 1)
    for row, limbs in score_limbs.items():
        for k, limb in enumerate(limbs):
            payouts[f"score[{k}]"][row] = limb % P
        settle(payouts, "score", row)
    paid = 0
    for row in range(int(payouts["is_real"].sum())):
        for name in ("payout", "payout remainder"):
            payouts.group(name)[:, row] = 0
        limb, excess = payout_limb.get(row, (0, 0))
        payouts[f"payout[{limb}]"][row] = excess % P
        gadget = balance_of(payouts, "payout")
        # What the lines take pool * score (less the excess) for: each modulo P, nearest to 0.
        lines = [centred(evaluate_at(payouts, row, line)) for line in gadget.lines]
        due = sum(line << (gadget.radix * k) for k, line in enumerate(lines))
        payout, remainder = divmod(due, divisor)
        paid += payout
        put_limbs(payouts.group("payout"), row, total_of(draft, "payout").widths, payout)
        payouts[f"payout[{limb}]"][row] = (int(payouts[f"payout[{limb}]"][row]) + excess) % P
        put_limbs(payouts.group("payout remainder"), row, remainder_widths(draft), remainder)
        settle(payouts, "payout", row)
    draft.state(paid=paid, dust=draft.policy.pool - paid)
    compare_and_hash(draft)
    for name, total in (("score", SCORE), ("payout", "payout")):
        # Limbs that are no naturals add up in the field.
        limbs = (payouts.group(name).astype(np.int64) * payouts["is_real"]).sum(axis=1) % P
        put_sums(draft, total, dict(enumerate(limbs.tolist())))


def sum_of(draft: Draft, total: str, limb: int) -> int:
    """What the totals table holds as the sum of a limb."""
    totals = draft["totals"]
    return int(
        totals[SUM][total_row(draft, total) + limb] if SUM in totals.places else totals[f"{total}_limb[{limb}]"][0]
    )


def put_sums(draft: Draft, total: str, sums: Mapping[int, int], misses: Miss | None = None) -> None:
    """Write sums of some limbs to the totals table, and the carries that settle its lines, but for what these miss."""
    totals = draft["totals"]
    for limb, value in sums.items():
        if SUM in totals.places:
            totals[SUM][total_row(draft, total) + limb] = value
        else:
            totals[f"{total}_limb[{limb}]"][0] = value
    if SUM not in totals.places:
        settle(totals, total, 0, misses)
        return
    carried = 0
    for row, line in enumerate(lines_of(draft.bounds)):
        if line.total.name == total:
            totals[f"{CARRY}[0]"][row] = carried % P
            digit = totals.publics[line.digits.digit(line.k).name] if line.k < line.digits.count else 0
            held = centred(int(totals[SUM][row])) if line.has_limb else 0
            carried = (held + carried - digit - (misses or {}).get(line.k, 0)) >> TOTAL_WIDTH


def total_row(draft: Draft, total: str) -> int:
    """The first row of a total in the folded totals table."""
    return next(row for row, line in enumerate(lines_of(draft.bounds)) if line.total.name == total and not line.k)
