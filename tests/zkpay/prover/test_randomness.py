"""Masks and salts: fresh seeds, separate streams, uniform elements."""

import os

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from tests.reference import stark
from tests.reference.toy import SEED, STATEMENT, toy, use_light_parameters
from zkpay.prover.prove import prove_circuit
from zkpay.prover.randomness import SEED_BYTES, MaskSource, fresh_seed
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES


def test_stream_is_chacha20_under_a_key_for_each_label() -> None:
    for label in ("masks/0/0", "quotient", ""):
        key = stark.hashed(b"zkpay/masks/v1", SEED, label.encode())
        expected = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(300))
        assert MaskSource(SEED).data(label, 300) == expected


def test_elements_are_words_below_the_modulus() -> None:
    count = 5000
    data = MaskSource(SEED).data("label", 4 * (count + count // 32 + 1024))
    words = [int.from_bytes(data[k : k + 4], "little") % 2**31 for k in range(0, len(data), 4)]
    expected = [word for word in words if word < P][:count]
    elements = MaskSource(SEED).elements("label", (5, 1000))
    assert elements.dtype == np.uint32
    assert elements.reshape(-1).tolist() == expected


def test_elements_look_uniform() -> None:
    """Chi-square over 64 buckets, 63 degrees of freedom: 120 is far beyond the 99.99th percentile."""
    count = 1 << 18
    elements = MaskSource(bytes(32)).elements("uniform", (count,))
    observed = np.bincount(elements.astype(np.int64) * 64 // P, minlength=64)
    assert ((observed - count / 64) ** 2 / (count / 64)).sum() < 120
    assert elements.max() > P - P // 1000


def test_labels_and_seeds_give_unrelated_streams() -> None:
    streams = {MaskSource(seed).data(label, 32) for seed in (SEED, bytes(32)) for label in ("a", "b", "a/b")}
    assert len(streams) == 6


def test_a_seed_of_another_length_is_refused() -> None:
    assert SEED_BYTES == 32
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            MaskSource(bytes(length))


def test_fresh_seeds_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    genuine = os.urandom

    def counted(count: int) -> bytes:
        asked.append(count)
        return genuine(count)

    monkeypatch.setattr("zkpay.prover.randomness.os.urandom", counted)
    assert fresh_seed() != fresh_seed()
    assert asked == [32, 32]


def test_every_proof_draws_its_own_seed_and_every_use_its_own_label(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=3)
    seeds: list[bytes] = []
    labels: list[tuple[bytes, str]] = []
    genuine_seed, genuine_data = fresh_seed, MaskSource.data

    def fresh() -> bytes:
        seeds.append(genuine_seed())
        return seeds[-1]

    def data(self: MaskSource, label: str, count: int) -> bytes:
        labels.append((self._seed, label))
        return genuine_data(self, label, count)

    monkeypatch.setattr("zkpay.prover.prove.fresh_seed", fresh)
    monkeypatch.setattr(MaskSource, "data", data)
    case = toy(2048, 2048, 1024)
    for _ in range(3):
        prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"])
    assert len(set(seeds)) == 3
    # No (seed, label) is used twice: masks, salts, quotient mask and FRI mask are all apart.
    assert len(set(labels)) == len(labels)
    assert {label for _, label in labels} == {
        *(f"masks/{tree}/{group}" for tree in (0, 1) for group in (0, 1)),
        *(f"salts/{tree}/{group}" for tree in (0, 1) for group in (0, 1)),
        "salts/2/0",
        "quotient",
        "fri",
    }
