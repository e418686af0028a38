"""Cheats on the Merkle trees: a root with a stranger below it, another root than the right one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.attacks.turns import turned
from tests.circuits.scenarios import Record
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.policy.policy import Policy

RECORDS = (Record(account=1, quantity=5), Record(account=2, quantity=7), Record(account=3, quantity=9))
STRANGER = np.arange(1, 9, dtype=np.uint32)


@cheat(
    r"contribution_nodes/(left|right) child is below",
    says="the root of a tree of one record is a node, with the record on one side and anything on the other",
)
def half_a_node(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS[:1], policy)
    contributions, nodes = draft["contributions"], draft["contribution_nodes"]
    # In a tree of one the leaf at row r stands at heap index 1 + r: row 1 is a left child of the root, row 2 a right.
    row, side, other = (2, "right", "left") if "left" in name else (1, "left", "right")
    values, index = contributions.values, contributions["index"].copy()
    values[:, [0, row]] = values[:, [row, 0]]
    contributions["index"][:] = index
    draft.rehash("contributions")
    # The row of a record is its index in the tables of rules as well.
    draft.after_contributions()
    draft.clear("contribution_nodes")
    nodes["index"][0], nodes["is_real"][0] = 1, 1
    nodes.group(side)[:, 0] = leaf_digests(contributions)[:, row]
    nodes.group(other)[:, 0] = STRANGER
    draft.rehash("contribution_nodes")
    return draft.finish()


@cheat(
    r"contribution_nodes/node is in the tree",
    r"payout_nodes/(left child is below|right child is below|node is in the tree)",
    says="a root that has a stranger below it instead of a leaf",
    with_bus=True,
)
def stranger_below(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    table = name.partition("/")[0]
    nodes = draft[table]
    # Levels are filled from the bottom, so the last row in use is the root.
    side = "right" if "right" in name else "left"
    nodes.group(side)[:, int(nodes["is_real"].sum()) - 1] = STRANGER
    draft.rehash(table)
    return draft.finish()


@cheat(
    r"(contribution|payout)_nodes/is_real is a bit",
    says="another root than that of the leaves: nodes that count P times, which is 0, put it in its place",
)
def another_root(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    table = name.partition("/")[0]
    nodes, tree = draft[table], table.partition("_")[0]
    turn, root = turned(draft.root(tree))
    rows = np.arange(len(turn.nodes)) + int(nodes["is_real"].sum())
    nodes["index"][rows] = [index for index, _, _ in turn.nodes]
    nodes["is_real"][rows] = turn.weights(root)[0]
    nodes.group("left")[:, rows] = np.array([left for _, left, _ in turn.nodes]).T
    nodes.group("right")[:, rows] = np.array([right for _, _, right in turn.nodes]).T
    draft.rehash(table)
    return draft.finish(contribution_root=root) if tree == "contribution" else draft.finish(payout_root=root)


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
