"""The differential campaign in small: 2,000 cases over 200 policies, and every case that once disagreed.

A case is a random policy with a random data set near every edge. Five readings of it must agree: the campaign's own
meaning of the policy, made together with its text; the definition, which walks the tree; the columns that pay; the
witness that the circuit's fillers write; and the checker, which must accept it. The other way round, changed verdicts,
cells and statements are filled up consistently, and the checker must object unless what they say is true.

Most cases are checked on the real tables without what no formula touches: no Poseidon columns, no Merkle trees, 64
rows; fixed tables are looked up directly. A share of them runs through the whole circuit at its real heights. More
of the same: `make campaign`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.campaigns.campaign import Tally
from tests.campaigns.differential.case import Case, case_of, disagreements, policy_of
from tests.campaigns.differential.epochs import Circuit, Epoch
from tests.campaigns.differential.lies import CellEdit, Liar
from tests.campaigns.differential.records import in_columns
from tests.campaigns.differential.regressions import load, regression_of
from tests.campaigns.differential.runner import Options, run_policy
from tests.campaigns.differential.stack import objections
from tests.campaigns.differential.whole import violated_by
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.errors import Rejected
from zkpay.policy.language.definition import Outcome, Record
from zkpay.policy.language.definition import evaluate as define
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import parse_policy

BLOCKS = 20
POLICIES = 10
CASES = 10
OPTIONS = Options(cases=CASES, lies=2, whole=0.03)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_all_readings_agree(block: int) -> None:
    tally = Tally()
    for number in range(POLICIES):
        tally.add(run_policy(f"test/{block}/{number}", OPTIONS))
    assert tally.findings == []
    assert tally.counts["policies"] == POLICIES
    assert tally.counts["cases"] == POLICIES * CASES
    # Most policies are what they were meant to be, and most lies are lies.
    assert tally.counts["policies refused"] <= POLICIES // 2
    assert tally.counts["honest witnesses"] >= POLICIES * CASES // 2
    assert tally.counts["false statements"] >= POLICIES
    assert tally.counts["files of records"] >= POLICIES * CASES // 2


@pytest.mark.parametrize("content", load(), ids=lambda content: content["found"][:60])
def test_what_once_disagreed_agrees(content: dict[str, Any]) -> None:
    case = regression_of(content)
    contributions = in_columns(case.rows, case.reasons, case.policy.rules)
    found = evaluate(case.policy, contributions)
    assert found.payouts == case.payouts
    circuit = Circuit(case.policy)
    epoch = Epoch(circuit, contributions, found.totals)
    assert objections(circuit.tables, circuit.offers, [epoch.draft]) == [set()]
    assert epoch.claims().payouts == case.payouts
    assert violated_by(case.policy, contributions, found) == set()


def test_each_part_of_the_circuit_stops_lies_alone() -> None:
    # A part that no lie needs would be a part that the campaign doesn't try: leave it out, and a false epoch passes.
    alone: set[str] = set()
    for number in range(40):
        made, policy = policy_of(f"power {number}")
        circuit = Circuit(policy)
        liar, lies = Liar(circuit), []
        for data in range(5):
            case = case_of(made, policy, f"power {number} {data}")
            if case.exact.paid <= policy.pool:
                epoch = Epoch(circuit, case.contributions, evaluate(policy, case.contributions).totals)
                told = [liar.lie(random.Random(f"{number} {data} {index}"), case, epoch) for index in range(4)]
                lies += [lie for lie in told if lie is not None and not lie.is_true]
        for names in objections(circuit.tables, circuit.offers, [lie.draft for lie in lies]) if lies else []:
            parts = {part_of(name) for name in names}
            alone |= parts if len(parts) == 1 else set()
    tables = {"contributions", "uniqueness", "window_limit", "account_limit", "tally", "payouts", "totals"}
    assert alone >= tables | {"bus/accounts", "bus/replacements", "sum"}


def part_of(name: str) -> str:
    """A table, for its constraints; a bus; or the sums over the circuit."""
    head, _, rest = name.partition("/")
    return f"bus/{rest}" if head == "bus" else head


def simple_case() -> Case:
    """A case whose payouts take a root, a sum and a quotient."""
    for number in range(1000):
        made, policy = policy_of(f"simple {number}")
        case = case_of(made, policy, f"simple {number}")
        if "isqrt(sum(" in made.text and len(set(case.exact.payouts)) > 1 and case.exact.paid <= policy.pool:
            return case
    raise ValueError("no simple case")


def defined(case: Case) -> Outcome:
    records = [Record(row.account.to_bytes(20, "big"), row.values) for row in case.accepted]
    return define(case.policy.formula, records)


def test_a_wrong_reading_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    case = simple_case()
    due = evaluate(case.policy, case.contributions)
    assert list(disagreements(case)) == []
    monkeypatch.setattr("zkpay.policy.meaning.evaluate", lambda *_: replace(due, payouts=[p + 1 for p in due.payouts]))
    assert any(what.startswith("columns: payouts") for what in disagreements(case))
    monkeypatch.undo()
    outcome = replace(defined(case), payouts=due.payouts[::-1])
    monkeypatch.setattr("tests.campaigns.differential.case.evaluate", lambda *_: outcome)
    assert any(what.startswith("definition: payouts") for what in disagreements(case))


def test_a_wrong_filler_is_found() -> None:
    case = simple_case()
    circuit = Circuit(case.policy)
    totals = evaluate(case.policy, case.contributions).totals
    payouts = next(table for table in circuit.tables if table.name == "payouts")
    column = next(column.index for column in payouts.columns if column.name == "payout[0]")
    owner = Liar(circuit).owners["payouts"][column]
    epoch = Epoch(circuit, case.contributions, totals, CellEdit("payouts", owner, column, (0,), (1,)))
    assert epoch.claims().payouts[0] == case.exact.payouts[0] + 1
    assert objections(circuit.tables, circuit.offers, [epoch.draft]) != [set()]


def test_seeds_give_the_same_cases_everywhere() -> None:
    made, policy = policy_of("stable")
    assert policy_of("stable")[0].text == made.text
    assert case_of(made, policy, "stable").rows == case_of(made, policy, "stable").rows


def test_operations_of_the_language_are_all_written() -> None:
    text = "\n".join(policy_of(f"words {number}")[0].text for number in range(300))
    words = "+ - * // % == != < <= > >= and or not if min( max( clamp( isqrt( round_div( ceil_div( tiers( rest".split()
    words += "sum( count() count( total( ladder[ weight[ unique limit account window corrections reasons _pool".split()
    assert [word for word in words if word not in text] == []


def test_totals_that_no_epoch_leads_to_are_rejected() -> None:
    # Each total alone is possible; their quotient isn't, as the lowering proves from the field's maximum.
    text = """
[policy]
name = "ratio"
pool = "100"
token = { symbol = "T", decimals = 0 }
[fields]
a = { max = "3" }
[formula]
ratio = "round_div(total(sum(a * a)), total(sum(a)))"
payout = "ratio * count()"
"""
    policy = parse_policy(text.encode(), "ratio")
    statement = Circuit(policy).empty_statement({"total(sum(a * a))": 100, "total(sum(a))": 1})
    with pytest.raises(Rejected, match="statement-inconsistent"):
        build_circuit(policy, statement)
