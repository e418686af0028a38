"""Row groups: masked polynomials of tables of one height, and their values coset by coset (SPEC §4.2).

The domain of a group of height m is shift^(N/m) times the subgroup of order blowup * m. Index i = j + blowup * k
is place k of coset j of the subgroup of order m, in natural order. In this form next rows, tree siblings (i and
i + n/2) and FRI fibres are all contiguous.

Values are four or more times as large as coefficients. A group keeps the values of as many cosets as memory
allows and computes those of the others again when they are asked for: the result is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.ntt import evaluate_coset, interpolate
from zkpay.kernels.points import evaluate_points
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.protocol import root_of_unity

Columns = NDArray[np.uint32]

EVERYTHING: Final = slice(None)
AT_ONCE: Final = 256
"""Columns of a batch: 1 GiB at 2^20 rows, as much as the values of the widest table take in any case."""


class Room:
    """Memory that serves one array after another, for the system takes long to give fresh memory: as long, often, as it
    takes to compute what is put there. Who takes it has it until somebody else does."""

    def __init__(self) -> None:
        self._words = np.empty(0, dtype=np.uint32)

    def take(self, *shapes: tuple[int, int]) -> list[Columns]:
        """Arrays uint32 of the shapes, with anything in them."""
        ends = list(accumulate(width * height for width, height in shapes))
        if len(self._words) < ends[-1]:
            # The old memory goes before the new one comes.
            del self._words
            self._words = np.empty(ends[-1], dtype=np.uint32)
        return [self._words[end - w * h : end].reshape(w, h) for end, (w, h) in zip(ends, shapes, strict=True)]


def coset_shift(height: int, ratio: int, blowup: int, coset: int) -> int:
    """First point of coset `coset` of the domain of a table with `height` rows, `ratio` times less than the tallest."""
    return pow(GENERATOR, ratio, P) * pow(root_of_unity(blowup * height), coset, P) % P


class RowGroup:
    """Polynomials as coefficients uint32[w, L], L at most 2 * height, of tables with `height` rows."""

    def __init__(self, coefficients: Columns, height: int, ratio: int, blowup: int) -> None:
        self.coefficients = coefficients
        self.height = height
        self.blowup = blowup
        self._ratio = ratio
        self._kept: dict[int, Columns] = {}

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.coefficients)

    def values(self, coset: int, columns: slice = EVERYTHING, out: Columns | None = None) -> Columns:
        """uint32[w', height] on one coset, of all columns or a slice of them; they may be kept ones: don't write there.

        `out` is room for the values of a coset that isn't kept.
        """
        if coset in self._kept:
            return self._kept[coset][columns]
        wanted = self.coefficients[columns]
        result = np.empty((len(wanted), self.height), dtype=np.uint32) if out is None else out[: len(wanted)]
        evaluate_coset(wanted, self.height, coset_shift(self.height, self._ratio, self.blowup, coset), result)
        return result

    def keep(self, coset: int, values: Columns) -> None:
        """Keep what `values` gave for a coset."""
        self._kept[coset] = values

    def batches(self) -> list[slice]:
        """The columns, an even number of them at a time but for the last."""
        return [slice(k, min(k + AT_ONCE, self.width)) for k in range(0, self.width, AT_ONCE)]

    def rows(self, cosets: NDArray[np.int64], places: NDArray[np.int64]) -> Columns:
        """uint32[k, w]: the rows at the given places."""
        result = np.empty((len(places), self.width), dtype=np.uint32)
        for coset in np.unique(cosets).tolist():
            chosen = cosets == coset
            if coset in self._kept:
                result[chosen] = self._kept[coset][:, places[chosen]].T
            else:
                shift = coset_shift(self.height, self._ratio, self.blowup, coset)
                result[chosen] = evaluate_points(self.coefficients, self.height, shift, places[chosen]).T
        return result


def masked_coefficients(values: Iterable[Columns], height: int, masks: Columns) -> Columns:
    """Coefficients uint32[w, height + h] of f + (X^height - 1) r: values f uint32[.., height], stacked, coefficients
    of r uint32[w, h]. Values are taken one array at a time, so that each can be freed before the next is looked at."""
    length = masks.shape[1]
    coefficients = np.empty((len(masks), height + length), dtype=np.uint32)
    first = 0
    for part in values:
        if len(part):
            interpolate(part, out=coefficients[first : first + len(part), :height])
        first += len(part)
        del part
    low = coefficients[:, :length].astype(np.int64) - masks
    coefficients[:, :length] = np.where(low < 0, low + P, low)
    coefficients[:, height:] = masks
    return coefficients
