"""Reason and kind codes, and what the intake needs to know of a policy (SPEC §3.3, §5).

A contribution's leaf holds its reason and its kind as 6-bit codes. The codes of the rules are fixed; a
policy's own reasons follow them in the order in which it declares them.
"""

from typing import Final, Protocol

BUILT_IN_REASONS: Final = ("accepted", "duplicate", "out_of_range", "unknown_kind")
"""Index = code. Code 0 is no rejection at all; the other three are proved, both that they hold and that
none is missing.
"""

ACCEPTED: Final = 0
DUPLICATE: Final = 1
OUT_OF_RANGE: Final = 2
UNKNOWN_KIND_REASON: Final = 3

UNKNOWN_KIND: Final = 63
"""The kind code of a record whose kind the policy doesn't declare; declared kinds are 0..61."""

MAX_KINDS: Final = 62
MAX_DISCRETIONARY_REASONS: Final = 12

QUANTITY_BITS: Final = 98
"""What a leaf can record: 7 slots of 14 bits.  A policy's maximum is at most 2^96."""
QUALITY_BITS: Final = 28
"""What a leaf can record: 2 slots of 14 bits."""


class IntakeRules(Protocol):
    """The part of a policy that decides what a record is; `zkpay.policy.Policy` has it."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The declared kinds; index = code."""

    @property
    def quantity_max(self) -> int:
        """The largest quantity that can be accepted."""

    @property
    def quality_max(self) -> int:
        """The largest quality that can be accepted."""

    @property
    def unique(self) -> bool:
        """Whether a fingerprint may be accepted only once."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The discretionary rejection reasons, in the policy's order."""


def reason_names(policy: IntakeRules) -> tuple[str, ...]:
    """All reason names of a policy; index = code: the built-in ones, then the discretionary ones."""
    return BUILT_IN_REASONS + policy.reasons
