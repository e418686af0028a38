"""The lifting check: without it, one short table can be r different tables at once (SPEC §4.6).

A table r times shorter than the tallest is committed as F(x) = f(x^r), constant on the fibres of x -> x^r. A polynomial
P(X) = E(X^2) + X O(X^2) that is not constant on them agrees with such an F on half of the domain and more, which is
beyond the Johnson radius and so counts as "close" (design review, finding 4). Then the constraints hold for P, that is
for r different copies of the table, each with the weight 1/r on buses and sums.

The cheat here: a column whose values are all equal, and 0 or 1, has the sum 0 or N_t. With one copy all 0 and one all 1
the sum is N_t / 2. The verifier without the second denominator x - omega_r zeta accepts it; the real one never does.
Parameters have few queries and little work, so that the cheat is quick; only these and the named check are changed.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.stark_prover import CHUNKS, MAIN, LiteralProver, Opening, deep_word, opening_order, tree_groups
from tests.reference.toy import SEED, STATEMENT, light_parameters, use_light_parameters, verdict
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.layout import Layout, layout_of
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof
from zkpay.verifier.openings import deep_values

QUERIES = 6
HEIGHT = 2048
BUS = Bus("loop", 1, 1)
FLAG = (MAIN, 1, 0)


def split_circuit(ratio: int, target: int, height: int) -> Circuit:
    """A tall table of no interest, and a short one: `same` is 0 or 1, equal on all rows, and summed."""
    tall = Table("tall")
    value = tall.column("value")
    tall.first("starts", value)
    tall.transition("counts", value.next - value - 1)
    tall.send(BUS, "out", [value])
    tall.receive(BUS, "in", [value])
    short = Table("short")
    same = short.column("same")
    short.boolean("bit", same)
    short.transition("equal rows", same.next - same)
    short.sum("ones", "ones", same)
    return Circuit((PlacedTable(tall, height), PlacedTable(short, height // ratio)), {}, (), {"ones": target})


def witness(circuit: Circuit, flag: int) -> dict[str, np.ndarray]:
    tall, short = (item.height for item in circuit.placed)
    return {
        "tall": np.arange(tall, dtype=np.uint32)[None, :],
        "short": np.full((1, short), flag, dtype=np.uint32),
    }


class WithoutCheck(LiteralProver):
    """Honest, for a verifier without the lifting check."""

    def twin_order(self, ratio: int) -> int:
        return 1


class TwoCopies(LiteralProver):
    """Commits F near P, where P has the copies 1 and 0 (or, for r = 4, 1, 0, 1, 0)."""

    check_order = 1  # of the second point that this prover satisfies; 1: none

    def adjust(self, tree: int) -> None:
        if tree != MAIN:
            return
        parameters, ratio = self.parameters, self.ratio(1)
        half = ratio // 2
        # P = E(X^r) + X^half O(X^r): +1/2 and -1/2 around E = 1/2 on the points of H, so that the copies are 1 and 0.
        rows = self.height // ratio
        generator = stark.omega(self.height)
        inverse_two = pow(2, -1, P)
        wanted = np.array([inverse_two * pow(generator, -half * i, P) % P for i in range(rows)], dtype=np.int64)
        # O = its interpolant on H_t + (Y^N_t - 1) M, with M chosen to vanish O on as many points of D_t as fit.
        low = stark.interpolate(wanted)
        spare = (parameters.dimension - half - 1) // ratio + 1 - rows
        domain = stark.domain(self.blowup * rows, pow(GENERATOR, ratio, P))
        zeros = np.random.default_rng(7).choice(len(domain), spare - 1, replace=False)
        values = [-_value(low, int(domain[k])) * pow(pow(int(domain[k]), rows, P) - 1, -1, P) % P for k in zeros]
        multiplier = _through([int(domain[k]) for k in zeros], values)
        odd = np.zeros(rows + len(multiplier), dtype=np.int64)
        odd[:rows] += low
        odd[rows:] += multiplier
        odd[: len(multiplier)] -= multiplier
        polynomial = np.zeros(parameters.dimension, dtype=np.int64)
        polynomial[0] = inverse_two
        polynomial[half : half + ratio * len(odd) : ratio] += odd % P
        self.polynomials[FLAG] = polynomial % P
        word = stark.evaluate(self.polynomials[FLAG], self.size, GENERATOR)
        # Any member of the fibre may lend its value: F must be constant there, and that is all.
        self.words[FLAG] = word[: self.blowup * rows]
        self.agreement = word == np.tile(self.words[FLAG], ratio)

    def twin_order(self, ratio: int) -> int:
        return self.check_order if ratio > 1 else 1

    def deep_codeword(self) -> np.ndarray:
        """The word of the polynomials: of low degree wherever the claims are the polynomials' own values."""
        words = {key: stark.evaluate(polynomial, self.size, GENERATOR) for key, polynomial in self.polynomials.items()}
        return deep_word(self, words)

    def choose_nonce(self, seed: bytes) -> int:
        """Look for queries at points where F and P agree; give up after a while."""
        tries = 0

        def good(nonce: int) -> bool:
            nonlocal tries
            tries += 1
            return tries > 4000 or bool(self.agreement[self.draw(nonce)].all())

        return stark.mine(seed, self.parameters.grinding_bits, good)


def _value(coefficients: np.ndarray, point: int) -> int:
    result = 0
    for coefficient in reversed(coefficients.tolist()):
        result = (result * point + coefficient) % P
    return result


def _through(points: Sequence[int], values: Sequence[int]) -> np.ndarray:
    """The polynomial of degree below len(points) through the points, by Newton's divided differences."""
    result = np.zeros(len(points), dtype=np.int64)
    basis = np.zeros(len(points) + 1, dtype=np.int64)
    basis[0] = 1
    for point, value in zip(points, values, strict=True):
        scale = (value - _value(result, point)) * pow(_value(basis, point), -1, P) % P
        result = (result + basis[:-1] * scale) % P
        basis = (np.roll(basis, 1) - basis * point) % P
    return result


def literal_deep_values(order_of: dict[int, int]):  # type: ignore[no-untyped-def]
    """`deep_values` with another second denominator: `order_of[r]` is the order of its root, 1 for none at all."""

    def values(
        circuit: Circuit,
        layout: Layout,
        parameters: Parameters,
        zeta: stark.Extension,
        weights: Sequence[stark.Extension],
        claimed: list[stark.Extension],
        indices: Sequence[int],
        rows: Sequence[list[np.ndarray]],
    ) -> list[stark.Extension]:
        columns = {}
        for tree in range(3):
            for group, opened in zip(layout.groups(tree), rows[tree], strict=True):
                for position, first, width in group.members:
                    for column in range(width):
                        columns[tree, position, column] = opened[:, first + column]
        results = []
        for query, index in enumerate(indices):
            x = GENERATOR * pow(stark.omega(parameters.domain), index, P) % P
            value = stark.as_extension([columns[2, -1, 5 * CHUNKS + k][query] for k in range(5)])
            opening: Opening
            for opening, claim, weight in zip(opening_order(circuit), claimed, weights, strict=True):
                key, rotation = opening
                point = stark.scale(zeta, stark.omega(parameters.height)) if rotation else zeta
                bottom = stark.sub((x, 0, 0, 0, 0), point)
                ratio = 1 if key[1] < 0 else parameters.height // circuit.placed[key[1]].height
                order = 1 if rotation else order_of.get(ratio, 1)
                if order > 1:
                    twin = stark.scale(point, stark.omega(order))
                    bottom = stark.mul(bottom, stark.sub((x, 0, 0, 0, 0), twin))
                top = stark.sub((int(columns[key][query]), 0, 0, 0, 0), claim)
                value = stark.add(value, stark.mul(weight, stark.mul(top, stark.inverse(bottom))))
            results.append(value)
        return results

    return values


@cache
def attack(ratio: int, check_order: int, height: int = HEIGHT, seed: bytes = SEED) -> tuple[Circuit, TwoCopies, Proof]:
    """The proof of a sum that no witness has."""
    circuit = split_circuit(ratio, height // ratio // 2, height)
    prover = TwoCopies(circuit, witness(circuit, 0), STATEMENT, light_parameters(circuit, QUERIES), seed)
    prover.check_order = check_order
    return circuit, prover, prover.prove()


def test_honest_tables_pass_with_and_without_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a true sum; the literal formula with a root of order r is the real verifier's."""
    use_light_parameters(monkeypatch, QUERIES)
    circuit = split_circuit(2, HEIGHT // 2, HEIGHT)
    parameters = light_parameters(circuit, QUERIES)
    checked = LiteralProver(circuit, witness(circuit, 1), STATEMENT, parameters, SEED).prove()
    unchecked = WithoutCheck(circuit, witness(circuit, 1), STATEMENT, parameters, SEED).prove()
    assert verdict(circuit, checked) == "accepted"
    assert verdict(circuit, unchecked) == "wrong-root"
    monkeypatch.setattr("zkpay.verifier.verify.deep_values", literal_deep_values({}))
    assert verdict(circuit, unchecked) == "accepted"
    monkeypatch.setattr("zkpay.verifier.verify.deep_values", literal_deep_values({2: 2}))
    assert verdict(circuit, checked) == "accepted"
    assert verdict(circuit, unchecked) == "wrong-root"


def test_two_copies_pass_a_verifier_without_the_lifting_check(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)
    circuit, prover, proof = attack(2, 1)
    # P is not constant on fibres, and yet close to a word that is: beyond the Johnson radius sqrt(rho).
    assert prover.balanced
    fraction = float(prover.agreement.mean())
    rho = prover.parameters.dimension / prover.size
    assert fraction > 0.5 + 0.02
    assert fraction > rho**0.5
    assert fraction < (1 + rho) / 2
    copies = stark.evaluate(prover.polynomials[FLAG], HEIGHT)
    assert (copies[: HEIGHT // 2] == 1).all()
    assert (copies[HEIGHT // 2 :] == 0).all()
    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.verifier.verify.deep_values", literal_deep_values({}))
        assert verdict(circuit, proof) == "accepted"
    assert verdict(circuit, proof) == "wrong-root"


@pytest.mark.parametrize("order", [1, 2])
def test_the_real_verifier_rejects_two_copies_for_every_seed(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the masks, and whichever denominators the cheat prepares for: with its own claim P(zeta) the true DEEP
    word is nowhere equal to a word of low degree that it could commit."""
    use_light_parameters(monkeypatch, QUERIES)
    for number in range(2):
        circuit, prover, proof = attack(2, order, seed=bytes([number] * 32))
        assert verdict(circuit, proof) == ("wrong-root" if order == 1 else "inconsistent-fold")
        # Not only at the drawn queries: the value that the verifier computes meets the committed word nowhere.
        genuine = replace_order(prover, 2)
        committed = TwoCopies.deep_codeword(prover)
        agreement = (genuine == committed).all(axis=0).mean()
        if order == 1:
            assert agreement == 0
        else:
            # Prepared for the check, the committed word isn't of low degree, and the folds tell.
            assert agreement == prover.agreement.mean()
            assert prover.last_word[:, prover.parameters.final_length :].any()


def replace_order(prover: TwoCopies, order: int) -> np.ndarray:
    """The DEEP word that a verifier with a second point of this order computes from the committed columns."""
    before, prover.check_order = prover.check_order, order
    word = deep_word(prover, prover.words)
    prover.check_order = before
    return word


def test_claims_can_not_be_chosen_to_satisfy_both_points() -> None:
    """P(zeta) and P(-zeta) differ by 2 zeta O(zeta^2): no single claimed value divides out at both."""
    _, prover, _ = attack(2, 1)
    powers = stark.scale(prover.zeta, P - 1)
    claim = prover.claimed[opening_order(prover.circuit).index((FLAG, 0))]
    here = stark.horner(prover.polynomials[FLAG], prover.zeta)
    there = stark.horner(prover.polynomials[FLAG], powers)
    assert here == claim != there


def test_a_second_point_of_the_wrong_order_is_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """For r = 4, P(X) = E(X^4) + X^2 O(X^4) has P(-zeta) = P(zeta): with -zeta in the place of omega_4 zeta the cheat
    passes. The order has to be exactly r, for each table."""
    use_light_parameters(monkeypatch, QUERIES)
    circuit, prover, proof = attack(4, 2, height=4096)
    assert prover.agreement.mean() > 0.5
    with monkeypatch.context() as crippled:
        crippled.setattr("zkpay.verifier.verify.deep_values", literal_deep_values({4: 2}))
        assert verdict(circuit, proof) == "accepted"
    assert verdict(circuit, proof) == "wrong-root"
    # Nor does the real verifier use it by another name: its formula is the literal one with order r.
    rows = [
        [
            np.stack([prover.words[key][[i % len(prover.words[key]) for i in prover.indices]] for key in keys], axis=1)
            for _, keys in tree_groups(circuit, tree)
        ]
        for tree in range(3)
    ]
    arguments = (
        circuit,
        layout_of(circuit),
        prover.parameters,
        prover.zeta,
        prover.batching,
        prover.claimed,
        prover.indices,
        rows,
    )
    assert deep_values(*arguments) == literal_deep_values({4: 4})(*arguments)
    assert deep_values(*arguments) != literal_deep_values({4: 2})(*arguments)
