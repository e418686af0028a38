"""Contributions from CSV: RFC 4180, UTF-8, comma-separated, with a header (SPEC §3.2).

pyarrow splits the file, all values as text, so that no number is ever guessed at. Lines are counted only when
there is something to complain about.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

import pyarrow as pa
from pyarrow import csv as pa_csv

from zkpay.ledger.problems import MAX_PROBLEMS, MalformedFile, Problem
from zkpay.ledger.raw_table import FileColumns, RawTable, check_columns, check_count, check_lines, combined
from zkpay.ledger.text_file import read_text

_LINE: Final = re.compile(rb"[^\r\n]+")
_MAX_HEADER_BYTES: Final = 1 << 16
"""Room for the names of all columns, many times over."""


def read_csv(path: str, known: FileColumns) -> RawTable:
    """The rows of a CSV file; MalformedFile without a sound header. Rows of a wrong width are problems."""
    content = read_text(path)
    header = _LINE.search(content)
    if header is None:
        raise MalformedFile([Problem(path, 0, "", None, "the file is empty", "give it a header at least")])
    before = content[: header.start()]
    header_line = 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
    length = header.end() - header.start()
    if length > _MAX_HEADER_BYTES:
        why = f"a header of {length:,} bytes, at most {_MAX_HEADER_BYTES:,} are read"
        remedy = f"write the columns' names into the first line: {', '.join(known.names)}"
        raise MalformedFile([Problem(path, header_line, "", None, why, remedy)])
    check_lines(content, path)
    names = [name.strip() for name in next(csv.reader([header[0].decode("utf-8")]))]
    check_columns(names, known, path, header_line)
    body = content[header.end() :]
    misshapen: list[pa_csv.InvalidRow] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        misshapen.append(row)
        # No more are listed, and a file of nothing else would take long.
        return "skip" if len(misshapen) < MAX_PROBLEMS else "error"

    try:
        columns = _split_rows(body, names, path, skip)
    except MalformedFile:
        if len(misshapen) < MAX_PROBLEMS:
            raise
        columns = {name: pa.array([], type=pa.string()) for name in names}
    count = len(columns[names[0]])
    check_count(count + len(misshapen), path)

    @cache
    def lines() -> list[int]:
        return [header_line + start for start in _record_starts(body)]

    @cache
    def sound_lines() -> list[int]:
        left_out = {row.number for row in misshapen}
        return [line for number, line in enumerate(lines(), start=1) if number not in left_out]

    problems = [
        Problem(
            path,
            _nth(lines(), row.number - 1),
            "",
            row.text,
            f"{row.actual_columns} values under {row.expected_columns} columns",
            "give each column one value, in double quotes if it holds a comma",
        )
        for row in misshapen
    ]
    return RawTable(path, known, columns, count, lambda row: _nth(sound_lines(), row), problems=problems)


def _split_rows(
    body: bytes, names: Sequence[str], path: str, skip: Callable[[pa_csv.InvalidRow], str]
) -> dict[str, pa.StringArray]:
    """Column name -> texts. pyarrow leaves out empty lines, and calls `skip` on rows of another width."""
    if _LINE.search(body) is None:
        return {name: pa.array([], type=pa.string()) for name in names}
    try:
        table = pa_csv.read_csv(
            pa.py_buffer(body),
            # One block, since a row may not reach over two of them; one thread, so that rows are numbered.
            read_options=pa_csv.ReadOptions(column_names=list(names), use_threads=False, block_size=len(body) + 1),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return {name: combined(table.column(name)) for name in names}
    except (pa.ArrowInvalid, ValueError) as error:
        remedy = "write it as CSV with commas and, where needed, double quotes"
        raise MalformedFile([Problem(path, 0, "", None, f"not CSV: {error}", remedy)]) from error


def _record_starts(body: bytes) -> list[int]:
    """The line at which each record starts; 0 is the rest of the header's line."""
    if b'"' not in body:
        return [number for number, line in enumerate(body.splitlines()) if line]
    starts = []
    reader = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
    start = 0
    try:
        for values in reader:
            if values:
                starts.append(start)
            start = reader.line_num
    except csv.Error:
        # A value longer than Python's own limit. It is refused anyway; later rows are named without a line.
        return starts
    return starts


def _nth(lines: list[int], row: int) -> int:
    return lines[row] if row < len(lines) else 0
