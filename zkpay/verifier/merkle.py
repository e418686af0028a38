"""Openings of the proof's Keccak-256 trees (SPEC §4.2).

A tree over a domain of n points pairs index i with i + n/2: the parent on the level of size m has index i mod m.
That is the usual tree over bit-reversed positions, named by the indices themselves, and it makes row i mod m of
a shorter table meet exactly the points that lie above it. Rows of a shorter group are injected at their level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zkpay.errors import Rejected
from zkpay.stark.domains import INJECT, NODE, fri_leaf_prefix, leaf_prefix, prefix_bytes
from zkpay.stark.field import EXTENSION_DEGREE, Extension
from zkpay.stark.keccak import keccak256
from zkpay.stark.layout import Group
from zkpay.stark.proof import LayerOpening, TreeOpening, element_bytes, parse_elements

SALT_BYTES = 16
DIGEST_BYTES = 32


def open_tree(
    root: bytes, tree: int, groups: Sequence[Group], blowup: int, indices: Sequence[int], opening: TreeOpening
) -> list[NDArray[np.int64]]:
    """Check the opened rows against `root`; one array (queries, width) for each group, in query order.

    Rejected on any wrong length, any element of P or more, surplus or missing siblings, or another root.
    """
    if len(opening.rows) != len(groups) or len(opening.salts) != len(groups):
        raise Rejected("wrong-length", f"tree {tree}: {len(groups)} row groups belong in an opening")
    levels: dict[int, dict[int, bytes]] = {}
    rows_by_query = []
    for number, (group, rows, salts) in enumerate(zip(groups, opening.rows, opening.salts, strict=True)):
        size = group.height * blowup
        positions = sorted({index % size for index in indices})
        values = parse_elements(rows, len(positions) * group.width, f"tree {tree} group {number} rows")
        values = values.reshape(len(positions), group.width)
        if len(salts) != SALT_BYTES * len(positions):
            raise Rejected("wrong-length", f"tree {tree} group {number}: salts have a wrong length")
        prefix = prefix_bytes(leaf_prefix(tree, number))
        levels[size] = {
            position: keccak256(prefix + salts[SALT_BYTES * k : SALT_BYTES * (k + 1)] + element_bytes(values[k]))
            for k, position in enumerate(positions)
        }
        place = {position: k for k, position in enumerate(positions)}
        rows_by_query.append(values[[place[index % size] for index in indices]])
    _check_root(root, levels, opening.siblings, f"tree {tree}")
    return rows_by_query


def open_layer(
    root: bytes, layer: int, size: int, arity: int, known: Mapping[int, Extension], opening: LayerOpening
) -> tuple[list[int], NDArray[np.int64]]:
    """Check FRI layer `layer`, a codeword of `size` points, to have the `known` values at their indices.

    Returns the opened fibres' positions, ascending, and the fibres (positions, arity, 5). The opening has their other
    entries only: with a known value that isn't the committed one, a fibre has another digest.
    """
    leaves = size // arity
    positions = sorted({index % leaves for index in known})
    place = {position: k for k, position in enumerate(positions)}
    values = np.empty((len(positions), arity, EXTENSION_DEGREE), dtype=np.int64)
    sent = np.ones((len(positions), arity), dtype=bool)
    for index, value in known.items():
        values[place[index % leaves], index // leaves] = value
        sent[place[index % leaves], index // leaves] = False
    count = int(sent.sum())
    entries = parse_elements(opening.fibres, EXTENSION_DEGREE * count, f"layer {layer} fibres")
    values[sent] = entries.reshape(count, EXTENSION_DEGREE)
    prefix = prefix_bytes(fri_leaf_prefix(layer))
    digests = {position: keccak256(prefix + element_bytes(values[k])) for k, position in enumerate(positions)}
    _check_root(root, {leaves: digests}, opening.siblings, f"layer {layer}")
    return positions, values


def _check_root(root: bytes, levels: Mapping[int, Mapping[int, bytes]], siblings: bytes, what: str) -> None:
    """Hash from the largest level down to the root; siblings come level by level, ascending."""
    if len(siblings) % DIGEST_BYTES:
        raise Rejected("wrong-length", f"{what}: siblings are not whole digests")
    supply = iter([siblings[k : k + DIGEST_BYTES] for k in range(0, len(siblings), DIGEST_BYTES)])
    size = max(levels)
    nodes = dict(levels[size])
    node, inject = prefix_bytes(NODE), prefix_bytes(INJECT)
    while size > 1:
        size //= 2
        parents = {}
        for position in sorted({index % size for index in nodes}):
            left = nodes.get(position) or _next(supply, what)
            right = nodes.get(position + size) or _next(supply, what)
            parents[position] = keccak256(node + left + right)
        # Every opened index has its row in each shorter group, so injected digests are always at hand.
        rows = levels.get(size)
        if rows is not None:
            parents = {place: keccak256(inject + digest + rows[place]) for place, digest in parents.items()}
        nodes = parents
    if next(supply, None) is not None:
        raise Rejected("wrong-length", f"{what}: more sibling digests than the opened rows need")
    if nodes[0] != root:
        raise Rejected("wrong-root", f"{what}: the opened rows don't hash to the committed root")


def _next(supply: Iterator[bytes], what: str) -> bytes:
    digest = next(supply, None)
    if digest is None:
        raise Rejected("wrong-length", f"{what}: sibling digests are missing")
    return digest
