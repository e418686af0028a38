"""The limits of a proof file, at both ends of each, and who refuses what: the size, the count, the decoder, the types.

All that is out of form ends as one kind of error in the end. But what costs little must be refused before what costs
much, so these tests look at the words of the refusal, too.
"""

from dataclasses import replace

import cbor2
import pytest

from zkpay.errors import InputError, Rejected
from zkpay.stark import proof as module
from zkpay.stark.proof import LayerOpening, Proof, TreeOpening

SMALL = Proof(
    profile="default",
    main_root=b"m",
    auxiliary_root=b"a",
    quotient_root=b"q",
    out_of_domain=b"o",
    layer_roots=(b"l", b"r"),
    final_polynomial=b"f",
    nonce=7,
    trees=(TreeOpening((b"row",), (b"salt",), b"sib"),),
    layers=(LayerOpening(b"fib", b"s"),),
)
BYTES = (
    b"\xab\x65nonce\x07\x65trees\x81\xa3\x64rows\x81\x43row\x65salts\x81\x44salt\x68siblings\x43sib\x66format"
    b"\x6ezkpay/proof/v1\x66layers\x81\xa2\x66fibres"
    b"\x43fib\x68siblings\x41s\x67profile\x67default\x69main_root\x41m\x6blayer_roots\x82\x41l\x41r\x6dout_of_domain"
    b"\x41o\x6dquotient_root\x41q\x6eauxiliary_root\x41a\x70final_polynomial\x41f"
)
"""By hand, from SPEC §8.3: keys sorted by length, then bytewise; shortest heads."""


def nonce_as(encoded: bytes) -> bytes:
    """The small proof with this item for its nonce."""
    return BYTES.replace(b"nonce\x07", b"nonce" + encoded)


def test_the_bytes_are_those_of_the_specification() -> None:
    assert SMALL.to_bytes() == BYTES
    assert Proof.from_bytes(BYTES) == SMALL


def test_limits_are_those_of_the_specification() -> None:
    """SPEC §8: 2 MiB and 2^14 items."""
    assert module.MAXIMUM_BYTES == 2_097_152
    assert module._MAXIMUM_ITEMS == 16_384


def test_a_file_may_be_as_large_as_the_limit() -> None:
    """One byte more is refused before anything is read; as many are read, and these are no proof for another reason."""
    with pytest.raises(InputError, match="not a proof"):
        Proof.from_bytes(b"\x5a\x00\x1f\xff\xfb" + bytes(2_097_147))
    with pytest.raises(InputError, match="2097153 bytes is over the limit"):
        Proof.from_bytes(bytes(2_097_153))


def test_another_form_of_the_same_content_has_a_reason_of_its_own() -> None:
    with pytest.raises(Rejected) as caught:
        Proof.from_bytes(nonce_as(b"\x18\x07"))
    assert caught.value.reason == "proof-not-canonical"


LENGTHS = [1, 23, 24, 255, 256, 300, 65_535, 65_536, 70_000]
"""On both sides of every width of a length in CBOR."""


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("head", [0x40, 0x60], ids=["bytes", "text"])
def test_a_string_is_one_item_however_long(head: int, length: int) -> None:
    """A list of one string and of zeros: as many items as the limit are counted, and one more is too many."""
    item = (cbor2.dumps(bytes(length)) if head == 0x40 else cbor2.dumps("\0" * length)) + b"\x00" * 16_382
    assert item[0] & 0xE0 == head
    with pytest.raises(InputError, match="isn't a CBOR map"):
        Proof.from_bytes(b"\x99\x3f\xff" + item)
    with pytest.raises(InputError, match="more than 16,384 items"):
        Proof.from_bytes(b"\x99\x40\x00" + item + b"\x00")


@pytest.mark.parametrize("item", [b"\x17", b"\x37", b"\x18\xff", b"\x38\xff", b"\x1a\x10\x00\x00\x00"])
def test_a_number_is_one_item_whatever_its_value(item: bytes) -> None:
    """Only strings have content to be stepped over."""
    with pytest.raises(InputError, match="isn't a CBOR map"):
        Proof.from_bytes(b"\x99\x3f\xff" + item + b"\x00" * 16_382)
    with pytest.raises(InputError, match="more than 16,384 items"):
        Proof.from_bytes(b"\x99\x40\x00" + item + b"\x00" * 16_383)


@pytest.mark.parametrize("length", LENGTHS)
def test_proofs_with_long_strings_are_read(length: int) -> None:
    """A real proof's rows have tens of thousands of bytes, and are not taken for items of their own."""
    count = max(40_000 // length, 1)
    layers = tuple(LayerOpening(bytes(length), b"") for _ in range(min(count, 64)))
    proof = replace(SMALL, layers=layers, final_polynomial=bytes(40_000))
    assert Proof.from_bytes(proof.to_bytes()) == proof


def test_a_long_string_alone_is_one_item() -> None:
    """Counting begins at the first byte: after it stand a length and zeros, which would be 20,000 items."""
    with pytest.raises(InputError, match="isn't a CBOR map"):
        Proof.from_bytes(b"\x59\x50\x00" + bytes(0x5000))


TAGGED = {
    0: "2020-01-01T00:00:00Z",
    1: 5,
    2: b"\x07",
    3: b"\x07",
    4: [1, 2],
    5: [1, 2],
    28: 5,
    30: [1, 2],
    35: "a+",
    37: bytes(16),
    100: 5,
    256: 5,
    299: 5,
    300: 5,
    1004: "2020-01-01",
    43000: [1.0, 2.0],
    55799: 7,
    60000: 7,
}


@pytest.mark.parametrize("tag", TAGGED)
def test_no_tag_is_decoded(tag: int) -> None:
    """Neither those that the decoder makes dates, numbers, patterns of, nor those that it hands over."""
    with pytest.raises(InputError, match="isn't CBOR"):
        Proof.from_bytes(nonce_as(cbor2.dumps(cbor2.CBORTag(tag, TAGGED[tag]))))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x81" * 5 + b"\x00", id="deeper than a proof"),
        pytest.param(nonce_as(b"\x9f\xff"), id="indefinite list"),
        pytest.param(b"\xbf" + BYTES[1:] + b"\xff", id="indefinite map"),
        pytest.param(b"\xac" + BYTES[1:] + b"\x65nonce\x07", id="repeated key"),
        pytest.param(b"\xac" + BYTES[1:] + b"\x80\x07", id="list for a key"),
        pytest.param(b"\xac" + BYTES[1:] + b"\x05\x07", id="number for a key"),
    ],
)
def test_what_no_proof_has_the_decoder_refuses(data: bytes) -> None:
    """While it reads: nothing of such a form is built first and compared afterwards."""
    with pytest.raises(InputError, match="isn't CBOR"):
        Proof.from_bytes(data)


def test_lists_of_64_and_of_65() -> None:
    for number in (64, 65):
        strings = (b"x",) * number
        for proof in (
            replace(SMALL, layer_roots=strings),
            replace(SMALL, trees=(TreeOpening(strings, (), b""),)),
            replace(SMALL, trees=(TreeOpening((), strings, b""),)),
            replace(SMALL, trees=(TreeOpening((), (), b""),) * number),
            replace(SMALL, layers=(LayerOpening(b"", b""),) * number),
        ):
            if number == 64:
                assert Proof.from_bytes(proof.to_bytes()) == proof
            else:
                with pytest.raises(InputError, match=r"at most 64|too many entries"):
                    Proof.from_bytes(proof.to_bytes())
