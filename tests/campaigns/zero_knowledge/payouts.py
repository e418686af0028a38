"""Payout proofs as they are, under the default profile: what of them can be held against a guess of the records."""

from __future__ import annotations

import numpy as np

from tests.campaigns.campaign import Tally
from tests.campaigns.zero_knowledge.cases import frozen_coins, random_of, weakened
from tests.campaigns.zero_knowledge.span import extension_powers
from tests.campaigns.zero_knowledge.statistics import pieces, shape
from tests.circuits.folding import folding
from tests.circuits.scenarios import POLICY, Record, Scenario, scenario
from tests.reference import stark
from tests.reference.stark import P
from zkpay.kernels.ntt import interpolate
from zkpay.prover.prove import prove_circuit
from zkpay.stark.keccak import keccak256
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import begin, draw_alpha, draw_bus_challenges, draw_zeta

STATEMENT = b"both epochs"


def epochs(seed: str) -> tuple[Scenario, Scenario]:
    """Two epochs with all public numbers alike: who has which quantity differs. Roots differ, as they must."""
    generator = random_of(seed)
    accounts = [int(account) for account in generator.integers(1, 2**62, 6)]
    quantities = [int(quantity) for quantity in generator.integers(1, 10**9, 6)]
    kinds = [int(kind) for kind in generator.integers(0, 4, 6)]
    order = np.roll(np.arange(6), int(generator.integers(1, 6)))
    one = [Record(account, quantities[k], kinds[k], fingerprint=k + 1) for k, account in enumerate(accounts)]
    two = [Record(accounts[k], quantities[j], kinds[j], fingerprint=j + 1) for k, j in enumerate(order.tolist())]
    return scenario(one, POLICY), scenario(two, POLICY)


def proof_of(epoch: Scenario, seed: str) -> Proof:
    """By the product's prover at full strength."""
    return prove_circuit(
        epoch.circuit, epoch.witness(), STATEMENT, PROFILES["default"], seed=keccak256(f"masks/{seed}".encode())
    )


def matching_claims(epoch: Scenario, proof: Proof) -> tuple[int, int]:
    """Of how many main columns, and of how many in all, the claim is the value of the column without a mask."""
    circuit, parameters = epoch.circuit, derive(PROFILES["default"], epoch.circuit)
    transcript = begin(circuit, parameters, STATEMENT)
    draw_bus_challenges(transcript, circuit, proof.main_root)
    draw_alpha(transcript, proof.auxiliary_root)
    zeta = draw_zeta(transcript, proof.quotient_root)
    claims = np.frombuffer(proof.out_of_domain, dtype="<u4").astype(np.int64).reshape(-1, 5)
    witness, matching, columns = epoch.witness(), 0, 0
    for item, openings in zip(circuit.placed, layout_of(circuit).openings, strict=True):
        values = np.ascontiguousarray(witness[item.table.name])
        coefficients = np.empty_like(values)
        interpolate(values, out=coefficients)
        powers = _powers(stark.exponent(zeta, parameters.height // item.height), item.height)
        for column, claim in zip(
            coefficients.astype(np.int64), claims[openings.main.start : openings.main.stop], strict=True
        ):
            columns += 1
            matching += bool(((powers * column % P).sum(axis=1) % P == claim).all())
    return matching, columns


def _powers(point: stark.Extension, count: int) -> np.ndarray:
    """int64[5, count], by doubling."""
    known = extension_powers(point, min(count, 16))
    while known.shape[1] < count:
        step = stark.columns(stark.exponent(point, known.shape[1]), known.shape[1])
        known = np.concatenate([known, stark.times(known, step)], axis=1)
    return known


def compare_payouts(unit: str) -> Tally:
    """A proof of each of two epochs under one set of coins, and one without masks, to test the comparison by."""
    tally = Tally()
    # Every other unit has the hashes of payouts in rows, as large epochs do.
    if int(unit.rsplit("/", 1)[1]) % 2:
        with folding():
            both = epochs(unit)
            _compare(unit, both, tally)
    else:
        _compare(unit, epochs(unit), tally)
    return tally


def _compare(unit: str, both: tuple[Scenario, Scenario], tally: Tally) -> None:
    one, two = both
    numbers = [(e.statement.counts, e.statement.totals, e.statement.paid, e.statement.account_count) for e in both]
    if numbers[0] != numbers[1] or one.circuit.digest != two.circuit.digest:
        tally.find(unit, "the epochs' public numbers differ")
    with frozen_coins(unit):
        proofs = [proof_of(epoch, f"{unit}/{number}") for number, epoch in enumerate(both)]
        with weakened("masks/0"):
            bare = proof_of(one, f"{unit}/bare")
        held = [matching_claims(epoch, proof)[0] for epoch in both for proof in proofs]
        matching, columns = matching_claims(one, bare)
        other, _ = matching_claims(two, bare)
    tally.counts["payout proofs"] += len(proofs)
    tally.counts["claims held against a guess"] += 4 * columns
    if any(held):
        tally.find(unit, f"{held} claims are those of columns without masks")
    if matching != columns or other == columns:
        tally.find(unit, f"without masks {matching} of {columns} claims are the right guess's, {other} the wrong one's")
    if shape(proofs[0]) != shape(proofs[1]):
        tally.find(unit, "the proofs' lengths differ")
    shared = pieces(proofs[0]) & pieces(proofs[1])
    tally.counts["roots, salts, claims and digests compared"] += len(pieces(proofs[0]))
    if shared:
        tally.find(unit, f"the proofs share {len(shared)} roots, salts, claims or digests")
