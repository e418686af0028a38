"""What a policy means: the definition of the right payouts, in exact integers (SPEC §3.4).

Circuits prove these same values; where they and this module differ, they are wrong. Nothing here is rounded
but by the formula's own `//`, and nothing is reduced modulo anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zkpay.errors import InputError
from zkpay.ledger.codes import ACCEPTED
from zkpay.ledger.contributions import Contributions, count_by_reason
from zkpay.ledger.encoding import account_order, quantity_values
from zkpay.policy.formula import POINTS_DIVISOR
from zkpay.policy.policy import Policy


class Payouts(NamedTuple):
    """One amount per account, in base units, with their sum and what the pool keeps."""

    amounts: list[int]
    total_score: int
    paid: int
    dust: int


@dataclass(frozen=True)
class Distribution:
    """What an epoch pays: every account with an accepted record, strictly increasing as 160-bit numbers.

    accounts: uint8[A, 20]. scores, payouts: A integers, payouts in base units. accepted, rejected:
    int64[A], the account's records. reasons: how many records have each reason, accepted first. Accounts
    without an accepted record are in no list, but their records count in `reasons`.
    """

    accounts: npt.NDArray[np.uint8]
    scores: list[int]
    payouts: list[int]
    accepted: npt.NDArray[np.int64]
    rejected: npt.NDArray[np.int64]
    total_score: int
    paid: int
    dust: int
    reasons: dict[str, int]


def points(policy: Policy, kind: int, quantity: int, quality: int) -> int:
    """What an accepted contribution earns; `kind` is a code of the policy."""
    return policy.weights[kind] * quantity * quality // POINTS_DIVISOR


def distribute(policy: Policy, scores: Sequence[int]) -> Payouts:
    """The pool's shares: pool * score // total, rounded down; all zero where the total is 0."""
    total = sum(scores)
    amounts = [policy.pool * score // total for score in scores] if total else [0] * len(scores)
    paid = sum(amounts)
    return Payouts(amounts, total, paid, policy.pool - paid)


def evaluate(policy: Policy, contributions: Contributions) -> Distribution:
    """Scores and payouts of an epoch from its records, as their reasons stand."""
    accepted_rows = contributions.reason == ACCEPTED
    if (contributions.kind[accepted_rows] >= len(policy.kinds)).any():
        raise InputError("an accepted record has a kind that the policy doesn't declare")
    order, account_of_record = account_order(contributions.accounts)
    accepted = np.bincount(account_of_record, weights=accepted_rows, minlength=len(order)).astype(np.int64)
    records = np.bincount(account_of_record, minlength=len(order))
    scores = [0] * len(order)
    for account, kind, quantity, quality in zip(
        account_of_record[accepted_rows].tolist(),
        contributions.kind[accepted_rows].tolist(),
        quantity_values(contributions.quantity[accepted_rows]),
        contributions.quality[accepted_rows].tolist(),
        strict=True,
    ):
        scores[account] += points(policy, kind, quantity, quality)
    paid_accounts = np.flatnonzero(accepted)
    paid_scores = [scores[index] for index in paid_accounts.tolist()]
    payouts = distribute(policy, paid_scores)
    return Distribution(
        accounts=order[paid_accounts],
        scores=paid_scores,
        payouts=payouts.amounts,
        accepted=accepted[paid_accounts],
        rejected=(records - accepted)[paid_accounts],
        total_score=payouts.total_score,
        paid=payouts.paid,
        dust=payouts.dust,
        reasons=count_by_reason(contributions, policy),
    )
