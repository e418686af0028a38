"""The rules at intake: which records are accepted, and why the others aren't (SPEC §3.3).

Intake order is file order. A record without a status gets the reason that a rule gives it: superseded, duplicate, over
a limit. A value that the policy doesn't allow is an error until the operator says that the record is rejected for it,
so that a typing error never becomes a rejection by itself. What the file says of the rules must be true: a reason that
is a rule's holds, and nothing that breaks a rule is accepted.

Trying out is for records that were marked under another policy: there only the operator's own reasons stand, and the
rules judge all else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.ledger import field_columns
from zkpay.ledger.contributions import NOT_REPLACING, Contributions
from zkpay.ledger.corrections import replaced_records
from zkpay.ledger.fields import MAX_NUMBER_BITS, UNDECLARED, NumberField, SymbolField
from zkpay.ledger.number_slots import WORD_BITS, Words, slots_of_words, words_of_slots, words_of_values
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
from zkpay.ledger.texts import Texts

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


@dataclass(frozen=True)
class _Breach:
    """A bound of a field, by the code of its reason, and the rows that break it."""

    column: str
    code: int
    where: Mask
    why: str


@dataclass(frozen=True)
class _Columns:
    """What stands in each row, beside its marks. symbols and words: by field; replaces: a row or NOT_REPLACING."""

    ids: Texts
    accounts: field_columns.Codes
    account_names: Texts
    symbols: dict[str, field_columns.Codes]
    words: dict[str, Words]
    fingerprint_keys: npt.NDArray[np.uint32]
    replaces: Rows


@dataclass(frozen=True)
class Trial:
    """Records as a policy would have them. judged: how many of them intake would refuse as they are marked."""

    contributions: Contributions
    judged: int


def take_in(table: RawTable, rules: Rules) -> Contributions:
    """The records of a table with their reasons; MalformedFile with everything that is wrong with them.

    The rules that read other records run only when each row by itself is sound: what they say would be wrong where a
    row is missing.
    """
    findings = Findings(table)
    columns = _read_columns(table, rules.numbers, rules, findings)
    return _decide(table, rules, columns, _read_marks(table, rules, findings), findings)


def try_out(table: RawTable, rules: Rules) -> Trial:
    """The records of a table as these rules judge them, whatever the file says of rules; MalformedFile for the rest.

    A stated bound that a record breaks stays its reason, and so does the operator's own. A number that no record of
    the policy can hold is out of range, and becomes the largest that one can.
    """
    findings = Findings(table)
    # As wide as any policy's, since the file was made for another one.
    wide = [replace(field, maximum=(1 << MAX_NUMBER_BITS) - 1) for field in rules.numbers]
    columns = _read_columns(table, wide, rules, findings)
    unrecordable = np.zeros(table.count, dtype=bool)
    for field in rules.numbers:
        words = columns.words[field.name]
        above = _exceeds(words, field.recordable)
        unrecordable |= above
        words[:, above] = words_of_values([field.recordable], len(words))
        columns.words[field.name] = words[: words_of_slots(field.slots)]
    marks = _read_marks(table, rules, findings)
    breaches = _breaches(columns, rules)
    superseded = _replaced_by(columns.replaces) != NOT_REPLACING
    contributions = _decide(table, rules, columns, _judged(marks, breaches, superseded), findings)
    reason = contributions.reason
    unmarked = ~marks.accepted & ~marks.rejected
    refused = np.where(unmarked, np.isin(reason, list(_FORM_HOLDS)), reason != marks.stated) | unrecordable
    return Trial(contributions, int(refused.sum()))


def _read_columns(table: RawTable, numbers: Iterable[NumberField], rules: Rules, findings: Findings) -> _Columns:
    """numbers: the rules' fields, with the range in which to read them."""
    ids = field_columns.contribution_ids(table, findings)
    accounts, account_names = field_columns.accounts(table, findings)
    symbols = {field.name: field_columns.symbols(table, field, findings) for field in rules.symbols}
    words = {field.name: field_columns.numbers(table, field, findings) for field in numbers}
    keys = field_columns.fingerprints(table, rules.needs_fingerprint, findings)
    if rules.corrections:
        replaces = replaced_records(table, accounts, findings)
    else:
        replaces = np.full(table.count, NOT_REPLACING, dtype=np.int64)
    return _Columns(ids, accounts, account_names, symbols, words, keys, replaces)


def _replaced_by(replaces: Rows) -> Rows:
    replaced_by = np.full(replaces.size, NOT_REPLACING, dtype=np.int64)
    replacing = np.flatnonzero(replaces != NOT_REPLACING)
    replaced_by[replaces[replacing]] = replacing
    return replaced_by


def _judged(marks: _Marks, breaches: list[_Breach], superseded: Mask) -> _Marks:
    """Marks that are true of the bounds and leave all else to the rules, but for the operator's own reasons."""
    own = marks.stated >= len(BUILT_IN_REASONS)
    stated = np.where(own, marks.stated, ACCEPTED)
    for breach in reversed(breaches):
        stated[breach.where & ~own & ~superseded] = breach.code
    for breach in breaches:
        stated[breach.where & (marks.stated == breach.code) & ~superseded] = breach.code
    # A rejected row without a reason stays one, and an error.
    reasonless = marks.rejected & (marks.stated == ACCEPTED)
    return _Marks(np.zeros(stated.size, dtype=bool), (stated != ACCEPTED) | reasonless, stated)


def _decide(table: RawTable, rules: Rules, columns: _Columns, marks: _Marks, findings: Findings) -> Contributions:
    _check_usable(marks, rules, findings)
    replaced_by = _replaced_by(columns.replaces)
    superseded = replaced_by != NOT_REPLACING
    _check_superseded(table, marks, replaced_by, findings)
    _check_form(marks, superseded, _breaches(columns, rules), rules, findings)
    findings.raise_if_any()
    # Only now is it known that every correction has been read.
    unfounded = (marks.stated == SUPERSEDED) & ~superseded
    remedy = "mend the reason, or name this record in a later one's `replaces`"
    findings.add(unfounded, "reason", ("no later record replaces this one", remedy))
    findings.raise_if_any()

    numbers = {field.name: slots_of_words(columns.words[field.name], field.slots) for field in rules.numbers}
    values = RecordValues(columns.accounts, columns.fingerprint_keys, columns.symbols, numbers)
    reason = np.where(superseded, SUPERSEDED, marks.stated)
    valid = np.isin(reason, (ACCEPTED, *ORDER_REASONS))
    outcome = apply_order_rules(values, valid, rules)
    check_order_reasons(table, outcome, valid, marks.accepted, marks.stated, rules, findings)
    findings.raise_if_any()
    return Contributions(
        ids=columns.ids,
        accounts=columns.accounts,
        symbols=columns.symbols,
        numbers=numbers,
        fingerprint_keys=columns.fingerprint_keys,
        reason=np.where(valid, outcome.reason, reason).astype(np.uint8),
        replaces=columns.replaces,
        account_names=columns.account_names,
    )


def _read_marks(table: RawTable, rules: Rules, findings: Findings) -> _Marks:
    """Status and reason; a reason stands beside status=rejected, and only there."""
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
    return _Marks(status == _MARKED_ACCEPTED, rejected, np.where(rejected, stated, ACCEPTED))


def _check_usable(marks: _Marks, rules: Rules, findings: Findings) -> None:
    """The rule of a stated reason is the policy's."""
    for code, why in _RULE_ABSENT.items():
        if code not in rules.usable_reasons:
            remedy = "reject it for another reason, or mend the policy"
            findings.add(marks.rejected & (marks.stated == code), "reason", (why, remedy))


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


def _breaches(columns: _Columns, rules: Rules) -> list[_Breach]:
    """Every bound of the policy, in its order, with the rows that break it."""
    found = []
    for field in rules.fields:
        if isinstance(field, SymbolField):
            why = f"not a value that the policy declares ({', '.join(field.values)})"
            found.append(_Breach(field.name, UNDECLARED_VALUE, columns.symbols[field.name] == UNDECLARED, why))
            continue
        words = columns.words[field.name]
        why = f"above the policy's maximum of {field.maximum}"
        found.append(_Breach(field.name, OUT_OF_RANGE, _exceeds(words, field.maximum), why))
        if field.minimum:
            why = f"below the policy's minimum of {field.minimum}"
            found.append(_Breach(field.name, BELOW_MINIMUM, ~_exceeds(words, field.minimum - 1), why))
    return found


def _check_form(marks: _Marks, superseded: Mask, breaches: list[_Breach], rules: Rules, findings: Findings) -> None:
    """What breaks a bound of the policy is rejected, by name; what is rejected for a bound breaks it.

    Superseded records may break any.
    """
    sound = ~findings.bad & ~superseded
    broken = {code: np.zeros(superseded.size, dtype=bool) for code in _FORM_HOLDS}
    for breach in breaches:
        broken[breach.code] |= breach.where
        remedy = f"mend the value, or mark the row status=rejected, reason={BUILT_IN_REASONS[breach.code]}"
        findings.add(sound & ~marks.rejected & breach.where, breach.column, (breach.why, remedy))
    for code, why in _FORM_HOLDS.items():
        unfounded = sound & (marks.stated == code) & ~broken[code]
        findings.add(unfounded, "reason", (why, "mend the reason"))
    usable = [code for code in broken if code in rules.usable_reasons]
    for code in ORDER_REASONS:
        for bound in usable:
            name = BUILT_IN_REASONS[bound]
            why = f"the record is {name}, and only one within the policy's bounds can be {BUILT_IN_REASONS[code]}"
            findings.add(sound & (marks.stated == code) & broken[bound], "reason", (why, f"write reason={name}"))


def _exceeds(words: Words, bound: int) -> Mask:
    """Where a number is above a bound, word by word from the least."""
    exceeds: Mask = np.zeros(words.shape[1], dtype=bool)
    for index, word in enumerate(words):
        part = np.uint64(bound >> WORD_BITS * index & (1 << WORD_BITS) - 1)
        exceeds = (word > part) | ((word == part) & exceeds)
    return exceeds
