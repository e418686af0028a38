"""Keys of many fingerprints at once, for the intake (SPEC §5.11).

Apart from `fingerprints`, which the verifier may read, since this needs the compiled kernels.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.keccak import leaf_digests
from zkpay.ledger.encoding import Elements
from zkpay.ledger.fingerprints import FINGERPRINT_LABEL, keys_of_digests
from zkpay.stark.keccak import keccak256

_ENOUGH_ROWS: Final = 4096
"""From here on the kernel beats one digest after the other, the loading of its code included."""
_PREFIX_BYTES: Final = 8
_WORD_BYTES: Final = 4


def fingerprint_keys(fingerprints: npt.NDArray[np.uint8]) -> Elements:
    """The keys of n fingerprints of one length, uint8[n, bytes] -> uint32[8, n].

    The kernel reads messages of an 8-byte prefix and 32-bit words. The label has 20 bytes, so that any
    fingerprint of whole words fits it; all others are hashed one by one.
    """
    count, width = fingerprints.shape
    if count >= _ENOUGH_ROWS and width % _WORD_BYTES == 0:
        label = np.frombuffer(FINGERPRINT_LABEL, dtype=np.uint8)
        messages = np.empty((count, label.size + width), dtype=np.uint8)
        messages[:, : label.size] = label
        messages[:, label.size :] = fingerprints
        words = np.ascontiguousarray(messages[:, _PREFIX_BYTES:]).view("<u4").T
        prefix = int.from_bytes(FINGERPRINT_LABEL[:_PREFIX_BYTES], "little")
        digests = leaf_digests(np.ascontiguousarray(words), prefix)
        return keys_of_digests(np.ascontiguousarray(digests.T).astype("<u8").view(np.uint8))
    raw = fingerprints.tobytes()
    hashed = [keccak256(FINGERPRINT_LABEL + raw[start : start + width]) for start in range(0, len(raw), width)]
    return keys_of_digests(np.frombuffer(b"".join(hashed), dtype=np.uint8).reshape(count, 32))
