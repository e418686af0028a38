"""Fingerprints of content as keys of 240 bits (SPEC §5.11).

A fingerprint is whatever names the content of a contribution, such as its SHA-256 digest: 1 to 256 bytes,
written in hexadecimal. The leaf holds the first 240 bits of a labelled Keccak-256 of it: two fingerprints
with one key take 2^120 work to find. A record without a fingerprint has the key zero.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.ledger.encoding import FINGERPRINT_ELEMENTS, Elements, big_endian_elements
from zkpay.stark.keccak import keccak256

MAX_FINGERPRINT_BYTES: Final = 256
NO_FINGERPRINT: Final = (0,) * FINGERPRINT_ELEMENTS
FINGERPRINT_LABEL: Final = b"zkpay/fingerprint/v1"


def fingerprint_key(fingerprint: bytes) -> tuple[int, ...]:
    """The key of one fingerprint: 8 elements of 30 bits, most significant first; zero for an absent one."""
    if len(fingerprint) > MAX_FINGERPRINT_BYTES:
        raise ValueError(f"a fingerprint has at most {MAX_FINGERPRINT_BYTES} bytes, not {len(fingerprint)}")
    if not fingerprint:
        return NO_FINGERPRINT
    digest = np.frombuffer(keccak256(FINGERPRINT_LABEL + fingerprint), dtype=np.uint8)
    return tuple(int(element) for element in keys_of_digests(digest.reshape(1, 32))[:, 0])


def keys_of_digests(digests: npt.NDArray[np.uint8]) -> Elements:
    """The first 240 bits of labelled digests, uint8[n, 32] -> uint32[8, n]."""
    return big_endian_elements(digests, 0, FINGERPRINT_ELEMENTS)
