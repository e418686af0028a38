"""Tables, constraints, buses and circuits: the statement as algebra (SPEC §4).

A table is a set of columns and of (where, name, expression) constraints over a window of two rows. Tables are
joined by LogUp buses: what is sent on a bus must equal, as a multiset, what is received on it. A circuit places
tables at heights that are powers of two and adds the terms that the verifier computes from the statement.

Degrees, widths and counts are derived from the expressions. Names are unique in a circuit: a failing witness is
told by the constraint's name, and every name must have a test that cheats its absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zkpay.stark.expression import Column, Expression, Linear, Phase, Product, constant, read
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256

# Constraints have degree at most 4 (first/last-row selectors included): three look-ups share a helper column, and four
# cosets, as many as the least blowup has, determine the quotient (`derive` checks both).
MAX_DEGREE = 4


class Where(StrEnum):
    """The rows on which a constraint holds."""

    EVERY = "every"
    TRANSITION = "transition"  # every row but the last; may read the next row
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True)
class Constraint:
    """`expression` is zero on the rows `where`; the name is `table/words`."""

    where: Where
    name: str
    expression: Expression


@dataclass(frozen=True)
class Bus:
    """A multiset of tuples of one width; `identifier` >= 1 is part of every tuple."""

    name: str
    identifier: int
    width: int


@dataclass(frozen=True)
class Interaction:
    """`sign * multiplicity` copies of `payload` on `bus`, on every row (SPEC §4.3)."""

    bus: Bus
    name: str
    payload: tuple[Expression, ...]
    multiplicity: Expression
    sign: int


@dataclass(frozen=True)
class RowSum:
    """The sum of `expression` over all rows of the table joins the circuit-wide sum called `target`."""

    target: str
    name: str
    expression: Expression


@dataclass
class Table:
    """One table under construction and in use; builder methods append, nothing is ever removed."""

    name: str
    columns: list[Column] = field(default_factory=list)
    preprocessed: list[Column] = field(default_factory=list)
    preprocessed_values: list[NDArray[np.int64]] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)
    sums: list[RowSum] = field(default_factory=list)
    # Gadgets describe the columns that they added, for witness generation (circuits/gadgets).
    gadgets: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        # A formula can have thousands of names: lists would be searched from the start for each of them.
        self._column_names = {column.name for column in self.columns}
        self._constraint_names = {constraint.name for constraint in self.constraints}

    @property
    def width(self) -> int:
        """Number of main columns."""
        return len(self.columns)

    def column(self, name: str) -> Column:
        """Add a main column."""
        if name in self._column_names:
            raise ValueError(f"table {self.name}: column {name} exists already")
        self._column_names.add(name)
        column = Column(Phase.MAIN, len(self.columns), name)
        self.columns.append(column)
        return column

    def column_group(self, name: str, count: int) -> list[Column]:
        """Add `count` main columns called name[0], name[1], ..."""
        return [self.column(f"{name}[{position}]") for position in range(count)]

    def preprocessed_column(self, name: str, values: Sequence[int] | NDArray[np.int64]) -> Column:
        """Add a column fixed by the circuit: `values` are canonical, one for each row of the table, or a period.

        A period is a power of two of values, at most the table's height: row i has values[i mod period].
        """
        column = Column(Phase.PREPROCESSED, len(self.preprocessed), name)
        self.preprocessed.append(column)
        self.preprocessed_values.append(np.asarray(values, dtype=np.int64))
        return column

    def every(self, name: str, expression: Expression) -> None:
        """Require expression = 0 on every row (the last one included; next row = first row there)."""
        self._constrain(Where.EVERY, name, expression)

    def transition(self, name: str, expression: Expression) -> None:
        """Require expression = 0 on every row but the last."""
        self._constrain(Where.TRANSITION, name, expression)

    def first(self, name: str, expression: Expression) -> None:
        """Require expression = 0 on the first row."""
        self._constrain(Where.FIRST, name, expression)

    def last(self, name: str, expression: Expression) -> None:
        """Require expression = 0 on the last row."""
        self._constrain(Where.LAST, name, expression)

    def boolean(self, name: str, bit: Expression) -> None:
        """Require bit in {0, 1} on every row."""
        self.every(name, bit * (bit - 1))

    def send(
        self, bus: Bus, name: str, payload: Sequence[Expression | int], multiplicity: Expression | int = 1
    ) -> None:
        """Put the tuple on the bus `multiplicity` times."""
        self._interact(bus, name, payload, multiplicity, 1)

    def receive(
        self, bus: Bus, name: str, payload: Sequence[Expression | int], multiplicity: Expression | int = 1
    ) -> None:
        """Take the tuple off the bus `multiplicity` times."""
        self._interact(bus, name, payload, multiplicity, -1)

    def sum(self, target: str, name: str, expression: Expression) -> None:
        """Add the expression, over all rows, to the circuit-wide sum `target`."""
        if expression.degree > MAX_DEGREE:
            raise ValueError(f"{self.name}/{name}: degree {expression.degree} is over {MAX_DEGREE}")
        self.sums.append(RowSum(target, f"{self.name}/{name}", expression))

    @cached_property
    def helpers(self) -> list[tuple[Interaction, ...]]:
        """Interactions grouped so that one helper column h = sum m_i / D_i has a constraint within MAX_DEGREE.

        Read it only when the table is complete.
        """
        groups: list[tuple[Interaction, ...]] = []
        for interaction in self.interactions:
            if groups and _helper_degree((*groups[-1], interaction)) <= MAX_DEGREE:
                groups[-1] = (*groups[-1], interaction)
            else:
                groups.append((interaction,))
        return groups

    @cached_property
    def next_row_columns(self) -> list[int]:
        """Main columns that some constraint reads on the next row, ascending. Read when complete."""
        columns = _next_row(constraint.expression for constraint in self.constraints)
        if any(column.phase is Phase.PREPROCESSED for column in columns):
            raise ValueError(f"table {self.name}: a preprocessed column is read on the next row")
        return sorted({column.index for column in columns})

    def _constrain(self, where: Where, name: str, expression: Expression) -> None:
        full_name = f"{self.name}/{name}"
        if full_name in self._constraint_names:
            raise ValueError(f"constraint {full_name} exists already")
        selector = 1 if where in (Where.FIRST, Where.LAST) else 0
        if expression.degree + selector > MAX_DEGREE:
            raise ValueError(f"{full_name}: degree {expression.degree} + {selector} is over {MAX_DEGREE}")
        self._constraint_names.add(full_name)
        self.constraints.append(Constraint(where, full_name, expression))

    def _interact(
        self, bus: Bus, name: str, payload: Sequence[Expression | int], multiplicity: Expression | int, sign: int
    ) -> None:
        if len(payload) != bus.width:
            raise ValueError(f"{self.name}/{name}: {len(payload)} values on bus {bus.name} of width {bus.width}")
        entries = tuple(constant(entry) if isinstance(entry, int) else entry for entry in payload)
        weight = constant(multiplicity) if isinstance(multiplicity, int) else multiplicity
        interaction = Interaction(bus, f"{self.name}/{name}", entries, weight, sign)
        if _helper_degree((interaction,)) > MAX_DEGREE:
            raise ValueError(f"{interaction.name}: its helper's degree is over {MAX_DEGREE}")
        self.interactions.append(interaction)


@dataclass(frozen=True)
class PublicTerm:
    """`multiplicity` copies of a tuple that the verifier puts on a bus (negative: takes off it)."""

    bus: Bus
    payload: tuple[int, ...]
    multiplicity: int


@dataclass(frozen=True)
class PlacedTable:
    """A table at its height, a power of two."""

    table: Table
    height: int

    def preprocessed_rows(self) -> NDArray[np.int64]:
        """int64[p, height]: the preprocessed columns on every row, periodic ones repeated."""
        rows = np.empty((len(self.table.preprocessed_values), self.height), dtype=np.int64)
        for row, values in zip(rows, self.table.preprocessed_values, strict=True):
            row.reshape(-1, len(values))[:] = values
        return rows


@dataclass(frozen=True)
class Circuit:
    """Everything that the proof system needs to know of a statement; computed by each side for itself.

    publics: the scalars of `Public` nodes, in [0, P). public_terms: the statement's own bus tuples. sum_targets: what
    each circuit-wide sum must be, in [0, P). label: what else the digest must tell, such as the hash that is computed.
    """

    placed: tuple[PlacedTable, ...]
    publics: Mapping[str, int]
    public_terms: tuple[PublicTerm, ...]
    sum_targets: Mapping[str, int]
    label: str = ""

    @cached_property
    def bus_width(self) -> int:
        """Widest payload of any bus; every tuple is padded to it with zeros, then the bus identifier."""
        return max(interaction.bus.width for item in self.placed for interaction in item.table.interactions)

    @cached_property
    def sum_names(self) -> list[str]:
        """Targets of the circuit-wide sums, sorted."""
        return sorted(self.sum_targets)

    @cached_property
    def digest(self) -> bytes:
        """Keccak-256 of all tables, heights, buses, constraints and sums (SPEC §4.1)."""
        label = self.label.encode()
        head = b"zkpay/circuit/v1" + len(label).to_bytes(8, "little") + label
        return keccak256(head + b"".join(_table_bytes(item) for item in self.placed))

    def check(self) -> None:
        """Refuse a circuit whose names, buses, heights or sums are not well formed (ValueError)."""
        names = [constraint.name for item in self.placed for constraint in item.table.constraints]
        names += [interaction.name for item in self.placed for interaction in item.table.interactions]
        if len(set(names)) != len(names):
            raise ValueError("constraint and interaction names must be unique")
        buses = {interaction.bus for item in self.placed for interaction in item.table.interactions}
        buses |= {term.bus for term in self.public_terms}
        # Identifiers are field elements in a tuple: equal ones modulo P would be one bus.
        if len({bus.identifier for bus in buses}) != len(buses) or any(not 0 < bus.identifier < P for bus in buses):
            raise ValueError("bus identifiers must be unique, at least 1 and below P")
        if any(len(term.payload) != term.bus.width for term in self.public_terms):
            raise ValueError("a public term's payload is not as wide as its bus")
        for item in self.placed:
            if item.height < 1 or item.height & (item.height - 1):
                raise ValueError(f"table {item.table.name}: height {item.height} is not a power of two")
            if not item.table.columns:
                raise ValueError(f"table {item.table.name} has no main columns")
            if any(not _is_period(len(values), item.height) for values in item.table.preprocessed_values):
                raise ValueError(
                    f"table {item.table.name}: a preprocessed column has neither {item.height} values nor a power of "
                    "two below"
                )
            own_row = [entry for i in item.table.interactions for entry in (*i.payload, i.multiplicity)]
            if _next_row([*own_row, *(row_sum.expression for row_sum in item.table.sums)]):
                raise ValueError(f"table {item.table.name}: an interaction or a sum reads the next row")
            if any(row_sum.target not in self.sum_targets for row_sum in item.table.sums):
                raise ValueError(f"table {item.table.name}: a sum without a target")


def _is_period(count: int, height: int) -> bool:
    # The height is a power of two, so a power of two up to it divides it.
    return 1 <= count <= height and not count & (count - 1)


def _next_row(expressions: Iterable[Expression]) -> list[Column]:
    """The columns that the expressions read on the next row."""
    found: list[Column] = []
    seen: set[Expression] = set()
    pending = list(expressions)
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Column) and node.rotation == 1:
            found.append(node)
        elif isinstance(node, Linear):
            pending.extend(term for _, term in node.terms)
        elif isinstance(node, Product):
            pending.extend((node.left, node.right))
    return found


def _helper_degree(group: Sequence[Interaction]) -> int:
    """Degree of h * prod D_j - sum m_i * prod_{j != i} D_j, for D linear in the payload."""
    denominators = [max((entry.degree for entry in item.payload), default=0) for item in group]
    everything = sum(denominators)
    return max(
        1 + everything,
        *(item.multiplicity.degree + everything - own for item, own in zip(group, denominators, strict=True)),
    )


class _Serialiser:
    """Reads an expression into bytes: nodes numbered in the order in which they are first met."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def _number(self, text: str) -> int:
        return self.numbers.setdefault(text.encode(), len(self.numbers))

    def constant(self, value: int) -> int:
        return self._number(f"constant {value}")

    def public(self, name: str) -> int:
        return self._number(f"public {name!r}")

    def column(self, column: Column) -> int:
        return self._number(f"column {column.phase} {column.index} {column.rotation}")

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        return self._number(f"linear {constant}" + "".join(f" {coefficient!r}*{term}" for coefficient, term in terms))

    def product(self, left: int, right: int) -> int:
        return self._number(f"product {left} {right}")


def _table_bytes(item: PlacedTable) -> bytes:
    table = item.table
    serialiser = _Serialiser()
    memory: dict[Expression, int] = {}

    def number(expression: Expression) -> int:
        return read(expression, serialiser, memory)

    lines: list[str] = [f"table {table.name!r} height {item.height} width {table.width}"]
    lines += [
        f"preprocessed {len(values)} {keccak256(values.astype('<i8').tobytes()).hex()}"
        for values in table.preprocessed_values
    ]
    lines += [f"{c.where} {c.name!r} {number(c.expression)}" for c in table.constraints]
    lines += [
        f"bus {i.bus.name!r} {i.bus.identifier} {i.bus.width} {i.sign} {[number(e) for e in i.payload]} "
        f"{number(i.multiplicity)} {i.name!r}"
        for i in table.interactions
    ]
    lines += [f"sum {s.target!r} {number(s.expression)} {s.name!r}" for s in table.sums]
    body = "\n".join(lines).encode() + b"\n" + b"\n".join(serialiser.numbers)
    return len(body).to_bytes(8, "little") + body
