"""All contributions of an epoch, by column, in intake order (SPEC §3.2), and their private file.

Columns are numpy arrays so that a million records are encoded and hashed without a Python loop. The file
holds the same columns in numpy's own format without pickle, behind a digest that tells damage; it is
private.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zkpay.errors import InputError
from zkpay.ledger.number_slots import Values, values_of_slots
from zkpay.ledger.problems import printable
from zkpay.ledger.rules import ACCEPTED, Rules
from zkpay.ledger.texts import Texts
from zkpay.stark.statement import MAXIMUM_ACCOUNTS, MAXIMUM_COUNT

MAX_CONTRIBUTIONS: Final = MAXIMUM_COUNT
MAX_ACCOUNTS: Final = MAXIMUM_ACCOUNTS
NOT_REPLACING: Final = -1
"""In `replaces`: the record corrects no other."""

_MAGIC: Final = b"zkpay contributions v2\n"
_DIGEST_BYTES: Final = 32
_SYMBOL_PREFIX: Final = "symbol."
_NUMBER_PREFIX: Final = "number."

_LOCAL_LENGTHS: Final = 26
"""Where a zip member's own header has the lengths of its name and its extra field, two bytes each."""
_LOCAL_HEADER_BYTES: Final = 30
_MAX_NPY_HEADER_BYTES: Final = 1 << 16

Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Contributions:
    """N records; index = intake index.

    ids: the contribution_id texts. accounts: uint8[N, 20]. symbols: field name -> uint8[N], codes, UNDECLARED for a
    value that the policy doesn't have. numbers: field name -> uint16[slots, N], slots of 14 bits, least significant
    first. fingerprint_keys: uint32[8, N], zero where there is no fingerprint. reason: uint8[N], 0 = accepted.
    replaces: int64[N], the intake index of the record that this one corrects, NOT_REPLACING for none.
    account_names: the account of each record as written. Arrays of a record read from a file may be read-only.
    """

    ids: Sequence[str]
    accounts: npt.NDArray[np.uint8]
    symbols: Mapping[str, npt.NDArray[np.uint8]]
    numbers: Mapping[str, npt.NDArray[np.uint16]]
    fingerprint_keys: npt.NDArray[np.uint32]
    reason: npt.NDArray[np.uint8]
    replaces: npt.NDArray[np.int64]
    account_names: Sequence[str]

    def __post_init__(self) -> None:
        count = len(self.ids)
        _check("accounts", self.accounts, (count, 20), np.uint8)
        for name, symbol in self.symbols.items():
            _check(name, symbol, (count,), np.uint8)
        for name, number in self.numbers.items():
            _check(name, number, (len(number), count), np.uint16)
        _check("fingerprint_keys", self.fingerprint_keys, (8, count), np.uint32)
        _check("reason", self.reason, (count,), np.uint8)
        _check("replaces", self.replaces, (count,), np.int64)
        if len(self.account_names) != count:
            raise ValueError(f"{len(self.account_names)} account names for {count} records")

    def __len__(self) -> int:
        return len(self.ids)

    def number_values(self, name: str) -> Values:
        """A number field's values: int64[N] if all are below 2^62, Python integers in object[N] otherwise."""
        return values_of_slots(self.numbers[name])

    def to_bytes(self) -> bytes:
        """The private file's content: a magic line, the SHA-256 of the rest, and the columns as .npz."""
        ids, names = Texts.of(self.ids), Texts.of(self.account_names)
        columns: dict[str, Column] = {
            "accounts": self.accounts,
            **{_SYMBOL_PREFIX + name: column for name, column in self.symbols.items()},
            **{_NUMBER_PREFIX + name: column for name, column in self.numbers.items()},
            "fingerprint_keys": self.fingerprint_keys,
            "reason": self.reason,
            "replaces": self.replaces,
            "id_text": ids.text,
            "id_ends": ids.ends,
            "name_text": names.text,
            "name_ends": names.ends,
        }
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **columns)
        payload = buffer.getvalue()
        return _MAGIC + hashlib.sha256(payload).digest() + payload

    @classmethod
    def from_bytes(cls, content: bytes, source: str = "contributions") -> Contributions:
        """The inverse of `to_bytes`; InputError naming `source` if the content is damaged or foreign."""
        start = len(_MAGIC) + _DIGEST_BYTES
        if not content.startswith(_MAGIC):
            raise InputError(f"{source}: not a file of contributions of this version; run `zkpay commit` again")
        if hashlib.sha256(memoryview(content)[start:]).digest() != content[len(_MAGIC) : start]:
            raise InputError(f"{source}: damaged, its digest doesn't match; restore it from a copy")
        try:
            columns = _stored_columns(content)
            return cls(
                ids=Texts(columns["id_text"], columns["id_ends"]),
                accounts=columns["accounts"],
                symbols=_with_prefix(columns, _SYMBOL_PREFIX),
                numbers=_with_prefix(columns, _NUMBER_PREFIX),
                fingerprint_keys=columns["fingerprint_keys"],
                reason=columns["reason"],
                replaces=columns["replaces"],
                account_names=Texts(columns["name_text"], columns["name_ends"]),
            )
        except Exception as error:
            # zipfile and numpy raise a family of errors on hostile bytes; all of them mean the same here.
            said = printable(str(error)) or type(error).__name__
            raise InputError(f"{source}: malformed: {said[:200]}; restore it from a copy") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the private file.  Who calls this sees to the file's mode."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Contributions:
        """Read a private file; InputError if it can't be read or is damaged."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        return cls.from_bytes(content, str(path))


def count_by_reason(contributions: Contributions, rules: Rules) -> dict[str, int]:
    """How many records have each reason that the rules can give, accepted first, zeros included."""
    usable = rules.usable_reasons
    counts = np.bincount(contributions.reason, minlength=max(usable) + 1)
    for code in np.flatnonzero(counts).tolist():
        if code not in usable:
            raise InputError(f"a record has reason code {code}, which this policy can't give")
    return {name: int(counts[code]) for code, name in usable.items()}


def check_account_count(contributions: Contributions) -> None:
    """InputError if more accounts have an accepted record than an epoch can pay."""
    if len(contributions) <= MAX_ACCOUNTS:
        return
    accounts = np.ascontiguousarray(contributions.accounts[contributions.reason == ACCEPTED])
    count = len(np.unique(accounts.view("V20")))
    if count > MAX_ACCOUNTS:
        raise InputError(
            f"{count:,} accounts have an accepted record, an epoch pays at most {MAX_ACCOUNTS:,}; split it into several"
            " epochs"
        )


def _check(name: str, column: Column, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    if column.shape != shape or column.dtype != dtype:
        raise ValueError(f"{name} is {column.dtype}{list(column.shape)}, not {dtype.__name__}{list(shape)}")


def _with_prefix(columns: Mapping[str, Column], prefix: str) -> dict[str, Column]:
    return {name.removeprefix(prefix): columns[name] for name in columns if name.startswith(prefix)}


def _stored_columns(content: bytes) -> dict[str, Column]:
    """The arrays of an .npz at the end of `content`, which stands uncompressed: views of it where alignment allows.

    numpy's own reader copies every array through a checksum; here a digest covers the whole.
    """
    columns: dict[str, Column] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{member.filename} is compressed")
            name, extra = struct.unpack_from("<HH", content, member.header_offset + _LOCAL_LENGTHS)
            start = member.header_offset + _LOCAL_HEADER_BYTES + name + extra
            columns[member.filename.removesuffix(".npy")] = _array_at(content, start, start + member.file_size)
    return columns


def _array_at(content: bytes, start: int, stop: int) -> Column:
    """The array in numpy's format at content[start:stop]."""
    head = io.BytesIO(content[start : min(stop, start + _MAX_NPY_HEADER_BYTES)])
    version = np.lib.format.read_magic(head)
    if version != (1, 0):
        raise ValueError(f"an array in format {version}")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype.hasobject or stop - start - head.tell() != dtype.itemsize * prod(shape):
        raise ValueError("an array of another size than it says")
    flat = np.frombuffer(content, dtype=dtype, count=prod(shape), offset=start + head.tell())
    found = flat.reshape(shape, order="F" if by_column else "C")
    return found if found.flags.aligned else found.copy()
