"""Parquet to columns of text, in a process of its own: `-m zkpay.ledger.parquet_tables FILE COLUMNS` (SPEC §3.2).

Parquet is compressed in ways that no look at its size or its directory sees through: one word of megabytes may stand in
two million rows. So the process that unpacks a stranger's file gets as much memory as honest rows can take, and neither
that nor a crash of the library is the end of anything else.

Its second argument says which columns the file may have, as JSON. It writes the columns as an Arrow stream; with exit
code `REFUSED`, the problems as JSON instead.
"""

import json
import os
import sys
from dataclasses import asdict
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import FileColumns, check_columns, check_count, combined

REFUSED: Final = 4
_SPARE_BYTES: Final = 1 << 28
_VALUE_BYTES: Final = 400
"""For one value: three times the longest that is accepted, as columns are read, cast and joined."""
_SPARE_SECONDS: Final = 30
_ROWS_A_SECOND: Final = 20_000


def text_columns(path: str, known: FileColumns) -> dict[str, pa.StringArray]:
    """The columns of a file by name; MalformedFile if it isn't Parquet or a column is of a wrong type."""
    try:
        # No threads, which would each take address space; no mapping, which a file that changes could end by a signal.
        with parquet.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            check_columns(file.schema_arrow.names, known, path, 0)
            check_count(file.metadata.num_rows, path)
            _check_groups(file.metadata, path)
            problems = [
                Problem(path, 0, name, None, f"a column of type {column.type}", _remedy(name in known.numbers))
                for name in file.schema_arrow.names
                if not _is_accepted((column := file.schema_arrow.field(name)).type, name in known.numbers)
            ]
            if problems:
                raise MalformedFile(problems)
            _limit(file.metadata.num_rows * len(file.schema_arrow.names), file.metadata.num_rows)
            table = file.read(use_threads=False)
        table.validate(full=True)
        return {name: _as_text(table.column(name)) for name in table.column_names}
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unsound(path, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _check_groups(metadata: parquet.FileMetaData, path: str) -> None:
    """Refuse groups of other rows than the file's in all: the library makes room for as many as they claim."""
    counts = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    if any(count < 0 for count in counts) or sum(counts) != metadata.num_rows:
        raise unsound(path, "its groups of rows don't add up to its number of rows")


def unsound(path: str, why: str) -> MalformedFile:
    """What to say of a file that the library can't read."""
    return MalformedFile([Problem(path, 0, "", None, f"not a sound Parquet file: {why[:400]}", "write it again")])


def _is_accepted(column: pa.DataType, is_number: bool) -> bool:
    if pa.types.is_dictionary(column):
        column = column.value_type
    if pa.types.is_string(column) or pa.types.is_large_string(column) or pa.types.is_null(column):
        return True
    if not is_number:
        return False
    return bool(pa.types.is_integer(column) or (pa.types.is_decimal(column) and column.scale == 0))


def _remedy(is_number: bool) -> str:
    if is_number:
        return "write it as integers, as decimals of scale 0, or as strings of digits"
    return "write it as strings"


def _as_text(column: pa.ChunkedArray) -> pa.StringArray:
    """The column as strings; a null, like an empty value, is no value."""
    return combined(pc.fill_null(pc.cast(column, pa.string()), ""))


_contained = False


def _limit(values: int, rows: int) -> None:
    """Take no more memory and time from here on than so many values can need, where the system can see to that."""
    if not _contained or not os.path.exists("/proc/self/statm"):
        return
    import resource  # not on every system

    with open("/proc/self/statm", encoding="ascii") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, taken + _SPARE_BYTES + _VALUE_BYTES * values),
        (resource.RLIMIT_CPU, _SPARE_SECONDS + rows // _ROWS_A_SECOND),
    ):
        _, ceiling = resource.getrlimit(what)
        resource.setrlimit(what, (most if ceiling == resource.RLIM_INFINITY else min(most, ceiling), ceiling))


def main() -> int:
    """Read the file that the command line names."""
    global _contained
    _contained = True
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _limit(0, 0)
    path, told = sys.argv[1], json.loads(sys.argv[2])
    known = FileColumns(tuple(told["required"]), tuple(told["optional"]), frozenset(told["numbers"]))
    try:
        columns = text_columns(path, known)
        batch = pa.record_batch(list(columns.values()), names=list(columns))
        with pa.ipc.new_stream(sys.stdout.buffer, batch.schema) as stream:
            stream.write_batch(batch)
        return 0
    except MalformedFile as error:
        refused = error
    except MemoryError:
        why = "it unpacks to more than so many records can be"
        refused = MalformedFile([Problem(path, 0, "", None, why, "write it again")])
    problems = [asdict(problem) for problem in refused.problems]
    sys.stdout.buffer.write(json.dumps({"problems": problems, "total": refused.total}).encode())
    return REFUSED


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Threads of the library need not be waited for.
    os._exit(code)
