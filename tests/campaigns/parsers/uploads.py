"""Readers of contributions: what an operator's sources hand in as CSV, JSON lines or Parquet, and the private file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tests.campaigns.parsers.binaries import archive_mutation, parquet_mutation
from tests.campaigns.parsers.lines import csv_mutation, jsonl_mutation
from tests.campaigns.parsers.observe import Reader, require
from tests.campaigns.parsers.target import Target
from tests.zkpay.epoch.folders import HEADER as PLAIN_HEADER
from tests.zkpay.epoch.folders import POLICY, ROWS, RULES_POLICY, RULES_ROWS, csv_text
from tests.zkpay.epoch.folders import RULES_HEADER as HEADER
from zkpay.ledger.contributions import Contributions, check_account_count, count_by_reason
from zkpay.ledger.encoding import SALT_ELEMENTS, leaf_elements
from zkpay.ledger.intake import take_in
from zkpay.ledger.parquet_tables import text_columns
from zkpay.ledger.raw_table import RawTable, file_columns
from zkpay.ledger.reader import read_contributions
from zkpay.policy.policy import parse_policy
from zkpay.stark.field import P

_MAGIC = b"zkpay contributions v2\n"


def in_form(form: str, text: str) -> bytes:
    """A CSV file's records as csv, jsonl or parquet."""
    if form == "csv":
        return text.encode()
    rows = list(csv.DictReader(io.StringIO(text)))
    if form == "jsonl":
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def seeds_of(form: str, _: Path) -> Sequence[bytes]:
    """The records under every rule, fewer of them, and none."""
    texts = [csv_text(RULES_ROWS[:count], HEADER) for count in (len(RULES_ROWS), 3)]
    plain = csv_text(ROWS, PLAIN_HEADER)
    return [in_form(form, text) for text in (*texts, plain)]


def intake_reader(form: str, folder: Path) -> Reader:
    """Reads as `commit` does, up to the leaves of the records."""
    policy = parse_policy(RULES_POLICY.encode(), "policy")
    path = Path(tempfile.mkdtemp(prefix="zkpay-intake-", dir=folder), f"contributions.{form}")
    known = file_columns(policy.rules)

    def records_of() -> Contributions:
        if form != "parquet":
            return read_contributions(path, policy.rules)
        # Without the process of its own, which would take most of the time. What crashes it here is contained there.
        columns = text_columns(str(path), known)
        count = len(next(iter(columns.values())))
        return take_in(RawTable(str(path), known, columns, count, lambda row: row + 1, "row"), policy.rules)

    def read(data: bytes) -> None:
        path.write_bytes(data)
        records = records_of()
        require(sum(count_by_reason(records, policy.rules).values()) == len(records), "records without a reason")
        check_account_count(records)
        leaves = leaf_elements(records, np.zeros((SALT_ELEMENTS, len(records)), dtype=np.uint32), policy.layout)
        require(not (leaves >= P).any(), "a leaf with an element of the modulus or more")
        stored = records.to_bytes()
        require(Contributions.from_bytes(stored).to_bytes() == stored, "records that are stored otherwise than read")

    return read


def private_seeds(folder: Path) -> Sequence[bytes]:
    """The archives in private files, behind magic and digest."""
    found = []
    for text, header, rows in ((RULES_POLICY, HEADER, RULES_ROWS), (POLICY, PLAIN_HEADER, ROWS)):
        path = folder / f"private-{len(rows)}.csv"
        path.write_text(csv_text(rows, header))
        stored = read_contributions(path, parse_policy(text.encode(), "policy").rules).to_bytes()
        found.append(stored[len(_MAGIC) + 32 :])
    return found


def private_reader(_: Path) -> Reader:
    """Reads an archive as if its digest held: whoever changes it can mend that."""

    def read(data: bytes) -> None:
        records = Contributions.from_bytes(_MAGIC + hashlib.sha256(data).digest() + data)
        stored = records.to_bytes()
        require(Contributions.from_bytes(stored).to_bytes() == stored, "records that are stored otherwise than read")

    return read


TARGETS = (
    *(
        Target(form, "none", partial(seeds_of, form), partial(intake_reader, form), mutation, runs, 60)
        for form, mutation, runs in (
            ("csv", csv_mutation, 1_500),
            ("jsonl", jsonl_mutation, 1_500),
            ("parquet", parquet_mutation, 2_000),
        )
    ),
    Target("private", "none", private_seeds, private_reader, archive_mutation, 4_000, 30),
)
