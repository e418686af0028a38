"""Compiled formulas against their definition: filled rows pass with its values, and no others do."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.circuits.formula_tables import LineTable, narrow_look_ups, small_fields
from zkpay.circuits.checker import violated_names
from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.policy.language.tree import Table
from zkpay.stark.air import MAX_DEGREE, Circuit, PlacedTable
from zkpay.stark.field import P

FIELDS: tuple[Field, ...] = (
    SymbolField("kind", ("data", "compute", "model")),
    NumberField("quantity", 10**9),
    NumberField("quality", 10_000),
    NumberField("small", 12),
    NumberField("wide", 2**128 - 1),
)
TABLES = {
    "weight": Table("weight", "kind", (3, 5, 2**100)),
    "share": Table("share", None, (3, 3, 2, 1, 0, 9, 2**70, 7, 7, 7, 7, 7, 1)),
}
CONSTANTS = {"cap": 2_000_000, "pool": 250_000 * 10**18}
ROWS = 64

RECORD_LINES = {
    "points": "weight[kind] * quantity * quality // 10_000",
    "gap": "max(quantity, quality) - min(quantity, quality)",
    "root": "isqrt(quantity * wide)",
    "entry": "share[small] * 3 + quantity",
    "half": "wide * wide // (wide + 1)",
    "guarded": "quantity // quality if quality > 0 and kind != data else wide % 1000",
    "slices": "tiers(quantity, [(100, 5), (1000, 3), (rest, 1)])",
    "rounded": "round_div(quantity * 7, 3) + ceil_div(wide, 10_000_000_000)",
    "clamped": "clamp(quantity, 500, cap)",
    "cube": "wide * wide * wide",
    "seventh": "wide * wide * wide * wide * wide * wide * wide % (wide * wide + 12345678901234567890)",
    "both": "quantity // (quality + 1) + quantity % (quality + 1)",
    "chosen": "1 if (kind == data or kind == model) and not quantity > quality else 0",
    "cube_root": "isqrt(wide * wide * wide)",
    "chain": "(quantity + quality) * (quantity + 3) * 5 * (wide if quality == 0 else quantity)",
    "structure": "quantity - quantity // 3 + small - small % 5",
    "divisor": "(wide if quantity < 10 else quantity) // (1 + small)",
    "large_modulus": "wide % 1_000_000_000_000_000_000",
    "power_of_two": "wide % 1_099_511_627_776",
    "either": "1 if quantity <= 5 or quality <= 5 or small == 3 else 0",
    "thousand_bits": "wide * wide * wide * wide * wide * wide * wide * quantity * quantity",
    "fixed": "7",
    "same": "quantity",
}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look-ups of at most 2 bits."""
    narrow_look_ups(monkeypatch, 2)


def edge_biased(generator: random.Random, field: Field) -> int:
    if isinstance(field, SymbolField):
        return generator.randrange(len(field.values))
    most = field.maximum
    bits = generator.randrange(1, most.bit_length() + 1)
    edges = [0, 1, most, most - 1, (1 << 14) - 1, 1 << 14, (1 << 28) - 1, 1 << bits, generator.getrandbits(bits)]
    return min(most, generator.choice(edges))


def edge_records(seed: str, fields: Sequence[Field] = FIELDS) -> list[Mapping[str, int]]:
    generator = random.Random(seed)
    return [{field.name: edge_biased(generator, field) for field in fields} for _ in range(ROWS)]


@pytest.mark.parametrize("width", [10, 14])
@pytest.mark.parametrize("line", list(RECORD_LINES))
def test_lines_of_records(line: str, width: int) -> None:
    bench = LineTable(RECORD_LINES, line, FIELDS, TABLES, CONSTANTS, output_width=width)
    records = edge_records(line)
    active = [int(row % 5 != 3) for row in range(ROWS)]
    trace = bench.filled(records, active)
    assert bench.passing(trace).all()
    wanted = [value * on for value, on in zip(bench.expected(records), active, strict=True)]
    assert bench.values(trace) == wanted
    assert all(constraint.expression.degree <= MAX_DEGREE for constraint in bench.table.constraints)
    assert all(limb.maximum < 1 << width for limb in bench.result)


ACCOUNT_LINES = {
    "score": "sum(quantity)",
    "share_of_pool": "pool * score // total(score)",
    "rounded_share": "round_div(score * 1_000, total(sum(quality))) + ceil_div(score, total(score))",
    "left": "score % total(sum(wide))",
    "capped": "min(pool * score // total(score), cap)",
    "mean": "sum(wide) // count()",
    "best": "max(quantity) + max(wide)",
    "scaled": "score * total(score) * 3 + total(score) * total(score)",
    "threshold": "score if total(score) >= 1_000_000 and score >= 5 else 0",
    "public_choice": "score if total(sum(small)) > 40 else max(wide)",
    "above_average": "1 if score * count() > total(score) else 0",
    "twice": "score * total(score) * total(sum(wide)) // (total(score) + 1)",
}


@pytest.mark.parametrize("width", [10, 14])
@pytest.mark.parametrize("line", list(ACCOUNT_LINES))
def test_lines_of_accounts(line: str, width: int) -> None:
    bench = LineTable(ACCOUNT_LINES, line, FIELDS, TABLES, CONSTANTS, width=width)
    for seed in ("some", "more"):
        records = edge_records(f"{line} {seed}")
        active = [int(row % 7 != 3) for row in range(ROWS)]
        trace = bench.filled(records, active)
        assert bench.passing(trace).all()
        wanted = [value * on for value, on in zip(bench.expected(records), active, strict=True)]
        assert bench.values(trace) == wanted


def test_totals_of_nothing() -> None:
    nothing = {field.name: 0 for field in FIELDS}
    for line in ("share_of_pool", "rounded_share", "left", "capped", "twice"):
        bench = LineTable(ACCOUNT_LINES, line, FIELDS, TABLES, CONSTANTS)
        trace = bench.filled([nothing] * 4, [1, 1, 1, 0])
        assert bench.passing(trace).all()
        assert bench.values(trace) == [0, 0, 0, 0]


@pytest.mark.parametrize("line", ["points", "guarded", "slices", "root", "entry", "divisor", "large_modulus", "either"])
def test_every_column_is_bound(line: str) -> None:
    """No single column can be changed on an active row; what is written on others doesn't reach the line's limbs."""
    bench = LineTable(RECORD_LINES, line, FIELDS, TABLES, CONSTANTS, output_width=10)
    leaves = {column.name for group in bench.leaves.values() for column in group} | {"active"}
    records = edge_records(line)
    added = [column for column in bench.table.columns if column.name not in leaves]
    generator = random.Random(line)
    for column in added:
        trace = bench.filled(records, [1] * ROWS)
        before = trace[column.name].copy()
        steps = np.array([generator.choice([1, P - 1, 1 << 14, generator.randrange(1, P)]) for _ in range(ROWS)])
        trace[column.name][:] = (before + steps) % P
        passes = bench.passing(trace)
        if column.name.endswith(" inverse"):
            # Where the symbol is the one asked for, its inverse isn't used.
            passes &= before != 0
        assert not passes.any(), column.name
    trace = bench.filled(records, [0] * ROWS)
    for limb in bench.result:
        (column,) = (column for column in bench.table.columns if column is limb.expression)
        trace[column.name][:] = 1
        assert not bench.passing(trace).any()
        trace[column.name][:] = 0


def test_the_checker_names_the_wrong_expression() -> None:
    lines = {"inner": "quantity * quality", "points": "max(inner, 5) // 7 + isqrt(quality)"}
    bench = LineTable(lines, "points", FIELDS, TABLES, CONSTANTS)
    records = edge_records("names")
    names = [column.name for column in bench.table.columns]
    for column, wrong in (
        ("inner[0]", "inner line 0"),
        ("points: max(inner, 5) // 7[0]", "points: max(inner, 5) // 7 line 0"),
        ("points: isqrt(quality)[0]", "points: isqrt(quality) line 0"),
        ("points[0]", "points line 0"),
    ):
        assert column in names
        trace = bench.filled(records, [1] * ROWS)
        trace[column][0] ^= 1
        placed = PlacedTable(bench.table, ROWS)
        assert f"t/{wrong}" in violated_names(Circuit((placed,), {}, (), {}), {"t": trace.values})


def test_many_symbols() -> None:
    names = [f"kind-{number}" for number in range(62)]
    fields: list[Field] = [SymbolField("kind", tuple(names)), NumberField("quantity", 1000)]
    lines = {
        "listed": "quantity if " + " or ".join(f"kind == '{name}'" for name in names[:60]) + " else 0",
        "chained": "".join(f"{n} * quantity if kind == '{name}' else " for n, name in enumerate(names[:50], 1)) + "0",
    }
    records = [{"kind": code % 62, "quantity": 10 * code} for code in range(64)]
    for line in lines:
        bench = LineTable(lines, line, fields, {}, {})
        trace = bench.filled(records, [1] * 64)
        assert bench.passing(trace).all()
        assert bench.values(trace) == bench.expected(records)
    # Tests of one field for different symbols exclude one another, so their sum is the condition.
    listed = LineTable(lines, "listed", fields, {}, {})
    assert sum(not column.name.endswith("inverse") for column in listed.table.columns) <= 60 + 5


def test_one_name_for_each_of_two_equal_texts() -> None:
    lines = {"first": "quantity * quality + 1", "second": "isqrt(first) + isqrt(first + 1) + isqrt(first)"}
    bench = LineTable(lines, "second", FIELDS, TABLES, CONSTANTS, output_width=10)
    names = [column.name for column in bench.table.columns]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("x", "min(a, b) + max(a, 2)"),
        ("x", "a * b + isqrt(a * b)"),
        ("x", "a // (b + 1) + a % (b + 1)"),
        ("x", "(a if kind == a_kind or b > 1 else b) * 3"),
        ("x", "a // b if b > 0 and a > b else share[b]"),
        ("x", "weight[kind] - min(weight[kind], a)"),
        ("x", "tiers(a + b, [(1, 3), (4, 2), (rest, 1)])"),
        ("x", "1 if a == b or not (a < 3 and b < 2) else 2"),
        ("x", "round_div(a * 3, 4) + ceil_div(b, 2)"),
        ("x", "a * a * b"),
    ],
)
def test_all_witnesses_of_small_formulas(line: str, text: str, narrow: None) -> None:
    fields = small_fields(("a", 5), ("b", 3))
    fields.append(SymbolField("kind", ("a_kind", "b_kind")))
    tables = {"weight": Table("weight", "kind", (1, 6)), "share": Table("share", None, (2, 0, 5, 1))}
    bench = LineTable({line: text}, line, fields, tables, {}, width=2)
    records = [{"a": a, "b": b, "kind": kind} for a, b, kind in itertools.product(range(6), range(4), range(2))]
    assert bench.all_values(records, [1] * len(records)) == [{value} for value in bench.expected(records)]


@pytest.mark.parametrize(
    "text",
    [
        "10 * sum(a) // total(sum(a))",
        "min(sum(a), total(sum(b)))",
        "sum(a) % total(sum(b)) + max(b)",
        "sum(a) if total(sum(a)) > 5 else sum(b)",
    ],
)
def test_all_witnesses_of_small_account_formulas(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow_look_ups(monkeypatch, 3)
    fields = small_fields(("a", 5), ("b", 3))
    bench = LineTable({"x": text}, "x", fields, {}, {}, width=3, records=24)
    for a_most, b_most in ((5, 3), (1, 0), (0, 1), (0, 0)):
        records = [{"a": a, "b": b} for a, b in itertools.product(range(a_most + 1), range(b_most + 1))]
        assert bench.all_values(records, [1] * len(records)) == [{value} for value in bench.expected(records)]


def test_conditions_of_very_many_parts() -> None:
    """A condition is asked for its symbols once, however deep: not once for each that contains it."""
    fields: list[Field] = [NumberField("quantity", 10_000)]
    lines, before = {}, "quantity >= 9_999"
    for start in range(0, 1120, 40):
        parts = [f"quantity >= {9_000 - start - k}" for k in range(40)]
        lines[f"some{start}"] = " or ".join([before, *parts])
        before = f"some{start}"
    lines["x"] = f"1 if {before} else 0"
    bench = LineTable(lines, "x", fields, {}, {})
    records = [{"quantity": quantity} for quantity in (0, 9_000 - 1120, 9_000 - 1119, 10_000)]
    trace = bench.filled(records, [1] * 4)
    assert bench.values(trace) == bench.expected(records) == [0, 0, 1, 1]
