"""The circuit depends on policy and heights alone, and refuses statements that contradict themselves."""

from dataclasses import replace
from typing import Any

import pytest

from tests.circuits.scenarios import MIXED, POLICY, WIDEST, Record, policy_of, pro_rata, scenario, widest
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.heights import heights, natural_heights, node_count
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.errors import Rejected
from zkpay.ledger.tree import empty_subtrees
from zkpay.policy.policy import Policy
from zkpay.stark.field import P
from zkpay.stark.statement import Statement


def statement_of(policy: Policy, records: int, accounts: int) -> Statement:
    return Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="tests",
        epoch="1",
        commitment_digest=bytes(32),
        contribution_root=(0,) * 8,
        contribution_count=records,
        counts=tuple((name, 0 if code else records) for code, name in policy.rules.usable_reasons.items()),
        payout_root=(0,) * 8,
        account_count=accounts,
        pool=policy.pool,
        paid=0,
        dust=policy.pool,
        totals=tuple((text, 0) for text in policy.program(1024, 1024).totals),
    )


def test_digest_follows_policy_and_heights_only() -> None:
    epoch = scenario(MIXED)
    other = scenario(MIXED[:3])
    assert epoch.circuit.digest == other.circuit.digest
    assert build_circuit(POLICY, statement_of(POLICY, 1024, 1000)).digest == epoch.circuit.digest
    taller = build_circuit(POLICY, statement_of(POLICY, 1025, 1000)).digest
    rule = pro_rata(unique=False)
    weights = pro_rata(weights=(3, 5, 40, 2))
    digests = {
        epoch.circuit.digest,
        taller,
        *(build_circuit(policy, statement_of(policy, 9, 3)).digest for policy in (rule, weights, WIDEST)),
    }
    assert len(digests) == 5


@pytest.mark.parametrize("policy", [POLICY, WIDEST, widest(weights=(0, 0, 0, 0), pool=0)])
@pytest.mark.parametrize(("records", "accounts"), [(0, 0), (1 << 13, 1), (1 << 17, 1 << 17), (1 << 20, 1 << 20)])
def test_every_size_compiles(policy: Policy, records: int, accounts: int) -> None:
    circuit = build_circuit(policy, statement_of(policy, records, accounts))
    sizes = {item.table.name: item.height for item in circuit.placed}
    assert sizes == heights(policy, records, accounts)
    assert all(0 <= value < P for value in circuit.publics.values())


def test_widest_bounds_need_the_two_sided_carries() -> None:
    # One-sided look-ups would let carries through that wrap; the widest policy is where that matters.
    circuit = build_circuit(WIDEST, statement_of(WIDEST, 1 << 20, 1 << 20))
    gadgets = [gadget for item in circuit.placed for gadget in item.table.gadgets if isinstance(gadget, Balance)]
    assert any(carry.range.top_maximum is not None for gadget in gadgets for carry in gadget.carries)


@pytest.mark.parametrize("leaves", [0, 1, 2, 3, 5, 8, 9, 100])
def test_node_count(leaves: int) -> None:
    # Inner nodes + leaves + empty subtrees form a full binary tree.
    terminals = leaves + len(empty_subtrees(leaves))
    assert node_count(leaves) == terminals - 1


def test_heights() -> None:
    small = heights(POLICY, 0, 0)
    assert set(small.values()) == {1 << 10, 1 << 16}
    assert set(heights(POLICY, 1 << 13, 1).values()) == {1 << 10, 1 << 13, 1 << 16}
    tall = heights(POLICY, (1 << 13) + 1, 1)
    assert set(tall.values()) == {1 << 14, 1 << 16}
    assert heights(POLICY, 1 << 16, 1 << 12)["payouts"] == 1 << 14
    assert heights(POLICY, (1 << 16) + 1, 1)["contributions"] == 1 << 17
    assert "uniqueness" not in heights(pro_rata(unique=False), 5, 5)
    assert natural_heights(POLICY, 5, 3)["payout_nodes"] == 3


BAD: dict[str, dict[str, Any]] = {
    "counts of other reasons": {"counts": (("accepted", 12),)},
    "counts that don't add up": {"contribution_count": 13},
    "more accounts than accepted": {"account_count": 6},
    "no account for accepted records": {"account_count": 0},
    "another pool": {"pool": 1, "dust": 1, "paid": 0},
    "paid and dust": {"dust": 0},
    "negative": {"totals": (("total(score)", -1),)},
    "score out of reach": {"totals": (("total(score)", 1 << 200),)},
    "total of another name": {"totals": (("total(points)", 1),)},
    "no total": {"totals": ()},
    "too many": {"contribution_count": (1 << 20) + 1},
    "root of seven": {"payout_root": (0,) * 7},
    "root element of P": {"contribution_root": (P,) * 8},
}


@pytest.mark.parametrize("name", BAD)
def test_inconsistent_statements_are_rejected(name: str) -> None:
    statement = replace(scenario(MIXED).statement, **BAD[name])
    with pytest.raises(Rejected) as caught:
        build_circuit(POLICY, statement)
    assert caught.value.reason == "statement-inconsistent"


def test_reasons_need_their_rule() -> None:
    policy = pro_rata(unique=False)
    statement = statement_of(policy, 2, 1)
    counts = [("accepted", 1), ("duplicate", 1), *statement.counts[1:]]
    with pytest.raises(Rejected, match="counts are of"):
        build_circuit(policy, replace(statement, counts=tuple(counts)))


def test_limits_reach_their_tables() -> None:
    limit = 'limit = { account = 3, window = { time = "quantity", length = 10, count = 2 } }'
    rules = (limit, 'unique = ["kind", "quantity"]')
    policy = policy_of({"payout": "count()"}, rules=rules)
    sizes = heights(policy, 1 << 14, 1)
    for name in ("uniqueness", "uniqueness_2", "window_limit", "account_limit"):
        assert sizes[name] == 1 << 14
    assert "tables" not in heights(policy_of({"payout": "1"}, fields=('quantity = { max = "1" }',)), 1, 1)


def test_unused_lines_and_tables_cost_nothing() -> None:
    fields = ('kind = { values = ["data", "compute"] }', 'quantity = { max = "1000000" }')
    tables = ("weight = { data = 1, compute = 2 }", "step = [5, 6]")
    formula = {"points": "weight[kind] * step[quantity % 2] * quantity * quantity", "payout": "sum(quantity)"}
    lean = scenario([Record(1)], policy_of({"payout": "sum(quantity)"}, fields=fields)).circuit
    rich = scenario([Record(1)], policy_of(formula, fields=fields, tables=tables)).circuit
    widths = [
        {item.table.name: item.table.width for item in circuit.placed if item.table.name != "tables"}
        for circuit in (lean, rich)
    ]
    assert widths[0] == widths[1]


def test_every_target_is_summed() -> None:
    circuit = scenario(MIXED).circuit
    assert {row_sum.target for item in circuit.placed for row_sum in item.table.sums} == set(circuit.sum_targets)
