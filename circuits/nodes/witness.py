"""Filling a nodes table (SPEC §5.4)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.evaluation import Elements, Integers
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.tree import MerkleTree, empty_roots
from zkpay.poseidon.permutation import DIGEST_SIZE


def fill_nodes(trace: Trace, leaves: Elements) -> None:
    """Fill all columns from the digests of the leaves, uint32[8, n]."""
    index, left, right = node_rows(leaves)
    count = len(index)
    trace["index"][:count] = index
    trace["is_real"][:count] = 1
    trace.group("left")[:, :count], trace.group("right")[:, :count] = left, right
    fill_gadgets(trace)


def node_rows(leaves: Elements) -> tuple[Integers, Elements, Elements]:
    """Heap index int64[m] and children uint32[8, m] each of all nodes above the leaves uint32[8, n], level by level
    from the bottom.
    """
    tree = MerkleTree.build(np.ascontiguousarray(leaves), compress_nodes)
    empty = empty_roots(tree.depth)
    count = sum(level.shape[1] for level in tree.levels[1:])
    index = np.empty(count, dtype=np.int64)
    left, right = (np.empty((DIGEST_SIZE, count), dtype=np.uint32) for _ in range(2))
    row = 0
    for height in range(1, tree.depth + 1):
        below = tree.levels[height - 1]
        nodes = tree.levels[height].shape[1]
        rows = slice(row, row + nodes)
        index[rows] = (1 << (tree.depth - height)) + np.arange(nodes)
        left[:, rows] = below[:, 0::2]
        # The last node of a level may have an empty subtree on its right.
        right[:, rows] = np.array(empty[height - 1], dtype=np.uint32)[:, None]
        right[:, row : row + below.shape[1] // 2] = below[:, 1::2]
        row += nodes
    return index, left, right
