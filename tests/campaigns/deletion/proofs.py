"""A forgery as a proof, for the true circuit and for the one without what would stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from tests.attacks.forgery import Forgery, weakened
from tests.reference.toy import light_parameters, verdict
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.parameters import PROFILES, Parameters

STATEMENT = b"a false statement"
QUERIES = 8


@contextmanager
def light() -> Iterator[None]:
    """Meanwhile prover and verifier work with few queries and little grinding."""

    def derive(profile: Any, circuit: Circuit) -> Parameters:
        return light_parameters(circuit, QUERIES, profile=profile.name)

    with mock.patch("zkpay.prover.prove.derive", derive), mock.patch("zkpay.verifier.verify.derive", derive):
        yield


def verdicts(forgery: Forgery, removed: str, *, full: bool = False) -> tuple[str, str]:
    """What the verifier says of a proof of the forgery: by the true circuit, and by that without `removed`. full: by
    the default profile.
    """
    weak = weakened(forgery, removed)
    if full:
        return proof_verdict(forgery), proof_verdict(weak)
    with light():
        return proof_verdict(forgery), proof_verdict(weak)


def proof_verdict(forgery: Forgery) -> str:
    """Prove without looking whether it holds, as a cheating operator would, and verify."""
    proof = prove_circuit(forgery.circuit, forgery.witness, STATEMENT, PROFILES["default"], check=False)
    return verdict(forgery.circuit, proof, STATEMENT)
