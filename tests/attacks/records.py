"""Records that get another verdict than the one they deserve."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.attacks.forgery import Draft, Forgery
from tests.circuits.scenarios import Record
from zkpay.circuits.contributions.columns import flag_name
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

SLOT = 1 << 14


def judge(draft: Draft, row: int, reason: int) -> None:
    """Give a record another reason; its points and its leaf follow."""
    for code, name in draft.policy.rules.usable_reasons.items():
        draft["contributions"][flag_name(name)][row] = code == reason
    draft.refill_contributions()


def compare(draft: Draft, name: str, row: int, picks: Mapping[int, int], flag: int, difference: int) -> None:
    """Write a comparison with a maximum: the picks that are not 0, the flag and the difference. To pick the top limb,
    which counts where no other is picked, nothing is written.
    """
    contributions = draft["contributions"]
    columns = contributions.group(f"{name} pick")
    columns[:, row] = 0
    for place, value in picks.items():
        if place != len(columns):
            columns[place, row] = value % P
    contributions[name][row] = flag
    contributions[f"{name} difference"][row] = difference % P


def records_with(record: Record) -> list[Record]:
    """The record at row 1 between two honest ones."""
    return [Record(account=1, quantity=50), record, Record(account=3, quantity=70)]


def pass_off(record: Record, policy: Policy) -> Draft:
    """A draft in which a record that honestly is rejected was marked as accepted."""
    draft = Draft(records_with(record), policy)
    judge(draft, 1, ACCEPTED)
    return draft


def turn_away(record: Record, reason: int, policy: Policy) -> Draft:
    """A draft in which a record that honestly is accepted was marked as rejected, and earns nothing."""
    draft = Draft(records_with(record), policy)
    judge(draft, 1, reason)
    return draft


def published(draft: Draft) -> Forgery:
    """The rest, by the honest rules."""
    draft.after_contributions()
    return draft.finish()


def number(name: str) -> int:
    """The last number in brackets of a name."""
    return int(re.findall(r"\[(\d+)\]", name)[-1])
