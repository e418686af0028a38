"""Check a receipt against the public folder of its epoch (SPEC §8.6).

1. Verify the public folder, proof included.
2. The receipt must name this very statement.
3. Every leaf must have its place under R_c, be the account's, and say what the receipt says.
4. Every line of the formula is computed again from the leaves; the payout's leaf must have its place under R_p.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.files import StrPath, read_capped, shown
from zkpay.epoch.layout import MAX_BYTES, PAYOUTS
from zkpay.epoch.payouts import PayoutList
from zkpay.epoch.reading import AccountReading, read_account
from zkpay.epoch.receipt import MAX_BYTES as MAX_RECEIPT_BYTES
from zkpay.epoch.receipt import LineValue, Opening, Receipt
from zkpay.epoch.verdict import Check, Checks, Verdict
from zkpay.epoch.verify import verify
from zkpay.errors import Rejected
from zkpay.ledger.accounts import checksum_address
from zkpay.ledger.encoding import LEAF_ELEMENTS, decode_payout_leaf, hash_record_leaves, record_elements
from zkpay.ledger.record_layout import RecordLayout
from zkpay.ledger.tree import tree_depth
from zkpay.poseidon.permutation import compress_nodes, hash_leaves
from zkpay.stark.statement import Digest

NOT_SHOWN: Final = (
    "that these are all records of the account that the operator received: compare with what you handed in",
    "that the scores are fair",
)
ABSENCE_NOT_SHOWN: Final = (
    "that no other record of the account was accepted and paid: payouts are private, and the receipt has no payout"
)


@dataclass(frozen=True)
class ReceiptVerdict:
    """A receipt that holds, and the verdict on its epoch. `checks` are those of the receipt alone.

    weaker: what one would expect of a receipt but this one can't show; None for a receipt that shows all of it.
    """

    receipt: Receipt
    epoch: Verdict
    checks: tuple[Check, ...]
    not_shown: tuple[str, ...]
    weaker: str | None


def verify_receipt(
    receipt: StrPath,
    *,
    public: StrPath,
    expect_policy: StrPath | None = None,
    expect_origin: str | None = None,
    expect_root: str | None = None,
) -> ReceiptVerdict:
    """The verdict on a receipt file; Rejected if anything in it or in `public` is false.

    Expectations are those of `zkpay.verify`, which runs first.
    """
    given = Receipt.from_bytes(read_capped(receipt, MAX_RECEIPT_BYTES), str(receipt))
    verdict = verify(public, expect_policy=expect_policy, expect_origin=expect_origin, expect_root=expect_root)
    return check_receipt(given, verdict, public)


def check_receipt(given: Receipt, verdict: Verdict, public: StrPath) -> ReceiptVerdict:
    """The verdict on a receipt that was read, under the one on its epoch, which is in the folder `public`."""
    checks = Checks()
    _check_epoch(checks, given, verdict)
    reading = _check_contributions(checks, given, verdict)
    weaker = None
    if given.payout is not None:
        _check_payout(checks, given, verdict, reading)
    elif verdict.payouts_public:
        _check_absence(checks, given, public)
    else:
        weaker = ABSENCE_NOT_SHOWN
    _check_rejected(given)
    # As told, but with fields and lines in the policy's order, which JSON has lost.
    payout = given.payout and replace(given.payout, lines=reading.lines or {})
    ordered = replace(given, contributions=reading.contributions, payout=payout)
    return ReceiptVerdict(ordered, verdict, tuple(checks.passed), NOT_SHOWN, weaker)


def _check_epoch(checks: Checks, receipt: Receipt, verdict: Verdict) -> None:
    statement = verdict.statement
    for name, told, proved in (
        ("origin", receipt.origin, statement.origin),
        ("epoch", receipt.epoch, statement.epoch),
        ("contribution_root", receipt.contribution_root, statement.contribution_root),
        ("payout_root", receipt.payout_root, statement.payout_root),
        ("policy_digest", receipt.policy_digest, statement.policy_digest),
        ("statement_digest", receipt.statement_digest, verdict.statement_digest),
    ):
        if told != proved:
            raise Rejected("other-epoch", f"the receipt's {name} is not that of the epoch in the public folder")
    checks.record("epoch", f"the receipt belongs to epoch {statement.epoch!r} of {statement.origin!r}")


def _check_contributions(checks: Checks, receipt: Receipt, verdict: Verdict) -> AccountReading:
    """Check all records; returns what they mean."""
    openings = [entry.opening for entry in receipt.contributions]
    if not openings:
        raise Rejected("empty-receipt", "the receipt tells no record")
    if any(a.index >= b.index for a, b in itertools.pairwise(openings)):
        raise Rejected("records-not-increasing", "the receipt's records are not in increasing order")
    statement = verdict.statement
    digests = _record_digests(openings, verdict.policy.layout)
    check_openings(openings, digests, statement.contribution_count, statement.contribution_root, "R_c")
    checks.record("contributions-included", f"the records are under R_c, all told: {len(openings)}")
    reading = read_account(verdict.policy, dict(statement.totals), receipt.account, openings)
    for told, read in zip(receipt.contributions, reading.contributions, strict=True):
        if told != read:
            raise Rejected(
                "receipt-mismatch",
                f"record {told.opening.index}: the receipt says something else than the leaf and the formula",
            )
    checks.record("contributions-read", "fields, reasons and corrections are those of the leaves, lines the formula's")
    return reading


def _check_payout(checks: Checks, receipt: Receipt, verdict: Verdict, reading: AccountReading) -> None:
    payout = receipt.payout
    if payout is None:
        raise ValueError("no payout to check")
    statement = verdict.statement
    if len(payout.opening.leaf) != LEAF_ELEMENTS:
        raise Rejected("wrong-length", f"a payout's leaf has {LEAF_ELEMENTS} elements")
    digest = hash_leaves(np.array([payout.opening.leaf], dtype=np.uint32).T)
    check_openings([payout.opening], digest, statement.account_count, statement.payout_root, "R_p")
    leaf = decode_payout_leaf(payout.opening.leaf)
    if leaf.account != receipt.account:
        raise Rejected("wrong-account", "the payout's leaf is not this account's")
    if (leaf.payout, leaf.accepted, leaf.rejected) != (payout.amount, payout.accepted, payout.rejected):
        raise Rejected("receipt-mismatch", "the receipt's payout or counts are not those of its leaf")
    checks.record("payout-included", f"the payout of {payout.amount} base units is under R_p")
    accepted = sum(entry.reason == "accepted" for entry in receipt.contributions)
    checks.require(
        (accepted, len(receipt.contributions) - accepted) == (payout.accepted, payout.rejected),
        "records-complete",
        "records-incomplete",
        f"the receipt tells {accepted} accepted and {len(receipt.contributions) - accepted} rejected records, the proof"
        f" counts {payout.accepted} and {payout.rejected}",
        f"all records of the account are told: {payout.accepted} accepted, {payout.rejected} rejected",
    )
    checks.require(
        (reading.lines, reading.amount) == (payout.lines, payout.amount),
        "payout-formula",
        "payout-mismatch",
        f"by the formula the records earn {_worked(reading.lines or {}, reading.amount)}; the receipt says"
        f" {_worked(payout.lines, payout.amount)}",
        f"by the formula the records earn {_worked(reading.lines or {}, payout.amount)}",
    )


def _worked(lines: Mapping[str, LineValue], amount: int | None) -> str:
    """An account's lines and its payout, as in `score = 12, payout = 3456`."""
    told = {name: str(value).lower() for name, value in lines.items()} | {"payout": str(amount)}
    # A policy has up to 128 lines of names of 64 characters; a receipt may hold anything.
    return ", ".join(f"{shown(name)[1:-1]} = {shown(value)[1:-1]}" for name, value in list(told.items())[-129:])


def _check_rejected(receipt: Receipt) -> None:
    """Without a payout no record may be accepted: whoever has an accepted record has a payout, if one of 0."""
    if receipt.payout is None and any(entry.reason == "accepted" for entry in receipt.contributions):
        raise Rejected("payout-missing", "the receipt has an accepted record but no payout")


def _check_absence(checks: Checks, receipt: Receipt, public: StrPath) -> None:
    """The public list, which has every account with an accepted record, must not name this one."""
    listed = PayoutList.from_bytes(read_capped(Path(public) / PAYOUTS, MAX_BYTES[PAYOUTS]))
    checks.require(
        not any(account.tobytes() == receipt.account for account in listed.accounts),
        "no-payout",
        "payout-missing",
        f"{checksum_address(receipt.account)} is in {PAYOUTS}, but its receipt has no payout",
        f"the account is not in {PAYOUTS}, which has all accounts with an accepted record",
    )


def _record_digests(openings: Sequence[Opening], layout: RecordLayout) -> NDArray[np.uint32]:
    """The leaf digests uint32[8, n] of records; Rejected `wrong-length` where the policy's fields need other leaves."""
    length = record_elements(layout)
    for opening in openings:
        if len(opening.leaf) != length:
            raise Rejected(
                "wrong-length",
                f"record {opening.index}: its leaf has {len(opening.leaf)} elements, under this policy {length}",
            )
    return hash_record_leaves(np.array([opening.leaf for opening in openings], dtype=np.uint32).T, hash_leaves)


def check_openings(
    openings: Sequence[Opening], digests: NDArray[np.uint32], count: int, root: Digest, name: str
) -> None:
    """Check that leaf digests uint32[8, n] lead to `root` in a tree of `count` leaves, all level by level at once.

    Rejected `leaf-index-out-of-range`, `wrong-path-length` or `not-under-root`. Elements were checked when read.
    """
    depth = tree_depth(count)
    for opening in openings:
        if opening.index >= count:
            raise Rejected("leaf-index-out-of-range", f"leaf {opening.index} of a tree of {count} leaves")
        if len(opening.path) != depth:
            raise Rejected("wrong-path-length", f"{len(opening.path)} siblings in a tree of depth {depth}")
    indices = np.array([opening.index for opening in openings], dtype=np.int64)
    nodes = digests
    for level in range(depth):
        siblings = np.array([opening.path[level] for opening in openings], dtype=np.uint32).T
        right = (indices >> level & 1).astype(bool)
        nodes = compress_nodes(np.where(right, siblings, nodes), np.where(right, nodes, siblings))
    wrong = np.flatnonzero((nodes != np.array(root, dtype=np.uint32).reshape(8, 1)).any(axis=0))
    if wrong.size:
        raise Rejected("not-under-root", f"leaf {openings[int(wrong[0])].index} and its path don't lead to {name}")
