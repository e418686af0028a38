"""A prover of false statements: its quotient is no polynomial, so it lies at zeta and has to hide that in FRI."""

from dataclasses import replace

import numpy as np

from tests.reference import stark
from tests.reference.stark_prover import CHUNKS, LiteralProver, opening_order
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy
from zkpay.stark.air import Circuit
from zkpay.stark.layout import layout_of
from zkpay.stark.protocol import BusChallenges, powers_of
from zkpay.verifier.constraints import combine_coordinates, quotient_numerator

HEIGHTS = (1024, 1024, 1024)
QUERIES = 6


def true_circuit() -> Circuit:
    """The toy at its smallest."""
    return toy(*HEIGHTS).circuit


def false_circuit() -> Circuit:
    """The same with another sum: no witness has it."""
    circuit = true_circuit()
    targets = {**circuit.sum_targets, "amounts": (circuit.sum_targets["amounts"] + 1) % stark.P}
    return replace(circuit, sum_targets=targets)


class Forger(LiteralProver):
    """Claims, for the quotient at zeta, the value that the constraints need there."""

    def __init__(self, circuit: Circuit, seed: bytes = SEED, queries: int = QUERIES) -> None:
        parameters = light_parameters(circuit, queries)
        super().__init__(circuit, toy(*HEIGHTS).witness, STATEMENT, parameters, seed)

    def gap(self, claims: list[stark.Extension]) -> stark.Extension:
        """constraints at zeta minus quotient * (zeta^N - 1), as the verifier will compute it."""
        layout = layout_of(self.circuit)
        challenges = BusChallenges(
            self.gamma,
            powers_of(self.beta, self.circuit.bus_width + 1),
            powers_of(self.delta, len(self.circuit.sum_targets) + 1)[1:],
        )
        top = quotient_numerator(self.circuit, layout, challenges, self.alpha, self.zeta, claims)
        chunks = [claims[k] for k in layout.quotient_openings]
        quotient = (0, 0, 0, 0, 0)
        for chunk in range(CHUNKS):
            shift = stark.exponent(self.zeta, chunk * self.parameters.split)
            quotient = stark.add(quotient, stark.mul(shift, combine_coordinates(chunks[5 * chunk : 5 * chunk + 5])))
        return stark.sub(top, stark.mul(quotient, self.vanishing()))

    def vanishing(self) -> stark.Extension:
        return stark.sub(stark.exponent(self.zeta, self.height), (1, 0, 0, 0, 0))

    def claims(self) -> list[stark.Extension]:
        return self.lie(super().claims())

    def lie(self, claims: list[stark.Extension]) -> list[stark.Extension]:
        """Change claims so that the gap is zero."""
        first = layout_of(self.circuit).quotient_openings.start
        missing = stark.mul(self.gap(claims), stark.inverse(self.vanishing()))
        changed = list(claims)
        changed[first] = stark.add(changed[first], missing)
        return changed

    def weight(self, number: int) -> stark.Extension:
        """Batching weight of opening `number`."""
        return self.batching[number]


def low_degree_through(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """int64[5, m]: the polynomial of degree below m with values int64[5, m] at m points (Newton)."""
    count = len(points)
    result = np.zeros((5, count), dtype=np.int64)
    basis = np.zeros(count, dtype=np.int64)
    basis[0] = 1
    for k in range(count):
        point = int(points[k])
        powers = np.ones(1, dtype=np.int64)
        while len(powers) <= k:
            powers = np.concatenate([powers, powers * pow(point, len(powers), stark.P) % stark.P])
        powers = powers[: k + 1]
        here = (result[:, : k + 1] * powers % stark.P).sum(axis=1) % stark.P
        scale = (values[:, k] - here) * pow(int((basis[: k + 1] * powers % stark.P).sum() % stark.P), -1, stark.P)
        result = (result + scale[:, None] % stark.P * basis) % stark.P
        basis = (np.roll(basis, 1) - basis * point) % stark.P
    return result


def opening_number(prover: LiteralProver, tree: int, position: int, column: int, rotation: int = 0) -> int:
    return opening_order(prover.circuit).index(((tree, position, column), rotation))
