"""Filling a nodes table (SPEC §5.4)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.tree import MerkleTree, empty_roots


def fill_nodes(trace: Trace, leaves: Elements) -> None:
    """Fill all columns from the digests of the leaves, uint32[8, n], level by level from the bottom."""
    tree = MerkleTree.build(np.ascontiguousarray(leaves), compress_nodes)
    empty = empty_roots(tree.depth)
    left, right = trace.group("left"), trace.group("right")
    row = 0
    for height in range(1, tree.depth + 1):
        below = tree.levels[height - 1]
        count = tree.levels[height].shape[1]
        rows = slice(row, row + count)
        trace["index"][rows] = (1 << (tree.depth - height)) + np.arange(count)
        trace["is_real"][rows] = 1
        left[:, rows] = below[:, 0::2]
        # The last node of a level may have an empty subtree on its right.
        right[:, rows] = np.array(empty[height - 1], dtype=np.uint32)[:, None]
        right[:, row : row + below.shape[1] // 2] = below[:, 1::2]
        row += count
    fill_gadgets(trace)
