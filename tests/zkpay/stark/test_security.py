"""Proven bits: the published figures, and an independent calculation for the parameters that are in use."""

from dataclasses import replace
from typing import Any

import pytest

from tests.reference import stark_security
from zkpay.stark.security import Workload, johnson, unique_decoding


def workload(height: int, blowup: int, slack: float, queries: int) -> Workload:
    """The setting of the design review's table: 120 fractions a row of width 14, 2500 constraints, arity 8."""
    return Workload(
        height=height,
        dimension=int(height * (1 + slack)),
        domain=blowup * height,
        constraints=2500,
        fractions=120 * height,
        bus_width=14,
        sums=0,
        degree=4,
        arities=(8,) * 5,
        queries=queries,
        grinding_bits=20,
    )


def figures_of(work: Workload) -> dict[str, Any]:
    return {
        "height": work.height,
        "dimension": work.dimension,
        "domain": work.domain,
        "constraints": work.constraints,
        "fractions": work.fractions,
        "tuple_width": work.bus_width,
        "sums": work.sums,
        "arities": work.arities,
        "queries": work.queries,
        "grinding": work.grinding_bits,
    }


@pytest.mark.parametrize(
    ("log_height", "slack", "openings", "union", "weakest"),
    [
        (20, 1 / 32, 1500, 100.26, 100.86),
        (20, 1 / 32, 2300, 100.02, 100.86),
        (20, 1 / 32, 3500, 99.75, 100.4),
        (21, 1 / 32, 2300, 99.6, 100.4),
        (22, 1 / 32, 2300, 99.1, 99.85),
        # One set of queries for every slack would lose the level: 88 queries at blowup 4 (design review, finding 1).
        (16, 1 / 4, 2300, 92.2, 92.26),
        (16, 1 / 2, 2300, 80.6, 80.7),
        (16, 1, 2300, 62.4, 62.4),
    ],
)
def test_figures_of_the_review(log_height: int, slack: float, openings: int, union: float, weakest: float) -> None:
    """The review's figures are for powers of one batching challenge: the independent calculation meets them, and the
    program meets that (below). Weights of their own are worth a bit and more."""
    work = workload(1 << log_height, 4, slack, 88)
    figures = [
        stark_security.rounds(regime="johnson", m=m, openings=openings, **figures_of(work)) for m in range(3, 41)
    ]
    best = max(figures, key=stark_security.union)
    assert stark_security.union(best) == pytest.approx(union, abs=0.1)
    assert min(best.values()) == pytest.approx(weakest, abs=0.1)
    assert johnson(work).bits > union


@pytest.mark.parametrize(("slack", "bits"), [(1 / 4, 73.5), (1 / 2, 67.6), (1, 56.5)])
def test_unique_decoding_figures(slack: float, bits: float) -> None:
    assert unique_decoding(workload(1 << 16, 4, slack, 88)).bits == pytest.approx(bits, abs=0.1)


@pytest.mark.parametrize(
    ("log_height", "blowup", "slack", "queries"),
    [
        (16, 4, 1 / 32, 84),
        (20, 4, 1 / 32, 85),
        (21, 4, 1 / 32, 86),
        (22, 4, 1 / 32, 86),
        (16, 4, 1 / 4, 98),
        (16, 4, 1 / 2, 117),
        (16, 4, 1, 166),
        (16, 8, 1 / 2, 68),
        (16, 8, 1, 82),
    ],
)
def test_queries_for_100_bits(log_height: int, blowup: int, slack: float, queries: int) -> None:
    assert johnson(workload(1 << log_height, blowup, slack, queries)).bits >= 100
    assert johnson(workload(1 << log_height, blowup, slack, queries - 1)).bits < 100


@pytest.mark.parametrize("regime", ["johnson", "unique-decoding"])
@pytest.mark.parametrize("log_height", [10, 14, 20])
@pytest.mark.parametrize(("blowup", "slack"), [(4, 1 / 32), (8, 1 / 2), (16, 1 / 2)])
def test_every_round_equals_the_independent_calculation(
    regime: str, log_height: int, blowup: int, slack: float
) -> None:
    work = workload(1 << log_height, blowup, slack, 77)
    security = johnson(work) if regime == "johnson" else unique_decoding(work)
    expected = stark_security.rounds(regime=regime, m=security.multiplicity, **figures_of(work))
    assert dict(security.rounds) == pytest.approx(expected, abs=1e-6)
    assert security.bits == pytest.approx(stark_security.union(expected), abs=1e-6)
    assert security.weakest == pytest.approx(min(expected.values()), abs=1e-6)
    assert security.bits <= security.weakest


def test_lookups_and_lifting_are_counted() -> None:
    """Each term that a proof has more of costs bits in its own round (design review, finding 7)."""
    base = workload(1 << 20, 4, 1 / 32, 88)
    heavier = {
        "buses": replace(base, fractions=4 * base.fractions),
        "constraints": replace(base, constraints=4 * base.constraints),
        "folding": replace(base, arities=base.arities * 4),
        "queries": replace(base, queries=base.queries - 1),
    }
    for name, work in heavier.items():
        # At one and the same proximity parameter, every other round stays.
        before, after = (dict(unique_decoding(each).rounds) for each in (base, work))
        assert after[name] < before[name]
        assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}
    # The list size of the Johnson regime stands in the algebraic rounds, LogUp included: 124.0 becomes 118.8.
    assert dict(unique_decoding(base).rounds)["buses"] == pytest.approx(124.0, abs=0.1)
    assert dict(johnson(base).rounds)["buses"] == pytest.approx(118.8, abs=0.1)
