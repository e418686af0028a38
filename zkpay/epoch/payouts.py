"""payouts.csv: the list of all payouts with the salts that make it recompute R_p (SPEC §8.2).

One form only: header, one line for each account in increasing order, line feeds, decimal digits. Addresses are in
lower case: a checksum would cost a hash for each line, and the root guards every digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.files import check_canonical
from zkpay.epoch.layout import PAYOUTS
from zkpay.errors import InputError, Rejected
from zkpay.ledger.encoding import PAYOUT_BITS, SALT_ELEMENTS, payout_leaves
from zkpay.stark.field import P

HEADER: Final = "account,payout,accepted,rejected,salt\n"
_ROW: Final = re.compile(
    r"0x([0-9a-f]{40}),(0|[1-9][0-9]{0,33}),(0|[1-9][0-9]{0,6}),(0|[1-9][0-9]{0,6}),([0-9a-f]{40})"
)


@dataclass(frozen=True)
class PayoutList:
    """All payouts in account order.

    accounts: uint8[A, 20]. payouts: A amounts in base units. accepted, rejected: int64[A], the account's records.
    salts: uint32[5, A], elements in [0, P).
    """

    accounts: NDArray[np.uint8]
    payouts: list[int]
    accepted: NDArray[np.int64]
    rejected: NDArray[np.int64]
    salts: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.payouts)

    def leaves(self) -> NDArray[np.uint32]:
        """The leaves of R_p, uint32[24, A]."""
        return payout_leaves(self.accounts, self.payouts, self.accepted, self.rejected, self.salts)

    def to_bytes(self) -> bytes:
        """The file's bytes; a salt is its five elements of 8 hex digits each."""
        accounts, salts = _hex_rows(self.accounts), _hex_rows(np.ascontiguousarray(self.salts.T, dtype=">u4"))
        rows = zip(accounts, self.payouts, self.accepted.tolist(), self.rejected.tolist(), salts, strict=True)
        lines = [
            f"0x{account},{payout},{accepted},{rejected},{salt}\n" for account, payout, accepted, rejected, salt in rows
        ]
        return "".join([HEADER, *lines]).encode("ascii")

    @staticmethod
    def from_bytes(data: bytes) -> PayoutList:
        """Read the file: InputError names the line that is malformed, Rejected what no prover writes.

        Accounts must be strictly increasing, payouts below 2^112, salts below P, the bytes canonical.
        """
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise InputError(f"{PAYOUTS}: not plain ASCII") from None
        if not text.startswith(HEADER):
            raise InputError(f"{PAYOUTS}, line 1: expected the header {HEADER.strip()}")
        lines = text[len(HEADER) :].split("\n")
        if lines.pop():
            raise InputError(f"{PAYOUTS}: the last line doesn't end in a line feed")
        accounts = bytearray()
        payouts: list[int] = []
        counts: list[tuple[int, int]] = []
        salts = bytearray()
        before = b""
        for number, line in enumerate(lines, start=2):
            row = _ROW.fullmatch(line)
            if row is None:
                raise InputError(f"{PAYOUTS}, line {number}: expected account, payout, accepted, rejected, salt")
            account = bytes.fromhex(row[1])
            if account <= before:
                raise Rejected("accounts-not-increasing", f"{PAYOUTS}, line {number}: accounts must strictly increase")
            payout = int(row[2])
            if payout >> PAYOUT_BITS:
                raise InputError(f"{PAYOUTS}, line {number}: a payout is below 2^{PAYOUT_BITS}")
            before = account
            accounts += account
            payouts.append(payout)
            counts.append((int(row[3]), int(row[4])))
            salts += bytes.fromhex(row[5])
        columns = np.array(counts, dtype=np.int64).reshape(-1, 2)
        words = np.frombuffer(bytes(salts), dtype=">u4").reshape(-1, SALT_ELEMENTS)
        if bool((words >= P).any()):
            raise Rejected("non-canonical-element", f"{PAYOUTS}: an element of a salt is not below the field's modulus")
        listed = PayoutList(
            accounts=np.frombuffer(bytes(accounts), dtype=np.uint8).reshape(-1, 20),
            payouts=payouts,
            accepted=columns[:, 0],
            rejected=columns[:, 1],
            salts=np.ascontiguousarray(words.T, dtype=np.uint32),
        )
        check_canonical(data, listed.to_bytes(), PAYOUTS)
        return listed


def _hex_rows(values: NDArray[np.generic]) -> list[str]:
    """The bytes of each row of a contiguous array, in hexadecimal."""
    if not len(values):
        return []
    digits = values.tobytes().hex()
    width = len(digits) // len(values)
    return [digits[start : start + width] for start in range(0, len(digits), width)]
