"""What commit writes, what it refuses, and that it writes all or nothing."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zkpay
from tests.zkpay.epoch.folders import (
    ALICE,
    POLICY,
    ROWS,
    RULES_COUNTS,
    RULES_HEADER,
    RULES_POLICY,
    RULES_ROWS,
    make_committed,
    make_committed_rules,
    write_inputs,
)
from zkpay.epoch.private import CONTRIBUTION_SALTS
from zkpay.epoch.stages import Progress
from zkpay.errors import InputError, Refused, Resumable
from zkpay.ledger.accounts import parse_account
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import decode_contribution_leaf, hash_record_leaves, leaf_elements
from zkpay.ledger.salts import expand_salts
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.policy import load_policy
from zkpay.poseidon.permutation import hash_leaves
from zkpay.stark.keccak import keccak256

STAGES = ("read contributions", "hash records", "build tree", "write")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def test_public_and_private_files_with_their_modes(committed: Path) -> None:
    public, private = committed / "public", committed / "private"
    assert {path.name for path in public.iterdir()} == {"policy.toml", "commitment.json", "leaves.bin"}
    assert {path.name for path in private.iterdir()} == {"contributions.bin", "seed", "settings.json"}
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in private.iterdir()} == {0o600}
    assert (public / "policy.toml").read_text() == POLICY


def test_private_files_stay_private_under_a_wide_open_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = make_committed(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "private").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "private").iterdir()} == {0o600}


@pytest.mark.parametrize("make", [make_committed, make_committed_rules])
def test_the_root_is_the_one_of_the_salted_records(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    committed = make(tmp_path)
    commitment = json.loads((committed / "public" / "commitment.json").read_bytes())
    leaves = (committed / "public" / "leaves.bin").read_bytes()
    records = Contributions.load(committed / "private" / "contributions.bin")
    seed = (committed / "private" / "seed").read_bytes()
    layout = load_policy(committed / "public" / "policy.toml").layout
    elements = leaf_elements(records, expand_salts(seed, CONTRIBUTION_SALTS, len(records)), layout)
    # The plain twins of the kernels that commit uses.
    digests = hash_record_leaves(elements, hash_leaves)
    assert leaves == b"".join(int(e).to_bytes(4, "big") for leaf in digests.T for e in leaf)
    assert commitment["contribution_root"] == "".join(f"{e:08x}" for e in MerkleTree.build(digests).root)
    assert commitment["contribution_count"] == len(records) == len(ROWS if make is make_committed else RULES_ROWS)
    assert layout.blocks == (1 if make is make_committed else 2)
    assert commitment["leaves_digest"] == keccak256(leaves).hex()
    assert decode_contribution_leaf(elements[:, 0].tolist(), layout).account == parse_account(ALICE)


def test_counts_tell_why_records_were_rejected(tmp_path: Path) -> None:
    contributions, policy = write_inputs(tmp_path)
    done = zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")
    assert done.counts == {
        "accepted": 5, "duplicate": 1, "out_of_range": 1, "undeclared": 1, "spam": 1, "withdrawn": 0,
    }  # fmt: skip


def test_every_rule_gives_its_reason(tmp_path: Path) -> None:
    contributions, policy = write_inputs(tmp_path, RULES_ROWS, RULES_POLICY, RULES_HEADER)
    assert zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch").counts == RULES_COUNTS


def test_the_same_records_never_get_the_same_root(tmp_path: Path, committed: Path) -> None:
    again = make_committed(tmp_path)
    first, second = (folder / "public" / "leaves.bin" for folder in (committed, again))
    one, other = (np.frombuffer(path.read_bytes(), dtype=np.uint8).reshape(-1, 32) for path in (first, second))
    assert one.shape == other.shape
    assert not (one == other).all(axis=1).any()


def test_an_empty_folder_is_used_and_missing_parents_are_made(tmp_path: Path) -> None:
    contributions, policy = write_inputs(tmp_path)
    (tmp_path / "empty").mkdir()
    for target in (tmp_path / "empty", tmp_path / "a" / "b" / "epoch"):
        zkpay.commit(contributions, policy, epoch="e", out=target)
        assert (target / "public" / "commitment.json").is_file()


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    contributions, policy = write_inputs(tmp_path)
    folder = make_committed(tmp_path)
    commitment = (folder / "public" / "commitment.json").read_bytes()
    with pytest.raises(Refused, match="holds a commitment already"):
        zkpay.commit(contributions, policy, epoch="e", out=folder)
    assert (folder / "public" / "commitment.json").read_bytes() == commitment
    with pytest.raises(Refused, match="not empty"):
        zkpay.commit(contributions, policy, epoch="e", out=tmp_path)
    with pytest.raises(Refused, match="is a file"):
        zkpay.commit(contributions, policy, epoch="e", out=policy)


@pytest.mark.parametrize("label", ["", " e", "a\nb", "a\x1b[31m", "x" * 257, "a\u202eb"])
def test_labels_that_could_deceive_are_refused(tmp_path: Path, label: str) -> None:
    contributions, policy = write_inputs(tmp_path)
    with pytest.raises(InputError, match="printable"):
        zkpay.commit(contributions, policy, epoch=label, out=tmp_path / "epoch")
    with pytest.raises(InputError, match="printable"):
        zkpay.commit(contributions, policy, epoch="e", origin=label, out=tmp_path / "epoch")


def test_bad_records_leave_nothing_behind(tmp_path: Path) -> None:
    contributions, policy = write_inputs(tmp_path, (*ROWS, "r9,not an address\x00,data,1,1,bb,,"))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError):
        zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("call", range(1, 10))
def test_a_full_disk_at_any_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    contributions, policy = write_inputs(tmp_path)
    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing_at(call, os.fsync))
        with pytest.raises(Resumable, match="same command"):
            zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")
    assert sorted(tmp_path.iterdir()) == before
    zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")


def test_a_full_disk_after_the_last_rename_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contributions, policy = write_inputs(tmp_path)
    monkeypatch.setattr(os, "fsync", failing_at(10, os.fsync))
    done = zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")
    assert (done.folder / "public" / "commitment.json").is_file()


def failing_at(call: int, real: Callable[[int], None]) -> Callable[[int], None]:
    """os.fsync on a disk that is full at the given call."""
    calls = iter(range(1, 1000))

    def fsync(descriptor: int) -> None:
        if next(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    return fsync


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_signal_in_any_stage_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, stage: str) -> None:
    contributions, policy = write_inputs(tmp_path)
    before = sorted(tmp_path.iterdir())
    handlers = [signal.getsignal(each) for each in SIGNALS]

    def report(progress: Progress) -> None:
        if progress.name == stage:
            signal.raise_signal(number)

    with pytest.raises(Resumable, match="Ctrl-C" if number is signal.SIGINT else number.name):
        zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch", report=report)
    assert sorted(tmp_path.iterdir()) == before
    assert [signal.getsignal(each) for each in SIGNALS] == handlers
    zkpay.commit(contributions, policy, epoch="e", out=tmp_path / "epoch")


def test_what_a_killed_process_left_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leftover = tmp_path / f".epoch.{dead.pid}.incomplete"
    others = tmp_path / f".epoch.{os.getppid()}.incomplete"
    for folder in (leftover, others):
        (folder / "private").mkdir(parents=True)
    make_committed(tmp_path)
    assert not leftover.exists()
    assert others.exists()
