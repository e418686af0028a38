"""What a cheating operator publishes: the files of an epoch made from a draft's tables, with a real proof of them.

The prover is zkpay's own with its refusals patched out (`check=False`). Commitment, leaves and the list of payouts come
from the tables, so they agree with the lie; a list that would give it away is kept private. Who checks is
`zkpay.verify`, the door of every third party.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import zkpay
from tests.campaigns.cheats.scene import Epoch
from tests.reference.toy import use_light_parameters
from zkpay.circuits.contributions.witness import real_rows
from zkpay.circuits.gadgets.folded_poseidon import PERIOD, STATE
from zkpay.circuits.gadgets.folded_witness import LEAF_START
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.circuits.trace import Witness
from zkpay.epoch.commitment import Commitment, leaves_from_bytes, leaves_to_bytes
from zkpay.epoch.layout import COMMITMENT, LEAF_BYTES, LEAVES, PAYOUTS, POLICY, PROOF, STATEMENT
from zkpay.epoch.payouts import PayoutList
from zkpay.epoch.verdict import Checks
from zkpay.epoch.verify import _check_payouts
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.encoding import SALT_ELEMENTS, account_from_elements
from zkpay.ledger.tree import MerkleTree
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import PROFILES
from zkpay.stark.statement import Statement

ACCEPTED = "accepted"
LIGHT_QUERIES = 4
"""What rejects a false witness is the point out of the domain, whatever the number of queries."""

Files = Mapping[str, bytes]


@contextmanager
def light() -> Iterator[None]:
    """Meanwhile prover and verifier agree on few queries and little work."""
    with pytest.MonkeyPatch.context() as patch:
        use_light_parameters(patch, LIGHT_QUERIES)
        yield


def publish(text: str, epoch: Epoch, profile: str = "default", leaves: bytes | None = None) -> Files:
    """All public files of a finished draft under the policy of this text. leaves: those committed to before, where
    the draft's aren't.
    """
    return seal(
        text,
        epoch.statement,
        epoch.circuit,
        epoch.witness,
        leaves_of(epoch) if leaves is None else leaves,
        list_of(epoch),
        profile,
    )


def seal(
    text: str,
    statement: Statement,
    circuit: Circuit,
    witness: Witness,
    leaves: bytes,
    payouts: bytes | None,
    profile: str = "default",
) -> Files:
    """The files of a statement with these leaves, and a proof of the witness; no payouts: they are private.

    leaves.bin has as many leaves as the statement says, whatever there is.
    """
    leaves = leaves.ljust(LEAF_BYTES * statement.contribution_count, b"\0")[: LEAF_BYTES * statement.contribution_count]
    commitment = Commitment(
        origin=statement.origin,
        epoch=statement.epoch,
        contribution_root=statement.contribution_root,
        contribution_count=statement.contribution_count,
        policy_digest=statement.policy_digest,
        leaves_digest=keccak256(leaves),
        private_payouts=payouts is None,
    )
    statement = replace(statement, circuit_digest=circuit.digest, commitment_digest=commitment.digest)
    proof = prove_circuit(circuit, witness, statement.to_bytes(), PROFILES[profile], check=False)
    files = {
        POLICY: text.encode(),
        COMMITMENT: commitment.to_bytes(),
        LEAVES: leaves,
        STATEMENT: statement.to_bytes(),
        PROOF: proof.to_bytes(),
    }
    return files if payouts is None else {**files, PAYOUTS: payouts}


def leaves_of(epoch: Epoch) -> bytes:
    """leaves.bin as the contributions table has hashed them."""
    contributions = epoch["contributions"]
    return leaves_to_bytes(leaf_digests(contributions)[:, real_rows(contributions)].astype(np.uint32))


def list_of(epoch: Epoch) -> bytes | None:
    """payouts.csv as the payouts table has it; None where it couldn't be shown to anybody."""
    payouts = epoch["payouts"]
    rows = np.flatnonzero(payouts["is_real"])
    try:
        accounts = [account_from_elements(elements) for elements in payouts.group("account").T[rows].tolist()]
        listed = PayoutList(
            accounts=np.array([list(account) for account in accounts], dtype=np.uint8).reshape(-1, 20),
            payouts=epoch.payouts(),
            accepted=payouts["accepted_count"][rows].astype(np.int64),
            rejected=payouts["rejected_count"][rows].astype(np.int64),
            salts=_salts(epoch, rows),
        )
        data = listed.to_bytes()
        _check_payouts(Checks(), epoch.statement, PayoutList.from_bytes(data))
    except (Rejected, InputError, ValueError):
        return None
    return data


def _salts(epoch: Epoch, rows: np.ndarray) -> np.ndarray:
    if FOLDED_TREE in epoch.tables:
        state = epoch[FOLDED_TREE].group(STATE)[1 : 1 + SALT_ELEMENTS, LEAF_START::PERIOD]
        return np.ascontiguousarray(state[:, rows])
    return np.ascontiguousarray(epoch["payouts"].group("salt")[:, rows])


def write(folder: Path, files: Files) -> Path:
    """Put the files into a new folder."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def verdict(public: Path, leaves: bool = True) -> str:
    """What `zkpay.verify` says of a public folder to somebody who has the policy and the root: ACCEPTED, or why not.

    Anything but a verdict is raised: a verifier that fails otherwise is a fault as well.
    """
    try:
        zkpay.verify(public, leaves=leaves)
    except Rejected as rejection:
        return rejection.reason
    except InputError:
        return "unreadable"
    except Refused:
        return "refused"
    return ACCEPTED


def has_committed_root(files: Files) -> bool:
    """Whether leaves.bin has the root committed to, so that the thorough check of it can't be what rejects."""
    commitment = Commitment.from_bytes(files[COMMITMENT])
    return MerkleTree.build(leaves_from_bytes(files[LEAVES], commitment.contribution_count)).root == (
        commitment.contribution_root
    )
