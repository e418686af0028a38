"""Records that name the one they replace (SPEC §3.3).

A correction names, by its contribution_id, an earlier record of its own account; each record is named once at most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from zkpay.ledger.contributions import NOT_REPLACING
from zkpay.ledger.raw_table import Explanation, Findings, Mask, RawTable
from zkpay.ledger.record_groups import Rows
from zkpay.ledger.record_layout import REPLACES


def replaced_records(table: RawTable, accounts: npt.NDArray[np.uint8], findings: Findings) -> Rows:
    """The row that each row replaces, int64[N], NOT_REPLACING for none; findings for names that don't hold."""
    found = np.full(table.count, NOT_REPLACING, dtype=np.int64)
    names = table.column(REPLACES)
    rows = np.flatnonzero(pc.binary_length(names).to_numpy(zero_copy_only=False) > 0)
    if not rows.size:
        return found
    wanted = names.take(pa.array(rows))
    places = pc.index_in(wanted, value_set=table.column("contribution_id"))
    targets = pc.fill_null(places, NOT_REPLACING).to_numpy(zero_copy_only=False).astype(np.int64)

    def add(where: Mask, why: str, remedy: str) -> None:
        """A finding in each of these rows; `{place}` in its text is the named record's."""

        def explain(row: int) -> Explanation:
            target = int(targets[np.searchsorted(rows, row)])
            return why.format(place=f"{table.line_word} {table.place(target)}") if target >= 0 else why, remedy

        mask = np.zeros(table.count, dtype=bool)
        mask[rows[where]] = True
        findings.add(mask, REPLACES, explain)

    absent = targets == NOT_REPLACING
    late = targets >= rows
    # What is wrong with an account is said where it stands.
    comparable = ~absent & ~late & ~findings.bad[rows] & ~findings.bad[targets]
    foreign = comparable & (accounts[rows] != accounts[targets]).any(axis=1)
    add(
        absent,
        "no record of this file has this contribution_id",
        "write the contribution_id of an earlier record, or leave it empty",
    )
    add(
        late & (targets == rows),
        "the record would replace itself",
        "write the contribution_id of an earlier record, or leave it empty",
    )
    add(
        late & (targets != rows),
        "{place} has this contribution_id, and a correction comes after what it corrects",
        "put the rows in the order of intake",
    )
    add(
        foreign,
        "{place} has this contribution_id and belongs to another account",
        "a record is corrected by its own account; write the same account, or reject it at discretion",
    )
    sound = ~absent & ~late & ~foreign
    found[rows[sound]] = targets[sound]
    _check_once(table, rows[sound], targets[sound], findings)
    return found


def _check_once(table: RawTable, rows: Rows, targets: Rows, findings: Findings) -> None:
    """A finding in each row that names a record which an earlier row named."""
    order = np.argsort(targets, kind="stable")
    again = np.zeros(rows.size, dtype=bool)
    again[order[1:]] = targets[order[1:]] == targets[order[:-1]]
    if not again.any():
        return
    first = {int(target): int(row) for row, target in zip(rows[::-1], targets[::-1], strict=True)}
    target_of = dict(zip(rows.tolist(), targets.tolist(), strict=True))

    def explain(row: int) -> Explanation:
        place = f"{table.line_word} {table.place(first[target_of[row]])}"
        return f"{place} replaces this record already", "name that record instead, to correct it once more"

    mask = np.zeros(table.count, dtype=bool)
    mask[rows[again]] = True
    findings.add(mask, REPLACES, explain)
