"""The counts behind the floor report, against counts by hand for small tables and the toy circuit."""

import pytest

from tests.reference.toy import toy
from zkpay.epoch.prove import STAGES
from zkpay.measure.circuits import circuit_for
from zkpay.measure.floor import Step, hashing_steps, proof_steps
from zkpay.measure.operations import constraint_work, division_work, fraction_work
from zkpay.measure.tables import stage_floors
from zkpay.measure.work import (
    EXTENSION_PRODUCT,
    KECCAK_WORD_OPERATIONS,
    Ceilings,
    Work,
    butterflies,
    poseidon,
)
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.presets import preset
from zkpay.prover.prove import STAGES as PROVER_STAGES
from zkpay.stark.air import Bus, Table
from zkpay.stark.parameters import PROFILES, Parameters, derive

SLOW = Ceilings(products=10, additions=20, accumulations=40, word_operations=80, read_bytes=100, copy_bytes=50)


def test_a_floor_is_the_longer_of_computing_and_moving() -> None:
    computing = Work(products=10, additions=20, accumulations=40, word_operations=80)
    assert computing.seconds(SLOW) == 4
    assert Work(bytes_read=300).seconds(SLOW) == 3  # nothing written: at the rate of reading
    assert Work(bytes_read=100, bytes_written=100).seconds(SLOW) == 4
    both = computing + Work(bytes_read=100, bytes_written=300)
    assert (both.computing_seconds(SLOW), both.moving_seconds(SLOW), both.seconds(SLOW)) == (4, 8, 8)
    assert both.times(2).seconds(SLOW) == 16


def test_work_and_ceilings_survive_json() -> None:
    work = Work(products=3, bytes_written=8)
    assert work.as_json() == {"products": 3, "bytes_written": 8}
    assert Work(**work.as_json()) == work
    assert Ceilings.from_json(SLOW.as_json()) == SLOW


def test_butterflies_of_a_transform_of_eight() -> None:
    # 3 stages of 4 butterflies, two columns.
    assert butterflies(2, 8) == Work(products=18, additions=48)
    assert butterflies(7, 1) == Work()


def test_a_poseidon_permutation_of_width_sixteen() -> None:
    found = poseidon(16, 20)
    # Eight full rounds and one dense matrix of 16 x 16; 20 sparse ones of one row and one column.
    assert found.accumulations == 9 * 256 + 20 * 16
    # A cube is two products, a row's reduction one.
    assert found.products == 8 * (32 + 16) + 16 + 20 * (2 + 1 + 15)


def test_constraints_of_a_small_table_by_hand() -> None:
    table = Table("small")
    a, b, c = table.column("a"), table.column("b"), table.column("c")
    table.every("product", a * b - c)  # one product; weighs a * b and c
    table.every("again", c - 3 * a)  # weighs a; c is weighed already
    table.transition("step", c.next - c - 1)  # weighs c and its next row under another selector
    table.every("scaled", (2 * a + 5 * b) * c - a)  # a sum of two scaled terms, one reduction; a product
    weighed, selectors = 6, 1
    assert constraint_work(table) == Work(
        products=1 + (1 + 1) + 5 * selectors, accumulations=5 * weighed + 2, additions=5 * selectors
    )
    assert fraction_work(table) == Work()
    assert division_work(table) == Work()


def test_buses_of_a_small_table_by_hand() -> None:
    table = Table("small")
    a, b = table.column("a"), table.column("b")
    bus = Bus("pairs", 1, 2)
    table.send(bus, "one", [a, 7], b)
    table.send(bus, "two", [a, b])
    assert [len(group) for group in table.helpers] == [2]
    # Payload entries that aren't constants take a power of beta each; denominators are reduced once.
    denominators = Work(accumulations=5 * 3, products=5 * 2)
    # m1 * D2 + D1 * m2 with m1 and m2 in the base field, and D1 * D2.
    combined = Work(products=5 + 5, additions=5) + EXTENSION_PRODUCT
    assert fraction_work(table) == denominators + combined
    assert division_work(table) == EXTENSION_PRODUCT.times(4)
    helper = EXTENSION_PRODUCT.times(2) + Work(additions=10)
    assert constraint_work(table) == denominators + combined + helper


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return derive(PROFILES["default"], toy().circuit)


@pytest.fixture(scope="module")
def steps(parameters: Parameters) -> dict[tuple[str, str], Work]:
    found = proof_steps(toy().circuit, parameters)
    by_name = {(step.stage, step.name): step.work for step in found}
    assert len(by_name) == len(found)
    return by_name


def test_committing_the_toy(steps: dict[tuple[str, str], Work], parameters: Parameters) -> None:
    shapes = [(item.table.width, item.height) for item in toy().circuit.placed]
    (width, tall), (_, middle), (_, short) = shapes
    blowup = parameters.blowup
    assert [height for _, height in shapes] == [4096, 2048, 1024]
    hashed = steps["commit trace", "main rows: hash"]
    # Rows of up to 27 elements fit one permutation with prefix and salt.
    assert all(columns <= 27 for columns, _ in shapes)
    assert hashed.word_operations == KECCAK_WORD_OPERATIONS * blowup * (tall + middle + short)
    assert hashed.bytes_read == blowup * sum(height * (16 + 4 * columns) for columns, height in shapes)
    # A binary tree over the tallest group's rows; each row of the others joins by one more permutation.
    joined = blowup * tall - 1 + blowup * (middle + short)
    assert steps["commit trace", "main tree: hash"].word_operations == KECCAK_WORD_OPERATIONS * joined
    extended = steps["commit trace", "main columns: extend"]
    # Of the first table alone: 12 stages of 2048 butterflies for each column and coset.
    assert extended.additions >= 2 * blowup * width * 12 * 2048
    assert extended.additions == blowup * steps["commit trace", "main columns: interpolate"].additions
    assert extended.bytes_written == 4 * blowup * sum(columns * height for columns, height in shapes)


def test_quotient_openings_and_folding_of_the_toy(steps: dict[tuple[str, str], Work], parameters: Parameters) -> None:
    placed = toy().circuit.placed
    constraints = steps["quotient", "constraints"]
    expected = sum(constraint_work(item.table).products * item.height for item in placed)
    assert constraints.products == parameters.quotient_cosets * expected
    opened = sum(
        (item.table.width + 5 * len(item.table.helpers) + len(item.table.next_row_columns))
        * (item.height + parameters.mask_length)
        for item in placed
    )
    # Accumulator here and on the next row, and three chunks of the quotient, five columns each.
    opened += 5 * (2 + 3) * parameters.dimension
    assert steps["openings", "out of the domain"].accumulations == 5 * opened
    # Fibres of 8, 4 and 2 have 40, 20 and 10 elements: two permutations or one. A tree has one node less than leaves.
    permutations, size = 0, parameters.domain
    for arity in parameters.arities:
        size //= arity
        permutations += size * {8: 2, 4: 1, 2: 1}[arity] + size - 1
    assert steps["folding", "layers: hash"].word_operations == KECCAK_WORD_OPERATIONS * permutations
    assert steps["queries", "grind, on average"].word_operations == KECCAK_WORD_OPERATIONS << 20


def test_floors_belong_to_stages_that_prove_tells() -> None:
    policy = parse_policy(preset("pro-rata").text.encode(), "pro-rata")
    circuit = circuit_for(policy, 1000, 50)
    found = [*hashing_steps(policy, circuit, 1000, 50), *proof_steps(circuit, derive(PROFILES["default"], circuit))]
    stages = {step.stage for step in found}
    assert stages <= set(STAGES)
    assert set(PROVER_STAGES) <= stages
    # A record is one leaf; its tree has 1000 leaves and 500 + 250 + 125 + 63 + 32 + 16 + 8 + 4 + 2 + 1 nodes.
    opened = next(step.work for step in found if step.stage == "open epoch")
    assert opened == poseidon(24, 23).times(1000) + poseidon(16, 20).times(1001)


def test_a_stage_adds_its_steps_up() -> None:
    steps = [Step("a", "one", Work(products=10)), Step("a", "two", Work(bytes_read=400)), Step("b", "x", Work())]
    case = {"steps": [step.as_json() for step in steps]}
    assert stage_floors(case, SLOW) == {"a": (1.0, 4.0), "b": (0.0, 0.0)}
