"""The kernels that depend on a circuit: the constraint program and out-of-domain evaluation. Run with `make bench`.

Random values do as well as a witness: the kernel's work does not depend on them.
"""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.sample import POLICY_TEXT
from zkpay.kernels.extension import powers
from zkpay.kernels.opening import evaluate_at
from zkpay.kernels.program import evaluate_rows, fold_constraints
from zkpay.policy.policy import parse_policy
from zkpay.prover.program import bus_program, constraint_program
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import P
from zkpay.stark.protocol import BusChallenges, constraint_count, powers_of
from zkpay.stark.statement import Statement

SEED = 1
LOG_ROWS = 14
POINT = (3, 1, 4, 1, 5)


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    """The payout circuit of the sample policy for 2^14 records and accounts."""
    policy = parse_policy(POLICY_TEXT.encode(), "sample")
    count = 1 << LOG_ROWS
    return build_circuit(
        policy,
        Statement(
            circuit_digest=bytes(32),
            policy_digest=policy.digest,
            origin="bench",
            epoch="bench",
            commitment_digest=bytes(32),
            contribution_root=(0,) * 8,
            contribution_count=count,
            counts=tuple((name, 0 if code else count) for code, name in policy.rules.usable_reasons.items()),
            payout_root=(0,) * 8,
            account_count=count,
            pool=policy.pool,
            paid=0,
            dust=policy.pool,
            totals=tuple((text, 1) for text in policy.formula.totals),
        ),
    )


def table_of(circuit: Circuit, name: str) -> PlacedTable:
    return next(item for item in circuit.placed if item.table.name == name)


def challenges(circuit: Circuit) -> BusChallenges:
    return BusChallenges(POINT, powers_of(POINT, circuit.bus_width + 1), powers_of(POINT, len(circuit.sum_targets)))


def elements(*shape: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(0, P, shape).astype(np.uint32)


@pytest.mark.parametrize(
    "name",
    ["contributions", "contribution_nodes", "tally", "payouts"],
    ids=lambda name: f"{name}-2^{LOG_ROWS}-seed{SEED}",
)
def test_fold_constraints(benchmark: BenchmarkFixture, circuit: Circuit, name: str) -> None:
    item = table_of(circuit, name)
    weights = powers_of(POINT, constraint_count(item.table))
    program = constraint_program(circuit, item.table, 1, challenges(circuit), weights, POINT)
    main, auxiliary = elements(item.table.width, item.height), elements(5 * len(item.table.helpers), item.height)
    selectors, preprocessed = elements(4, item.height), elements(len(item.table.preprocessed), item.height)
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: fold_constraints(program, main, preprocessed, auxiliary, selectors), rounds=5, warmup_rounds=1
    )
    benchmark.extra_info["instructions a row"] = len(program.instructions)


def test_evaluate_rows(benchmark: BenchmarkFixture, circuit: Circuit) -> None:
    item = table_of(circuit, "contributions")
    program = bus_program(circuit, item.table, challenges(circuit))
    main, preprocessed = elements(item.table.width, item.height), elements(0, item.height)
    helpers = np.empty((program.outputs, item.height), dtype=np.uint32)
    benchmark.pedantic(lambda: evaluate_rows(program, main, preprocessed, helpers), rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("width", [16, 256], ids=lambda width: f"{width}x2^{LOG_ROWS}-seed{SEED}")
def test_evaluate_at(benchmark: BenchmarkFixture, width: int) -> None:
    coefficients, point_powers = elements(width, 1 << LOG_ROWS), powers(POINT, 1 << LOG_ROWS)
    benchmark.pedantic(lambda: evaluate_at(coefficients, point_powers), rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call]
