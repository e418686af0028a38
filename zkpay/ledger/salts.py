"""Salts of the leaves: what makes a root hide the records under it (SPEC §5.12).

Five field elements, about 155 bits, stand in every leaf. All salts of a tree are expanded from one secret
seed of 32 bytes, so that the private folder needs to keep only the seed.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from zkpay.ledger.encoding import SALT_ELEMENTS
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256

SEED_BYTES: Final = 32
_NONCE: Final = bytes(16)
"""ChaCha20's block counter and nonce: zero, since each key makes one stream only."""
_MASK: Final = np.uint32(2**31 - 1)


def expand_salts(seed: bytes, label: bytes, count: int) -> npt.NDArray[np.uint32]:
    """Uniform salts, uint32[5, count], each element in [0, P).

    Words of the ChaCha20 stream keyed by Keccak-256(label || seed), little-endian, cut to 31 bits; those of
    P or more (one in 127) are left out. Salt i is made of the accepted words 5i to 5i+4, so that it doesn't
    depend on `count`. `label` tells the trees apart; `seed` has 32 bytes, hence label || seed is read in
    one way only.
    """
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a salt seed has {SEED_BYTES} bytes, not {len(seed)}")
    if count < 0:
        raise ValueError("a negative number of salts")
    wanted = SALT_ELEMENTS * count
    stream = Cipher(algorithms.ChaCha20(keccak256(label + seed), _NONCE), mode=None).encryptor()
    accepted = np.empty(0, dtype=np.uint32)
    while accepted.size < wanted:
        missing = wanted - accepted.size
        # 1/64 more than missing: twice the expected share of refused words, so one round nearly always does.
        words = np.frombuffer(stream.update(bytes(4 * (missing + missing // 64 + 64))), dtype="<u4") & _MASK
        accepted = np.concatenate([accepted, words[words < P].astype(np.uint32)])
    return np.ascontiguousarray(accepted[:wanted].reshape(count, SALT_ELEMENTS).T)
