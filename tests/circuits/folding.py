"""Circuits as they are for large epochs, for small ones: the payouts' hashes take a row for each round (SPEC §5.15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from zkpay.circuits import heights


def _always(padded: Mapping[str, int]) -> bool:
    return True


@contextmanager
def folding() -> Iterator[None]:
    """Meanwhile the hashes are folded at any height. It needs an epoch of 2^17 records and more to come to that."""
    with mock.patch.object(heights, "folds", _always):
        yield


@contextmanager
def in_line() -> Iterator[None]:
    """Meanwhile nothing is folded, so that payouts makes its own look-ups at any height."""
    with mock.patch.object(heights, "folds", return_value=False):
        yield


def is_folding() -> bool:
    """Whether `folding` is on."""
    return heights.folds is _always
