"""The Fiat-Shamir transcript: Keccak-256 over labelled, length-prefixed messages (SPEC §4.4).

Each absorb and each squeeze replaces the state by a hash that covers it, so no two challenges can be equal by
construction and nothing absorbed later can change an earlier challenge.
"""

from __future__ import annotations

from zkpay.stark.domains import TRANSCRIPT_ABSORB, TRANSCRIPT_ADVANCE, TRANSCRIPT_SQUEEZE, prefix_bytes
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P, is_base
from zkpay.stark.keccak import keccak256


class Transcript:
    """A running hash of everything that prover and verifier have said."""

    def __init__(self, protocol: str) -> None:
        self._state = bytes(32)
        self.absorb("protocol", protocol.encode())

    def absorb(self, label: str, data: bytes) -> None:
        """Bind `data` under `label`; both are length-prefixed."""
        name = label.encode()
        self._state = keccak256(
            prefix_bytes(TRANSCRIPT_ABSORB)
            + self._state
            + len(name).to_bytes(8, "little")
            + name
            + len(data).to_bytes(8, "little")
            + data
        )

    def seed(self, label: str) -> bytes:
        """32 challenge bytes."""
        return self._squeeze(label, 1)

    def extension(self, label: str) -> Extension:
        """A challenge uniform in the extension field outside the base field.

        Leaving the base field out excludes every point of the trace and evaluation domains; the event has
        probability 2^-124 and changes no bound.
        """
        attempt = 0
        while True:
            words = self._words(f"{label}/{attempt}", 5)
            challenge = (words[0], words[1], words[2], words[3], words[4])
            if not is_base(challenge):
                return challenge
            attempt += 1

    def extensions(self, label: str, count: int) -> tuple[Extension, ...]:
        """`count` challenges, independent and each uniform in the whole extension field."""
        words = self._words(label, EXTENSION_DEGREE * count)
        starts = range(0, len(words), EXTENSION_DEGREE)
        return tuple((words[k], words[k + 1], words[k + 2], words[k + 3], words[k + 4]) for k in starts)

    def indices(self, label: str, bits: int, count: int) -> list[int]:
        """`count` independent indices, each from `bits` hash bits (no modulo bias)."""
        data = self._squeeze(label, -(-4 * count // 32))
        return [int.from_bytes(data[4 * k : 4 * k + 4], "little") & ((1 << bits) - 1) for k in range(count)]

    def _words(self, label: str, count: int) -> list[int]:
        """`count` values uniform in [0, P), by rejection from 31-bit words."""
        found: list[int] = []
        attempt = 0
        while len(found) < count:
            data = self._squeeze(f"{label}#{attempt}", -(-4 * (count - len(found)) // 32))
            words = (int.from_bytes(data[k : k + 4], "little") & 0x7FFFFFFF for k in range(0, len(data), 4))
            found += [word for word in words if word < P]
            attempt += 1
        return found[:count]

    def _squeeze(self, label: str, blocks: int) -> bytes:
        name = label.encode()
        head = self._state + len(name).to_bytes(8, "little") + name
        output = b"".join(
            keccak256(prefix_bytes(TRANSCRIPT_SQUEEZE) + head + k.to_bytes(8, "little")) for k in range(blocks)
        )
        self._state = keccak256(prefix_bytes(TRANSCRIPT_ADVANCE) + head)
        return output
