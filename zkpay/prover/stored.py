"""A committed tree as arrays to put away, and back again without hashing its rows anew (SPEC §8.5).

Put away are the masked coefficients and, for each row group, the level of the tree at which its rows join. Salts come
out of the seed again, the levels between from those below, values on the domain from the coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from zkpay.kernels.ntt import evaluate_coset
from zkpay.prover.commit import CommittedTree, build_levels, committed, row_salts
from zkpay.prover.groups import Columns, Room, RowGroup
from zkpay.prover.randomness import MaskSource
from zkpay.stark.layout import QUOTIENT_TREE, Group
from zkpay.stark.parameters import Parameters

Array = npt.NDArray[Any]

ELEMENTS: Final = np.dtype("<u4")
WORDS: Final = np.dtype("<u8")


@dataclass(frozen=True)
class Shape:
    """What an array must be to be taken back: little-endian numbers of `kind`, in C order."""

    kind: np.dtype[Any]
    sizes: tuple[int, ...]

    @property
    def byte_count(self) -> int:
        """Bytes of the array."""
        return self.kind.itemsize * int(np.prod(self.sizes, dtype=object))


class StageStore(Protocol):
    """Where finished stages are put away, for one seed and one statement."""

    def load(self, stage: str, shapes: Sequence[Shape]) -> list[Array] | None:
        """The arrays of a stage, or None: then the stage and all after it have to be computed."""
        ...

    def save(self, stage: str, arrays: Sequence[Array]) -> None:
        """Put the arrays of a finished stage away; nobody changes them afterwards."""
        ...


class NoStore:
    """Keeps nothing: for proofs that are made quickly."""

    def load(self, stage: str, shapes: Sequence[Shape]) -> list[Array] | None:
        """Nothing."""
        return None

    def save(self, stage: str, arrays: Sequence[Array]) -> None:
        """Nothing."""


def tree_shapes(tree: int, placed: Sequence[Group], parameters: Parameters) -> list[Shape]:
    """The shapes of `tree_arrays` for a tree over these groups."""
    shapes = []
    for group in placed:
        length = parameters.dimension if tree == QUOTIENT_TREE else group.height + parameters.mask_length
        shapes.append(Shape(ELEMENTS, (group.width, length)))
    return shapes + [Shape(WORDS, (4, parameters.blowup, group.height)) for group in placed]


def tree_arrays(tree: CommittedTree) -> list[Array]:
    """Coefficients of each group, then the level of `blowup * height` digests of each, tallest first."""
    levels: list[Array] = [tree.levels[group.blowup * group.height] for group in tree.groups]
    return [*(group.coefficients for group in tree.groups), *levels]


def tree_from_arrays(
    arrays: Sequence[Array], tree: int, placed: Sequence[Group], parameters: Parameters, masks: MaskSource
) -> CommittedTree:
    """The tree that `tree_arrays` was called with; no coset of it is kept."""
    blowup = parameters.blowup
    groups = [
        RowGroup(coefficients, group.height, parameters.height // group.height, blowup)
        for group, coefficients in zip(placed, arrays[: len(placed)], strict=True)
    ]
    salts = [row_salts(masks, tree, number, group) for number, group in enumerate(groups)]
    joins = {blowup * group.height: level for group, level in zip(groups, arrays[len(placed) :], strict=True)}
    return committed(placed, groups, salts, *build_levels({}, joins))


def trace_values(tree: CommittedTree, position: int, room: Room) -> Columns:
    """uint32[w, height]: a table's columns as they were before masks were added, which vanish on the trace domain."""
    group, columns = tree.members[position]
    (values,) = room.take(tree.shape(position))
    evaluate_coset(group.coefficients[columns], group.height, 1, values)
    return values
