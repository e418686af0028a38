"""A program's values on whole columns, as exact as the definition (SPEC §8.1.3).

Columns are int64 while all bounds involved are below 2^62, and Python integers in object arrays beyond, so nothing
wraps. Totals and what follows from them are single Python integers; so are values that are the same everywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.language.tree import Level

FAST_BITS: Final = 62
"""Values below 2^62 are int64: sums of two, and doubled roots squared, stay below 2^63."""

Column = npt.NDArray[Any]
"""int64, or object with Python integers."""
Value = int | Column


class Columns:
    """All values of a program over accepted records.

    numbers: of each number field a column over the records, in intake order. symbols: of each symbol field the codes.
    accounts: the place of each record's account among the accounts, int64; every place below `count` occurs.
    """

    def __init__(
        self,
        program: Program,
        numbers: Mapping[str, Column],
        symbols: Mapping[str, npt.NDArray[np.uint8]],
        accounts: npt.NDArray[np.int64],
        count: int,
    ) -> None:
        self._program = program
        self._numbers = numbers
        self._symbols = symbols
        self._count = count
        self._records = len(accounts)
        # Records by account, and where each account's begin, for sums and maxima in one sweep.
        self._order = np.argsort(accounts, kind="stable")
        self._starts = np.searchsorted(accounts[self._order], np.arange(count))
        self._values: dict[Node, Value] = {}
        self._compute()

    def line(self, name: str) -> Value:
        """A line's values: a column over the records or accounts, or one integer that all of them have."""
        return self._values[self._program.lines[name]]

    def over_records(self, name: str) -> Column:
        """A line about contributions, for every record."""
        return self._spread(self._program.lines[name], self._records)

    def over_accounts(self, name: str) -> Column:
        """A line about accounts, for every account."""
        return self._spread(self._program.lines[name], self._count)

    def totals(self) -> dict[str, int]:
        """All totals by text, in the statement's order."""
        return {text: _single(self._values[node]) for text, node in self._program.totals.items()}

    def _compute(self) -> None:
        """All values, each dropped after its last use but for those of lines and totals."""
        uses = Counter(argument for node in self._program.nodes for argument in node.arguments)
        uses.update([*self._program.lines.values(), *self._program.totals.values()])
        for node in self._program.nodes:
            self._values[node] = self._computed(node)
            uses.subtract(node.arguments)
            for argument in node.arguments:
                if not uses[argument]:
                    self._values.pop(argument, None)

    def _spread(self, node: Node, length: int) -> Column:
        value = self._values[node]
        return np.full(length, value, dtype=_dtype(node.high)) if isinstance(value, int) else value

    def _computed(self, node: Node) -> Value:
        match node.operation:
            case Operation.CONSTANT:
                return node.low
            case Operation.FIELD:
                return _fitted_column(self._numbers[str(node.value)], node.high)
            case Operation.TABLE_OF_SYMBOL if isinstance(node.value, tuple):
                table, field = node.value
                return _entries(self._program, table, self._symbols[str(field)])
            case Operation.IS_SYMBOL if isinstance(node.value, tuple):
                field, code = node.value
                return _column(self._symbols[str(field)] == code).astype(np.int64)
            case Operation.SUM | Operation.LARGEST:
                return self._aggregated(node)
            case Operation.TOTAL:
                return self._total(node.arguments[0])
        arguments = [self._values[argument] for argument in node.arguments]
        if all(isinstance(argument, int) for argument in arguments):
            return _of_integers(self._program, node, [_single(argument) for argument in arguments])
        widest = max(node.high, *(argument.high for argument in node.arguments))
        return _of_columns(self._program, node, [_fitted(argument, widest) for argument in arguments])

    def _aggregated(self, node: Node) -> Value:
        """The sum or maximum of each account's records, which stand side by side in `order`."""
        values = self._spread(node.arguments[0], self._records)
        if not self._count:
            return np.zeros(0, dtype=_dtype(node.high))
        sorted_values = _fitted_column(values, node.high)[self._order]
        operation = np.add if node.operation is Operation.SUM else np.maximum
        return _column(operation.reduceat(sorted_values, self._starts))

    def _total(self, node: Node) -> int:
        value = self._values[node]
        if isinstance(value, int):
            return value * self._count
        # A sum of int64 could wrap even where each value fits.
        wide = value.dtype == object or node.high * max(self._count, 1) >= 1 << FAST_BITS
        return sum(value.tolist()) if wide else int(value.sum())


def public_values(program: Program, totals: Mapping[str, int]) -> dict[Node, int]:
    """The values of all nodes that follow from totals and constants alone.

    ValueError if a total is missing, or a value outside its bounds, which the totals of no epoch lead to.
    """
    values: dict[Node, int] = {}
    for node in program.nodes:
        if node.level > Level.TOTAL:
            continue
        match node.operation:
            case Operation.CONSTANT:
                value = node.low
            case Operation.TOTAL:
                if node.value not in totals:
                    raise ValueError(f"no total of {node.value}")
                value = totals[str(node.value)]
            case _:
                value = _of_integers(program, node, [values[argument] for argument in node.arguments])
        if not node.low <= value <= node.high:
            raise ValueError(f"{node.text} is {value}, which no epoch leads to")
        values[node] = value
    return values


def _of_integers(program: Program, node: Node, arguments: Sequence[int]) -> int:
    """One operation on Python integers."""
    a, b = arguments[0], arguments[-1]
    match node.operation:
        case Operation.ADD:
            return a + b
        case Operation.SUBTRACT:
            return a - b
        case Operation.MULTIPLY:
            return a * b
        case Operation.DIVIDE:
            return a // b
        case Operation.REMAINDER:
            return a % b
        case Operation.MINIMUM:
            return min(a, b)
        case Operation.MAXIMUM:
            return max(a, b)
        case Operation.ROOT:
            return math.isqrt(a)
        case Operation.SELECT:
            return arguments[1] if a else b
        case Operation.TABLE:
            return program.tables[str(node.value)].values[a]
        case Operation.AT_MOST:
            return int(a <= b)
        case Operation.AND:
            return a & b
        case Operation.OR:
            return a | b
        case Operation.NOT:
            return 1 - a
    raise ValueError(f"{node.operation} is about records")


def _of_columns(program: Program, node: Node, arguments: Sequence[Value]) -> Column:
    """One operation on columns of one type, and integers that fit it; at least one is a column."""
    a: Any = arguments[0]
    b: Any = arguments[-1]
    result: Any
    match node.operation:
        case Operation.MINIMUM:
            result = np.minimum(a, b)
        case Operation.MAXIMUM:
            result = np.maximum(a, b)
        case Operation.ROOT:
            result = _root(a)
        case Operation.SELECT:
            # As arrays of one type: numpy would take single integers beyond 2^63 for floating point.
            dtype = _dtype(max(argument.high for argument in node.arguments))
            result = np.where(a != 0, np.asarray(arguments[1], dtype=dtype), np.asarray(b, dtype=dtype))
        case Operation.TABLE:
            result = _entries(program, str(node.value), a.astype(np.int64))
        case Operation.AT_MOST:
            result = (a <= b).astype(np.int64)
        case _:
            result = _of_integers(program, node, [a, b])
    return _fitted_column(result, node.high)


def _root(values: Column) -> Column:
    if values.dtype == object:
        return _column(np.frompyfunc(math.isqrt, 1, 1)(values))
    # The root in floating point is off by at most one.
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    root -= root * root > values
    root += (root + 1) * (root + 1) <= values
    return root


def _entries(program: Program, table: str, indices: npt.NDArray[np.integer[Any]]) -> Column:
    """A table's entries at the indices."""
    values = program.tables[table].values
    return _column(np.array(values, dtype=_dtype(max(values)))[indices])


def _dtype(high: int) -> type[Any]:
    return np.int64 if high < 1 << FAST_BITS else object


def _fitted(value: Value, high: int) -> Value:
    """A column of the type for values up to `high`; single integers as they are."""
    return value if isinstance(value, int) else _fitted_column(value, high)


def _fitted_column(value: Column, high: int) -> Column:
    return value.astype(_dtype(high), copy=False)


def _column(value: Any) -> Column:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} where a column should be")
    return value


def _single(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError("a column where one integer should be")
    return value
