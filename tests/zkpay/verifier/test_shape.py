"""What the verifier looks at before any opening: lengths that don't depend on the queries, and the profile's name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.reference.toy import STATEMENT, toy
from zkpay.errors import Rejected
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import LayerOpening, Proof, TreeOpening
from zkpay.verifier.verify import verify_proof

LARGEST = (1 << 64) - 1


@cache
def hollow() -> Proof:
    """As long as a proof of the toy has to be, and zero: the transcript runs, and the constraints don't hold."""
    circuit = toy().circuit
    parameters = derive(PROFILES["default"], circuit)
    layers = len(parameters.arities)
    return Proof(
        profile="default",
        main_root=bytes(32),
        auxiliary_root=bytes(32),
        quotient_root=bytes(32),
        out_of_domain=bytes(20 * layout_of(circuit).opening_count),
        layer_roots=(bytes(32),) * layers,
        final_polynomial=bytes(20 * parameters.final_length),
        nonce=0,
        trees=(TreeOpening((), (), b""),) * 3,
        layers=(LayerOpening(b"", b""),) * layers,
    )


def rejection(**changes: object) -> tuple[str, str]:
    """Reason and words for the hollow proof with some other fields."""
    with pytest.raises(Rejected) as caught:
        verify_proof(toy().circuit, STATEMENT, replace(hollow(), **changes))  # type: ignore[arg-type]
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize("nonce", [0, 1, LARGEST])
def test_what_has_the_right_shape_gets_to_the_constraints(nonce: int) -> None:
    assert rejection(nonce=nonce)[0] == "constraints-unsatisfied"


@pytest.mark.parametrize("name", ["trees", "layers", "layer_roots"])
@pytest.mark.parametrize("change", [-1, 1])
def test_as_many_openings_and_roots_as_the_parameters_say(name: str, change: int) -> None:
    entries = getattr(hollow(), name)
    changed = entries[:-1] if change < 0 else (*entries, entries[0])
    reason, words = rejection(**{name: changed})
    assert reason == "wrong-length"
    assert "3 tree openings and" in words


@pytest.mark.parametrize("length", [0, 31, 33, 64])
@pytest.mark.parametrize("name", ["main_root", "auxiliary_root", "quotient_root", "layer_roots"])
def test_a_root_is_a_digest(name: str, length: int) -> None:
    roots = hollow().layer_roots
    changed = (*roots[:-1], bytes(length)) if name == "layer_roots" else bytes(length)
    reason, words = rejection(**{name: changed})
    assert reason == "wrong-length"
    assert "a root has 32 bytes" in words


@pytest.mark.parametrize("nonce", [-1, LARGEST + 1, 1 << 100])
def test_a_nonce_is_a_word(nonce: int) -> None:
    """A larger one would not fit the hashed bytes: an exception of another kind."""
    reason, words = rejection(nonce=nonce)
    assert reason == "wrong-length"
    assert "64-bit number" in words


@pytest.mark.parametrize("name", ["out_of_domain", "final_polynomial"])
@pytest.mark.parametrize("change", [-20, -4, -1, 1, 4, 20])
def test_values_are_as_many_as_the_circuit_and_the_parameters_say(name: str, change: int) -> None:
    data = getattr(hollow(), name)
    reason, words = rejection(**{name: data[:change] if change < 0 else data + bytes(change)})
    assert reason == "wrong-length"
    assert f"{len(data)} belong" in words


@pytest.mark.parametrize("name", ["", "Default", "unknown" * 100])
def test_profiles_are_known_by_name(name: str) -> None:
    reason, words = rejection(profile=name)
    assert reason == "unknown-profile"
    assert len(words) < 200
