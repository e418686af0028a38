"""Commit to an epoch's contributions, before anything about payouts exists (SPEC §8.2).

1. Read policy and contributions; the whole file or nothing.
2. Draw the seed of all salts, hash every record's leaf, build the tree.
3. Write public/ and private/ into a folder beside the place, then rename it there.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zkpay.epoch.commitment import Commitment, checked_label, leaves_to_bytes
from zkpay.epoch.files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    PUBLIC_FILE,
    StrPath,
    incomplete_beside,
    read_capped,
    remove_leftovers,
    sync_folder,
    sync_renames,
    write_durably,
    writing,
)
from zkpay.epoch.layout import COMMITMENT, CONTRIBUTIONS, LEAVES, MAX_BYTES, POLICY, SEED, SETTINGS
from zkpay.epoch.private import compile_notice, contribution_digests, contribution_salts, settings_bytes
from zkpay.epoch.stages import StageReport, Stages, silent
from zkpay.epoch.stopping import stoppable
from zkpay.errors import InputError, Refused
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.contributions import Contributions, check_account_count, count_by_reason
from zkpay.ledger.reader import read_contributions
from zkpay.ledger.salts import SEED_BYTES
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.policy import parse_policy
from zkpay.stark.keccak import keccak256

UNNAMED_ORIGIN: Final = "zkpay.local/unnamed"
STAGES: Final = ("read contributions", "hash records", "build tree", "write")


@dataclass(frozen=True)
class Committed:
    """What `commit` did: where, and how many records have each reason (accepted first)."""

    folder: Path
    commitment: Commitment
    counts: dict[str, int]


def commit(
    contributions: StrPath | Contributions,
    policy: StrPath,
    *,
    epoch: str,
    origin: str = UNNAMED_ORIGIN,
    out: StrPath,
    private_payouts: bool = False,
    report: StageReport = silent,
) -> Committed:
    """Commit to the records of a CSV, JSONL or Parquet file (or to records read before) under a policy file.

    `out` is created, with public/ and private/; it must not exist or be empty. InputError for bad input, Refused for
    a folder in use, Resumable if stopped; in each case nothing is written.
    """
    stages = Stages(STAGES, report)
    origin, epoch = checked_label(origin, "origin"), checked_label(epoch, "epoch")
    target = Path(os.path.abspath(out))
    check_free(target)
    with stoppable() as stopping:
        stages.begin("read contributions")
        policy_bytes = read_capped(policy, MAX_BYTES[POLICY])
        terms = parse_policy(policy_bytes, str(policy))
        records = (
            contributions
            if isinstance(contributions, Contributions)
            else read_contributions(contributions, terms.rules)
        )
        counts = count_by_reason(records, terms.rules)
        check_account_count(records)

        notice = compile_notice("poseidon")
        if notice is not None:
            stages.notice(notice)
        stages.begin("hash records")
        seed = os.urandom(SEED_BYTES)
        digests = contribution_digests(records, contribution_salts(seed, len(records)), terms.layout)
        leaves = leaves_to_bytes(digests)

        stages.begin("build tree")
        tree = MerkleTree.build(digests, compress_nodes)
        commitment = Commitment(
            origin=origin,
            epoch=epoch,
            contribution_root=tree.root,
            contribution_count=tree.count,
            policy_digest=terms.digest,
            leaves_digest=keccak256(leaves),
            private_payouts=private_payouts,
        )

        stages.begin("write")
        stored = records.to_bytes()
        public = {POLICY: policy_bytes, COMMITMENT: commitment.to_bytes(), LEAVES: leaves}
        private = {CONTRIBUTIONS: stored, SEED: seed, SETTINGS: settings_bytes(commitment, stored)}
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(target)
            temporary = incomplete_beside(target)
            try:
                _write_folder(temporary, public, private)
                with stopping.putting_in_place():
                    check_free(target)
                    # Over an empty folder, rename replaces it; a folder that fills meanwhile makes it fail.
                    os.replace(temporary, target)
                    sync_renames(target.parent)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return Committed(target, commitment, counts)


def check_free(target: Path) -> None:
    """Refused unless an epoch can be made at `target`: nothing is there, or an empty folder."""
    if target == Path.cwd():
        raise InputError(f"{target}: give the path of a folder to make, not the one you are in")
    try:
        entries = os.listdir(target)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise Refused(f"{target} is a file; choose another place") from None
    except OSError as error:
        raise InputError(f"{target}: can't be read: {error.strerror}") from None
    if (target / "public" / COMMITMENT).exists():
        raise Refused(f"{target} holds a commitment already; prove it, or choose another folder")
    if entries:
        raise Refused(f"{target} is not empty; choose another folder")


def _write_folder(folder: Path, public: dict[str, bytes], private: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, files, folder_mode, file_mode in (
        ("public", public, 0o777, PUBLIC_FILE),
        ("private", private, PRIVATE_FOLDER, PRIVATE_FILE),
    ):
        inner = folder / name
        inner.mkdir(mode=folder_mode)
        for file_name, data in files.items():
            write_durably(inner / file_name, data, file_mode)
        sync_folder(inner)
    sync_folder(folder)
