"""Challenges at special places: a point out of the domain that lies in it, a denominator that is zero, equal weights.

Each is shown to be an attack first, against a prover and a verifier whose challenge can lie there; the real ones draw
it elsewhere, or after what would have to be chosen for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.attacks.frozen import QUERIES, challenges_of, frozen, parameters_of, zero_of
from tests.reference import stark
from tests.reference.stark_forger import HEIGHTS, Forger, true_circuit
from tests.reference.toy import SEED, STATEMENT, Witness, toy, use_light_parameters, verdict
from zkpay.prover import buses as prover_buses
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table
from zkpay.stark.field import Extension, P, ext, ext_inverse, ext_neg
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import BusChallenges, begin, denominator, draw_bus_challenges, draw_zeta, root_of_unity
from zkpay.stark.transcript import Transcript

ROW, FALSE_ROW = 5, 700
SCALED = 3


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def prove(circuit: Circuit, witness: Witness, *, check: bool = False) -> Proof:
    return prove_circuit(circuit, witness, STATEMENT, PROFILES["default"], seed=SEED, check=check)


def point_of(row: int) -> Extension:
    """The tallest table's row as a point."""
    return ext(pow(root_of_unity(HEIGHTS[0]), row, P))


class OnARow(Forger):
    """Its witness is false on one row, and its point out of the domain is a row's own."""

    def __init__(self, point: Extension | None) -> None:
        super().__init__(true_circuit())
        records = self.witness["records"].copy()
        records[SCALED, FALSE_ROW] += 1
        self.witness = {**self.witness, "records": records}
        self.chosen = point

    def lie(self, claims: list[stark.Extension]) -> list[stark.Extension]:
        return claims

    def commit_quotient(self) -> None:
        super().commit_quotient()
        self.zeta = self.chosen or self.zeta


@pytest.mark.parametrize(("row", "expected"), [(ROW, "accepted"), (FALSE_ROW, "constraints-unsatisfied")])
def test_a_point_out_of_the_domain_that_is_a_row(row: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a row's own point zeta^N - 1 is zero, so that any quotient will do, and the constraints are looked at on that
    row alone (Plonky3 #1760, #1762, #1791). Every point of the trace, and of the words, lies in the base field."""

    def on_a_row(transcript: Transcript, quotient_root: bytes) -> Extension:
        draw_zeta(transcript, quotient_root)
        return point_of(row)

    cheat = OnARow(point_of(row)).prove()
    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.verifier.verify.draw_zeta", on_a_row)
        assert verdict(true_circuit(), cheat) == expected
    assert verdict(true_circuit(), cheat) == "constraints-unsatisfied"
    assert verdict(true_circuit(), OnARow(None).prove()) == "constraints-unsatisfied"


CLAIM = Bus("claim", 1, 5)
VALUES = 5
TRUTH, LIE = (1, 2, 3, 4, 5), (9, 9, 9, 9, 9)


def claims_circuit() -> Circuit:
    """Claims are made on the rows that are on; all that is true is (1, 2, 3, 4, 5)."""
    claims, truths = Table("claims"), Table("truths")
    values, on = claims.column_group("value", VALUES), claims.column("on")
    claims.boolean("on is a bit", on)
    claims.send(CLAIM, "claimed", values, on)
    truths.receive(CLAIM, "true", TRUTH, truths.column("times"))
    height = HEIGHTS[0]
    return Circuit((PlacedTable(claims, height), PlacedTable(truths, height)), {}, (), {})


def claims_witness(claimed: Sequence[int]) -> Witness:
    """One claim, on row 1."""
    claims = np.zeros((VALUES + 1, HEIGHTS[0]), dtype=np.uint32)
    times = np.zeros((1, HEIGHTS[0]), dtype=np.uint32)
    claims[:VALUES, 1], claims[VALUES, 1] = claimed, 1
    times[0, 0] = 1
    return {"claims": claims, "truths": times}


def test_a_row_whose_denominator_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """h D = m says nothing of h where D and m are zero. Who knows gamma and beta writes a tuple of denominator zero on
    a row that sends nothing, and the helper there pays for a claim that is false (p3-security, logup; Plonky2's
    advisory on look-ups). So both are drawn after the rows are fixed."""
    circuit = claims_circuit()
    assert verdict(circuit, prove(circuit, claims_witness(TRUTH), check=True)) == "accepted"
    assert verdict(circuit, prove(circuit, claims_witness(LIE))) == "constraints-unsatisfied"
    with frozen("main root"):
        assert verdict(circuit, prove(circuit, claims_witness(LIE))) == "constraints-unsatisfied"
        buses = draw_bus_challenges(begin(circuit, parameters_of(circuit), STATEMENT), circuit, b"")

        def bottom(values: Sequence[int]) -> Extension:
            return denominator(buses, CLAIM.identifier, [ext(value) for value in values])

        witness = claims_witness(LIE)
        witness["claims"][:VALUES, 0] = zero_of(bottom)
        assert bottom(witness["claims"][:VALUES, 0].tolist()) == ext(0)
        # The truth is not asked for at all.
        witness["truths"][0, 0] = 0
        paid = ext_neg(ext_inverse(bottom(LIE)))

        def paying(*arguments: Any, **others: Any) -> tuple[np.ndarray, np.ndarray]:
            circuit, item, challenges, main = arguments
            rows = main.copy()
            if item.table.name == "claims":
                rows[:VALUES, 0] = 0
            helpers, sums = prover_buses.helper_columns(circuit, item, challenges, rows, **others)
            if item.table.name == "claims":
                helpers[:, 0] = sums[:, 0] = paid
            return helpers, sums

        monkeypatch.setattr("zkpay.prover.prove.helper_columns", paying)
        proof = prove(circuit, witness, check=True)
        assert verdict(circuit, proof) == "accepted"
        crippled = challenges_of(circuit, proof)
    assert verdict(circuit, proof) == "constraints-unsatisfied"
    assert challenges_of(circuit, proof).buses != crippled.buses


def test_equal_weights_let_sums_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sums with one weight are one sum: one of them may be too large if the other is too small. A challenge that is
    drawn twice and comes out the same would do that (plutus-halo2-verifier-gen #65; Veridise on SP1, VUL-002)."""
    case = toy(*HEIGHTS)
    targets = dict(case.circuit.sum_targets)
    targets["amounts"] += 1
    targets["mixed"] -= 1
    circuit = replace(case.circuit, sum_targets=targets)

    def one_weight(transcript: Transcript, circuit: Circuit, main_root: bytes) -> BusChallenges:
        drawn = draw_bus_challenges(transcript, circuit, main_root)
        return replace(drawn, delta_powers=(drawn.delta_powers[0],) * len(drawn.delta_powers))

    with monkeypatch.context() as crippled:
        for place in ("prover.prove", "verifier.verify"):
            crippled.setattr(f"zkpay.{place}.draw_bus_challenges", one_weight)
        proof = prove(circuit, case.witness, check=True)
        assert verdict(circuit, proof) == "accepted"
    assert verdict(circuit, proof) == "constraints-unsatisfied"
    assert verdict(circuit, prove(circuit, case.witness)) == "constraints-unsatisfied"
