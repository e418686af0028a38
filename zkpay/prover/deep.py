"""Out-of-domain values and the DEEP codeword (SPEC §4.6).

Both come from coefficients: columns are first added up as polynomials, which are four or more times shorter than
their values, and only the sums are evaluated on the domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.deep import combine
from zkpay.kernels.extension import batch_inverse, mul, powers
from zkpay.kernels.opening import evaluate_at
from zkpay.prover.columns import add_lifted, add_to
from zkpay.prover.commit import CommittedTree
from zkpay.prover.groups import RowGroup
from zkpay.stark.air import Circuit
from zkpay.stark.field import (
    EXTENSION_DEGREE,
    GENERATOR,
    Extension,
    P,
    ext,
    ext_pow,
    ext_scale,
)
from zkpay.stark.layout import ACCUMULATOR, Layout
from zkpay.stark.parameters import Parameters
from zkpay.stark.protocol import root_of_unity

Columns = NDArray[np.uint32]


@dataclass(frozen=True)
class Opened:
    """Openings of some columns of a row group at one point: their places in the layout's order, and which columns."""

    group: RowGroup
    columns: NDArray[np.int64]
    places: range
    following: bool  # at the next row's point


def openings(circuit: Circuit, layout: Layout, trees: Sequence[CommittedTree]) -> Iterator[Opened]:
    """Every opening of the layout, with the committed columns that it is of."""
    main, auxiliary, quotient = (tree.members for tree in trees)
    for position, (item, places) in enumerate(zip(circuit.placed, layout.openings, strict=True)):
        group, columns = main[position]
        first = columns.start
        yield Opened(group, np.arange(first, columns.stop), places.main, following=False)
        if len(places.auxiliary):
            beside, own = auxiliary[position]
            yield Opened(beside, np.arange(own.start, own.stop), places.auxiliary, following=False)
        if len(places.main_next):
            yield Opened(group, first + np.array(item.table.next_row_columns), places.main_next, following=True)
    group, columns = auxiliary[ACCUMULATOR]
    yield Opened(group, np.arange(columns.start, columns.stop), layout.accumulator, following=False)
    yield Opened(group, np.arange(columns.start, columns.stop), layout.accumulator_next, following=True)
    group, columns = quotient[ACCUMULATOR]
    yield Opened(group, np.arange(len(layout.quotient_openings)), layout.quotient_openings, following=False)


def open_out_of_domain(
    circuit: Circuit, layout: Layout, parameters: Parameters, zeta: Extension, trees: Sequence[CommittedTree]
) -> Columns:
    """uint32[openings, 5] in layout order, from the committed coefficients."""
    values = np.zeros((layout.opening_count, EXTENSION_DEGREE), dtype=np.uint32)
    known: dict[tuple[int, bool], Columns] = {}
    for opened in openings(circuit, layout, trees):
        group = opened.group
        key = (group.height, opened.following)
        if key not in known or known[key].shape[1] < group.coefficients.shape[1]:
            point = ext_pow(zeta, parameters.height // group.height)
            if opened.following:
                point = ext_scale(point, root_of_unity(group.height))
            known[key] = powers(point, group.coefficients.shape[1])
        values[opened.places] = evaluate_at(_take(group.coefficients, opened.columns), known[key])
    return values


def deep_codeword(
    circuit: Circuit,
    layout: Layout,
    parameters: Parameters,
    zeta: Extension,
    batching: Sequence[Extension],
    claimed: Columns,
    trees: Sequence[CommittedTree],
) -> Columns:
    """uint32[5, blowup, N]: R + sum_k lambda_k (F_k - v_k) / (X - z_k), with the lifting check's denominators."""
    weights = np.array(batching, dtype=np.uint32)
    # Sums of weighted (f_k - v_k) as polynomials: by height where opened at zeta, and on the next row.
    here: dict[int, Columns] = {}
    following: dict[int, Columns] = {}
    for opened in openings(circuit, layout, trees):
        own = weights[opened.places]
        part = combine(_take(opened.group.coefficients, opened.columns), np.ascontiguousarray(own.T))
        offset = _weighted(own, claimed[opened.places])
        part[:, 0] = (part[:, 0] + (P - offset)) % P
        sums = following if opened.following else here
        _add_longer(sums, opened.group.height, part)

    mask = trees[-1].groups[0]
    first = len(layout.quotient_openings)
    blowup = parameters.blowup
    codeword = np.empty((EXTENSION_DEGREE, blowup, parameters.height), dtype=np.uint32)
    for coset in range(blowup):
        codeword[:, coset] = mask.values(coset, slice(first, first + EXTENSION_DEGREE))
    points = _domain_points(parameters)
    for height, polynomial in here.items():
        ratio = parameters.height // height
        bottom = _from_point(points, zeta)
        if ratio > 1:
            bottom = mul(bottom, _from_point(points, ext_scale(zeta, root_of_unity(ratio))))
        add_to(codeword, _divide(_on_domain(parameters, {height: polynomial}), bottom))
    bottom = _from_point(points, ext_scale(zeta, root_of_unity(parameters.height)))
    add_to(codeword, _divide(_on_domain(parameters, following), bottom))
    return codeword


def _take(coefficients: Columns, columns: NDArray[np.int64]) -> Columns:
    """The rows of some columns: a view where they are neighbours, which they are but for next rows."""
    first, last = int(columns[0]), int(columns[-1])
    if last - first + 1 == len(columns):
        return coefficients[first : last + 1]
    return coefficients[columns]


def _weighted(weights: Columns, values: Columns) -> NDArray[np.int64]:
    """sum_k weights[k] * values[k] over the extension, int64[5] in [0, P)."""
    total = mul(np.ascontiguousarray(weights.T), np.ascontiguousarray(values.T)).astype(np.int64).sum(axis=1)
    result: NDArray[np.int64] = total % P
    return result


def _add_longer(sums: dict[int, Columns], height: int, part: Columns) -> None:
    """Add a polynomial to the one of its height; lengths may differ, as chunks of the quotient are longer."""
    if height not in sums:
        sums[height] = part
        return
    longer, shorter = (sums[height], part) if sums[height].shape[1] >= part.shape[1] else (part, sums[height])
    add_to(longer[:, : shorter.shape[1]], shorter)
    sums[height] = longer


def _on_domain(parameters: Parameters, polynomials: dict[int, Columns]) -> Columns:
    """uint32[5, blowup, N]: the sum of the polynomials, each by its table's height, lifted."""
    total = np.zeros((EXTENSION_DEGREE, parameters.blowup, parameters.height), dtype=np.uint32)
    for height, polynomial in polynomials.items():
        group = RowGroup(polynomial, height, parameters.height // height, parameters.blowup)
        for coset in range(parameters.blowup):
            _add_on_coset(total, coset, group.values(coset))
    return total


def _add_on_coset(total: Columns, coset: int, part: Columns) -> None:
    """total uint32[5, blowup, r * m] += part uint32[5, m] on one coset."""
    own = np.ascontiguousarray(total[:, coset])
    add_lifted(own, part)
    total[:, coset] = own


def _domain_points(parameters: Parameters) -> Columns:
    """uint32[blowup * N]: the points of the domain, coset by coset."""
    omega = root_of_unity(parameters.domain)
    points = powers(ext(omega), parameters.domain)[0].astype(np.uint64)
    points *= np.uint64(GENERATOR)
    points %= np.uint64(P)
    ordered = points.reshape(parameters.height, parameters.blowup).T.astype(np.uint32)
    return np.ascontiguousarray(ordered).reshape(-1)


def _from_point(points: Columns, point: Extension) -> Columns:
    """x - point over the whole domain, uint32[5, blowup * N]."""
    result = np.empty((EXTENSION_DEGREE, len(points)), dtype=np.uint32)
    result[0] = points
    add_to(result[0], np.full(1, -point[0] % P, dtype=np.uint32))
    for k in range(1, EXTENSION_DEGREE):
        result[k] = -point[k] % P
    return result


def _divide(top: Columns, bottom: Columns) -> Columns:
    quotients: Columns = mul(top.reshape(EXTENSION_DEGREE, -1), batch_inverse(bottom)).reshape(top.shape)
    return quotients
