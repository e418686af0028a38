"""Out-of-domain values and the DEEP codeword (SPEC §4.6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.deep import combine
from zkpay.kernels.extension import batch_inverse, mul, powers
from zkpay.kernels.opening import evaluate_at
from zkpay.prover.commit import CommittedTree, Extended
from zkpay.stark.air import Circuit
from zkpay.stark.field import (
    EXT_ZERO,
    EXTENSION_DEGREE,
    GENERATOR,
    Extension,
    P,
    ext,
    ext_add,
    ext_mul,
    ext_pow,
    ext_scale,
)
from zkpay.stark.layout import ACCUMULATOR, Group, Layout
from zkpay.stark.parameters import Parameters
from zkpay.stark.protocol import powers_of, root_of_unity

Columns = NDArray[np.uint32]


def open_out_of_domain(
    circuit: Circuit, layout: Layout, parameters: Parameters, zeta: Extension, trees: Sequence[CommittedTree]
) -> Columns:
    """uint32[openings, 5] in layout order, from the committed coefficients."""
    values = np.zeros((layout.opening_count, EXTENSION_DEGREE), dtype=np.uint32)
    for position, (item, places) in enumerate(zip(circuit.placed, layout.openings, strict=True)):
        point = ext_pow(zeta, parameters.height // item.height)
        following = ext_scale(point, root_of_unity(item.height))
        main = _coefficients(layout.main, trees[0], position)
        values[places.main] = _evaluate(main, point)
        if len(places.main_next):
            values[places.main_next] = _evaluate(main[item.table.next_row_columns], following)
        if len(places.auxiliary):
            values[places.auxiliary] = _evaluate(_coefficients(layout.auxiliary, trees[1], position), point)
    accumulator = _coefficients(layout.auxiliary, trees[1], ACCUMULATOR)
    values[layout.accumulator] = _evaluate(accumulator, zeta)
    values[layout.accumulator_next] = _evaluate(accumulator, ext_scale(zeta, root_of_unity(parameters.height)))
    quotient = trees[2].groups[0].coefficients[: len(layout.quotient_openings)]
    values[layout.quotient_openings] = _evaluate(quotient, zeta)
    return values


def deep_codeword(
    circuit: Circuit,
    layout: Layout,
    parameters: Parameters,
    zeta: Extension,
    batching: Extension,
    claimed: Columns,
    trees: Sequence[CommittedTree],
) -> Columns:
    """uint32[5, blowup, N]: R + sum_k lambda^(k+1) (F_k - v_k) / (X - z_k), with the lifting check's denominators."""
    blowup = parameters.blowup
    weights = powers_of(batching, layout.opening_count + 1)[1:]
    # ratio -> sum of weighted columns opened at zeta on the domain of tables that are `ratio` times shorter.
    here: dict[int, NDArray[np.int64]] = {}
    offsets: dict[int, Extension] = {}
    following: dict[int, NDArray[np.int64]] = {}
    following_offset = EXT_ZERO
    for position, (item, places) in enumerate(zip(circuit.placed, layout.openings, strict=True)):
        ratio = parameters.height // item.height
        main = _values(layout.main, trees[0], position)
        _accumulate(here, ratio, main, weights, places.main)
        offsets[ratio] = ext_add(offsets.get(ratio, EXT_ZERO), _offset(weights, claimed, places.main))
        if len(places.auxiliary):
            _accumulate(here, ratio, _values(layout.auxiliary, trees[1], position), weights, places.auxiliary)
            offsets[ratio] = ext_add(offsets[ratio], _offset(weights, claimed, places.auxiliary))
        if len(places.main_next):
            _accumulate(following, ratio, main[:, item.table.next_row_columns], weights, places.main_next)
            following_offset = ext_add(following_offset, _offset(weights, claimed, places.main_next))
    accumulator = _values(layout.auxiliary, trees[1], ACCUMULATOR)
    quotient = trees[2].groups[0].values
    count = len(layout.quotient_openings)
    for columns, opened in ((accumulator, layout.accumulator), (quotient[:, :count], layout.quotient_openings)):
        _accumulate(here, 1, columns, weights, opened)
        offsets[1] = ext_add(offsets.get(1, EXT_ZERO), _offset(weights, claimed, opened))
    _accumulate(following, 1, accumulator, weights, layout.accumulator_next)
    following_offset = ext_add(following_offset, _offset(weights, claimed, layout.accumulator_next))

    codeword = quotient[:, count:].transpose(1, 0, 2).astype(np.int64)
    for ratio, sums in here.items():
        bottom = _from_point(parameters, zeta)
        if ratio > 1:
            twin = _from_point(parameters, ext_scale(zeta, root_of_unity(ratio)))
            bottom = mul(bottom, twin)
        codeword += _divide(_minus(np.tile(sums, (1, 1, ratio)), offsets[ratio]), bottom, blowup)
    total = np.zeros_like(codeword)
    for ratio, sums in following.items():
        total += np.tile(sums, (1, 1, ratio))
    bottom = _from_point(parameters, ext_scale(zeta, root_of_unity(parameters.height)))
    codeword += _divide(_minus(total, following_offset), bottom, blowup)
    return (codeword % P).astype(np.uint32)


def _accumulate(
    sums: dict[int, NDArray[np.int64]], ratio: int, columns: Columns, weights: Sequence[Extension], places: range
) -> None:
    """Add sum_k weight_k * column_k for columns uint32[blowup, w, m] to sums[ratio], int64[5, blowup, m]."""
    own = np.array([weights[k] for k in places], dtype=np.uint32).T.copy()
    if ratio not in sums:
        sums[ratio] = np.zeros((EXTENSION_DEGREE, columns.shape[0], columns.shape[2]), dtype=np.int64)
    for coset in range(columns.shape[0]):
        sums[ratio][:, coset] += combine(np.ascontiguousarray(columns[coset]), own)


def _offset(weights: Sequence[Extension], claimed: Columns, places: range) -> Extension:
    result = EXT_ZERO
    for k in places:
        a, b, c, d, e = (int(entry) for entry in claimed[k])
        result = ext_add(result, ext_mul(weights[k], (a, b, c, d, e)))
    return result


def _minus(values: NDArray[np.int64], offset: Extension) -> Columns:
    result: Columns = ((values - np.array(offset, dtype=np.int64)[:, None, None]) % P).astype(np.uint32)
    return result


def _from_point(parameters: Parameters, point: Extension) -> Columns:
    """x - point over the whole domain, uint32[5, blowup * N] in coset order."""
    omega = root_of_unity(parameters.domain)
    points = powers(ext(omega), parameters.domain)[0].astype(np.int64) * GENERATOR % P
    ordered = points.reshape(parameters.height, parameters.blowup).T.reshape(-1)
    result = np.empty((EXTENSION_DEGREE, parameters.domain), dtype=np.uint32)
    result[0] = (ordered - point[0]) % P
    for k in range(1, EXTENSION_DEGREE):
        result[k] = -point[k] % P
    return result


def _divide(top: Columns, bottom: Columns, blowup: int) -> NDArray[np.int64]:
    flat = np.ascontiguousarray(top).reshape(EXTENSION_DEGREE, -1)
    return mul(flat, batch_inverse(bottom)).astype(np.int64).reshape(EXTENSION_DEGREE, blowup, -1)


def _evaluate(coefficients: Columns, point: Extension) -> Columns:
    return evaluate_at(np.ascontiguousarray(coefficients), powers(point, coefficients.shape[1]))


def _find(groups: Sequence[Group], tree: CommittedTree, position: int) -> tuple[Extended, slice]:
    for group, extended in zip(groups, tree.groups, strict=True):
        for member, first, width in group.members:
            if member == position:
                return extended, slice(first, first + width)
    raise KeyError(position)


def _coefficients(groups: Sequence[Group], tree: CommittedTree, position: int) -> Columns:
    extended, where = _find(groups, tree, position)
    return extended.coefficients[where]


def _values(groups: Sequence[Group], tree: CommittedTree, position: int) -> Columns:
    """uint32[blowup, w, m] of one table."""
    extended, where = _find(groups, tree, position)
    return extended.values[:, where]


def table_values(groups: Sequence[Group], tree: CommittedTree, position: int) -> Columns:
    """Values uint32[blowup, w, m] of the table at `position` (or ACCUMULATOR); width 0 if it has no columns there."""
    try:
        return _values(groups, tree, position)
    except KeyError:
        return np.zeros((tree.groups[0].values.shape[0], 0, 1), dtype=np.uint32)
