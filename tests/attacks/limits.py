"""Epochs in which an account has used up a limit, and limit tables that are filled by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.attacks.forgery import Draft
from tests.circuits.scenarios import Record
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.rules import ACCEPTED, OVER_ACCOUNT_LIMIT, OVER_WINDOW_LIMIT
from zkpay.stark.field import P, inverse

LIMITS = {"window_limit": 1, "account_limit": 2}
"""What `RULES` lets pass."""
PADDING = -1
REASONS = {"window_limit": OVER_WINDOW_LIMIT, "account_limit": OVER_ACCOUNT_LIMIT}


def record(
    account: int,
    time: int,
    reason: int = ACCEPTED,
    *,
    quantity: int = 5,
    fingerprint: int | None = None,
    replaces: int = -1,
    **fields: int,
) -> Record:
    """A record under `RULES`."""
    values = {"kind": 0, "task": 0, "region": 0, "time": time} | fields
    return Record(account, quantity, 0, 0, fingerprint, reason, replaces, tuple(values.items()))


def full(table: str, account: int) -> list[Record]:
    """As many accepted records of the account as its limit lets pass."""
    return [record(account, 10 * at) for at in range(LIMITS[table])]


def over(table: str, account: int) -> Record:
    """The next one, which the limit holds up."""
    return record(account, 1, OVER_WINDOW_LIMIT) if table == "window_limit" else record(account, 50, OVER_ACCOUNT_LIMIT)


def judge(draft: Draft, reasons: Mapping[int, int]) -> None:
    """Give records other reasons, and fill everything after them."""
    for row, reason in reasons.items():
        for code, name in draft.policy.rules.usable_reasons.items():
            draft["contributions"][flag_name(name)][row] = code == reason
    draft.refill_contributions()
    draft.after_contributions()


def arrange(draft: Draft, name: str, rows: Sequence[int]) -> Trace:
    """Fill a limit's table with these contributions, in this order, whatever their groups; PADDING is a gap."""
    sent = draft["contributions"].sent(name).T
    by_row = {int(line[0]): line for line in sent}
    draft.clear(name)
    table = draft[name]
    for place, row in enumerate(rows):
        if row != PADDING:
            index, *group, passes = by_row[row]
            table["is_real"][place], table["index"][place], table["passes"][place] = 1, index, passes
            table.group("account")[:, place] = group[:6]
            for k, element in enumerate(group[6:]):
                table[f"window[{k}]"][place] = element
    fill_gadgets(table)
    settle(table, name, len(rows))
    return table


def settle(table: Trace, name: str, count: int, forced: Mapping[int, int] | None = None) -> None:
    """Counts and inverses as their constraints demand; `forced` counts are given. Padding passes."""
    limit, forced = LIMITS[name], forced or {}
    same = table[f"order pick[{7 if name == 'window_limit' else 6}]"]
    real = table["is_real"]
    table["passes"][real == 0] = 1
    for row in range(table.height):
        before = int(same[row - 1]) * (int(table["count"][row - 1]) + int(table["passes"][row - 1])) if row else 0
        number = forced.get(row, before) if row < count else 0
        table["count"][row] = number % P
        left = (limit - number) % P
        table["inverse"][row] = int(table["passes"][row]) * (inverse(left) if left else 0) % P
