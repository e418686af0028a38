"""Contributions from Parquet (SPEC §3.2).

Text columns are strings, also dictionary-encoded; the columns of number fields may be integers or decimals of
scale 0 as well. Floats are refused by column: what was rounded when it was written can't be mended here.
"""

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import FileColumns, RawTable, check_columns, check_count, combined
from zkpay.ledger.text_file import check_size


def read_parquet(path: str, known: FileColumns) -> RawTable:
    """The rows of a Parquet file; MalformedFile if it isn't one or a column is of a wrong type."""
    check_size(path)
    try:
        with parquet.ParquetFile(path) as file:
            check_columns(file.schema_arrow.names, known, path, 0)
            check_count(file.metadata.num_rows, path)
            problems = [
                Problem(path, 0, name, None, f"a column of type {column.type}", _remedy(name in known.numbers))
                for name in file.schema_arrow.names
                if not _is_accepted((column := file.schema_arrow.field(name)).type, name in known.numbers)
            ]
            if problems:
                raise MalformedFile(problems)
            table = file.read()
        table.validate(full=True)
        columns = {name: _as_text(table.column(name)) for name in table.column_names}
    except (pa.ArrowException, OSError, ValueError) as error:
        why = f"not a sound Parquet file: {str(error).splitlines()[0] if str(error) else error}"
        raise MalformedFile([Problem(path, 0, "", None, why, "write it again")]) from error
    return RawTable(path, known, columns, table.num_rows, lambda row: row + 1, "row")


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
