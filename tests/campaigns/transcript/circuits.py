"""Random small circuits with witnesses: every kind of column, constraint, bus, term and sum, in random numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.stark.air import Bus, Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import Expression, Public, constant, linear
from zkpay.stark.field import P

Values = NDArray[np.int64]
RANGE, PAIRS = Bus("range", 1, 1), Bus("pairs", 2, 2)
SERVED = 1024
"""Rows of the table that is looked up."""


@dataclass(frozen=True)
class Term:
    """An expression and its values on the rows of its table."""

    expression: Expression
    values: Values

    def __add__(self, other: Term) -> Term:
        return Term(self.expression + other.expression, (self.values + other.values) % P)

    def __mul__(self, other: Term) -> Term:
        return Term(self.expression * other.expression, self.values * other.values % P)


@dataclass
class Made:
    """What becomes a circuit."""

    publics: dict[str, int]
    sums: dict[str, int]
    looked_up: Values
    paired: Values


def random_case(dice: random.Random) -> tuple[Circuit, dict[str, NDArray[np.uint32]]]:
    """A circuit and columns that satisfy it."""
    made = Made({}, {}, np.zeros(SERVED, dtype=np.int64), np.zeros(SERVED, dtype=np.int64))
    placed, witness = [], {}
    for number in range(dice.randint(1, 3)):
        height = dice.choice([1024, 1024, 2048])
        table, columns = _working_table(dice, f"work {number}", height, made)
        placed.append(PlacedTable(table, height))
        witness[table.name] = columns
    terms = []
    for _ in range(dice.randint(1, 3)):
        value, count = dice.randrange(SERVED), dice.choice([1, 2, 7, -1])
        terms.append(PublicTerm(PAIRS, (value, value * value), count))
        made.paired[value] += count
    table, columns = _served_table(made)
    placed.insert(dice.randint(0, len(placed)), PlacedTable(table, SERVED))
    witness[table.name] = columns
    circuit = Circuit(tuple(placed), made.publics, tuple(terms), made.sums, dice.choice(["", "poseidon", "label"]))
    circuit.check()
    return circuit, {name: (values % P).astype(np.uint32) for name, values in witness.items()}


def _working_table(dice: random.Random, name: str, height: int, made: Made) -> tuple[Table, Values]:
    generator = np.random.default_rng(dice.getrandbits(64))
    table = Table(name, gadgets=["how a column is filled"])
    found: list[Values] = []

    def column(title: str, values: Values) -> Term:
        found.append(values)
        return Term(table.column(title), values)

    small = column("small", generator.integers(0, SERVED, height))
    flag = column("flag", generator.integers(0, 2, height))
    table.boolean("flag is a bit", flag.expression)
    known = [small, flag]
    for number in range(dice.randint(0, 2)):
        known.append(column(f"free {number}", generator.integers(0, P, height)))
    for number in range(dice.randint(1, 2)):
        period = dice.choice([1, 2, 8, height])
        fixed = generator.integers(0, P, period)
        known.append(Term(table.preprocessed_column(f"fixed {number}", fixed), np.resize(fixed, height)))
    for number in range(dice.randint(1, 3)):
        public = f"{name} scale {number}"
        made.publics[public] = dice.randrange(P)
        value, offset = _random_term(dice, known), dice.randrange(9)
        own = column(f"derived {number}", (made.publics[public] * value.values + offset) % P)
        table.every(f"derived {number}", own.expression - linear([(Public(public), value.expression)], offset))
        known.append(own)
    table.every("nothing", constant(0) * flag.expression)
    _running(table, column, _random_term(dice, known[:2], 2), made)
    table.send(RANGE, "small in range", [small.expression])
    made.looked_up += np.bincount(small.values, minlength=SERVED)
    if dice.random() < 0.7:
        table.send(
            PAIRS, "small has a square", [small.expression, small.expression * small.expression], flag.expression
        )
        made.paired += np.bincount(small.values[flag.values == 1], minlength=SERVED)
    for number in range(dice.randint(1, 2)):
        target, value = dice.choice(["first", "second"]), _random_term(dice, known)
        table.sum(target, f"total {number}", value.expression)
        made.sums[target] = (made.sums.get(target, 0) + int(value.values.sum())) % P
    return table, np.stack(found)


def _running(table: Table, column: Callable[[str, Values], Term], value: Term, made: Made) -> None:
    """A running sum: next-row reads, and constraints of the first and the last row."""
    total = np.cumsum(value.values) % P
    running = column("running", np.concatenate([[0], total[:-1]]))
    end = f"{table.name} end"
    made.publics[end] = int(total[-2])
    table.first("running starts", running.expression)
    table.transition("running adds", table.columns[-1].next - running.expression - value.expression)
    table.last("running ends", running.expression - Public(end))


def _random_term(dice: random.Random, known: list[Term], degree: int = 3) -> Term:
    """A polynomial in what is known, of at most this degree."""
    result = dice.choice(known)
    for _ in range(dice.randint(1, 4)):
        other = dice.choice(known)
        if dice.random() < 0.6 and result.expression.degree + other.expression.degree <= degree:
            result = result * other
        else:
            result = result + other
    return result


def _served_table(made: Made) -> tuple[Table, Values]:
    table = Table("served")
    rows = np.arange(SERVED)
    value = table.preprocessed_column("value", rows)
    looked_up, paired, square = (table.column(name) for name in ("looked up", "paired", "square"))
    table.every("square", square - value * value)
    table.receive(RANGE, "serves range", [value], looked_up)
    table.receive(PAIRS, "serves pairs", [value, square], paired)
    return table, np.stack([made.looked_up, made.paired, rows * rows])
