"""Heights of all tables, from public values only: the policy and the numbers of records and accounts (SPEC
§5.10).

A height that followed from anything private would tell it, and one that the prover chose would let him choose
how many rows count. Every table of the circuit has the same least height, which the masks of zero knowledge
need.
"""

from __future__ import annotations

from collections.abc import Mapping

from zkpay.circuits.gadgets.folded_poseidon import PERIOD
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS
from zkpay.ledger.tree import tree_depth
from zkpay.policy.policy import Policy
from zkpay.stark.parameters import minimum_height

RANGE_HEIGHT = 1 << (MAXIMUM_RANGE_BITS + 1)
NODES, FOLDED_TREE = "payout_nodes", "payout_tree"


def node_count(leaves: int) -> int:
    """Inner nodes that have at least one of the first `leaves` leaves below them: sum of ceil(leaves / 2^k)."""
    return sum(-(-leaves >> k) for k in range(1, tree_depth(leaves) + 1))


def uniqueness_name(rule: int) -> str:
    """The table of a unique rule, the first being 0."""
    return f"uniqueness_{rule + 1}" if rule else "uniqueness"


def natural_heights(policy: Policy, contributions: int, accounts: int) -> dict[str, int]:
    """Rows in use of every table but `range`, by table name, in the circuit's order."""
    rules = policy.rules
    rows = {"contributions": contributions, "contribution_nodes": node_count(contributions)}
    rows |= {uniqueness_name(rule): contributions for rule in range(len(rules.unique))}
    if rules.window_limit is not None:
        rows["window_limit"] = contributions
    if rules.account_limit is not None:
        rows["account_limit"] = contributions
    rows |= {
        "tally": contributions,
        "payouts": accounts,
        NODES: node_count(accounts),
        "totals": 1,
    }
    entries = sum(len(field.values) + 1 for field in rules.symbols)
    entries += sum(len(table.values) for table in policy.tables.values() if table.field is None)
    if entries:
        rows["tables"] = entries
    return rows


def heights(policy: Policy, contributions: int, accounts: int) -> Mapping[str, int]:
    """The height of every table, a power of two, by table name, in the circuit's order."""
    rows = natural_heights(policy, contributions, accounts)
    least = minimum_height(max(rows.values()))
    padded = {name: max(least, 1 << (count - 1).bit_length() if count else 1) for name, count in rows.items()}
    if folds(padded):
        padded = {FOLDED_TREE if name == NODES else name: height for name, height in padded.items()}
        padded[FOLDED_TREE] = PERIOD * padded["payouts"]
    return padded | {"range": RANGE_HEIGHT}


def folds(padded: Mapping[str, int]) -> bool:
    """Whether a row for each round of the payouts' hashes makes no table taller than the tallest is without (`padded`,
    by name, less `range`). Then it costs nothing; else the hashes stand in line, a column for each cube.
    """
    return PERIOD * padded["payouts"] <= max(padded.values())
