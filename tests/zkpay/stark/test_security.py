"""Proven bits: an independent calculation for the parameters that are in use, and what each number costs."""

from dataclasses import replace
from math import log2
from typing import Any

import pytest

from tests.reference import stark_security
from zkpay.stark.security import Security, Workload, johnson, unique_decoding


def workload(height: int, blowup: int, slack: float, queries: int) -> Workload:
    """A circuit of 120 fractions a row of width 14 and 2500 constraints, folded by 8."""
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


def bits_of(security: Security) -> dict[str, float]:
    return {each.name: each.bits for each in security.rounds}


@pytest.mark.parametrize(("slack", "bits"), [(1 / 4, 73.5), (1 / 2, 67.6), (1, 56.5)])
def test_unique_decoding_figures(slack: float, bits: float) -> None:
    """One set of queries for every slack would lose the level (design review, finding 1)."""
    assert unique_decoding(workload(1 << 16, 4, slack, 88)).bits == pytest.approx(bits, abs=0.1)


@pytest.mark.parametrize(("slack", "bits"), [(1 / 4, 93.0), (1 / 2, 81.5), (1, 63.2)])
def test_johnson_figures(slack: float, bits: float) -> None:
    """Likewise up to the Johnson radius: queries alone decide there."""
    assert johnson(workload(1 << 16, 4, slack, 88)).bits == pytest.approx(bits, abs=0.1)


@pytest.mark.parametrize(
    ("log_height", "blowup", "slack", "queries"),
    [
        (16, 4, 1 / 32, 84),
        (20, 4, 1 / 32, 85),
        (21, 4, 1 / 32, 85),
        (22, 4, 1 / 32, 86),
        (16, 4, 1 / 4, 98),
        (16, 4, 1 / 2, 116),
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
@pytest.mark.parametrize("arities", [(8, 8, 4), (2, 2, 8), (4, 2)])
def test_every_round_equals_the_independent_calculation(
    regime: str, log_height: int, blowup: int, slack: float, arities: tuple[int, ...]
) -> None:
    work = replace(workload(1 << log_height, blowup, slack, 77), arities=arities)
    security = johnson(work) if regime == "johnson" else unique_decoding(work)
    expected = stark_security.rounds(regime=regime, m=security.multiplicity, **figures_of(work))
    assert bits_of(security) == pytest.approx(expected, abs=1e-6)
    assert security.bits == pytest.approx(stark_security.union(expected), abs=1e-6)
    assert security.weakest == pytest.approx(min(expected.values()), abs=1e-6)
    assert security.bits <= security.weakest
    # Every round says where its bound is from: a paper's number, and the paragraph if there is one of ours.
    assert all("eprint 20" in each.source for each in security.rounds)


def test_lookups_and_lifting_are_counted() -> None:
    """Each term that a proof has more of costs bits in its own round (design review, finding 7)."""
    base = workload(1 << 20, 4, 1 / 32, 88)
    heavier = {
        "buses": replace(base, fractions=4 * base.fractions),
        "constraints": replace(base, constraints=4 * base.constraints),
        "out-of-domain": replace(base, degree=4 * base.degree),
        "queries": replace(base, queries=base.queries - 1),
    }
    for name, work in heavier.items():
        # At one and the same proximity parameter, every other round stays.
        before, after = (bits_of(unique_decoding(each)) for each in (base, work))
        assert after[name] < before[name]
        assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}
    # The list size of the Johnson regime stands in the algebraic rounds, LogUp included: 124.0 becomes 118.8.
    assert bits_of(unique_decoding(base))["buses"] == pytest.approx(124.0, abs=0.1)
    assert bits_of(johnson(base))["buses"] == pytest.approx(118.8, abs=0.3)
    assert bits_of(johnson(base))["constraints"] < bits_of(unique_decoding(base))["constraints"] - 5


def test_a_fold_by_more_costs_more_in_its_own_round() -> None:
    base = replace(workload(1 << 20, 4, 1 / 32, 88), arities=(2, 2, 2))
    for arity in (4, 8):
        before, after = (bits_of(unique_decoding(each)) for each in (base, replace(base, arities=(2, 2, arity))))
        assert after["folding 3"] == pytest.approx(before["folding 3"] - log2((arity - 1) / (arity / 2)), abs=1e-9)
        assert [after[f"folding {k}"] for k in (1, 2)] == [before[f"folding {k}"] for k in (1, 2)]


@pytest.mark.parametrize("regime", ["johnson", "unique-decoding"])
def test_sums_are_counted_like_fractions(regime: str) -> None:
    """Each is one more term that a challenge folds: beside few fractions, the sums can be seen in the round."""
    work = replace(workload(1 << 12, 8, 1 / 2, 77), fractions=3, sums=40)
    security = johnson(work) if regime == "johnson" else unique_decoding(work)
    expected = stark_security.rounds(regime=regime, m=security.multiplicity, **figures_of(work))
    assert bits_of(security) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("queries", "multiplicity"), [(1, 80), (100_000, 3)])
def test_proximity_parameters_are_tried_from_3_to_80(queries: int, multiplicity: int) -> None:
    """SPEC §6.2. Few queries are best served close to the Johnson radius, many far from it; the ends belong to it."""
    work = workload(1 << 16, 4, 1 / 32, queries)
    assert johnson(work).multiplicity == multiplicity
    beyond = {m: rounds_at(work, m) for m in (3, 4, 79, 80)}
    assert max(beyond, key=lambda m: beyond[m]) == multiplicity


def rounds_at(work: Workload, m: int) -> float:
    return stark_security.union(stark_security.rounds(regime="johnson", m=m, **figures_of(work)))


def test_unique_decoding_has_no_multiplicity() -> None:
    """A proof's parameters say 0 there, and are hashed so."""
    assert unique_decoding(workload(1 << 16, 4, 1 / 32, 88)).multiplicity == 0


def test_a_round_without_exceptions_has_the_bits_of_the_field() -> None:
    """And not more: what no challenge fails to show is still counted as one challenge."""
    base = workload(1 << 16, 4, 1 / 32, 88)
    for work in (replace(base, fractions=0), replace(base, fractions=0, sums=1)):
        assert bits_of(unique_decoding(work))["buses"] == pytest.approx(5 * log2(2**31 - 2**24 + 1), abs=1e-9)
    assert bits_of(unique_decoding(replace(base, constraints=1)))["constraints"] == pytest.approx(
        5 * log2(2**31 - 2**24 + 1), abs=1e-9
    )
