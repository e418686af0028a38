"""DEEP codeword and FRI at the queried indices (SPEC §4.6, §4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zkpay.errors import Rejected
from zkpay.stark.air import Circuit
from zkpay.stark.field import (
    EXT_ZERO,
    EXTENSION_DEGREE,
    GENERATOR,
    Extension,
    P,
    ext,
    ext_add,
    ext_inverse,
    ext_mul,
    ext_scale,
    ext_sub,
    inverse,
)
from zkpay.stark.layout import Group, Layout
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import LayerOpening
from zkpay.stark.protocol import root_of_unity
from zkpay.verifier.merkle import open_layer


def deep_values(
    circuit: Circuit,
    layout: Layout,
    parameters: Parameters,
    zeta: Extension,
    weights: Sequence[Extension],
    claimed: list[Extension],
    indices: Sequence[int],
    rows: Sequence[list[NDArray[np.int64]]],
) -> list[Extension]:
    """The DEEP codeword at each queried index, from the opened rows of the three trees.

    R(x) + sum_k weight_k (F_k(x) - v_k) / (x - z_k). A column of a table that is shorter than the tallest by
    r > 1 is constant on the fibres of x -> x^r; its openings at zeta carry a second denominator x - omega_r zeta
    with the same value, which binds the polynomial near it to be constant there, too (SPEC §4.6, "lifting
    check"). omega_r has order exactly r.
    """
    main = _columns_by_table(layout.main, rows[0])
    auxiliary = _columns_by_table(layout.auxiliary, rows[1])
    zeta_next = ext_scale(zeta, root_of_unity(parameters.height))
    # ratio -> sum of weight * (F - v) over the openings at zeta of tables with that ratio, for each query.
    here: dict[int, list[Extension]] = {}
    following = [EXT_ZERO] * len(indices)
    for position, (item, places) in enumerate(zip(circuit.placed, layout.openings, strict=True)):
        ratio = parameters.height // item.height
        sums = _difference(main[position], places.main, weights, claimed)
        if len(places.auxiliary):
            sums = _add(sums, _difference(auxiliary[position], places.auxiliary, weights, claimed))
        here[ratio] = _add(here[ratio], sums) if ratio in here else sums
        if len(places.main_next):
            columns = main[position][:, item.table.next_row_columns]
            following = _add(following, _difference(columns, places.main_next, weights, claimed))
    accumulator = auxiliary[-1]
    here[1] = _add(here[1], _difference(accumulator, layout.accumulator, weights, claimed))
    following = _add(following, _difference(accumulator, layout.accumulator_next, weights, claimed))
    quotient = rows[2][0]
    chunk_width = len(layout.quotient_openings)
    here[1] = _add(here[1], _difference(quotient[:, :chunk_width], layout.quotient_openings, weights, claimed))
    masks = quotient[:, chunk_width:].tolist()
    omega = root_of_unity(parameters.domain)
    results = []
    for query, index in enumerate(indices):
        point = ext(GENERATOR * pow(omega, index, P) % P)
        from_zeta = ext_sub(point, zeta)
        value: Extension = (masks[query][0], masks[query][1], masks[query][2], masks[query][3], masks[query][4])
        for ratio, sums in here.items():
            bottom = from_zeta
            if ratio > 1:
                bottom = ext_mul(bottom, ext_sub(point, ext_scale(zeta, root_of_unity(ratio))))
            value = ext_add(value, ext_mul(sums[query], ext_inverse(bottom)))
        bottom = ext_sub(point, zeta_next)
        results.append(ext_add(value, ext_mul(following[query], ext_inverse(bottom))))
    return results


def fold_fibres(fibres: NDArray[np.int64], challenge: Extension, points: Sequence[int]) -> list[Extension]:
    """Fold fibres (count, arity, 5), values at points[i] * w^k, k < arity, w of order arity, to the folded values.

    f(X) = sum_t X^t f_t(X^arity); gives sum_t challenge^t f_t(point^arity): an inverse transform over the fibre, then
    Horner's rule in challenge / point.
    """
    arity = fibres.shape[1]
    root, scale = inverse(root_of_unity(arity)), inverse(arity)
    parts = np.zeros_like(fibres)
    for term in range(arity):
        for k in range(arity):
            parts[:, term] = (parts[:, term] + fibres[:, k] * (pow(root, term * k, P) * scale % P)) % P
    results = []
    for terms, point in zip(parts.tolist(), points, strict=True):
        ratio = ext_scale(challenge, inverse(point))
        result = EXT_ZERO
        for part in reversed(terms):
            result = ext_add(ext_mul(result, ratio), part)
        results.append(result)
    return results


def check_layers(
    parameters: Parameters,
    roots: Sequence[bytes],
    challenges: Sequence[Extension],
    deep: Mapping[int, Extension],
    openings: Sequence[LayerOpening],
    final_polynomial: NDArray[np.int64],
) -> None:
    """Follow the DEEP values, by queried index, through all layers down to the last polynomial int64[length, 5].

    Rejected where a value is off: the DEEP value must be the entry of layer 0 at the queried index itself, each fold
    the entry of the next layer at its index, and the last folds the polynomial's values. Layers are opened with the
    computed values in their places, so that a false one is a `wrong-root`.
    """
    known, size, shift = dict(deep), parameters.domain, GENERATOR
    points: list[int] = []
    for layer, arity in enumerate(parameters.arities):
        positions, fibres = open_layer(roots[layer], layer, size, arity, known, openings[layer])
        omega = root_of_unity(size)
        points = [shift * pow(omega, position, P) % P for position in positions]
        known = dict(zip(positions, fold_fibres(fibres, challenges[layer], points), strict=True))
        size, shift = size // arity, pow(shift, arity, P)
    last = np.array([pow(point, parameters.arities[-1], P) for point in points], dtype=np.int64)[:, None]
    values = np.zeros((len(points), EXTENSION_DEGREE), dtype=np.int64)
    for coefficient in final_polynomial[::-1]:
        values = (values * last + coefficient) % P
    if values.tolist() != [list(value) for value in known.values()]:
        raise Rejected("inconsistent-fold", "the last polynomial does not continue the folds")


def _columns_by_table(groups: Sequence[Group], rows: list[NDArray[np.int64]]) -> dict[int, NDArray[np.int64]]:
    """Opened columns of each table: (queries, width) by the table's position."""
    found = {}
    for group, values in zip(groups, rows, strict=True):
        for position, first, width in group.members:
            found[position] = values[:, first : first + width]
    return found


def _difference(
    columns: NDArray[np.int64], places: range, weights: Sequence[Extension], claimed: list[Extension]
) -> list[Extension]:
    """sum_k weight_k * (column_k - claimed_k) for every query, exactly.

    Values split into 16-bit halves: with at most 2^12 columns a sum is below 2^12 * 2^16 * 2^31 = 2^59.
    """
    own = np.array([weights[k] for k in places], dtype=np.int64)
    high, low = columns >> 16, columns & 0xFFFF
    sums = (((high @ own) % P << 16) + (low @ own) % P) % P
    offset = EXT_ZERO
    for k in places:
        offset = ext_add(offset, ext_mul(weights[k], claimed[k]))
    return [ext_sub((row[0], row[1], row[2], row[3], row[4]), offset) for row in sums.tolist()]


def _add(left: list[Extension], right: list[Extension]) -> list[Extension]:
    return [ext_add(a, b) for a, b in zip(left, right, strict=True)]
