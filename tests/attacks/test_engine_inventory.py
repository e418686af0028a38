"""What a verifier knows, by its types, and where it speaks to the transcript, by its source: nothing is left out.

Also what no message carries but the protocol's name, as it is the same for every proof of a version (SPEC §4.4).
"""

import ast
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest
from Crypto.Hash import SHA3_256

from tests.attacks.frozen import HEIGHTS, QUERIES
from tests.campaigns.transcript import census
from tests.campaigns.transcript.inventory import INVENTORY, MESSAGES, Fate, known_paths
from tests.campaigns.transcript.listing import FROZEN, LISTING, listing
from tests.campaigns.transcript.replay import taping
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy, use_light_parameters, verdict
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P
from zkpay.stark.layout import Layout, layout_of
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import begin


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def circuit() -> Circuit:
    return toy(*HEIGHTS).circuit


@cache
def proof() -> Proof:
    return prove_circuit(circuit(), toy(*HEIGHTS).witness, STATEMENT, PROFILES["default"], seed=SEED)


def test_everything_that_a_verifier_knows_is_listed() -> None:
    """Whoever adds a field to what a verifier is given says here which message carries it."""
    assert set(known_paths()) == set(INVENTORY)
    carried = {entry.message for entry in INVENTORY.values() if not isinstance(entry.message, Fate)}
    # The protocol's name is the program's own; heights are carried by the circuit's digest, too.
    assert carried == set(MESSAGES) - {"protocol", "heights"}
    assert set(FROZEN) == set(MESSAGES)


def test_the_listing_is_current() -> None:
    assert LISTING.read_text(encoding="utf-8") == listing()


def labels(sites: list[census.Site], kind: str) -> list[str]:
    return [site.label.removesuffix(" {}") for site in sites if site.kind == kind]


def test_every_site_in_the_source_is_listed() -> None:
    sites = list(census.sites(census.tree_of(census.PROTOCOL)))
    assert ["protocol", *labels(sites, "absorb")] == list(MESSAGES)
    assert {site.kind for site in sites} == {"absorb", "draw"}
    drawn = ["beta", "gamma", "delta", "alpha", "zeta", "lambda", "fold", "grind", "queries"]
    assert labels(sites, "draw") == drawn
    assert set(drawn) >= set(MESSAGES.values())
    # In the order of the rounds, each of which is one function.
    functions = list(dict.fromkeys(site.function for site in sites))
    assert functions == list(census.ROUNDS)
    assert census.takers(census.PROTOCOL) == set(census.ROUNDS)
    ((protocol, _, label, what),) = [
        (site.function, site.kind, site.label, site.what)
        for site in census.sites(ast.parse("def begin():\n    transcript.absorb('one more', data)\n"))
    ]
    assert (protocol, label, what) == ("begin", "one more", "data")
    assert label not in MESSAGES


def test_nobody_else_speaks_to_a_transcript() -> None:
    assert census.users() == set()


def test_prover_and_verifier_go_through_the_same_rounds() -> None:
    verifier = census.rounds_of("verifier/verify.py")
    assert verifier == list(census.ROUNDS)
    assert census.rounds_of("prover/prove.py", inlined="commit_layers", inner="prover/fri.py") == verifier
    # Challenges come from nowhere else: a proof has none (provekit #361), and all that it has is read.
    assert census.proof_fields_read("verifier/verify.py") == {field.name for field in fields(Proof)}


def test_messages_of_round_0_are_those_of_the_specification() -> None:
    """Byte by byte as SPEC §4.4 has them: numbers in 8 bytes, not modulo P (Zellic on SP1 Hypercube 3.12)."""
    case = circuit()
    parameters = light_parameters(case, QUERIES)

    def words(*numbers: int) -> bytes:
        return b"".join(number.to_bytes(8, "little") for number in numbers)

    def pairs(values: Mapping[str, int]) -> bytes:
        entries = [f"('{name}', {values[name]})" for name in sorted(values)]
        return f"[{', '.join(entries)}]".encode()

    numbers = words(2048, 3072, 16384, 8, parameters.mask_length, parameters.quotient_length)
    numbers += words(parameters.quotient_cosets, 3072 - parameters.mask_length, parameters.final_length, QUERIES, 3)
    numbers += words(parameters.security.multiplicity, 3, *parameters.arities)
    with taping() as events:
        begin(case, parameters, STATEMENT)
    assert [(label, data) for _, label, data in events] == [
        ("protocol", b"zkpay/stark/v1"),
        ("circuit", case.digest),
        ("parameters", b"default" + bytes(9) + numbers),
        ("heights", words(2048, 2048, 1024)),
        ("statement", STATEMENT),
        ("publics", pairs(case.publics)),
        ("public terms", b"[(2, (7, 49), 3), (2, (2, 4), -1)]"),
        ("sum targets", pairs(case.sum_targets)),
    ]


# What the protocol's name stands for: all that is the same for every proof of this version.


def sha3(data: bytes) -> bytes:
    return SHA3_256.new(data).digest()


def binomial_product(a: Extension, b: Extension) -> Extension:
    """The product modulo X^5 - 3."""
    product = [0] * 9
    for i in range(EXTENSION_DEGREE):
        for j in range(EXTENSION_DEGREE):
            product[i + j] += a[i] * b[j]
    return tuple((product[k] + 3 * (product[k + 5] if k < 4 else 0)) % P for k in range(5))  # type: ignore[return-value]


def swapped_layout(of: Circuit) -> Layout:
    layout = layout_of(of)
    return replace(layout, accumulator=layout.accumulator_next, accumulator_next=layout.accumulator)


VERSION: dict[str, Any] = {
    "zkpay.stark.protocol.PROTOCOL": "zkpay/stark/v2",
    "zkpay.stark.transcript.keccak256": sha3,
    "zkpay.stark.air.keccak256": sha3,
    "zkpay.stark.protocol.keccak256": lambda data: b"\xff" * 32,
    "zkpay.verifier.merkle.keccak256": sha3,
    "zkpay.stark.transcript.TRANSCRIPT_ABSORB": 0x20,
    "zkpay.stark.transcript.TRANSCRIPT_SQUEEZE": 0x20,
    "zkpay.stark.transcript.TRANSCRIPT_ADVANCE": 0x20,
    "zkpay.verifier.merkle.NODE": 0x20,
    "zkpay.verifier.merkle.INJECT": 0x20,
    "zkpay.verifier.merkle.leaf_prefix": lambda tree, group: 0x20,
    "zkpay.verifier.merkle.fri_leaf_prefix": lambda layer: 0x20,
    "zkpay.verifier.openings.GENERATOR": 31,
    "zkpay.verifier.constraints.ext_mul": binomial_product,
    "zkpay.verifier.openings.ext_mul": binomial_product,
    "zkpay.stark.layout.QUOTIENT_CHUNKS": 2,
    "zkpay.verifier.verify.layout_of": swapped_layout,
}
"""Hash, domain tags, coset, extension field, chunks, order of openings."""


@pytest.mark.parametrize("name", VERSION)
def test_a_verifier_of_another_version_rejects(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verdict(circuit(), proof()) == "accepted"
    with monkeypatch.context() as other:
        other.setattr(name, VERSION[name])
        # Digests are remembered by the circuit.
        assert verdict(replace(circuit()), proof()) != "accepted"


def test_profile_names_fill_their_room_in_one_way() -> None:
    """A name is padded to 16 bytes with zeros: no two names of profiles are alike, no longer one moves what follows."""
    encoded = [name.encode() for name in PROFILES]
    assert all(0 < len(name) <= 16 and b"\0" not in name for name in encoded)
    assert all(profile.name == name for name, profile in PROFILES.items())
