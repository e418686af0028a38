"""What a verifier says to its transcript and hears from it, for anything that it may know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.reference.toy import Witness
from zkpay.errors import Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import (
    begin,
    draw_alpha,
    draw_bus_challenges,
    draw_fold,
    draw_lambda,
    draw_queries,
    draw_zeta,
    grinding_seed,
)
from zkpay.stark.transcript import Transcript
from zkpay.verifier.verify import verify_proof

ABSORB, SQUEEZE = "absorb", "squeeze"
Event = tuple[str, str, bytes]
"""("absorb", label, data) or ("squeeze", label, output)."""


@dataclass(frozen=True)
class Known:
    """What a verifier knows in the end: what it is given, and the parameters that it derives."""

    circuit: Circuit
    parameters: Parameters
    statement: bytes
    proof: Proof


@contextmanager
def taping() -> Iterator[list[Event]]:
    """The events of all transcripts that are used meanwhile."""
    events: list[Event] = []
    absorb, squeeze = Transcript.absorb, Transcript._squeeze

    def taped_absorb(self: Transcript, label: str, data: bytes) -> None:
        events.append((ABSORB, label, data))
        absorb(self, label, data)

    def taped_squeeze(self: Transcript, label: str, blocks: int) -> bytes:
        output = squeeze(self, label, blocks)
        events.append((SQUEEZE, label, output))
        return output

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transcript, "absorb", taped_absorb)
        patched.setattr(Transcript, "_squeeze", taped_squeeze)
        yield events


def prove_lightly(circuit: Circuit, witness: Witness, statement: bytes, parameters: Parameters, seed: bytes) -> Known:
    """A proof under these parameters, and what its verifier knows."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("zkpay.prover.prove.derive", lambda profile, circuit: parameters)
        proof = prove_circuit(circuit, witness, statement, parameters.profile, seed=seed)
    return Known(circuit, parameters, statement, proof)


def tape(known: Known) -> list[Event]:
    """The verifier's transcript from beginning to end, whatever it would think of the proof's shape.

    A test holds that the verifier itself says and hears the same.
    """
    circuit, proof = known.circuit, known.proof
    with taping() as events:
        transcript = begin(circuit, known.parameters, known.statement)
        draw_bus_challenges(transcript, circuit, proof.main_root)
        draw_alpha(transcript, proof.auxiliary_root)
        draw_zeta(transcript, proof.quotient_root)
        draw_lambda(transcript, proof.out_of_domain, layout_of(circuit).opening_count)
        for layer, root in enumerate(proof.layer_roots):
            draw_fold(transcript, layer, root)
        grinding_seed(transcript, proof.final_polynomial)
        draw_queries(transcript, known.parameters, proof.nonce)
    return events


def first_challenge(events: list[Event], message: str) -> tuple[str, bytes] | None:
    """Label and output of the first challenge drawn after a message; None if the message is not absorbed."""
    place = next((k for k, (kind, label, _) in enumerate(events) if (kind, label) == (ABSORB, message)), None)
    if place is None:
        return None
    return next(((label, output) for kind, label, output in events[place:] if kind == SQUEEZE), None)


def judge(known: Known) -> str:
    """ "accepted", "refused" for what is no circuit, or the reason of the rejection; the parameters are as given."""
    try:
        known.circuit.check()
    except ValueError:
        return "refused"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("zkpay.verifier.verify.derive", lambda profile, circuit: known.parameters)
        try:
            verify_proof(known.circuit, known.statement, known.proof)
        except Rejected as rejection:
            return rejection.reason
    return "accepted"
