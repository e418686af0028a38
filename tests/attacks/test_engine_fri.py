"""False statements against the low-degree test: every prover here lies at zeta and tries to get away with it.

Each cheat fails in the real verifier; where a single check stands in its way, a verifier without that check accepts.
Few queries and little work keep the cheats quick and change nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.stark_forger import (
    QUERIES,
    Forger,
    false_circuit,
    low_degree_through,
    opening_number,
    true_circuit,
)
from tests.reference.stark_prover import AUXILIARY, CHUNKS, MAIN, QUOTIENT, LiteralProver, minus_point, opening_order
from tests.reference.toy import use_light_parameters, verdict
from zkpay.stark.air import Circuit
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import LayerOpening, Proof, parse_elements
from zkpay.stark.protocol import draw_queries
from zkpay.stark.transcript import Transcript


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


class Honest(Forger):
    """The control: the same prover with nothing to hide."""

    def lie(self, claims: list[stark.Extension]) -> list[stark.Extension]:
        return claims


@cache
def honest_proof() -> Proof:
    return Honest(true_circuit()).prove()


def test_the_honest_control_passes() -> None:
    assert verdict(true_circuit(), honest_proof()) == "accepted"
    # A forger of a true statement has nothing to lie about, either.
    assert verdict(true_circuit(), Forger(true_circuit()).prove()) == "accepted"


def test_a_false_statement_shows_at_zeta() -> None:
    """Without a lie the quotient identity itself fails (Plonky3's out-of-domain check; SP1 GHSA-63x8-x938-vx33)."""
    assert verdict(false_circuit(), Honest(false_circuit()).prove()) == "constraints-unsatisfied"


def test_a_lie_at_zeta_shows_in_the_folds() -> None:
    """The DEEP word of a false claim is of high degree: the truncated last polynomial does not continue the folds."""
    for number in range(2):
        forger = Forger(false_circuit(), seed=bytes([number] * 32))
        proof = forger.prove()
        assert forger.last_word[:, forger.parameters.final_length :].any()
        assert verdict(false_circuit(), proof) == "inconsistent-fold"


@pytest.mark.parametrize("layer", [0, 1])
def test_a_low_degree_word_in_the_place_of_the_true_one(layer: int) -> None:
    """Layer 0 or 1 is replaced by a word of low degree near the true one: it does not continue what comes before."""

    class Projected(Forger):
        def layer_word(self, number: int, codeword: np.ndarray) -> np.ndarray:
            if number != layer:
                return codeword
            size = codeword.shape[1]
            shift = pow(GENERATOR, self.size // size, P)
            coefficients = stark.interpolate(codeword, shift)
            coefficients[:, self.parameters.dimension * size // self.size :] = 0
            return stark.evaluate(coefficients, size, shift)

    forger = Projected(false_circuit())
    proof = forger.prove()
    assert not forger.last_word[:, forger.parameters.final_length :].any()
    assert verdict(false_circuit(), proof) == "wrong-root"


def test_a_word_of_low_degree_on_a_quarter_of_the_domain_only() -> None:
    """The right values where it is convenient, low degree everywhere: queries hit the rest."""

    class Partial(Forger):
        def layer_word(self, number: int, codeword: np.ndarray) -> np.ndarray:
            if number:
                return codeword
            count = self.parameters.dimension
            self.near = low_degree_through(self.points[:count], codeword[:, :count])
            return stark.evaluate(self.near, self.size, GENERATOR)

    forger = Partial(false_circuit())
    proof = forger.prove()
    # As near as any word can be made at will: on K of n points.
    agreement = (stark.evaluate(forger.near, forger.size, GENERATOR) == forger.deep_codeword()).all(axis=0)
    assert agreement[: forger.parameters.dimension].all()
    assert agreement.mean() == forger.parameters.dimension / forger.size
    assert verdict(false_circuit(), proof) == "wrong-root"


class Representatives(Forger):
    """Fits a polynomial of degree below n/8 < K to the DEEP word on one representative of each fibre."""

    honest_draw = False

    def layer_word(self, number: int, codeword: np.ndarray) -> np.ndarray:
        if number:
            return codeword
        count = self.size // self.parameters.arities[0]
        fitted = low_degree_through(self.points[:count], codeword[:, :count])
        return stark.evaluate(fitted, self.size, GENERATOR)

    def draw(self, nonce: int) -> list[int]:
        indices = super().draw(nonce)
        count = self.size // self.parameters.arities[0]
        return indices if self.honest_draw else [index % count for index in indices]


def test_queries_of_a_fibre_instead_of_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier that draws a fibre and compares DEEP at one fixed member of it accepts anything: n/8 points are fewer
    than K, so some word of low degree has any values there (design review, finding 5; SPEC §4.7)."""

    def representative(transcript: Transcript, parameters: Parameters, nonce: int) -> list[int]:
        count = parameters.domain // parameters.arities[0]
        return [index % count for index in draw_queries(transcript, parameters, nonce)]

    forger = Representatives(false_circuit())
    proof = forger.prove()
    assert forger.size // 8 < forger.parameters.dimension
    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.verifier.verify.draw_queries", representative)
        assert verdict(false_circuit(), proof) == "accepted"
    assert verdict(false_circuit(), proof) != "accepted"
    # The same words with openings where the real verifier asks for them.
    there = Representatives(false_circuit())
    there.honest_draw = True
    assert verdict(false_circuit(), there.prove()) == "wrong-root"


class LongLast(Forger):
    """Sends all coefficients of the last word."""

    length = 0

    def final_coefficients(self) -> np.ndarray:
        return self.last_word[:, : self.length or self.last_word.shape[1]].T


def test_a_last_polynomial_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plonky3 GHSA-f69f-5fx9-w9r9, OpenVM GHSA-4w7p-8f9q-f4g2: with a last polynomial of any length every word is "of
    low degree"."""

    def any_length(data: bytes, count: int, what: str) -> np.ndarray:
        return parse_elements(data, len(data) // 4, what)

    proof = LongLast(false_circuit()).prove()
    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.verifier.verify.parse_elements", any_length)
        assert verdict(false_circuit(), proof) == "accepted"
    assert verdict(false_circuit(), proof) == "wrong-length"


@pytest.mark.parametrize("circuit", [true_circuit, false_circuit])
def test_the_last_polynomials_length_is_exact(circuit: Callable[[], Circuit]) -> None:
    """K over the product of the arities, for honest words too: not one coefficient more or less, not the next power of
    two, even if what is added is zero (design review, finding 13; SPEC §6.1)."""
    prover = LongLast(circuit())
    prover.prove()
    expected = prover.parameters.final_length
    assert expected == 24
    for length in (expected - 1, expected + 1, 32, 64):
        prover.length = length
        proof = prover.finish()
        assert len(proof.final_polynomial) == 20 * length
        assert verdict(circuit(), proof) == "wrong-length"


def test_the_number_of_layers_is_fixed() -> None:
    """Arities and layers are the verifier's own (Plonky3 #1676, #1698)."""
    proof = honest_proof()
    fewer = replace(proof, layer_roots=proof.layer_roots[:-1], layers=proof.layers[:-1])
    more = replace(proof, layer_roots=(*proof.layer_roots, bytes(32)), layers=(*proof.layers, LayerOpening(b"", b"")))
    none = replace(proof, layer_roots=(), layers=())
    swapped = replace(proof, layer_roots=proof.layer_roots[::-1], layers=proof.layers[::-1])
    uneven = replace(proof, layers=proof.layers[:-1])
    twice = replace(proof, layer_roots=(proof.layer_roots[0],) * 2, layers=(proof.layers[0],) * 2)
    for changed in (fewer, more, none, uneven):
        assert verdict(true_circuit(), changed) == "wrong-length"
    for changed in (swapped, twice):
        assert verdict(true_circuit(), changed) != "accepted"
    for root in (b"", bytes(31), bytes(33)):
        assert verdict(true_circuit(), replace(proof, layer_roots=(root, *proof.layer_roots[1:]))) == "wrong-length"
        assert verdict(true_circuit(), replace(proof, main_root=root)) == "wrong-length"


def test_work_is_needed_and_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nonce shows work for this very transcript, and chooses the queries (Plonky3 #1747)."""
    proof = honest_proof()
    passing = [proof.nonce]
    for nonce in range(proof.nonce + 80):
        if nonce == proof.nonce:
            continue
        reason = verdict(true_circuit(), replace(proof, nonce=nonce))
        assert reason != "accepted"
        if reason != "missing-work":
            passing.append(nonce)
    # Three bits of work: one nonce in eight, and five deviations more at the most.
    assert len(passing) < 10 + 5 * 3
    for nonce in (-1, 1 << 64, (1 << 64) + proof.nonce):
        assert verdict(true_circuit(), replace(proof, nonce=nonce)) == "wrong-length"

    class Idle(Honest):
        def choose_nonce(self, seed: bytes) -> int:
            return next(n for n in range(100) if stark.mine(seed, self.parameters.grinding_bits, start=n) != n)

    idle = Idle(true_circuit()).prove()
    assert verdict(true_circuit(), idle) == "missing-work"
    monkeypatch.setattr("zkpay.verifier.verify.grinding_passes", lambda seed, nonce, bits: True)
    assert verdict(true_circuit(), idle) == "accepted"


def test_repeated_queries_are_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Duplicates are legal draws; their rows stand in the proof once, and not twice (Plonky3 #1735, #1772)."""

    class Repeated(Honest):
        def draw(self, nonce: int) -> list[int]:
            return [5, 5, 9, 5, 9, 5 + self.size // 2]

    def repeated(transcript: Transcript, parameters: Parameters, nonce: int) -> list[int]:
        return [5, 5, 9, 5, 9, 5 + parameters.domain // 2]

    monkeypatch.setattr("zkpay.verifier.verify.draw_queries", repeated)
    proof = Repeated(true_circuit()).prove()
    assert verdict(true_circuit(), proof) == "accepted"
    main = proof.trees[MAIN]
    width = len(main.rows[0]) // 3
    again = replace(main, rows=(main.rows[0] + main.rows[0][:width],), salts=(main.salts[0] + main.salts[0][:16],))
    assert verdict(true_circuit(), replace(proof, trees=(again, *proof.trees[1:]))) == "wrong-length"
    fewer = replace(main, rows=(main.rows[0][:-width],), salts=(main.salts[0][:-16],))
    assert verdict(true_circuit(), replace(proof, trees=(fewer, *proof.trees[1:]))) == "wrong-length"


def test_claims_chosen_after_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out-of-domain values that are not absorbed before the batching challenge: two of one denominator are changed so
    that their weighted sum stays (Plonky3 b5ec4d96, #627)."""

    class Later(Forger):
        absorbs = False

        def open_out_of_domain(self) -> None:
            if not self.absorbs:
                self.batching = self.transcript.extensions("lambda", len(opening_order(self.circuit)))
                super_claims = Forger.claims(self)
                self.claimed = super_claims
                self.out_of_domain = stark.row_bytes(np.array(self.claimed))
            else:
                # The best that is left: guess a lambda, then see another.
                count = len(opening_order(self.circuit))
                self.batching = stark.Transcript("guess").extensions("lambda", count)
                self.claimed = Forger.claims(self)
                self.out_of_domain = stark.row_bytes(np.array(self.claimed))
                self.transcript.absorb("out of domain", self.out_of_domain)
                self.batching = self.transcript.extensions("lambda", count)

        def lie(self, claims: list[stark.Extension]) -> list[stark.Extension]:
            # q_0's coordinate 0 gets e, its coordinate 1 gets -e lambda_0 / lambda_1: the identity moves by e (1 - X
            # lambda_0 / lambda_1).
            first = opening_number(self, QUOTIENT, -1, 0)
            back = stark.mul(self.weight(first), stark.inverse(self.weight(first + 1)))
            lever = stark.sub((1, 0, 0, 0, 0), stark.mul((0, 1, 0, 0, 0), back))
            change = stark.mul(self.gap(claims), stark.inverse(stark.mul(lever, self.vanishing())))
            changed = list(claims)
            changed[first] = stark.add(changed[first], change)
            changed[first + 1] = stark.sub(changed[first + 1], stark.mul(change, back))
            return changed

    proof = Later(false_circuit()).prove()
    with monkeypatch.context() as crippled:
        crippled.setattr(
            "zkpay.verifier.verify.draw_lambda",
            lambda transcript, out_of_domain, count: transcript.extensions("lambda", count),
        )
        assert verdict(false_circuit(), proof) == "accepted"
    assert verdict(false_circuit(), proof) != "accepted"
    careful = Later(false_circuit())
    careful.absorbs = True
    assert verdict(false_circuit(), careful.prove()) == "inconsistent-fold"


class LateMask(Forger):
    """Commits the third tree, FRI mask included, when zeta and the claims are known, and lets the mask cancel a lie.

    All its claims are true but one: the records' position at zeta, in which the constraints are linear.
    """

    shares_weight = True

    def commit_words(self, tree: int) -> None:
        if tree != QUOTIENT:
            super().commit_words(tree)

    def commit_quotient(self) -> None:
        # Everything but the absorption of the root, which comes with the claims.
        self.transcript, genuine = stark.Transcript("unused"), self.transcript
        self.trees.append(stark.Tree({1: [bytes(32)]}))
        super().commit_quotient()
        self.trees.pop()
        self.transcript = genuine
        self.zeta = self.transcript.extension("zeta")

    def lie(self, claims: list[stark.Extension]) -> list[stark.Extension]:
        moved = list(claims)
        moved[0] = stark.add(claims[0], (1, 0, 0, 0, 0))
        slope = stark.sub(self.gap(moved), self.gap(claims))
        error = stark.mul(self.gap(claims), stark.inverse(slope))
        moved[0] = stark.sub(claims[0], error)
        # The term (F - v') / (x - zeta) has the pole error / (x - zeta) too much: R takes it away, at weight 1.
        pole = stark.times(
            stark.reciprocals(minus_point(self.points, self.zeta)), stark.columns(stark.scale(error, P - 1), self.size)
        )
        for k in range(5):
            key = (QUOTIENT, -1, 5 * CHUNKS + k)
            self.words[key] = (self.words[key] + pole[k]) % P
        return moved

    def open_out_of_domain(self) -> None:
        self.claimed = self.claims()
        LiteralProver.commit_words(self, QUOTIENT)
        self.out_of_domain = stark.row_bytes(np.array(self.claimed))
        self.transcript.absorb("out of domain", self.out_of_domain)
        self.transcript.absorb("quotient root", self.trees[QUOTIENT].root)
        self.batching = self.transcript.extensions("lambda", len(self.claimed))
        if self.shares_weight:
            # Opening 0 shares the mask's coefficient 1.
            self.batching[0] = (1, 0, 0, 0, 0)


def test_a_mask_that_shares_its_weight_with_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """The FRI mask has a coefficient of its own and is committed before zeta. Where it shares one with a claim and
    comes late, it cancels a false claim in every run (SPEC §4.6)."""
    held: list[bytes] = []

    def zeta_first(transcript: Transcript, quotient_root: bytes) -> stark.Extension:
        held.append(quotient_root)
        return transcript.extension("zeta")

    def root_with_the_claims(transcript: Transcript, out_of_domain: bytes, count: int) -> Sequence[stark.Extension]:
        transcript.absorb("out of domain", out_of_domain)
        transcript.absorb("quotient root", held[-1])
        return transcript.extensions("lambda", count)

    def shared(transcript: Transcript, out_of_domain: bytes, count: int) -> Sequence[stark.Extension]:
        return ((1, 0, 0, 0, 0), *root_with_the_claims(transcript, out_of_domain, count)[1:])

    cheat = LateMask(false_circuit()).prove()
    own_weight = LateMask(false_circuit())
    own_weight.shares_weight = False
    separate = own_weight.prove()
    with monkeypatch.context() as late:
        late.setattr("zkpay.verifier.verify.draw_zeta", zeta_first)
        late.setattr("zkpay.verifier.verify.draw_lambda", root_with_the_claims)
        with monkeypatch.context() as crippled:
            crippled.setattr("zkpay.verifier.verify.draw_lambda", shared)
            assert verdict(false_circuit(), cheat) == "accepted"
        # Its own coefficient alone stops it.
        assert verdict(false_circuit(), cheat) == "wrong-root"
        assert verdict(false_circuit(), separate) == "inconsistent-fold"
    # And so does the order of the transcript.
    assert verdict(false_circuit(), cheat) == "constraints-unsatisfied"


def test_one_wrong_leaf() -> None:
    """Any opened value of any tree or layer, changed after the commitment."""
    proof = honest_proof()

    def bumped(data: bytes) -> bytes:
        return ((int.from_bytes(data[:4], "little") + 1) % P).to_bytes(4, "little") + data[4:]

    changed: list[Proof] = []
    for tree in (MAIN, AUXILIARY, QUOTIENT):
        opening = proof.trees[tree]
        wrong = replace(opening, rows=(bumped(opening.rows[0]), *opening.rows[1:]))
        changed.append(replace(proof, trees=(*proof.trees[:tree], wrong, *proof.trees[tree + 1 :])))
    for layer, fibre in enumerate(proof.layers):
        wrong_layer = replace(fibre, fibres=bumped(fibre.fibres))
        layers = (*proof.layers[:layer], wrong_layer, *proof.layers[layer + 1 :])
        changed.append(replace(proof, layers=layers))
    for each in changed:
        assert verdict(true_circuit(), each) == "wrong-root"


def test_parts_of_another_proof_do_not_fit() -> None:
    """Roots, claims, layers or openings taken from a second, equally honest proof of the same statement."""
    one, two = (Honest(true_circuit(), seed=bytes([number] * 32)).prove() for number in (1, 2))
    for name in (
        "main_root",
        "auxiliary_root",
        "quotient_root",
        "out_of_domain",
        "layer_roots",
        "final_polynomial",
        "trees",
        "layers",
    ):
        assert getattr(one, name) != getattr(two, name)
        assert verdict(true_circuit(), replace(one, **{name: getattr(two, name)})) != "accepted"
