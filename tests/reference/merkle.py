"""The ledger's tree by its definition: recursive, one digest at a time, every empty position spelled out."""

from collections.abc import Callable

Digest = tuple[int, ...]
Compress = Callable[[Digest, Digest], Digest]


def depth_of(count: int) -> int:
    """The least depth that has room for `count` leaves, found by counting up."""
    depth = 0
    while 2**depth < count:
        depth += 1
    return depth


def node(
    leaves: list[Digest],
    empty: Digest,
    compress: Compress,
    depth: int,
    heap_index: int,
    memory: dict[int, Digest],
) -> Digest:
    """The digest at a heap index of the tree of that depth."""
    if heap_index not in memory:
        if heap_index >= 2**depth:
            position = heap_index - 2**depth
            memory[heap_index] = leaves[position] if position < len(leaves) else empty
        else:
            left = node(leaves, empty, compress, depth, 2 * heap_index, memory)
            right = node(leaves, empty, compress, depth, 2 * heap_index + 1, memory)
            memory[heap_index] = compress(left, right)
    return memory[heap_index]


def all_nodes(leaves: list[Digest], empty: Digest, compress: Compress) -> dict[int, Digest]:
    """Heap index -> digest, for the whole tree."""
    memory: dict[int, Digest] = {}
    depth = depth_of(len(leaves))
    node(leaves, empty, compress, depth, 1, memory)
    return memory


def path(nodes: dict[int, Digest], depth: int, index: int) -> list[Digest]:
    """The siblings of a leaf, bottom up."""
    siblings = []
    heap_index = 2**depth + index
    while heap_index > 1:
        siblings.append(nodes[heap_index ^ 1])
        heap_index //= 2
    return siblings
