"""Every place of a proof has its changes, every kind of change is made at every place, and all of them are rejected.

The manifest follows from the types of `Proof` and from a proof as it is written. Known attacks on proofs are named
among its changes; the campaign of changed proofs goes through all of them by the hundred thousand.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.campaigns.proofs.changes import CHANGES, FOREIGN_KEYS
from tests.campaigns.proofs.document import Place, places, read, write_file
from tests.campaigns.proofs.judge import ACCEPTED, INPUT, changed_once, resplit, verdict
from tests.campaigns.proofs.manifest import KINDS, MANIFEST, WRITTEN_ONLY, schema_paths
from tests.campaigns.proofs.resplits import RESPLITS
from tests.campaigns.proofs.subjects import Subject, parameters_of, subject
from tests.reference import toy
from zkpay.kernels.keccak import grind
from zkpay.stark.domains import GRIND
from zkpay.stark.parameters import GRINDING_BITS
from zkpay.stark.proof import LayerOpening, Proof
from zkpay.stark.protocol import grinding_passes, grinding_seed
from zkpay.stark.transcript import Transcript

SEED = "d"
DRAWS = 6


@pytest.fixture
def made() -> Iterator[Subject]:
    """Three heights and few queries."""
    made = subject("three-heights", SEED)
    with parameters_of(made):
        yield made


def test_the_control(made: Subject) -> None:
    assert verdict(made, made.data) == (ACCEPTED, "")
    assert write_file(read(made.data)) == made.data


def test_the_manifest_has_every_place(made: Subject) -> None:
    """Of the types and of the file."""
    assert set(schema_paths(Proof)) | WRITTEN_ONLY == set(MANIFEST)
    assert {path for path, _ in places(read(made.data))} == set(MANIFEST)


@dataclass(frozen=True)
class WiderLayer(LayerOpening):
    """An opening of a later version."""

    salts: tuple[bytes, ...]


@dataclass(frozen=True)
class LongerProof(Proof):
    """A proof of a later version."""

    note: str
    more: tuple[WiderLayer, ...]


def test_a_new_field_is_missed() -> None:
    assert set(schema_paths(LongerProof)) - set(MANIFEST) == {
        "note",
        "more",
        "more[]",
        "more[].fibres",
        "more[].siblings",
        "more[].salts",
        "more[].salts[]",
    }


def test_every_kind_is_made_or_explained() -> None:
    assert set(CHANGES) == set(KINDS)
    assert len(KINDS) == 11
    for path, field in MANIFEST.items():
        assert set(field.without) <= set(KINDS), path
        assert all(len(reason) > 15 for reason in field.without.values()), path
        assert len(field.kinds) >= 7, path


def verdicts(made: Subject, path: str, kind: str, draws: int = DRAWS) -> set[str]:
    """What the verifier says of a place changed in a few ways of a kind; nothing of it is a fault."""
    said = set()
    for draw in range(draws):
        dice = random.Random(f"{path} {kind} {draw}")
        data = resplit(made, kind, dice) if kind in RESPLITS else changed_once(made, path, kind, dice)
        if data != made.data:
            word, fault = verdict(made, data)
            assert fault == "", (path, kind)
            said.add(word)
    return said


@pytest.mark.parametrize("path", MANIFEST)
def test_every_kind_at_every_place(made: Subject, path: str) -> None:
    for kind in MANIFEST[path].kinds:
        said = verdicts(made, path, kind)
        assert said, kind
        assert ACCEPTED not in said, kind


ENCODING = {INPUT, "proof-not-canonical"}
OPENING = {"wrong-length", "wrong-root", "non-canonical-element"}
# Attack -> what plays it (a place and a kind of change, or another division of the bytes), and how it may end.
ATTACKS: dict[str, tuple[list[tuple[str, str]], set[str]]] = {
    "a last polynomial of another length: Plonky3 GHSA-f69f-5fx9-w9r9, OpenVM GHSA-4w7p-8f9q-f4g2": (
        [("final_polynomial", "extend"), ("final_polynomial", "truncate")],
        {"wrong-length"},
    ),
    "openings of fewer or more positions: Plonky3 #1735, #1772": (
        [("", "a position twice or not at all")],
        {"wrong-length", "wrong-root"},
    ),
    "layers, arities and siblings that the prover chooses: Plonky3 #1676, #1698; Least Authority A and E": (
        [(path, kind) for path in ("layer_roots", "layers") for kind in ("extend", "truncate", "duplicate")],
        ENCODING | {"wrong-length"},
    ),
    "parameters, shapes and keys in the proof: winterfell #160, GHSA-8fhq-pf83-pv93": (
        [("trees[]", "extend")],
        ENCODING,
    ),
    "another profile: winterfell #160": (
        [("profile", "replace")],
        {"constraints-unsatisfied", "wrong-length"},
    ),
    "borders between salt, row and neighbour: Plonky3 #1757, #1793": (
        [("", "salt against row"), ("", "groups merged or cut")],
        OPENING,
    ),
    "paths of another length: plonky2 #709, #723; Plonky3 #1768, #1921": (
        [(f"{name}[].siblings", kind) for name in ("trees", "layers") for kind in ("extend", "truncate")],
        {"wrong-length"},
    ),
    "siblings surplus, reordered or changed: Plonky3 #1794": (
        [("", "siblings reordered"), ("", "siblings too many or too few"), ("trees[].siblings", "flip")],
        {"wrong-length", "wrong-root"},
    ),
    "a quotient that was committed to for another alpha: SP1 GHSA-63x8-x938-vx33": (
        [("quotient_root", "replace"), ("auxiliary_root", "replace")],
        {"constraints-unsatisfied"},
    ),
    "columns and openings in another round's tree: Zellic on SP1 Hypercube 3.4; lambda_vm #909": (
        [("", "a column in another group"), ("", "trees or layers swapped")],
        OPENING | {"constraints-unsatisfied", "missing-work"},
    ),
    "a lie at zeta and one wrong leaf": (
        [("out_of_domain", "offset"), ("trees[].rows[]", "offset"), ("layers[].fibres", "offset")],
        {"constraints-unsatisfied", "non-canonical-element", "wrong-root"},
    ),
    "x and x + P: Plonky3 #1765, #1773; rkm0959 on SP1, 3-2": (
        [(path, "offset") for path, field in MANIFEST.items() if field.elements],
        {"constraints-unsatisfied", "missing-work", "non-canonical-element", "wrong-root", "wrong-length"},
    ),
    "other encodings, trailing data: zkSecurity on OpenVM 2, 05, 06 and 0a": (
        [*((path, "encode") for path in MANIFEST), ("", "extend")],
        # A string that was wrapped in another is one of another length.
        ENCODING | {"wrong-length"},
    ),
    "cut files: zkSecurity on OpenVM 2, 0f; Zellic 3.6, 3.7": ([("", "truncate"), ("", "remove")], {INPUT}),
    "digests for rows and rows for digests: OpenZeppelin #3091, plonky2 #709": (
        [("", "bytes to the neighbour")],
        OPENING | {"missing-work"},
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_on_a_proof(made: Subject, attack: str) -> None:
    plays, endings = ATTACKS[attack]
    for path, kind in plays:
        said = verdicts(made, path, kind, 20)
        assert said, (path, kind)
        assert said <= endings, (path, kind)


def test_parts_are_bound_without_challenges() -> None:
    """Where no message changes a challenge, each part of a proof is still bound: by the constraints at zeta, by
    digests, or by the folds. Parts of another proof, with the same challenges and queries, don't fit."""
    made = subject("frozen", SEED)
    with parameters_of(made):
        assert verdict(made, made.data)[0] == ACCEPTED
        for path in ("main_root", "auxiliary_root", "quotient_root", "layer_roots[]"):
            assert verdicts(made, path, "replace") | verdicts(made, path, "flip") == {"wrong-root"}
        # Values at zeta from another honest proof satisfy the constraints, but are not those of these columns.
        assert "wrong-root" in verdicts(made, "out_of_domain", "replace") <= {"wrong-root", "constraints-unsatisfied"}
        assert "constraints-unsatisfied" in verdicts(made, "out_of_domain", "offset")
        assert verdicts(made, "final_polynomial", "replace") == {"inconsistent-fold"}
        assert verdicts(made, "final_polynomial", "offset") >= {"inconsistent-fold"}
        for path in ("trees[]", "layers[]", "trees[].rows", "layers[].fibres"):
            assert verdicts(made, path, "replace") <= {"wrong-root", "wrong-length"}


@pytest.mark.parametrize("key", FOREIGN_KEYS)
def test_a_key_more(made: Subject, key: str) -> None:
    """Nobody can tell the verifier how many queries to make, or how tall a table is (security cases 20 and 21)."""
    for steps in ((), ("trees", 0), ("layers", 0)):
        for value in (0, 1, 64):
            file = read(made.data)
            Place(file, steps).value.put(key, value)
            assert verdict(made, write_file(file))[0] in ENCODING


@pytest.mark.parametrize("bits", [31, 32, 33, 40, 63, 64, 65, 100])
def test_much_work_is_much_work(bits: int) -> None:
    """A mask that overflows would let every nonce pass (Plonky3 #1747; zkSecurity on OpenVM 2, 0c)."""
    seed = bytes(range(32))
    assert not any(grinding_passes(seed, nonce, bits) for nonce in range(300))
    assert all(grinding_passes(seed, nonce, 0) for nonce in range(20))


def test_a_second_nonce_at_full_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another nonce with all the work that is asked for is another draw of queries: the openings don't fit."""
    circuit, proof = toy.toy().circuit, Proof.from_bytes(subject("default", SEED).data)
    seeds: list[bytes] = []

    def listening(transcript: Transcript, final_polynomial: bytes) -> bytes:
        seeds.append(grinding_seed(transcript, final_polynomial))
        return seeds[-1]

    monkeypatch.setattr("zkpay.verifier.verify.grinding_seed", listening)
    assert toy.verdict(circuit, proof) == "accepted"
    # The smallest nonce for more bits than are needed is a nonce for those, and mostly not the proof's own.
    more = (grind(seeds[0], GRIND, GRINDING_BITS + bits) for bits in range(1, 8))
    second = next(nonce for nonce in more if nonce != proof.nonce)
    assert grinding_passes(seeds[0], second, GRINDING_BITS)
    assert toy.verdict(circuit, replace(proof, nonce=second)) in ("wrong-length", "wrong-root")
