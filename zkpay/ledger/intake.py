"""The rules at intake: which records are accepted, and why the others aren't (SPEC §3.3).

Intake order is file order. A record without a status gets the reason that a rule gives it: superseded, duplicate, over
a limit. A value that the policy doesn't allow is an error until the operator says that the record is rejected for it,
so that a typing error never becomes a rejection by itself. What the file says of the rules must be true: a reason that
is a rule's holds, and nothing that breaks a rule is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from zkpay.ledger import field_columns
from zkpay.ledger.contributions import NOT_REPLACING, Contributions
from zkpay.ledger.corrections import replaced_records
from zkpay.ledger.fields import UNDECLARED, NumberField, SymbolField
from zkpay.ledger.number_slots import WORD_BITS, Words, slots_of_words
from zkpay.ledger.order_rules import ORDER_REASONS, RecordValues, apply_order_rules, check_order_reasons
from zkpay.ledger.raw_table import Explanation, Findings, Mask, RawTable
from zkpay.ledger.record_groups import Rows
from zkpay.ledger.rules import (
    ACCEPTED,
    BELOW_MINIMUM,
    BUILT_IN_REASONS,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
    Rules,
)

_MARKED_ACCEPTED: Final = 0
_MARKED_REJECTED: Final = 1
_STATUSES: Final = {"accepted": _MARKED_ACCEPTED, "rejected": _MARKED_REJECTED}

_RULE_ABSENT: Final = {
    DUPLICATE: "the policy has no rule against duplicates",
    OUT_OF_RANGE: "the policy has no number field",
    UNDECLARED_VALUE: "the policy has no field of declared values",
    BELOW_MINIMUM: "no field of the policy has a minimum",
    OVER_WINDOW_LIMIT: "the policy has no limit per window of time",
    OVER_ACCOUNT_LIMIT: "the policy has no limit per account",
    SUPERSEDED: "the policy takes no corrections",
}
_FORM_HOLDS: Final = {
    OUT_OF_RANGE: "all numbers are within the policy's range",
    UNDECLARED_VALUE: "the policy declares all of this record's values",
    BELOW_MINIMUM: "no number is below the policy's minimum",
}


@dataclass(frozen=True)
class _Marks:
    """What the file says of each row. stated: the code of a reason, ACCEPTED for none."""

    accepted: Mask
    rejected: Mask
    stated: Rows


def take_in(table: RawTable, rules: Rules) -> Contributions:
    """The records of a table with their reasons; MalformedFile with everything that is wrong with them.

    The rules that read other records run only when each row by itself is sound: what they say would be wrong where a
    row is missing.
    """
    findings = Findings(table)
    ids = field_columns.contribution_ids(table, findings)
    accounts, account_names = field_columns.accounts(table, findings)
    symbols = {field.name: field_columns.symbols(table, field, findings) for field in rules.symbols}
    words = {field.name: field_columns.numbers(table, field, findings) for field in rules.numbers}
    keys = field_columns.fingerprints(table, rules.needs_fingerprint, findings)
    marks = _read_marks(table, rules, findings)
    if rules.corrections:
        replaces = replaced_records(table, accounts, findings)
    else:
        replaces = np.full(table.count, NOT_REPLACING, dtype=np.int64)
    replaced_by = np.full(table.count, NOT_REPLACING, dtype=np.int64)
    replacing = np.flatnonzero(replaces != NOT_REPLACING)
    replaced_by[replaces[replacing]] = replacing
    superseded = replaced_by != NOT_REPLACING
    _check_superseded(table, marks, replaced_by, findings)
    _check_form(marks, superseded, symbols, words, rules, findings)
    findings.raise_if_any()
    # Only now is it known that every correction has been read.
    unfounded = (marks.stated == SUPERSEDED) & ~superseded
    remedy = "mend the reason, or name this record in a later one's `replaces`"
    findings.add(unfounded, "reason", ("no later record replaces this one", remedy))
    findings.raise_if_any()

    numbers = {field.name: slots_of_words(words[field.name], field.slots) for field in rules.numbers}
    values = RecordValues(accounts, keys, symbols, numbers)
    reason = np.where(superseded, SUPERSEDED, marks.stated)
    valid = np.isin(reason, (ACCEPTED, *ORDER_REASONS))
    outcome = apply_order_rules(values, valid, rules)
    check_order_reasons(table, outcome, valid, marks.accepted, marks.stated, rules, findings)
    findings.raise_if_any()
    return Contributions(
        ids=ids,
        accounts=accounts,
        symbols=symbols,
        numbers=numbers,
        fingerprint_keys=keys,
        reason=np.where(valid, outcome.reason, reason).astype(np.uint8),
        replaces=replaces,
        account_names=account_names,
    )


def _read_marks(table: RawTable, rules: Rules, findings: Findings) -> _Marks:
    """Status and reason; a reason stands beside status=rejected, and only there, and its rule is the policy's."""
    usable = rules.usable_reasons
    codes = {name: code for code, name in enumerate(rules.reason_names)}
    status = field_columns.choices(table, "status", _STATUSES, _STATUSES, findings)
    stated = np.maximum(field_columns.choices(table, "reason", codes, usable.values(), findings), ACCEPTED)
    rejected = status == _MARKED_REJECTED
    reasons = ", ".join([name for code, name in usable.items() if code != ACCEPTED])
    remedy = f"use one of {reasons}" if reasons else "the policy gives none to reject a record for"
    no_reason = rejected & (stated == ACCEPTED) & ~findings.bad
    findings.add(no_reason, "reason", ("a rejected record needs a reason", remedy))
    idle = ~rejected & (stated != ACCEPTED) & ~findings.bad
    findings.add(idle, "reason", ("a reason for a record that isn't rejected", "write status=rejected beside it"))
    for code, why in _RULE_ABSENT.items():
        if code not in usable:
            remedy = "reject it for another reason, or mend the policy"
            findings.add(rejected & (stated == code), "reason", (why, remedy))
    return _Marks(status == _MARKED_ACCEPTED, rejected, np.where(rejected, stated, ACCEPTED))


def _check_superseded(table: RawTable, marks: _Marks, replaced_by: Rows, findings: Findings) -> None:
    """What a later record replaces is rejected for that, whatever else is true of it."""
    superseded = (replaced_by != NOT_REPLACING) & ~findings.bad
    # A correction with an error of its own may name another record once it is mended.
    superseded[superseded] &= ~findings.bad[replaced_by[superseded]]

    def explain(row: int) -> Explanation:
        place = f"{table.line_word} {table.place(int(replaced_by[row]))}"
        remedy = "write status=rejected, reason=superseded, leave both empty, or take the correction out"
        return f"{place} replaces this record", remedy

    findings.add(superseded & marks.accepted, "status", explain)
    findings.add(superseded & marks.rejected & (marks.stated != SUPERSEDED), "reason", explain)


def _check_form(
    marks: _Marks,
    superseded: Mask,
    symbols: dict[str, field_columns.Codes],
    words: dict[str, Words],
    rules: Rules,
    findings: Findings,
) -> None:
    """What breaks a bound of the policy is rejected, by name; what is rejected for a bound breaks it.

    Superseded records may break any.
    """
    sound = ~findings.bad & ~superseded
    broken = {code: np.zeros(superseded.size, dtype=bool) for code in _FORM_HOLDS}

    def add(field: SymbolField | NumberField, code: int, where: Mask, why: str) -> None:
        broken[code] |= where
        remedy = f"mend the value, or mark the row status=rejected, reason={BUILT_IN_REASONS[code]}"
        findings.add(sound & ~marks.rejected & where, field.name, (why, remedy))

    for field in rules.fields:
        if isinstance(field, SymbolField):
            declared = ", ".join(field.values)
            unknown = symbols[field.name] == UNDECLARED
            add(field, UNDECLARED_VALUE, unknown, f"not a value that the policy declares ({declared})")
        else:
            over = _exceeds(words[field.name], field.maximum)
            add(field, OUT_OF_RANGE, over, f"above the policy's maximum of {field.maximum}")
            if field.minimum:
                below = ~_exceeds(words[field.name], field.minimum - 1)
                add(field, BELOW_MINIMUM, below, f"below the policy's minimum of {field.minimum}")
    for code, why in _FORM_HOLDS.items():
        unfounded = sound & (marks.stated == code) & ~broken[code]
        findings.add(unfounded, "reason", (why, "mend the reason"))
    usable = [code for code in broken if code in rules.usable_reasons]
    for code in ORDER_REASONS:
        for breach in usable:
            name = BUILT_IN_REASONS[breach]
            why = f"the record is {name}, and only one within the policy's bounds can be {BUILT_IN_REASONS[code]}"
            findings.add(sound & (marks.stated == code) & broken[breach], "reason", (why, f"write reason={name}"))


def _exceeds(words: Words, bound: int) -> Mask:
    """Where a number is above a bound, word by word from the least."""
    exceeds: Mask = np.zeros(words.shape[1], dtype=bool)
    for index, word in enumerate(words):
        part = np.uint64(bound >> WORD_BITS * index & (1 << WORD_BITS) - 1)
        exceeds = (word > part) | ((word == part) & exceeds)
    return exceeds
