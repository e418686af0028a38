"""Accounts: EIP-55 by its own examples, identifiers by their hash, and every text that is none."""

import pytest
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from zkpay.errors import InputError
from zkpay.ledger.accounts import MalformedAccount, checksum_address, parse_account

# The examples of EIP-55 itself (CC0).
EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", EIP_55)
def test_examples_of_the_standard(address: str) -> None:
    account = parse_account(address)
    assert account.hex() == address[2:].lower()
    assert checksum_address(account) == address


@given(st.binary(min_size=20, max_size=20))
def test_address_in_one_case_or_with_checksum_is_the_same_account(account: bytes) -> None:
    checked = checksum_address(account)
    for text in (checked, checked.lower(), "0x" + checked[2:].upper()):
        assert parse_account(text) == account


@pytest.mark.parametrize("address", EIP_55[4:])
def test_mistyped_checksum_is_refused_and_the_right_one_shown(address: str) -> None:
    swapped = address[:-1] + address[-1].swapcase() if address[-1].isalpha() else address[:2] + address[2:].swapcase()
    with pytest.raises(MalformedAccount, match="checksum") as caught:
        parse_account(swapped)
    assert address in caught.value.remedy


@pytest.mark.parametrize("text", ["alice", "did:key:z6Mk", "x", "ä" * 64, "a b", "0", "d8dA"])
def test_identifier_is_the_start_of_its_hash(text: str) -> None:
    assert parse_account(text) == keccak.new(digest_bits=256, data=text.encode()).digest()[:20]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("0x", "not an address"),
        ("0x" + "1" * 39, "not an address"),
        ("0x" + "1" * 41, "not an address"),
        ("0x" + "g" * 40, "not an address"),
        ("0X" + "1" * 40, "not an address"),
        ("0x" + "1" * 40 + "\n", "not an address"),
        ("0x" + "\u0661" * 40, "not an address"),
        ("0xalice", "not an address"),
        (" alice", "white space"),
        ("alice\t", "white space"),
        ("al\x00ice", "control or invisible character"),
        ("al\x85ice", "control or invisible character"),
        ("al\u2028ice", "control or invisible character"),
        ("al\ud800ice", "control or invisible character"),
        ("a" * 129, "129 bytes"),
        ("ä" * 65, "130 bytes"),
    ],
)
def test_text_that_is_no_account(text: str, why: str) -> None:
    with pytest.raises(MalformedAccount, match=why) as caught:
        parse_account(text)
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 4
    assert caught.value.remedy


def test_address_of_another_length_is_a_callers_mistake() -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        checksum_address(bytes(19))


@pytest.mark.parametrize(
    "text",
    [
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "\uff10x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "ali\u200bce",
        "\u202ealice",
        "cafe\u0301",
    ],
)
def test_texts_that_look_like_another_account(text: str) -> None:
    with pytest.raises(MalformedAccount):
        parse_account(text)
