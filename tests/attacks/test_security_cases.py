"""Known attacks on systems like this one, by name, and the findings of the review of its design, as far as they
concern the circuits.

Where a cheat of the campaign plays an attack, it is played here under the attack's name; the others are built here.
Each has its honest control: a draft starts from a witness that violates nothing (`forgery.Draft`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.attacks.forgery import Draft
from tests.attacks.registry import CHEATS, POLICIES, all_names, example, load_all, run_trial
from tests.attacks.shares import SCORE, compare_and_hash
from tests.attacks.tallies import settle as settle_tally
from tests.circuits.scenarios import MIXED, POLICY, SPAM, Record, pro_rata_like, scenario
from zkpay.circuits.checker import violated_names, violations
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.heights import heights
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.witness import fill_multiplicities
from zkpay.errors import Rejected
from zkpay.ledger.encoding import TAG_CONTINUED, TAG_CONTRIBUTION, TAG_EMPTY, TAG_PAYOUT
from zkpay.ledger.rules import DUPLICATE
from zkpay.ledger.tree import empty_roots, empty_subtrees
from zkpay.stark.expression import Column, Expression, Linear, Phase, Product
from zkpay.stark.field import P

load_all()

PAIR = (Record(account=3, quantity=4_000), Record(account=5, quantity=9_000))

# Attack -> a part of the circuit that a cheat of the campaign shows to stand against it.
PLAYED = {
    "1 limbs not tied to the value": ("payouts/score line 0", "payouts/payout line 0", "contributions/points line 0"),
    "2 a factor without a range": ("contributions/kind is in the policy", "contributions/quality[0] has 14 bits"),
    "3 x and x + p": (
        "contributions/quantity[1] has 14 bits",
        "contributions/points: weight[kind] * quality[1] has 5 bits",
    ),
    "4 carries that wrap": ("payouts/payout carry[2] has 14 bits", "totals/total(score) carry[0] has 15 bits"),
    "5 remainder not below the divisor": (
        "payouts/payout remainder below difference has 15 bits",
        "payouts/payout remainder below difference is at least one",
        "payouts/payout remainder[0] has 15 bits",
    ),
    "7 sums modulo p": ("totals/payout carry[0] has 15 bits", "payouts/payout_limb[0] is added up"),
    "8 a comparison that binds nothing": (
        "contributions/quantity within difference has the sign",
        "contributions/a valid quantity is within",
    ),
    "9 padding that carries points": ("tally/padding comes last", "uniqueness/padding comes last"),
    "10 first and last rows": (
        "tally/group ends with the table",
        "tally/sum(points)[0] starts",
        "totals/total(score)_limb[0] is 0 below the first row",
    ),
    "12 an account twice, a record twice or not at all": (
        "tally/order picks one place",
        "tally/order borrow is a bit",
        "tally/record is a contribution",
        "uniqueness/earlier valid record",
    ),
    "24 rounding": ("contributions/points remainder has 14 bits", "payouts/payout remainder[0] has 15 bits"),
    "finding 3: a rejection without its reason": (
        "uniqueness/nothing is earlier than the first",
        "uniqueness/the first valid record comes first",
        "contributions/out of range is out of range",
        "contributions/undeclared is undeclared",
        "tally/rejected_count adds up",
    ),
    "finding 11: groups and their ends": (
        "tally/group ends where the account changes",
        "tally/order equal before the pick[5]",
        "tally/order gap bits 15-29 has 15 bits",
    ),
    "finding 15: quotient, remainder and carry": (
        "contributions/points[0] has 14 bits",
        "contributions/9999 - points remainder has 14 bits",
        "payouts/score carry[0] has 11 bits",
    ),
}


@pytest.mark.parametrize("attack", PLAYED)
def test_attack_is_played_by_a_cheat(attack: str) -> None:
    for name in PLAYED[attack]:
        run_trial(next(entry for entry in CHEATS.values() if entry.covers(name)), name)


def found(draft: Draft, **fields: Any) -> set[str]:
    """What the circuit finds in a finished draft."""
    forgery = draft.finish(**fields)
    return violated_names(forgery.circuit, forgery.witness)


@pytest.mark.parametrize(("remainder", "broken"), [(0, "payouts/payout line 0"), (P - 1, "bus/range")])
def test_case_6_a_payout_where_nobody_has_scored(remainder: int, broken: str) -> None:
    # 0/0 would let any payout pass: the divisor is 1 then, and pool * 0 = payout + remainder.
    draft = Draft([Record(account=1, quantity=0), Record(account=2, quantity=0)], POLICY)
    draft.state(paid=1, dust=POLICY.pool - 1)
    payouts = draft["payouts"]
    payouts["payout[0]"][0], payouts["payout remainder[0]"][0] = 1, remainder
    compare_and_hash(draft)
    assert found(draft) == {broken}


def test_case_6_nothing_at_all() -> None:
    for records, policy in (([], POLICY), (PAIR, pro_rata_like(POLICY, pool=0))):
        assert violations(Draft(records, policy).circuit, Draft(records, policy).witness) == []
    with pytest.raises(Rejected, match="account_count"):
        Draft([], POLICY).state(account_count=1)


def test_case_7_more_than_the_pool() -> None:
    draft = Draft(PAIR, POLICY)
    with pytest.raises(Rejected, match="are not the pool"):
        draft.state(paid=POLICY.pool + 1, dust=P - 1)
    with pytest.raises(Rejected, match="negative"):
        draft.state(paid=POLICY.pool + 1, dust=-1)
    # The sum of all payouts modulo p, in the place of the sum.
    draft.state(paid=draft.statement.paid % P, dust=POLICY.pool - draft.statement.paid % P)
    assert any(name.startswith("totals/payout line") for name in found(draft))


def test_case_9_padding_rows_send_and_count_nothing() -> None:
    draft = Draft(PAIR, POLICY)
    tally, payouts = draft["tally"], draft["payouts"]
    row = 5
    tally.group("account")[:, row] = 7
    tally["accepted"][row] = 1
    tally["points[0]"][row] = 1_000
    settle_tally(tally, row + 1)
    # A padding row may hold anything, but it sends nothing ...
    assert found(draft) == set()
    # ... and can't be made an end of a group, nor a row of the payouts.
    settle_tally(tally, row + 1, {("ends", row): 1})
    assert found(draft) == {"tally/group ends where the account changes", "bus/accounts"}
    settle_tally(tally, row + 1)
    payouts["is_real"][2] = 1
    assert {"sum/accounts", "bus/accounts", "bus/tree"} <= found(draft)


def test_case_11_constants_are_the_policys() -> None:
    draft = Draft(PAIR, POLICY)
    with pytest.raises(Rejected, match="the policy says"):
        build_circuit(POLICY, replace(draft.statement, pool=POLICY.pool + 1, dust=draft.statement.dust + 1))
    for other in (pro_rata_like(POLICY, weights=(3, 5, 40, 2)), pro_rata_like(POLICY, quality_max=9_999)):
        assert build_circuit(other, draft.statement).digest != draft.circuit.digest
    # The witness of one pool is none of another.
    other = pro_rata_like(POLICY, pool=POLICY.pool + 2**40)
    statement = replace(draft.statement, pool=other.pool, dust=draft.statement.dust + 2**40)
    assert "payouts/payout line 2" in violated_names(build_circuit(other, statement), draft.witness)


def test_case_13_no_tuple_can_be_taken_p_times() -> None:
    statement = replace(
        scenario([], POLICY).statement,
        contribution_count=1 << 21,
        account_count=1 << 20,
        counts=(("accepted", 1 << 21), ("duplicate", 0), ("out_of_range", 0), ("undeclared", 0), ("spam", 0)),
    )
    circuit = build_circuit(POLICY, statement)
    buses = {item.bus.name for placed in circuit.placed for item in placed.table.interactions}
    for bus in buses:
        for sign in (1, -1):
            rows = [
                placed.height
                for placed in circuit.placed
                for item in placed.table.interactions
                if item.bus.name == bus and item.sign == sign
            ]
            assert sum(rows) < P


def test_case_14_no_row_of_a_fixed_table_is_always_true() -> None:
    draft = Draft(PAIR, POLICY)
    contributions = draft["contributions"]
    # All zeros: an entry that no row of the table has; its padding repeats the undeclared kind.
    for name in ("kind", "kind known", "weight[0]"):
        contributions[name][0] = 0
    assert "bus/tables" in found(draft)
    for item in example(POLICY).placed:
        if item.table.name == "tables":
            rows = {tuple(row) for row in np.stack(item.table.preprocessed_values, axis=1).tolist()}
            assert rows == {(1, 0, 1, 3), (1, 1, 1, 5), (1, 2, 1, 40), (1, 3, 1, 1), (1, 63, 0, 0)}


def test_case_15_trees_and_buses_are_apart() -> None:
    draft = Draft(PAIR[:1], POLICY)
    swapped = {"payout_root": draft.root("contribution"), "contribution_root": draft.root("payout")}
    assert found(draft, **swapped) == {"bus/tree"}
    buses = {item.bus for placed in draft.circuit.placed for item in placed.table.interactions}
    assert len({bus.identifier for bus in buses}) == len(buses)
    assert len({TAG_CONTRIBUTION, TAG_PAYOUT, TAG_EMPTY, TAG_CONTINUED}) == 4


OTHER = Record(account=5, quantity=9_001)
CHANGED = {
    "contribution_root": Draft([*PAIR, OTHER], POLICY).root("contribution"),
    "payout_root": Draft([*PAIR, OTHER], POLICY).root("payout"),
    "totals": ((SCORE, sum(3 * record.quantity for record in (*PAIR, PAIR[0])) + 1),),
    "counts": (("accepted", 2), ("duplicate", 0), ("out_of_range", 0), ("undeclared", 0), ("spam", 1)),
}


@pytest.mark.parametrize("field", CHANGED)
def test_case_18_a_witness_of_another_statement(field: str) -> None:
    records = [*PAIR, PAIR[0]]
    assert found(Draft(records, POLICY)) == set()
    assert found(Draft(records, POLICY), **{field: CHANGED[field]})


def test_case_20_heights_follow_from_public_values() -> None:
    draft = Draft(PAIR, POLICY)
    sizes = heights(POLICY, 2, 2)
    assert {item.table.name: item.height for item in draft.circuit.placed} == sizes
    # The same tables for a count that they are too short for.
    counts = (("accepted", 1025), *draft.statement.counts[1:])
    larger = build_circuit(POLICY, replace(draft.statement, contribution_count=1025, counts=counts))
    with pytest.raises(ValueError, match="expected canonical elements"):
        violations(larger, draft.witness)


def test_case_22_a_node_is_no_leaf_and_a_leaf_no_node() -> None:
    # The root's children of a tree of four, passed off as the two leaves of a tree of two.
    draft = Draft([*PAIR, *PAIR], POLICY)
    counts = (("accepted", 2), ("duplicate", 0), ("out_of_range", 0), ("undeclared", 0), ("spam", 0))
    two = build_circuit(POLICY, replace(draft.statement, contribution_count=2, counts=counts))
    witness = {name: values.copy() for name, values in draft.witness.items()}
    fill_multiplicities(two, witness)
    assert {"bus/tree", "sum/count/accepted"} <= violated_names(two, witness)


@pytest.mark.parametrize("records", [PAIR, MIXED])
def test_case_24_dust_is_less_than_a_unit_for_each_account(records: tuple[Record, ...]) -> None:
    statement = Draft(records, POLICY).statement
    assert 0 < statement.dust < statement.account_count
    # Nobody is given the dust.
    draft = Draft(records, POLICY)
    draft["payouts"]["payout[0]"][0] += statement.dust
    draft.state(paid=POLICY.pool, dust=0)
    compare_and_hash(draft)
    assert "payouts/payout line 0" in found(draft)


@pytest.mark.parametrize(
    "fields",
    [
        {"contribution_root": (P,) * 8},
        {"payout_root": (0,) * 7},
        {"contribution_count": 1 << 22},
        {"totals": ((SCORE, 1 << 200),)},
        {"paid": -1},
        {"counts": ()},
        {"account_count": 3},
    ],
)
def test_case_25_hostile_statements_are_rejected_not_crashed_on(fields: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as rejected:
        build_circuit(POLICY, replace(Draft(PAIR, POLICY).statement, **fields))
    assert rejected.value.reason == "statement-inconsistent"


PACKED = {
    # (low, high) columns of a leaf's element; the high one at 2^14.
    "element 20": ("quantity[0]", "quantity[1]"),
    "element 21": ("quantity[2]", "quality[0]"),
}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("element", PACKED)
def test_finding_2_second_openings_of_a_contributions_leaf(element: str, times: int) -> None:
    draft = Draft(PAIR, POLICY)
    contributions = draft["contributions"]
    before = leaf_digests(contributions)[:, 0]
    low, high = (contributions[name] for name in PACKED[element])
    opened = int(low[0]) + (int(high[0]) << 14) + times * P
    low[0], high[0] = opened & 0x3FFF, opened >> 14
    assert np.array_equal(leaf_digests(contributions)[:, 0], before)
    assert "bus/range" in found(draft)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("element", range(3))
def test_finding_2_second_openings_of_a_payouts_leaf(element: int, times: int) -> None:
    draft = Draft(PAIR, POLICY)
    payouts = draft["payouts"]
    limbs = payouts.group("payout")[3 * element : 3 * element + 3]
    before = leaf_digests(payouts)[:, 0]
    opened = sum(int(limb) << (10 * k) for k, limb in enumerate(limbs[:, 0])) + times * P
    for k in range(len(limbs)):
        limbs[k, 0] = opened >> (10 * k) if k == len(limbs) - 1 else opened >> (10 * k) & 0x3FF
    draft.after_payouts()
    assert np.array_equal(leaf_digests(payouts)[:, 0], before)
    assert "bus/range" in found(draft)


def test_finding_2_tag_reason_and_kind_have_no_second_opening() -> None:
    draft = Draft(PAIR, POLICY)
    contributions = draft["contributions"]
    # Element 0 is 1 + 2^4 reason + 2^10 kind + 2^16 slot: a kind of 64 is a slot of 1 more.
    contributions["kind"][0] = 64
    assert "bus/tables" in found(draft)


def test_finding_3_a_record_out_of_range_blocks_no_epoch() -> None:
    epoch = scenario(MIXED)
    assert dict(epoch.statement.counts)["out_of_range"] == 2
    assert violations(epoch.circuit, epoch.witness()) == []


@pytest.mark.parametrize("stated", [2, 3])
def test_finding_10_a_leaf_beyond_the_last(stated: int) -> None:
    draft = Draft([*PAIR, Record(account=9, quantity=10, reason=SPAM), PAIR[0]], POLICY)
    payouts = draft["payouts"]
    # A third leaf, for an account without an accepted record, where the tree must be empty.
    payouts["is_real"][2] = 1
    payouts["account[5]"][2] = 9
    draft.rehash("payouts")
    draft.clear("payout_nodes")
    fill_nodes(draft["payout_nodes"], leaf_digests(payouts)[:, :3].astype(np.uint32))
    broken = found(draft, account_count=stated)
    assert "bus/accounts" in broken
    assert (stated == 3) != ("sum/accounts" in broken)


@pytest.mark.parametrize(("records", "count"), [((), 0), (PAIR[:1], 1)])
def test_finding_10_roots_of_none_and_of_one(records: tuple[Record, ...], count: int) -> None:
    draft = Draft(records, POLICY)
    assert draft.statement.contribution_count == count
    assert empty_subtrees(count) == ([] if count else [(1, empty_roots(0)[0])])
    assert found(draft) == set()
    assert found(Draft(records, POLICY), contribution_root=(0,) * 8) == {"bus/tree"}


TUPLES = {
    "tally": ("account[0]", "account[5]", "accepted", "points[0]", "points[2]"),
    "uniqueness": ("index", "key[0]", "key[7]", "valid", "first"),
    "payouts": (
        "index",
        "account[0]",
        "account[5]",
        "sum(points)[0]",
        "sum(points)[2]",
        "accepted_count",
        "rejected_count",
    ),
}
CARRIED = {"tally": "bus/records", "uniqueness": "bus/unique", "payouts": "bus/accounts"}


@pytest.mark.parametrize(("table", "column"), [(table, name) for table, names in TUPLES.items() for name in names])
def test_finding_11_tuples_carry_every_field(table: str, column: str) -> None:
    draft = Draft([*PAIR, Record(account=7, quantity=9, fingerprint=10**6, reason=DUPLICATE)], POLICY)
    draft[table][column][1] = (int(draft[table][column][1]) + 1) % P
    assert CARRIED[table] in found(draft)


def test_finding_11_the_divisor_is_public_in_every_row() -> None:
    circuit = example(POLICY)
    table = next(item.table for item in circuit.placed if item.table.name == "payouts")
    assert not any("total" in column.name or "divisor" in column.name for column in table.columns)
    assert any(name.startswith("payouts/") for name in circuit.publics)


def columns_of(expression: Expression) -> set[Column]:
    """The main columns that an expression reads."""
    if isinstance(expression, Column):
        return {expression} if expression.phase is Phase.MAIN else set()
    if isinstance(expression, Linear):
        return set().union(*(columns_of(term) for _, term in expression.terms))
    if isinstance(expression, Product):
        return columns_of(expression.left) | columns_of(expression.right)
    return set()


# Bounded otherwise: a bit; looked up in the tables; from what the records' bus carries; sums of limbs.
BOUNDED = (
    "reason accepted",
    "weight[",
    "sum(points)[",
    "max(quantity)[",
    "accepted_count",
    "total(score)_limb[",
    "payout_limb[",
)


@pytest.mark.parametrize("policy", POLICIES)
def test_finding_15_every_number_of_an_identity_is_looked_up(policy: str) -> None:
    for item in example(POLICIES[policy]).placed:
        looked_up = {
            entry.index
            for interaction in item.table.interactions
            if interaction.bus.name == "range"
            for entry in interaction.payload
            if isinstance(entry, Column)
        }
        for gadget in item.table.gadgets:
            if isinstance(gadget, Balance):
                read = set().union(*(columns_of(line) for line in gadget.lines))
                read |= {column for carry in gadget.carries for column in carry.columns}
                bare = {column.name for column in read if column.index not in looked_up}
                assert {name for name in bare if not name.startswith(BOUNDED)} == set()


def test_every_name_played_is_in_the_circuits() -> None:
    names = {name for played in PLAYED.values() for name in played}
    assert names <= set(all_names())
