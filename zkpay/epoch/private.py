"""The private folder, and an epoch opened from it: everything that a prover knows (SPEC §8.4).

Opening hashes all records again and compares with the commitment, so that what is proved or shown in a receipt is
what was committed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.commitment import Commitment, leaves_to_bytes
from zkpay.epoch.files import StrPath, decode_json, encode_json, read_capped
from zkpay.epoch.layout import (
    COMMITMENT,
    CONTRIBUTIONS,
    LEAVES,
    MAX_BYTES,
    POLICY,
    SEED,
    SETTINGS,
    private_folder,
    public_folder,
)
from zkpay.epoch.payouts import PayoutList
from zkpay.errors import InputError, Refused
from zkpay.kernels import CACHE_FOLDER
from zkpay.kernels.parallel import parallel_ranges
from zkpay.kernels.poseidon import compress_nodes, hash_leaves
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import hash_record_leaves, leaf_elements
from zkpay.ledger.record_layout import RecordLayout
from zkpay.ledger.salts import SEED_BYTES, expand_salts
from zkpay.ledger.tree import DIGEST_ELEMENTS, MerkleTree
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy, parse_policy
from zkpay.stark.keccak import keccak256
from zkpay.threads import start_pool

SETTINGS_FORMAT: Final = "zkpay/settings/v1"
CONTRIBUTION_SALTS: Final = b"zkpay/salts/contributions/v1"
PAYOUT_SALTS: Final = b"zkpay/salts/payouts/v1"

_PART_ROWS: Final = 1 << 14
"""Records whose leaves are made and hashed at a time: their elements take 1.5 MiB."""


@dataclass(frozen=True)
class Epoch:
    """A committed epoch with its secrets.

    seed: 32 bytes that all salts are expanded from. contribution_salts: uint32[5, N]. tree: the one of R_c.
    """

    policy: Policy
    commitment: Commitment
    contributions: Contributions
    seed: bytes
    contribution_salts: NDArray[np.uint32]
    tree: MerkleTree

    @cached_property
    def distribution(self) -> Distribution:
        """What the policy pays for the records, in exact integers."""
        return evaluate(self.policy, self.contributions)

    @cached_property
    def payouts(self) -> PayoutList:
        """The leaves of R_p. Salts come from the same seed, so that every proof of the epoch has the same R_p."""
        found = self.distribution
        salts = expand_salts(self.seed, PAYOUT_SALTS, len(found.payouts))
        return PayoutList(found.accounts, found.payouts, found.accepted, found.rejected, salts)

    @cached_property
    def payout_tree(self) -> MerkleTree:
        """The tree of R_p."""
        return MerkleTree.build(hash_leaves(self.payouts.leaves()), compress_nodes)


def contribution_digests(
    contributions: Contributions, salts: NDArray[np.uint32], layout: RecordLayout
) -> NDArray[np.uint32]:
    """The leaf digests of all records, uint32[8, N], from their salts uint32[5, N]."""
    digests = np.empty((DIGEST_ELEMENTS, len(contributions)), dtype=np.uint32)

    def run(start: int, stop: int) -> None:
        for first in range(start, stop, _PART_ROWS):
            rows = slice(first, min(first + _PART_ROWS, stop))
            digests[:, rows] = hash_record_leaves(leaf_elements(contributions, salts, layout, rows), hash_leaves)

    parallel_ranges(run, len(contributions), grain=_PART_ROWS)
    return digests


def contribution_salts(seed: bytes, count: int) -> NDArray[np.uint32]:
    """The salts of the records' leaves, uint32[5, N]."""
    return expand_salts(seed, CONTRIBUTION_SALTS, count)


def settings_bytes(commitment: Commitment, contributions: bytes) -> bytes:
    """settings.json: digests of what was committed to, so that a change is named before anything is hashed."""
    return encode_json(
        {
            "format": SETTINGS_FORMAT,
            "commitment_digest": keccak256(commitment.to_bytes()).hex(),
            "contributions_digest": keccak256(contributions).hex(),
            "private_payouts": commitment.private_payouts,
        }
    )


def open_epoch(folder: StrPath) -> Epoch:
    """Load a committed epoch; InputError if a file can't be read, Refused if anything changed since `commit`."""
    public, private = public_folder(folder), private_folder(folder)
    policy = parse_policy(read_capped(public / POLICY, MAX_BYTES[POLICY]), str(public / POLICY))
    commitment = Commitment.from_bytes(read_capped(public / COMMITMENT, MAX_BYTES[COMMITMENT]))
    stored = read_capped(private / CONTRIBUTIONS, MAX_BYTES[CONTRIBUTIONS])
    seed = read_capped(private / SEED, MAX_BYTES[SEED])
    if len(seed) != SEED_BYTES:
        raise InputError(f"{private / SEED}: {len(seed)} bytes, a seed has {SEED_BYTES}; restore it from a copy")
    settings = read_capped(private / SETTINGS, MAX_BYTES[SETTINGS])
    decode_json(settings, str(private / SETTINGS), SETTINGS_FORMAT)
    published = read_capped(public / LEAVES, MAX_BYTES[LEAVES])
    # Keccak runs on one core; the others read and hash the records meanwhile.
    with start_pool(1) as aside:
        hashing = aside.submit(_hashed_records, stored, str(private / CONTRIBUTIONS), seed, policy.layout)
        if settings != settings_bytes(commitment, stored):
            raise _changed(f"{private / CONTRIBUTIONS} or {public / COMMITMENT}")
        if policy.digest != commitment.policy_digest:
            raise _changed(str(public / POLICY))
        published_digest = keccak256(published)
        try:
            contributions, salts, digests = hashing.result()
        except ValueError as error:
            # Records of other fields than the policy's.
            raise _changed(str(private / CONTRIBUTIONS)) from error
    leaves = leaves_to_bytes(digests)
    if (published_digest if leaves == published else keccak256(leaves)) != commitment.leaves_digest:
        raise _changed(f"{private / CONTRIBUTIONS} or {private / SEED}")
    tree = MerkleTree.build(digests, compress_nodes)
    if tree.root != commitment.contribution_root or tree.count != commitment.contribution_count:
        raise _changed(str(public / COMMITMENT))
    if leaves != published:
        raise _changed(str(public / LEAVES))
    return Epoch(policy, commitment, contributions, seed, salts, tree)


def _hashed_records(
    stored: bytes, source: str, seed: bytes, layout: RecordLayout
) -> tuple[Contributions, NDArray[np.uint32], NDArray[np.uint32]]:
    """The records of a private file, their salts and their leaf digests."""
    contributions = Contributions.from_bytes(stored, source)
    salts = contribution_salts(seed, len(contributions))
    return contributions, salts, contribution_digests(contributions, salts, layout)


def compile_notice(*modules: str) -> str | None:
    """What to announce before kernels run for the first time; None where compiled ones are kept already.

    `modules`: the kernels' modules that are about to be used. Numba names its cached files after them.
    """
    if CACHE_FOLDER is None:
        return "compiling kernels: no folder to keep them in, so every run takes about half a minute more"
    if all(next(Path(CACHE_FOLDER).rglob(f"{module}.*.nbi"), None) is not None for module in modules):
        return None
    return f"compiling kernels, once; they are kept in {CACHE_FOLDER}"


def _changed(what: str) -> Refused:
    return Refused(f"{what} changed since the epoch was committed; restore it from a copy, or commit to a new folder")
