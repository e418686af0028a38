"""The rules that read other records: unique values, and limits by account and window (SPEC §3.3).

They run over valid records in intake order, each over what the one before left, and what they find is forced: a
record without a status gets its reason here, and a stated reason must be the one found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.ledger.number_slots import values_of_slots
from zkpay.ledger.raw_table import Explanation, Findings, Mask, RawTable
from zkpay.ledger.record_groups import (
    Rows,
    first_of_group,
    key_bytes,
    rank_in_group,
    window_bytes,
)
from zkpay.ledger.rules import (
    ACCEPTED,
    ACCOUNT,
    BUILT_IN_REASONS,
    DUPLICATE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    Rules,
)

ORDER_REASONS: Final = (DUPLICATE, OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)
"""In the order of the rules; a valid record has one of these or is accepted."""


@dataclass(frozen=True)
class RecordValues:
    """What the rules compare, by row, as in `Contributions`."""

    accounts: npt.NDArray[np.uint8]
    fingerprint_keys: npt.NDArray[np.uint32]
    symbols: Mapping[str, npt.NDArray[np.uint8]]
    numbers: Mapping[str, npt.NDArray[np.uint16]]


@dataclass(frozen=True)
class Outcome:
    """reason: int64[N], of valid rows; ACCEPTED elsewhere. earlier: by unique rule, for its duplicates, the first valid
    row with the same values, int64[N], -1 elsewhere.
    """

    reason: Rows
    earlier: tuple[Rows, ...]


def apply_order_rules(values: RecordValues, valid: Mask, rules: Rules) -> Outcome:
    """The reasons that follow from the other records."""
    reason = np.full(valid.size, ACCEPTED, dtype=np.int64)
    rows = np.flatnonzero(valid)
    earlier = []
    for combination in rules.unique:
        keys = key_bytes(combination, values.accounts, values.fingerprint_keys, values.symbols, values.numbers)
        first = rows[first_of_group(keys[rows])]
        copies = first != rows
        found = np.full(valid.size, -1, dtype=np.int64)
        found[rows[copies]] = first[copies]
        reason[rows[copies]] = DUPLICATE
        earlier.append(found)
    rows = rows[reason[rows] == ACCEPTED]
    window = rules.window_limit
    if window is not None:
        times = values_of_slots(values.numbers[window.time][:, rows])
        keys = np.concatenate([values.accounts[rows], window_bytes(times, window.length)], axis=1)
        over = rank_in_group(keys) >= window.count
        reason[rows[over]] = OVER_WINDOW_LIMIT
        rows = rows[~over]
    if rules.account_limit is not None:
        over = rank_in_group(values.accounts[rows]) >= rules.account_limit
        reason[rows[over]] = OVER_ACCOUNT_LIMIT
    return Outcome(reason, tuple(earlier))


def check_order_reasons(
    table: RawTable, outcome: Outcome, valid: Mask, accepted: Mask, stated: Rows, rules: Rules, findings: Findings
) -> None:
    """Findings where a valid row says other than the rules.

    accepted: rows marked accepted. stated: the reason of rows marked rejected, ACCEPTED for all others.
    """
    mark = "mark this row status=rejected, reason={}, or leave its status empty"
    for combination, first in zip(rules.unique, outcome.earlier, strict=True):

        def explain_copy(row: int, combination: tuple[str, ...] = combination, first: Rows = first) -> Explanation:
            place = f"{table.line_word} {table.place(int(first[row]))}"
            why = f"{place} has the same {' and '.join(combination)}, and the first counts"
            return why, mark.format(BUILT_IN_REASONS[DUPLICATE])

        findings.add(accepted & (first >= 0), combination[0], explain_copy)
    window = rules.window_limit
    if window is not None:
        over = accepted & (outcome.reason == OVER_WINDOW_LIMIT)
        findings.add(over, window.time, (_over_window(rules), mark.format(BUILT_IN_REASONS[OVER_WINDOW_LIMIT])))
    over = accepted & (outcome.reason == OVER_ACCOUNT_LIMIT)
    findings.add(over, ACCOUNT, (_over_account(rules), mark.format(BUILT_IN_REASONS[OVER_ACCOUNT_LIMIT])))
    for code in ORDER_REASONS:
        wrong = valid & (stated == code) & (outcome.reason != code)
        if not wrong.any():
            continue
        # A rule that runs before takes the record away from this one.
        for before in ORDER_REASONS[: ORDER_REASONS.index(code)]:
            name = BUILT_IN_REASONS[before]
            why = f"the record is rejected as {name} already, by a rule that goes first"
            remedy = f"write reason={name}, or leave status and reason empty"
            findings.add(wrong & (outcome.reason == before), "reason", (why, remedy))
            wrong &= outcome.reason != before
        remedy = "mend the reason, put the rows in the order of intake, or leave status and reason empty"
        findings.add(wrong, "reason", (_not_so(code, rules), remedy))


def _not_so(code: int, rules: Rules) -> str:
    """Why a record hasn't this reason."""
    if code == DUPLICATE:
        alike = ", or the same ".join(" and ".join(combination) for combination in rules.unique)
        return f"no earlier record that counts has the same {alike}"
    return f"it isn't so that {_over_window(rules) if code == OVER_WINDOW_LIMIT else _over_account(rules)}"


def _over_window(rules: Rules) -> str:
    window = rules.window_limit
    if window is None:
        raise ValueError("the policy has no limit per window")
    return (
        f"the account has the limit of {window.count:,} earlier records that count in this window"
        f" ({window.time} // {window.length})"
    )


def _over_account(rules: Rules) -> str:
    return f"the account has the limit of {rules.account_limit or 0:,} earlier records that count"
