"""Whole proofs: equal to the literal prover's byte for byte, and accepted for every profile and shape of heights."""

import numpy as np
import pytest

from tests.reference.stark_prover import LiteralProver
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy, toy_proof, use_light_parameters
from zkpay.prover.buses import UnbalancedBusError
from zkpay.prover.prove import STAGES, prove_circuit
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.verifier.verify import verify_proof


@pytest.mark.parametrize("heights", [(1024, 1024, 1024), (2048, 2048, 1024), (4096, 2048, 1024)])
def test_proof_equals_the_literal_provers(heights: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=5)
    case = toy(*heights)
    literal = LiteralProver(case.circuit, case.witness, STATEMENT, light_parameters(case.circuit, 5), SEED)
    expected = literal.prove()
    proof = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], seed=SEED)
    assert proof == expected
    assert literal.balanced
    parameters = verify_proof(case.circuit, STATEMENT, proof)
    assert literal.quotient_length <= parameters.quotient_cosets * parameters.height
    assert not literal.last_word[:, parameters.final_length :].any()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_proves_and_verifies(profile: str) -> None:
    case, proof = toy(), toy_proof(profile)
    again = Proof.from_bytes(proof.to_bytes())
    assert again == proof
    parameters = verify_proof(case.circuit, STATEMENT, again)
    assert parameters.profile.name == profile
    assert parameters.security.bits >= 100
    assert parameters.security.regime == PROFILES[profile].regime


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("heights", [(1 << 15, 1 << 14, 1 << 14), (1 << 14, 1 << 14, 1 << 14)])
def test_tall_tables_have_the_small_slack(profile: str, heights: tuple[int, int, int]) -> None:
    case = toy(*heights)
    proof = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES[profile])
    parameters = verify_proof(case.circuit, STATEMENT, proof)
    assert parameters.dimension == heights[0] * 33 // 32
    assert parameters.blowup == PROFILES[profile].blowup_tall


@pytest.mark.parametrize("heights", [(1024, 1024, 1024), (8192, 1024, 4096), (1 << 14, 1024, 1024), (1024, 4096, 2048)])
def test_short_tables_have_the_large_slack(heights: tuple[int, int, int]) -> None:
    case = toy(*heights)
    proof = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"])
    parameters = verify_proof(case.circuit, STATEMENT, proof)
    assert parameters.dimension == max(heights) * 3 // 2
    assert parameters.blowup == PROFILES["default"].blowup_short


def test_a_false_witness_is_refused_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=5)
    case = toy(2048, 2048, 1024)
    unsquared = dict(case.witness)
    unsquared["records"] = case.witness["records"].copy()
    unsquared["records"][4, 77] += 1  # a cube
    with pytest.raises(ValueError, match="constraints are not satisfied"):
        prove_circuit(case.circuit, unsquared, STATEMENT, PROFILES["default"])
    unbalanced = dict(case.witness)
    unbalanced["squares"] = case.witness["squares"].copy()
    unbalanced["squares"][0, 5] += 1  # a multiplicity
    with pytest.raises(UnbalancedBusError):
        prove_circuit(case.circuit, unbalanced, STATEMENT, PROFILES["default"])


def test_progress_is_reported_stage_by_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=5)
    case = toy(2048, 2048, 1024)
    heard: list[tuple[str, float]] = []
    prove_circuit(
        case.circuit,
        case.witness,
        STATEMENT,
        PROFILES["default"],
        report=lambda stage, share: heard.append((stage, share)),
    )
    assert list(dict.fromkeys(stage for stage, _ in heard)) == list(STAGES)
    for stage in STAGES:
        shares = [share for name, share in heard if name == stage]
        assert shares[0] == 0
        assert shares == sorted(shares)
        assert shares[-1] < 1


def test_column_values_do_not_touch_the_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=5)
    case = toy(2048, 2048, 1024)
    before = {name: values.copy() for name, values in case.witness.items()}
    prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"])
    assert all(np.array_equal(before[name], values) for name, values in case.witness.items())
