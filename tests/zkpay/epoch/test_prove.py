"""What prove writes; that proofs are made anew over the same statement; that it puts all in place or nothing."""

import dataclasses
import errno
import json
import os
import shutil
import signal
from pathlib import Path

import pytest

import zkpay
from tests.zkpay.epoch.folders import ALICE, BOB, CAROL, POLICY, contents, copy_of, make_committed, write_inputs
from tests.zkpay.epoch.test_commit import SIGNALS, failing_at
from zkpay.epoch import private
from zkpay.epoch.commitment import Commitment
from zkpay.epoch.private import open_epoch
from zkpay.epoch.prove import STAGES
from zkpay.epoch.stages import Progress
from zkpay.errors import InputError, Refused, Resumable
from zkpay.ledger.accounts import parse_account
from zkpay.ledger.contributions import Contributions
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import load_policy
from zkpay.stark.proof import Proof


def roots(public: Path) -> set[bytes]:
    """Every commitment of a proof."""
    proof = Proof.from_bytes((public / "payout.zkproof").read_bytes())
    return {proof.main_root, proof.auxiliary_root, proof.quotient_root, *proof.layer_roots}


def test_payouts_and_statement_are_those_of_exact_arithmetic(proved: Path) -> None:
    # By hand: weight * quantity * quality // 10000 of the accepted records.
    scores = {
        ALICE: 3 * 1200 * 9000 // 10000 + 3 * 5 * 1 // 10000,
        BOB: 40 * 17 * 10000 // 10000,
        CAROL: 3 * 999999 * 4321 // 10000 + 40 * 3 * 2500 // 10000,
    }
    total, pool = sum(scores.values()), 1000_500000
    expected = {parse_account(name): pool * score // total for name, score in scores.items()}
    rows = [line.split(",") for line in (proved / "public" / "payouts.csv").read_text().splitlines()[1:]]
    assert {bytes.fromhex(row[0][2:]): int(row[1]) for row in rows} == expected
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    records = {bytes.fromhex(row[0][2:]): (int(row[2]), int(row[3])) for row in rows}
    assert records == {parse_account(ALICE): (2, 0), parse_account(BOB): (1, 2), parse_account(CAROL): (2, 0)}
    statement = json.loads((proved / "public" / "statement.json").read_bytes())
    assert statement["totals"] == [["total(score)", str(total)]]
    assert statement["paid"] == str(sum(expected.values()))
    assert statement["dust"] == str(pool - sum(expected.values()))
    assert dict(statement["counts"])["duplicate"] == 1


def test_a_second_proof_is_of_the_same_statement_and_shares_no_commitment(proved: Path, tmp_path: Path) -> None:
    folder = copy_of(proved, tmp_path / "epoch")
    receipt = zkpay.issue_receipt(folder, ALICE, out=tmp_path / "alice.json")
    before, commitments = contents(folder), roots(folder / "public")
    zkpay.prove(folder, profile="conservative")
    after = contents(folder)
    assert before.pop("public/payout.zkproof") != after.pop("public/payout.zkproof")
    assert before == after
    assert not commitments & roots(folder / "public")
    assert zkpay.verify_receipt(receipt.path, public=folder / "public").epoch.profile == "conservative"


def test_private_payouts_are_not_published(tmp_path: Path) -> None:
    folder = make_committed(tmp_path, private_payouts=True)
    zkpay.prove(folder)
    assert not (folder / "public" / "payouts.csv").exists()
    verdict = zkpay.verify(folder / "public")
    assert not verdict.payouts_public
    receipt = zkpay.issue_receipt(folder, BOB, out=tmp_path / "bob.json")
    assert zkpay.verify_receipt(receipt.path, public=folder / "public").receipt.payout is not None
    with pytest.raises(InputError):
        zkpay.issue_receipt(folder, "nobody", out=tmp_path / "nobody.json")


@pytest.mark.parametrize(
    "name",
    ["private/contributions.bin", "private/seed", "private/settings.json", "public/commitment.json",
     "public/leaves.bin"],
)  # fmt: skip
def test_files_that_changed_since_commit_are_refused(committed: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    before = contents(folder)
    with pytest.raises((Refused, InputError, zkpay.Rejected)) as caught:
        zkpay.prove(folder)
    if name not in ("private/settings.json", "public/commitment.json"):
        assert isinstance(caught.value, Refused)
    assert contents(folder) == before


def test_other_records_under_their_own_digest_are_refused(committed: Path, tmp_path: Path) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    stored = folder / "private" / "contributions.bin"
    records = Contributions.load(stored)
    quality = records.numbers["quality"].copy()
    quality[0, 0] += 1
    dataclasses.replace(records, numbers={**records.numbers, "quality": quality}).save(stored)
    with pytest.raises(Refused, match="changed since"):
        zkpay.prove(folder)
    # Even where the settings were forged along with them.
    settings = private.settings_bytes(
        Commitment.from_bytes((folder / "public" / "commitment.json").read_bytes()), stored.read_bytes()
    )
    (folder / "private" / "settings.json").write_bytes(settings)
    with pytest.raises(Refused, match="changed since"):
        zkpay.prove(folder)


def test_a_policy_that_changed_is_refused_but_for_its_comments(committed: Path, tmp_path: Path) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    policy = folder / "public" / "policy.toml"
    policy.write_text(POLICY.replace("model = 40", "model = 41"))
    with pytest.raises(Refused, match=r"policy\.toml"):
        zkpay.prove(folder)
    policy.write_text("# another comment\n" + POLICY)
    open_epoch(folder)


def test_records_of_other_fields_than_the_policys_are_refused(
    committed: Path, tmp_path: Path, proved_rules: Path
) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    stored = (proved_rules / "private" / "contributions.bin").read_bytes()
    (folder / "private" / "contributions.bin").write_bytes(stored)
    settings = private.settings_bytes(
        Commitment.from_bytes((folder / "public" / "commitment.json").read_bytes()), stored
    )
    (folder / "private" / "settings.json").write_bytes(settings)
    with pytest.raises(Refused, match="changed since"):
        zkpay.prove(folder)


def test_payouts_beyond_the_pool_are_refused(tmp_path: Path) -> None:
    # Five accepted records at 400 each, from a pool of 1000.5.
    overspent = (
        POLICY[: POLICY.index("[formula]")] + '[amounts]\nprice = "400"\n[formula]\npayout = "price * count()"\n'
    )
    contributions, policy = write_inputs(tmp_path, policy=overspent)
    folder = zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch").folder
    before = contents(folder)
    with pytest.raises(Refused, match=r"exceed the pool of 1000500000 base units by 999500000;"):
        zkpay.prove(folder)
    assert contents(folder) == before
    # With the pool that it takes it is proved, to the last unit.
    enough = tmp_path / "enough"
    enough.mkdir()
    contributions, policy = write_inputs(enough, policy=overspent.replace("1000.5", "2000"))
    folder = zkpay.commit(contributions, policy, epoch="e", out=enough / "epoch").folder
    zkpay.prove(folder)
    statement = zkpay.verify(folder / "public").statement
    assert (statement.paid, statement.dust, statement.totals) == (2000_000000, 0, ())


def test_unknown_profile_and_no_epoch(committed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="profile"):
        zkpay.prove(committed, profile="fast")
    with pytest.raises(InputError, match="not the folder of a committed epoch"):
        zkpay.prove(tmp_path)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_the_folder_as_it_was(
    proved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    folder = copy_of(proved, tmp_path / "epoch")
    before = contents(folder)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing_at(call, os.fsync))
        with pytest.raises(Resumable):
            zkpay.prove(folder)
    assert contents(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["private", "public"]


def test_a_full_disk_while_something_else_writes(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zkpay.epoch.prove.build_witness", full)
    with pytest.raises(Resumable):
        zkpay.prove(committed)


@pytest.mark.parametrize(
    ("stage", "number"), [*zip((STAGES[0], STAGES[4], STAGES[7], STAGES[-1]), 2 * SIGNALS, strict=True)]
)
def test_a_signal_leaves_the_folder_as_it_was(
    committed: Path, tmp_path: Path, number: signal.Signals, stage: str
) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    before = contents(folder)

    def report(progress: Progress) -> None:
        if progress.name == stage:
            signal.raise_signal(number)

    with pytest.raises(Resumable, match="Ctrl-C" if number is signal.SIGINT else number.name):
        zkpay.prove(folder, report=report)
    assert contents(folder) == before
    assert sorted(path.name for path in folder.iterdir()) == ["private", "public"]


def test_after_being_stopped_the_same_command_works(committed: Path, tmp_path: Path) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    with pytest.raises(Resumable):
        zkpay.prove(folder, report=lambda progress: signal.raise_signal(signal.SIGTERM))
    zkpay.prove(folder)
    zkpay.verify(folder / "public")


def row(
    index: int, account: int = 1, kind: str = "data", quantity: int = 10, quality: int = 5000, status: str = ","
) -> str:
    return f"c{index},0x{account:040x},{kind},{quantity},{quality},{index:04x},{status}"


LARGEST = POLICY.replace('"1000000"', str(2**96).join('""')).replace("model = 40", f"model = {2**20 - 1}")
EDGES: dict[str, tuple[str, list[str]]] = {
    "empty": (POLICY, []),
    "one": (POLICY, [row(0)]),
    "two accounts": (POLICY, [row(0), row(1, account=2)]),
    "one account has all": (POLICY, [row(index, account=7) for index in range(5)]),
    "zero total score": (POLICY, [row(0, quality=0), row(1, account=2, quantity=0)]),
    "zero pool": (POLICY.replace("1000.5", "0"), [row(0), row(1, account=2)]),
    "all rejected": (POLICY, [row(0, status="rejected,spam"), row(1, status="rejected,withdrawn")]),
    "largest values": (LARGEST, [row(0, 2**160 - 1, "model", 2**96, 10000), row(1, 0, "model", 2**96, 10000)]),
    "7": (POLICY, [row(index, account=index % 3) for index in range(7)]),
    "8": (POLICY, [row(index, account=index % 4) for index in range(8)]),
    "9": (POLICY, [row(index, account=index % 5) for index in range(9)]),
}


@pytest.mark.parametrize("name", EDGES)
def test_edge_cases_are_proved_and_verified(tmp_path: Path, name: str) -> None:
    policy_text, rows = EDGES[name]
    contributions, policy_path = write_inputs(tmp_path, tuple(rows), policy_text)
    folder = zkpay.commit(contributions, policy_path, epoch="edge", out=tmp_path / "epoch").folder
    zkpay.prove(folder)
    verdict = zkpay.verify(folder / "public", leaves=True)
    exact = evaluate(load_policy(policy_path), open_epoch(folder).contributions)
    assert (verdict.statement.paid, dict(verdict.statement.totals)) == (exact.paid, exact.totals)
    assert verdict.statement.account_count == len(exact.payouts)
    issued = zkpay.issue_receipts(folder, out=tmp_path / "receipts")
    for receipt in issued[:2]:
        zkpay.verify_receipt(receipt.path, public=folder / "public")
    shutil.rmtree(tmp_path)
