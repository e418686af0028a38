"""Poseidon over KoalaBear for columns of states, and the two hashes built on it (SPEC §2.3).

A `Permutation` holds its constants in two forms: as published, and with sparse matrices in the partial rounds
(Grassi et al., eprint 2019/458, appendix B), which the fast kernel and the circuit's constraints share.
Both forms give the same value to every S-box, so one trace serves both.

Hashes: width 24 with feed-forward for leaves, width 16 with feed-forward for Merkle nodes; digests are 8
elements. Feed-forward at width 16 too: without it anybody could run the permutation backwards from a root.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.poseidon.constants import (
    FULL_ROUNDS,
    MDS_FIRST_ROW_16,
    MDS_FIRST_ROW_24,
    PARTIAL_ROUNDS_16,
    PARTIAL_ROUNDS_24,
    ROUND_CONSTANTS_16,
    ROUND_CONSTANTS_24,
)
from zkpay.poseidon.matrices import circulant, inverse_matrix, matrix_product
from zkpay.stark.field import P

PERMUTATION_ID: Final = "poseidon1-koalabear-16-24"
"""Names the permutation in the circuit digest."""

DIGEST_SIZE: Final = 8
HALF_FULL_ROUNDS: Final = FULL_ROUNDS // 2

Columns = npt.NDArray[np.uint32]
Matrix = npt.NDArray[np.int64]

_UNSIGNED_P: Final = np.uint64(P)
_BLOCK: Final = 4096


@dataclass(frozen=True)
class SparseRound:
    """One partial round after its S-box: add `constant` to s[0], then multiply by a sparse matrix.

    new s[0] = first_row . s; new s[i] = s[i] + first_column[i-1] * s[0] for i >= 1, both from the old s.
    """

    constant: int
    first_row: tuple[int, ...]
    first_column: tuple[int, ...]


@dataclass(frozen=True)
class PartialRounds:
    """All partial rounds: add `initial_constants`, multiply by `dense`, then cube s[0] and apply each sparse
    round.

    s[0] before each cube, and the state after the last round, are those of the published form.
    """

    initial_constants: tuple[int, ...]
    dense: tuple[tuple[int, ...], ...]
    sparse: tuple[SparseRound, ...]


@dataclass(frozen=True)
class Permutation:
    """One width of Poseidon. Every round adds its constants, cubes (s[0] only, if partial), multiplies by
    `mds`."""

    width: int
    partial_rounds: int
    mds_first_row: tuple[int, ...]
    round_constants: tuple[tuple[int, ...], ...]

    @cached_property
    def mds(self) -> tuple[tuple[int, ...], ...]:
        """Row i is the first row turned right by i: out[i] = sum_j first_row[(j - i) mod width] * in[j]."""
        return _as_rows(circulant(self.mds_first_row))

    @cached_property
    def partial(self) -> PartialRounds:
        """The partial rounds in sparse form, worked out backwards from the last one.

        Matrices: with M^ the lower right block, M = [[m, v], [w, M^]] = [[m, v M^^-1], [w, I]] * diag(1,
        M^).  The right factor does not touch s[0], so it passes the S-box and joins the matrix of the round
        before. Constants: M^-1 c in place of c moves them in front of the matrix of the round before; what
        isn't at s[0] passes that round's S-box as well.
        """
        mds = np.array(self.mds, dtype=np.int64)
        mds_inverse = inverse_matrix(mds)
        first = HALF_FULL_ROUNDS
        carried = np.zeros(self.width, dtype=np.int64)
        scalars = [0] * self.partial_rounds
        for index in reversed(range(self.partial_rounds)):
            carried = (carried + np.array(self.round_constants[first + index], dtype=np.int64)) % P
            if index:
                carried = matrix_product(mds_inverse, carried[:, None])[:, 0]
                scalars[index - 1], carried[0] = int(carried[0]), 0
        sparse: list[SparseRound] = []
        accumulated = mds
        for constant in reversed(scalars):
            block = accumulated[1:, 1:]
            row = matrix_product(accumulated[:1, 1:], inverse_matrix(block))[0]
            first_row = (int(accumulated[0, 0]), *(int(x) for x in row))
            sparse.append(SparseRound(constant, first_row, tuple(int(x) for x in accumulated[1:, 0])))
            dense = np.zeros_like(mds)
            dense[0, 0], dense[1:, 1:] = 1, block
            accumulated = matrix_product(dense, mds)
        return PartialRounds(tuple(int(x) for x in carried), _as_rows(dense), tuple(reversed(sparse)))


def _as_rows(matrix: Matrix) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(x) for x in row) for row in matrix)


PERMUTATION_16: Final = Permutation(16, PARTIAL_ROUNDS_16, MDS_FIRST_ROW_16, ROUND_CONSTANTS_16)
PERMUTATION_24: Final = Permutation(24, PARTIAL_ROUNDS_24, MDS_FIRST_ROW_24, ROUND_CONSTANTS_24)


def permutation_of_width(width: int) -> Permutation:
    """The permutation of width 16 or 24; ValueError for any other."""
    for permutation in (PERMUTATION_16, PERMUTATION_24):
        if permutation.width == width:
            return permutation
    raise ValueError(f"there is no permutation of width {width}: 16 and 24 are defined")


class _Tables:
    """A permutation's constants as arrays, matrices split into 16-bit halves for exact products of doubles.

    A half is below 2^16, a state element below 2^31, and at most 24 products are added: below 2^52, exact in
    a double; so the matrix products run at the speed of the linear algebra library.
    """

    def __init__(self, permutation: Permutation) -> None:
        partial = permutation.partial
        self.constants = np.array(permutation.round_constants, dtype=np.uint64)[:, :, None]
        self.mds = self.halves(permutation.mds)
        self.initial = np.array(partial.initial_constants, dtype=np.uint64)[:, None]
        self.dense = self.halves(partial.dense)
        self.rows = [self.halves((step.first_row,)) for step in partial.sparse]
        self.columns = [np.array(step.first_column, dtype=np.uint64)[:, None] for step in partial.sparse]
        self.scalars = [np.uint64(step.constant) for step in partial.sparse]

    @staticmethod
    def halves(rows: tuple[tuple[int, ...], ...]) -> npt.NDArray[np.float64]:
        matrix = np.array(rows, dtype=np.int64)
        return np.concatenate([matrix >> 16, matrix & 0xFFFF]).astype(np.float64)


_TABLES: dict[int, _Tables] = {}


def _reduced(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """values mod P, by a division for which numpy has vector code (it has none for the remainder)."""
    reduced: npt.NDArray[np.uint64] = values - values // _UNSIGNED_P * _UNSIGNED_P
    return reduced


def _multiply(halves: npt.NDArray[np.float64], state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    products = (halves @ state.astype(np.float64)).astype(np.uint64)
    rows = len(halves) // 2
    return _reduced((_reduced(products[:rows]) << np.uint64(16)) + products[rows:])


def _cube(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    return _reduced(_reduced(values * values) * values)


def _permute_block(tables: _Tables, state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    for constants in tables.constants[:HALF_FULL_ROUNDS]:
        state = _multiply(tables.mds, _cube(_reduced(state + constants)))
    state = _multiply(tables.dense, _reduced(state + tables.initial))
    for row, column, scalar in zip(tables.rows, tables.columns, tables.scalars, strict=True):
        state[0] = _reduced(_cube(state[0]) + scalar)
        first = _multiply(row, state)[0]
        state[1:] = _reduced(state[1:] + column * state[0])
        state[0] = first
    for constants in tables.constants[-HALF_FULL_ROUNDS:]:
        state = _multiply(tables.mds, _cube(_reduced(state + constants)))
    return state


def permute(state: Columns) -> Columns:
    """The permutation of each column: uint32[w, n] in [0, P) to uint32[w, n] in [0, P), w = 16 or 24."""
    width, count = state.shape
    permutation = permutation_of_width(width)
    if width not in _TABLES:
        _TABLES[width] = _Tables(permutation)
    result = np.empty((width, count), dtype=np.uint32)
    for start in range(0, count, _BLOCK):
        block = state[:, start : start + _BLOCK].astype(np.uint64)
        result[:, start : start + _BLOCK] = _permute_block(_TABLES[width], block)
    return result


def _feed_forward(state: Columns) -> Columns:
    total = permute(state)[:DIGEST_SIZE].astype(np.uint64) + state[:DIGEST_SIZE]
    return _reduced(total).astype(np.uint32)


def compress_nodes(left: Columns, right: Columns) -> Columns:
    """Merkle node digests: the first 8 of P16(left || right) + (left || right); uint32[8, n] each, in [0,
    P)."""
    return _feed_forward(np.concatenate([left, right]))


def hash_leaves(elements: Columns) -> Columns:
    """Leaf digests uint32[8, n]: the first 8 of P24(elements) + elements, for uint32[24, n] in [0, P)."""
    if elements.shape[0] != PERMUTATION_24.width:
        raise ValueError(f"a leaf has {PERMUTATION_24.width} elements, not {elements.shape[0]}")
    return _feed_forward(elements)
