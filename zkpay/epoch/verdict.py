"""The verdict of a verification: what was found true, how it was checked, and what was not checked (SPEC §9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zkpay.epoch.security_report import SecurityReport
from zkpay.errors import Rejected
from zkpay.policy.policy import Policy
from zkpay.stark.statement import Statement

NOT_CHECKED: Final = (
    "that scores are fair: the proof is about the formula and the committed records, not about their truth",
    "that accounts are different people",
)
ORIGIN_NOT_CHECKED: Final = (
    "who published this: an origin is a label, and nobody signed it; compare R_c with one that you trust"
)
LEAVES_NOT_CHECKED: Final = "that leaves.bin has the root R_c: `zkpay verify --leaves` builds it again"
PAYOUTS_NOT_CHECKED: Final = (
    "single payouts: they are private, and each payee checks their own by a receipt; the proof covers them all"
)


@dataclass(frozen=True)
class Check:
    """One passed check: a short id that programs may match, and what it found."""

    id: str
    detail: str


@dataclass
class Checks:
    """The checks of one verification, in the order in which they passed."""

    passed: list[Check] = field(default_factory=list)

    def require(self, holds: bool, id: str, reason: str, wrong: str, detail: str) -> None:
        """Record a check that holds; Rejected with `reason` and `wrong` otherwise."""
        if not holds:
            raise Rejected(reason, wrong)
        self.passed.append(Check(id, detail))

    def record(self, id: str, detail: str) -> None:
        """Record a check that raised nothing."""
        self.passed.append(Check(id, detail))


@dataclass(frozen=True)
class Verdict:
    """A true statement about an epoch. Whatever is false raises Rejected instead.

    discretionary: counts of the rejections that only the operator's word stands for. sizes: bytes of each public file.
    """

    statement: Statement
    policy: Policy
    profile: str
    security: SecurityReport
    checks: tuple[Check, ...]
    not_checked: tuple[str, ...]
    warnings: tuple[str, ...]
    statement_digest: bytes
    proof_digest: bytes
    payouts_public: bool
    sizes: dict[str, int]
    seconds: float

    @property
    def discretionary(self) -> dict[str, int]:
        """Count of each reason that the policy leaves to the operator."""
        counts = dict(self.statement.counts)
        return {name: counts[name] for name in self.policy.rules.reasons}
