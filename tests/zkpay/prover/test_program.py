"""The three readings of an expression agree: the prover's program, the verifier's point reader, row by row."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import stark
from tests.reference.stark_prover import RowReader
from zkpay.kernels.program import evaluate_rows, fold_constraints
from zkpay.prover.program import bus_program, constraint_program
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table, Where
from zkpay.stark.expression import Expression, Public, constant, linear, read
from zkpay.stark.field import P, ext
from zkpay.stark.protocol import BusChallenges, denominator, powers_of
from zkpay.verifier.constraints import _PointReader

ROWS = 1100  # more than two blocks of the kernel, and not a multiple of one
PUBLICS = {"a": 5, "b": P - 2}
BUS = Bus("bus", 3, 2)

EDGES = st.sampled_from([0, 1, 2, P - 1, P - 2, (P - 1) // 2, 1 << 30])
CONSTANTS = st.one_of(st.integers(-(2**70), 2**70), EDGES, EDGES.map(lambda value: -value))


def table_of() -> tuple[Table, list[Expression], np.ndarray]:
    """An empty table with three main and one preprocessed column; its leaves."""
    table = Table("t")
    leaves: list[Expression] = []
    for name in ("x", "y", "z"):
        column = table.column(name)
        leaves += [column, column.next]
    fixed = np.random.default_rng(8).integers(0, P, ROWS)
    fixed[:4] = [0, 1, P - 1, P - 2]
    leaves.append(table.preprocessed_column("k", fixed))
    return table, leaves, fixed


def expressions(leaves: list[Expression]) -> st.SearchStrategy[Expression]:
    simple = st.one_of(st.sampled_from(leaves), CONSTANTS.map(constant), st.sampled_from([Public("a"), Public("b")]))

    def grow(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        coefficients: Any = st.one_of(CONSTANTS, st.sampled_from([Public("a"), Public("b")]))
        sums = st.tuples(st.lists(st.tuples(coefficients, children), max_size=5), CONSTANTS)
        products = st.tuples(children, children)
        return st.one_of(
            sums.map(lambda parts: linear(parts[0], parts[1])),
            products.map(lambda pair: pair[0] * pair[1] if pair[0].degree + pair[1].degree <= 3 else pair[0]),
        )

    return st.recursive(simple, grow, max_leaves=12)


TABLE, LEAVES, FIXED = table_of()


def circuit_of(table: Table) -> Circuit:
    # Heights are of no concern here; the kernel takes any number of rows.
    return Circuit((PlacedTable(table, 2048),), PUBLICS, (), {"s": 0})


def columns(seed: int, width: int = 3) -> np.ndarray:
    values = np.random.default_rng(seed).integers(0, P, (width, ROWS))
    values[:, :3] = [0, 1, P - 1]
    values[:, -1] = P - 1
    return values.astype(np.uint32)


def random_extension(generator: np.random.Generator) -> stark.Extension:
    return stark.as_extension(generator.integers(0, P, 5).tolist())


def challenges_of(seed: int) -> BusChallenges:
    generator = np.random.default_rng(seed)
    return BusChallenges(
        random_extension(generator), powers_of(random_extension(generator), 5), (random_extension(generator),)
    )


def reader_of(main: np.ndarray) -> RowReader:
    rows = main.astype(np.int64)
    return RowReader(rows, np.roll(rows, -1, axis=1), FIXED[None, :], PUBLICS)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(list(Where)), expressions(LEAVES)), min_size=1, max_size=6), st.data())
def test_folded_constraints(chosen: list[tuple[Where, Expression]], data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 1 << 30))
    generator = np.random.default_rng(seed)
    table = Table("t")
    table.columns, table.preprocessed = TABLE.columns, TABLE.preprocessed
    table.preprocessed_values = TABLE.preprocessed_values
    for number, (where, expression) in enumerate(chosen):
        if expression.degree > 2 and where in (Where.FIRST, Where.LAST):
            where = Where.EVERY
        getattr(table, str(where))(f"constraint {number}", expression)
    main, selectors = columns(seed), generator.integers(0, P, (4, ROWS)).astype(np.uint32)
    selectors[0] = 1
    weights = [random_extension(generator) for _ in chosen]
    empty = np.zeros((0, ROWS), dtype=np.uint32)
    program = constraint_program(circuit_of(table), table, 1, challenges_of(1), weights, (9, 9, 9, 9, 9))
    folded = fold_constraints(program, main, FIXED[None, :].astype(np.uint32), empty, selectors)
    expected = np.zeros((5, ROWS), dtype=np.int64)
    reader = reader_of(main)
    memory: dict[Expression, np.ndarray] = {}
    for constraint, weight in zip(table.constraints, weights, strict=True):
        value = read(constraint.expression, reader, memory)
        factor = selectors[list(Where).index(constraint.where)].astype(np.int64)
        expected = (expected + stark.columns(weight, ROWS) * (value * factor % P)) % P
    assert np.array_equal(folded, expected)


@given(expressions(LEAVES), st.integers(0, 1 << 30), st.integers(0, ROWS - 1))
def test_point_reader_equals_the_rows(expression: Expression, seed: int, row: int) -> None:
    """A row of base values is a point, too: both readings give the same number."""
    main = columns(seed).astype(np.int64)
    point = _PointReader(
        main=[ext(int(value)) for value in main[:, row]],
        following={k: ext(int(main[k, (row + 1) % ROWS])) for k in range(3)},
        preprocessed=[ext(int(FIXED[row]))],
        publics=PUBLICS,
    )
    assert read(expression, point, {}) == ext(int(read(expression, reader_of(main), {})[row]))


@given(expressions(LEAVES), expressions(LEAVES), st.integers(0, 1 << 30))
def test_point_reader_respects_sums_and_products(left: Expression, right: Expression, seed: int) -> None:
    """At extension points: reading is a ring homomorphism from expressions to the challenge field."""
    generator = np.random.default_rng(seed)
    values = [random_extension(generator) for _ in range(7)]
    reader = _PointReader(values[:3], dict(enumerate(values[3:6])), values[6:], PUBLICS)
    a, b = read(left, reader, {}), read(right, reader, {})
    assert read(left + right, reader, {}) == stark.add(a, b)
    assert read(left - right, reader, {}) == stark.sub(a, b)
    assert read(left * right, reader, {}) == stark.mul(a, b)
    assert read(linear([(Public("b"), left), (-3, right)], 7), reader, {}) == stark.add(
        stark.sub(stark.scale(a, PUBLICS["b"]), stark.scale(b, 3)), (7, 0, 0, 0, 0)
    )


@settings(max_examples=25)
@given(st.data())
def test_helpers_and_row_sums(data: st.DataObject) -> None:
    """Helpers that the bus program stores, for up to 20 interactions, and each row's sum of them and of sums."""
    seed = data.draw(st.integers(0, 1 << 30))
    table = Table("t")
    table.columns, table.preprocessed = TABLE.columns, TABLE.preprocessed
    table.preprocessed_values = TABLE.preprocessed_values
    some = [data.draw(expressions(LEAVES).filter(lambda expression: expression.degree <= 2)) for _ in range(4)]
    weights = [data.draw(expressions(LEAVES).filter(lambda expression: expression.degree <= 3)) for _ in range(3)]
    weights.append(constant(1))
    for number in range(data.draw(st.sampled_from([1, 2, 3, 4, 20]))):
        width = data.draw(st.integers(1, 4))
        payload = [data.draw(st.sampled_from([*some, *LEAVES, constant(7)])) for _ in range(width)]
        weight = data.draw(st.sampled_from([*weights, LEAVES[0]]))
        bus = Bus(f"bus of {width}", width, width)
        getattr(table, data.draw(st.sampled_from(["send", "receive"])))(bus, f"term {number}", payload, weight)
    table.sum("s", "one", data.draw(expressions(LEAVES)))
    table.sum("s", "two", data.draw(expressions(LEAVES)))
    circuit, challenges, main = circuit_of(table), challenges_of(seed), columns(seed)
    program = bus_program(circuit, table, challenges)
    helpers = np.empty((program.outputs, ROWS), dtype=np.uint32)
    row_sums = evaluate_rows(program, main, FIXED[None, :].astype(np.uint32), helpers)
    assert len(helpers) == 5 * len(table.helpers)
    reader = reader_of(main)
    memory: dict[Expression, np.ndarray] = {}
    for row in (0, 1, 2, 511, 512, ROWS - 1):
        terms = [int(read(term.expression, reader, memory)[row]) for term in table.sums]
        row_sum = stark.scale(challenges.delta_powers[0], sum(terms))
        for number, group in enumerate(table.helpers):
            expected = stark.as_extension([0] * 5)
            for each in group:
                payload_values = [ext(int(read(entry, reader, memory)[row])) for entry in each.payload]
                own = denominator(challenges, each.bus.identifier, payload_values)
                multiplicity = each.sign * int(read(each.multiplicity, reader, memory)[row])
                expected = stark.add(expected, stark.scale(stark.inverse(own), multiplicity))
            assert stark.as_extension(helpers[5 * number : 5 * number + 5, row].tolist()) == expected
            row_sum = stark.add(row_sum, expected)
        assert stark.as_extension(row_sums[:, row].tolist()) == row_sum


@settings(max_examples=25)
@given(st.data())
def test_helper_constraints(data: st.DataObject) -> None:
    """The folded constraint of helpers that are random columns, with their share of the accumulator's."""
    seed = data.draw(st.integers(0, 1 << 30))
    generator = np.random.default_rng(seed)
    table = Table("t")
    table.columns, table.preprocessed = TABLE.columns, TABLE.preprocessed
    table.preprocessed_values = TABLE.preprocessed_values
    entries = [*LEAVES, linear([(3, LEAVES[0]), (-1, LEAVES[2])], 5), constant(P - 1)]
    for number in range(data.draw(st.integers(1, 8))):
        width = data.draw(st.integers(1, 4))
        payload = [data.draw(st.sampled_from(entries)) for _ in range(width)]
        weight = data.draw(st.sampled_from([constant(1), LEAVES[4], linear([(1, LEAVES[2]), (2, LEAVES[4])], 1)]))
        bus = Bus(f"bus of {width}", width, width)
        getattr(table, data.draw(st.sampled_from(["send", "receive"])))(bus, f"term {number}", payload, weight)
    table.sum("s", "one", data.draw(expressions(LEAVES)))
    circuit, challenges, main = circuit_of(table), challenges_of(seed), columns(seed)
    weights = [random_extension(generator) for _ in table.helpers]
    accumulator_weight = random_extension(generator)
    auxiliary = columns(seed + 1, 5 * len(table.helpers))
    selectors = np.ones((4, ROWS), dtype=np.uint32)
    program = constraint_program(circuit, table, 4, challenges, weights, accumulator_weight)
    folded = fold_constraints(program, main, FIXED[None, :].astype(np.uint32), auxiliary, selectors)
    reader = reader_of(main)
    memory: dict[Expression, np.ndarray] = {}
    share = stark.scale(accumulator_weight, -pow(4, -1, P))
    for row in (0, 1, 2, 511, 512, ROWS - 1):
        total = stark.scale(challenges.delta_powers[0], int(read(table.sums[0].expression, reader, memory)[row]))
        expected = stark.mul(share, total)
        for number, group in enumerate(table.helpers):
            helper = stark.as_extension(auxiliary[5 * number : 5 * number + 5, row].tolist())
            bottoms = []
            for each in group:
                payload_values = [ext(int(read(entry, reader, memory)[row])) for entry in each.payload]
                bottoms.append(denominator(challenges, each.bus.identifier, payload_values))
            value = helper
            for bottom in bottoms:
                value = stark.mul(value, bottom)
            for own, each in enumerate(group):
                top = ext(each.sign * int(read(each.multiplicity, reader, memory)[row]))
                for other, bottom in enumerate(bottoms):
                    top = top if other == own else stark.mul(top, bottom)
                value = stark.sub(value, top)
            expected = stark.add(expected, stark.add(stark.mul(weights[number], value), stark.mul(share, helper)))
        assert stark.as_extension(folded[:, row].tolist()) == expected


def test_a_zero_denominator_is_named() -> None:
    """A fraction over zero has no helper: the block of rows is told, and no column leaves."""
    table = Table("t")
    table.send(BUS, "term", [table.column("x"), 0])
    circuit, challenges = circuit_of(table), challenges_of(3)
    # gamma + x + beta^4 * 3 is not 0 for any x, with random challenges: make it so for x = 7.
    identifier = stark.scale(challenges.beta_powers[-1], BUS.identifier)
    gamma = stark.scale(stark.add(stark.scale(challenges.beta_powers[0], 7), identifier), -1)
    zero = BusChallenges(gamma, challenges.beta_powers, challenges.delta_powers)
    main = np.zeros((1, ROWS), dtype=np.uint32)
    program = bus_program(circuit, table, zero)
    helpers = np.empty((5, ROWS), dtype=np.uint32)
    evaluate_rows(program, main, [], helpers)
    main[0, 800] = 7
    with pytest.raises(ZeroDivisionError, match="index 512 "):
        evaluate_rows(program, main, [], helpers)


@pytest.mark.parametrize("period", [1, 2, 16, 100, 512, 1024, 4096])
def test_preprocessed_columns_may_be_periodic(period: int) -> None:
    """A short column is repeated; 1200 rows are no multiple of most periods, nor of a block."""
    rows = 1200
    table = Table("t")
    table.column("x")
    column = table.preprocessed_column("k", [0])
    table.every("constraint", column * column * column)
    fixed = np.random.default_rng(period).integers(0, P, period).astype(np.uint32)
    fixed[0] = P - 1
    program = constraint_program(circuit_of(table), table, 1, challenges_of(1), [(1, 0, 0, 0, 2)], (0, 0, 0, 0, 0))
    ones, empty = np.ones((4, rows), dtype=np.uint32), np.zeros((0, rows), dtype=np.uint32)
    folded = fold_constraints(program, np.zeros((1, rows), dtype=np.uint32), [fixed], empty, ones)
    cubes = np.array([pow(int(value), 3, P) for value in np.resize(fixed, rows)])
    assert np.array_equal(folded, [cubes, 0 * cubes, 0 * cubes, 0 * cubes, 2 * cubes % P])


@pytest.mark.parametrize("value", [0, 1, P - 1])
@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9, 47])
def test_long_sums_of_extreme_values(count: int, value: int) -> None:
    """Where every factor of every term is largest, the 64-bit totals come nearest to their bounds."""
    table = Table("t")
    leaves = [table.column(f"x{k}") for k in range(count)]
    # Stored weights are multiplied by 2^32: these make the stored ones P - 1, and the first sum a product's factor.
    extreme = (P - 1) * pow(2, -32, P) % P
    inner = linear([(extreme * (k + 1), leaf) for k, leaf in enumerate(leaves)], P - 1)
    table.every("product", inner * inner)
    table.every("cube", inner * inner * inner)
    for k, leaf in enumerate(leaves):
        table.every(f"constraint {k}", leaf * leaf * leaf)
    weights = [(extreme,) * 5] * (count + 2)
    program = constraint_program(circuit_of(table), table, 1, challenges_of(1), weights, (0, 0, 0, 0, 0))
    main = np.full((count, ROWS), value, dtype=np.uint32)
    ones, empty = np.ones((4, ROWS), dtype=np.uint32), np.zeros((0, ROWS), dtype=np.uint32)
    folded = fold_constraints(program, main, [], empty, ones)
    total = sum(extreme * (k + 1) * value for k in range(count)) + P - 1
    expected = (total**2 + total**3 + count * value**3) * extreme % P
    assert (folded == expected).all()


def test_constants_of_a_table_without_columns_read() -> None:
    """A constraint that reads nothing, one instruction short of empty, still has its value on every row."""
    table = Table("t")
    table.column("x")
    table.every("constant", linear([], 3))
    program = constraint_program(circuit_of(table), table, 1, challenges_of(1), [(2, 0, 0, 0, 1)], (0, 0, 0, 0, 0))
    empty = np.zeros((0, ROWS), dtype=np.uint32)
    selectors = np.ones((4, ROWS), dtype=np.uint32)
    folded = fold_constraints(program, columns(1, 1), empty, empty, selectors)
    assert (folded == np.array([6, 0, 0, 0, 3])[:, None]).all()
