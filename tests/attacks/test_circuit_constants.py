"""A hash with other constants, another matrix or fewer rounds is another hash, and the verifier's circuit says so.

A prover who computes the digests with it has a circuit and witness that fit one another. Its circuit is not the
verifier's, and its witness doesn't fit the verifier's. Source: Ziren #524 (a matrix that was not the published one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.attacks.forgery import evaluate_at, hashes_of
from tests.reference.toy import SEED, STATEMENT, Toy, use_light_parameters, verdict
from zkpay.circuits.checker import violations
from zkpay.circuits.gadgets.poseidon import hash_leaf
from zkpay.circuits.trace import traces
from zkpay.poseidon.permutation import DIGEST_SIZE, PERMUTATION_24, Permutation, hash_leaves
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table
from zkpay.stark.expression import Public
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof

HEIGHT = 1024
LEAF = np.random.default_rng(6).integers(0, P, 24, dtype=np.uint32)
BUS = Bus("through", 1, 1)


def rounds(change: Callable[[list[tuple[int, ...]]], None], fewer: int = 0) -> Permutation:
    """The permutation with other constants, and so many partial rounds less."""
    constants = list(PERMUTATION_24.round_constants)
    change(constants)
    return replace(
        PERMUTATION_24, round_constants=tuple(constants), partial_rounds=PERMUTATION_24.partial_rounds - fewer
    )


def raised(number: int, element: int) -> Callable[[list[tuple[int, ...]]], None]:
    """One constant of a round is one more."""

    def change(constants: list[tuple[int, ...]]) -> None:
        own = list(constants[number])
        own[element] = (own[element] + 1) % P
        constants[number] = tuple(own)

    return change


def exchanged(constants: list[tuple[int, ...]]) -> None:
    constants[1], constants[2] = constants[2], constants[1]


def shortened(constants: list[tuple[int, ...]]) -> None:
    del constants[10]


def unchanged(constants: list[tuple[int, ...]]) -> None:
    """For a matrix alone."""


FIRST_ROW = PERMUTATION_24.mds_first_row
OTHERS = {
    "a constant of the first round": rounds(raised(0, 0)),
    "a constant of a partial round": rounds(raised(10, 0)),
    "a constant beside a partial round's S-box": rounds(raised(10, 5)),
    "a constant of the last round": rounds(raised(-1, 23)),
    "two rounds exchanged": rounds(exchanged),
    "a partial round less": rounds(shortened, fewer=1),
    "a matrix turned by one": replace(rounds(unchanged), mds_first_row=(*FIRST_ROW[1:], FIRST_ROW[0])),
    "an entry of the matrix": replace(rounds(unchanged), mds_first_row=(FIRST_ROW[0] + 1, *FIRST_ROW[1:])),
}


def hash_case(permutation: Permutation) -> Toy:
    """A leaf whose digest by this permutation is public, in every row."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("zkpay.circuits.gadgets.poseidon.PERMUTATION_24", permutation)
        table = Table("leaf")
        elements = table.column_group("element", len(LEAF))
        digest = hash_leaf(table, "hash", elements)
    for k, output in enumerate(digest):
        table.first(f"digest {k}", output - Public(f"digest {k}"))
    table.send(BUS, "out", elements[:1])
    table.receive(BUS, "in", elements[:1])
    placed = (PlacedTable(table, HEIGHT),)
    names = [f"digest {k}" for k in range(DIGEST_SIZE)]
    trace = traces(Circuit(placed, dict.fromkeys(names, 0), (), {}))["leaf"]
    for column, value in zip(elements, LEAF, strict=True):
        trace[column.name][:] = value
    right = {each.name: each.expression for each in table.constraints}
    for column in hashes_of(trace)[0].columns:
        # value - column, where the column is still 0.
        trace[column.name][:] = evaluate_at(trace, 0, right[f"leaf/{column.name} is right"])
    publics = {name: evaluate_at(trace, 0, output) for name, output in zip(names, digest, strict=True)}
    return Toy(Circuit(placed, publics, (), {}), {"leaf": trace.values})


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, queries=6)


def prove(case: Toy) -> Proof:
    return prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], seed=SEED, check=False)


def test_the_published_one_gives_the_ledgers_digest() -> None:
    case = hash_case(PERMUTATION_24)
    assert list(case.circuit.publics.values()) == hash_leaves(LEAF[:, None])[:, 0].tolist()
    assert verdict(case.circuit, prove(case)) == "accepted"


@pytest.mark.parametrize("name", OTHERS)
def test_a_hash_that_is_not_the_published_one(name: str) -> None:
    honest, other = hash_case(PERMUTATION_24), hash_case(OTHERS[name])
    assert other.circuit.publics != honest.circuit.publics
    proof = prove(other)
    assert verdict(other.circuit, proof) == "accepted"
    # The verifier's circuit, with the prover's digest.
    real = replace(honest.circuit, publics=other.circuit.publics)
    assert verdict(real, proof) in ("constraints-unsatisfied", "wrong-length")
    if len(other.witness["leaf"]) == len(honest.witness["leaf"]):
        fitting = Toy(real, other.witness)
        broken = {violation.name for violation in violations(real, dict(other.witness))}
        assert any("round" in constraint or "cube" in constraint for constraint in broken)
        assert verdict(real, prove(fitting)) == "constraints-unsatisfied"
