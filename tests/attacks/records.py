"""Records that get another verdict than the one they deserve."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.attacks.forgery import Draft, Forgery, settle
from tests.circuits.scenarios import Record
from zkpay.circuits.contributions.air import flag_name
from zkpay.ledger.codes import ACCEPTED, reason_names
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

SLOT = 1 << 14


def judge(draft: Draft, row: int, reason: int) -> None:
    """Give a record another reason, in its leaf as well; its points follow, if it had none."""
    contributions = draft["contributions"]
    for code, name in enumerate(reason_names(draft.policy)):
        if flag_name(name) in contributions.places:
            contributions[flag_name(name)][row] = code == reason
    draft.rehash("contributions")


def compare(draft: Draft, name: str, row: int, picks: Mapping[int, int], flag: int, difference: int) -> None:
    """Write a comparison with a maximum: the picks that are not 0, the flag and the difference; equal is the rest."""
    contributions = draft["contributions"]
    columns = contributions.group(f"{name} pick")
    columns[:, row] = 0
    for place, value in picks.items():
        columns[place, row] = value % P
    contributions[f"{name} equal"][row] = (1 - sum(picks.values())) % P
    contributions[name][row] = flag
    contributions[f"{name} difference"][row] = difference % P


def records_with(record: Record) -> list[Record]:
    """The record at row 1 between two honest ones."""
    return [Record(account=1, quantity=50), record, Record(account=3, quantity=70)]


def pass_off(record: Record, policy: Policy) -> Draft:
    """A draft in which a record that honestly is rejected was marked as accepted. Its quantity or its weight is 0, or
    its points would have to be filled as well.
    """
    draft = Draft(records_with(record), policy)
    judge(draft, 1, ACCEPTED)
    contributions = draft["contributions"]
    # The upper slot of a quality is left out where the maximum needs none.
    weighted = int(contributions["weight[0]"][1]) * int(contributions["quality[0]"][1])
    contributions["weighted_quality[0]"][1], contributions["weighted_quality[1]"][1] = divmod(weighted, SLOT)[::-1]
    return draft


def turn_away(record: Record, reason: int, policy: Policy) -> Draft:
    """A draft in which a record that honestly is accepted was marked as rejected, and earns nothing."""
    draft = Draft(records_with(record), policy)
    contributions = draft["contributions"]
    judge(draft, 1, reason)
    for name in ("weighted_quality", "points"):
        contributions.group(name)[:, 1] = 0
    contributions["points remainder"][1] = 0
    settle(contributions, "weighted_quality", 1)
    settle(contributions, "points", 1)
    return draft


def published(draft: Draft) -> Forgery:
    """The rest, by the honest rules."""
    draft.after_contributions()
    return draft.finish()


def number(name: str) -> int:
    """The last number in brackets of a name."""
    return int(re.findall(r"\[(\d+)\]", name)[-1])
