"""Files that try to make the verifier slow, deep or fat: each is refused at once, with a typed error.

Sources: CVE-2020-10735 (quadratic integers), and the tags, keys and lengths that cbor2 accepts by default; found by an
audit of the first version of the readers.
"""

import random
import struct

import cbor2
import pytest

from zkpay.errors import InputError, Rejected
from zkpay.stark.proof import MAXIMUM_BYTES, Proof
from zkpay.stark.statement import Statement

BIGNUM = b"\xc2\x5a" + struct.pack(">I", 100_000) + random.Random(1).randbytes(100_000)
COLLIDING = b"".join(b"\x1b" + (k * ((1 << 61) - 1) % 2**64).to_bytes(8, "big") + b"\0" for k in range(1, 30_001))
BOMBS = {
    "bignum": BIGNUM,
    "decimal": b"\xc4\x82\x20" + BIGNUM,
    "bigfloat": b"\xc5\x82\x20" + BIGNUM,
    "fraction": b"\xd8\x1e\x82" + BIGNUM + BIGNUM,
    "pattern": b"\xd8\x23\x79\xff\xff" + b"(" * 65535,
    "colliding keys": b"\xb9\x75\x30" + COLLIDING,
    "shared reference": b"\xd8\x1c\x81\xd8\x1d\x00",
    "unknown tag": cbor2.dumps(cbor2.CBORTag(987654, 1)),
    "deep": b"\x81" * 100_000,
    "indefinite": b"\x9f" * 1000,
    "declared length": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "too long": bytes(MAXIMUM_BYTES + 1),
    "empty": b"",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_no_bomb_goes_off(name: str, wrapped: bool) -> None:
    bomb = b"\xa1\x66nonce\x00" + BOMBS[name] if wrapped else BOMBS[name]
    with pytest.raises((InputError, Rejected)):
        Proof.from_bytes(bomb)


@pytest.mark.parametrize(
    "text",
    ['{"counts":[["\\ud800",1]]}', '{"format":"zkpay/statement/v1","pool":' + "9" * 60_000 + "}", "[" * 60_000, "\xff"],
)
def test_no_statement_goes_off(text: str) -> None:
    with pytest.raises((InputError, Rejected)):
        Statement.from_bytes(text.encode("latin-1"))
