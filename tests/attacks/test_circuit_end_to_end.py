"""Some cheats of each kind as proofs: the verifier rejects them, and accepts them for a circuit less one part."""

from __future__ import annotations

import pytest

from tests.attacks.forgery import Forgery, weakened
from tests.attacks.registry import CHEATS, load_all, play
from zkpay.errors import Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.verifier.verify import verify_proof

STATEMENT = b"a false statement"

# Hash, line, range, bit, first row, transition, last row, look-up, bus, sum.
NAMES = (
    "contributions/leaf round 5[7] is right",
    "contributions/points line 1",
    "contributions/points carry[1] has 15 bits",
    "contributions/reason spam is a bit",
    "contributions/index starts at 0",
    "contributions/index counts",
    "tally/group ends with the table",
    "contributions/kind is in the policy",
    "contributions/record goes to uniqueness",
    "contributions/reason spam is counted",
    # The rules: a limit, a correction, a second unique rule, a minimum, a largest value.
    "window_limit/none passes where the limit is reached",
    "contributions/record is replaced",
    "contributions/originals are first under every rule",
    "contributions/a valid quantity is enough",
    "tally/max(quantity) is attained",
    # Trees: P copies are none.
    "contribution_nodes/is_real is a bit",
)


def proof_of(forgery: Forgery) -> Proof:
    return prove_circuit(forgery.circuit, forgery.witness, STATEMENT, PROFILES["default"], check=False)


@pytest.mark.parametrize("name", NAMES)
def test_proof_of_a_lie_is_rejected_by_one_element(name: str) -> None:
    load_all()
    entry = next(entry for entry in CHEATS.values() if entry.covers(name))
    forgery, removed = play(entry, name)
    assert forgery.is_false
    with pytest.raises(Rejected) as rejected:
        verify_proof(forgery.circuit, STATEMENT, proof_of(forgery))
    assert rejected.value.reason == "constraints-unsatisfied"
    weak = weakened(forgery, removed)
    verify_proof(weak.circuit, STATEMENT, proof_of(weak))
