"""Small proofs, with few queries: each step of the verifier is one that some change gets past all the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.reference.toy import RANGE, STATEMENT, Toy, light_parameters, use_light_parameters, verdict
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.verifier.verify import verify_proof

HEIGHT, QUERIES, WORK = 1024, 3, 6
OFFERS = 7


def table_of_many_offers() -> Toy:
    """So many interactions that they need several helper columns, and the verifier a term of its own."""
    table = Table("offers")
    value, square = table.column("value"), table.column("square")
    table.every("square", square - value * value)
    for number in range(OFFERS):
        table.send(RANGE, f"out {number}", [value + number])
        table.receive(RANGE, f"in {number}", [value + number])
    table.send(RANGE, "own", [square], 1)
    table.receive(RANGE, "own back", [square], 1)
    table.sum("values", "value", value)
    rows = np.arange(HEIGHT, dtype=np.int64)
    terms = (PublicTerm(RANGE, (5,), 1), PublicTerm(RANGE, (5,), -1))
    circuit = Circuit((PlacedTable(table, HEIGHT),), {}, terms, {"values": int(rows.sum())})
    assert len(table.helpers) > 2
    return Toy(circuit, {"offers": np.stack([rows, rows * rows % P]).astype(np.uint32)})


@pytest.fixture(scope="module")
def case() -> Iterator[tuple[Circuit, Proof]]:
    toy = table_of_many_offers()
    with pytest.MonkeyPatch.context() as patch:
        use_light_parameters(patch, QUERIES, WORK)
        yield toy.circuit, prove_circuit(toy.circuit, toy.witness, STATEMENT, PROFILES["default"])


def test_an_honest_proof_of_many_helpers_passes(case: tuple[Circuit, Proof]) -> None:
    circuit, proof = case
    parameters = verify_proof(circuit, STATEMENT, proof)
    assert parameters == light_parameters(circuit, QUERIES, WORK)


def test_a_circuit_that_is_not_well_formed_proves_nothing(case: tuple[Circuit, Proof]) -> None:
    """The verifier's own circuit, too, is looked at: a bus of no identifier would be every bus."""
    circuit, proof = case
    for broken in (
        replace(circuit, public_terms=(PublicTerm(RANGE, (5, 6), 1),)),
        replace(circuit, placed=(*circuit.placed, *circuit.placed)),
    ):
        with pytest.raises(ValueError, match=r"not as wide|must be unique"):
            verify_proof(broken, STATEMENT, proof)


def test_work_is_asked_for(case: tuple[Circuit, Proof]) -> None:
    """Most other nonces do not show it; one that does leads to other queries, which the openings do not serve."""
    circuit, proof = case
    found = [verdict(circuit, replace(proof, nonce=proof.nonce + k)) for k in range(1, 40)]
    assert found.count("missing-work") > 30
    assert "accepted" not in found


def test_each_layer_is_opened(case: tuple[Circuit, Proof]) -> None:
    circuit, proof = case
    for number, layer in enumerate(proof.layers):
        for name in ("fibres", "siblings"):
            data = getattr(layer, name)
            changed = replace(layer, **{name: bytes([data[0] ^ 1]) + data[1:]})
            layers = (*proof.layers[:number], changed, *proof.layers[number + 1 :])
            assert verdict(circuit, replace(proof, layers=layers)) == "wrong-root"


def test_each_tree_is_opened(case: tuple[Circuit, Proof]) -> None:
    circuit, proof = case
    for number, tree in enumerate(proof.trees):
        changed = replace(tree, siblings=bytes([tree.siblings[0] ^ 1]) + tree.siblings[1:])
        trees = (*proof.trees[:number], changed, *proof.trees[number + 1 :])
        assert verdict(circuit, replace(proof, trees=trees)) == "wrong-root"


@pytest.mark.parametrize("name", ["main_root", "auxiliary_root", "quotient_root", "out_of_domain", "final_polynomial"])
def test_every_message_counts(case: tuple[Circuit, Proof], name: str) -> None:
    circuit, proof = case
    data = getattr(proof, name)
    assert verdict(circuit, replace(proof, **{name: bytes([data[0] ^ 1]) + data[1:]})) != "accepted"
    assert verdict(circuit, proof, STATEMENT + b" ") != "accepted"
