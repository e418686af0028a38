"""All constraints of a circuit at the out-of-domain point (SPEC §4.5): the verifier's reading of the AIR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zkpay.stark.air import Circuit, PlacedTable, Where
from zkpay.stark.expression import Column, Expression, Phase, read
from zkpay.stark.field import (
    EXT_ONE,
    EXT_ZERO,
    EXTENSION_DEGREE,
    Extension,
    P,
    evaluate_polynomial,
    ext,
    ext_add,
    ext_inverse,
    ext_mul,
    ext_pow,
    ext_scale,
    ext_sub,
    inverse,
    ntt_inverse,
)
from zkpay.stark.layout import Layout, Openings
from zkpay.stark.protocol import BusChallenges, bus_target, constraint_count, denominator, powers_of, root_of_unity


@dataclass
class _PointReader:
    """Reads expressions at one point: values of the challenge field."""

    main: list[Extension]
    following: Mapping[int, Extension]
    preprocessed: list[Extension]
    publics: Mapping[str, int]

    def constant(self, value: int) -> Extension:
        return ext(value % P)

    def public(self, name: str) -> Extension:
        return ext(self.publics[name])

    def column(self, column: Column) -> Extension:
        if column.phase is Phase.PREPROCESSED:
            return self.preprocessed[column.index]
        return self.following[column.index] if column.rotation else self.main[column.index]

    def linear(self, terms: list[tuple[int | str, Extension]], constant: int) -> Extension:
        a, b, c, d, e = constant, 0, 0, 0, 0
        for coefficient, value in terms:
            factor = self.publics[coefficient] if isinstance(coefficient, str) else coefficient
            a += factor * value[0]
            b += factor * value[1]
            c += factor * value[2]
            d += factor * value[3]
            e += factor * value[4]
        return (a % P, b % P, c % P, d % P, e % P)

    def product(self, left: Extension, right: Extension) -> Extension:
        return ext_mul(left, right)


def quotient_numerator(
    circuit: Circuit,
    layout: Layout,
    challenges: BusChallenges,
    alpha: Extension,
    zeta: Extension,
    values: list[Extension],
) -> Extension:
    """The folded constraints at zeta; equals quotient(zeta) * (zeta^N - 1) for a true statement.

    `values` are the claimed openings in layout order. Tables are read at zeta^(N / N_t).
    """
    height = max(item.height for item in circuit.placed)
    vanishing = ext_sub(ext_pow(zeta, height), EXT_ONE)
    weights = powers_of(alpha, sum(constraint_count(item.table) for item in circuit.placed) + 1)
    accumulator_weight = weights[-1]
    result = EXT_ZERO
    row_sums = EXT_ZERO
    used = 0
    for item, places in zip(circuit.placed, layout.openings, strict=True):
        count = constraint_count(item.table)
        ratio = height // item.height
        folded, row_sum = _table(
            item, places, circuit, challenges, weights[used : used + count], ext_pow(zeta, ratio), vanishing, values
        )
        result = ext_add(result, folded)
        row_sums = ext_add(row_sums, ext_scale(row_sum, inverse(ratio)))
        used += count
    # accumulator(g X) - accumulator(X) = all tables' row sums - target / N, on every row, the wrap included.
    step = ext_sub(
        combine_coordinates([values[k] for k in layout.accumulator_next]),
        combine_coordinates([values[k] for k in layout.accumulator]),
    )
    share = ext_scale(bus_target(circuit, challenges), inverse(height))
    accumulator = ext_add(ext_sub(step, row_sums), share)
    return ext_add(result, ext_mul(accumulator_weight, accumulator))


def combine_coordinates(coordinates: list[Extension]) -> Extension:
    """sum_k X^k coordinates_k: the value of an extension column from its five base columns' values."""
    result = EXT_ZERO
    for power, value in enumerate(coordinates):
        unit = [0] * EXTENSION_DEGREE
        unit[power] = 1
        result = ext_add(result, ext_mul((unit[0], unit[1], unit[2], unit[3], unit[4]), value))
    return result


def _preprocessed_at(item: PlacedTable, point: Extension) -> list[Extension]:
    """The preprocessed columns' polynomials at `point`.

    That of `period` values is q(Y^(height / period)), q their interpolant: Y -> Y^(height / period) takes row i, the
    point g^i, to the point i mod period of the subgroup of that order.
    """
    powers: dict[int, Extension] = {}
    values = []
    for column in item.table.preprocessed_values:
        period = len(column)
        if period not in powers:
            powers[period] = ext_pow(point, item.height // period)
        values.append(evaluate_polynomial(ntt_inverse(column), powers[period]))
    return values


def _table(
    item: PlacedTable,
    places: Openings,
    circuit: Circuit,
    challenges: BusChallenges,
    weights: tuple[Extension, ...],
    point: Extension,
    vanishing: Extension,
    values: list[Extension],
) -> tuple[Extension, Extension]:
    """Folded constraints (selectors applied) and the row sum of one table at `point`."""
    table = item.table
    reader = _PointReader(
        main=[values[k] for k in places.main],
        following=dict(zip(table.next_row_columns, (values[k] for k in places.main_next), strict=True)),
        preprocessed=_preprocessed_at(item, point),
        publics=circuit.publics,
    )
    memory: dict[Expression, Extension] = {}
    by_where = dict.fromkeys(Where, EXT_ZERO)
    for constraint, weight in zip(table.constraints, weights, strict=False):
        value = read(constraint.expression, reader, memory)
        by_where[constraint.where] = ext_add(by_where[constraint.where], ext_mul(weight, value))
    # A helper is the sum of its group's fractions: h * prod D_j = sum_i m_i * prod_{j != i} D_j.
    row_sum = EXT_ZERO
    for number, group in enumerate(table.helpers):
        start = places.auxiliary.start + EXTENSION_DEGREE * number
        helper = combine_coordinates(values[start : start + EXTENSION_DEGREE])
        row_sum = ext_add(row_sum, helper)
        top, bottom = EXT_ZERO, EXT_ONE
        for interaction in group:
            payload = [read(entry, reader, memory) for entry in interaction.payload]
            own = denominator(challenges, interaction.bus.identifier, payload)
            multiplicity = ext_scale(read(interaction.multiplicity, reader, memory), interaction.sign % P)
            top = ext_add(ext_mul(top, own), ext_mul(bottom, multiplicity))
            bottom = ext_mul(bottom, own)
        weight = weights[len(table.constraints) + number]
        value = ext_sub(ext_mul(helper, bottom), top)
        by_where[Where.EVERY] = ext_add(by_where[Where.EVERY], ext_mul(weight, value))
    for row_term in table.sums:
        power = challenges.delta_powers[circuit.sum_names.index(row_term.target)]
        row_sum = ext_add(row_sum, ext_mul(power, read(row_term.expression, reader, memory)))
    last_row = ext(inverse(root_of_unity(item.height)))
    from_last = ext_sub(point, last_row)
    folded = by_where[Where.EVERY]
    folded = ext_add(folded, ext_mul(by_where[Where.TRANSITION], from_last))
    first = ext_mul(vanishing, ext_inverse(ext_sub(point, EXT_ONE)))
    folded = ext_add(folded, ext_mul(by_where[Where.FIRST], first))
    last = ext_mul(vanishing, ext_inverse(from_last))
    return ext_add(folded, ext_mul(by_where[Where.LAST], last)), row_sum
