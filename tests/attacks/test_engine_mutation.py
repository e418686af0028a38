"""Hostile bytes: any change to a proof is a typed rejection, never acceptance and never another exception.

"Verifier may panic" stands in more than one prover's README; here the verdict is the verifier's only output (Least
Authority on Plonky3, issue F; Zellic on SP1 Hypercube 3.6, 3.7, 3.17; zkSecurity on OpenVM 2, 0f).
"""

import random
from dataclasses import fields, replace
from functools import cache
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.campaigns.proofs.judge import BYTE_CHANGES, change_byte
from tests.reference.toy import SEED, STATEMENT, toy, toy_proof, use_light_parameters
from zkpay.errors import InputError, Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import LayerOpening, Proof, TreeOpening
from zkpay.verifier.verify import verify_proof

HEIGHTS = (1024, 1024, 1024)
QUERIES = 2


def circuit() -> Circuit:
    return toy(*HEIGHTS).circuit


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


@cache
def small_proof() -> Proof:
    return prove_circuit(circuit(), toy(*HEIGHTS).witness, STATEMENT, PROFILES["default"], seed=SEED)


def outcome(data: bytes) -> str:
    """Anything but a verdict escapes and fails the test."""
    try:
        verify_proof(circuit(), STATEMENT, Proof.from_bytes(data))
    except Rejected as rejection:
        return rejection.reason if rejection.detail else ""
    except InputError as error:
        return "input" if str(error) else ""
    return "accepted"


def test_the_control() -> None:
    assert outcome(small_proof().to_bytes()) == "accepted"


def test_one_changed_byte() -> None:
    """Every fifth byte of the proof, by a change drawn with a fixed seed; the campaign of changed proofs takes them
    all, four times each."""
    data = small_proof().to_bytes()
    chooser = random.Random(1)
    seen: dict[str, int] = {}
    for place in range(chooser.randrange(5), len(data), 5):
        how = chooser.choice(list(BYTE_CHANGES))
        changed = change_byte(data, place, how)
        if changed == data:
            continue
        reason = outcome(changed)
        assert reason not in ("accepted", ""), (place, how)
        seen[reason] = seen.get(reason, 0) + 1
    # The changes reach every check, not only the parser.
    assert set(seen) >= {
        "input",
        "constraints-unsatisfied",
        "missing-work",
        "non-canonical-element",
        "wrong-root",
        "wrong-length",
    }


def test_truncated_extended_and_spliced() -> None:
    data = small_proof().to_bytes()
    chooser = random.Random(2)
    for _ in range(150):
        cut = chooser.randrange(len(data))
        assert outcome(data[:cut]) != "accepted"
        assert outcome(data + data[:cut]) != "accepted"
        start, stop = sorted(chooser.sample(range(len(data)), 2))
        assert outcome(data[:start] + data[stop:]) != "accepted"
        assert outcome(data[:stop] + data[start:]) != "accepted"
    for extra in (b"\0", b"\xf6", b"\xff", data):
        assert outcome(data + extra) != "accepted"
        assert outcome(extra + data) != "accepted"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
@example(b"\xbf\xff")
@example(b"\xd8\x1c\x81\xd8\x1d\x00")
@example(b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00")
def test_random_bytes(data: bytes) -> None:
    assert outcome(data) == "input"


JSON_LIKE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8), st.binary(max_size=40)
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=4), st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([entry.name for entry in fields(Proof)] + ["format"]), JSON_LIKE)
def test_well_formed_data_of_a_wrong_kind(name: str, value: object) -> None:
    content = cbor2.loads(small_proof().to_bytes())
    assert isinstance(content, dict)
    if content[name] == value and type(content[name]) is type(value):
        return
    assert outcome(cbor2.dumps({**content, name: value}, canonical=True)) != "accepted"


OPENINGS = st.builds(
    TreeOpening,
    st.lists(st.binary(max_size=80), max_size=4).map(tuple),
    st.lists(st.binary(max_size=80), max_size=4).map(tuple),
    st.binary(max_size=130),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_well_formed_proofs_of_other_shapes(data: st.DataObject) -> None:
    """Lists and byte strings of all lengths in the right places: lengths are checked before use."""
    proof = small_proof()
    changes: dict[str, st.SearchStrategy[Any]] = {
        "layer_roots": st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple),
        "trees": st.lists(OPENINGS, max_size=4).map(tuple),
        "layers": st.lists(st.builds(LayerOpening, st.binary(max_size=99), st.binary(max_size=99)), max_size=4).map(
            tuple
        ),
        "out_of_domain": st.integers(0, 3000).map(bytes),
        "final_polynomial": st.integers(0, 3000).map(bytes),
        "nonce": st.integers(-(2**66), 2**66).filter(lambda nonce: nonce != proof.nonce),
        "main_root": st.binary(max_size=64),
        "profile": st.text(max_size=12).filter(lambda name: name != "default"),
    }
    name = data.draw(st.sampled_from(sorted(changes)))
    change: dict[str, Any] = {name: data.draw(changes[name])}
    assert outcome(replace(proof, **change).to_bytes()) != "accepted"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["rows", "salts", "siblings"]), st.data())
def test_openings_of_other_lengths(tree: int, group: int, part: str, data: st.DataObject) -> None:
    proof = small_proof()
    opening = proof.trees[tree]

    def other(old: bytes) -> bytes:
        new = data.draw(st.one_of(st.integers(0, 2 * len(old) + 8).map(bytes), st.just(old + old)))
        return new if new != old else new + b"\0"

    if part == "siblings":
        altered = replace(opening, siblings=other(opening.siblings))
    else:
        entries = list(getattr(opening, part))
        if group < len(entries):
            entries[group] = other(entries[group])
        else:
            entries.append(other(b""))
        rows, salts = (tuple(entries), opening.salts) if part == "rows" else (opening.rows, tuple(entries))
        altered = TreeOpening(rows, salts, opening.siblings)
    assert outcome(replace(proof, trees=(*proof.trees[:tree], altered, *proof.trees[tree + 1 :])).to_bytes()) in (
        "wrong-length",
        "wrong-root",
    )


def test_full_strength_proof_with_a_changed_byte_in_every_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real parameters: first, middle and last byte of every byte string of the file."""
    monkeypatch.undo()
    full_circuit, proof = toy().circuit, toy_proof()
    verify_proof(full_circuit, STATEMENT, Proof.from_bytes(proof.to_bytes()))
    data = proof.to_bytes()
    parts: list[bytes] = []

    def collect(value: object) -> None:
        if isinstance(value, bytes):
            parts.append(value)
        elif isinstance(value, (tuple, TreeOpening, LayerOpening, Proof)):
            entries = value if isinstance(value, tuple) else [getattr(value, entry.name) for entry in fields(value)]
            for entry in entries:
                collect(entry)

    collect(proof)
    assert len(parts) > 20
    for part in parts:
        start = data.index(part)
        for place in {start, start + len(part) // 2, start + len(part) - 1}:
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            with pytest.raises((Rejected, InputError)):
                verify_proof(full_circuit, STATEMENT, Proof.from_bytes(changed))
