"""The proofs that are changed, each with what may verify it: of the toy circuit, of payouts, of payouts with folded
hashes, and of an epoch's public folder by the entry that everybody uses.

Seeds of masks follow from the campaign's seed, so another seed tries other proofs. "Light" means the tests' parameters:
few queries and little work (tests/reference/toy.py); everything else is the product's.
"""

from __future__ import annotations

import hashlib
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

import zkpay
from tests.campaigns.proofs.document import File, read
from tests.campaigns.proofs.resplits import Group, groups_of
from tests.circuits.folding import folding
from tests.circuits.scenarios import MIXED, scenario
from tests.reference.toy import STATEMENT, Toy, toy, use_light_parameters
from tests.zkpay.epoch.folders import make_committed
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch import layout
from zkpay.policy.policy import parse_policy
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement
from zkpay.stark.transcript import Transcript
from zkpay.verifier.verify import verify_proof

LIGHT_QUERIES = 2
SMALL = (1024, 1024, 1024)
THREE_HEIGHTS = (4096, 2048, 1024)


@dataclass(frozen=True)
class Subject:
    """data: the proof's file. verify: raises unless a file is a valid proof of the same statement. donors: other valid
    proofs, of other masks, of other statements or under other profiles. groups: where its rows lie."""

    data: bytes
    verify: Callable[[bytes], None]
    donor_files: tuple[bytes, ...]
    groups: list[Group]
    light: bool = True
    frozen: bool = False
    free: frozenset[str] = frozenset()
    donors: list[File] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "donors", [read(data) for data in self.donor_files])


@contextmanager
def light(queries: int = LIGHT_QUERIES) -> Iterator[None]:
    """Meanwhile prover and verifier work with few queries."""
    with pytest.MonkeyPatch.context() as patch:
        use_light_parameters(patch, queries)
        yield


@contextmanager
def frozen() -> Iterator[None]:
    """Meanwhile transcripts take no notice of what they absorb."""
    with mock.patch.object(Transcript, "absorb"):
        yield


@contextmanager
def parameters_of(subject: Subject) -> Iterator[None]:
    """Meanwhile parameters and transcript are those that the subject was proved with."""
    with light() if subject.light else nullcontext(), frozen() if subject.frozen else nullcontext():
        yield


SUBJECTS = {
    "small": lambda seed: _toy(seed, SMALL),
    "three-heights": lambda seed: _toy(seed, THREE_HEIGHTS),
    "frozen": lambda seed: _frozen(seed),
    "default": lambda seed: _default(seed),
    "payouts": lambda seed: _payouts(seed, folded=False),
    "folded": lambda seed: _payouts(seed, folded=True),
    "epoch": lambda seed: _epoch(seed),
}


@cache
def subject(name: str, seed: str) -> Subject:
    """A subject by its name, made once in a process."""
    return SUBJECTS[name](seed)


def _mask_seed(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


def _verifier(circuit: Circuit, statement: bytes) -> Callable[[bytes], None]:
    def verify(data: bytes) -> None:
        verify_proof(circuit, statement, Proof.from_bytes(data))

    return verify


def _proved(circuit: Circuit, witness: object, statement: bytes, seed: bytes, profile: str = "default") -> bytes:
    return prove_circuit(circuit, witness, statement, PROFILES[profile], seed=seed).to_bytes()  # type: ignore[arg-type]


def _toy(seed: str, heights: tuple[int, int, int]) -> Subject:
    case, other = toy(*heights), toy(*heights, seed=2)

    def proof(made: Toy, statement: bytes, number: int) -> bytes:
        return _proved(made.circuit, made.witness, statement, _mask_seed(seed, heights, number))

    with light():
        # With so little work the first nonce often does; one of 0 would leave nothing to zero or to permute. Of a few
        # proofs one has another, unless challenges are frozen.
        few = [proof(case, STATEMENT, number) for number in range(6)]
        data = max(few, key=lambda data: Proof.from_bytes(data).nonce)
        donors = (proof(case, STATEMENT, -1), proof(case, STATEMENT + b"!", -2), proof(other, STATEMENT, -3))
    return Subject(data, _verifier(case.circuit, STATEMENT), donors, groups_of(layout_of(case.circuit)))


def _frozen(seed: str) -> Subject:
    with frozen():
        made = _toy(seed, THREE_HEIGHTS)
    # The work and the queries, and parameters that differ between profiles in nothing but their name, are bound by the
    # transcript alone.
    return replace(made, frozen=True, free=frozenset({"nonce", "profile"}))


def _default(seed: str) -> Subject:
    case = toy(*THREE_HEIGHTS)
    data, again, elsewhere, compact = (
        _proved(case.circuit, case.witness, statement, _mask_seed(seed, "default", number), profile)
        for number, (statement, profile) in enumerate(
            [(STATEMENT, "default"), (STATEMENT, "default"), (STATEMENT + b"!", "default"), (STATEMENT, "compact")]
        )
    )
    verify = _verifier(case.circuit, STATEMENT)
    return Subject(data, verify, (again, elsewhere, compact), groups_of(layout_of(case.circuit)), light=False)


def _payouts(seed: str, *, folded: bool) -> Subject:
    with folding() if folded else nullcontext():
        epoch = scenario(MIXED)
        witness = epoch.witness()
    statement = epoch.statement.to_bytes()
    with light():
        data, again, elsewhere = (
            _proved(epoch.circuit, witness, words, _mask_seed(seed, folded, number))
            for number, words in enumerate([statement, statement, statement + b" "])
        )
    verify = _verifier(epoch.circuit, statement)
    return Subject(data, verify, (again, elsewhere), groups_of(layout_of(epoch.circuit)))


def _epoch(seed: str) -> Subject:
    # The folder lives as long as the process; its removal hangs on the object that the closure below keeps.
    home = tempfile.TemporaryDirectory(prefix="zkpay-proofs-")
    folder = Path(home.name)
    chance = random.Random(f"{seed}/epoch")
    # Salts and masks come from the operating system: here from the seed, so that a unit finds the same again.
    with mock.patch.object(os, "urandom", chance.randbytes):
        epoch = make_committed(folder)
        other = make_committed(folder / "other", epoch="2025-09")
        donors = []
        for made in (epoch, other, epoch):
            zkpay.prove(made)
            donors.append((made / "public" / layout.PROOF).read_bytes())
    public = epoch / "public"
    data = donors.pop()

    def verify(changed: bytes) -> None:
        (Path(home.name) / "epoch" / "public" / layout.PROOF).write_bytes(changed)
        zkpay.verify(public)

    policy = parse_policy((public / layout.POLICY).read_bytes(), layout.POLICY)
    circuit = build_circuit(policy, Statement.from_bytes((public / layout.STATEMENT).read_bytes()))
    return Subject(data, verify, tuple(donors), groups_of(layout_of(circuit)), light=False)
