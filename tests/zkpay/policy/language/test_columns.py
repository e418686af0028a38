"""Columns against the definition, on random formulas and records; every value within the bounds of its node."""

import functools
import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zkpay.policy.language.formulas import (
    CONSTANTS,
    FIELDS,
    MANY,
    TABLES,
    RandomLines,
    columns_of,
    formula_of,
    program_of,
    random_records,
)
from zkpay.policy.language.columns import Columns, Value, public_values
from zkpay.policy.language.definition import Record, evaluate
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.lowering_facts import Context
from zkpay.policy.language.lowering_proofs import Proofs
from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.language.tree import Formula, FormulaFaults, Level

SEEDS = range(40)
FORMULAS_PER_SEED = 12


class KeptColumns(Columns):
    """Columns that keep every value, and check it against the bounds of its node."""

    def __init__(self, *arguments: object) -> None:
        self.kept: dict[Node, Value] = {}
        super().__init__(*arguments)  # type: ignore[arg-type]

    def _computed(self, node: Node) -> Value:
        value = super()._computed(node)
        self.kept[node] = value
        nobody = node.level is Level.ACCOUNT and not self._count
        for single in [] if nobody else plain(value):
            assert type(single) is int
            assert node.low <= single <= node.high, (node.text, single)
        if not isinstance(value, int):
            assert (value.dtype == object) == (node.high >= 2**62)
        return value


def plain(value: Value) -> list[int]:
    return [value] if isinstance(value, int) else value.tolist()


@functools.cache
def random_formulas(seed: int) -> list[Formula]:
    """The formulas of this seed that are within bounds for any number of records."""
    found = []
    for count in range(FORMULAS_PER_SEED):
        try:
            formula = parse_formula(RandomLines(1000 * seed + count).lines, FIELDS, TABLES, CONSTANTS)
            lower(formula, MANY, MANY)
        except FormulaFaults:
            continue
        found.append(formula)
    return found


def check_columns(formula: Formula, program: Program, records: list[Record]) -> KeptColumns:
    expected = evaluate(formula, records)
    columns = columns_of(program, records, KeptColumns)
    assert isinstance(columns, KeptColumns)
    for name, line in formula.lines.items():
        value = expected.lines[name]
        if isinstance(value, int):
            assert columns.line(name) == value
        elif line.expression.level is Level.CONTRIBUTION:
            assert columns.over_records(name).tolist() == value
        else:
            assert columns.over_accounts(name).tolist() == value
    assert columns.over_accounts("payout").tolist() == expected.payouts
    assert list(columns.totals().items()) == list(expected.totals.items())
    return columns


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_equal_the_definition(seed: int) -> None:
    dice = Random(seed)
    for formula in random_formulas(seed):
        records = random_records(dice, dice.choice([0, 1, 2, 3, 5, 8]))
        accounts = len({record.account for record in records})
        for program in (lower(formula, MANY, MANY), lower(formula, len(records), accounts)):
            columns = check_columns(formula, program, records)
            public = public_values(program, columns.totals())
            assert set(public) == {node for node in program.nodes if node.level <= Level.TOTAL}
            for node, value in public.items():
                assert columns.kept[node] == value


def test_random_formulas_reach_every_operation_and_most_are_refused_for_no_fault() -> None:
    formulas = [formula for seed in SEEDS for formula in random_formulas(seed)]
    assert len(formulas) > len(SEEDS) * FORMULAS_PER_SEED // 3
    used = {node.operation for formula in formulas for node in lower(formula, MANY, MANY).nodes}
    assert used == set(Operation)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_proofs_hold_on_values(seed: int) -> None:
    """Whatever is proved of two nodes is true of their values, for records and for accounts."""
    dice = Random(seed)
    proved = 0
    for formula in random_formulas(seed)[:4]:
        records = random_records(dice, 6)
        program = lower(formula, 6, 3)
        columns = columns_of(program, records, KeptColumns)
        assert isinstance(columns, KeptColumns)
        proofs = Proofs(Context(formula))
        for level in (Level.CONTRIBUTION, Level.ACCOUNT):
            nodes = [node for node in program.nodes if node.level is level and not node.is_condition][:25]
            for x, y in itertools.permutations(nodes, 2):
                pairs = list(zip(plain(columns.kept[x]), plain(columns.kept[y]), strict=True))
                ratio = proofs.ratio(x, y)
                if ratio is not None:
                    proved += 1
                    assert all(a <= ratio * b for a, b in pairs), (x.text, y.text, ratio)
                if proofs.at_most(x, y):
                    assert all(a <= b for a, b in pairs), (x.text, y.text)
                if proofs.at_most(x, y, gap=3):
                    assert all(a + 3 <= b for a, b in pairs), (x.text, y.text)
            for node in nodes:
                bound = proofs.sum_over_accounts(node, 6, 3)
                assert level is Level.CONTRIBUTION or sum(plain(columns.kept[node])) <= bound
    assert proved


@given(st.integers(0, 2**127 + 5), st.integers(0, 1000), st.integers(3, 12))
def test_words_and_integers_meet_without_a_seam(wide: int, quantity: int, quality: int) -> None:
    """Operations on values on both sides of 2^62 in one formula."""
    formula = formula_of(
        small="quantity * 4611686018427387 - min(quantity, quality)",
        root="isqrt(wide) + isqrt(wide // 3) + isqrt(small)",
        chosen="wide if quantity > 500 else quality",
        table="9_223_372_036_854_775_808 if kind == data else 0",
        huge="wide * wide // (small + 1) % 18446744073709551616",
        payout="sum(root) + max(chosen) + sum(table) * 3 + min(huge) // count()",
    )
    records = [
        Record(b"\x01" * 20, {"kind": 0, "quantity": quantity, "quality": quality, "wide": wide}),
        Record(b"\x02" * 20, {"kind": 1, "quantity": 1000 - quantity, "quality": 12, "wide": 2**62}),
        Record(b"\x01" * 20, {"kind": 2, "quantity": 501, "quality": 3, "wide": 2**62 - 1}),
    ]
    check_columns(formula, lower(formula, MANY, MANY), records)


def test_roots_of_words_are_exact_at_squares() -> None:
    formula = formula_of(x="isqrt(quantity * quantity * 4_000_000_000_000 - 1 if quantity > 0 else 0)", payout="sum(x)")
    program = lower(formula, MANY, MANY)
    assert program.lines["x"].arguments[0].high < 2**62
    records = [
        Record(bytes([1]) * 20, {"kind": 0, "quantity": quantity, "quality": 3, "wide": 0}) for quantity in range(1001)
    ]
    columns = check_columns(formula, program, records)
    assert columns.over_records("x").tolist() == [0, *(2_000_000 * quantity - 1 for quantity in range(1, 1001))]


def test_totals_of_words_do_not_wrap() -> None:
    formula = formula_of(x="4_611_686_018_427_387_903 * min(count(), 1)", t="total(x)", payout="min(t, 1)")
    records = [
        Record(bytes([account]) * 20, {"kind": 0, "quantity": 0, "quality": 3, "wide": 0}) for account in range(5)
    ]
    columns = check_columns(formula, lower(formula, 5, 5), records)
    assert columns.line("t") == 5 * (2**62 - 1)


def test_values_of_lines_alone_are_kept() -> None:
    program = program_of(x="quantity * 7 + quality", payout="sum(x)")
    columns = columns_of(program, random_records(Random(1), 4))
    assert columns.over_records("x").dtype == np.int64
    assert set(columns._values) <= {*program.lines.values(), *program.totals.values(), *program.nodes[:0]} | {
        node for node in program.nodes if node.operation is Operation.CONSTANT
    }


PUBLIC = {
    "score": "sum(quantity)",
    "rate": "share[total(count()) % 4] * 5 + 100 // total(score)",
    "left": "total(score) - total(score // 2)",
    "payout": "rate + left % 7",
}


def test_public_values_follow_from_the_totals() -> None:
    program = program_of(**PUBLIC)
    totals = {"total(count())": 6, "total(score)": 33, "total(score // 2)": 15}
    public = public_values(program, totals)
    assert public[program.lines["rate"]] == 2 * 5 + 100 // 33
    assert public[program.lines["left"]] == 18


@pytest.mark.parametrize(
    ("totals", "why"),
    [
        ({"total(count())": 6, "total(score)": 33}, r"no total of total\(score // 2\)"),
        ({"total(count())": 6, "total(score)": 33, "total(score // 2)": 34}, "left|is -1, which no epoch leads to"),
        ({"total(count())": 2**20 + 1, "total(score)": 33, "total(score // 2)": 1}, r"count\(\) is 1048577"),
        ({"total(count())": -1, "total(score)": 33, "total(score // 2)": 1}, r"count\(\) is -1"),
    ],
)
def test_totals_of_no_epoch_have_no_public_values(totals: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        public_values(program_of(**PUBLIC), totals)
