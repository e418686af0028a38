"""Reading a file of contributions: the whole of it, or an error that names what to mend (SPEC §3.2)."""

import os
from pathlib import Path
from typing import Final

from zkpay.ledger.contributions import Contributions
from zkpay.ledger.csv_file import read_csv
from zkpay.ledger.intake import Trial, take_in, try_out
from zkpay.ledger.jsonl_file import read_jsonl
from zkpay.ledger.parquet_file import read_parquet
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import RawTable, file_columns
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
    return take_in(_raw_table(path, rules), rules)


def try_contributions(path: str | os.PathLike[str], rules: Rules) -> Trial:
    """All records as these rules judge them, whatever the file says of rules; otherwise as `read_contributions`.

    For trying a policy out on records that were marked under another.
    """
    return try_out(_raw_table(path, rules), rules)


def _raw_table(path: str | os.PathLike[str], rules: Rules) -> RawTable:
    source = os.fspath(path)
    if Path(source).is_dir():
        remedy = f"give a file of contributions: {', '.join(_READERS)}"
        raise MalformedFile([Problem(source, 0, "", None, "a folder, not a plain file", remedy)])
    reader = _READERS.get(Path(source).suffix.lower())
    if reader is None:
        suffix = Path(source).suffix
        why = f"{suffix} is no format of contributions" if suffix else "the name has no suffix to tell the format by"
        remedy = f"give a file whose name ends in {', '.join(_READERS)}, as what it is"
        raise MalformedFile([Problem(source, 0, "", None, why, remedy)])
    return reader(source, file_columns(rules))
