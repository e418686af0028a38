"""Keccak-256 as Ethereum uses it: padding byte 0x01, not SHA3-256's 0x06 (SPEC §2.3)."""

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32-byte digest of `data`."""
    return keccak.new(digest_bits=256, data=data).digest()
