"""Fingerprint keys: the definition in plain integers, and the batch against it."""

import numpy as np
import pytest
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from zkpay.ledger.fingerprint_lanes import fingerprint_keys
from zkpay.ledger.fingerprints import fingerprint_key


def reference(fingerprint: bytes) -> tuple[int, ...]:
    digest = keccak.new(digest_bits=256, data=b"zkpay/fingerprint/v1" + fingerprint).digest()
    value = int.from_bytes(digest, "big") >> 16
    return tuple(value >> 30 * (7 - index) & (2**30 - 1) for index in range(8))


@given(st.binary(min_size=1, max_size=256))
def test_key_is_the_first_240_bits(fingerprint: bytes) -> None:
    assert fingerprint_key(fingerprint) == reference(fingerprint)


def test_absent_and_too_long() -> None:
    assert fingerprint_key(b"") == (0,) * 8
    with pytest.raises(ValueError, match="256 bytes"):
        fingerprint_key(bytes(257))


@pytest.mark.parametrize(("count", "width"), [(0, 3), (7, 32), (7, 5), (4096, 32), (4097, 256), (4096, 6)])
def test_batch_equals_one_by_one(count: int, width: int) -> None:
    rows = np.random.default_rng(width).integers(0, 256, (count, width), dtype=np.uint8)
    keys = fingerprint_keys(rows)
    assert keys.shape == (8, count)
    for index in [*range(min(count, 5)), *range(max(count - 5, 0), count)]:
        assert tuple(keys[:, index].tolist()) == reference(rows[index].tobytes())
