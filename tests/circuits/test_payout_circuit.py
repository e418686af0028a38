"""The circuit depends on policy and heights alone, and refuses statements that contradict themselves."""

from dataclasses import replace
from typing import Any

import pytest

from tests.circuits.folding import in_line
from tests.circuits.scenarios import MIXED, POLICY, WIDEST, Record, policy_of, pro_rata, scenario, widest
from zkpay.circuits.bounds import TOTAL_WIDTH, bounds_for
from zkpay.circuits.buses import RANGE
from zkpay.circuits.contributions.formula import limbs_of
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.range import Limb
from zkpay.circuits.heights import heights, natural_heights, node_count
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.totals.air import limb_name
from zkpay.errors import Rejected
from zkpay.ledger.tree import empty_subtrees
from zkpay.policy.policy import Policy
from zkpay.stark.expression import Column, Constant, Phase, Product
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES, derive
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
@pytest.mark.parametrize(("records", "accounts"), [(0, 0), (1 << 13, 1), (1 << 17, 1 << 17), (1 << 21, 1 << 20)])
def test_every_size_compiles(policy: Policy, records: int, accounts: int) -> None:
    circuit = build_circuit(policy, statement_of(policy, records, accounts))
    sizes = {item.table.name: item.height for item in circuit.placed}
    assert sizes == heights(policy, records, accounts)
    assert all(0 <= value < P for value in circuit.publics.values())


def test_widest_bounds_need_lowered_carries() -> None:
    # With all that the look-ups let through above it a carry could wrap; the widest policy is where that matters.
    circuit = build_circuit(WIDEST, statement_of(WIDEST, 5, 5))
    (table,) = (item.table for item in circuit.placed if item.table.name == "contributions")
    gadgets = [gadget for gadget in table.gadgets if isinstance(gadget, Balance)]
    wide = [carry.range for gadget in gadgets for carry in gadget.carries if carry.range.bits == 17]
    least = -9_999  # what an honest one is at least: minus 10_000 limbs of points, divided by 2^14
    assert wide
    assert all(carry.low < least for carry in wide)


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


@pytest.mark.parametrize(
    ("records", "accounts", "folded"),
    [
        # Sixteen rows for each row of payouts fit below the tallest table, or they don't; `range` doesn't count.
        (1, 1, False),
        (1 << 13, 1 << 10, False),
        (1 << 14, 1, False),
        (1 << 17, 1, False),
        ((1 << 17) + 1, 1, True),
        ((1 << 17) + 1, (1 << 14) + 1, False),
        (1 << 20, 1 << 16, True),
        (1 << 20, (1 << 16) + 1, False),
    ],
)
def test_hashes_are_folded_where_that_makes_no_table_taller(records: int, accounts: int, folded: bool) -> None:
    sizes = heights(POLICY, records, accounts)
    assert ("payout_tree" in sizes, "payout_nodes" in sizes) == (folded, not folded)
    assert max(sizes.values()) == max(1 << 16, 1 << (records - 1).bit_length())
    if folded:
        assert sizes["payout_tree"] == 16 * sizes["payouts"]
    circuit = build_circuit(POLICY, statement_of(POLICY, records, accounts))
    assert {item.table.name: item.height for item in circuit.placed} == sizes


@pytest.mark.parametrize("formula", ["max(quantity)", "count()", "sum(quantity)"])
def test_the_largest_epoch_adds_up_below_p(formula: str) -> None:
    # Half as wide limbs as 2^20 records would allow, and not more than 2^20 accounts: no sum of limbs reaches P.
    policy = policy_of({"payout": formula}, pool=10**30)
    sizes = heights(policy, 1 << 21, 1 << 20)
    bounds = bounds_for(policy, sizes)
    assert bounds.amount_width == 9
    assert sizes["tally"] * ((1 << bounds.amount_width) - 1) < P
    assert sizes["payouts"] * ((1 << TOTAL_WIDTH) - 1) < P
    circuit = build_circuit(policy, statement_of(policy, 1 << 21, 1 << 20))
    for profile in PROFILES.values():
        assert derive(profile, circuit).security.bits >= 100


def test_more_than_the_largest_epoch_is_rejected() -> None:
    for records, accounts, why in (
        ((1 << 21) + 1, 1, "at most 2097152"),
        (1 << 21, (1 << 20) + 1, "at most 1048576"),
    ):
        with pytest.raises(Rejected, match=why):
            build_circuit(POLICY, statement_of(POLICY, records, accounts))


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
    "too many": {"contribution_count": (1 << 21) + 1},
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


@pytest.mark.parametrize("pool", [100, 2000])
def test_largest_values_are_paid_in_limbs_that_the_pool_holds(pool: int) -> None:
    # With 2^20 records a largest value comes in limbs of 10 bits. Added up as they are, those of 2^14 accounts would
    # reach 2^34 where the totals reckon with far less, and take a sum over P for one that is smaller by P.
    policy = policy_of({"payout": "max(quantity)"}, pool=pool)
    with in_line():
        circuit = build_circuit(policy, statement_of(policy, 1 << 20, 1 << 14))
    bounds = bounds_for(policy, heights(policy, 1 << 20, 1 << 14))
    assert bounds.amount_width == TOTAL_WIDTH
    (payouts,) = (item.table for item in circuit.placed if item.table.name == "payouts")
    added = {row_sum.target: row_sum.expression for row_sum in payouts.sums}
    (paid,) = bounds.totals
    for k, bits in enumerate(paid.widths):
        summed = added[limb_name(paid, k)]
        assert isinstance(summed, Product)
        widths = [i.payload[0] for i in payouts.interactions if i.bus == RANGE and i.payload[1] is summed.right]
        assert [width.value for width in widths if isinstance(width, Constant)] == [bits]


def test_limbs_that_are_added_up_are_no_wider_than_said() -> None:
    (paid,) = bounds_for(policy_of({"payout": "count()"}, pool=2000), {"contributions": 1 << 20, "payouts": 1}).totals
    column = Column(Phase.MAIN, 0, "x")
    assert limbs_of((Limb(column, 0, 1023), Limb(column, 10, 1)), (10, 1), 10, paid.node) == [column, column]
    for wide in (Limb(column, 10, 2), Limb(column, 5, 1), Limb(column, 20, 1)):
        with pytest.raises(ValueError, match="not in limbs"):
            limbs_of((Limb(column, 0, 1023), wide), (10, 1), 10, paid.node)
