"""Prove an epoch's payouts: statement, proof and list of payouts from a committed folder (SPEC §8.5).

1. Open the epoch; everything is hashed again and compared with the commitment.
2. Compute the payouts in exact integers, by the policy's meaning.
3. Build statement, circuit and witness; prove.
4. Verify the fresh proof as a stranger would.
5. Put statement, payouts and proof in place, the proof last.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.witness import build_witness
from zkpay.epoch.files import (
    PUBLIC_FILE,
    StrPath,
    incomplete_beside,
    remove_leftovers,
    sync_renames,
    write_durably,
    writing,
)
from zkpay.epoch.layout import PAYOUTS, PROOF, STATEMENT, public_folder
from zkpay.epoch.private import Epoch, compile_notice, open_epoch
from zkpay.epoch.security_report import SecurityReport
from zkpay.epoch.stages import StageReport, Stages, silent
from zkpay.epoch.stopping import stoppable
from zkpay.errors import Refused
from zkpay.prover import prove as prover
from zkpay.stark.parameters import Parameters, profile_by_name
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement
from zkpay.verifier.verify import verify_proof

STAGES: Final = ("open epoch", "payouts", "circuit", "witness", *prover.STAGES, "verify", "write")

_NO_DIGEST: Final = bytes(32)


@dataclass(frozen=True)
class Proved:
    """What `prove` made: the statement, the proof's size in bytes, its security, the seconds that it took."""

    folder: Path
    statement: Statement
    profile: str
    proof_bytes: int
    security: SecurityReport
    seconds: float


def prove(folder: StrPath, *, profile: str = "default", report: StageReport = silent) -> Proved:
    """Prove the payouts of a committed folder; on a proved one, make a fresh proof of the same statement.

    Every proof has masks of its own from the operating system. InputError for an unknown profile or unreadable files,
    Refused if the records changed since `commit` or if payouts exceed the pool, Resumable if stopped; in each case
    the public folder is as it was.
    """
    stages = Stages(STAGES, report)
    chosen = profile_by_name(profile)
    began = time.monotonic()
    with stoppable() as stopping:
        notice = compile_notice("poseidon", "program", "keccak", "ntt")
        if notice is not None:
            stages.notice(notice)
        stages.begin("open epoch")
        epoch = open_epoch(folder)
        stages.begin("payouts")
        statement = statement_of(epoch)
        stages.begin("circuit")
        circuit = build_circuit(epoch.policy, statement)
        statement = replace(statement, circuit_digest=circuit.digest)
        statement_bytes = statement.to_bytes()
        stages.begin("witness")
        witness = partial(
            build_witness,
            epoch.policy,
            statement,
            circuit,
            epoch.contributions,
            epoch.contribution_salts,
            epoch.payouts.salts,
        )
        proof = prover.prove_circuit(circuit, witness, statement_bytes, chosen, report=stages.begin)
        proof_bytes = proof.to_bytes()
        stages.begin("verify")
        parameters = verify_proof(circuit, statement_bytes, Proof.from_bytes(proof_bytes))
        stages.begin("write")
        # The proof comes last: where it stands, all that it is about stands too.
        results = {STATEMENT: statement_bytes, PROOF: proof_bytes}
        if not epoch.commitment.private_payouts:
            results = {STATEMENT: statement_bytes, PAYOUTS: epoch.payouts.to_bytes(), PROOF: proof_bytes}
        public = public_folder(folder)
        with writing(public):
            remove_leftovers(public)
            temporary = incomplete_beside(public)
            try:
                temporary.mkdir()
                for name, data in results.items():
                    write_durably(temporary / name, data, PUBLIC_FILE)
                with stopping.putting_in_place():
                    for name in results:
                        os.replace(temporary / name, public / name)
                    sync_renames(public)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return _proved(Path(folder), statement, parameters, len(proof_bytes), time.monotonic() - began)


def statement_of(epoch: Epoch) -> Statement:
    """The statement of an epoch, its circuit digest left empty; Refused if payouts exceed the pool."""
    found = epoch.distribution
    if found.dust < 0:
        raise Refused(
            f"payouts exceed the pool of {epoch.policy.pool} base units by {-found.dust}; nothing proves such an epoch:"
            " commit to a new folder with a larger pool, or a formula that keeps within it"
        )
    commitment = epoch.commitment
    return Statement(
        circuit_digest=_NO_DIGEST,
        policy_digest=commitment.policy_digest,
        origin=commitment.origin,
        epoch=commitment.epoch,
        commitment_digest=commitment.digest,
        contribution_root=commitment.contribution_root,
        contribution_count=commitment.contribution_count,
        counts=tuple(found.reasons.items()),
        payout_root=epoch.payout_tree.root,
        account_count=len(found.payouts),
        pool=epoch.policy.pool,
        paid=found.paid,
        dust=found.dust,
        totals=tuple(found.totals.items()),
    )


def _proved(folder: Path, statement: Statement, parameters: Parameters, size: int, seconds: float) -> Proved:
    return Proved(
        folder=folder,
        statement=statement,
        profile=parameters.profile.name,
        proof_bytes=size,
        security=SecurityReport.of(parameters),
        seconds=seconds,
    )
