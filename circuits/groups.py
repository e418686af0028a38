"""Rows in the order of a key, and sums over the rows of one key, for witness generation (SPEC §5.5, §5.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements, Integers
from zkpay.circuits.gadgets.limbs import sorted_by


@dataclass(frozen=True)
class Groups:
    """`order`: the rows by key, those of one key in the order in which they stood. `group`: the group of each row of
    that order, counted from 0; int64[n].
    """

    order: NDArray[np.intp]
    group: Integers

    @classmethod
    def of(cls, key: Elements) -> Groups:
        """The groups of equal columns of uint32[k, n], most significant element first."""
        order = sorted_by(key)
        group = np.zeros(len(order), dtype=np.int64)
        starts = np.zeros(len(order), dtype=np.bool_)
        for element in key:
            ordered = element[order]
            starts[1:] |= ordered[1:] != ordered[:-1]
        np.cumsum(starts, out=group)
        return cls(order, group)

    @property
    def starts(self) -> NDArray[np.bool_]:
        """Whether a row is the first of its group, in order; bool[n]."""
        found = np.ones(len(self.group), dtype=np.bool_)
        found[1:] = self.group[1:] != self.group[:-1]
        return found

    @property
    def ends(self) -> NDArray[np.bool_]:
        """Whether a row is the last of its group, in order; bool[n]."""
        found = np.ones(len(self.group), dtype=np.bool_)
        found[:-1] = self.starts[1:]
        return found

    def running(self, amounts: NDArray[np.integer]) -> Integers:
        """Sums over each row and the rows of its group before it; amounts[n], integers, in order."""
        sums = np.cumsum(amounts, dtype=np.int64)
        found: Integers = sums - (sums - amounts)[self.starts][self.group]
        return found

    def put_in_order(self, column: Elements, values: Elements) -> None:
        """Write values uint32[n] in order to the first n of a column."""
        np.take(values, self.order, out=column[: len(self.order)], mode="clip")

    def back(self, values: Elements) -> Elements:
        """Values uint32[n] in order, put back to where the rows stood."""
        found = np.empty_like(values)
        found[self.order] = values
        return found
