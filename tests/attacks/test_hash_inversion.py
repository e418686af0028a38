"""Feed-forward: without it the node hash can be run backwards, and a root has children that nobody committed to.

The permutation itself is invertible. What is added to its output at the end, its own input, is what keeps it from being
so (review of this design, finding 10; SPEC §2.3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from zkpay.ledger.tree import MerkleTree, root_from_path
from zkpay.poseidon.matrices import inverse_matrix, matrix_product
from zkpay.poseidon.permutation import (
    DIGEST_SIZE,
    HALF_FULL_ROUNDS,
    PERMUTATION_16,
    PERMUTATION_24,
    Permutation,
    compress_nodes,
    hash_leaves,
    permute,
)
from zkpay.stark.field import P

Columns = npt.NDArray[np.uint32]
CUBE_ROOT = pow(3, -1, P - 1)


def backwards(permutation: Permutation, state: Columns) -> Columns:
    """What goes to this state."""
    undo = inverse_matrix(np.array(permutation.mds, dtype=np.int64))
    values = state.astype(np.int64)[:, None]
    last = 2 * HALF_FULL_ROUNDS + permutation.partial_rounds
    for number in reversed(range(last)):
        values = matrix_product(undo, values)
        is_full = number < HALF_FULL_ROUNDS or number >= last - HALF_FULL_ROUNDS
        for element in range(permutation.width if is_full else 1):
            values[element, 0] = pow(int(values[element, 0]), CUBE_ROOT, P)
        values[:, 0] = (values[:, 0] - np.array(permutation.round_constants[number], dtype=np.int64)) % P
    return values[:, 0].astype(np.uint32)


@pytest.mark.parametrize("permutation", [PERMUTATION_16, PERMUTATION_24], ids=["16", "24"])
def test_the_permutation_runs_backwards(permutation: Permutation) -> None:
    state = np.random.default_rng(3).integers(0, P, permutation.width, dtype=np.uint32)
    assert np.array_equal(permute(backwards(permutation, state)[:, None])[:, 0], state)


def without_feed_forward(left: Columns, right: Columns) -> Columns:
    return permute(np.concatenate([left, right]))[:DIGEST_SIZE]


def children_of(digest: Columns, fill: int) -> Columns:
    """Two digests, one after the other, that the permutation takes to this one; `fill` chooses among 2^248 of them."""
    return backwards(PERMUTATION_16, np.concatenate([digest, np.full(DIGEST_SIZE, fill, dtype=np.uint32)]))


def test_a_leaf_below_an_honest_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without feed-forward anybody makes a path to a digest that was never in the tree, from the root down."""
    leaves = np.random.default_rng(4).integers(0, P, (DIGEST_SIZE, 4), dtype=np.uint32)

    def forged(root: tuple[int, ...]) -> tuple[list[int], list[list[int]]]:
        upper = children_of(np.array(root, dtype=np.uint32), 1)
        lower = children_of(upper[:DIGEST_SIZE], 2)
        return lower[:DIGEST_SIZE].tolist(), [lower[DIGEST_SIZE:].tolist(), upper[DIGEST_SIZE:].tolist()]

    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.ledger.tree.compress_nodes", without_feed_forward)
        tree = MerkleTree.build(leaves, without_feed_forward)
        assert root_from_path(leaves[:, 0], 0, 4, tree.path(0).tolist()) == tree.root
        stranger, path = forged(tree.root)
        assert stranger not in leaves.T.tolist()
        assert root_from_path(stranger, 0, 4, path) == tree.root
    honest = MerkleTree.build(leaves)
    assert root_from_path(leaves[:, 0], 0, 4, honest.path(0).tolist()) == honest.root
    stranger, path = forged(honest.root)
    assert root_from_path(stranger, 0, 4, path) != honest.root


def test_a_leaf_of_any_digest() -> None:
    """Elements behind any digest whatever, and not behind the same with what is fed forward."""
    digest = np.arange(DIGEST_SIZE, dtype=np.uint32)
    elements = backwards(PERMUTATION_24, np.concatenate([digest, np.zeros(16, dtype=np.uint32)]))[:, None]
    assert np.array_equal(permute(elements)[:DIGEST_SIZE, 0], digest)
    assert not np.array_equal(hash_leaves(elements)[:, 0], digest)
    nodes = children_of(digest, 0)[:, None]
    assert np.array_equal(without_feed_forward(nodes[:DIGEST_SIZE], nodes[DIGEST_SIZE:])[:, 0], digest)
    assert not np.array_equal(compress_nodes(nodes[:DIGEST_SIZE], nodes[DIGEST_SIZE:])[:, 0], digest)
