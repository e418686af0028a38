"""Masks and salts: one secret seed a proof, everything else expanded from it (SPEC §7).

The seed comes from the operating system. Each use has its own label, so no two uses share a stream; ChaCha20
(RFC 8439) expands it. A seed serves one transcript: two proofs with one seed would reveal their difference.
"""

from __future__ import annotations

import os

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from numpy.typing import NDArray

from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256

SEED_BYTES = 32


def fresh_seed() -> bytes:
    """32 bytes from the operating system's generator."""
    return os.urandom(SEED_BYTES)


class MaskSource:
    """Uniform field elements and bytes, by label."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a mask seed has {SEED_BYTES} bytes")
        self._seed = seed

    def data(self, label: str, count: int) -> bytes:
        """`count` bytes of the stream called `label`."""
        key = keccak256(b"zkpay/masks/v1" + self._seed + label.encode())
        # ChaCha20's nonce field here holds the 32-bit block counter and the 96-bit nonce, both zero: the key is fresh.
        return Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(count))

    def elements(self, label: str, shape: tuple[int, ...]) -> NDArray[np.uint32]:
        """Elements uniform in [0, P): 31-bit words, those of P or more dropped."""
        count = int(np.prod(shape))
        # A word is dropped with probability 2^-7; the surplus leaves a shortfall of probability far below 2^-128.
        words = np.frombuffer(self.data(label, 4 * (count + count // 32 + 1024)), dtype="<u4") & 0x7FFFFFFF
        kept = words[words < P][:count]
        if len(kept) < count:
            raise RuntimeError("the generator's stream is not uniform")
        return kept.astype(np.uint32).reshape(shape)
