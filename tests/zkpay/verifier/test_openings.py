"""The verifier's readings at the queries and at zeta, against the literal formulas."""

from dataclasses import replace
from functools import cache
from math import prod
from typing import Any

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.stark_prover import CHUNKS, QUOTIENT, LiteralProver, opening_order, tree_groups
from tests.reference.toy import RANGE, SEED, STATEMENT, light_parameters, toy
from zkpay.errors import Rejected
from zkpay.stark.air import Circuit, PlacedTable, Table
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.layout import layout_of
from zkpay.stark.protocol import BusChallenges, bus_target, powers_of
from zkpay.verifier.constraints import quotient_numerator
from zkpay.verifier.openings import check_layers, deep_values, fold_fibres


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
        order_and_weights = zip(opening_order(run.circuit), run.claimed, run.batching, strict=True)
        for (key, rotation), claim, weight in order_and_weights:
            own = run.words[key]
            top = stark.sub((int(own[index % len(own)]), 0, 0, 0, 0), claim)
            point = run.point(rotation)
            bottom = stark.sub((x, 0, 0, 0, 0), point)
            ratio = run.ratio(key[1])
            if rotation == 0 and ratio > 1:
                twin = stark.scale(point, stark.omega(ratio))
                bottom = stark.mul(bottom, stark.sub((x, 0, 0, 0, 0), twin))
            expected = stark.add(expected, stark.mul(weight, stark.mul(top, stark.inverse(bottom))))
        assert value == expected


def test_deep_values_are_exact_at_the_edges() -> None:
    """Columns and claims all of P - 1, weights of large coordinates: the split sums stay exact."""
    run = literal()
    rows = [[np.full_like(group, P - 1) for group in tree] for tree in opened_rows(run, [3, 5])]
    edge = (P - 1, P - 1, P - 1, P - 1, P - 1)
    claimed = [edge] * len(run.claimed)
    weight = (P - 1, P - 2, P - 1, P - 1, P - 3)
    weights = [weight] * len(claimed)
    layout = layout_of(run.circuit)
    values = deep_values(run.circuit, layout, run.parameters, run.zeta, weights, claimed, [3, 5], rows)
    for index, value in zip([3, 5], values, strict=True):
        x = GENERATOR * pow(stark.omega(run.size), index, P) % P
        expected = edge
        for key, rotation in opening_order(run.circuit):
            point = run.point(rotation)
            bottom = stark.sub((x, 0, 0, 0, 0), point)
            if rotation == 0 and run.ratio(key[1]) > 1:
                twin = stark.scale(point, stark.omega(run.ratio(key[1])))
                bottom = stark.mul(bottom, stark.sub((x, 0, 0, 0, 0), twin))
            top = stark.sub((P - 1, 0, 0, 0, 0), edge)
            expected = stark.add(expected, stark.mul(weight, stark.mul(top, stark.inverse(bottom))))
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
    fibres = generator.integers(0, P, (10, arity, 5))
    fibres[0] = P - 1
    points = [int(generator.integers(1, P)) for _ in fibres]
    challenge = stark.as_extension(generator.integers(0, P, 5).tolist())
    expected = [
        stark.fold(
            [stark.as_extension(row) for row in fibre.tolist()],
            [point * pow(root, k, P) % P for k in range(arity)],
            challenge,
        )
        for fibre, point in zip(fibres, points, strict=True)
    ]
    assert fold_fibres(fibres, challenge, points) == expected


def test_fold_commutes_with_the_challenge_in_the_fibre() -> None:
    """At the challenge x_k itself the fold is the k-th value."""
    fibre = [stark.as_extension([k, 5, P - k - 1, 7, k * k]) for k in range(8)]
    point = 12345
    for k in range(8):
        challenge = (point * pow(stark.omega(8), k, P) % P, 0, 0, 0, 0)
        assert fold_fibres(np.array([fibre]), challenge, [point]) == [fibre[k]]


def fold_challenges(run: LiteralProver) -> list[stark.Extension]:
    transcript = stark.Transcript()
    transcript.state = run.state_before_layers
    challenges = []
    for number, (_, _, tree) in enumerate(run.layers):
        transcript.absorb(f"layer {number}", tree.root)
        challenges.append(transcript.extension(f"fold {number}"))
    return challenges


def test_layers_follow_every_query_to_the_last_polynomial() -> None:
    """From the DEEP values at the queries; every value computed or sent counts."""
    run = literal()
    arities, layers = run.parameters.arities, [run.open_layer(fibres, tree) for _, fibres, tree in run.layers]
    word = run.deep_codeword()
    deep = {index: stark.as_extension(word[:, index].tolist()) for index in run.indices}
    challenges = fold_challenges(run)
    last = run.final_coefficients()

    def outcome(**changes: Any) -> str:
        given = {"deep": deep, "layers": layers, "last": last, "challenges": challenges, **changes}
        roots = [tree.root for _, _, tree in run.layers]
        try:
            check_layers(
                run.parameters, roots, given["challenges"], given["deep"], given["layers"], np.array(given["last"])
            )
        except Rejected as rejection:
            return rejection.reason
        return "accepted"

    assert outcome() == "accepted"
    for index in deep:
        assert outcome(deep={**deep, index: stark.add(deep[index], (0, 0, 0, 0, 1))}) == "wrong-root"
    for layer in range(len(arities)):
        fibres = layers[layer].fibres
        for place in range(0, len(fibres), 20 * 7):
            # Any single entry of any layer's fibre.
            value = (int.from_bytes(fibres[place : place + 4], "little") + 1) % P
            wrong = replace(layers[layer], fibres=fibres[:place] + stark.row_bytes([value]) + fibres[place + 4 :])
            assert outcome(layers=[*layers[:layer], wrong, *layers[layer + 1 :]]) == "wrong-root"
        moved = stark.add(challenges[layer], (1, 0, 0, 0, 0))
        reason = "wrong-root" if layer + 1 < len(arities) else "inconsistent-fold"
        assert outcome(challenges=[*challenges[:layer], moved, *challenges[layer + 1 :]]) == reason
    for place in range(len(last)):
        wrong_last = np.array(last)
        wrong_last[place, 1] = (wrong_last[place, 1] + 1) % P
        assert outcome(last=wrong_last) == "inconsistent-fold"


@pytest.mark.parametrize("indices", [[7], [7, 7], [0, 1, 2, 3], "a whole fibre", "fibres that meet below"])
def test_layers_of_queries_that_meet(indices: list[int] | str) -> None:
    """Several queries in one fibre, equal ones, all of a fibre (none of its entries is sent), and queries whose folds
    meet in one fibre of a later layer."""
    run = literal()
    first, second = run.size // run.parameters.arities[0], run.size // prod(run.parameters.arities[:2])
    if isinstance(indices, str):
        whole = [5 + k * first for k in range(run.parameters.arities[0])]
        indices = whole if indices == "a whole fibre" else [5, 5 + second, 5 + 3 * second + first, 6]
    before, run.indices = run.indices, indices
    layers = [run.open_layer(fibres, tree) for _, fibres, tree in run.layers]
    run.indices = before
    arity = run.parameters.arities[0]
    assert len(layers[0].fibres) == 20 * (arity * len({i % first for i in indices}) - len(set(indices)))
    word = run.deep_codeword()
    deep = {index: stark.as_extension(word[:, index].tolist()) for index in indices}
    challenges = fold_challenges(run)
    roots = [tree.root for _, _, tree in run.layers]
    check_layers(run.parameters, roots, challenges, deep, layers, run.final_coefficients())
    for index in deep:
        wrong = {**deep, index: stark.add(deep[index], (1, 0, 0, 0, 0))}
        with pytest.raises(Rejected, match="committed root"):
            check_layers(run.parameters, roots, challenges, wrong, layers, run.final_coefficients())


def test_a_table_that_reads_no_next_row_is_opened_at_zeta_alone() -> None:
    """Its columns have no part in the fraction at the next point; all of its rows are still bound."""
    table = Table("plain")
    value, square = table.column("value"), table.column("square")
    table.every("square", square - value * value)
    table.send(RANGE, "out", [value])
    table.receive(RANGE, "in", [value])
    circuit = Circuit((PlacedTable(table, 1024),), {}, (), {})
    rows = np.arange(1024, dtype=np.int64)
    witness = {"plain": np.stack([rows, rows * rows % P]).astype(np.uint32)}
    parameters = light_parameters(circuit, 3)
    prover = LiteralProver(circuit, witness, STATEMENT, parameters, SEED)
    prover.prove()
    layout = layout_of(circuit)
    assert [len(places.main_next) for places in layout.openings] == [0]
    indices = [0, prover.size - 1, *prover.indices]
    opened = opened_rows(prover, indices)
    values = deep_values(circuit, layout, parameters, prover.zeta, prover.batching, prover.claimed, indices, opened)
    word = prover.deep_codeword()
    assert values == [stark.as_extension(word[:, index].tolist()) for index in indices]


def test_powers_are_as_many_as_asked_for() -> None:
    """None for a circuit without sums: a power too many would be a weight that belongs to nothing."""
    base = (3, 1, 4, 1, 5)
    square = stark.mul(base, base)
    expected = ((1, 0, 0, 0, 0), base, square, stark.mul(square, base))
    for count in range(5):
        assert powers_of(base, count) == expected[:count]
