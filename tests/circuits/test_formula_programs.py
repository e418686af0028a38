"""Random formulas over tiny fields: of all witnesses of all records, exactly those with the definition's value pass."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.circuits.formula_tables import LineTable, narrow_look_ups, small_fields
from zkpay.policy.language.tree import FormulaFaults, Table

FIELDS = small_fields(("x", 5), ("y", 2), symbols={"kind": 2})
TABLES = {"weight": Table("weight", "kind", (1, 6)), "share": Table("share", None, (2, 0, 5))}
RECORDS = [{"x": x, "y": y, "kind": kind} for x, y, kind in itertools.product(range(6), range(3), range(2))]
PROGRAMS = 150


def number(generator: random.Random, depth: int) -> str:
    """The text of a number; some can be negative, or divide by 0, and are then refused."""
    if depth == 0:
        return generator.choice(["x", "y", "weight[kind]", str(generator.randrange(7))])
    a, b = number(generator, depth - 1), number(generator, generator.randrange(depth))
    condition = truth(generator, depth - 1)
    return generator.choice(
        [
            f"({a} + {b})",
            f"({a} * {b})",
            f"({a} - min({a}, {b}))",
            f"({a} // ({b} + 1))",
            f"({a} % max({b}, 1))",
            f"({a} // {generator.randrange(1, 6)})",
            f"({a} % {generator.randrange(1, 6)})",
            f"round_div({a}, {b} + 2)",
            f"ceil_div({a}, 3)",
            f"min({a}, {b})",
            f"max({a}, {b}, 2)",
            f"clamp({a}, 1, 4)",
            f"isqrt({a})",
            f"share[min({a}, 2)]",
            f"tiers({a}, [(1, 2), (3, {b}), (rest, 1)])",
            f"({a} if {condition} else {b})",
            f"({a} // {b} if {b} > 0 else {a})",
            f"({a} - {b} if {a} >= {b} else 1)",
        ]
    )


def truth(generator: random.Random, depth: int) -> str:
    """The text of a condition."""
    a, b = number(generator, max(0, depth - 1)), number(generator, 0)
    simple = f"({a} {generator.choice(['==', '!=', '<', '<=', '>', '>='])} {b})"
    if depth == 0:
        return generator.choice([simple, "kind == a", "kind != b"])
    other = truth(generator, depth - 1)
    return generator.choice([simple, f"({simple} and {other})", f"({simple} or {other})", f"(not {other})"])


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_look_ups(monkeypatch, 3)
    generator = random.Random(seed)
    while True:
        text = number(generator, 1 + seed % 3)
        try:
            bench = LineTable({"line": text}, "line", FIELDS, TABLES, {}, width=3)
        except FormulaFaults:
            continue
        if len(bench.table.columns) <= 45:
            break
    assert bench.all_values(RECORDS, [1] * len(RECORDS)) == [{value} for value in bench.expected(RECORDS)], text
    records = [*RECORDS, *RECORDS[: 64 - len(RECORDS)]]
    active = [1] * len(RECORDS) + [0] * (64 - len(RECORDS))
    trace = bench.filled(records, active)
    assert bench.passing(trace).all(), text
    assert bench.values(trace)[len(RECORDS) :] == [0] * (64 - len(RECORDS))
