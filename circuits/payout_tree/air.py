"""The payout_tree table: leaves and inner nodes of the payouts' tree, hashed a round a row (SPEC §5.15).

It stands in for `payout_nodes` and the leaf hash of `payouts` where it isn't taller than the tallest table: then its
rows cost a proof nothing, while each column of those two would cost as much as one of the tallest table. A leaf is what
the payouts table says of an account, with a salt; nodes are as in `zkpay.circuits.nodes`.
"""

from __future__ import annotations

from typing import Final

from zkpay.circuits.buses import PAYOUT_LEAF, PAYOUT_TREE, TREE
from zkpay.circuits.gadgets.folded_look_ups import FoldedLookUps, look_up_folded
from zkpay.circuits.gadgets.folded_poseidon import PERIOD, folded_hashes
from zkpay.circuits.payouts.air import FIRST_LEAF, LEAF_PAYLOAD
from zkpay.ledger.encoding import FIRST_UNUSED, TAG_PAYOUT
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.air import Table
from zkpay.stark.expression import linear

INTERACTIONS: Final = 4
"""Of leaves and nodes, beside the look-ups."""


def payout_tree_table(look_ups: FoldedLookUps) -> Table:
    """The table; rows 0-7 of every 16 are a leaf, rows 8-15 a node. look_ups: of payouts, a tuple on a leaf's row."""
    table = Table("payout_tree")
    place, is_real = table.column("place"), table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    hashes = folded_hashes(table)
    for column in (place, is_real):
        table.every(f"{column.name} stays", hashes.goes_on * (column.next - column))

    state, leaf_starts, node_starts = hashes.state, hashes.leaf_starts, hashes.node_starts
    table.every("leaf has its tag", leaf_starts * (state[0] - TAG_PAYOUT))
    for element in state[FIRST_UNUSED:]:
        table.every(f"leaf has {element.name} = 0", leaf_starts * element)
    table.receive(
        PAYOUT_LEAF, "leaf is a payout", (place, *state[LEAF_PAYLOAD.start : LEAF_PAYLOAD.stop]), leaf_starts * is_real
    )
    left, right = state[:DIGEST_SIZE], state[DIGEST_SIZE : 2 * DIGEST_SIZE]
    children = node_starts * is_real
    table.receive(TREE, "left child is below", (PAYOUT_TREE, 2 * place, *left), children)
    table.receive(TREE, "right child is below", (PAYOUT_TREE, 2 * place + 1, *right), children)
    # A leaf's place counts from the first leaf, a node's is its own.
    position = linear([(1, place), (FIRST_LEAF, hashes.leaf_ends)])
    ends = (hashes.leaf_ends + hashes.node_ends) * is_real
    table.send(TREE, "hash is in the tree", (PAYOUT_TREE, position, *hashes.digest), ends)
    look_up_folded(table, look_ups, place, PERIOD)
    return table
