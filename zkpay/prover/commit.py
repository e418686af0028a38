"""Low-degree extension and Keccak-256 trees of row groups (SPEC §4.2).

The domain of a group of height m is shift^(N/m) times the subgroup of order blowup * m. Index i = j + blowup * k
is kept at [j, ..., k]: coset j of the subgroup of order m, in natural order. In this form next rows, tree
siblings (i and i + n/2) and FRI fibres are all contiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.keccak import leaf_digests, node_digests
from zkpay.kernels.ntt import evaluate_coset, interpolate
from zkpay.prover.randomness import MaskSource
from zkpay.stark.domains import INJECT, NODE, leaf_prefix
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.proof import TreeOpening, element_bytes
from zkpay.stark.protocol import root_of_unity

Columns = NDArray[np.uint32]
Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class Extended:
    """One group: coefficients uint32[w, L] of its polynomials and their values uint32[blowup, w, height]."""

    height: int
    coefficients: Columns
    values: Columns


@dataclass(frozen=True)
class CommittedTree:
    """Groups with salts uint64[blowup, 2, height], and digests by level size: uint64[4, blowup, size / blowup]
    down to `blowup` points, then uint64[4, size]."""

    groups: tuple[Extended, ...]
    salts: tuple[Digests, ...]
    levels: dict[int, Digests]
    root: bytes


def coset_shift(height: int, ratio: int, blowup: int, coset: int) -> int:
    """First point of coset `coset` of the domain of a table with `height` rows, `ratio` times less than the tallest."""
    return pow(GENERATOR, ratio, P) * pow(root_of_unity(blowup * height), coset, P) % P


def mask_columns(values: Columns, masks: Columns) -> Columns:
    """Coefficients uint32[w, height + h] of f + (X^height - 1) r, for values of f and coefficients of r."""
    height, length = values.shape[1], masks.shape[1]
    coefficients = np.empty((values.shape[0], height + length), dtype=np.uint32)
    coefficients[:, :height] = interpolate(values)
    low = coefficients[:, :length].astype(np.int64) - masks
    coefficients[:, :length] = np.where(low < 0, low + P, low)
    coefficients[:, height:] = masks
    return coefficients


def extend(coefficients: Columns, height: int, ratio: int, blowup: int) -> Extended:
    """Values of the polynomials (at most 2 * height coefficients) on the group's domain."""
    values = np.empty((blowup, coefficients.shape[0], height), dtype=np.uint32)
    for coset in range(blowup):
        evaluate_coset(coefficients, height, coset_shift(height, ratio, blowup, coset), values[coset])
    return Extended(height, coefficients, values)


def commit_tree(tree: int, groups: Sequence[Extended], blowup: int, masks: MaskSource) -> CommittedTree:
    """Hash the groups' rows, each with its own 16-byte salt, into one tree; tallest group first."""
    rows: dict[int, Digests] = {}
    salts = []
    for number, group in enumerate(groups):
        data = masks.data(f"salts/{tree}/{number}", 16 * blowup * group.height)
        salt = np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(blowup, 2, group.height)
        digests = np.empty((4, blowup, group.height), dtype=np.uint64)
        for coset in range(blowup):
            digests[:, coset] = leaf_digests(group.values[coset], leaf_prefix(tree, number), salt[coset])
        salts.append(salt)
        rows[blowup * group.height] = digests
    levels, root = build_levels(rows)
    return CommittedTree(tuple(groups), tuple(salts), levels, root)


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
        left, right = current[..., :half], current[..., half:]
        shape = left.shape
        current = node_digests(_flat(left), _flat(right), NODE).reshape(shape)
        size //= 2
        if size in rows:
            current = node_digests(_flat(current), _flat(rows[size]), INJECT).reshape(shape)
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


def open_rows(tree: CommittedTree, blowup: int, indices: Sequence[int]) -> TreeOpening:
    """Rows, salts and siblings for the queried indices of the tallest group's domain."""
    rows, salts = [], []
    for group, salt in zip(tree.groups, tree.salts, strict=True):
        positions = np.array(sorted({index % (blowup * group.height) for index in indices}))
        coset, place = positions % blowup, positions // blowup
        rows.append(element_bytes(group.values[coset, :, place]))
        salts.append(np.ascontiguousarray(salt[coset, :, place]).astype("<u8").tobytes())
    return TreeOpening(tuple(rows), tuple(salts), sibling_digests(tree.levels, indices))


def _flat(digests: Digests) -> Digests:
    return np.ascontiguousarray(digests).reshape(4, -1)
