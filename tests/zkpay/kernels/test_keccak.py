"""Keccak-256 against pycryptodome, at every length around the block boundaries."""

from typing import Any

import numpy as np
import pytest
from Crypto.Hash import keccak

from zkpay.kernels.keccak import RowDigests, grind, leaf_digests, node_digests
from zkpay.stark.keccak import keccak256


def oracle(data: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=data).digest()


def as_bytes(digests: np.ndarray) -> list[bytes]:
    return [column.astype("<u8").tobytes() for column in digests.T]


def test_published_answers() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


# With the prefix, 32 columns are a block of 136 bytes; with the salt as well, 28 are.
@pytest.mark.parametrize("width", [0, 1, 2, 27, 28, 29, 30, 31, 32, 33, 34, 61, 62, 63, 66, 67, 100])
@pytest.mark.parametrize("salted", [False, True])
def test_leaves(width: int, salted: bool) -> None:
    generator = np.random.default_rng(width)
    count = 67
    columns = generator.integers(0, 2**32, (width, count), dtype=np.uint32)
    salts = generator.integers(0, 2**64, (2, count), dtype=np.uint64) if salted else None
    prefix = 0xFEDCBA9876543210
    expected = []
    for row in range(count):
        salt = b"" if salts is None else salts[:, row].astype("<u8").tobytes()
        expected.append(oracle(prefix.to_bytes(8, "little") + salt + columns[:, row].astype("<u4").tobytes()))
    assert as_bytes(leaf_digests(columns, prefix, salts)) == expected


@pytest.mark.parametrize("parts", [(7,), (28, 0), (2, 26, 34, 1), (28, 34, 34), (30, 32, 0), (62, 5), (2, 2, 2, 100)])
def test_leaves_whose_columns_come_in_parts(parts: tuple[int, ...]) -> None:
    generator = np.random.default_rng(sum(parts))
    columns = generator.integers(0, 2**32, (sum(parts), 128), dtype=np.uint32)
    salts = generator.integers(0, 2**64, (2, 128), dtype=np.uint64)
    hashing = RowDigests(128, 1, np.zeros_like(salts))
    for prefix in (77, 5):  # the second time in the states that the first one left
        hashing.restart(prefix, salts)
        first = 0
        for width in parts[:-1]:
            hashing.absorb(columns[first : first + width])
            first += width
        found = np.empty((4, 128), dtype=np.uint64)
        hashing.finish(columns[first:], found)
        assert np.array_equal(found, leaf_digests(columns, prefix, salts))


def test_parts_that_would_be_hashed_wrongly_are_refused() -> None:
    salts = np.zeros((2, 64), dtype=np.uint64)
    with pytest.raises(ValueError, match="odd"):
        RowDigests(64, 0, salts).absorb(np.zeros((3, 64), dtype=np.uint32))
    with pytest.raises(ValueError, match="multiples of 64"):
        RowDigests(65, 0, salts)
    with pytest.raises(ValueError, match="salts"):
        RowDigests(128, 0, salts)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300])
def test_nodes(count: int) -> None:
    left, right = np.random.default_rng(count).integers(0, 2**64, (2, 4, count), dtype=np.uint64)
    expected = [oracle((5).to_bytes(8, "little") + a + b) for a, b in zip(as_bytes(left), as_bytes(right), strict=True)]
    assert as_bytes(node_digests(left, right, 5)) == expected
    both = np.concatenate([left, right], axis=1)
    assert as_bytes(node_digests(both[:, :count], both[:, count:], 5)) == expected


@pytest.mark.parametrize("value", [0, 2**32 - 1])
def test_leaves_of_equal_words(value: int) -> None:
    columns = np.full((70, 130), value, dtype=np.uint32)
    expected = oracle((2**64 - 1).to_bytes(8, "little") + columns[:, 0].astype("<u4").tobytes())
    assert as_bytes(leaf_digests(columns, 2**64 - 1)) == [expected] * 130


@pytest.mark.parametrize("count", [0, 5, 64, 200])
def test_leaves_of_views_are_written_in_place(count: int) -> None:
    generator = np.random.default_rng(count)
    table = generator.integers(0, 2**32, (50, 3, count + 9), dtype=np.uint32)
    words = generator.integers(0, 2**64, (2, 3, count + 9), dtype=np.uint64)
    target = np.full((4, 3, count + 9), 7, dtype=np.uint64)
    columns, salts, out = table[2:47, 1, 4 : count + 4], words[:, 2, :count], target[:, 1, 3 : count + 3]
    expected = leaf_digests(columns.copy(), 11, salts.copy())
    assert leaf_digests(columns, 11, salts, out) is out
    assert np.array_equal(out, expected)
    target[:, 1, 3 : count + 3] = 7
    assert np.all(target == 7)
    assert np.array_equal(leaf_digests(columns[::-1, ::2], 11), leaf_digests(columns[::-1, ::2].copy(), 11))


@pytest.mark.parametrize("half", [1, 2, 63, 64, 96, 256])
def test_nodes_of_a_level(half: int) -> None:
    level = np.random.default_rng(half).integers(0, 2**64, (4, 3, 2 * half), dtype=np.uint64)
    left, right = level[..., :half], level[..., half:]
    whole = node_digests(left, right, 6)
    assert whole.shape == (4, 3, half)
    for row in range(3):
        pairs = zip(as_bytes(left[:, row]), as_bytes(right[:, row]), strict=True)
        assert as_bytes(whole[:, row]) == [oracle((6).to_bytes(8, "little") + a + b) for a, b in pairs]
    backwards = level[:, ::-1]
    assert np.array_equal(node_digests(backwards[..., :half], backwards[..., half:], 6), whole[:, ::-1])
    assert node_digests(left, right, 6, left) is left
    assert np.array_equal(left, whole)


@pytest.mark.parametrize("bits", [0, 1, 8, 13])
def test_grinding_finds_the_smallest_nonce(bits: int) -> None:
    seed = bytes(range(32))
    nonce = 0
    while (
        int.from_bytes(oracle((9).to_bytes(8, "little") + seed + nonce.to_bytes(8, "little"))[:8], "little") % 2**bits
    ):
        nonce += 1
    assert grind(seed, 9, bits) == nonce


def test_refusals() -> None:
    digests = np.zeros((4, 3), dtype=np.uint64)
    with pytest.raises(ValueError, match="64-bit word"):
        node_digests(digests, digests, 2**64)
    with pytest.raises(ValueError, match="are needed"):
        node_digests(digests, digests[:, :2], 0)
    with pytest.raises(ValueError, match="salts must be"):
        leaf_digests(np.zeros((1, 3), dtype=np.uint32), 0, digests)
    wide = np.zeros((4, 6), dtype=np.uint64)
    narrow: Any = np.zeros((4, 3), dtype=np.uint32)
    for out in (np.zeros((4, 2), dtype=np.uint64), narrow, wide[:, ::2], digests[::-1]):
        with pytest.raises(ValueError, match="out must be"):
            node_digests(digests, digests, 0, out)
        with pytest.raises(ValueError, match="out must be"):
            leaf_digests(np.zeros((1, 3), dtype=np.uint32), 0, None, out)
    with pytest.raises(ValueError, match="are needed"):
        node_digests(digests[0], digests[0], 0)
    with pytest.raises(ValueError, match="32 bytes"):
        grind(b"short", 0, 1)
    for bits in (-1, 33):
        with pytest.raises(ValueError, match="0 to 32 bits"):
            grind(bytes(32), 0, bits)
