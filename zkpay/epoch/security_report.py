"""Proven bits in the form in which people are told of them (SPEC §6).

What queries show by themselves and what grinding adds stand apart: grinding costs an attacker work for each try,
the statistical part can't be bought.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.stark.parameters import Parameters
from zkpay.stark.security import Round


@dataclass(frozen=True)
class SecurityReport:
    """Bits of one parameter set.

    proven: -log2 of the sum of all rounds' errors. query: the statistical part of the query round; grinding: what the
    proof of work adds to it. rounds: bits of each round, with theorem and paper, the
    queries last. regime: the theorem's radius; no conjecture is used.
    """

    proven: float
    query: float
    grinding: int
    queries: int
    regime: str
    rounds: tuple[Round, ...]

    @staticmethod
    def of(parameters: Parameters) -> SecurityReport:
        """The report of the parameters that a proof was checked with."""
        security = parameters.security
        return SecurityReport(
            proven=security.bits,
            query=security.rounds[-1].bits - parameters.grinding_bits,
            grinding=parameters.grinding_bits,
            queries=parameters.queries,
            regime=security.regime,
            rounds=security.rounds,
        )

    def __str__(self) -> str:
        weakest_algebraic = min(each.bits for each in self.rounds[:-1])
        return (
            f"{self.proven:.1f} proven bits ({self.regime} radius, no conjecture): {self.queries} queries show"
            f" {self.query:.1f} statistical + {self.grinding} of grinding, the challenges at least"
            f" {weakest_algebraic:.1f}"
        )
