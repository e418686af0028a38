"""What the ledger needs to know of a policy: fields, rules, and the codes of the reasons (SPEC §3.3).

A record's leaf holds its reason as a 6-bit code. The codes of the rules are fixed; a policy's own reasons follow
them in the order in which it declares them. Reasons of rules are proved both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from zkpay.ledger.fields import Field, NumberField, SymbolField

BUILT_IN_REASONS: Final = (
    "accepted",
    "duplicate",
    "out_of_range",
    "undeclared",
    "below_minimum",
    "over_window_limit",
    "over_account_limit",
    "superseded",
)
"""Index = code. Code 0 is no rejection at all."""

ACCEPTED: Final = 0
DUPLICATE: Final = 1
OUT_OF_RANGE: Final = 2
UNDECLARED_VALUE: Final = 3
BELOW_MINIMUM: Final = 4
OVER_WINDOW_LIMIT: Final = 5
OVER_ACCOUNT_LIMIT: Final = 6
SUPERSEDED: Final = 7

REASON_BITS: Final = 6
MAX_DISCRETIONARY_REASONS: Final = 12
MAX_UNIQUE_RULES: Final = 3

ACCOUNT: Final = "account"
FINGERPRINT: Final = "fingerprint"
RECORD_COLUMNS: Final = ("contribution_id", ACCOUNT, FINGERPRINT, "replaces", "status", "reason")
"""What every file of contributions may have beside the policy's fields; no field has one of these names."""


@dataclass(frozen=True)
class WindowLimit:
    """Of an account's records with the same floor(`time` / `length`), the first `count` in intake order pass."""

    time: str
    length: int
    count: int


@dataclass(frozen=True)
class Rules:
    """Fields and rules of a policy.

    fields: in the policy's order. unique: each entry a combination of names (fields, "account" or "fingerprint")
    whose values only one record may have. reasons: the discretionary rejection reasons, the built-in ones left out.
    """

    fields: tuple[Field, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    account_limit: int | None = None
    window_limit: WindowLimit | None = None
    corrections: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[NumberField, ...]:
        """The number fields."""
        return tuple(field for field in self.fields if isinstance(field, NumberField))

    @property
    def symbols(self) -> tuple[SymbolField, ...]:
        """The symbol fields."""
        return tuple(field for field in self.fields if isinstance(field, SymbolField))

    @property
    def needs_fingerprint(self) -> bool:
        """Whether a unique rule reads the fingerprint, which every record must then have."""
        return any(FINGERPRINT in combination for combination in self.unique)

    @property
    def reason_names(self) -> tuple[str, ...]:
        """All reason names; index = code."""
        return BUILT_IN_REASONS + self.reasons

    @cached_property
    def usable_reasons(self) -> dict[int, str]:
        """Reasons that a record under these rules can have, by code, ascending."""
        absent = set()
        if not self.unique:
            absent.add(DUPLICATE)
        if not self.numbers:
            absent.add(OUT_OF_RANGE)
        if not self.symbols:
            absent.add(UNDECLARED_VALUE)
        if not any(field.minimum for field in self.numbers):
            absent.add(BELOW_MINIMUM)
        if self.window_limit is None:
            absent.add(OVER_WINDOW_LIMIT)
        if self.account_limit is None:
            absent.add(OVER_ACCOUNT_LIMIT)
        if not self.corrections:
            absent.add(SUPERSEDED)
        return {code: name for code, name in enumerate(self.reason_names) if code not in absent}
