"""Cheats on the folded tree of payouts: wrong rounds, leaves that change half-way, look-ups of other limbs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.attacks import test_circuit_payouts as payouts_cheats
from tests.attacks.forgery import Draft, Forgery, blames, element_names, killed_by
from tests.attacks.registry import (
    CHEATS,
    Cheat,
    cheat,
    example,
    folded_example,
    folded_names,
    redundant,
    run_trial,
    trials,
)
from tests.attacks.shares import SCORE, put_sums, scores_of, share_out, total_row
from tests.attacks.test_circuit_totals import MORE_SCORE
from tests.circuits.folded_hash import Error, replay
from tests.circuits.folding import folding
from tests.circuits.scenarios import POLICY, Record
from zkpay.circuits.bounds import TOTAL_WIDTH, bounds_for
from zkpay.circuits.buses import RANGE
from zkpay.circuits.checker import violations
from zkpay.circuits.gadgets.folded_look_ups import LIMB
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS, KEPT, PERIOD, STATE
from zkpay.circuits.gadgets.folded_witness import LEAF_START, NODE_START, fill_folded, folded_digests
from zkpay.circuits.heights import FOLDED_TREE, heights
from zkpay.circuits.payout_tree.witness import fill_tree_nodes
from zkpay.circuits.totals.folded import CARRY, SUM, folded_totals_table, lines_of
from zkpay.circuits.trace import traces
from zkpay.circuits.witness import fill_multiplicities
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table
from zkpay.stark.expression import Constant
from zkpay.stark.field import P

RECORDS = (Record(account=1, quantity=5), Record(account=2, quantity=7), Record(account=3, quantity=9))
COUNT = len(RECORDS)
# Levels are filled from the bottom: two nodes, then the root.
ROOT = 2
OTHER_LEAVES = "a payout root that is not that of the leaves"
STRANGER = "a payout root with a stranger below it instead of a leaf"


def number_in(name: str) -> int:
    """The last number of a name."""
    return int(re.findall(r"\d+", name)[-1])


def forged_hash(policy: Policy, error: Error, *, node: bool) -> Forgery:
    """A leaf or the root with one wrong step, after which all is as the constraints demand."""
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    if node:
        replay(tree, NODE_START, ROOT, error)
    else:
        replay(tree, LEAF_START, 1, error)
        fill_tree_nodes(tree, folded_digests(tree, LEAF_START)[:, :COUNT])
    return draft.finish()


def changed_leaf(policy: Policy, element: int, excess: int) -> Forgery:
    """One element of the first leaf is more by `excess`, and its hash follows."""
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    leaf = tree.group(STATE)[:, LEAF_START : LEAF_START + 1].copy()
    leaf[element] = (int(leaf[element, 0]) + excess) % P
    fill_folded(tree, LEAF_START, leaf)
    fill_tree_nodes(tree, folded_digests(tree, LEAF_START)[:, :COUNT])
    return draft.finish()


@cheat(r"payout_tree/state\[\d+\] is right", says="a payout root that rests on a wrong full round")
def full_round(name: str, policy: Policy) -> Forgery:
    element = number_in(name)
    # Only the digest's elements have a constraint on the last row.
    row = 5 * element % (HASH_ROWS if element < 8 else HASH_ROWS - 1)
    return forged_hash(policy, Error("state", row, element), node=element < 16 and element % 2 == 0)


@cheat(r"payout_tree/S-box \d+ passes on", says="a payout root that rests on a wrong partial round")
def partial_round(name: str, policy: Policy) -> Forgery:
    number = number_in(name)
    return forged_hash(policy, Error("box", 0, number + 1), node=number < 20 and number % 2 == 0)


@cheat(r"payout_tree/kept\[\d\] is the input", says="a payout root of digests that are fed forward other inputs")
def kept_from_the_start(name: str, policy: Policy) -> Forgery:
    element = number_in(name)
    return forged_hash(policy, Error(KEPT, 0, element), node=element % 2 == 0)


@cheat(r"payout_tree/kept\[\d\] stays", says="a payout root of digests that are fed forward other inputs")
def kept_half_way(name: str, policy: Policy) -> Forgery:
    element = number_in(name)
    return forged_hash(policy, Error(KEPT, 4, element), node=element % 2 == 1)


@cheat(r"payout_tree/place stays", says="a payout root of the leaves in another order")
def exchanged_places(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    ends = [PERIOD * slot + HASH_ROWS - 1 for slot in (0, 1)]
    tree["place"][ends] = 1, 0
    fill_tree_nodes(tree, folded_digests(tree, LEAF_START)[:, [1, 0, 2]])
    return draft.finish()


@cheat(r"payout_tree/is_real stays", says=STRANGER)
def childless_node(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    # The first leaf doesn't send its hash; a node that has taken no children sends one for its place.
    tree["is_real"][LEAF_START + HASH_ROWS - 1] = 0
    free = NODE_START + PERIOD * (ROOT + 1)
    tree["place"][free : free + HASH_ROWS] = 4
    tree["is_real"][free + HASH_ROWS - 1] = 1
    digests = folded_digests(tree, LEAF_START)[:, :COUNT].copy()
    digests[:, 0] = folded_digests(tree, NODE_START)[:, ROOT + 1]
    nodes = Draft(RECORDS, policy)[FOLDED_TREE]
    fill_tree_nodes(nodes, digests)
    for slot in range(ROOT + 1):
        rows = slice(NODE_START + PERIOD * slot, NODE_START + PERIOD * slot + HASH_ROWS)
        tree.values[:, rows] = nodes.values[:, rows]
    return draft.finish()


@cheat(r"payout_tree/leaf has its tag", says="a payout leaf that reads as a leaf of another kind")
def other_tag(name: str, policy: Policy) -> Forgery:
    return changed_leaf(policy, 0, 1)


@cheat(r"payout_tree/leaf has state\[\d+\] = 0", says="a payout leaf with more in it than a payout")
def more_in_a_leaf(name: str, policy: Policy) -> Forgery:
    return changed_leaf(policy, payouts_cheats.place(name), 1)


@cheat(
    r"payout_tree/leaf is a payout",
    r"payouts/payout goes to its leaf",
    says="a payout leaf that pays more than the formula gives",
    with_bus=True,
)
def other_payout(name: str, policy: Policy) -> Forgery:
    return changed_leaf(policy, 12, 1)


@cheat(r"payout_tree/(left|right) child is below", says=STRANGER, with_bus=True)
def stranger_below(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    rows = NODE_START + PERIOD * np.arange(ROOT + 1)
    children = tree.group(STATE)[:16, rows].copy()
    children[8 if "right" in name else 0, ROOT] ^= 1
    fill_folded(tree, NODE_START, children)
    return draft.finish()


@cheat(r"payout_tree/hash is in the tree", says=OTHER_LEAVES, with_bus=True)
def root_of_other_leaves(name: str, policy: Policy) -> Forgery:
    return Draft(RECORDS, policy).finish(payout_root=(1, 2, 3, 4, 5, 6, 7, 8))


def claim_score(draft: Draft, excess: int) -> None:
    """Say that the total score is so much more; everybody is paid by that."""
    scores = scores_of(draft)
    share_out(draft, scores, total=sum(scores) + excess)


@cheat(r"totals/limbs add up to the public number", says=MORE_SCORE)
def another_digit(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, 1 << TOTAL_WIDTH)
    return draft.finish()


@cheat(r"totals/nothing is carried into a total", says=MORE_SCORE)
def carried_from_nowhere(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, 1)
    draft["totals"][f"{CARRY}[0]"][total_row(draft, SCORE)] = 1
    return draft.finish()


@cheat(r"totals/carry\[0\] has \d+ bits", says=f"{MORE_SCORE}: a carry takes a wrap of P")
def carry_that_wraps(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, P)
    # Line 0 is off by P, which the field doesn't see; the lines above hold in the integers.
    put_sums(draft, SCORE, {}, {0: -P})
    return draft.finish()


@pytest.mark.parametrize("row", [0, 1, 32])
def test_only_the_limbs_own_row_counts_in_folded_totals(row: int) -> None:
    with folding():
        draft = Draft(RECORDS, POLICY)
        first = total_row(draft, SCORE)
        draft["totals"][SUM][first + row] += 1
        found = {violation.name for violation in violations(draft.circuit, draft.witness)}
    if row < 2:
        # A limb that is more than the sum: neither the sum nor the line holds.
        assert found == {f"sum/{SCORE}_limb[{row}]", "totals/limbs add up to the public number"}
    else:
        assert first + row >= len(lines_of(draft.bounds))
        assert found == set()


@pytest.mark.parametrize("accounts", [1, 1 << 16, 1 << 17])
def test_folded_totals_hold_the_largest_sums(accounts: int) -> None:
    # Sums of limbs that are as large as can be, line by line in plain integers.
    with folding():
        sizes = heights(POLICY, 1 << 21, accounts)
        bounds = bounds_for(POLICY, sizes)
        table = folded_totals_table(bounds, sizes["totals"])
    widths = [i.payload[0] for i in table.interactions if i.bus == RANGE]
    room = 1 << sum(width.value for width in widths if isinstance(width, Constant))
    carried = 0
    for line in lines_of(bounds):
        whole = line.most(bounds.accounts) + (carried if line.k else 0)
        carried = whole >> TOTAL_WIDTH
        assert carried < room
        assert max(line.most(bounds.accounts) + room, room << TOTAL_WIDTH) <= P
    assert room >> 1 <= max(1, bounds.accounts)


redundant(
    r"payout_tree/is_real is a bit",
    "kept for the argument, as in the tables of nodes: with bits, positions are exact whatever the hash is (Kraft)",
)


def table_of(name: str) -> Table:
    """A table of the circuit of large epochs."""
    return next(item.table for item in folded_example().placed if item.table.name == name)


def look_up_cheats() -> list[tuple[int, str, Cheat]]:
    """In-line range checks of payouts that have a cheat, each with its number among all range checks."""
    (payouts,) = (item.table for item in example(POLICY).placed if item.table.name == "payouts")
    names = [interaction.name for interaction in payouts.interactions if interaction.bus == RANGE]
    entries = [entry for entry in CHEATS.values() if entry.forge.__module__ == payouts_cheats.__name__]
    return [(k, name, entry) for k, name in enumerate(names) for entry in entries if entry.covers(name)]


def out_of_range(forgery: Forgery) -> set[tuple[int, int]]:
    """(tuple, place) of all limbs that are too wide for their look-up."""
    tree = traces(forgery.circuit, forgery.witness)[FOLDED_TREE]
    found = set()
    for j, limbs in enumerate(tree.group(LIMB)):
        widths = tree.table.preprocessed_values[[c.name for c in tree.table.preprocessed].index(f"{LIMB}[{j}] width")]
        for row in range(PERIOD):
            if (limbs[row::PERIOD] >= 1 << int(widths[row])).any():
                found.add((row, j))
    return found


def forged_limb(number: int | None = None, place: int | None = None) -> Forgery:
    """A false payout that only a range check stands against: in that tuple, or at that place of any."""
    size = sum(column.name.startswith(LIMB) for column in table_of(FOLDED_TREE).columns)
    # Some cheats go by another policy, whose limbs stand a little further on.
    near = sorted(look_up_cheats(), key=lambda found: abs(found[0] // size - (number or 0)))
    for k, name, entry in near:
        if place in (None, k % size):
            forgery = entry.forge(name, POLICY)
            if any(row == number or j == place for row, j in out_of_range(forgery)):
                return forgery
    raise ValueError(f"no cheat on a limb in tuple {number}, at place {place}")


@cheat(r"payout_tree/limb\[\d+\] has its bits", says="a false payout, or an account that doesn't exist, by a wide limb")
def wide_limb(name: str, policy: Policy) -> Forgery:
    return forged_limb(place=number_in(name))


@cheat(
    r"payouts/limbs \d+ are looked up",
    r"payout_tree/limbs are those of the payout",
    says="a false payout, or an account that doesn't exist: other limbs are looked up than it has",
    with_bus=True,
)
def other_limbs(name: str, policy: Policy) -> Forgery:
    forgery = forged_limb(number=number_in(name) if name.startswith("payouts/") else 0)
    tree = traces(forgery.circuit, forgery.witness)[FOLDED_TREE]
    for row, place in out_of_range(forgery):
        tree.group(LIMB)[place, row::PERIOD] = 0
    fill_multiplicities(forgery.circuit, forgery.witness)
    return forgery


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)


SHARED = [
    name
    for name in element_names(folded_example())
    if name.startswith(("payouts/", "totals/")) and name not in folded_names() and "account[" not in name
]


@pytest.mark.parametrize("name", SHARED)
def test_cheats_on_payouts_are_found_where_leaves_are_folded(name: str) -> None:
    entries = [entry for entry in CHEATS.values() if entry.covers(name)]
    with folding():
        for entry in entries:
            forgery = entry.forge(name, POLICY)
            killed_by(forgery, name, blames(forgery.circuit, name) if entry.with_bus else name)


def test_every_look_up_in_line_is_one_that_is_folded() -> None:
    (in_line,) = (item.table for item in example(POLICY).placed if item.table.name == "payouts")
    wanted = [i.payload for i in in_line.interactions if i.bus == RANGE]
    bits = [width.value for width, _ in wanted if isinstance(width, Constant)]
    tree = table_of(FOLDED_TREE)
    fixed = dict(zip([column.name for column in tree.preprocessed], tree.preprocessed_values, strict=True))
    widths = [values for name, values in fixed.items() if name.startswith(LIMB) and name.endswith("width")]
    sent = [i.payload for i in table_of("payouts").interactions if i.bus.name == "limbs"]
    assert [int(payload[1].value) for payload in sent if isinstance(payload[1], Constant)] == list(range(len(sent)))
    found = [int(row[k]) for k in range(len(sent)) for row in widths][: len(bits)]
    assert found == bits
    assert len(bits) == len(wanted)
    taken = fixed["limbs here"]
    assert list(np.flatnonzero(taken)) == list(range(len(sent)))


def test_look_ups_hold_on_rows_of_padding_too() -> None:
    with folding():
        draft = Draft(RECORDS, POLICY)
        draft["payouts"]["payout[0]"][COUNT] = 1 << 10
        forgery = draft.finish()
    assert (COUNT << 4) < draft[FOLDED_TREE].height
    assert out_of_range(forgery)


def test_the_prover_has_no_say_in_folding() -> None:
    # A circuit that is folded has another digest than the one in line, and the verifier builds its own.
    assert folded_example().digest != example(POLICY).digest
    names = [{item.table.name for item in circuit.placed} for circuit in (folded_example(), example(POLICY))]
    assert names[0] ^ names[1] == {FOLDED_TREE, "payout_nodes"}
