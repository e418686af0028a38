"""A proof serves its own statement, circuit, heights and profile, and no other (SPEC §4.8, step 1)."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.reference.stark import P
from tests.reference.toy import SEED, STATEMENT, Toy, toy, toy_proof, use_light_parameters, verdict
from zkpay.errors import Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import Column
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import BusChallenges, bus_target, denominator
from zkpay.verifier.verify import verify_proof

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6


@cache
def _light_proof(seed: int) -> Proof:
    case = toy(*HEIGHTS, seed=seed)
    return prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], seed=SEED)


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Toy:
    use_light_parameters(monkeypatch, QUERIES)
    return toy(*HEIGHTS)


@pytest.fixture
def proof(case: Toy) -> Proof:
    return _light_proof(1)


def test_the_control(case: Toy, proof: Proof) -> None:
    assert verdict(case.circuit, proof) == "accepted"


def test_another_statement(case: Toy, proof: Proof) -> None:
    for other in (b"", STATEMENT + b"\0", STATEMENT[:-1], STATEMENT.upper()):
        assert verdict(case.circuit, proof, other) == "constraints-unsatisfied"


def test_every_public_value(case: Toy, proof: Proof) -> None:
    """Changed after proving: scalars, sums, the verifier's own bus terms (0xPARC bug tracker 6, 11 and 12)."""
    circuit = case.circuit
    changed: list[Circuit] = []
    for name, value in circuit.publics.items():
        changed.append(replace(circuit, publics={**circuit.publics, name: (value + 1) % P}))
    for name, value in circuit.sum_targets.items():
        changed.append(replace(circuit, sum_targets={**circuit.sum_targets, name: (value + 1) % P}))
    first, second = circuit.public_terms
    for terms in (
        (),
        (first,),
        (second, first),
        (first, second, second),
        (replace(first, multiplicity=2), second),
        (replace(first, multiplicity=3 + P), second),
        (replace(first, payload=(7, 50)), second),
        (replace(first, payload=(7 + P, 49)), second),
        (PublicTerm(circuit.placed[0].table.interactions[0].bus, (7,), 3), second),
    ):
        changed.append(replace(circuit, public_terms=terms))
    for each in changed:
        assert verdict(each, proof) == "constraints-unsatisfied"


def copied(item: PlacedTable, **parts: list) -> PlacedTable:
    table = Table(item.table.name)
    for name in ("columns", "preprocessed", "preprocessed_values", "constraints", "interactions", "sums"):
        setattr(table, name, list(parts.get(name, getattr(item.table, name))))
    return replace(item, table=table)


def test_another_circuit(case: Toy, proof: Proof) -> None:
    """A constraint, interaction or sum fewer, or one constant changed: the digest is the verifier's own (Zellic on SP1
    Hypercube 3.1, 3.2). Shapes that differ show in a length, all others at zeta."""
    circuit = case.circuit
    for place, item in enumerate(circuit.placed):

        def with_item(changed: PlacedTable, place: int = place) -> Circuit:
            return replace(circuit, placed=(*circuit.placed[:place], changed, *circuit.placed[place + 1 :]))

        assert verdict(with_item(copied(item)), proof) == "accepted"
        for k in range(len(item.table.constraints)):
            fewer = item.table.constraints[:k] + item.table.constraints[k + 1 :]
            assert verdict(with_item(copied(item, constraints=fewer)), proof) in (
                "constraints-unsatisfied",
                "wrong-length",
            )
        for k in range(len(item.table.interactions)):
            fewer_interactions = item.table.interactions[:k] + item.table.interactions[k + 1 :]
            assert verdict(with_item(copied(item, interactions=fewer_interactions)), proof) in (
                "constraints-unsatisfied",
                "wrong-length",
            )
        if item.table.sums:
            assert verdict(with_item(copied(item, sums=item.table.sums[1:])), proof) == "constraints-unsatisfied"
        fixed = item.table.preprocessed_values
        for k, column in enumerate(fixed):
            values = column.copy()
            values[len(values) // 2] += 1
            # Plonky3 `test_preprocessed_tampered_fails`. Another period is another circuit,
            # also where it leaves every row as it is.
            others = [np.resize(column, period) for period in (1, 2, 4, 8, item.height) if period != len(column)]
            for other in [values, *others]:
                changed = copied(item, preprocessed_values=[*fixed[:k], other, *fixed[k + 1 :]])
                assert verdict(with_item(changed), proof) == "constraints-unsatisfied"
        more: list[Column] = [*item.table.columns, replace_column(item.table)]
        assert verdict(with_item(copied(item, columns=more)), proof) == "wrong-length"


def replace_column(table: Table) -> Column:
    return Column(table.columns[0].phase, len(table.columns), "extra")


def test_tables_left_out_added_or_reordered(case: Toy, proof: Proof) -> None:
    """SP1 GHSA-c873-wfhp-wx5m (chip order); Plonky3 `test_reorder_instances_rejected`."""
    first, second, third = case.circuit.placed
    for placed in ((first, second), (second, third), (first, third, second), (second, first, third)):
        circuit = replace(case.circuit, placed=placed)
        assert verdict(circuit, proof) in ("constraints-unsatisfied", "wrong-length")


def test_other_heights(case: Toy, proof: Proof) -> None:
    """The proof says nothing of heights; a verifier that expects others asks for other lengths or points."""
    first, second, third = case.circuit.placed
    for heights in ((4096, 2048, 1024), (2048, 1024, 1024), (2048, 4096, 1024), (1024, 1024, 1024)):
        placed = tuple(
            replace(item, height=height) for item, height in zip((first, second, third), heights, strict=True)
        )
        assert verdict(replace(case.circuit, placed=placed), proof) in ("constraints-unsatisfied", "wrong-length")


@pytest.mark.parametrize("other", PROFILES)
def test_the_profile_is_bound(other: str) -> None:
    """At full strength: a proof under one profile is none under another, and unknown names are refused
    (winterfell #160, GHSA-8fhq-pf83-pv93: parameters chosen by the prover)."""
    circuit = toy().circuit
    for name in PROFILES:
        reason = verdict(circuit, replace(toy_proof(name), profile=other))
        assert (reason == "accepted") == (name == other)
    for unknown in ("", "Default", "default ", "fast", "default\0", "x" * 1000):
        assert verdict(circuit, replace(toy_proof("default"), profile=unknown)) == "unknown-profile"


def test_two_proofs_of_two_witnesses_do_not_mix(case: Toy, proof: Proof) -> None:
    other = toy(*HEIGHTS, seed=2)
    theirs = _light_proof(2)
    assert verdict(other.circuit, theirs) == "accepted"
    assert verdict(other.circuit, proof) == "constraints-unsatisfied"
    assert verdict(case.circuit, theirs) == "constraints-unsatisfied"


def test_a_public_tuple_that_meets_its_challenge(case: Toy) -> None:
    """gamma = -(payload + identifier): a typed rejection, not a division by zero (Plonky3 `security/src/logup.rs`)."""
    circuit = case.circuit
    beta_powers = ((1, 0, 0, 0, 0), (3, 1, 4, 1, 5), (9, 2, 6, 5, 3))
    term = circuit.public_terms[0]
    payload = [(entry, 0, 0, 0, 0) for entry in term.payload]
    zero = BusChallenges((0, 0, 0, 0, 0), beta_powers, ())
    meets = denominator(zero, term.bus.identifier, payload)
    gamma = tuple(-coordinate % P for coordinate in meets)
    challenges = BusChallenges(gamma, beta_powers, ((1, 0, 0, 0, 0),) * 3)  # type: ignore[arg-type]
    with pytest.raises(Rejected) as caught:
        bus_target(circuit, challenges)
    assert caught.value.reason == "zero-denominator"


def test_the_verifier_returns_its_own_parameters(case: Toy, proof: Proof) -> None:
    parameters = verify_proof(case.circuit, STATEMENT, proof)
    assert parameters.queries == QUERIES
    assert parameters.height == HEIGHTS[0]


def with_list(proof: Proof, name: str, data: bytes) -> Proof:
    if name == "out_of_domain":
        return replace(proof, out_of_domain=data)
    return replace(proof, final_polynomial=data)


def test_elements_out_of_range_in_claims_and_last_polynomial(case: Toy, proof: Proof) -> None:
    """e + P in every place of the two lists of extension values (Plonky3 #1765)."""
    for name in ("out_of_domain", "final_polynomial"):
        data = getattr(proof, name)
        words = np.frombuffer(data, dtype="<u4").astype(np.uint64)
        for place in range(0, len(words), 17):
            changed = words.copy()
            changed[place] += P
            altered = with_list(proof, name, changed.astype("<u4").tobytes())
            assert verdict(case.circuit, altered) == "non-canonical-element"
        for wrong in (data[:-4], data + bytes(4), data[:-1], b"", data + data):
            assert verdict(case.circuit, with_list(proof, name, wrong)) == "wrong-length"
        # And any other value in the place of the right one.
        changed = words.copy()
        changed[-1] = (changed[-1] + 1) % P
        assert verdict(case.circuit, with_list(proof, name, changed.astype("<u4").tobytes())) != "accepted"


def test_every_claim_counts(case: Toy, proof: Proof) -> None:
    """Each out-of-domain value alone, made wrong in one coordinate."""
    words = np.frombuffer(proof.out_of_domain, dtype="<u4")
    for number in range(len(words) // 5):
        changed = words.copy()
        changed[5 * number + number % 5] = (int(changed[5 * number + number % 5]) + 1) % P
        altered = replace(proof, out_of_domain=changed.tobytes())
        # A value that no constraint reads at zeta would still be bound by lambda and the queries.
        assert verdict(case.circuit, altered) in ("constraints-unsatisfied", "missing-work", "wrong-length")
