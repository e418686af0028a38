"""The Merkle tree over leaf digests: build, paths, and the subtrees that are known to be empty (SPEC §5.4).

N leaves stand at positions 0..N-1 of a tree of depth d, the least with 2^d >= N. Nodes have heap indices:
the root is 1, the children of v are 2v and 2v+1, leaf j is 2^d + j. Every position from N on holds the
empty leaf's digest, so that N alone fixes the shape and the positions of what must be empty.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.errors import Rejected
from zkpay.ledger.encoding import empty_leaf
from zkpay.poseidon.permutation import compress_nodes, hash_leaves
from zkpay.stark.field import P

DIGEST_ELEMENTS: Final = 8

Digests = npt.NDArray[np.uint32]
"""uint32[8, n], canonical field elements."""
Compress = Callable[[Digests, Digests], Digests]
Digest = tuple[int, ...]
"""Eight field elements."""


def tree_depth(count: int) -> int:
    """0 for up to one leaf, else the least d with 2^d >= count."""
    if count < 0:
        raise ValueError("a negative number of leaves")
    return (count - 1).bit_length() if count > 1 else 0


@cache
def empty_roots(depth: int) -> tuple[Digest, ...]:
    """Z_0 .. Z_depth: the roots of trees of empty leaves; Z_(k+1) = compress(Z_k, Z_k)."""
    digest = hash_leaves(empty_leaf())
    roots = [_as_tuple(digest)]
    for _ in range(depth):
        digest = compress_nodes(digest, digest)
        roots.append(_as_tuple(digest))
    return tuple(roots)


def empty_subtrees(count: int) -> list[tuple[int, Digest]]:
    """The maximal subtrees that tile the positions [count, 2^d), as (heap index, root), left to right.

    At most d of them, one for each zero bit that ends a carry from `count` to 2^d; for count = 0 the whole
    tree.
    """
    depth = tree_depth(count)
    size = 1 << depth
    roots = empty_roots(depth)
    subtrees = []
    position = count
    while position < size:
        height = (position & -position).bit_length() - 1 if position else depth
        subtrees.append(((size + position) >> height, roots[height]))
        position += 1 << height
    return subtrees


@dataclass(frozen=True)
class MerkleTree:
    """A tree kept by level, leaves first: levels[k] is uint32[8, ceil(N / 2^k)], the nodes above a leaf."""

    count: int
    levels: tuple[Digests, ...]

    @classmethod
    def build(cls, leaf_digests: Digests, compress: Compress = compress_nodes) -> "MerkleTree":
        """The tree over digests uint32[8, N].  `compress` is the node hash, in any implementation."""
        if leaf_digests.ndim != 2 or leaf_digests.shape[0] != DIGEST_ELEMENTS:
            raise ValueError(f"leaf digests must be uint32[{DIGEST_ELEMENTS}, N]")
        count = leaf_digests.shape[1]
        depth = tree_depth(count)
        roots = empty_roots(depth)
        level = leaf_digests if count else _as_column(roots[0])
        levels = [level]
        for height in range(depth):
            if level.shape[1] % 2:
                level = np.concatenate([level, _as_column(roots[height])], axis=1)
            level = compress(np.ascontiguousarray(level[:, 0::2]), np.ascontiguousarray(level[:, 1::2]))
            levels.append(level)
        return cls(count, tuple(levels))

    @property
    def depth(self) -> int:
        """Levels above the leaves."""
        return len(self.levels) - 1

    @property
    def root(self) -> Digest:
        """The digest at heap index 1."""
        return _as_tuple(self.levels[-1])

    def path(self, index: int) -> npt.NDArray[np.uint32]:
        """The siblings from leaf `index` up, uint32[depth, 8]."""
        if not 0 <= index < self.count:
            raise IndexError(f"no leaf {index} among {self.count}")
        roots = empty_roots(self.depth)
        siblings = np.empty((self.depth, DIGEST_ELEMENTS), dtype=np.uint32)
        for height in range(self.depth):
            position = index >> height ^ 1
            level = self.levels[height]
            siblings[height] = level[:, position] if position < level.shape[1] else roots[height]
        return siblings


def root_from_path(
    leaf_digest: Sequence[int] | Digests,
    index: int,
    count: int,
    path: Sequence[Sequence[int]] | npt.NDArray[np.uint32],
) -> Digest:
    """The root of the one tree of `count` leaves in which leaf `index` and its siblings have these digests.

    Everything may come from a stranger: Rejected with `leaf-index-out-of-range`, `wrong-path-length`,
    `wrong-length` or `non-canonical-element` for what no tree has. The caller compares the result with a
    root.
    """
    if not _is_natural_below(index, count):
        raise Rejected("leaf-index-out-of-range", f"leaf {index} of a tree of {count}")
    depth = tree_depth(count)
    if len(path) != depth:
        raise Rejected("wrong-path-length", f"{len(path)} siblings in a tree of depth {depth}")
    node = _checked("the leaf digest", leaf_digest)
    for height, sibling in enumerate(path):
        other = _checked(f"sibling {height}", sibling)
        node = compress_nodes(other, node) if index >> height & 1 else compress_nodes(node, other)
    return _as_tuple(node)


def _checked(name: str, digest: Sequence[int] | Digests) -> Digests:
    """A digest as uint32[8, 1], or Rejected."""
    values = digest.tolist() if isinstance(digest, np.ndarray) else list(digest)
    if len(values) != DIGEST_ELEMENTS:
        raise Rejected("wrong-length", f"{name} has {len(values)} elements instead of {DIGEST_ELEMENTS}")
    for value in values:
        if not _is_natural_below(value, P):
            raise Rejected("non-canonical-element", f"{name} holds something else than integers in [0, {P})")
    return _as_column(values)


def _is_natural_below(value: object, bound: int) -> bool:
    """Whether a value from outside is an integer in [0, bound); a JSON true isn't."""
    return type(value) is int and 0 <= value < bound


def _as_column(digest: Sequence[int]) -> Digests:
    return np.array(digest, dtype=np.uint32).reshape(DIGEST_ELEMENTS, 1)


def _as_tuple(digest: Digests) -> Digest:
    return tuple(int(element) for element in digest[:, 0])
