"""The Merkle tree against its recursive definition, and paths that no tree has."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.reference import merkle
from zkpay.errors import Rejected
from zkpay.ledger.encoding import empty_leaf
from zkpay.ledger.tree import (
    MerkleTree,
    empty_roots,
    empty_subtrees,
    root_from_path,
    tree_depth,
)
from zkpay.poseidon.permutation import compress_nodes, hash_leaves
from zkpay.stark.field import P

COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17]


def leaf_digests(count: int) -> npt.NDArray[np.uint32]:
    return np.random.default_rng(count).integers(0, P, (8, count), dtype=np.uint32)


def compress_one(left: merkle.Digest, right: merkle.Digest) -> merkle.Digest:
    columns = [np.array(digest, dtype=np.uint32).reshape(8, 1) for digest in (left, right)]
    return tuple(compress_nodes(*columns)[:, 0].tolist())


def reference_nodes(digests: npt.NDArray[np.uint32]) -> dict[int, merkle.Digest]:
    empty = tuple(hash_leaves(empty_leaf())[:, 0].tolist())
    return merkle.all_nodes([tuple(column) for column in digests.T.tolist()], empty, compress_one)


@pytest.mark.parametrize("count", COUNTS)
def test_root_paths_and_empty_subtrees_equal_the_recursive_definition(count: int) -> None:
    digests = leaf_digests(count)
    nodes = reference_nodes(digests)
    tree = MerkleTree.build(digests)
    depth = merkle.depth_of(count)
    assert tree.depth == tree_depth(count) == depth
    assert tree.root == nodes[1]
    for index in range(count):
        path = tree.path(index)
        assert path.shape == (depth, 8)
        assert path.dtype == np.uint32
        assert [tuple(sibling) for sibling in path.tolist()] == merkle.path(nodes, depth, index)
        assert root_from_path(digests[:, index], index, count, path.tolist()) == tree.root
    for heap_index, digest in empty_subtrees(count):
        assert nodes[heap_index] == digest


@pytest.mark.parametrize("count", [*range(70), 2**20 - 1, 2**20, 2**19 + 1])
def test_empty_subtrees_tile_exactly_the_positions_after_the_last_leaf(count: int) -> None:
    depth = tree_depth(count)
    covered = []
    subtrees = empty_subtrees(count)
    for heap_index, digest in subtrees:
        height = depth - (heap_index.bit_length() - 1)
        assert digest == empty_roots(depth)[height]
        first = (heap_index << height) - (1 << depth)
        covered.append((first, first + (1 << height)))
    assert covered == sorted(covered)
    ends = [count] + [end for _, end in covered]
    assert [start for start, _ in covered] == ends[:-1]
    assert ends[-1] == 1 << depth
    assert len(subtrees) <= max(depth, 1)
    # Maximal: no two of them are siblings, so none could be joined.
    indices = {heap_index for heap_index, _ in subtrees}
    assert not any(index ^ 1 in indices for index in indices if index > 1)


def test_empty_tree_is_the_empty_leaf() -> None:
    tree = MerkleTree.build(leaf_digests(0))
    assert tree.depth == 0
    assert tree.root == empty_roots(0)[0]
    assert tree.root != (0,) * 8
    assert empty_subtrees(0) == [(1, tree.root)]


def test_leaf_past_the_last_has_no_path() -> None:
    tree = MerkleTree.build(leaf_digests(3))
    with pytest.raises(IndexError):
        tree.path(3)
    with pytest.raises(IndexError):
        tree.path(-1)


def test_digests_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="leaf digests"):
        MerkleTree.build(np.zeros((7, 4), dtype=np.uint32))


class TestRootFromPath:
    count = 5
    digests = leaf_digests(count)
    tree = MerkleTree.build(digests)

    def reason(self, digest: list[Any], index: Any, path: list[list[Any]], count: int = count) -> str:
        with pytest.raises(Rejected) as caught:
            root_from_path(digest, index, count, path)
        return caught.value.reason

    def path(self, index: int) -> list[list[Any]]:
        return self.tree.path(index).tolist()

    def digest(self, index: int) -> list[Any]:
        return self.digests[:, index].tolist()

    def test_index_at_or_beyond_the_count(self) -> None:
        for index in (5, 7, 8, -1, True, 1.0, None):
            assert self.reason(self.digest(1), index, self.path(1)) == "leaf-index-out-of-range"

    def test_empty_position_is_no_leaf_even_with_its_true_path(self) -> None:
        nodes = reference_nodes(self.digests)
        path = [list(sibling) for sibling in merkle.path(nodes, 3, 5)]
        assert self.reason(list(empty_roots(0)[0]), 5, path) == "leaf-index-out-of-range"

    def test_no_leaf_in_an_empty_tree(self) -> None:
        assert self.reason(list(empty_roots(0)[0]), 0, [], count=0) == "leaf-index-out-of-range"

    def test_path_too_short_or_too_long(self) -> None:
        path = self.path(1)
        for wrong in (path[:-1], [*path, path[0]], []):
            assert self.reason(self.digest(1), 1, wrong) == "wrong-path-length"

    def test_element_of_p_or_more(self) -> None:
        for level in range(3):
            path = self.path(2)
            path[level][3] += P
            assert self.reason(self.digest(2), 2, path) == "non-canonical-element"
        digest = self.digest(2)
        digest[0] = P
        assert self.reason(digest, 2, self.path(2)) == "non-canonical-element"

    @pytest.mark.parametrize("value", [-1, 1.0, True, "1", None, 2**64])
    def test_element_that_is_no_natural(self, value: object) -> None:
        path = self.path(2)
        path[0][0] = value
        assert self.reason(self.digest(2), 2, path) == "non-canonical-element"

    def test_digest_of_the_wrong_length(self) -> None:
        assert self.reason(self.digest(2)[:7], 2, self.path(2)) == "wrong-length"
        path = self.path(2)
        path[1].append(0)
        assert self.reason(self.digest(2), 2, path) == "wrong-length"

    def test_any_other_sibling_leaf_or_index_gives_another_root(self) -> None:
        path = self.path(2)
        for level in range(3):
            changed = [list(sibling) for sibling in path]
            changed[level][0] = (changed[level][0] + 1) % P
            assert root_from_path(self.digests[:, 2], 2, 5, changed) != self.tree.root
        assert root_from_path(self.digests[:, 3], 2, 5, path) != self.tree.root
        assert root_from_path(self.digests[:, 2], 3, 5, path) != self.tree.root


def test_a_negative_number_of_leaves_has_no_tree() -> None:
    """A count from a file that is not checked would else give a tree of the wrong depth."""
    for count in (-1, -(1 << 20)):
        with pytest.raises(ValueError, match="negative number"):
            tree_depth(count)


@pytest.mark.parametrize("shape", [(8,), (8, 2, 2), (7, 2), (9, 2), ()])
def test_only_columns_of_digests_make_a_tree(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"uint32\[8, N\]"):
        MerkleTree.build(np.zeros(shape, dtype=np.uint32))
