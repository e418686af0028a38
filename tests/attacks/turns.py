"""Nodes of a tree that stand for a multiple of P copies of one another: another root than the right one.

The bus counts modulo P, so that what is taken P times needs nobody to put it. Indices are modulo P as well: 30 steps
below index 1, along the bits of P, is index 0 again, and the right child of a node at 0 is at 1. So what hashes x along
these steps stands at 1, beside any y at 0, and node(y, that) at 0 takes in both: it adds up. Sixteen times the same
is sixteen times as much, and after eight digits there is a number of P - 1 copies. One more makes P of what each of
these nodes needs, which is nothing: all that is left is the right root, taken, and another one, put.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from zkpay.kernels.poseidon import compress_nodes
from zkpay.stark.field import P
from zkpay.stark.statement import Digest

ANYTHING: Digest = (1, 2, 3, 4, 5, 6, 7, 8)
BASE = 16
Place = tuple[int, Digest]


@dataclass
class Turn:
    """Nodes (index, left, right), children before their parents."""

    nodes: list[tuple[int, Digest, Digest]] = field(default_factory=list)
    digests: list[Digest] = field(default_factory=list)

    def node(self, index: int, left: Digest, right: Digest) -> Digest:
        """A node at that index, and its digest."""
        columns = [np.array(child, dtype=np.uint32).reshape(-1, 1) for child in (left, right)]
        digest = tuple(int(element) for element in compress_nodes(*columns)[:, 0])
        self.nodes.append((index, left, right))
        self.digests.append(digest)
        return digest

    def lifted(self, low: Digest) -> Digest:
        """What stands at 1, of what stands at 0: anything is beside the path."""
        for step in range(P.bit_length() - 1):
            pair = (ANYTHING, low) if P >> step & 1 else (low, ANYTHING)
            low = self.node(P >> step + 1, *pair)
        return low

    def added(self, first: Digest, high: Digest, count: int) -> Digest:
        """What stands at 0, of `first` at 0 and `count` times what stands at 1."""
        for _ in range(count):
            first = self.node(0, first, high)
        return first

    def copies(self, number: int) -> Digest:
        """So many copies of anything at 0, by the digits of the number."""
        one = self.lifted(ANYTHING)
        first, *digits = list(np.base_repr(number, BASE))
        found = self.added(ANYTHING, one, int(first, BASE) - 1)
        for digit in digits:
            found = self.added(found, self.lifted(found), BASE - 1)
            found = self.added(found, one, int(digit, BASE))
        return found

    def weights(self, root: Digest) -> tuple[list[int], dict[Place, int]]:
        """How often each node is needed where the root is taken once, modulo P, and what else is then needed."""
        needed: dict[Place, int] = defaultdict(int, {(1, root): 1})
        found = []
        for (index, left, right), digest in reversed([*zip(self.nodes, self.digests, strict=True)]):
            weight = needed.pop((index, digest)) % P
            needed[2 * index % P, left] += weight
            needed[(2 * index + 1) % P, right] += weight
            found.append(weight)
        return found[::-1], {place: count % P for place, count in needed.items() if count % P}


def turned(root: Digest) -> tuple[Turn, Digest]:
    """Nodes that take the right root once and put another one, which is returned, if each counts as its weight."""
    turn = Turn()
    held = turn.node(0, ANYTHING, root)
    return turn, turn.lifted(turn.added(held, turn.lifted(turn.copies(P - 1)), 1))
