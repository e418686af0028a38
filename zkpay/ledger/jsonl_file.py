"""Contributions from JSONL: one JSON object on each line, in UTF-8 (SPEC §3.2).

Numbers are kept as written, never as floats; whole numbers may be JSON numbers or strings of digits.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.problems import MAX_PROBLEMS, MalformedFile, Problem
from zkpay.ledger.raw_table import FileColumns, RawTable, check_count, check_lines, no_such_column
from zkpay.ledger.text_file import read_text

_LINE: Final = re.compile(rb"[^\n]+")
_MAX_LINE_BYTES: Final = 1 << 18
"""Room for a record of a hundred fields, every character of it written as an escape. Lists and objects in a longer line
would take twenty times its bytes."""


class NumberText(str):
    """A JSON number as written, told apart from a JSON string."""

    __slots__ = ()


class _DuplicateKeyError(ValueError):
    """Two members of one object have the same key."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKeyError("a key stands twice in it")
    return members


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText
)


def read_jsonl(path: str, known: FileColumns) -> RawTable:
    """The rows of a JSONL file; lines that aren't such an object become problems and no rows."""
    places: list[int] = []
    values: dict[str, list[str]] = {name: [] for name in known.names}
    problems: list[Problem] = []
    content = read_text(path)
    check_lines(content, path)
    for number, line in _lines(content):
        if len(line) > _MAX_LINE_BYTES:
            why = f"a line of {len(line):,} bytes, at most {_MAX_LINE_BYTES:,} are read"
            remedy = "write one JSON object on each line"
            row: dict[str, str] = {}
            problem: Problem | None = Problem(path, number, "", line[:100].decode("utf-8", "replace"), why, remedy)
        else:
            row, problem = _row(line.decode("utf-8"), known, path, number)
        if problem is not None:
            problems.append(problem)
            if len(problems) == MAX_PROBLEMS:
                break
            continue
        places.append(number)
        if len(places) > MAX_CONTRIBUTIONS:
            break
        for name in known.names:
            values[name].append(row.get(name, ""))
    if not places and not problems:
        why, remedy = "the file has no record", "for an epoch without records, commit to a CSV file with a header alone"
        raise MalformedFile([Problem(path, 0, "", None, why, remedy)])
    check_count(len(places), path)
    columns = {name: pa.array(texts, type=pa.string()) for name, texts in values.items()}
    return RawTable(path, known, columns, len(places), places.__getitem__, problems=problems)


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that aren't blank, with their numbers.

    They end in line feeds alone: JSON strings may hold U+2028 and others that splitlines() takes for line ends.
    """
    number, place = 1, 0
    for match in _LINE.finditer(content):
        number += match.start() - place
        place = match.end()
        line = match[0].strip(b" \t\r")
        if line:
            yield number, line


def _row(text: str, known: FileColumns, path: str, number: int) -> tuple[dict[str, str], Problem | None]:
    """A line's values as text, or what is wrong with the line."""

    def problem(column: str, value: str | None, why: str, remedy: str) -> tuple[dict[str, str], Problem]:
        return {}, Problem(path, number, column, value, why, remedy)

    try:
        members = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return problem("", text, f"not a JSON object: {error}", "write one JSON object on each line")
    if not isinstance(members, dict):
        return problem("", text, "not a JSON object", "write one JSON object on each line")
    for name in known.required:
        if name not in members:
            return problem(name, None, "missing", "add it to the object")
    row: dict[str, str] = {}
    for name, value in members.items():
        if name not in known.names:
            return problem(name, None, *no_such_column(name, list(members), known))
        if value is None:
            continue
        if type(value) is str:
            # A lone surrogate, which JSON can write as an escape and UTF-8 can't.
            if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                return problem(name, value, "half of a surrogate pair", "write valid Unicode")
            row[name] = value
        elif type(value) is NumberText and name in known.numbers:
            row[name] = str(value)
        else:
            wanted = "decimal digits" if name in known.numbers else "a string in double quotes"
            return problem(name, _shown(value), "of the wrong type", f"write {wanted}")
    return row, None


def _shown(value: bool | list[Any] | dict[str, Any] | NumberText) -> str:
    """A value of a wrong type, as JSON; of what holds others, the outside."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "[...]" if isinstance(value, list) else "{...}"
