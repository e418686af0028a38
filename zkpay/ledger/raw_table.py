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

REQUIRED_COLUMNS: Final = ("contribution_id", "account", "kind", "quantity", "quality")
OPTIONAL_COLUMNS: Final = ("fingerprint", "status", "reason")
COLUMNS: Final = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
NUMBER_COLUMNS: Final = ("quantity", "quality")

MAX_FILE_BYTES: Final = 2**30

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Explanation = tuple[str, str]
"""Why, and what to do."""


@dataclass
class RawTable:
    """Rows of a file as text.

    columns: name -> pyarrow string array without nulls; absent optional columns are left out. place: row ->
    line of the file (CSV, JSONL) or row from 1 (Parquet). problems: what the reader itself found, in rows
    left out.
    """

    source: str
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


def check_columns(names: Sequence[str], required: Sequence[str], source: str, line: int) -> None:
    """Every required column, each once, and no other; MalformedFile otherwise."""

    def problem(column: str, why: str, remedy: str) -> Problem:
        return Problem(source, line, column, None, why, remedy)

    problems = []
    for index, name in enumerate(names):
        if name in names[:index]:
            problems.append(problem(name, "two columns have this name", "keep one of them"))
        elif name not in COLUMNS:
            remedy = "remove the column"
            close = [guess for guess in difflib.get_close_matches(name, COLUMNS, n=1) if guess not in names]
            if close:
                remedy += f", or rename it if it is meant to be {close[0]}"
            problems.append(problem(name, "zkpay knows no such column", remedy))
    for name in required:
        if name not in names:
            remedy = f"add it; the columns are {', '.join(COLUMNS)}"
            if len(names) == 1 and ";" in names[0]:
                remedy = "separate the columns by commas, not semicolons"
            problems.append(problem(name, "the column is missing", remedy))
    if problems:
        raise MalformedFile(problems)


def check_count(count: int, source: str) -> None:
    """MalformedFile for more records than an epoch can have."""
    if count > MAX_CONTRIBUTIONS:
        why = f"{count:,} records, an epoch has at most {MAX_CONTRIBUTIONS:,}"
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
            self._listed.append((row, COLUMNS.index(column), column, explanation))

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
