"""Proven soundness of a parameter set, round by round (SPEC §6).

Round-by-round soundness of the interactive oracle proof and the BCS transform: the error of each round is the
chance that one verifier challenge turns a false transcript into a passing one. Formulas:

- Johnson radius: BCHKS25, "On Reed-Solomon proximity gaps conjectures", eprint 2025/2055, Theorem 4.2 (as
  evaluated by ethereum/soundcalc, `johnson_bound.py`), proximity parameter theta = 1 - sqrt(rho) (1 + 1/(2m)),
  list size L = (m + 1/2) / sqrt(rho);
- unique decoding: same paper, Corollary 1.4, theta = (1 - rho) / 2, L = 1;
- algebraic rounds by Schwartz-Zippel, each times L, because the oracles fix the witness up to a list only.

No capacity conjecture is used. `bits` is the union over all rounds, the more careful of the two usual figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Security:
    """Bits for each round (-log2 of its error), and of their sum."""

    regime: str
    multiplicity: int  # m of the Johnson bound; 0 for unique decoding
    rounds: tuple[tuple[str, float], ...]

    @property
    def bits(self) -> float:
        """-log2 of the sum of all rounds' errors, grinding included."""
        return -math.log2(sum(2.0**-bits for _, bits in self.rounds))

    @property
    def weakest(self) -> float:
        """The smallest round: the round-by-round figure."""
        return min(bits for _, bits in self.rounds)


def johnson(work: Workload) -> Security:
    """The best bound over the proximity parameter m (an integer of at least 3)."""
    return max((_johnson_with(work, m) for m in range(3, 81)), key=lambda security: security.bits)


def unique_decoding(work: Workload) -> Security:
    """The bound that rests on no list-decoding theorem."""
    rho = (work.dimension + 2) / work.domain
    theta = (1 - rho) / 2
    return _rounds(work, "unique-decoding", 0, theta, 1.0, theta * work.domain + 1)


def _johnson_with(work: Workload, m: int) -> Security:
    # The lifting check raises the degree of the batched terms' numerators by 2: dimension K + 2 in radius and lists.
    root = math.sqrt((work.dimension + 2) / work.domain)
    theta = 1 - root * (1 + 1 / (2 * m))
    list_size = (m + 0.5) / root
    # What is batched and folded is compared with the code of dimension K: its error is the larger one.
    rho = work.dimension / work.domain
    line = (2 * (m + 0.5) ** 5 + 3 * (m + 0.5) * theta * rho) * work.domain / (3 * rho**1.5) + (m + 0.5) / rho**0.5
    return _rounds(work, "johnson", m, theta, list_size, line)


def _rounds(work: Workload, regime: str, m: int, theta: float, list_size: float, line: float) -> Security:
    """`line` is the numerator of the proximity gap's error for a line, over the challenge field's size."""

    def bits(numerator: float) -> float:
        return EXTENSION_BITS - math.log2(max(numerator, 1.0))

    folds = sum(arity - 1 for arity in work.arities)
    rounds = (
        # beta, gamma, delta: a false multiset or sum stays hidden.
        ("buses", bits(list_size * (work.fractions * (work.bus_width + 2) + work.sums))),
        # alpha: constraints cancel.
        ("constraints", bits(list_size * work.constraints)),
        # zeta: quotient identity, out-of-domain claims and lifting check (SPEC §4.6), each of degree K or so.
        (
            "out-of-domain",
            bits(list_size * (work.degree * (work.dimension + 1) + work.height + 2 * work.dimension + 1)),
        ),
        # lambda_k: one bad opening hides among the batched ones. Weights are independent: the error of a line serves
        # the affine space that they span, however many there are (SPEC §4.6, Lemma 2).
        ("batching", bits(line + 1)),
        # Folding challenges; later layers are shorter, the first one's bound serves all.
        ("folding", bits(folds * line)),
        ("queries", -work.queries * math.log2(1 - theta) + work.grinding_bits),
    )
    return Security(regime, m, rounds)
