"""Contributions from Parquet (SPEC §3.2).

Text columns are strings, also dictionary-encoded; the columns of number fields may be integers or decimals of
scale 0 as well. Floats are refused by column: what was rounded when it was written can't be mended here.

The file is unpacked in a process of its own (parquet_tables.py), which may crash, swell or hang without harm.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pyarrow as pa

from zkpay.ledger.parquet_tables import REFUSED, unsound
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import FileColumns, RawTable, combined
from zkpay.ledger.text_file import check_size

_MAGIC: Final = b"PAR1"
_FAILED: Final = 1
"""With which Python ends for an error of the program's own."""


def read_parquet(path: str, known: FileColumns) -> RawTable:
    """The rows of a Parquet file; MalformedFile if it isn't one or a column is of a wrong type."""
    check_size(path)
    with Path(path).open("rb") as file:
        head = file.read(len(_MAGIC))
        file.seek(-min(len(_MAGIC), os.fstat(file.fileno()).st_size), os.SEEK_END)
        if head != _MAGIC or file.read() != _MAGIC:
            raise unsound(path, "it doesn't begin and end with PAR1")
    columns = _unpacked(path, known)
    count = len(next(iter(columns.values())))
    return RawTable(path, known, columns, count, lambda row: row + 1, "row")


def _unpacked(path: str, known: FileColumns) -> dict[str, pa.StringArray]:
    """The columns, from the process that reads them."""
    asked = {"required": known.required, "optional": known.optional, "numbers": sorted(known.numbers)}
    # The folder that the command was started in must not give that process its modules: -P.
    command = [sys.executable, "-P", "-m", "zkpay.ledger.parquet_tables", path, json.dumps(asked)]
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "ARROW_DEFAULT_MEMORY_POOL": "system"}
    with tempfile.TemporaryFile() as said:
        ended = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, check=False
        )
        said.seek(0)
        if ended.returncode == _FAILED:
            raise RuntimeError(said.read().decode("utf-8", "replace"))
    if ended.returncode == REFUSED:
        content = json.loads(ended.stdout)
        raise MalformedFile([Problem(**problem) for problem in content["problems"]], content["total"])
    if ended.returncode != 0:
        raise unsound(path, f"the process that unpacked it ended with code {ended.returncode}")
    with pa.ipc.open_stream(pa.py_buffer(ended.stdout)) as stream:
        table = stream.read_all()
    table.validate(full=True)
    return {name: combined(table.column(name)) for name in table.column_names}
