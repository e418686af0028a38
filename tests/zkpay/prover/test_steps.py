"""Each step of the prover against its literal twin, on the same challenges."""

from functools import cache

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.ntt import evaluate as evaluate_by_horner
from tests.reference.stark_prover import (
    ACCUMULATOR,
    AUXILIARY,
    CHUNKS,
    MAIN,
    QUOTIENT,
    LiteralProver,
    opening_order,
    tree_groups,
)
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy
from zkpay.prover.buses import accumulator_column, helper_columns
from zkpay.prover.commit import CommittedTree, commit_tree, open_rows
from zkpay.prover.deep import deep_codeword, open_out_of_domain
from zkpay.prover.fri import commit_layers, open_layer
from zkpay.prover.groups import Room, RowGroup, coset_shift, masked_coefficients
from zkpay.prover.program import constraint_program
from zkpay.prover.quotient import quotient_coefficients, selector_values
from zkpay.prover.randomness import MaskSource
from zkpay.prover.split import split_quotient
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.layout import Group, layout_of
from zkpay.stark.protocol import BusChallenges, bus_target, constraint_count, powers_of
from zkpay.stark.transcript import Transcript

HEIGHTS = (2048, 2048, 1024)


@cache
def literal() -> LiteralProver:
    """A finished literal run."""
    case = toy(*HEIGHTS)
    prover = LiteralProver(case.circuit, case.witness, STATEMENT, light_parameters(case.circuit, 5), SEED)
    prover.prove()
    return prover


@cache
def challenges() -> BusChallenges:
    run = literal()
    beta_powers = tuple(stark.exponent(run.beta, k) for k in range(run.circuit.bus_width + 1))
    delta_powers = tuple(stark.exponent(run.delta, k + 1) for k in range(len(run.circuit.sum_targets)))
    return BusChallenges(run.gamma, beta_powers, delta_powers)


def natural(values: np.ndarray) -> np.ndarray:
    """uint32[blowup, w, m] in coset order -> [w, n] by index."""
    blowup, width, height = values.shape
    return values.transpose(1, 2, 0).reshape(width, blowup * height).astype(np.int64)


def group_coefficients(tree: int, number: int) -> tuple[int, np.ndarray]:
    """(height, coefficients of the group's masked polynomials in the tables' own variable)."""
    run = literal()
    height, keys = tree_groups(run.circuit, tree)[number]
    ratio = run.height // height
    return height, np.stack([run.polynomials[key][::ratio] for key in keys]).astype(np.uint32)


def all_values(group: RowGroup) -> np.ndarray:
    """uint32[blowup, w, m]."""
    return np.stack([group.values(coset) for coset in range(group.blowup)])


@cache
def package_tree(tree: int, keep: int = 8) -> CommittedTree:
    run = literal()
    groups = []
    for number in range(len(tree_groups(run.circuit, tree))):
        height, coefficients = group_coefficients(tree, number)
        groups.append(RowGroup(coefficients, height, run.height // height, run.blowup))
    return commit_tree(tree, layout_of(run.circuit).groups(tree), groups, MaskSource(SEED), keep, Room())


def test_literal_transforms_are_the_definition() -> None:
    generator = np.random.default_rng(3)
    for size, length in ((8, 5), (16, 16), (16, 23)):
        coefficients = generator.integers(0, P, (2, length))
        values = stark.evaluate(coefficients, size, 9)
        for row in range(2):
            points = [9 * pow(stark.omega(size), i, P) for i in range(size)]
            assert values[row].tolist() == [evaluate_by_horner(coefficients[row].tolist(), x) for x in points]
        if length <= size:
            assert np.array_equal(stark.interpolate(values, 9)[:, :length], coefficients)


def test_literal_fold_of_a_word_is_lagrange_on_each_fibre() -> None:
    word = np.random.default_rng(4).integers(0, P, (5, 32))
    challenge = (5, 6, 7, 8, 9)
    points = stark.domain(32, 11)
    for arity in (2, 4, 8):
        folded = stark.fold_word(word, arity, challenge, 11)
        for i in range(32 // arity):
            places = range(i, 32, 32 // arity)
            fibre = [stark.as_extension(word[:, k].tolist()) for k in places]
            expected = stark.fold(fibre, [int(points[k]) for k in places], challenge)
            assert stark.as_extension(folded[:, i].tolist()) == expected


@pytest.mark.parametrize("ratio", [1, 4])
def test_masked_extension(ratio: int) -> None:
    generator = np.random.default_rng(ratio)
    height, length, blowup = 64, 24, 8
    values = generator.integers(0, P, (3, height)).astype(np.uint32)
    masks = generator.integers(0, P, (3, length)).astype(np.uint32)
    coefficients = masked_coefficients([values[:1], values[1:]], height, masks)
    assert np.array_equal(coefficients, stark.masked(values.astype(np.int64), masks.astype(np.int64)))
    # The mask does not change the values on the table's own rows.
    assert np.array_equal(stark.evaluate(coefficients.astype(np.int64), height), values)
    extended = natural(all_values(RowGroup(coefficients, height, ratio, blowup)))
    for index in range(0, blowup * height, 37):
        point = pow(GENERATOR, ratio, P) * pow(stark.omega(blowup * height), index, P) % P
        for row in range(3):
            assert extended[row, index] == evaluate_by_horner(coefficients[row].tolist(), point)


def test_lifted_column_is_constant_on_fibres() -> None:
    run = literal()
    key = (MAIN, 2, 3)
    lifted = stark.evaluate(run.polynomials[key], run.size, GENERATOR)
    assert np.array_equal(lifted, np.tile(run.words[key], 2))


@pytest.mark.parametrize("keep", [0, 1, 3, 8])
@pytest.mark.parametrize("tree", [MAIN, AUXILIARY, QUOTIENT])
def test_tree_root_and_openings(tree: int, keep: int) -> None:
    """Whatever is kept in memory, the result is the same."""
    run, built = literal(), package_tree(tree, keep)
    for group, (_, keys) in zip(built.groups, tree_groups(run.circuit, tree), strict=True):
        assert np.array_equal(natural(all_values(group)), np.stack([run.words[key] for key in keys]))
    assert built.root == run.trees[tree].root
    for seed in range(4):
        count = (1, 2, 9, 60)[seed]
        run_indices = np.random.default_rng(seed).integers(0, run.size, count).tolist()
        before, run.indices = run.indices, run_indices
        assert open_rows(built, run_indices) == run.open_tree(tree)
        run.indices = before


@pytest.mark.parametrize("levels", [(16,), (16, 4), (64, 32, 8), (8, 2), (32, 16)])
def test_trees_of_other_shapes(levels: tuple[int, ...]) -> None:
    """Groups whose domains are as small as the blowup, and neighbouring sizes."""
    blowup = levels[-1] if levels[-1] < 4 else 4
    generator = np.random.default_rng(sum(levels))
    groups, rows = [], {}
    source = MaskSource(SEED)
    for number, size in enumerate(levels):
        height = size // blowup
        values = generator.integers(0, P, (blowup, 2, height)).astype(np.uint32)
        group = RowGroup(values[0], height, 1, blowup)
        for coset in range(blowup):
            group.keep(coset, values[coset])
        groups.append(group)
        halves = np.frombuffer(source.data(f"salts/1/{number}", 16 * size), dtype="<u8").reshape(blowup, 2, height)
        rows[size] = [
            stark.leaf(1, number, halves[i % blowup, :, i // blowup].astype("<u8").tobytes(), natural(values)[:, i])
            for i in range(size)
        ]
    placed = [Group(group.height, ((number, 0, 2),)) for number, group in enumerate(groups)]
    assert commit_tree(1, placed, groups, source, blowup, Room()).root == stark.Tree(rows).root


def test_helpers_and_accumulator() -> None:
    run = literal()
    row_sums = {}
    for position, item in enumerate(run.circuit.placed):
        helpers, sums = helper_columns(run.circuit, item, challenges(), run.witness[item.table.name])
        expected = [
            stark.evaluate(run.polynomials[AUXILIARY, position, column], run.height)[: item.height]
            for column in range(len(helpers))
        ]
        if expected:
            assert np.array_equal(helpers, np.stack(expected))
        reader = run.reader(position, run.height, 1)
        parts = [helpers[5 * k : 5 * k + 5].astype(np.int64) for k in range(len(helpers) // 5)]
        lifted_parts = [np.tile(part, (1, run.ratio(position))) for part in parts]
        assert np.array_equal(sums % P, run.row_sums(position, reader, lifted_parts)[:, : item.height])
        row_sums[position] = sums
    assert bus_target(run.circuit, challenges()) == run.target
    column = accumulator_column(run.circuit, row_sums, run.target, check=True)
    expected_column = [stark.evaluate(run.polynomials[AUXILIARY, ACCUMULATOR, k], run.height) for k in range(5)]
    assert np.array_equal(column, np.stack(expected_column))


def test_selectors() -> None:
    height, shift = 64, 1234567
    values = selector_values(height, shift)
    points = stark.domain(height, shift)
    last = pow(stark.omega(height), -1, P)
    for k, x in enumerate(points.tolist()):
        vanishing = pow(x, height, P) - 1
        assert values[0, k] == 1
        assert values[1, k] == (x - last) % P
        assert values[2, k] == vanishing * pow(x - 1, -1, P) % P
        assert values[3, k] == vanishing * pow(x - last, -1, P) % P


def test_quotient_is_the_division_of_the_folded_constraints() -> None:
    run = literal()
    circuit, parameters = run.circuit, run.parameters
    weights = powers_of(run.alpha, sum(constraint_count(item.table) for item in circuit.placed) + 1)
    programs, used = [], 0
    for position, item in enumerate(circuit.placed):
        count = constraint_count(item.table)
        own = weights[used : used + count]
        programs.append(constraint_program(circuit, item.table, run.ratio(position), challenges(), own, weights[-1]))
        used += count
    main, auxiliary = package_tree(MAIN, 1), package_tree(AUXILIARY)
    quotient = quotient_coefficients(
        circuit,
        parameters,
        programs,
        lambda position, coset: (main.values(position, coset), auxiliary.values(position, coset)),
        lambda coset: auxiliary.values(ACCUMULATOR, coset),
        weights[-1],
        run.target,
    )
    expected = run.quotient()
    length = quotient.shape[1]
    assert np.array_equal(quotient, expected[:, :length])
    assert not expected[:, length:].any()
    # quotient * (X^N - 1) is the numerator as a polynomial, too.
    numerator = stark.interpolate(run.numerator(), GENERATOR)
    product = np.zeros_like(numerator)
    product[:, run.height : run.height + length] += quotient
    product[:, :length] -= quotient
    assert np.array_equal(product % P, numerator)
    chunks = split_quotient(quotient, parameters, MaskSource(SEED), check=True)
    expected_chunks = np.stack([run.polynomials[QUOTIENT, ACCUMULATOR, k] for k in range(5 * CHUNKS + 5)])
    assert np.array_equal(chunks, expected_chunks)
    # The chunks add up to the quotient whatever the masks: sum_i X^(i s) q_i. The last one is in use.
    whole = np.zeros((5, (CHUNKS - 1) * parameters.split + parameters.dimension), dtype=np.int64)
    for chunk in range(CHUNKS):
        start = chunk * parameters.split
        whole[:, start : start + parameters.dimension] += chunks[5 * chunk : 5 * chunk + 5]
    assert quotient[:, (CHUNKS - 1) * parameters.split + parameters.mask_length :].any()
    assert np.array_equal(whole[:, :length] % P, quotient[:, : whole.shape[1]])
    # R leaves the top coefficient free, so that it lies where all other DEEP terms lie.
    assert not chunks[5 * CHUNKS :, -1].any()
    too_long = quotient.copy()
    too_long[2, parameters.quotient_length] = 1
    with pytest.raises(ValueError, match="longer than a true one"):
        split_quotient(too_long, parameters, MaskSource(SEED), check=True)
    too_long[2, parameters.quotient_length - 1 : parameters.quotient_length + 1] = 1, 0
    split_quotient(too_long, parameters, MaskSource(SEED), check=True)


def test_out_of_domain_values_and_deep_codeword() -> None:
    run = literal()
    layout = layout_of(run.circuit)
    trees = [package_tree(tree) for tree in (MAIN, AUXILIARY, QUOTIENT)]
    claimed = open_out_of_domain(run.circuit, layout, run.parameters, run.zeta, trees)
    assert [stark.as_extension(row.tolist()) for row in claimed] == run.claimed
    # One value of each kind by Horner's rule on the unlifted polynomial.
    order = opening_order(run.circuit)
    for number in (0, 8, len(order) - 16, len(order) - 1, order.index(((MAIN, 2, 3), 1))):
        (tree, position, column), rotation = order[number]
        ratio = run.ratio(position)
        coefficients = run.polynomials[tree, position, column][::ratio]
        expected = stark.horner(coefficients, stark.exponent(run.point(rotation), ratio))
        assert run.claimed[number] == expected
    codeword = deep_codeword(run.circuit, layout, run.parameters, run.zeta, run.batching, claimed, trees)
    word = run.deep_codeword()
    assert np.array_equal(codeword.transpose(0, 2, 1).reshape(5, run.size), word)
    assert not stark.interpolate(word, GENERATOR)[:, run.parameters.dimension - 1 :].any()


def test_folding_down_to_the_last_polynomial() -> None:
    run = literal()
    transcript = Transcript("zkpay/stark/v1")
    replay = stark.Transcript()
    word = run.deep_codeword()
    codeword = word.reshape(5, run.height, run.blowup).transpose(0, 2, 1).astype(np.uint32)
    layers, final = commit_layers(transcript, run.parameters, np.ascontiguousarray(codeword), check=True)
    shift = GENERATOR
    for number, arity in enumerate(run.parameters.arities):
        size = word.shape[1]
        fibres = word.reshape(5, arity, size // arity).transpose(2, 1, 0)
        tree = stark.Tree({size // arity: [stark.layer_leaf(number, fibre) for fibre in fibres]})
        assert layers[number].root == tree.root
        run_before, run.indices = run.indices, [0, 5, 5, size // arity - 1]
        assert open_layer(layers[number], run.indices) == run.open_layer(fibres, tree)
        run.indices = run_before
        replay.absorb(f"layer {number}", tree.root)
        word = stark.fold_word(word, arity, replay.extension(f"fold {number}"), shift)
        shift = pow(shift, arity, P)
    coefficients = stark.interpolate(word, shift)
    assert np.array_equal(final, coefficients[:, : run.parameters.final_length].T)
    assert not coefficients[:, run.parameters.final_length :].any()


def test_a_word_that_is_not_of_low_degree_is_noticed() -> None:
    run = literal()
    word = run.deep_codeword()
    word[:, 17] += 1
    codeword = np.ascontiguousarray(word.reshape(5, run.height, run.blowup).transpose(0, 2, 1) % P).astype(np.uint32)
    with pytest.raises(ValueError, match="not of low degree"):
        commit_layers(Transcript("test"), run.parameters, codeword, check=True)


def test_domains_of_tables_are_powers_of_the_tallest_ones() -> None:
    """The domain of a table r times shorter is {x^r}: shift g^r, not g."""
    points = stark.domain(256, GENERATOR)
    for ratio in (1, 2, 8):
        height = 32 // ratio
        for coset in range(8):
            expected = pow(int(points[coset]), ratio, P)
            assert coset_shift(height, ratio, 8, coset) == expected
