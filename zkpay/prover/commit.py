"""Keccak-256 trees over row groups, and their openings (SPEC §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.keccak import leaf_digests, node_digests
from zkpay.prover.groups import Columns, RowGroup, masked_coefficients
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

    def values(self, position: int, coset: int, room: Columns | None = None) -> Columns:
        """uint32[w, height] of the table at `position` (or ACCUMULATOR) on a coset; width 0 if it has no columns.

        room: uint32[at least w * height] for values that aren't kept.
        """
        if position not in self.members:
            return np.zeros((0, 1), dtype=np.uint32)
        group, columns = self.members[position]
        shape = (columns.stop - columns.start, group.height)
        out = None if room is None else room[: shape[0] * shape[1]].reshape(shape)
        return group.values(coset, columns, out)

    def room(self) -> Columns:
        """What `values` needs of any table."""
        cells = [(columns.stop - columns.start) * group.height for group, columns in self.members.values()]
        return np.empty(max(cells), dtype=np.uint32)


def commit_columns(
    tree: int,
    groups: Sequence[Group],
    columns: dict[int, Columns],
    parameters: Parameters,
    masks: MaskSource,
    keep: int,
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
    return commit_tree(tree, groups, polynomials, masks, keep)


def commit_tree(
    tree: int, placed: Sequence[Group], groups: Sequence[RowGroup], masks: MaskSource, keep: int
) -> CommittedTree:
    """Hash the groups' rows, each with its own 16-byte salt, into one tree; tallest group first.

    placed: whose columns the groups hold. The values of `keep` cosets of the tallest group stay in memory, and all
    values of the others.
    """
    blowup = groups[0].blowup
    rows: dict[int, Digests] = {}
    salts = []
    for number, group in enumerate(groups):
        data = masks.data(f"salts/{tree}/{number}", 16 * blowup * group.height)
        salt = np.frombuffer(data, dtype="<u8").reshape(blowup, 2, group.height)
        digests = np.empty((4, blowup, group.height), dtype=np.uint64)
        kept = keep if number == 0 else blowup
        room = None
        # Cosets that are not kept come first and use one room, which then serves the first that is.
        for coset in reversed(range(blowup)):
            values = group.values(coset, out=room)
            leaf_digests(values, leaf_prefix(tree, number), salt[coset], out=digests[:, coset])
            room = values
            if coset < kept:
                group.keep(coset, values)
                room = None
        salts.append(salt)
        rows[blowup * group.height] = digests
    levels, root = build_levels(rows)
    members = {
        position: (group, slice(first, first + width))
        for own, group in zip(placed, groups, strict=True)
        for position, first, width in own.members
        if width
    }
    return CommittedTree(members, tuple(groups), tuple(salts), levels, root)


def build_levels(rows: dict[int, Digests]) -> tuple[dict[int, Digests], bytes]:
    """All levels from row digests uint64[4, blowup, m] by level size, injecting shorter groups; and the root."""
    size = max(rows)
    current = rows[size]
    levels = {size: current}
    while size > 1:
        half = current.shape[-1] // 2
        if half == 0:
            # One digest a coset is left: from here indices are the cosets themselves.
            current = current.reshape(4, -1)
            half = current.shape[-1] // 2
        current = node_digests(current[..., :half], current[..., half:], NODE)
        size //= 2
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
