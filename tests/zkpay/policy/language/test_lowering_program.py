"""What a program is made of: arguments first, everything safe for every input, the same in every run."""

import os
import subprocess
import sys

import pytest

from tests.zkpay.policy.language.formulas import (
    CONSTANTS,
    FIELDS,
    MANY,
    TABLES,
    RandomLines,
    columns_of,
    formula_of,
    program_of,
)
from zkpay.policy.language.columns import public_values
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.lowering_nodes import MAX_NODES
from zkpay.policy.language.program import CONDITIONS, Node, Operation, Program
from zkpay.policy.language.tree import FormulaFaults, Level


def listing(program: Program) -> list[str]:
    """The program in full: every node by the places of its arguments."""
    place = {node: index for index, node in enumerate(program.nodes)}
    nodes = [
        f"{node.operation} {[place[argument] for argument in node.arguments]} {node.value} {node.low} {node.high} "
        f"{node.level.name} {node.text} {node.line}"
        for node in program.nodes
    ]
    names = [f"{name} {place[node]}" for name, node in (*program.lines.items(), *program.totals.items())]
    return nodes + names


def random_programs(seeds: range) -> list[Program]:
    found = []
    for seed in seeds:
        try:
            found.append(lower(parse_formula(RandomLines(seed).lines, FIELDS, TABLES, CONSTANTS), MANY, MANY))
        except FormulaFaults:
            continue
    return found


def check_node(node: Node) -> None:
    assert 0 <= node.low <= node.high
    assert node.high.bit_length() <= 1024
    assert (node.low == node.high) <= (node.operation in (Operation.CONSTANT, Operation.TOTAL))
    first = node.arguments[0] if node.arguments else node
    last = node.arguments[-1] if node.arguments else node
    if node.operation in (Operation.DIVIDE, Operation.REMAINDER):
        assert last.low >= 1
    if node.operation is Operation.SELECT:
        assert first.is_condition
    if node.operation in (Operation.AND, Operation.OR, Operation.NOT):
        assert first.is_condition
        assert last.is_condition
    if node.operation in CONDITIONS:
        assert (node.low, node.high) == (0, 1)
    if node.operation in (Operation.SUM, Operation.LARGEST):
        assert first.level <= Level.CONTRIBUTION
        assert node.level is Level.ACCOUNT
    elif node.operation is not Operation.TOTAL and node.arguments:
        levels = {argument.level for argument in node.arguments}
        assert node.level is max(levels)
        assert not levels >= {Level.CONTRIBUTION, Level.ACCOUNT}


def test_nodes_are_well_formed_and_stand_after_their_arguments() -> None:
    for program in random_programs(range(300)):
        seen: set[Node] = set()
        for node in program.nodes:
            assert seen.issuperset(node.arguments)
            seen.add(node)
            check_node(node)
        assert seen.issuperset(program.lines.values())
        assert seen.issuperset(program.totals.values())
        assert len({(node.operation, node.arguments, node.value) for node in seen}) == len(seen)
        wanted = [node for node in program.nodes if node.operation in (Operation.SUM, Operation.LARGEST)]
        assert list(program.aggregates) == wanted


SHOWN = {
    "points": "weight[kind] * quantity // 7 + (quality - 4 if quality > 4 and kind != data else quantity // quality)",
    "best": "max(points if kind == data or quantity < 9)",
    "score": "min(isqrt(sum(points)), cap) + best",
    "payout": "round_div(pool * score, total(score)) if count() > 1 else tiers(score, [(5, 3), (rest, 2)])",
}
PROGRAM = """
from tests.zkpay.policy.language.formulas import program_of
from tests.zkpay.policy.language.test_lowering_program import SHOWN, listing
print("\\n".join(listing(program_of(**SHOWN))))
"""


def test_programs_are_the_same_in_every_run() -> None:
    expected = listing(program_of(**SHOWN))
    assert listing(program_of(**SHOWN)) == expected
    for seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        assert ran.stdout.splitlines() == expected


def test_what_lowers_for_many_lowers_for_fewer_with_bounds_no_wider() -> None:
    checked = 0
    for seed in range(200):
        try:
            formula = parse_formula(RandomLines(seed).lines, FIELDS, TABLES, CONSTANTS)
            many = lower(formula, MANY, MANY)
        except FormulaFaults:
            continue
        for records, accounts in ((2**14, 2**10), (7, 7), (2, 1), (0, 0)):
            few = lower(formula, records, accounts)
            for name, node in few.lines.items():
                checked += 1
                assert many.lines[name].low <= node.low
                assert node.high <= many.lines[name].high
            for text, node in few.totals.items():
                assert node.high <= many.totals[text].high
    assert checked > 500


def test_what_was_proved_of_accounts_is_not_public_where_no_account_is_left_in_it() -> None:
    # With few records `step` is constant, and what each account gets is the same; but with no account, it is not 0.
    formula = formula_of(step="max(sum(quality), 2_000_000)", payout="pool * step // total(step)")
    few = lower(formula, 3, 3)
    assert few.lines["step"].operation is Operation.CONSTANT
    assert (few.payout.level, few.payout.high) == (Level.ACCOUNT, 10**20)
    assert few.payout not in public_values(few, {"total(step)": 0})
    assert columns_of(few, []).over_accounts("payout").tolist() == []


def test_conditions_as_lines() -> None:
    program = program_of(good="quality > 5", odd="good and quantity % 2 == 1", x="1 if odd else 2")
    assert program.lines["good"].is_condition
    assert program.lines["x"].arguments[0] is program.lines["odd"]


def test_guards_are_as_small_as_the_proof_needs() -> None:
    program = program_of(
        x="(quantity - quality if quality <= quantity else 1) + 7 // (quantity % 3) if quantity % 3 > 0 else 0"
    )
    assert Operation.AND not in {node.operation for node in program.nodes}


@pytest.mark.parametrize("text", ["total(count())", "total(count()) + 1", "cap // 3"])
def test_payouts_of_the_epoch_are_lower_level_nodes(text: str) -> None:
    assert program_of(payout=text).payout.level <= Level.TOTAL


@pytest.mark.parametrize(
    ("guard", "text"),
    [
        # The guard holds for every account, and only accounts make the difference safe.
        ("u <= count() - (1 if count() >= 2 else 0)", "total(count()) - u"),
        ("u <= count() - (1 if count() >= 2 else 0)", "(total(count()) - u) * 2"),
    ],
)
def test_what_needs_an_account_is_not_public(guard: str, text: str) -> None:
    program = program_of(u="1 - min(total(sum(quantity)), 1)", payout=f"{text} if {guard} else 0")
    assert program.payout.level is Level.ACCOUNT
    values = public_values(program, dict.fromkeys(program.totals, 0))
    assert all(node.low <= value <= node.high for node, value in values.items())


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("1 // total(min(count(), 1))", "total(min(count(), 1))"),
        ("round_div(share[2], total(share[1 + min(count(), 1)]))", "total(share[1 + min(count(), 1)])"),
    ],
)
def test_public_shares_of_a_total_without_accounts_are_0(text: str, total: str) -> None:
    program = program_of(x=text)
    assert public_values(program, {total: 0})[program.lines["x"]] == 0
    assert columns_of(program, []).line("x") == 0


def test_a_formula_that_passed_is_narrowed_though_it_gets_more_nodes() -> None:
    """For one record `count() + 10` is a constant, and a comparison with one takes two nodes more."""
    lines, before = {"s": "sum(wide)"}, "0"
    for start in range(0, 810, 15):
        counted = [f"(1 if s <= count() + {10 + 3 * (start + k)} else 0)" for k in range(15)]
        lines[f"l{start}"] = " + ".join([before, *counted])
        before = f"l{start}"
    formula = formula_of(**lines, payout=before)
    assert len(lower(formula, MANY, MANY).nodes) <= MAX_NODES
    few = lower(formula, 1, 1)
    assert (few.records, few.payout.high) == (1, 810)
