"""Views as kernels take them: the flat memory below a view and the distances between its rows (SPEC §2).

A kernel is compiled for each memory layout that it meets.  With flat memory there is one layout, halves of a
level and slices of a table need no copy, and the compiler sees contiguous lanes.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

Entry = TypeVar("Entry", np.uint32, np.uint64)


def has_contiguous_rows(array: npt.NDArray[Entry]) -> bool:
    """Whether the last axis is contiguous and no other axis goes backwards."""
    *steps, last = array.strides
    return array.size == 0 or ((last == array.itemsize or array.shape[-1] == 1) and min(steps, default=0) >= 0)


def contiguous_rows(array: npt.NDArray[Entry]) -> npt.NDArray[Entry]:
    """The array itself if it has contiguous rows, else a copy that has."""
    return array if has_contiguous_rows(array) else array.copy()


def memory_of(array: npt.NDArray[Entry]) -> tuple[npt.NDArray[Entry], tuple[int, ...]]:
    """The memory from first to last entry of an array with contiguous rows, and the steps of all axes but the last.

    Entry [i, ..., k] stands at i * steps[0] + ... + k.
    """
    steps = tuple(step // array.itemsize for step in array.strides[:-1])
    if array.size == 0:
        return array.reshape(-1), steps
    last = sum((length - 1) * step for length, step in zip(array.shape, array.strides, strict=True)) // array.itemsize
    return as_strided(array, (last + 1,), (array.itemsize,)), steps
