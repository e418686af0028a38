"""Our formulas against figures that others published, for their parameters (tests/data/soundcalc).

Where zkpay's calculator is the more careful one: the list size stands in the bus round too, which soundcalc's LogUp
leaves out; radius and lists are those of dimension K + 2, for the lifting check; `bits` is the union of all rounds in
place of the smallest one. Where it claims more: a weight of its own for each opening makes batching cost a line, where
powers of one challenge cost a curve (SPEC §4.6, Lemma 2); soundcalc's linear batching does the same.
"""

import json
from fractions import Fraction
from math import log2, prod
from pathlib import Path
from typing import Any

import pytest

from tests.reference import stark_security
from zkpay.stark.security import EXTENSION_BITS, Workload, johnson, johnson_exceptions, unique_decoding

FIGURES = json.loads((Path(__file__).parents[2] / "data" / "soundcalc" / "figures.json").read_text())
TOLERANCE = 0.1
"""They round m up in floating point, which may make 100 into 101."""


def near(bits: float, published: int) -> bool:
    """Published bits are rounded down."""
    return published - TOLERANCE <= bits < published + 1 + TOLERANCE


def their_bits(figures: dict[str, Any]) -> float:
    return figures["extension"] * log2(figures["prime"])


def folded_points(figures: dict[str, Any]) -> list[int]:
    points = (1 << figures["log_rows"]) * figures["rate"][1] // figures["rate"][0]
    return [points // prod(figures["arities"][: k + 1]) for k in range(len(figures["arities"]))]


def workload(figures: dict[str, Any]) -> Workload:
    """Their parameters in our terms. Columns and constraints stay out: no round that is compared counts them."""
    numerator, denominator = figures["rate"]
    rows = 1 << figures["log_rows"]
    return Workload(
        height=rows,
        # Ours adds 2 for the lifting check, theirs has none.
        dimension=rows - 2,
        domain=rows * denominator // numerator,
        constraints=1,
        fractions=1,
        bus_width=1,
        sums=0,
        degree=4,
        arities=tuple(figures["arities"]),
        queries=figures["queries"],
        grinding_bits=figures["grinding"],
    )


def exceptions(rate: Fraction, theta: Fraction, points: int, share: int) -> Fraction:
    return stark_security.johnson_exceptions(rate, theta, points, stark_security.multiplicity(rate, theta, share))


@pytest.mark.parametrize("figures", FIGURES, ids=lambda figures: figures["system"])
def test_unique_decoding_figures(figures: dict[str, Any]) -> None:
    bits = {each.name: each.bits for each in unique_decoding(workload(figures)).rounds}
    assert near(bits["queries"], figures["unique"]["queries"])
    for number, published in enumerate(figures["unique"]["folding"], 1):
        # The round is |F| over a number that has nothing to do with F.
        assert near(bits[f"folding {number}"] - EXTENSION_BITS + their_bits(figures), published)


@pytest.mark.parametrize(
    "figures", [each for each in FIGURES if each["johnson"]], ids=lambda figures: figures["system"]
)
def test_johnson_figures(figures: dict[str, Any]) -> None:
    """By the program's formula and by the theorem, at their radius; our own m for that radius is gap / 2."""
    rate, gap = Fraction(*figures["rate"]), figures["gap"]
    theta = 1 - stark_security.root(rate) * (1 + Fraction(1, gap))
    queries = figures["queries"] * stark_security.bits_of(1 - theta) + figures["grinding"]
    assert near(queries, figures["johnson"]["queries"])
    folds = zip(figures["arities"], folded_points(figures), figures["johnson"]["folding"], strict=True)
    for arity, points, published in folds:
        ours = (arity - 1) * johnson_exceptions(gap, float(theta), float(rate), points)
        assert near(their_bits(figures) - log2(ours), published)
        theirs = (arity - 1) * exceptions(rate, theta, points, share=1)
        assert near(their_bits(figures) - log2(theirs), published)
        # With the m of a line the figure would be 5 bits better, and wrong.
        wrong = (arity - 1) * exceptions(rate, theta, points, share=2)
        assert not near(their_bits(figures) - log2(wrong), published)


def test_a_curve_has_twice_the_m_of_a_line() -> None:
    """The program's rounds, taken apart: batching and folds by 2 at m, other folds at 2 m, each on its own points."""
    figures = {**FIGURES[1], "arities": [8, 2, 4]}
    work = workload(figures)
    security = johnson(work)
    m = security.multiplicity
    rate = Fraction(work.dimension, work.domain)
    theta = 1 - stark_security.root(Fraction(work.dimension + 2, work.domain)) * (1 + Fraction(1, 2 * m))
    both = Fraction(work.dimension + 2, work.domain)
    assert stark_security.multiplicity(both, theta, share=2) == m
    assert stark_security.multiplicity(both, theta, share=1) == 2 * m
    bits = {each.name: each.bits for each in security.rounds}
    for name, count, points, share in (
        ("batching", 1, work.domain, 2),
        ("folding 1", 7, work.domain // 8, 1),
        ("folding 2", 1, work.domain // 16, 2),
        ("folding 3", 3, work.domain // 64, 1),
    ):
        exceptions = count * stark_security.johnson_exceptions(rate, theta, points, 2 * m // share)
        assert bits[name] == pytest.approx(EXTENSION_BITS - log2(exceptions), abs=1e-6)
    sources = {each.name: each.source for each in security.rounds}
    assert all("Theorem 1.5" in sources[name] for name in ("batching", "folding 2"))
    assert all("Theorem 4.2" in sources[name] for name in ("folding 1", "folding 3"))


@pytest.mark.parametrize("m", [3, 10, 25, 40, 80])
@pytest.mark.parametrize("rate", [Fraction(3, 16), Fraction(3, 32), Fraction(33, 128), Fraction(33, 256)])
def test_lists_are_no_longer_than_is_reckoned_with(rate: Fraction, m: int) -> None:
    """(m + 1/2) / sqrt(rho), against the bound that counting alone gives at the same radius."""
    theta = 1 - stark_security.root(rate) * (1 + Fraction(1, 2 * m))
    assert stark_security.johnson_list(rate, theta) <= (m + Fraction(1, 2)) / stark_security.root(rate)
