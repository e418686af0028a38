"""Two witnesses of one statement, on circuits and with parameters so small that thousands of proofs can be made.

Everything but the size is as in earnest: the product's prover makes the proofs, and masks are exactly as long as what
a proof reveals (SPEC §7.1), where real parameters round that up to a multiple of 64. Whatever tells the witnesses apart
here is a leak that slack might hide there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from tests.reference.toy import STATEMENT, Toy, Witness, toy, toy_witness
from zkpay.prover.prove import prove_circuit
from zkpay.prover.randomness import MaskSource
from zkpay.stark.air import MAX_DEGREE, Bus, Circuit, PlacedTable, Table
from zkpay.stark.field import EXTENSION_DEGREE, P
from zkpay.stark.keccak import keccak256
from zkpay.stark.layout import QUOTIENT_CHUNKS
from zkpay.stark.parameters import PROFILES, Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.security import Security
from zkpay.stark.transcript import Transcript

TOY_ROWS = 64
ROWS = 32
BLOWUP = 8
UNITS = Bus("units", 9, 1)


@dataclass(frozen=True)
class Case:
    """A circuit, two witnesses that satisfy it, and the queries of its proofs."""

    name: str
    circuit: Circuit
    witnesses: tuple[Witness, Witness]
    queries: int


def random_of(seed: str) -> np.random.Generator:
    """Chance that follows from a text."""
    return np.random.default_rng(list(keccak256(seed.encode())))


def toy_case(seed: str) -> Case:
    """Every kind of constraint, buses, sums, a lifted table; see `toy`."""
    case = toy(2 * TOY_ROWS, TOY_ROWS, TOY_ROWS, seed=int(random_of(seed).integers(2**31)))
    return Case("toy", case.circuit, (case.witness, _other_toy_witness(case, seed)), queries=6)


def _other_toy_witness(case: Toy, seed: str) -> Witness:
    """Amounts go over from row to row among rows of one flag, and steps change places: every sum stays."""
    generator = random_of(f"{seed}/other")
    records, walks = case.witness["records"].astype(np.int64), case.witness["walks"].astype(np.int64)
    amount, flag, pace = records[1].copy(), records[2], walks[1]
    for kind in (0, 1):
        rows = generator.permutation(np.flatnonzero(flag == kind))
        for giver, taker in rows[: len(rows) // 2 * 2].reshape(-1, 2):
            moved = generator.integers(0, min(amount[giver], TOY_ROWS - 1 - amount[taker]) + 1)
            amount[giver] -= moved
            amount[taker] += moved
    return toy_witness(amount, flag, int(walks[0, 0]), generator.permutation(pace), TOY_ROWS)


def ledger_case(seed: str) -> Case:
    """One column of any values with a public sum: all that a proof reveals is linear in masks and witness."""
    table = Table("ledger")
    table.sum("total", "entries", table.column("entry"))
    generator = random_of(seed)
    witnesses = generator.integers(0, P, (2, ROWS))
    witnesses[1, -1] += witnesses[0].sum() - witnesses[1].sum()
    witnesses %= P
    circuit = _with_units(table, {"total": int(witnesses[0].sum() % P)})
    return Case("ledger", circuit, _columns(table, witnesses), queries=1)


def cubes_case(seed: str) -> Case:
    """Each row is the cube of the one before, the first one is secret: the quotient is long, so that it has chunks."""
    table = Table("cubes")
    column = table.column("value")
    table.transition("cubes", column.next - column * column * column)
    witnesses = np.empty((2, ROWS), dtype=np.int64)
    for witness, first in zip(witnesses, random_of(seed).integers(2, P, 2).tolist(), strict=True):
        value = first
        for row in range(ROWS):
            witness[row] = value
            value = pow(value, 3, P)
    return Case("cubes", _with_units(table, {}), _columns(table, witnesses), queries=1)


def _with_units(table: Table, sums: dict[str, int]) -> Circuit:
    # A circuit has a bus. This one is the same for all witnesses: each row sends 1 and takes it.
    unit = table.preprocessed_column("unit", [1])
    table.send(UNITS, "sends a unit", [unit])
    table.receive(UNITS, "takes a unit", [unit])
    return Circuit((PlacedTable(table, ROWS),), publics={}, public_terms=(), sum_targets=sums)


def _columns(table: Table, witnesses: np.ndarray) -> tuple[Witness, Witness]:
    one, two = ({table.name: witness.astype(np.uint32)[None]} for witness in witnesses)
    return (one, two)


def tiny_parameters(circuit: Circuit, queries: int) -> Parameters:
    """A slack of the whole height and one fold, masks without a coefficient to spare; no security whatsoever."""
    height = max(item.height for item in circuit.placed)
    shortest = min(item.height for item in circuit.placed)
    ratio, dimension = height // shortest, 2 * height
    mask_length = 2 * (EXTENSION_DEGREE + queries)
    quotient_length = MAX_DEGREE * (shortest + mask_length - 1) * ratio + ratio - height + 1
    split = dimension - mask_length
    cosets = -(-quotient_length // height)
    assert (shortest + mask_length) * ratio <= dimension
    assert quotient_length <= (QUOTIENT_CHUNKS - 1) * split + dimension
    assert cosets <= BLOWUP
    return Parameters(
        profile=PROFILES["default"],
        height=height,
        dimension=dimension,
        domain=BLOWUP * height,
        blowup=BLOWUP,
        mask_length=mask_length,
        quotient_length=quotient_length,
        quotient_cosets=cosets,
        split=split,
        arities=(8,),
        final_length=dimension // 8,
        queries=queries,
        grinding_bits=1,
        security=Security("tests", 3, ()),
    )


@contextmanager
def tiny(queries: int) -> Iterator[None]:
    """Meanwhile prover and verifier work with `tiny_parameters`."""

    def derived(_: Any, circuit: Circuit) -> Parameters:
        return tiny_parameters(circuit, queries)

    with mock.patch("zkpay.prover.prove.derive", derived), mock.patch("zkpay.verifier.verify.derive", derived):
        yield


@contextmanager
def weakened(*labels: str, keep: int = 0) -> Iterator[None]:
    """Meanwhile masks and salts whose labels begin so are 0, but for the first `keep` coefficients of each mask."""
    elements, data = MaskSource.elements, MaskSource.data

    def fewer_elements(self: MaskSource, label: str, shape: tuple[int, ...]) -> np.ndarray:
        found = elements(self, label, shape)
        if label.startswith(labels):
            found = found.copy()
            found[..., keep:] = 0
        return found

    def no_data(self: MaskSource, label: str, count: int) -> bytes:
        # Elements are drawn from data: those of other labels stay.
        return bytes(count) if label.startswith(labels) and label.startswith("salts") else data(self, label, count)

    with mock.patch.object(MaskSource, "elements", fewer_elements), mock.patch.object(MaskSource, "data", no_data):
        yield


@contextmanager
def frozen_coins(seed: str) -> Iterator[None]:
    """Meanwhile challenges and queries follow from the seed and their names alone, whatever a prover says."""

    def absorb(self: Transcript, label: str, data: bytes) -> None:
        if label == "protocol":
            self._state = keccak256(seed.encode())

    with mock.patch.object(Transcript, "absorb", absorb):
        yield


def prove(case: Case, which: int, seed: str) -> Proof:
    """A proof from one of the two witnesses; chance of its own for each text."""
    with tiny(case.queries):
        witness = case.witnesses[which]
        return prove_circuit(
            case.circuit, witness, STATEMENT, PROFILES["default"], seed=keccak256(f"masks/{seed}".encode())
        )
