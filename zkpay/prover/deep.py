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
from zkpay.prover.groups import RowGroup, coset_shift
from zkpay.stark.air import Circuit
from zkpay.stark.field import (
    EXTENSION_DEGREE,
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
    columns: slice
    places: range
    following: bool  # at the next row's point


def openings(circuit: Circuit, layout: Layout, trees: Sequence[CommittedTree]) -> Iterator[Opened]:
    """Every opening of the layout, with the committed columns that it is of."""
    main, auxiliary, quotient = (tree.members for tree in trees)
    for position, (item, places) in enumerate(zip(circuit.placed, layout.openings, strict=True)):
        group, columns = main[position]
        yield Opened(group, columns, places.main, following=False)
        if len(places.auxiliary):
            yield Opened(*auxiliary[position], places.auxiliary, following=False)
        for start, stop in _runs(item.table.next_row_columns):
            first = columns.start + item.table.next_row_columns[start]
            own = places.main_next[start:stop]
            yield Opened(group, slice(first, first + stop - start), own, following=True)
    group, columns = auxiliary[ACCUMULATOR]
    yield Opened(group, columns, layout.accumulator, following=False)
    yield Opened(group, columns, layout.accumulator_next, following=True)
    group, _ = quotient[ACCUMULATOR]
    yield Opened(group, slice(len(layout.quotient_openings)), layout.quotient_openings, following=False)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where runs of neighbours start and stop among ascending numbers."""
    start = 0
    for k in range(1, len(numbers) + 1):
        if k == len(numbers) or numbers[k] != numbers[k - 1] + 1:
            yield start, k
            start = k


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
        values[opened.places] = evaluate_at(group.coefficients[opened.columns], known[key])
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
        part = combine(opened.group.coefficients[opened.columns], np.ascontiguousarray(own.T))
        offset = _weighted(own, claimed[opened.places])
        part[:, 0] = (part[:, 0] + (P - offset)) % P
        sums = following if opened.following else here
        _add_longer(sums, opened.group.height, part)

    mask = trees[-1].groups[0]
    first = len(layout.quotient_openings)
    next_point = ext_scale(zeta, root_of_unity(parameters.height))
    codeword = np.empty((EXTENSION_DEGREE, parameters.blowup, parameters.height), dtype=np.uint32)
    # Coset by coset: arrays of the whole domain would be a gigabyte of fresh memory.
    for coset in range(parameters.blowup):
        total = mask.values(coset, slice(first, first + EXTENSION_DEGREE)).copy()
        points = _points(parameters, coset)
        for height, polynomial in here.items():
            ratio = parameters.height // height
            bottom = _from_point(points, zeta)
            if ratio > 1:
                bottom = mul(bottom, _from_point(points, ext_scale(zeta, root_of_unity(ratio))))
            add_to(total, mul(_on_coset(parameters, {height: polynomial}, coset), batch_inverse(bottom)))
        bottom = _from_point(points, next_point)
        add_to(total, mul(_on_coset(parameters, following, coset), batch_inverse(bottom)))
        codeword[:, coset] = total
    return codeword


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


def _on_coset(parameters: Parameters, polynomials: dict[int, Columns], coset: int) -> Columns:
    """uint32[5, N]: the sum of the polynomials on a coset, each by its table's height, lifted."""
    total = np.zeros((EXTENSION_DEGREE, parameters.height), dtype=np.uint32)
    for height, polynomial in polynomials.items():
        group = RowGroup(polynomial, height, parameters.height // height, parameters.blowup)
        add_lifted(total, group.values(coset))
    return total


def _points(parameters: Parameters, coset: int) -> Columns:
    """uint32[N]: the points of a coset of the domain."""
    points = powers(ext(root_of_unity(parameters.height)), parameters.height)[0].astype(np.uint64)
    points *= np.uint64(coset_shift(parameters.height, 1, parameters.blowup, coset))
    points %= np.uint64(P)
    result: Columns = points.astype(np.uint32)
    return result


def _from_point(points: Columns, point: Extension) -> Columns:
    """x - point for each x, uint32[5, n]."""
    result = np.empty((EXTENSION_DEGREE, len(points)), dtype=np.uint32)
    result[0] = points
    add_to(result[0], np.full(1, -point[0] % P, dtype=np.uint32))
    for k in range(1, EXTENSION_DEGREE):
        result[k] = -point[k] % P
    return result
