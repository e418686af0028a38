"""A proof whose payouts' leaves and tree are folded: from records to a verdict, and some lies about it."""

from __future__ import annotations

import pytest

from tests.attacks.forgery import Draft
from tests.circuits.folding import folding
from tests.circuits.scenarios import MIXED, POLICY, scenario
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.circuits.trace import columns
from zkpay.errors import Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.parameters import PROFILES
from zkpay.verifier.verify import verify_proof

WORDS = b"statement"


def test_a_folded_proof_is_accepted_and_is_none_of_the_circuit_in_line() -> None:
    in_line = scenario(MIXED).circuit
    with folding():
        epoch = scenario(MIXED)
    assert {item.table.name: item.height for item in epoch.circuit.placed}[FOLDED_TREE] == 1 << 14
    proof = prove_circuit(epoch.circuit, epoch.witness(), WORDS, PROFILES["default"])
    verify_proof(epoch.circuit, WORDS, proof)
    with pytest.raises(Rejected):
        verify_proof(in_line, WORDS, proof)


@pytest.mark.parametrize("lie", ["a round", "a limb", "a leaf"])
def test_a_folded_proof_of_a_lie_is_rejected(lie: str) -> None:
    with folding():
        draft = Draft(MIXED, POLICY)
        forgery = draft.finish()
    cells = columns(forgery.witness, forgery.circuit, FOLDED_TREE)
    if lie == "a round":
        cells["state[20]"][5] += 1
    elif lie == "a limb":
        cells["limb[0]"][0] += 1
    else:
        cells["place"][7] += 1
    proof = prove_circuit(forgery.circuit, forgery.witness, WORDS, PROFILES["default"], check=False)
    with pytest.raises(Rejected) as rejected:
        verify_proof(forgery.circuit, WORDS, proof)
    assert rejected.value.reason == "constraints-unsatisfied"
