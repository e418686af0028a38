"""Issue receipts from a proved epoch (SPEC §8.6). A receipt tells private records, so its file has mode 0600."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    StrPath,
    put_one_of_many,
    read_capped,
    remove_leftovers_in,
    replace_file,
    sync_many,
    writing,
)
from zkpay.epoch.layout import MAX_BYTES, PAYOUTS, PROOF, STATEMENT, public_folder
from zkpay.epoch.private import Epoch, open_epoch
from zkpay.epoch.prove import statement_of
from zkpay.epoch.reading import read_account
from zkpay.epoch.receipt import FORMAT as RECEIPT_FORMAT
from zkpay.epoch.receipt import MAX_BYTES as MAX_RECEIPT_BYTES
from zkpay.epoch.receipt import LineValue, Opening, Receipt, ReceiptPayout
from zkpay.epoch.stopping import stoppable
from zkpay.errors import InputError, Refused
from zkpay.ledger.accounts import checksum_address, parse_account
from zkpay.ledger.encoding import account_order, leaf_elements
from zkpay.ledger.tree import Digest, MerkleTree
from zkpay.stark.keccak import keccak256
from zkpay.stark.statement import Statement

SUFFIX: Final = ".receipt.json"


@dataclass(frozen=True)
class Issued:
    """One written receipt: the account as an address, the file, and how many records it tells."""

    account: str
    path: Path
    contribution_count: int


def issue_receipt(folder: StrPath, account: str, *, out: StrPath) -> Issued:
    """Write the receipt of one account (an address, or the identifier that the records name).

    InputError for an account without a record, Refused if the epoch isn't proved or changed since.
    """
    raw = parse_account(account)
    _check_target(Path(folder), Path(out))
    issuer = _Issuer(folder)
    place = issuer.place_of(raw)
    if place is None:
        raise InputError(f"account {account}: no record of this epoch names it; look for a mistyped character")
    return issuer.write(place, Path(out), replace_file)


def issue_receipts(folder: StrPath, *, out: StrPath) -> list[Issued]:
    """Write the receipts of all accounts with a record into the folder `out`, as ADDRESS.receipt.json."""
    target = Path(out)
    _check_target(Path(folder), target)
    issuer = _Issuer(folder)
    with stoppable(), writing(target):
        target.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # Once for all: a walk through the folder for each of its files would take hours for many accounts.
        remove_leftovers_in(target)
        issued = [
            issuer.write(place, target / f"{issuer.address(place)}{SUFFIX}", put_one_of_many)
            for place in range(len(issuer.accounts))
        ]
        sync_many(target)
        return issued


def _check_target(folder: Path, target: Path) -> None:
    """Refused for a place inside the epoch folder, or a file that is no receipt: a slip must not cost a seed."""
    if target.resolve().is_relative_to(folder.resolve()):
        raise Refused(f"{target} lies in the epoch folder; write receipts somewhere else")
    if target.is_file() and RECEIPT_FORMAT.encode() not in read_capped(target, MAX_RECEIPT_BYTES):
        raise Refused(f"{target} exists and is no receipt; remove it, or name another file")


class _Issuer:
    """An opened epoch with its leaves and the records of each account."""

    def __init__(self, folder: StrPath) -> None:
        self._epoch = open_epoch(folder)
        self._statement, self._statement_digest = _proved_statement(folder, self._epoch)
        policy = self._epoch.policy
        self._leaves = leaf_elements(self._epoch.contributions, self._epoch.contribution_salts, policy.layout)
        self._payout_leaves = self._epoch.payouts.leaves()
        self.accounts, place_of_record = account_order(self._epoch.contributions.accounts)
        self._order = np.argsort(place_of_record, kind="stable")
        self._starts = np.searchsorted(place_of_record[self._order], np.arange(len(self.accounts) + 1))
        self._place_of_account = {account.tobytes(): place for place, account in enumerate(self.accounts)}
        paid = self._epoch.payouts.accounts
        self._payout_of_account = {account.tobytes(): index for index, account in enumerate(paid)}

    def place_of(self, account: bytes) -> int | None:
        """Where among `accounts` an account stands."""
        return self._place_of_account.get(account)

    def address(self, place: int) -> str:
        """The account as an address with checksum."""
        return checksum_address(self.accounts[place].tobytes())

    def write(self, place: int, path: Path, put: Callable[[Path, bytes, int], None]) -> Issued:
        """Write one receipt by `put`."""
        receipt = self._receipt(place)
        data = receipt.to_bytes()
        if len(data) > MAX_RECEIPT_BYTES:
            raise Refused(
                f"{self.address(place)} has {len(receipt.contributions):,} records: its receipt would have"
                f" {len(data):,} bytes, the limit is {MAX_RECEIPT_BYTES:,}"
            )
        put(path, data, PRIVATE_FILE)
        return Issued(self.address(place), path, len(receipt.contributions))

    def _receipt(self, place: int) -> Receipt:
        account = self.accounts[place].tobytes()
        records = self._order[self._starts[place] : self._starts[place + 1]].tolist()
        openings = list(_openings(self._epoch.tree, self._leaves, records))
        reading = read_account(self._epoch.policy, dict(self._statement.totals), account, openings)
        index = self._payout_of_account.get(account)
        return Receipt(
            origin=self._statement.origin,
            epoch=self._statement.epoch,
            contribution_root=self._statement.contribution_root,
            payout_root=self._statement.payout_root,
            policy_digest=self._statement.policy_digest,
            statement_digest=self._statement_digest,
            account=account,
            contributions=reading.contributions,
            payout=None if index is None else self._payout(index, reading.lines or {}),
        )

    def _payout(self, index: int, lines: dict[str, LineValue]) -> ReceiptPayout:
        found = self._epoch.payouts
        (opening,) = _openings(self._epoch.payout_tree, self._payout_leaves, [index])
        return ReceiptPayout(
            opening=opening,
            amount=found.payouts[index],
            accepted=int(found.accepted[index]),
            rejected=int(found.rejected[index]),
            lines=lines,
        )


def _openings(tree: MerkleTree, leaves: NDArray[np.uint32], indices: Iterable[int]) -> Iterator[Opening]:
    for index in indices:
        path: list[list[int]] = tree.path(index).tolist()
        siblings: tuple[Digest, ...] = tuple(tuple(sibling) for sibling in path)
        yield Opening(index, tuple(leaves[:, index].tolist()), siblings)


def _proved_statement(folder: StrPath, epoch: Epoch) -> tuple[Statement, bytes]:
    """The statement that stands in public/ and its digest; Refused unless it is this epoch's."""
    public = public_folder(folder)
    required = [STATEMENT, PROOF, *([] if epoch.commitment.private_payouts else [PAYOUTS])]
    missing = [name for name in required if not (public / name).is_file()]
    if missing:
        raise Refused(f"{public} has no {', '.join(missing)}: run `zkpay prove {folder}` first")
    data = read_capped(public / STATEMENT, MAX_BYTES[STATEMENT])
    statement = Statement.from_bytes(data)
    # Totals above all: the lines of receipts are computed with them. The circuit's digest takes a circuit to know.
    if replace(statement_of(epoch), circuit_digest=statement.circuit_digest) != statement:
        raise Refused(f"{public / STATEMENT} is not about this epoch; run `zkpay prove {folder}` again")
    return statement, keccak256(data)
