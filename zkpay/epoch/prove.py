"""Prove an epoch's payouts: statement, proof and list of payouts from a committed folder (SPEC §8.5).

1. Open the epoch; everything is hashed again and compared with the commitment.
2. Compute the payouts in exact integers, by the policy's meaning.
3. Build statement and circuit; say what proving will take, or refuse if memory won't do.
4. Build the witness and prove, or go on from the stages that an earlier run of the same job finished.
5. Verify the fresh proof as a stranger would.
6. Delete the seed of its masks, put statement, payouts and proof in place, the proof last.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Final

from zkpay.circuits import payout_circuit
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.trace import Witness
from zkpay.circuits.witness import build_witness
from zkpay.epoch.estimate import WORTH_BYTES, WORTH_SECONDS, estimate
from zkpay.epoch.files import (
    PUBLIC_FILE,
    StrPath,
    incomplete_beside,
    read_capped,
    remove_leftovers,
    sync_renames,
    write_durably,
    writing,
)
from zkpay.epoch.job import Job, only_one, open_job
from zkpay.epoch.layout import MAX_BYTES, PAYOUTS, PROOF, SETTINGS, STATEMENT, private_folder, public_folder
from zkpay.epoch.private import Epoch, compile_notice, open_epoch
from zkpay.epoch.security_report import SecurityReport
from zkpay.epoch.stages import StageReport, Stages, silent
from zkpay.epoch.stopping import stoppable
from zkpay.errors import Refused, Rejected, Resumable
from zkpay.prover import prove as prover
from zkpay.stark.air import Circuit
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import Parameters, derive, profile_by_name
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement
from zkpay.verifier.verify import verify_proof

STAGES: Final = ("open epoch", "payouts", "circuit", "witness", *prover.STAGES, "verify", "write")

STORE_FROM: Final = 45.0
"""Seconds that a proof must be expected to take for its finished stages to be put away: gigabytes that would cost a
shorter one more time than they save."""

_NO_DIGEST: Final = bytes(32)
_COMPILED: Final = ("poseidon", "panels", "keccak", "program", "extension", "deep", "opening", "folding")
"""Modules of kernels in the order in which a proof first needs them."""
# Where the package's code is: circuits may stand elsewhere than the rest.
_SOURCES: Final = (Path(__file__).parents[1], Path(payout_circuit.__file__).parent)


@dataclass(frozen=True)
class Proved:
    """What `prove` made: the statement, the proof's size in bytes, its security, the seconds that it took."""

    folder: Path
    statement: Statement
    profile: str
    proof_bytes: int
    security: SecurityReport
    seconds: float


def prove(
    folder: StrPath,
    *,
    profile: str = "default",
    report: StageReport = silent,
    memory: int | None = None,
    store_from: float = STORE_FROM,
) -> Proved:
    """Prove the payouts of a committed folder; on a proved one, make a fresh proof of the same statement.

    Every proof has masks of its own from the operating system. memory: bytes that may be taken, by default what the
    system says is free. store_from: estimated seconds from which on finished stages are put away, so that after being
    stopped or killed the same call goes on from the last of them.

    InputError for an unknown profile or unreadable files, Refused if the records changed since `commit`, if payouts
    exceed the pool, if memory won't do or if another process proves this epoch, Resumable if stopped; in each case the
    public folder is as it was.
    """
    stages = Stages(STAGES, report)
    chosen = profile_by_name(profile)
    public, private = public_folder(folder), private_folder(folder)
    began = time.monotonic()
    with stoppable() as stopping, only_one(private):
        notice = compile_notice(*_COMPILED)
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
        parameters = derive(chosen, circuit)
        expected = estimate(circuit, parameters, memory, compiled=notice is None)
        if expected.seconds > WORTH_SECONDS or expected.peak_bytes > WORTH_BYTES:
            stages.notice(str(expected))
        long = expected.seconds >= store_from
        job = open_job(
            private,
            _identity(circuit, parameters, statement_bytes, epoch, private),
            prover.STORED,
            needed=expected.stored_bytes if long else None,
        )
        stopping.advice = partial(_advice, job)
        stages.plan(_without(expected.stages, job.found))
        if job.found:
            stages.notice(f'an earlier run got through "{job.found[-1]}"; going on from there')

        def witness() -> Witness:
            stages.begin("witness")
            return build_witness(
                epoch.policy, statement, circuit, epoch.contributions, epoch.contribution_salts, epoch.payouts.salts
            )

        def tell(stage: str, share: float) -> None:
            trouble = job.trouble
            if trouble is not None:
                stages.notice(trouble)
            stages.within(stage, share)

        with _ended(job):
            proof = prover.prove_circuit(
                circuit, witness, statement_bytes, chosen, report=tell, seed=job.seed, memory=memory, store=job
            )
            proof_bytes = proof.to_bytes()
            stages.begin("verify")
            verify_proof(circuit, statement_bytes, Proof.from_bytes(proof_bytes))
            stages.begin("write")
            # The proof comes last: where it stands, all that it is about stands too.
            results = {STATEMENT: statement_bytes, PROOF: proof_bytes}
            if not epoch.commitment.private_payouts:
                results = {STATEMENT: statement_bytes, PAYOUTS: epoch.payouts.to_bytes(), PROOF: proof_bytes}
            with writing(public):
                remove_leftovers(public)
                temporary = incomplete_beside(public)
                try:
                    temporary.mkdir()
                    for name, data in results.items():
                        write_durably(temporary / name, data, PUBLIC_FILE)
                    with stopping.putting_in_place():
                        # Before anybody can see the proof: no other one can be made of its masks any more.
                        job.forget()
                        for name in results:
                            os.replace(temporary / name, public / name)
                        sync_renames(public)
                finally:
                    shutil.rmtree(temporary, ignore_errors=True)
            job.delete()
    return _proved(Path(folder), statement, parameters, len(proof_bytes), time.monotonic() - began)


@contextmanager
def _ended(job: Job) -> Iterator[None]:
    """Ends writing whatever happens, and deletes what led to a proof that is none."""
    try:
        yield
    except (Rejected, ValueError) as error:
        found = job.found
        job.delete()
        if not found:
            raise
        raise Resumable(
            f"the stage files of an earlier run led to no proof ({error}); they are deleted: run the same command again"
        ) from error
    finally:
        job.close()


def _identity(circuit: Circuit, parameters: Parameters, statement: bytes, epoch: Epoch, private: Path) -> bytes:
    """Digest of everything that the transcript and the witness follow from: what one mask seed may be used for."""
    # settings.json holds the records' digest, and has been compared with them; other code may fill other witnesses.
    parts = (
        circuit.digest,
        parameters.to_bytes(),
        statement,
        read_capped(private / SETTINGS, MAX_BYTES[SETTINGS]),
        epoch.seed,
        _sources_digest(),
    )
    return keccak256(b"zkpay/job/v1" + b"".join(keccak256(part) for part in parts))


@cache
def _sources_digest() -> bytes:
    """Keccak-256 of this package's own sources."""
    found = [path for folder in _SOURCES for path in sorted(folder.rglob("*.py"))]
    return keccak256(b"".join(keccak256(path.read_bytes()) for path in found))


def _without(seconds: Mapping[str, float], found: Sequence[str]) -> dict[str, float]:
    """The plan, without what an earlier run has done."""
    done = {"witness", *found} if found else set()
    return {stage: expected for stage, expected in seconds.items() if stage not in done}


def _advice(job: Job) -> str:
    finished = job.finished()
    return f'the same command goes on from after "{finished[-1]}"' if finished else "run the same command again"


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
