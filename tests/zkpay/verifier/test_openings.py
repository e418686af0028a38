"""The verifier's readings at the queries and at zeta, against the literal formulas."""

from functools import cache

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.stark_prover import CHUNKS, QUOTIENT, LiteralProver, opening_order, tree_groups
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy
from zkpay.errors import Rejected
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.layout import layout_of
from zkpay.stark.protocol import BusChallenges, bus_target, powers_of
from zkpay.verifier.constraints import quotient_numerator
from zkpay.verifier.openings import check_layers, deep_values, fold_fibre


@cache
def literal() -> LiteralProver:
    case = toy(4096, 2048, 1024)
    prover = LiteralProver(case.circuit, case.witness, STATEMENT, light_parameters(case.circuit, 12), SEED)
    prover.prove()
    return prover


def opened_rows(run: LiteralProver, indices: list[int]) -> list[list[np.ndarray]]:
    return [
        [
            np.stack([run.words[key][[i % (run.blowup * height) for i in indices]] for key in keys], axis=1)
            for height, keys in tree_groups(run.circuit, tree)
        ]
        for tree in range(3)
    ]


def test_deep_values_equal_the_literal_formula_and_the_codeword() -> None:
    run = literal()
    indices = [0, 1, run.size - 1, run.size // 2, 4097, *run.indices]
    rows = opened_rows(run, indices)
    layout = layout_of(run.circuit)
    values = deep_values(run.circuit, layout, run.parameters, run.zeta, run.batching, run.claimed, indices, rows)
    word = run.deep_codeword()
    for index, value in zip(indices, values, strict=True):
        assert value == stark.as_extension(word[:, index].tolist())
        # Once more, one term at a time on scalars.
        x = GENERATOR * pow(stark.omega(run.size), index, P) % P
        expected = stark.as_extension([run.words[QUOTIENT, -1, 5 * CHUNKS + k][index] for k in range(5)])
        weight = run.batching
        for (key, rotation), claim in zip(opening_order(run.circuit), run.claimed, strict=True):
            own = run.words[key]
            top = stark.sub((int(own[index % len(own)]), 0, 0, 0, 0), claim)
            point = run.point(rotation)
            bottom = stark.sub((x, 0, 0, 0, 0), point)
            ratio = run.ratio(key[1])
            if rotation == 0 and ratio > 1:
                twin = stark.scale(point, stark.omega(ratio))
                bottom = stark.mul(bottom, stark.sub((x, 0, 0, 0, 0), twin))
            expected = stark.add(expected, stark.mul(weight, stark.mul(top, stark.inverse(bottom))))
            weight = stark.mul(weight, run.batching)
        assert value == expected


def test_deep_values_are_exact_at_the_edges() -> None:
    """Columns and claims all of P - 1, weights of large coordinates: the split sums stay exact."""
    run = literal()
    rows = [[np.full_like(group, P - 1) for group in tree] for tree in opened_rows(run, [3, 5])]
    edge = (P - 1, P - 1, P - 1, P - 1, P - 1)
    claimed = [edge] * len(run.claimed)
    batching = (P - 1, P - 2, P - 1, P - 1, P - 3)
    layout = layout_of(run.circuit)
    values = deep_values(run.circuit, layout, run.parameters, run.zeta, batching, claimed, [3, 5], rows)
    for index, value in zip([3, 5], values, strict=True):
        x = GENERATOR * pow(stark.omega(run.size), index, P) % P
        expected, weight = edge, batching
        for key, rotation in opening_order(run.circuit):
            point = run.point(rotation)
            bottom = stark.sub((x, 0, 0, 0, 0), point)
            if rotation == 0 and run.ratio(key[1]) > 1:
                twin = stark.scale(point, stark.omega(run.ratio(key[1])))
                bottom = stark.mul(bottom, stark.sub((x, 0, 0, 0, 0), twin))
            top = stark.sub((P - 1, 0, 0, 0, 0), edge)
            expected = stark.add(expected, stark.mul(weight, stark.mul(top, stark.inverse(bottom))))
            weight = stark.mul(weight, batching)
        assert value == expected


def bus_challenges(run: LiteralProver) -> BusChallenges:
    return BusChallenges(
        run.gamma,
        powers_of(run.beta, run.circuit.bus_width + 1),
        powers_of(run.delta, len(run.circuit.sum_targets) + 1)[1:],
    )


def test_constraints_at_zeta_equal_the_numerator_polynomial() -> None:
    """At zeta, and (claims recomputed) at any other point: the numerator as a polynomial, evaluated."""
    run = literal()
    numerator = stark.interpolate(run.numerator(), GENERATOR)
    genuine = run.zeta
    for point in (genuine, (1, 2, 3, 4, 5), (0, 0, 0, 0, 1)):
        run.zeta = point
        claimed = run.claims()
        value = quotient_numerator(run.circuit, layout_of(run.circuit), bus_challenges(run), run.alpha, point, claimed)
        expected = (0, 0, 0, 0, 0)
        for k in range(5):
            unit = stark.as_extension([int(j == k) for j in range(5)])
            expected = stark.add(expected, stark.mul(unit, stark.horner(numerator[k], point)))
        assert value == expected
    run.zeta = genuine


def test_bus_target_equals_the_literal_sum() -> None:
    run = literal()
    assert bus_target(run.circuit, bus_challenges(run)) == run.target


@pytest.mark.parametrize("arity", [2, 4, 8])
def test_fold_is_lagrange_interpolation(arity: int) -> None:
    generator = np.random.default_rng(arity)
    root = stark.omega(arity)
    for _ in range(10):
        fibre = [stark.as_extension(generator.integers(0, P, 5).tolist()) for _ in range(arity)]
        challenge = stark.as_extension(generator.integers(0, P, 5).tolist())
        point = int(generator.integers(1, P))
        points = [point * pow(root, k, P) % P for k in range(arity)]
        assert fold_fibre(fibre, challenge, point) == stark.fold(fibre, points, challenge)


def test_fold_commutes_with_the_challenge_in_the_fibre() -> None:
    """At the challenge x_k itself the fold is the k-th value."""
    fibre = [stark.as_extension([k, 5, P - k - 1, 7, k * k]) for k in range(8)]
    point = 12345
    for k in range(8):
        challenge = (point * pow(stark.omega(8), k, P) % P, 0, 0, 0, 0)
        assert fold_fibre(fibre, challenge, point) == fibre[k]


def honest_layers(run: LiteralProver) -> tuple[list, list, list, list]:
    """Challenges, DEEP values, fibres and last polynomial of an honest run, at its queries."""
    transcript = stark.Transcript()
    transcript.state = bytes(32)
    word, shift = run.deep_codeword(), GENERATOR
    challenges, fibres = [], []
    deep = [stark.as_extension(word[:, i].tolist()) for i in run.indices]
    for number, arity in enumerate(run.parameters.arities):
        rest = word.shape[1] // arity
        grouped = word.reshape(5, arity, rest).transpose(2, 1, 0)
        fibres.append(np.stack([grouped[i % rest] for i in run.indices]))
        challenge = transcript.extension(f"c{number}")
        challenges.append(challenge)
        word, shift = stark.fold_word(word, arity, challenge, shift), pow(shift, arity, P)
    last = stark.interpolate(word, shift)[:, : run.parameters.final_length]
    return challenges, deep, fibres, [stark.as_extension(row.tolist()) for row in last.T]


def test_layers_follow_every_query_to_the_last_polynomial() -> None:
    run = literal()
    challenges, deep, fibres, last = honest_layers(run)

    def verdict(**changes: list) -> str:
        given = {"deep": deep, "fibres": fibres, "last": last, "challenges": challenges, **changes}
        try:
            check_layers(
                run.parameters, given["challenges"], run.indices, given["deep"], given["fibres"], given["last"]
            )
        except Rejected as rejection:
            return rejection.reason
        return "accepted"

    assert verdict() == "accepted"
    for query in range(len(run.indices)):
        wrong = list(deep)
        wrong[query] = stark.add(wrong[query], (0, 0, 0, 0, 1))
        assert verdict(deep=wrong) == "inconsistent-fold"
    for layer, arity in enumerate(run.parameters.arities):
        for place in range(arity):
            # Any single entry of any layer's fibre, also one that is not the queried entry.
            wrong_fibres = [entries.copy() for entries in fibres]
            wrong_fibres[layer][0, place, 2] = (wrong_fibres[layer][0, place, 2] + 1) % P
            assert verdict(fibres=wrong_fibres) == "inconsistent-fold"
    for place in range(len(last)):
        wrong_last = list(last)
        wrong_last[place] = stark.add(wrong_last[place], (0, 1, 0, 0, 0))
        assert verdict(last=wrong_last) == "inconsistent-fold"
    for layer in range(len(challenges)):
        wrong_challenges = list(challenges)
        wrong_challenges[layer] = stark.add(wrong_challenges[layer], (1, 0, 0, 0, 0))
        assert verdict(challenges=wrong_challenges) == "inconsistent-fold"
