"""Reading a file of contributions: the whole of it, or an error that names what to mend (SPEC §3.2)."""

import os
from pathlib import Path
from typing import Final

from zkpay.ledger.contributions import Contributions
from zkpay.ledger.csv_file import read_csv
from zkpay.ledger.intake import take_in
from zkpay.ledger.jsonl_file import read_jsonl
from zkpay.ledger.parquet_file import read_parquet
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import file_columns
from zkpay.ledger.rules import Rules

_READERS: Final = {
    ".csv": read_csv,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
}


def read_contributions(path: str | os.PathLike[str], rules: Rules) -> Contributions:
    """All records of a CSV, JSONL or Parquet file (told by its suffix) in file order, with their reasons.

    Columns: contribution_id, account, and each of the policy's fields; fingerprint where a unique rule reads it,
    optional otherwise; replaces (a contribution_id) under the rule of corrections, optional; optional status and
    reason. MalformedFile (InputError) with up to 100 problems, each with file, line, column, value, why and what to
    do; nothing is read then.
    """
    source = os.fspath(path)
    reader = _READERS.get(Path(source).suffix.lower())
    if reader is None:
        why = f"{Path(source).suffix or 'no suffix'} is no format of contributions"
        remedy = f"name it {', '.join(_READERS)}, as what it is"
        raise MalformedFile([Problem(source, 0, "", None, why, remedy)])
    return take_in(reader(source, file_columns(rules)), rules)
