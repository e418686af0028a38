"""All contributions of an epoch, by column, in intake order (SPEC §3.2), and their private file.

Columns are numpy arrays so that a million records are encoded and hashed without a Python loop. The file
holds the same columns in numpy's own format without pickle, behind a digest that tells damage; it is
private.
"""

import hashlib
import io
import itertools
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.errors import InputError
from zkpay.ledger.codes import IntakeRules, reason_names

MAX_CONTRIBUTIONS: Final = 2**20

_MAGIC: Final = b"zkpay contributions v1\n"
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True)
class Contributions:
    """N records; index = intake index.

    ids: the contribution_id texts.  accounts: uint8[N, 20].  kind: uint8[N], code of the policy's kind or 63.
    quantity: uint16[N, 7], slots of 14 bits, least significant first.  quality: uint32[N].
    fingerprint_keys: uint32[8, N], zero where there is no fingerprint.  reason: uint8[N], 0 = accepted.
    account_names: the account of each record as written.
    """

    ids: list[str]
    accounts: npt.NDArray[np.uint8]
    kind: npt.NDArray[np.uint8]
    quantity: npt.NDArray[np.uint16]
    quality: npt.NDArray[np.uint32]
    fingerprint_keys: npt.NDArray[np.uint32]
    reason: npt.NDArray[np.uint8]
    account_names: list[str]

    def __post_init__(self) -> None:
        count = len(self.ids)
        expected = {
            "accounts": ((count, 20), np.uint8),
            "kind": ((count,), np.uint8),
            "quantity": ((count, 7), np.uint16),
            "quality": ((count,), np.uint32),
            "fingerprint_keys": ((8, count), np.uint32),
            "reason": ((count,), np.uint8),
        }
        for name, (shape, dtype) in expected.items():
            column = getattr(self, name)
            if column.shape != shape or column.dtype != dtype:
                raise ValueError(f"{name} is {column.dtype}{list(column.shape)}, not {dtype.__name__}{list(shape)}")
        if len(self.account_names) != count:
            raise ValueError(f"{len(self.account_names)} account names for {count} records")

    def __len__(self) -> int:
        return len(self.ids)

    def to_bytes(self) -> bytes:
        """The private file's content: a magic line, the SHA-256 of the rest, and the columns as .npz."""
        id_text, id_ends = _joined(self.ids)
        name_text, name_ends = _joined(self.account_names)
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            accounts=self.accounts,
            kind=self.kind,
            quantity=self.quantity,
            quality=self.quality,
            fingerprint_keys=self.fingerprint_keys,
            reason=self.reason,
            id_text=id_text,
            id_ends=id_ends,
            name_text=name_text,
            name_ends=name_ends,
        )
        payload = buffer.getvalue()
        return _MAGIC + hashlib.sha256(payload).digest() + payload

    @classmethod
    def from_bytes(cls, content: bytes, source: str = "contributions") -> "Contributions":
        """The inverse of `to_bytes`; InputError naming `source` if the content is damaged or foreign."""
        start = len(_MAGIC) + _DIGEST_BYTES
        if not content.startswith(_MAGIC):
            raise InputError(f"{source}: not a file of contributions of this version; run `zkpay commit` again")
        payload = content[start:]
        if hashlib.sha256(payload).digest() != content[len(_MAGIC) : start]:
            raise InputError(f"{source}: damaged, its digest doesn't match; restore it from a copy")
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as columns:
                return cls(
                    ids=_split(columns["id_text"], columns["id_ends"]),
                    accounts=columns["accounts"],
                    kind=columns["kind"],
                    quantity=columns["quantity"],
                    quality=columns["quality"],
                    fingerprint_keys=columns["fingerprint_keys"],
                    reason=columns["reason"],
                    account_names=_split(columns["name_text"], columns["name_ends"]),
                )
        except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{source}: malformed: {error}; restore it from a copy") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the private file.  Who calls this sees to the file's mode."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Contributions":
        """Read a private file; InputError if it can't be read or is damaged."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from error
        return cls.from_bytes(content, str(path))


def count_by_reason(contributions: Contributions, policy: IntakeRules) -> dict[str, int]:
    """How many records have each reason of the policy, accepted first, zeros included."""
    names = reason_names(policy)
    counts = np.bincount(contributions.reason, minlength=len(names))
    if counts.size > len(names):
        raise InputError(f"a record has reason code {counts.size - 1}, which this policy doesn't declare")
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _joined(texts: list[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Texts as one run of UTF-8 and the offset at which each ends."""
    encoded = [text.encode("utf-8") for text in texts]
    ends = np.cumsum([len(part) for part in encoded], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), ends


def _split(text: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> list[str]:
    raw = text.tobytes()
    starts = [0, *ends.tolist()]
    if starts[-1] != len(raw):
        raise ValueError("texts and their lengths differ")
    return [raw[start:end].decode("utf-8") for start, end in itertools.pairwise(starts)]
