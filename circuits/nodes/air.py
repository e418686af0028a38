"""The nodes table: inner nodes of one Merkle tree, in any order (SPEC §5.4).

A row takes its two children off the bus and puts itself on. Terminals come from elsewhere, each at an index
that is fixed there: leaves from their table, empty subtrees from the verifier; the verifier takes the root.
Whatever indices the rows claim, the nodes above the terminals form full binary trees, and the weights
2^-depth of the terminals add up to one for the right positions only (Kraft): so all terminals hang under the
root, exactly where they claim to.
"""

from __future__ import annotations

from zkpay.circuits.buses import TREE
from zkpay.circuits.gadgets.poseidon import compress
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.air import Table


def nodes_table(name: str, tree: int) -> Table:
    """The table for the tree with that number on the bus."""
    table = Table(name)
    index, is_real = table.column("index"), table.column("is_real")
    table.boolean("is_real is a bit", is_real)
    left = table.column_group("left", DIGEST_SIZE)
    right = table.column_group("right", DIGEST_SIZE)
    digest = compress(table, "node", left, right)
    table.receive(TREE, "left child is below", (tree, 2 * index, *left), is_real)
    table.receive(TREE, "right child is below", (tree, 2 * index + 1, *right), is_real)
    table.send(TREE, "node is in the tree", (tree, index, *digest), is_real)
    return table
