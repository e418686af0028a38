"""Rows in the order of a key, and sums over the rows of one key, for witness generation (SPEC §5.5, §5.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Integers
from zkpay.circuits.gadgets.limbs import sorted_by


@dataclass(frozen=True)
class Groups:
    """`order`: the rows by key, those of one key in the order in which they stood. `group`: the group of each row of
    that order, counted from 0; int64[n].
    """

    order: NDArray[np.intp]
    group: Integers

    @classmethod
    def of(cls, key: Integers) -> Groups:
        """The groups of equal columns of int64[k, n], elements below 2^30, most significant first."""
        even = key if len(key) % 2 == 0 else np.concatenate([np.zeros((1, key.shape[1]), dtype=np.int64), key])
        order = sorted_by(even.astype(np.uint32))
        ordered = key[:, order]
        starts = np.ones(len(order), dtype=np.int64)
        starts[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
        return cls(order, np.cumsum(starts) - 1)

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

    def running(self, amounts: Integers) -> Integers:
        """Sums over each row and the rows of its group before it; amounts int64[n] in order."""
        sums = np.cumsum(amounts, dtype=np.int64)
        found: Integers = sums - (sums - amounts)[self.starts][self.group]
        return found

    def back(self, values: Integers) -> Integers:
        """Values int64[n] in order, put back to where the rows stood."""
        found = np.empty_like(values)
        found[self.order] = values
        return found
