"""Cheats on the folded tree of payouts: wrong rounds, leaves that change half-way, look-ups of other limbs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.attacks import test_circuit_payouts as payouts_cheats
from tests.attacks.forgery import Draft, Forgery, blames, element_names, killed_by
from tests.attacks.registry import (
    ALIKE,
    CHEATS,
    REDUNDANT,
    Cheat,
    cheat,
    example,
    folded_example,
    folded_names,
    load_all,
    run_trial,
    trials,
)
from tests.attacks.turns import turned
from tests.circuits.folded_hash import Error, replay
from tests.circuits.folding import folding
from tests.circuits.scenarios import POLICY, Record
from zkpay.circuits.buses import RANGE
from zkpay.circuits.gadgets.folded_look_ups import LIMB
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS, KEPT, PERIOD, STATE
from zkpay.circuits.gadgets.folded_witness import LEAF_START, NODE_START, fill_folded, folded_digests
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.circuits.payout_tree.witness import fill_tree_nodes
from zkpay.circuits.trace import traces
from zkpay.circuits.witness import fill_multiplicities
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.tree import MerkleTree
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


@cheat(r"payout_tree/place stays", says="a payout root of the leaves in another order: leaves change places")
def exchanged_places(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    ends = [PERIOD * slot + HASH_ROWS - 1 for slot in (0, 1)]
    tree["place"][ends] = 1, 0
    fill_tree_nodes(tree, folded_digests(tree, LEAF_START)[:, [1, 0, 2]])
    return draft.finish()


@cheat(r"payout_tree/place stays", says="a payout root of the leaves in another order: a node changes its place")
def exchanged_nodes(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    tree["place"][[NODE_START + PERIOD * slot + HASH_ROWS - 1 for slot in (0, 1)]] = 3, 2
    children = children_of_nodes(draft, ROOT + 1)
    children[:, ROOT] = np.roll(children[:, ROOT], 8)
    fill_folded(tree, NODE_START, children)
    return draft.finish()


def children_of_nodes(draft: Draft, count: int) -> np.ndarray:
    """The children of the first nodes, uint32[16, count]."""
    children: np.ndarray = draft[FOLDED_TREE].group(STATE)[:16, NODE_START : PERIOD * count : PERIOD].copy()
    return children


@cheat(r"payout_tree/is_real stays", says=STRANGER)
def node_without_children(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    # Node 2 takes its children and sends nothing; another one, which has taken none, sends its hash in its stead.
    tree["is_real"][NODE_START + HASH_ROWS - 1] = 0
    free = NODE_START + PERIOD * (ROOT + 1)
    tree["place"][free : free + HASH_ROWS] = 2
    tree["is_real"][free + HASH_ROWS - 1] = 1
    children = children_of_nodes(draft, ROOT + 1)
    children[:8, ROOT] = folded_digests(tree, NODE_START)[:, ROOT + 1]
    fill_folded(tree, NODE_START, children)
    return draft.finish()


@cheat(r"payout_tree/is_real stays", says="a payout root with leaves of nobody below it instead of a payout's")
def leaves_of_nobody(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    # The first leaf, at 4, doesn't send its hash. A node does, above leaves at 8 and 9 that have taken no payout.
    ends = np.array([0, 4, 5]) * PERIOD + HASH_ROWS - 1
    tree["is_real"][ends] = 0, 1, 1
    digests = folded_digests(tree, LEAF_START)
    strangers, leaves = digests[:, 4:6].copy(), digests[:, :COUNT].copy()
    leaves[:, 0] = MerkleTree.build(strangers, compress_nodes).root
    fill_tree_nodes(tree, leaves)
    children = children_of_nodes(draft, ROOT + 2)
    children[:, ROOT + 1] = strangers.T.ravel()
    fill_folded(tree, NODE_START, children)
    free = NODE_START + PERIOD * (ROOT + 1)
    tree["place"][free : free + HASH_ROWS], tree["is_real"][free : free + HASH_ROWS] = 4, 1
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


@cheat(
    r"payout_tree/is_real is a bit",
    says="another root than that of the leaves: nodes that count P times, which is 0, put it in its place",
)
def another_root(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    tree = draft[FOLDED_TREE]
    turn, root = turned(draft.root("payout"))
    children = np.zeros((16, ROOT + 1 + len(turn.nodes)), dtype=np.uint32)
    children[:, : ROOT + 1] = children_of_nodes(draft, ROOT + 1)
    children[:, ROOT + 1 :] = np.array([(*left, *right) for _, left, right in turn.nodes]).T
    fill_folded(tree, NODE_START, children)
    for column, values in (("place", [index for index, _, _ in turn.nodes]), ("is_real", turn.weights(root)[0])):
        hashes = tree[column].reshape(-1, PERIOD)[ROOT + 1 : children.shape[1], NODE_START : NODE_START + HASH_ROWS]
        hashes[:] = np.array(values)[:, None]
    return draft.finish(payout_root=root)


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
    load_all()  # cheats of all modules, whichever tests are run
    entries = [entry for entry in CHEATS.values() if entry.covers(name)]
    excused = any(entry.covers(name) for entry in REDUNDANT.values()) or any(e.covers(name) for e in ALIKE.values())
    assert entries or excused
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
