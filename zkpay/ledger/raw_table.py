"""A file of contributions as text, before anything in it is believed (SPEC §3.2).

The readers of CSV, JSONL and Parquet all end here: one text column per field, rows in file order, and where
in the file each row stands. `Findings` collects what is wrong, by row, until all is checked.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.problems import MAX_PROBLEMS, MalformedFile, Problem
from zkpay.ledger.record_layout import REPLACES
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, RECORD_COLUMNS, Rules

MAX_FILE_BYTES: Final = 2**30
MAX_LINES: Final = 2 * MAX_CONTRIBUTIONS
"""Lines of a text file: as many empty ones as there may be records."""

_LONGEST_NAME: Final = 128

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Explanation = tuple[str, str]
"""Why, and what to do."""


@dataclass(frozen=True)
class FileColumns:
    """The columns of a file of contributions under some rules; `numbers` may be numbers in JSONL and Parquet."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    numbers: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order in which messages name them."""
        return self.required + self.optional


def file_columns(rules: Rules) -> FileColumns:
    """What stands in every file, and the policy's fields; ValueError for a field with a name of the former."""
    fields = tuple(field.name for field in rules.fields)
    taken = set(fields) & set(RECORD_COLUMNS)
    if taken:
        raise ValueError(f"a field can't be called {', '.join(sorted(taken))}")
    required = ("contribution_id", ACCOUNT, *fields)
    fingerprint = (FINGERPRINT,)
    corrections = (REPLACES,) if rules.corrections else ()
    numbers = frozenset(field.name for field in rules.numbers)
    if rules.needs_fingerprint:
        return FileColumns(required + fingerprint, (*corrections, "status", "reason"), numbers)
    return FileColumns(required, (*fingerprint, *corrections, "status", "reason"), numbers)


@dataclass
class RawTable:
    """Rows of a file as text.

    known: the columns that it may have. columns: name -> pyarrow string array without nulls; absent optional columns
    are left out. place: row -> line of the file (CSV, JSONL) or row from 1 (Parquet). problems: what the reader itself
    found, in rows left out.
    """

    source: str
    known: FileColumns
    columns: dict[str, pa.StringArray]
    count: int
    place: Callable[[int], int]
    line_word: str = "line"
    problems: list[Problem] = field(default_factory=list)

    def column(self, name: str) -> pa.StringArray:
        """A column, all empty if the file hasn't got it."""
        if name in self.columns:
            return self.columns[name]
        return pa.array([""] * self.count, type=pa.string())


def no_such_column(name: str, present: Sequence[str], known: FileColumns) -> Explanation:
    """Why a column of this name isn't read, beside those that are there."""
    if name == REPLACES:
        return "the policy takes no corrections", "remove the column, or write corrections = true under [rules]"
    remedy = f"remove the column; the columns are {', '.join(known.names)}"
    # difflib keeps an index of every character.
    near = difflib.get_close_matches(name, known.names, n=1) if len(name) <= _LONGEST_NAME else []
    close = [guess for guess in near if guess not in present]
    if close:
        remedy = f"remove the column, or rename it if it is meant to be {close[0]}"
    return "no field of the policy, nor a column that zkpay knows", remedy


def check_columns(names: Sequence[str], known: FileColumns, source: str, line: int) -> None:
    """Every required column, each once, and no other; MalformedFile otherwise."""

    def problem(column: str, why: str, remedy: str) -> Problem:
        return Problem(source, line, column, None, why, remedy)

    if len(names) > len(known.names) + MAX_PROBLEMS:
        why = f"{len(names):,} columns, at most {len(known.names)} are known"
        raise MalformedFile([problem("", why, f"keep {', '.join(known.names)}")])
    problems = []
    for index, name in enumerate(names):
        if name in names[:index]:
            problems.append(problem(name, "two columns have this name", "keep one of them"))
        elif name not in known.names:
            problems.append(problem(name, *no_such_column(name, names, known)))
    for name in known.required:
        if name not in names:
            remedy = f"add it; the columns are {', '.join(known.names)}"
            if len(names) == 1 and ";" in names[0]:
                remedy = "separate the columns by commas, not semicolons"
            problems.append(problem(name, _why_missing(name), remedy))
    if problems:
        raise MalformedFile(problems)


def _why_missing(name: str) -> str:
    if name == FINGERPRINT:
        return "the column is missing, and the policy accepts each fingerprint once"
    return "the column is missing" if name in RECORD_COLUMNS else "the column of this field of the policy is missing"


def check_count(count: int, source: str) -> None:
    """MalformedFile for more records than an epoch can have."""
    if count > MAX_CONTRIBUTIONS:
        why = f"{count:,} records, an epoch has at most {MAX_CONTRIBUTIONS:,}"
        raise MalformedFile([Problem(source, 0, "", None, why, "split it into several epochs")])


def check_lines(content: bytes, source: str) -> None:
    """MalformedFile for more lines than records and as many empty lines have, before anything is made of them."""
    count = max(content.count(b"\n"), content.count(b"\r"))
    if count > MAX_LINES:
        why = f"{count:,} lines, an epoch has at most {MAX_CONTRIBUTIONS:,} records"
        raise MalformedFile([Problem(source, 0, "", None, why, "split it into several epochs")])


def combined(column: pa.ChunkedArray) -> pa.StringArray:
    """A column in one piece; ValueError if its text is too long for that (2 GiB)."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        raise ValueError("more than 2 GiB of text in a column")
    return array


class Findings:
    """What is wrong with the rows of a table; `bad` marks every row with a finding."""

    def __init__(self, table: RawTable) -> None:
        self._table = table
        self._listed: list[tuple[int, int, str, Explanation]] = []
        self._total = len(table.problems)
        self.bad: Mask = np.zeros(table.count, dtype=bool)

    def add(self, where: Mask, column: str, explain: Explanation | Callable[[int], Explanation]) -> None:
        """A finding in each row of the mask; `explain` gives why and remedy, for all or by row."""
        rows = np.flatnonzero(where)
        if not rows.size:
            return
        self.bad |= where
        self._total += rows.size
        # Among the first MAX_PROBLEMS of all findings there can be at most that many of this one.
        for row in rows[:MAX_PROBLEMS].tolist():
            explanation = explain(row) if callable(explain) else explain
            self._listed.append((row, self._table.known.names.index(column), column, explanation))

    def raise_if_any(self) -> None:
        """MalformedFile with the first of all findings in file order, if there are any."""
        if not self._total:
            return
        table = self._table
        problems = list(table.problems)
        for row, _, column, (why, remedy) in sorted(self._listed)[:MAX_PROBLEMS]:
            value = table.column(column)[row].as_py()
            problems.append(Problem(table.source, table.place(row), column, value, why, remedy, table.line_word))
        problems.sort(key=lambda problem: problem.line)
        raise MalformedFile(problems, self._total)
