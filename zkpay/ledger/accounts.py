"""Accounts: who is paid, as 160 bits (SPEC §5.11).

An account is an EVM address, or any other identifier, of which the first 20 bytes of the Keccak-256 digest
stand. Both are shown as addresses with the mixed-case checksum of EIP-55.
"""

import re
import unicodedata
from typing import Final

from zkpay.errors import InputError
from zkpay.stark.keccak import keccak256

ACCOUNT_BYTES: Final = 20
MAX_IDENTIFIER_BYTES: Final = 128

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's control and invisible format characters, lone surrogates, line and paragraph separators."""
_BARE_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]{40}")


class MalformedAccount(InputError):  # noqa: N818 - the finding's own word
    """A text that is no account; `why` and `remedy` say what is wrong with it and what to do."""

    def __init__(self, text: str, why: str, remedy: str) -> None:
        super().__init__(f"account {text[:80]!r}: {why}; {remedy}")
        self.why = why
        self.remedy = remedy


def parse_account(text: str) -> bytes:
    """The 20 bytes of an account; MalformedAccount (InputError) otherwise.

    Letters of an address all in one case carry no checksum; in mixed case the checksum must hold (EIP-55).
    """
    if text[:2] in ("0x", "0X"):
        return _parse_address(text)
    if not text:
        raise MalformedAccount(text, "an account can't be empty", "write an address or an identifier")
    if text != text.strip():
        raise MalformedAccount(text, "white space around an account", "remove it")
    if any(unicodedata.category(letter) in _REFUSED_CATEGORIES for letter in text):
        raise MalformedAccount(text, "a control or invisible character in an account", "remove it")
    # NFKC also folds full-width letters: what looks like 0x... must be an address, and one look one account.
    if unicodedata.normalize("NFKC", text) != text:
        raise MalformedAccount(text, "an identifier that isn't in Unicode's form NFKC", "normalise it")
    if _BARE_ADDRESS.fullmatch(text):
        # Taken as an identifier it would name an account that nobody owns.
        raise MalformedAccount(text, "40 hexadecimal digits without 0x", "write 0x in front if it is an address")
    encoded = text.encode("utf-8")
    if len(encoded) > MAX_IDENTIFIER_BYTES:
        raise MalformedAccount(
            text,
            f"an identifier of {len(encoded)} bytes",
            f"use at most {MAX_IDENTIFIER_BYTES} bytes of UTF-8",
        )
    return keccak256(encoded)[:ACCOUNT_BYTES]


def _parse_address(text: str) -> bytes:
    if not _ADDRESS.fullmatch(text):
        raise MalformedAccount(text, "not an address", "write 0x and 40 hexadecimal digits")
    digits = text[2:]
    account = bytes.fromhex(digits)
    if digits not in (digits.lower(), digits.upper()) and checksum_address(account) != text:
        raise MalformedAccount(
            text,
            "the address checksum is wrong (EIP-55), so a digit may be mistyped",
            f"copy the address again; if its digits are right, it is written {checksum_address(account)}",
        )
    return account


def checksum_address(account: bytes) -> str:
    """The account as an address with EIP-55 checksum: a letter is a capital where the hash's digit is 8 or
    more.
    """
    if len(account) != ACCOUNT_BYTES:
        raise ValueError(f"an account has {ACCOUNT_BYTES} bytes, not {len(account)}")
    digits = account.hex()
    digest = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        digit.upper() if int(hash_digit, 16) >= 8 else digit for digit, hash_digit in zip(digits, digest, strict=False)
    )
