"""What an epoch pays: a policy's formula on all its records, in exact integers (SPEC §3.4).

The formula's own meaning is `language/definition.py`; this computes the same on whole columns. Circuits prove these
values; where they and this module differ, they are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from zkpay.errors import InputError
from zkpay.ledger.contributions import Contributions, count_by_reason
from zkpay.ledger.encoding import account_order
from zkpay.ledger.fields import NumberField
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.language.columns import Column, Columns
from zkpay.policy.language.tree import Level
from zkpay.policy.policy import Policy


@dataclass(frozen=True)
class Distribution:
    """What an epoch pays: every account with an accepted record, strictly increasing as 160-bit numbers.

    accounts: uint8[A, 20]. lines: the values of each line about accounts, A of them, conditions as 0 or 1. payouts: A
    amounts in base units. accepted, rejected: int64[A], the account's records. totals: by text, in the statement's
    order. dust: what the pool keeps; negative if the payouts exceed it, and then the epoch has no proof. reasons: how
    many records have each reason, accepted first. Accounts without an accepted record are in no list, but their
    records count in `reasons`.
    """

    accounts: npt.NDArray[np.uint8]
    lines: dict[str, list[int]]
    payouts: list[int]
    accepted: npt.NDArray[np.int64]
    rejected: npt.NDArray[np.int64]
    totals: dict[str, int]
    paid: int
    dust: int
    reasons: dict[str, int]
    _policy: Policy = field(repr=False)
    _columns: Columns = field(repr=False)

    @cached_property
    def record_lines(self) -> dict[str, Column]:
        """The values of each line about contributions, over the accepted records in intake order."""
        names = _line_names(self._policy, Level.CONTRIBUTION)
        return {name: self._columns.over_records(name) for name in names}

    @cached_property
    def epoch_lines(self) -> dict[str, int]:
        """The value of each line about totals and constants alone."""
        names = _line_names(self._policy, Level.CONSTANT) + _line_names(self._policy, Level.TOTAL)
        values = {name: self._columns.line(name) for name in names}
        return {name: value for name, value in values.items() if isinstance(value, int)}


def evaluate(policy: Policy, contributions: Contributions) -> Distribution:
    """Payouts of an epoch from its records, as their reasons stand.

    InputError if an accepted record is outside the bounds of the policy.
    """
    rows = np.flatnonzero(contributions.reason == ACCEPTED)
    numbers, symbols = _accepted_values(policy, contributions, rows)
    order, account_of_record = account_order(contributions.accounts)
    records = np.bincount(account_of_record, minlength=len(order))
    accepted = np.bincount(account_of_record[rows], minlength=len(order))
    paid_accounts = np.flatnonzero(accepted)
    place = np.cumsum(accepted > 0) - 1
    program = policy.program(len(contributions), len(paid_accounts))
    columns = Columns(program, numbers, symbols, place[account_of_record[rows]], len(paid_accounts))
    lines = {name: columns.over_accounts(name).tolist() for name in _line_names(policy, Level.ACCOUNT)}
    payouts = columns.over_accounts("payout").tolist()
    paid = sum(payouts)
    return Distribution(
        accounts=order[paid_accounts],
        lines=lines,
        payouts=payouts,
        accepted=accepted[paid_accounts].astype(np.int64),
        rejected=(records - accepted)[paid_accounts].astype(np.int64),
        totals=columns.totals(),
        paid=paid,
        dust=policy.pool - paid,
        reasons=count_by_reason(contributions, policy.rules),
        _policy=policy,
        _columns=columns,
    )


def _accepted_values(
    policy: Policy, contributions: Contributions, rows: npt.NDArray[np.int64]
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.uint8]]]:
    """The numbers and symbol codes of the accepted records, all of them checked against the policy."""
    numbers: dict[str, Any] = {}
    symbols: dict[str, npt.NDArray[np.uint8]] = {}
    for declared in policy.rules.fields:
        if isinstance(declared, NumberField):
            values = contributions.number_values(declared.name)[rows]
            numbers[declared.name] = values
            outside = (values < declared.minimum) | (values > declared.maximum)
        else:
            symbols[declared.name] = contributions.symbols[declared.name][rows]
            outside = symbols[declared.name] >= len(declared.values)
        if outside.any():
            row = int(rows[np.flatnonzero(outside)[0]])
            raise InputError(f"record {row} is accepted, but its {declared.name} is not one that the policy allows")
    return numbers, symbols


def _line_names(policy: Policy, level: Level) -> list[str]:
    """The lines of one level, in the policy's order."""
    return [name for name, line in policy.formula.lines.items() if line.expression.level is level]
