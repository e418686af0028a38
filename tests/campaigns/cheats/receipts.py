"""Cheats with receipts: somebody else's, another epoch's, or with one thing told otherwise than it was proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.campaigns.cheats.kinds import NoLieError, Proved, prove, receipt
from tests.campaigns.cheats.scene import Scene
from zkpay.epoch.files import encode_json
from zkpay.stark.field import P

HOLDER = "who holds the receipt"


def some_receipt(scene: Scene, proved: Proved) -> dict[str, Any]:
    """The content of a receipt with a payout."""
    account = scene.dice.choice(scene.accounts)
    content: dict[str, Any] = json.loads(proved.receipts[account])
    if content["payout"] is None:
        raise NoLieError("no payout")
    return content


def shown(proved: Proved, content: dict[str, Any]) -> tuple[bytes, Path]:
    return encode_json(content), proved.public


@receipt("a receipt is of another epoch than it was issued in", HOLDER, ("other-epoch",))
def receipt_of_another_epoch(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    other = prove(scene.another(), folder, "default", epoch="2")
    return other.receipts[scene.dice.choice(scene.accounts)], proved.public


@receipt("a receipt of another epoch is relabelled as one of this", HOLDER, ("not-under-root",))
def relabelled_receipt(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    other = prove(scene.another(), folder, "default", epoch="2")
    account = scene.dice.choice(scene.accounts)
    content = json.loads(other.receipts[account])
    here = json.loads(proved.receipts[account])
    for name in ("epoch", "contribution_root", "payout_root", "statement_digest"):
        content[name] = here[name]
    return shown(proved, content)


@receipt("a payout stands beyond the last leaf", HOLDER, ("leaf-index-out-of-range",))
def payout_beyond_the_last(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["payout"]["index"] += len(scene.accounts) + scene.dice.choice([0, 1, 2**20])
    return shown(proved, content)


@receipt("a payout stands in another leaf than its own", HOLDER, ("not-under-root",))
def payout_in_another_place(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["payout"]["index"] ^= 1
    if content["payout"]["index"] >= len(scene.accounts):
        raise NoLieError("no such leaf")
    return shown(proved, content)


@receipt("a leaf lies deeper in the tree than leaves do", HOLDER, ("wrong-path-length",))
def path_too_long(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    opening = scene.dice.choice([content["payout"], content["contributions"][0]])
    opening["path"].append(opening["path"][-1])
    return shown(proved, content)


@receipt("an inner node is a leaf", HOLDER, ("wrong-path-length",))
def path_too_short(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    opening = scene.dice.choice([content["payout"], content["contributions"][0]])
    opening["path"].pop(scene.dice.choice([0, -1]))
    return shown(proved, content)


@receipt("another account's payout is one's own", HOLDER, ("wrong-account",))
def somebody_elses_payout(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    first, second = scene.dice.sample(scene.accounts, 2)
    content, other = json.loads(proved.receipts[first]), json.loads(proved.receipts[second])
    content["payout"] = other["payout"]
    return shown(proved, content)


@receipt("another account's record is one's own", HOLDER, ("wrong-account",))
def somebody_elses_record(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    first, second = scene.dice.sample(scene.accounts, 2)
    content, other = json.loads(proved.receipts[first]), json.loads(proved.receipts[second])
    content["contributions"].append(other["contributions"][0])
    content["contributions"].sort(key=lambda one: one["index"])
    return shown(proved, content)


@receipt("a receipt tells another amount than its leaf", HOLDER, ("receipt-mismatch",))
def another_amount(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["payout"]["amount"] = str(int(content["payout"]["amount"]) + scene.dice.choice([1, 10**18, P]))
    return shown(proved, content)


@receipt("a payout's leaf and amount are other ones than were proved", HOLDER, ("not-under-root",))
def another_payout_leaf(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["payout"]["leaf"][12] ^= 1
    content["payout"]["amount"] = str(int(content["payout"]["amount"]) ^ 1)
    return shown(proved, content)


@receipt("an element of a leaf is itself and p", HOLDER, ("non-canonical-element",))
def element_with_p_more(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    leaf = scene.dice.choice([content["payout"], content["contributions"][0]])["leaf"]
    leaf[scene.dice.randrange(len(leaf))] += P
    return shown(proved, content)


@receipt("a receipt tells one record less than the account has", HOLDER, ("records-incomplete",))
def record_untold(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["contributions"].pop()
    return shown(proved, content)


@receipt("a receipt tells a record twice", HOLDER, ("records-not-increasing",))
def record_told_twice(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["contributions"].append(content["contributions"][-1])
    return shown(proved, content)


@receipt("a record has another value than was committed to", HOLDER, ("not-under-root",))
def another_value(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["contributions"][0]["leaf"][20] ^= 1
    return shown(proved, content)


@receipt("an account with an accepted record has no payout", HOLDER, ("payout-missing",))
def payout_left_out(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    content["payout"] = None
    return shown(proved, content)


@receipt("a line of the formula comes to something else", HOLDER, ("payout-mismatch", "receipt-mismatch"))
def another_line(scene: Scene, proved: Proved, folder: Path) -> tuple[bytes, Path]:
    content = some_receipt(scene, proved)
    places = [entry["lines"] for entry in (content["payout"], *content["contributions"])]
    lines = scene.dice.choice([place for place in places if place])
    name = scene.dice.choice([name for name, value in lines.items() if isinstance(value, str)])
    lines[name] = str(int(lines[name]) + 1)
    return shown(proved, content)
