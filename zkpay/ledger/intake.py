"""The rules at intake: which records are accepted, and why the others aren't (SPEC §3.3).

Intake order is file order. A record without a status is accepted unless it copies an earlier fingerprint; a
value that the policy doesn't allow is an error until the operator says that the record is rejected for it,
so that a typing error never becomes a rejection by itself. What the file says of the rules must be true: a
reason that is a rule's holds, and nothing that breaks a rule is accepted.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from zkpay.ledger import field_columns
from zkpay.ledger.codes import (
    ACCEPTED,
    DUPLICATE,
    OUT_OF_RANGE,
    UNKNOWN_KIND,
    UNKNOWN_KIND_REASON,
    IntakeRules,
    reason_names,
)
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import quantity_slots
from zkpay.ledger.raw_table import Explanation, Findings, Mask, RawTable

_STATUSES: Final = ("accepted", "rejected")
_MARKED_ACCEPTED: Final = 0
_MARKED_REJECTED: Final = 1
_NONE: Final = -1

Codes = npt.NDArray[np.int64]


def take_in(table: RawTable, policy: IntakeRules) -> Contributions:
    """The records of a table with their reasons; MalformedFile with everything that is wrong with them."""
    findings = Findings(table)
    names = reason_names(policy)
    ids = field_columns.contribution_ids(table, findings)
    accounts, account_names = field_columns.accounts(table, findings)
    kind = field_columns.kinds(table, policy.kinds, findings)
    low, high = field_columns.quantities(table, findings)
    quality = field_columns.qualities(table, findings)
    keys = field_columns.fingerprints(table, policy.unique, findings)
    status = field_columns.choices(table, "status", _STATUSES, findings)
    stated = field_columns.choices(table, "reason", names, findings)

    _check_statements(status, stated, names, findings)
    quantity_out = _exceeds(low, high, policy.quantity_max)
    quality_out = quality > policy.quality_max
    unknown = kind == UNKNOWN_KIND
    _check_fields(status, stated, quantity_out, quality_out, unknown, policy, findings)

    reason = np.where(status == _MARKED_REJECTED, np.maximum(stated, ACCEPTED), ACCEPTED)
    candidates = ~(findings.bad | quantity_out | quality_out | unknown)
    candidates &= (reason == ACCEPTED) | (reason == DUPLICATE)
    if policy.unique:
        copies = _check_copies(table, keys, candidates, status, stated, findings)
        reason[copies] = DUPLICATE
    else:
        marked = (status == _MARKED_REJECTED) & (stated == DUPLICATE)
        why = "the policy has no rule against duplicates"
        findings.add(marked, "reason", (why, "reject it for another reason, or mend the policy"))
    findings.raise_if_any()
    return Contributions(
        ids=ids,
        accounts=accounts,
        kind=kind,
        quantity=quantity_slots(low, high),
        quality=quality,
        fingerprint_keys=keys,
        reason=reason.astype(np.uint8),
        account_names=account_names,
    )


def _exceeds(low: field_columns.Words, high: field_columns.Words, maximum: int) -> Mask:
    """Where low + 2^64 high > maximum."""
    top, bottom = divmod(maximum, 2**64)
    exceeds: Mask = (high > np.uint64(top)) | ((high == np.uint64(top)) & (low > np.uint64(bottom)))
    return exceeds


def _check_statements(status: Codes, stated: Codes, names: tuple[str, ...], findings: Findings) -> None:
    """A reason stands beside status=rejected, and only there."""
    rejected = status == _MARKED_REJECTED
    reasons = ", ".join(names[1:])
    no_reason = rejected & ((stated == _NONE) | (stated == ACCEPTED)) & ~findings.bad
    findings.add(no_reason, "reason", ("a rejected record needs a reason", f"use one of {reasons}"))
    idle = ~rejected & (stated > ACCEPTED) & ~findings.bad
    findings.add(idle, "reason", ("a reason for a record that isn't rejected", "write status=rejected beside it"))


def _check_fields(
    status: Codes,
    stated: Codes,
    quantity_out: Mask,
    quality_out: Mask,
    unknown: Mask,
    policy: IntakeRules,
    findings: Findings,
) -> None:
    """What breaks a bound of the policy is rejected, by name; what is rejected for a bound breaks it."""
    sound = ~findings.bad
    rejected = status == _MARKED_REJECTED
    either = quantity_out | quality_out
    mark = "mend the value, or mark the row status=rejected, reason="
    why = f"not a kind of the policy ({', '.join(policy.kinds)})"
    findings.add(sound & ~rejected & unknown, "kind", (why, mark + "unknown_kind"))
    for column, out, maximum in (
        ("quantity", quantity_out, policy.quantity_max),
        ("quality", quality_out, policy.quality_max),
    ):
        why = f"above the policy's maximum of {maximum}"
        findings.add(sound & ~rejected & out, column, (why, mark + "out_of_range"))
    within = sound & rejected & (stated == OUT_OF_RANGE) & ~either
    findings.add(within, "reason", ("quantity and quality are within the policy's range", "mend the reason"))
    known = sound & rejected & (stated == UNKNOWN_KIND_REASON) & ~unknown
    findings.add(known, "reason", ("the policy has this record's kind", "mend the reason"))
    broken = sound & rejected & (stated == DUPLICATE) & (either | unknown)
    why = "only a record within the policy's bounds can be a duplicate"
    findings.add(broken, "reason", (why, "write reason=out_of_range or unknown_kind"))


def _check_copies(
    table: RawTable,
    keys: npt.NDArray[np.uint32],
    candidates: Mask,
    status: Codes,
    stated: Codes,
    findings: Findings,
) -> Mask:
    """The candidates with an earlier candidate's fingerprint; findings where the file says otherwise."""
    rows = np.flatnonzero(candidates)
    packed = np.ascontiguousarray(keys[:, rows].T)
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(32), rows.size, [None, pa.py_buffer(packed)])
    codes = fixed.dictionary_encode().indices.to_numpy()
    original = np.arange(table.count)
    original[rows] = rows[field_columns.first_rows(codes)][codes] if rows.size else rows
    copies: Mask = original != np.arange(table.count)

    def explain_copy(row: int) -> Explanation:
        place = table.place(int(original[row]))
        why = f"{table.line_word} {place} has the same fingerprint, and the first counts"
        return why, "mark this row status=rejected, reason=duplicate, or leave its status empty"

    findings.add(copies & (status == _MARKED_ACCEPTED), "fingerprint", explain_copy)
    first = candidates & ~copies & (status == _MARKED_REJECTED) & (stated == DUPLICATE)
    why = "no earlier record that counts has this fingerprint"
    findings.add(first, "reason", (why, "mend the reason, or put the rows in the order of intake"))
    return copies
