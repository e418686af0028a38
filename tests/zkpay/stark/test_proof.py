"""The proof file: one encoding for one content, and a typed error for everything else."""

import io
from dataclasses import fields, replace
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.errors import InputError, Rejected
from zkpay.stark.field import P
from zkpay.stark.proof import (
    FORMAT,
    MAXIMUM_BYTES,
    LayerOpening,
    Proof,
    TreeOpening,
    element_bytes,
    parse_elements,
    parse_extensions,
)

SMALL = Proof(
    profile="default",
    main_root=bytes(32),
    auxiliary_root=b"\x01" * 32,
    quotient_root=b"\x02" * 32,
    out_of_domain=b"abcd",
    layer_roots=(b"\x03" * 32, b"\x04" * 32),
    final_polynomial=b"efgh",
    nonce=7,
    trees=(TreeOpening((b"rows", b""), (b"salt",), b"sib"),),
    layers=(LayerOpening(b"fib", b""), LayerOpening(b"", b"s")),
)
BYTES = st.binary(max_size=40)
PROOFS = st.builds(
    Proof,
    profile=st.text(max_size=10),
    main_root=BYTES,
    auxiliary_root=BYTES,
    quotient_root=BYTES,
    out_of_domain=BYTES,
    layer_roots=st.lists(BYTES, max_size=4).map(tuple),
    final_polynomial=BYTES,
    # Integers beyond 64 bits need a tag, and a proof has none.
    nonce=st.integers(-(2**64), 2**64 - 1),
    trees=st.lists(
        st.builds(TreeOpening, st.lists(BYTES, max_size=3).map(tuple), st.lists(BYTES, max_size=3).map(tuple), BYTES),
        max_size=3,
    ).map(tuple),
    layers=st.lists(st.builds(LayerOpening, BYTES, BYTES), max_size=3).map(tuple),
)


@given(PROOFS)
def test_round_trip(proof: Proof) -> None:
    data = proof.to_bytes()
    assert Proof.from_bytes(data) == proof
    assert Proof.from_bytes(data).to_bytes() == data


def content() -> dict:
    decoded = cbor2.loads(SMALL.to_bytes())
    assert isinstance(decoded, dict)
    return decoded


def test_a_proof_carries_nothing_that_the_verifier_should_know_itself() -> None:
    """No heights, widths, parameters, arities or keys: only the profile's name (winterfell #160; Plonky3 #1676)."""
    assert set(content()) == {"format", *(entry.name for entry in fields(Proof))}
    assert {entry.name for entry in fields(Proof)} == {
        "profile",
        "main_root",
        "auxiliary_root",
        "quotient_root",
        "out_of_domain",
        "layer_roots",
        "final_polynomial",
        "nonce",
        "trees",
        "layers",
    }


def other_encodings() -> dict[str, bytes]:
    """The same content, written otherwise."""
    usual = SMALL.to_bytes()
    shuffled = io.BytesIO()
    cbor2.CBOREncoder(shuffled).encode(dict(reversed(content().items())))
    long_length = usual.replace(b"\x44abcd", b"\x58\x04abcd")
    indefinite = b"\xbf" + usual[1:] + b"\xff"
    wide_nonce = usual.replace(b"nonce\x07", b"nonce\x18\x07")
    chunked = usual.replace(b"\x44abcd", b"\x5f\x42ab\x42cd\xff")
    repeated = b"\xac" + usual[1:] + b"\x65nonce\x07"
    extra = cbor2.dumps({**content(), "height": 5}, canonical=True)
    return {
        "trailing byte": usual + b"\0",
        "second proof": usual + usual,
        "other key order": shuffled.getvalue(),
        "long length": long_length,
        "indefinite map": indefinite,
        "wide integer": wide_nonce,
        "chunked bytes": chunked,
        "repeated key": repeated,
        "unknown field": extra,
        "bignum nonce": usual.replace(b"nonce\x07", b"nonce\xc2\x41\x07"),
        "tagged": b"\xd9\xd9\xf7" + usual,
    }


@pytest.mark.parametrize("name", other_encodings())
def test_only_one_encoding_is_a_proof(name: str) -> None:
    """Malleability counts as forgery (Plonky3 #1765, #1773; rkm0959 on SP1, 3-2)."""
    data = other_encodings()[name]
    assert data != SMALL.to_bytes()
    with pytest.raises((Rejected, InputError)):
        Proof.from_bytes(data)


@pytest.mark.parametrize("name", [entry.name for entry in fields(Proof)])
def test_wrong_types_and_missing_fields(name: str) -> None:
    usual = content()[name]
    values: list[Any] = [None, 5.0, True, "x", b"x", 5, {}, [5], [None], [[b"x"]], [b"x"] * 65]
    for value in values:
        if type(value) is type(usual) and not isinstance(value, list):
            continue
        with pytest.raises(InputError, match="proof: "):
            Proof.from_bytes(cbor2.dumps({**content(), name: value}, canonical=True))
    missing = content()
    del missing[name]
    with pytest.raises(InputError, match=name):
        Proof.from_bytes(cbor2.dumps(missing, canonical=True))


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff", b"\xa0", b"\x80", b"\xf6", b"\x1b" * 9, b"\x9f" * 5000, b"\xa1" * 500]
)
def test_other_bytes(data: bytes) -> None:
    with pytest.raises(InputError):
        Proof.from_bytes(data)


def test_announced_lengths_are_not_believed() -> None:
    """A header that announces 2^60 bytes, entries or a deep nest is an error at once, not an allocation."""
    for head in (b"\x5b", b"\x7b", b"\x9b", b"\xbb"):
        with pytest.raises(InputError):
            Proof.from_bytes(head + (1 << 60).to_bytes(8, "big") + b"x")
    with pytest.raises(InputError):
        Proof.from_bytes(b"\x81" * 100_000)


@pytest.mark.parametrize("nonce", [2**64, -(2**64) - 1, 2**200])
def test_big_numbers_are_refused(nonce: int) -> None:
    with pytest.raises(InputError):
        Proof.from_bytes(replace(SMALL, nonce=nonce).to_bytes())


def test_formats_and_sizes() -> None:
    other = cbor2.dumps({**content(), "format": "zkpay/proof/v2"}, canonical=True)
    with pytest.raises(InputError, match=FORMAT):
        Proof.from_bytes(other)
    with pytest.raises(InputError, match="limit"):
        Proof.from_bytes(bytes(MAXIMUM_BYTES + 1))
    with pytest.raises(InputError):
        Proof.from_bytes(replace(SMALL, layer_roots=(b"",) * 65).to_bytes())
    with pytest.raises(InputError):
        Proof.from_bytes(replace(SMALL, layers=(LayerOpening(b"", b""),) * 65).to_bytes())


@given(st.lists(st.integers(0, P - 1), max_size=20))
def test_elements(values: list[int]) -> None:
    data = element_bytes(np.array(values, dtype=np.uint32))
    assert data == b"".join(value.to_bytes(4, "little") for value in values)
    assert parse_elements(data, len(values), "x").tolist() == values
    for wrong in (data + b"\0", data + bytes(4), data[:-1]):
        if wrong != data:
            with pytest.raises(Rejected) as caught:
                parse_elements(wrong, len(values), "x")
            assert caught.value.reason == "wrong-length"


@pytest.mark.parametrize("value", [P, P + 1, 2**31, 2**32 - 1])
def test_elements_of_the_modulus_or_more(value: int) -> None:
    """e and e + P would be two encodings of one element."""
    for place in range(5):
        words = [1, 2, 3, 4, 5]
        words[place] = value
        data = b"".join(word.to_bytes(4, "little") for word in words)
        for parse, count in ((parse_elements, 5), (parse_extensions, 1)):
            with pytest.raises(Rejected) as caught:
                parse(data, count, "values")
            assert caught.value.reason == "non-canonical-element"


def test_more_items_than_any_proof_has_are_refused_before_they_are_decoded() -> None:
    fits, over = (b"\x9a" + count.to_bytes(4, "big") + b"\x80" * count for count in ((1 << 14) - 1, 1 << 14))
    with pytest.raises(InputError, match="isn't a CBOR map"):
        Proof.from_bytes(fits)
    with pytest.raises(InputError, match="more than 16,384 items"):
        Proof.from_bytes(over)
