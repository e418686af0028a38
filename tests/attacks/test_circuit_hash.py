"""Cheats on the hashes: a digest that is not the leaf's, or not its children's, by one wrong cell of one round."""

from __future__ import annotations

import pytest

from tests.attacks.forgery import Draft, Forgery, forge_hash
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.circuits.scenarios import Record
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.policy.policy import Policy

RECORDS = (Record(account=1, quantity=5), Record(account=2, quantity=7), Record(account=3, quantity=9))


@cheat(
    r"contributions/leaf (block \d )?(round|cube).* is right",
    says="a contribution root that is not that of the leaves",
)
def contribution_leaf_digest(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    forge_hash(draft["contributions"], 1, name)
    draft.clear("contribution_nodes")
    fill_nodes(draft["contribution_nodes"], leaf_digests(draft["contributions"])[:, : len(RECORDS)].astype("uint32"))
    return draft.finish()


@cheat(r"payouts/leaf (round|cube).* is right", says="a payout root that is not that of the leaves")
def payout_leaf_digest(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    forge_hash(draft["payouts"], 1, name)
    draft.clear("payout_nodes")
    fill_nodes(draft["payout_nodes"], leaf_digests(draft["payouts"])[:, : len(RECORDS)].astype("uint32"))
    return draft.finish()


@cheat(
    r"(contribution|payout)_nodes/node (round|cube).* is right",
    says="a root that is not that of its children",
)
def node_digest(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    nodes = draft[name.partition("/")[0]]
    # Levels are filled from the bottom, so the last row in use is the root.
    forge_hash(nodes, int(nodes["is_real"].sum()) - 1, name)
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_constraint(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
