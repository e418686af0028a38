"""How large every number of the circuit can get, and the limbs that it is kept in (SPEC §5.2, §5.10).

All bounds follow from the policy and the heights. No limb is wider than the range table's 15 bits; points are
kept so narrow that a column of them can be added up without a carry: height * 2^points_width <= 2^30 < P.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zkpay.circuits.gadgets.carry import PublicNumber
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.ledger.encoding import SLOT_BITS
from zkpay.policy.formula import POINTS_DIVISOR
from zkpay.policy.policy import Policy

SCORE_WIDTH = 10
"""Bits of a limb of a score or payout: 2^20 of them add up to less than P, and three make a leaf element."""
REMAINDER_WIDTH = 15
SUM_BITS = 30


@dataclass(frozen=True)
class Bounds:
    """Largest values for one policy at given heights.

    weighted_quality: weight * quality. points: of one contribution; points_width: bits of its limbs. score:
    of an account, and of all accounts together. records, accounts: rows that can be in use.
    """

    weight: int
    weighted_quality: int
    points: int
    points_width: int
    score: int
    pool: int
    records: int
    accounts: int

    @property
    def weight_limbs(self) -> int:
        """Limbs of 14 bits that a weight takes."""
        return len(limb_widths(self.weight, SLOT_BITS))

    @property
    def points_widths(self) -> tuple[int, ...]:
        """Bits of each limb of a contribution's points."""
        return limb_widths(self.points, self.points_width)

    @property
    def score_widths(self) -> tuple[int, ...]:
        """Bits of each limb of an account's score."""
        return limb_widths(self.score, SCORE_WIDTH)

    @property
    def payout_widths(self) -> tuple[int, ...]:
        """Bits of each limb of a payout."""
        return limb_widths(self.pool, SCORE_WIDTH)

    @property
    def public_pool(self) -> PublicNumber:
        """The pool."""
        return PublicNumber("pool", self.pool)

    @property
    def public_divisor(self) -> PublicNumber:
        """The total score, or 1 if that is 0."""
        return PublicNumber("divisor", max(self.score, 1))

    @property
    def public_total_score(self) -> PublicNumber:
        """The sum of all scores."""
        return PublicNumber("total score", self.score)

    @property
    def public_paid(self) -> PublicNumber:
        """The sum of all payouts."""
        return PublicNumber("paid", self.pool)


def bounds_for(policy: Policy, heights: Mapping[str, int]) -> Bounds:
    """The bounds of a circuit of these heights."""
    records = heights["contributions"]
    weight = max(policy.weights)
    points = weight * policy.quantity_max * policy.quality_max // POINTS_DIVISOR
    return Bounds(
        weight=weight,
        weighted_quality=weight * policy.quality_max,
        points=points,
        points_width=min(SLOT_BITS, SUM_BITS - (records - 1).bit_length()),
        score=points * records,
        pool=policy.pool,
        records=records,
        accounts=heights["payouts"],
    )
