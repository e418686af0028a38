"""Challenges that don't depend on a message, and the false statement that each such gap lets through (SPEC §4.4).

For every message: a cheat that chooses it after the challenge that it should have fixed. Prover and verifier that
leave it out accept the cheat; the real verifier rejects the same bytes, and draws other challenges for them. The
false statements have no witness at all: a position that counts up from 0 by ones ends elsewhere than at N - 1, or
amounts that are looked up in a table add up to more than as many times its largest entry.

Sources: Trail of Bits' "frozen heart" (2022); Zellic on SP1 Hypercube 3.1-3.3; OpenVM Cantina 3.2.4; lambda_vm #906 and
#909 (multiplicities after the bus challenges); SP1 GHSA-8m24-3cfx-9fjw; Plonky3 #358, #393, #627, #1385, #1747.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest

from tests.attacks.frozen import (
    HEIGHTS,
    QUERIES,
    Challenges,
    challenges_of,
    frozen,
    gap,
    parameters_of,
    vanishing,
    zero_of,
)
from tests.reference import stark
from tests.reference.stark_forger import low_degree_through
from tests.reference.toy import (
    BEATS,
    OFFSET,
    RANGE,
    SCALE,
    SEED,
    SQUARES,
    STATEMENT,
    UNIT,
    Witness,
    toy,
    use_light_parameters,
    verdict,
)
from zkpay.kernels.extension import batch_inverse, mul
from zkpay.kernels.folding import fold
from zkpay.prover import buses as prover_buses
from zkpay.prover import deep as prover_deep
from zkpay.prover import fri as prover_fri
from zkpay.prover import split as prover_split
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit, PublicTerm, RowSum
from zkpay.stark.field import (
    EXT_ONE,
    GENERATOR,
    Extension,
    P,
    evaluate_polynomial,
    ext,
    ext_add,
    ext_inverse,
    ext_mul,
    ext_neg,
    ext_scale,
    ext_sub,
)
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES, Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import (
    begin,
    constraint_count,
    denominator,
    draw_bus_challenges,
    draw_queries,
    grinding_passes,
    grinding_seed,
    root_of_unity,
)
from zkpay.stark.transcript import Transcript

TALL, _, SHORT = HEIGHTS
X: Extension = (0, 1, 0, 0, 0)


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def true_circuit() -> Circuit:
    return toy(*HEIGHTS).circuit


def false_circuit() -> Circuit:
    """The position starts at 0, goes up by 1 on each row but the last, and is said to end at N."""
    circuit = true_circuit()
    return replace(circuit, publics={**circuit.publics, "last": TALL})


def prove(circuit: Circuit, witness: Witness | None = None, *, check: bool = False) -> Proof:
    """By default of the toy's witness, whether it fits or not."""
    own = toy(*HEIGHTS).witness if witness is None else witness
    return prove_circuit(circuit, own, STATEMENT, PROFILES["default"], seed=SEED, check=check)


def only_without(label: str, circuit: Circuit, proof: Proof, statement: bytes = STATEMENT) -> None:
    """The verifier without that message accepts; the real one rejects the same bytes, for it draws other challenges."""
    with frozen(label):
        assert verdict(circuit, proof, statement) == "accepted"
        crippled = challenges_of(circuit, proof, statement)
    assert verdict(circuit, proof, statement) != "accepted"
    assert challenges_of(circuit, proof, statement) != crippled


def test_the_control() -> None:
    assert verdict(true_circuit(), prove(true_circuit(), check=True)) == "accepted"
    assert verdict(false_circuit(), prove(false_circuit())) == "constraints-unsatisfied"


# Round 0: what the proof is about, chosen when the whole proof is there.

Variant = Callable[[Sequence[int]], Circuit]


def with_publics(values: Sequence[int]) -> Circuit:
    return replace(true_circuit(), publics=dict(zip(true_circuit().publics, values, strict=True)))


def with_terms(multiplicities: Sequence[int]) -> Circuit:
    """The verifier itself says that (k, k^2 + 1) is a square, so many times."""
    false_terms = [PublicTerm(SQUARES, (k, k * k + 1), count) for k, count in enumerate(multiplicities)]
    return replace(false_circuit(), public_terms=(*true_circuit().public_terms, *false_terms))


def with_sums(values: Sequence[int]) -> Circuit:
    """Five more sums of the amounts."""
    first, *others = false_circuit().placed
    amount = first.table.columns[1]
    more = [RowSum(f"more {k}", f"records/more {k}", amount) for k in range(len(values))]
    table = replace(first.table, sums=[*first.table.sums, *more])
    targets = {**true_circuit().sum_targets, **{f"more {k}": value for k, value in enumerate(values)}}
    return replace(false_circuit(), placed=(replace(first, table=table), *others), sum_targets=targets)


def with_columns(values: Sequence[int]) -> Circuit:
    """Other preprocessed columns: the circuit's own weights."""
    first, *others = false_circuit().placed
    fixed = [np.array(values[:4], dtype=np.int64), np.array(values[4:], dtype=np.int64)]
    table = replace(first.table, preprocessed_values=fixed)
    return replace(false_circuit(), placed=(replace(first, table=table), *others))


CHOSEN_LAST: dict[str, tuple[Variant, Sequence[int]]] = {
    "publics": (with_publics, (SCALE, OFFSET, TALL, 0, 0)),
    "public terms": (with_terms, (0, 0, 0, 0, 0)),
    "sum targets": (with_sums, (1, 2, 3, 4, 5)),
    "circuit": (with_columns, (*BEATS, UNIT)),
}


@pytest.mark.parametrize("label", CHOSEN_LAST)
def test_chosen_after_the_whole_proof(label: str) -> None:
    """The identity at zeta is linear in what the statement says: five numbers that are not absorbed make it hold for
    any proof (frozen heart; Zellic on SP1 Hypercube 3.1-3.3; OpenVM Cantina 3.2.4)."""
    variant, first = CHOSEN_LAST[label]
    with frozen(label):
        proof = prove(variant(first))
        assert verdict(variant(first), proof) == "constraints-unsatisfied"
        drawn = challenges_of(variant(first), proof)
        forged = variant(zero_of(lambda values: gap(variant(values), proof, drawn)))
    assert forged.publics["last"] != TALL - 1
    only_without(label, forged, proof)
    # The real prover and verifier: for the forged statement, no proof of this witness either.
    assert verdict(forged, prove(forged)) == "constraints-unsatisfied"


def test_another_statement() -> None:
    with frozen("statement"):
        proof = prove(true_circuit())
    only_without("statement", true_circuit(), proof, b"another statement")


def test_another_profile_of_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two profiles that differ in their names alone: without the parameters anybody turns a proof under one into a
    second proof, under the other (winterfell #160, GHSA-8fhq-pf83-pv93)."""
    twins = {name: replace(PROFILES["default"], name=name) for name in ("default", "twin")}

    def derived(profile: Any, circuit: Circuit) -> Parameters:
        return replace(parameters_of(circuit), profile=twins[profile.name])

    monkeypatch.setitem(PROFILES, "twin", twins["twin"])
    monkeypatch.setattr("zkpay.prover.prove.derive", derived)
    monkeypatch.setattr("zkpay.verifier.verify.derive", derived)
    with frozen("parameters"):
        proof = prove(true_circuit())
        assert verdict(true_circuit(), proof) == "accepted"
        assert verdict(true_circuit(), replace(proof, profile="twin")) == "accepted"
    honest = prove(true_circuit())
    assert verdict(true_circuit(), honest) == "accepted"
    assert verdict(true_circuit(), replace(honest, profile="twin")) == "constraints-unsatisfied"


def test_another_version_of_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    with frozen("protocol"):
        with monkeypatch.context() as other:
            other.setattr("zkpay.stark.protocol.PROTOCOL", "zkpay/stark/v2")
            proof = prove(true_circuit())
        assert verdict(true_circuit(), proof) == "accepted"
    with monkeypatch.context() as other:
        other.setattr("zkpay.stark.protocol.PROTOCOL", "zkpay/stark/v2")
        proof = prove(true_circuit())
        assert verdict(true_circuit(), proof) == "accepted"
    assert verdict(true_circuit(), proof) == "constraints-unsatisfied"


# Rounds 1 to 4: a commitment or claim after its challenge.


def test_multiplicities_after_the_bus_challenges() -> None:
    """With beta and gamma known, five free multiplicities balance a look-up of a value that the table doesn't have
    (lambda_vm #906, #909: a false memory read, accepted end to end). Even the prover's own checks are content."""
    large, row = 1 << 22, int(np.flatnonzero(toy(*HEIGHTS).witness["records"][2] == 0)[3])
    witness = {name: values.astype(np.int64) for name, values in toy(*HEIGHTS).witness.items()}
    records, lookups = witness["records"], witness["squares"][0]
    usual = int(records[1, row])
    fourth = pow(large, 4, P)
    records[:, row] = [
        row,
        large,
        0,
        SCALE * large + OFFSET,
        pow(large, 3, P),
        records[5, row],
        0,
        BEATS[row % 4] * large + UNIT,
        fourth,
    ]
    lookups[usual] -= 1
    total = int(records[1].sum())
    assert total > TALL * (SHORT - 1)
    circuit = replace(true_circuit(), sum_targets={**true_circuit().sum_targets, "amounts": total})

    with frozen("main root"):
        buses = draw_bus_challenges(begin(circuit, parameters_of(circuit), STATEMENT), circuit, b"")

        def fraction(value: int) -> Extension:
            return ext_inverse(denominator(buses, RANGE.identifier, [ext(value)]))

        def excess(counts: Sequence[int]) -> Extension:
            result = ext_neg(fraction(large))
            for value, count in enumerate(counts):
                result = ext_add(result, ext_scale(fraction(value), count))
            return result

        counts = zero_of(excess)
        lookups[: len(counts)] += counts
        proof = prove(circuit, {name: (values % P).astype(np.uint32) for name, values in witness.items()}, check=True)
    only_without("main root", circuit, proof)


def test_helpers_after_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    """With alpha known, one cell of a helper makes up for a broken transition on its row: their weighted sum is zero,
    each of them isn't, and the running sum closes all the same (SP1 GHSA-8m24-3cfx-9fjw; Plonky3 #1385)."""
    circuit, row = false_circuit(), 700
    witness = {name: values.copy() for name, values in toy(*HEIGHTS).witness.items()}
    # One step of 2: the position ends at N, as the statement says.
    witness["records"][0, row + 1 :] += 1
    table = circuit.placed[0].table
    (group,) = table.helpers
    broken = next(k for k, each in enumerate(table.constraints) if each.name == "records/position counts")

    with frozen("auxiliary root"):
        first = prove(circuit, witness)
        assert verdict(circuit, first) == "constraints-unsatisfied"
        drawn = challenges_of(circuit, first)

        def bent(*arguments: Any, **others: Any) -> tuple[np.ndarray, np.ndarray]:
            helpers, sums = prover_buses.helper_columns(*arguments, **others)
            if arguments[1].table is table:
                here = ext(pow(root_of_unity(TALL), row, P))
                selector = ext_sub(here, ext(pow(root_of_unity(TALL), -1, P)))
                error = ext_mul(stark.exponent(drawn.alpha, broken), selector)
                bottom = EXT_ONE
                amount = int(witness["records"][1, row])
                for each, payload in zip(group, ([amount], [amount, amount * amount]), strict=True):
                    values = [ext(value) for value in payload]
                    bottom = ext_mul(bottom, denominator(drawn.buses, each.bus.identifier, values))
                # A change e of the helper moves its own constraint by alpha^j D e and the accumulator's by -alpha^l e.
                own = ext_mul(stark.exponent(drawn.alpha, len(table.constraints)), bottom)
                last = stark.exponent(drawn.alpha, sum(constraint_count(item.table) for item in circuit.placed))
                change = ext_mul(ext_neg(error), ext_inverse(ext_sub(own, last)))
                helpers[:5, row] = ext_add(tuple(int(value) for value in helpers[:5, row]), change)  # type: ignore[arg-type]
            return helpers, sums

        monkeypatch.setattr("zkpay.prover.prove.helper_columns", bent)
        proof = prove(circuit, witness, check=True)
        assert proof.main_root == first.main_root
    only_without("auxiliary root", circuit, proof)


def test_the_quotient_after_zeta(monkeypatch: pytest.MonkeyPatch) -> None:
    """With zeta known, any polynomial with the right value there is quotient enough."""
    circuit = false_circuit()
    with frozen("quotient root"):
        first = prove(circuit)
        drawn = challenges_of(circuit, first)
        missing = ext_mul(gap(circuit, first, drawn), ext_inverse(vanishing(circuit, drawn.zeta)))

        def adapted(*arguments: Any, check: bool) -> np.ndarray:
            chunks = prover_split.split_quotient(*arguments, check=check)
            for coordinate in range(5):
                chunks[coordinate, 0] = (int(chunks[coordinate, 0]) + missing[coordinate]) % P
            return chunks

        monkeypatch.setattr("zkpay.prover.prove.split_quotient", adapted)
        proof = prove(circuit)
    only_without("quotient root", circuit, proof)


def test_claims_after_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """With lambda known, two claims of one denominator lie so that their weighted sum stays (Plonky3 #627)."""
    circuit = false_circuit()
    with frozen("out of domain"):
        honest = prove(circuit)
        drawn = challenges_of(circuit, honest)
        first = layout_of(circuit).quotient_openings.start
        back = ext_mul(drawn.weights[first], ext_inverse(drawn.weights[first + 1]))
        # q_0's coordinate 0 moves by e, its coordinate 1 by -e lambda_0 / lambda_1.
        lever = ext_mul(ext_sub(EXT_ONE, ext_mul(X, back)), vanishing(circuit, drawn.zeta))
        change = ext_mul(gap(circuit, honest, drawn), ext_inverse(lever))
        lies = {first: change, first + 1: ext_neg(ext_mul(change, back))}
        tell(monkeypatch, lies)
        proof = prove(circuit)
    only_without("out of domain", circuit, proof)


def tell(monkeypatch: pytest.MonkeyPatch, lies: dict[int, Extension]) -> None:
    """Let the prover add these to the claims of those numbers."""

    def lying(*arguments: Any) -> np.ndarray:
        values = prover_deep.open_out_of_domain(*arguments)
        for number, change in lies.items():
            values[number] = ext_add(tuple(int(value) for value in values[number]), change)  # type: ignore[arg-type]
        return values

    monkeypatch.setattr("zkpay.prover.prove.open_out_of_domain", lying)


def lie_at_zeta(monkeypatch: pytest.MonkeyPatch, circuit: Circuit) -> tuple[Proof, Challenges]:
    """From now on the prover claims for q_0 at zeta what the constraints need; with the proof that it makes so.

    Its words are of high degree, which the folds show unless they are cheated, too.
    """
    honest = prove(circuit)
    drawn = challenges_of(circuit, honest)
    missing = ext_mul(gap(circuit, honest, drawn), ext_inverse(vanishing(circuit, drawn.zeta)))
    tell(monkeypatch, {layout_of(circuit).quotient_openings.start: missing})
    proof = prove(circuit)
    assert verdict(circuit, proof) == "inconsistent-fold"
    return proof, challenges_of(circuit, proof)


class Nonces:
    """Chooses a nonce by the queries that follow from it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, parameters: Parameters) -> None:
        self.parameters = parameters
        self.transcript: Transcript | None = None
        self.good: Callable[[list[int]], bool] = lambda indices: True
        monkeypatch.setattr("zkpay.prover.prove.grinding_seed", self.seed)
        monkeypatch.setattr("zkpay.prover.prove.grind", self.grind)

    def seed(self, transcript: Transcript, final_polynomial: bytes) -> bytes:
        self.transcript = transcript
        return grinding_seed(transcript, final_polynomial)

    def grind(self, seed: bytes, prefix: int, bits: int) -> int:
        return stark.mine(seed, bits, good=lambda nonce: self.good(self.queries(nonce)))

    def queries(self, nonce: int) -> list[int]:
        return draw_queries(copy.copy(self.transcript), self.parameters, nonce)  # type: ignore[arg-type]


LAYERS = range(3)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_after_its_fold(layer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fold challenge known, one entry of each fibre is chosen so that the whole layer folds to zero, which is
    a word of low degree; a nonce whose queries all miss these entries is soon found."""
    circuit = false_circuit()
    parameters = parameters_of(circuit)
    assert len(parameters.arities) == len(LAYERS)
    arity = parameters.arities[layer]
    size = parameters.domain // prod(parameters.arities[:layer])
    label = f"layer {layer}"
    with frozen(label):
        _, drawn = lie_at_zeta(monkeypatch, circuit)
        commit = prover_fri._commit_layer

        def bent(codeword: np.ndarray, own_arity: int, number: int) -> prover_fri.CommittedLayer:
            if number == layer:
                shift = pow(GENERATOR, parameters.domain // size, P)
                chosen = slice(codeword.shape[2] // arity * (arity - 1), None)
                unit = np.zeros_like(codeword)
                unit[0, :, chosen] = 1
                folded = fold(codeword, arity, drawn.folds[layer], shift, size)
                weight = fold(unit, arity, drawn.folds[layer], shift, size)
                change = mul(folded.reshape(5, -1), batch_inverse(weight.reshape(5, -1))).reshape(folded.shape)
                codeword[:, :, chosen] = (codeword[:, :, chosen].astype(np.int64) - change) % P
            return commit(codeword, own_arity, number)

        monkeypatch.setattr("zkpay.prover.fri._commit_layer", bent)
        nonces = Nonces(monkeypatch, parameters)
        nonces.good = lambda indices: all(index % size < size // arity * (arity - 1) for index in indices)
        proof = prove(circuit)
    assert not any(proof.final_polynomial)
    only_without(label, circuit, proof)


def test_the_last_polynomial_after_the_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the queries known, the last polynomial goes through the folds there, whatever they are elsewhere (Plonky3
    #393; Least Authority on Plonky3, issue C). It has more coefficients than there are queries."""
    circuit = false_circuit()
    parameters = parameters_of(circuit)
    size = parameters.domain // prod(parameters.arities)
    with frozen("final polynomial"):
        lie_at_zeta(monkeypatch, circuit)
        nonces = Nonces(monkeypatch, parameters)

        def late(
            transcript: Transcript, own: Parameters, codeword: np.ndarray, *, check: bool
        ) -> tuple[list[prover_fri.CommittedLayer], np.ndarray]:
            layers, whole = prover_fri.commit_layers(transcript, replace(own, final_length=size), codeword, check=check)
            ahead = copy.copy(transcript)
            nonce = nonces.grind(nonces.seed(ahead, b""), 0, own.grinding_bits)
            places = sorted({index % size for index in nonces.queries(nonce)})
            shift = pow(GENERATOR, own.domain // size, P)
            points = np.array([shift * pow(root_of_unity(size), place, P) % P for place in places])
            columns = np.ascontiguousarray(whole.T).astype(np.int64)
            values = [[evaluate_polynomial(column, ext(int(point)))[0] for point in points] for column in columns]
            final = np.zeros((own.final_length, 5), dtype=np.uint32)
            final[: len(points)] = low_degree_through(points, np.array(values)).T
            return layers, final

        monkeypatch.setattr("zkpay.prover.prove.commit_layers", late)
        proof = prove(circuit)
    only_without("final polynomial", circuit, proof)


def test_another_nonce() -> None:
    """Queries that don't depend on the nonce: every nonce that shows work makes a second proof of the first."""
    circuit = true_circuit()
    parameters = parameters_of(circuit)

    def others(proof: Proof) -> list[Proof]:
        seed = challenges_of(circuit, proof).seed
        return [
            replace(proof, nonce=nonce)
            for nonce in range(proof.nonce + 1, proof.nonce + 60)
            if grinding_passes(seed, nonce, parameters.grinding_bits)
        ]

    with frozen("nonce"):
        frozen_proof = prove(circuit)
        seconds = others(frozen_proof)
        assert len(seconds) > 1
        assert {verdict(circuit, second) for second in seconds} == {"accepted"}
    assert {verdict(circuit, second) for second in seconds} & {"accepted"} == set()
    honest = prove(circuit)
    assert verdict(circuit, honest) == "accepted"
    assert len(others(honest)) > 1
    assert all(verdict(circuit, second) != "accepted" for second in others(honest))
