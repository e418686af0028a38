"""Salts: the stream they are cut from, and that each depends on nothing but seed, label and index."""

import numpy as np
import pytest
from Crypto.Cipher import ChaCha20
from Crypto.Hash import keccak

from zkpay.ledger.salts import expand_salts
from zkpay.stark.field import P

SEED = bytes(range(32))
LABEL = b"test/salts"


def reference(count: int) -> list[list[int]]:
    """The same from another library's ChaCha20, word by word."""
    key = keccak.new(digest_bits=256, data=LABEL + SEED).digest()
    cipher = ChaCha20.new(key=key, nonce=bytes(8))
    accepted: list[int] = []
    while len(accepted) < 5 * count:
        word = int.from_bytes(cipher.encrypt(bytes(4)), "little") & 0x7FFFFFFF
        if word < P:
            accepted.append(word)
    return [accepted[5 * index : 5 * index + 5] for index in range(count)]


def test_salts_equal_the_definition() -> None:
    salts = expand_salts(SEED, LABEL, 300)
    assert salts.shape == (5, 300)
    assert salts.dtype == np.uint32
    assert salts.T.tolist() == reference(300)


def test_salt_does_not_depend_on_the_count() -> None:
    long = expand_salts(SEED, LABEL, 5000)
    assert (long < P).all()
    for count in (0, 1, 63, 64, 4999):
        assert (expand_salts(SEED, LABEL, count) == long[:, :count]).all()


def test_other_seeds_and_labels_share_nothing() -> None:
    salts = [
        expand_salts(SEED, LABEL, 100),
        expand_salts(SEED, LABEL + b"2", 100),
        expand_salts(bytes(32), LABEL, 100),
    ]
    columns = {tuple(column) for matrix in salts for column in matrix.T.tolist()}
    assert len(columns) == 300


def test_values_spread_over_the_whole_field() -> None:
    salts = expand_salts(SEED, LABEL, 20_000).ravel()
    counts = np.bincount(salts // (P // 16 + 1), minlength=16)
    # 100,000 draws in 16 bins: 6,250 each with a deviation of 77; 6 deviations.
    assert abs(counts - 6250).max() < 462


def test_seed_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        expand_salts(SEED[:31], LABEL, 1)
    with pytest.raises(ValueError, match="negative"):
        expand_salts(SEED, LABEL, -1)
