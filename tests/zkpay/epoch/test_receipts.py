"""A receipt shows its own account's records and payout, nobody else's, and no value in it can be changed."""

import copy
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785

import zkpay
from tests.zkpay.epoch.folders import ALICE, BOB, CAROL, DAVE, ROWS, make_committed
from zkpay.cli import main
from zkpay.epoch import receipt_check
from zkpay.epoch.files import encode_json
from zkpay.epoch.receipt import Receipt
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.accounts import checksum_address, parse_account
from zkpay.ledger.encoding import decode_contribution_leaf
from zkpay.ledger.fingerprints import fingerprint_key
from zkpay.policy.policy import load_policy
from zkpay.stark.field import P

ACCOUNTS = (ALICE, BOB, CAROL, DAVE)


@pytest.fixture(scope="module")
def receipts(proved: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("receipts") / "all"
    issued = {one.account: one.path for one in zkpay.issue_receipts(proved, out=folder)}
    return {name: issued[checksum_address(parse_account(name))] for name in ACCOUNTS}


@pytest.fixture
def quick(proved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public folder is verified once; tests that change receipts alone need it no more often."""
    verdict = zkpay.verify(proved / "public")
    monkeypatch.setattr(receipt_check, "verify", lambda public, **expected: verdict)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value that is no container."""
    if isinstance(content, dict | list):
        for key, entry in content.items() if isinstance(content, dict) else enumerate(content):
            yield from places(entry, (*path, key))
    else:
        yield path


def put(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a path."""
    changed = copy.deepcopy(content)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def value_at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def others(value: Any) -> list[Any]:
    """Values to put in a value's place: near ones, wrong types, and for elements the same residue again."""
    if isinstance(value, bool) or value is None:
        return [not value, "data"]
    if isinstance(value, int):
        return [value + 1, value - 1, value ^ 1 << 20, value + P, -1, str(value), None, True]
    digit = "1" if value[-1:] == "0" else "0"
    candidates = [value[:-1] + digit, digit + value[1:], value + "0", value.swapcase() + " ", "", None, 7]
    return [candidate for candidate in candidates if candidate != value]


def test_every_receipt_holds(proved: Path, receipts: dict[str, Path]) -> None:
    paid = {}
    for name, path in receipts.items():
        verdict = zkpay.verify_receipt(path, public=proved / "public")
        assert verdict.receipt.account == parse_account(name)
        assert len(verdict.receipt.contributions) == sum(f",{name}," in row for row in ROWS)
        paid[name] = None if verdict.receipt.payout is None else verdict.receipt.payout.amount
    assert paid.pop(DAVE) is None
    statement = zkpay.verify(proved / "public").statement
    assert sum(amount or 0 for amount in paid.values()) == statement.paid


def test_receipts_are_private_files(receipts: dict[str, Path]) -> None:
    for path in receipts.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", [ALICE, BOB, DAVE])
def test_no_value_can_be_changed(proved: Path, receipts: dict[str, Path], tmp_path: Path, name: str) -> None:
    content = json.loads(receipts[name].read_bytes())
    changed = tmp_path / "changed.json"
    changed.write_bytes(encode_json(content))
    zkpay.verify_receipt(changed, public=proved / "public")
    count = 0
    for place in places(content):
        for value in others(value_at(content, place)):
            changed.write_bytes(encode_json(put(content, place, value)))
            with pytest.raises((Rejected, InputError)):
                zkpay.verify_receipt(changed, public=proved / "public")
            count += 1
    assert count > 200


@pytest.mark.usefixtures("quick")
def test_nothing_can_be_left_out_added_or_reordered(proved: Path, receipts: dict[str, Path], tmp_path: Path) -> None:
    content = json.loads(receipts[BOB].read_bytes())
    stranger = json.loads(receipts[CAROL].read_bytes())
    records = content["contributions"]
    forgeries = [
        {**content, "payout": None},
        {**content, "payout": stranger["payout"]},
        {**content, "contributions": []},
        {**content, "contributions": records[1:]},
        {**content, "contributions": records[:-1]},
        {**content, "contributions": records[::-1]},
        {**content, "contributions": [*records, records[-1]]},
        {**content, "contributions": sorted([*records, stranger["contributions"][0]], key=lambda one: one["index"])},
        {**content, "account": stranger["account"]},
        {**content, "note": "?"},
        *({key: value for key, value in content.items() if key != left_out} for left_out in content),
        put(content, ("contributions", 0, "path"), content["contributions"][0]["path"][:-1]),
        put(content, ("contributions", 0, "leaf"), [*content["contributions"][0]["leaf"], 0]),
    ]
    path = tmp_path / "forged.json"
    for forged in forgeries:
        path.write_bytes(encode_json(forged))
        with pytest.raises((Rejected, InputError)):
            zkpay.verify_receipt(path, public=proved / "public")
    path.write_bytes(receipts[BOB].read_bytes() + b"\n")
    with pytest.raises(Rejected, match="one encoding"):
        zkpay.verify_receipt(path, public=proved / "public")


@pytest.mark.usefixtures("quick")
def test_an_element_of_p_and_an_index_beyond_the_last_leaf(
    proved: Path, receipts: dict[str, Path], tmp_path: Path
) -> None:
    content = json.loads(receipts[ALICE].read_bytes())
    path = tmp_path / "forged.json"
    first = content["contributions"][0]
    for place, value, reason in (
        (("contributions", 0, "leaf", 7), first["leaf"][7] + P, "non-canonical-element"),
        (("payout", "leaf", 20), P, "non-canonical-element"),
        (("contributions", 1, "index"), len(ROWS), "leaf-index-out-of-range"),
        (("payout", "index"), 3, "leaf-index-out-of-range"),
    ):
        path.write_bytes(encode_json(put(content, place, value)))
        with pytest.raises(Rejected) as caught:
            zkpay.verify_receipt(path, public=proved / "public")
        assert caught.value.reason == reason
    sibling = first["path"][0]
    path.write_bytes(encode_json(put(content, ("contributions", 0, "path", 0), f"{P:08x}" + sibling[8:])))
    with pytest.raises(InputError, match="modulus"):
        zkpay.verify_receipt(path, public=proved / "public")


def test_a_receipt_of_another_epoch_fails(proved: Path, receipts: dict[str, Path], tmp_path: Path) -> None:
    # The same records in another epoch, and in the same epoch committed to again.
    for epoch in ("2025-09", "2025-08"):
        other = make_committed(tmp_path / epoch / "again", epoch=epoch)
        zkpay.prove(other)
        with pytest.raises(Rejected) as caught:
            zkpay.verify_receipt(receipts[ALICE], public=other / "public")
        assert caught.value.reason == "other-epoch"


def test_a_receipt_does_not_outlive_a_false_public_folder(
    proved: Path, receipts: dict[str, Path], tmp_path: Path
) -> None:
    public = tmp_path / "public"
    public.mkdir()
    for path in (proved / "public").iterdir():
        (public / path.name).write_bytes(path.read_bytes())
    proof = bytearray((public / "payout.zkproof").read_bytes())
    proof[len(proof) // 2] ^= 1
    (public / "payout.zkproof").write_bytes(proof)
    with pytest.raises((Rejected, InputError)):
        zkpay.verify_receipt(receipts[ALICE], public=public)


def test_a_receipt_holds_nobody_elses_data(proved: Path, receipts: dict[str, Path]) -> None:
    layout = load_policy(proved / "public" / "policy.toml").layout
    for name, path in receipts.items():
        content = json.loads(path.read_bytes())
        text = path.read_text().lower()
        for row in ROWS:
            identifier, account, *_ = row.split(",")
            assert f'"{identifier}"' not in text
            if account != name:
                assert account.lower() not in text
                assert parse_account(account).hex() not in text
                key = "".join(f"{element:08x}" for element in fingerprint_key(bytes.fromhex(row.split(",")[5])))
                # r3 copies r0: the same fingerprint is its own owner's data there.
                assert key not in text or row.split(",")[5] == "aa00"
        for record in content["contributions"]:
            assert decode_contribution_leaf(record["leaf"], layout).account == parse_account(name)


def test_issuing_needs_a_proved_epoch_and_a_known_account(committed: Path, proved: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="zkpay prove"):
        zkpay.issue_receipt(committed, ALICE, out=tmp_path / "a.json")
    with pytest.raises(InputError, match="no record"):
        zkpay.issue_receipt(proved, "alice@example.com", out=tmp_path / "a.json")
    with pytest.raises(InputError, match="can't be written"):
        zkpay.issue_receipt(proved, ALICE, out=tmp_path / "missing" / "a.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b'{"format":1.5}', b"\xff", b"[" * 100_000])
def test_garbage_is_unreadable(proved: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(data)
    with pytest.raises(InputError):
        zkpay.verify_receipt(path, public=proved / "public")


def test_with_private_payouts_a_receipt_without_payout_is_weaker(tmp_path: Path) -> None:
    """The operator hides an account's accepted records and its payout; nobody can see that they are missing."""
    folder = make_committed(tmp_path, private_payouts=True)
    zkpay.prove(folder)
    zkpay.issue_receipt(folder, BOB, out=tmp_path / "honest.json")
    honest = json.loads((tmp_path / "honest.json").read_bytes())
    assert zkpay.verify_receipt(tmp_path / "honest.json", public=folder / "public").weaker is None
    rejected = [entry for entry in honest["contributions"] if entry["reason"] != "accepted"]
    assert rejected
    assert honest["payout"] is not None
    forged = tmp_path / "forged.json"
    forged.write_bytes(encode_json({**honest, "contributions": rejected, "payout": None}))
    verdict = zkpay.verify_receipt(forged, public=folder / "public")
    assert verdict.weaker is not None
    assert main.run(["receipt", "verify", str(forged), "--public", str(folder / "public")]) == 3
    zkpay.issue_receipt(folder, DAVE, out=tmp_path / "dave.json")
    assert zkpay.verify_receipt(tmp_path / "dave.json", public=folder / "public").weaker is not None


def test_with_public_payouts_a_receipt_can_not_hide_one(
    proved: Path, receipts: dict[str, Path], tmp_path: Path
) -> None:
    honest = json.loads(receipts[BOB].read_bytes())
    rejected = [entry for entry in honest["contributions"] if entry["reason"] != "accepted"]
    forged = tmp_path / "forged.json"
    forged.write_bytes(encode_json({**honest, "contributions": rejected, "payout": None}))
    with pytest.raises(Rejected, match="payout-missing"):
        zkpay.verify_receipt(forged, public=proved / "public")
    assert zkpay.verify_receipt(receipts[DAVE], public=proved / "public").weaker is None


@pytest.mark.parametrize("field", ["fields", "lines", "reason", "fingerprint_key"])
def test_a_text_without_a_utf8_form_is_refused(
    field: str, receipts: dict[str, Path], proved: Path, tmp_path: Path
) -> None:
    content = json.loads(receipts[BOB].read_bytes())
    surrogate = "\ud800"
    content["contributions"][0][field] = {surrogate: surrogate} if field in ("fields", "lines") else surrogate
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(content, sort_keys=True, separators=(",", ":")), encoding="utf-8")
    with pytest.raises((InputError, Rejected)):
        zkpay.verify_receipt(path, public=proved / "public")


@pytest.mark.parametrize("name", ["Kind", "k\u0131nd", "\U0001d11e", "kind ", ""])
def test_a_name_that_no_policy_has_is_unreadable(name: str, receipts: dict[str, Path]) -> None:
    content = json.loads(receipts[BOB].read_bytes())
    for named in ("fields", "lines"):
        record = {**content["contributions"][0], named: {name: "1"}}
        with pytest.raises(InputError, match="names of a policy"):
            Receipt.from_bytes(encode_json({**content, "contributions": [record]}), "receipt")


def test_a_receipt_is_rfc_8785_whatever_its_labels_hold(receipts: dict[str, Path]) -> None:
    for name in (BOB, DAVE):
        told = Receipt.from_bytes(receipts[name].read_bytes(), name)
        for label in ("2025-08", 'Zo\u00eb "\\" \U0001d11e/\ufb33', "<&'>"):
            data = replace(told, origin=label, epoch=label).to_bytes()
            assert data == rfc8785.dumps(json.loads(data))
            assert Receipt.from_bytes(data, name).epoch == label


def test_all_receipts_wait_for_the_disk_once(proved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    monkeypatch.setattr(os, "sync", lambda: names.extend(sorted(os.listdir(tmp_path / "all"))))
    issued = zkpay.issue_receipts(proved, out=tmp_path / "all")
    assert names == sorted(one.path.name for one in issued)


def test_a_receipt_overwrites_nothing_but_receipts(proved: Path, tmp_path: Path) -> None:
    seed = (proved / "private" / "seed").read_bytes()
    for target in (proved / "private" / "seed", proved / "public" / "mine.json", proved / "public" / ".." / "x.json"):
        with pytest.raises(Refused, match="epoch folder"):
            zkpay.issue_receipt(proved, BOB, out=target)
    with pytest.raises(Refused, match="epoch folder"):
        zkpay.issue_receipts(proved, out=proved / "receipts")
    mine = tmp_path / "mine.txt"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match="no receipt"):
        zkpay.issue_receipt(proved, BOB, out=mine)
    assert (mine.read_text(encoding="utf-8"), (proved / "private" / "seed").read_bytes()) == ("mine", seed)
    zkpay.issue_receipt(proved, BOB, out=tmp_path / "bob.json")
    zkpay.issue_receipt(proved, BOB, out=tmp_path / "bob.json")


def test_all_receipts_leave_nothing_unfinished(proved: Path, tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / "all"
    folder.mkdir()
    others = [folder / f".mine.{os.getppid()}.incomplete", folder / ".mine.txt.incomplete", folder / "notes.incomplete"]
    leftover = folder / f".0x00.receipt.json.{dead.pid}.incomplete"
    for path in (*others, leftover):
        path.write_text("?", encoding="utf-8")
    issued = zkpay.issue_receipts(proved, out=folder)
    assert sorted(folder.iterdir()) == sorted([*others, *(one.path for one in issued)])
