"""Proven soundness of a parameter set, round by round (SPEC §6).

Round-by-round soundness of the interactive oracle proof and the BCS transform: the error of each round is the
chance that one verifier challenge turns a false transcript into a passing one. Proximity gaps, for words on n points
and a code of rate rho, as the number of challenges that may fail to show disagreement:

- Johnson radius, theta = 1 - sqrt(rho) - eta: BCHKS25 (Ben-Sasson, Carmon, Haboeck, Kopparty, Saraf, "On proximity gaps
  for Reed-Solomon codes", eprint 2025/2055). Lines by Theorem 1.5, with m = sqrt(rho) / (2 eta); curves by Theorem 4.2,
  whose m = sqrt(rho) / eta is twice as large, which costs a curve 5 bits. Lists have L = (m + 1/2) / sqrt(rho) members,
  m being that of lines.
- Unique decoding, theta = (1 - rho) / 2, L = 1: BCIKS20 ("Proximity gaps for Reed-Solomon codes", eprint 2020/654),
  lines by Theorem 4.1, curves by Theorem 6.1.

Algebraic rounds by Schwartz and Zippel, each times L, because the oracles fix the witness up to a list only. No
capacity conjecture is used. `bits` is the union over all rounds, the more careful of the two usual figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from zkpay.stark.field import P

EXTENSION_BITS = 5 * math.log2(P)


@dataclass(frozen=True)
class Workload:
    """What the bounds depend on; counted from the circuit and the parameters that drive prover and verifier.

    height: largest table height N. dimension: FRI dimension K. domain: evaluation domain n. constraints: terms
    folded with powers of alpha. fractions: LogUp terms over all rows of all tables plus the public ones. bus_width:
    tuple width with bus identifier. sums: circuit-wide sums. degree: constraint degree. arities: FRI folds.
    """

    height: int
    dimension: int
    domain: int
    constraints: int
    fractions: int
    bus_width: int
    sums: int
    degree: int
    arities: tuple[int, ...]
    queries: int
    grinding_bits: int


class Round(NamedTuple):
    """A round of the protocol: -log2 of its error, and where the bound comes from."""

    name: str
    bits: float
    source: str


@dataclass(frozen=True)
class Security:
    """Bits for each round, and of their sum."""

    regime: str
    multiplicity: int  # m of the Johnson bound; 0 for unique decoding
    rounds: tuple[Round, ...]

    @property
    def bits(self) -> float:
        """-log2 of the sum of all rounds' errors, grinding included."""
        return -math.log2(sum(2.0**-each.bits for each in self.rounds))

    @property
    def weakest(self) -> float:
        """The smallest round: the round-by-round figure."""
        return min(each.bits for each in self.rounds)


@dataclass(frozen=True)
class _Gaps:
    """A proximity theorem at one radius. lines, curves: by number of points, the challenges that may fail; a curve's
    are for each degree. The sources name the theorems.
    """

    regime: str
    multiplicity: int
    theta: float
    list_size: float
    lines: Callable[[int], float]
    curves: Callable[[int], float]
    lines_source: str
    curves_source: str


def johnson(work: Workload) -> Security:
    """The best bound over the proximity parameter m (an integer of at least 3)."""
    return max((_rounds(work, _johnson_gaps(work, m)) for m in range(3, 81)), key=lambda security: security.bits)


def unique_decoding(work: Workload) -> Security:
    """The bound that rests on no list-decoding theorem."""
    gaps = _Gaps(
        regime="unique-decoding",
        multiplicity=0,
        theta=(1 - (work.dimension + 2) / work.domain) / 2,
        list_size=1.0,
        lines=float,
        curves=float,
        lines_source="line, BCIKS20 (eprint 2020/654), Theorem 4.1",
        curves_source="curve, BCIKS20 (eprint 2020/654), Theorem 6.1",
    )
    return _rounds(work, gaps)


def johnson_exceptions(m: float, theta: float, rho: float, points: int) -> float:
    """The bound that Theorems 1.5 and 4.2 of BCHKS25 share; they differ in the m that belongs to a radius theta."""
    half, root = m + 0.5, math.sqrt(rho)
    return (2 * half**5 + 3 * half * theta * rho) * points / (3 * rho * root) + half / root


def _johnson_gaps(work: Workload, m: int) -> _Gaps:
    # The lifting check raises the degree of the batched terms' numerators by 2: dimension K + 2 in radius and lists.
    root = math.sqrt((work.dimension + 2) / work.domain)
    theta = 1 - root * (1 + 1 / (2 * m))
    # What is batched and folded is compared with the code of dimension K. For its rate, a little smaller, m is a little
    # more than that theta asks for. Folding keeps the rate.
    rho = work.dimension / work.domain
    return _Gaps(
        regime="johnson",
        multiplicity=m,
        theta=theta,
        list_size=(m + 0.5) / root,
        lines=lambda points: johnson_exceptions(m, theta, rho, points),
        curves=lambda points: johnson_exceptions(2 * m, theta, rho, points),
        lines_source="line, BCHKS25 (eprint 2025/2055), Theorem 1.5",
        curves_source="curve, BCHKS25 (eprint 2025/2055), Theorem 4.2",
    )


def _rounds(work: Workload, gaps: _Gaps) -> Security:
    def bits(exceptions: float) -> float:
        return EXTENSION_BITS - math.log2(max(exceptions, 1.0))

    size = gaps.list_size
    degree = work.degree * (work.dimension + 1) + work.height + 2 * work.dimension + 1
    rounds = [
        # beta, gamma, delta: a false multiset or sum stays hidden.
        Round(
            "buses",
            bits(size * (work.fractions * (work.bus_width + 2) + work.sums)),
            "LogUp, eprint 2022/1530; Schwartz-Zippel, SPEC §4.3",
        ),
        # alpha: constraints cancel.
        Round("constraints", bits(size * work.constraints), "ALI, eprint 2022/1216, Theorem 8"),
        # zeta: quotient identity, out-of-domain claims and lifting check, each of degree K or so.
        Round("out-of-domain", bits(size * degree), "DEEP, eprint 2022/1216, Theorem 8; lifting check, SPEC §4.6"),
        # lambda_k: one bad opening hides among the batched ones. Weights are independent: the error of a line serves
        # the affine space that they span, however many there are.
        Round("batching", bits(gaps.lines(work.domain) + 1), f"{gaps.lines_source}; SPEC §4.6, Lemma 2"),
    ]
    points = work.domain
    for number, arity in enumerate(work.arities, 1):
        # The words that a challenge combines, one for each entry of a fibre, are words on the folded points.
        points //= arity
        if arity == 2:
            rounds.append(Round(f"folding {number}", bits(gaps.lines(points)), gaps.lines_source))
        else:
            rounds.append(Round(f"folding {number}", bits((arity - 1) * gaps.curves(points)), gaps.curves_source))
    shown = -work.queries * math.log2(1 - gaps.theta)
    rounds.append(Round("queries", shown + work.grinding_bits, "radius of the regime; grinding, eprint 2021/582, §6.3"))
    return Security(gaps.regime, gaps.multiplicity, tuple(rounds))
