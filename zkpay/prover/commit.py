"""Keccak-256 trees over row groups, and their openings (SPEC §4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.keccak import RowDigests, leaf_digests, node_digests
from zkpay.prover.groups import Columns, Room, RowGroup, masked_coefficients
from zkpay.prover.randomness import MaskSource
from zkpay.stark.domains import INJECT, NODE, leaf_prefix
from zkpay.stark.layout import Group
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import TreeOpening, element_bytes

Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class CommittedTree:
    """Groups with salts uint64[blowup, 2, height], and digests by level size: uint64[4, blowup, size / blowup]
    down to `blowup` points, then uint64[4, size]. members: the group and columns of each table's position."""

    members: dict[int, tuple[RowGroup, slice]]
    groups: tuple[RowGroup, ...]
    salts: tuple[Digests, ...]
    levels: dict[int, Digests]
    root: bytes

    def shape(self, position: int) -> tuple[int, int]:
        """(w, height) of the columns of the table at `position` (or ACCUMULATOR); (0, 1) if it has none."""
        if position not in self.members:
            return (0, 1)
        group, columns = self.members[position]
        return (columns.stop - columns.start, group.height)

    def values(self, position: int, coset: int, out: Columns | None = None) -> Columns:
        """uint32[w, height] of a table, as `shape` tells, on a coset; `out` is room for values that aren't kept."""
        if position not in self.members:
            return np.zeros((0, 1), dtype=np.uint32)
        group, columns = self.members[position]
        return group.values(coset, columns, out)


def commit_columns(
    tree: int,
    groups: Sequence[Group],
    columns: dict[int, Columns],
    parameters: Parameters,
    masks: MaskSource,
    keep: int,
    room: Room,
) -> CommittedTree:
    """Mask, extend and hash the columns uint32[w, height] of each member of each group; see `commit_tree`.

    Columns are taken out of the dictionary as they are read: at 2^20 rows two copies of them are 2 GB too many.
    """
    polynomials = []
    for number, group in enumerate(groups):
        values = (columns.pop(position) for position, _, _ in group.members)
        mask = masks.elements(f"masks/{tree}/{number}", (group.width, parameters.mask_length))
        ratio = parameters.height // group.height
        polynomials.append(
            RowGroup(masked_coefficients(values, group.height, mask), group.height, ratio, parameters.blowup)
        )
    return commit_tree(tree, groups, polynomials, masks, keep, room)


def commit_tree(
    tree: int, placed: Sequence[Group], groups: Sequence[RowGroup], masks: MaskSource, keep: int, room: Room
) -> CommittedTree:
    """Hash the groups' rows, each with its own 16-byte salt, into one tree; tallest group first.

    placed: whose columns the groups hold. The values of `keep` cosets of the tallest group stay in memory, and all
    values of the others.
    """
    blowup = groups[0].blowup
    rows: dict[int, Digests] = {}
    salts = []
    for number, group in enumerate(groups):
        prefix = leaf_prefix(tree, number)
        salt = row_salts(masks, tree, number, group)
        digests = np.empty((4, blowup, group.height), dtype=np.uint64)
        kept = keep if number == 0 else blowup
        for coset in range(min(kept, blowup)):
            values = group.values(coset)
            leaf_digests(values, prefix, salt[coset], out=digests[:, coset])
            group.keep(coset, values)
        if kept < blowup:
            hashing = RowDigests(group.height, prefix, salt[kept])
            for coset in range(kept, blowup):
                hashing.restart(prefix, salt[coset])
                *before, last = group.batches()
                for part in before:
                    (own,) = room.take((part.stop - part.start, group.height))
                    hashing.absorb(group.values(coset, part, own))
                (own,) = room.take((last.stop - last.start, group.height))
                hashing.finish(group.values(coset, last, own), digests[:, coset])
        salts.append(salt)
        rows[blowup * group.height] = digests
    return committed(placed, groups, salts, *build_levels(rows))


def row_salts(masks: MaskSource, tree: int, number: int, group: RowGroup) -> Digests:
    """uint64[blowup, 2, height]: the salts of one group's rows."""
    data = masks.data(f"salts/{tree}/{number}", 16 * group.blowup * group.height)
    return np.frombuffer(data, dtype="<u8").reshape(group.blowup, 2, group.height)


def committed(
    placed: Sequence[Group],
    groups: Sequence[RowGroup],
    salts: Sequence[Digests],
    levels: dict[int, Digests],
    root: bytes,
) -> CommittedTree:
    """The tree over these groups, whose columns are those of the tables `placed` in them."""
    members = {
        position: (group, slice(first, first + width))
        for own, group in zip(placed, groups, strict=True)
        for position, first, width in own.members
        if width
    }
    return CommittedTree(members, tuple(groups), tuple(salts), levels, root)


def build_levels(
    rows: dict[int, Digests], joined: Mapping[int, Digests] | None = None
) -> tuple[dict[int, Digests], bytes]:
    """All levels from row digests uint64[4, blowup, m] by level size, injecting shorter groups; and the root.

    joined: levels that are known already, with what is injected there; they need no rows.
    """
    known = joined or {}
    size = max((*rows, *known))
    current = known[size] if size in known else rows[size]
    levels = {size: current}
    while size > 1:
        half = current.shape[-1] // 2
        if half == 0:
            # One digest a coset is left: from here indices are the cosets themselves.
            current = current.reshape(4, -1)
            half = current.shape[-1] // 2
        size //= 2
        if size in known:
            current = known[size]
        else:
            current = node_digests(current[..., :half], current[..., half:], NODE)
            if size in rows:
                current = node_digests(current, rows[size].reshape(current.shape), INJECT, out=current)
        levels[size] = current
    return levels, digest_bytes(levels, 1, 0)


def digest_bytes(levels: dict[int, Digests], size: int, index: int) -> bytes:
    """The 32 bytes of node `index` on the level of `size` nodes."""
    level = levels[size]
    if level.ndim == 3:
        cosets = level.shape[1]
        return np.ascontiguousarray(level[:, index % cosets, index // cosets]).astype("<u8").tobytes()
    return np.ascontiguousarray(level[:, index]).astype("<u8").tobytes()


def sibling_digests(levels: dict[int, Digests], indices: Sequence[int]) -> bytes:
    """The digests that a verifier can't compute from the opened leaves: level by level, ascending."""
    size = max(levels)
    known = {index % size for index in indices}
    supply = []
    while size > 1:
        half = size // 2
        parents = sorted({index % half for index in known})
        for position in parents:
            supply += [digest_bytes(levels, size, child) for child in (position, position + half) if child not in known]
        known = set(parents)
        size = half
    return b"".join(supply)


def open_rows(tree: CommittedTree, indices: Sequence[int]) -> TreeOpening:
    """Rows, salts and siblings for the queried indices of the tallest group's domain."""
    rows, salts = [], []
    for group, salt in zip(tree.groups, tree.salts, strict=True):
        positions = np.array(sorted({index % (group.blowup * group.height) for index in indices}), dtype=np.int64)
        coset, place = positions % group.blowup, positions // group.blowup
        rows.append(element_bytes(group.rows(coset, place)))
        salts.append(np.ascontiguousarray(salt[coset, :, place]).astype("<u8").tobytes())
    return TreeOpening(tuple(rows), tuple(salts), sibling_digests(tree.levels, indices))
