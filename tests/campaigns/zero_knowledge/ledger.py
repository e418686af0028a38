"""Everything that a proof of the ledger reveals, as linear equations for its masks, given a guess of the witness.

One column A, a helper H (of equal terms, so 0 on all rows), the accumulator F, three chunks and the FRI mask R:

    A = a + Z r    H = Z w    F = f + Z u    with a, f from the guess and Z = X^N - 1
    C / Z = w d^2 + alpha (u(gX) - u - w - delta r)     d the denominator of a unit, twice: the rest is 0 on all rows
    c_0 = C/Z + X^s t_0    c_1 = -t_0 + X^s t_1    c_2 = -t_1

Revealed are all columns at the queries, their claims, the DEEP word on the opened fibres and all of the last
polynomial. A guess is possible if some r, w, u, t_0, t_1, R give these values. With every mask in its place each guess
must be; if one is left out, a true guess is and a false one isn't.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np

from tests.campaigns.zero_knowledge.observer import View
from tests.campaigns.zero_knowledge.span import extension_powers, in_span, powers
from tests.reference import stark
from tests.reference.stark import SHIFT, Array, Extension, P
from tests.reference.stark_prover import ACCUMULATOR, AUXILIARY, CHUNKS, MAIN, QUOTIENT, Key, opening_order
from tests.reference.toy import Witness
from zkpay.stark.proof import parse_extensions

MASKS: Final = ("main", "helper", "accumulator", "quotient", "fri")
COLUMN: Final[Key] = (MAIN, 0, 0)
HELPER: Final[list[Key]] = [(AUXILIARY, 0, k) for k in range(5)]
TOTAL: Final[list[Key]] = [(AUXILIARY, ACCUMULATOR, k) for k in range(5)]
CHUNK: Final[list[list[Key]]] = [[(QUOTIENT, ACCUMULATOR, 5 * i + k) for k in range(5)] for i in range(CHUNKS)]
RANDOM: Final[list[Key]] = [(QUOTIENT, ACCUMULATOR, 5 * CHUNKS + k) for k in range(5)]
KEYS: Final = [COLUMN, *HELPER, *TOTAL, *(key for chunk in CHUNK for key in chunk), *RANDOM]
PLACE: Final = {key: place for place, key in enumerate(KEYS)}
UNIT: Final[list[Extension]] = [stark.as_extension([int(i == k) for i in range(5)]) for k in range(5)]


class Equations:
    """Linear functionals of the columns' coefficients, int64[rows, K] for each column, and their values."""

    def __init__(self, seen: View) -> None:
        self.seen = seen
        self.length = seen.parameters.dimension
        self._rows: list[Array] = []  # int64[columns, rows, K]
        self._values: list[Array] = []
        self._opened()
        self._claimed()
        self._folded()
        self.of = dict(zip(KEYS, np.concatenate(self._rows, axis=1), strict=True))
        self.values = np.concatenate(self._values)

    def _add(self, rows: Array, values: Array) -> None:
        self._rows.append(rows)
        self._values.append(values % P)

    def _alone(self, key: Key, rows: Array) -> Array:
        """Functionals of one column."""
        result = np.zeros((len(KEYS), *rows.shape), dtype=np.int64)
        result[PLACE[key]] = rows
        return result

    def _point(self, index: int) -> int:
        return SHIFT * pow(stark.omega(self.seen.parameters.domain), index, P) % P

    def _opened(self) -> None:
        for key in KEYS:
            for index, value in self.seen.rows[key].items():
                self._add(self._alone(key, powers(self._point(index), self.length)[None]), np.array([value]))

    def _claimed(self) -> None:
        wide = [extension_powers(self.seen.point(rotation), self.length) for rotation in (0, 1)]
        for (key, rotation), claim in self.seen.claims.items():
            self._add(self._alone(key, wide[rotation]), np.array(claim))

    def _deep(self, index: int) -> tuple[Array, Array]:
        """f_0 at a point of the domain: R + sum lambda_k (F_k - v_k) / (x - z_k); the equations' rows and what the v_k
        come to."""
        x = self._point(index)
        factors = np.zeros((len(KEYS), 5), dtype=np.int64)
        for k, key in enumerate(RANDOM):
            factors[PLACE[key], k] = 1
        claimed: Extension = (0, 0, 0, 0, 0)
        inverses = [stark.inverse(stark.sub((x, 0, 0, 0, 0), self.seen.point(rotation))) for rotation in (0, 1)]
        for (key, rotation), weight in zip(opening_order(self.seen.case.circuit), self.seen.batching, strict=True):
            factor = stark.mul(weight, inverses[rotation])
            factors[PLACE[key]] += factor
            claimed = stark.add(claimed, stark.mul(factor, self.seen.claims[key, rotation]))
        return factors[:, :, None] % P * powers(x, self.length) % P, np.array(claimed)

    def _folded(self) -> None:
        parameters, proof = self.seen.parameters, self.seen.proof
        (arity,), (challenge,) = parameters.arities, self.seen.folds
        leaves = parameters.domain // arity
        entries = iter(parse_extensions(proof.layers[0].fibres, len(proof.layers[0].fibres) // 20, "fibres"))
        for leaf in sorted({index % leaves for index in self.seen.indices}):
            for place in range(leaf, parameters.domain, leaves):
                if place not in self.seen.indices:
                    rows, claimed = self._deep(place)
                    self._add(rows, np.array(next(entries)) + claimed)
        assert next(entries, None) is None
        # The last polynomial is known by its values at as many points as it has coefficients.
        last = parse_extensions(proof.final_polynomial, parameters.final_length, "last polynomial")
        for leaf in range(parameters.final_length):
            folded = np.zeros((len(KEYS), 5, self.length), dtype=np.int64)
            values: Extension = (0, 0, 0, 0, 0)
            for place in range(leaf, parameters.domain, leaves):
                ratio = stark.scale(challenge, pow(self._point(place), -1, P))
                weight: Extension = (0, 0, 0, 0, 0)
                for _ in range(arity):
                    weight = stark.add(stark.mul(weight, ratio), UNIT[0])
                weight = stark.scale(weight, pow(arity, -1, P))
                rows, claimed = self._deep(place)
                product = np.array([stark.mul(weight, unit) for unit in UNIT]).T
                folded += sum(product[None, :, k, None] * rows[:, None, k] % P for k in range(5))
                values = stark.add(values, stark.mul(weight, stark.as_extension(claimed.tolist())))
            y = pow(self._point(leaf), arity, P)
            shown: Extension = (0, 0, 0, 0, 0)
            for coefficient in reversed(last):
                shown = stark.add(stark.scale(shown, y), coefficient)
            self._add(folded % P, np.array(stark.add(values, shown)))


def possible(equations: Equations, without: Collection[str] = ()) -> tuple[bool, ...]:
    """Whether each witness is possible if all masks but some (of MASKS) were used."""
    matrix = np.concatenate([_unknown(equations, name) for name in MASKS if name not in without], axis=1)
    known = (_known(equations, guess) for guess in equations.seen.case.witnesses)
    return in_span(matrix, *((equations.values - each) % P for each in known))


def _product(of: dict[Key, Array], keys: list[Key], factor: Extension, unit: int) -> Array:
    """What X^j times factor * (unit number k of the extension), in five columns, comes to, for all j."""
    product = stark.mul(factor, UNIT[unit])
    return sum((product[k] * of[key] % P for k, key in enumerate(keys)), np.zeros_like(of[keys[0]])) % P


def _unknown(equations: Equations, name: str) -> Array:
    """The equations' share in the coefficients of one kind of mask."""
    seen, of = equations.seen, equations.of
    parameters, alpha = seen.parameters, seen.alpha
    height, length, split = parameters.height, parameters.mask_length, parameters.split
    low, high = slice(0, length), slice(height, height + length)
    quotient = CHUNK[0]
    if name == "main":
        factor = stark.scale(stark.mul(alpha, seen.delta), -1)
        return (of[COLUMN][:, high] - of[COLUMN][:, low] + _product(of, quotient, factor, 0)[:, low]) % P
    parts = []
    for k in range(5):
        if name == "helper":
            beta, gamma = seen.bus
            # gamma + 1 + beta * (the bus): payload first, then the identifier.
            denominator = stark.add(stark.add(gamma, UNIT[0]), stark.scale(beta, 9))
            factor = stark.sub(stark.mul(denominator, denominator), alpha)
            own = of[HELPER[k]][:, high] - of[HELPER[k]][:, low]
            parts.append(own + _product(of, quotient, factor, k)[:, low])
        elif name == "accumulator":
            own = of[TOTAL[k]][:, high] - of[TOTAL[k]][:, low]
            step = (powers(stark.omega(height), length) - 1) % P
            parts.append(own + _product(of, quotient, alpha, k)[:, low] * step)
        elif name == "quotient":
            for chunk in range(CHUNKS - 1):
                above = of[CHUNK[chunk][k]][:, split : split + length]
                parts.append(above - of[CHUNK[chunk + 1][k]][:, low])
        else:
            parts.append(of[RANDOM[k]][:, : parameters.dimension - 1])
    return np.concatenate(parts, axis=1) % P


def _known(equations: Equations, guess: Witness) -> Array:
    """The values that the equations have without any mask."""
    seen = equations.seen
    (values,) = guess["ledger"].astype(np.int64)
    target = stark.scale(seen.delta, seen.case.circuit.sum_targets["total"])
    share = stark.scale(target, pow(len(values), -1, P))
    steps = (np.array(seen.delta)[:, None] * values - np.array(share)[:, None]) % P
    running = np.concatenate([np.zeros((5, 1), dtype=np.int64), np.cumsum(steps, axis=1)[:, :-1]], axis=1) % P
    result = _apply(equations.of[COLUMN], stark.interpolate(values))
    for key, total in zip(TOTAL, stark.interpolate(running), strict=True):
        result = result + _apply(equations.of[key], total)
    return result % P


def _apply(rows: Array, coefficients: Array) -> Array:
    return (rows[:, : len(coefficients)] * coefficients % P).sum(axis=1) % P
