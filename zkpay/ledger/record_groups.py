"""Records that share values, in intake order: which came first, and how many came before (SPEC §3.3).

Values are compared as rows of bytes, so that one code serves any combination of fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from zkpay.ledger.number_slots import Values, words_of_values
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT

Bytes = npt.NDArray[np.uint8]
"""uint8[N, width]."""
Rows = npt.NDArray[np.int64]

_WINDOW_WORDS: Final = 3
"""Words of a window's number: any field's, divided by a length of 1 or more."""


def key_bytes(
    names: Sequence[str],
    accounts: Bytes,
    fingerprint_keys: npt.NDArray[np.uint32],
    symbols: Mapping[str, npt.NDArray[np.uint8]],
    numbers: Mapping[str, npt.NDArray[np.uint16]],
) -> Bytes:
    """The values of a combination of names, one row for each record."""
    parts = []
    for name in names:
        if name == ACCOUNT:
            parts.append(accounts)
        elif name == FINGERPRINT:
            parts.append(_as_bytes(fingerprint_keys.T))
        elif name in symbols:
            parts.append(symbols[name][:, None])
        else:
            parts.append(_as_bytes(numbers[name].T))
    return np.concatenate(parts, axis=1)


def window_bytes(times: Values, length: int) -> Bytes:
    """floor(time / length) of each record, one row for each."""
    if times.dtype == object:
        return _as_bytes(words_of_values((times // length).tolist(), _WINDOW_WORDS).T)
    # Values of int64 are below 2^62: a longer window has no number but 0.
    windows = times // length if length < 1 << 62 else np.zeros_like(times)
    return _as_bytes(windows.astype(np.int64)[:, None])


def first_of_group(keys: Bytes) -> Rows:
    """The first row with the same key, for each row: int64[N]."""
    codes = _codes(keys)
    first: Rows = first_rows(codes)[codes] if len(codes) else codes.astype(np.int64)
    return first


def rank_in_group(keys: Bytes) -> Rows:
    """How many rows before it have the same key, for each row: int64[N]."""
    codes = _codes(keys)
    order = np.argsort(codes, kind="stable")
    arranged = codes[order]
    starts = np.ones(len(codes), dtype=bool)
    starts[1:] = arranged[1:] != arranged[:-1]
    position = np.arange(len(codes))
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = position - np.maximum.accumulate(np.where(starts, position, 0))
    return rank


def first_rows(codes: npt.NDArray[np.integer]) -> Rows:
    """The first row of each code, for codes numbered in the order in which they first appear."""
    starts = np.ones(codes.size, dtype=bool)
    starts[1:] = codes[1:] > np.maximum.accumulate(codes)[:-1]
    return np.flatnonzero(starts)


def _codes(keys: Bytes) -> npt.NDArray[np.int32]:
    """A number for each key, in the order in which they first appear: int32[N]."""
    count, width = keys.shape
    packed = pa.py_buffer(np.ascontiguousarray(keys))
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), count, [None, packed])
    codes: npt.NDArray[np.int32] = fixed.dictionary_encode().indices.to_numpy()
    return codes


def _as_bytes(values: npt.NDArray[np.unsignedinteger | np.int64]) -> Bytes:
    """Rows of fixed-width numbers as rows of bytes."""
    return np.ascontiguousarray(values).view(np.uint8)
