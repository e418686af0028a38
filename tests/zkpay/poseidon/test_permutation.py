"""Poseidon in numpy against published known answers and the literal definition."""

import numpy as np
import pytest

from tests.reference import poseidon as reference
from zkpay.poseidon.matrices import inverse_matrix, matrix_product
from zkpay.poseidon.permutation import (
    PERMUTATION_16,
    PERMUTATION_24,
    PERMUTATION_ID,
    Permutation,
    compress_nodes,
    hash_leaves,
    permute,
)
from zkpay.stark.field import P

PERMUTATIONS = [PERMUTATION_16, PERMUTATION_24]


def inputs_of(width: int, count: int) -> np.ndarray:
    values = np.random.default_rng(width).integers(0, P, (width, count)).astype(np.uint32)
    values[:, 0] = P - 1
    values[:, 1] = 0
    return values


@pytest.mark.parametrize("permutation", PERMUTATIONS, ids=lambda p: f"width-{p.width}")
def test_known_answers(permutation: Permutation) -> None:
    vectors = reference.VECTORS[f"width_{permutation.width}"]["vectors"]
    assert {vector["source"] for vector in vectors} == {"Plonky3", "derived"}
    states = np.array([vector["in"] for vector in vectors], dtype=np.uint32).T
    assert permute(states).T.tolist() == [vector["out"] for vector in vectors]
    assert [reference.permute(vector["in"]) for vector in vectors] == [vector["out"] for vector in vectors]


@pytest.mark.parametrize("permutation", PERMUTATIONS, ids=lambda p: f"width-{p.width}")
def test_constants_equal_the_published_ones(permutation: Permutation) -> None:
    published = reference.VECTORS[f"width_{permutation.width}"]
    assert permutation.partial_rounds == published["partial_rounds"]
    assert list(permutation.mds_first_row) == published["mds_circulant_first_row"]
    assert [list(row) for row in permutation.round_constants] == published["round_constants"]


@pytest.mark.parametrize("permutation", PERMUTATIONS, ids=lambda p: f"width-{p.width}")
def test_permute_equals_definition(permutation: Permutation) -> None:
    states = inputs_of(permutation.width, 20)
    assert permute(states).T.tolist() == [reference.permute(column) for column in states.T.tolist()]
    assert permute(states[:, :0]).shape == (permutation.width, 0)


@pytest.mark.parametrize("permutation", PERMUTATIONS, ids=lambda p: f"width-{p.width}")
def test_sparse_rounds_give_every_sbox_its_value(permutation: Permutation) -> None:
    """From the state after round 3 of the definition to the state before round 4 of the second half."""
    partial = permutation.partial
    _, states, cubes = reference.permutation_states(inputs_of(permutation.width, 3)[:, 2].tolist())
    state = [(s + c) % P for s, c in zip(states[3], partial.initial_constants, strict=True)]
    state = [sum(m * s for m, s in zip(row, state, strict=True)) % P for row in partial.dense]
    seen = []
    for step in partial.sparse:
        seen.append(state[0] ** 3 % P)
        head = (seen[-1] + step.constant) % P
        tail = [(s + c * head) % P for s, c in zip(state[1:], step.first_column, strict=True)]
        state = [sum(m * s for m, s in zip(step.first_row, [head, *state[1:]], strict=True)) % P, *tail]
    assert seen == cubes
    assert state == states[3 + permutation.partial_rounds]
    assert len(partial.sparse) == permutation.partial_rounds


def test_hashes_feed_forward() -> None:
    nodes, leaves = inputs_of(16, 5), inputs_of(24, 5)
    digests = compress_nodes(nodes[:8], nodes[8:])
    assert digests.dtype == np.uint32
    assert digests.T.tolist() == [reference.feed_forward(column) for column in nodes.T.tolist()]
    assert hash_leaves(leaves).T.tolist() == [reference.feed_forward(column) for column in leaves.T.tolist()]


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="width 12"):
        permute(np.zeros((12, 1), dtype=np.uint32))
    with pytest.raises(ValueError, match="24 elements"):
        hash_leaves(np.zeros((16, 1), dtype=np.uint32))


def test_matrices() -> None:
    matrix = np.random.default_rng(5).integers(0, P, (24, 24))
    matrix[0, 0] = 0
    assert np.array_equal(matrix_product(matrix, inverse_matrix(matrix)), np.eye(24, dtype=np.int64))
    with pytest.raises(ZeroDivisionError):
        inverse_matrix(np.ones((2, 2), dtype=np.int64))


def test_identifier() -> None:
    assert PERMUTATION_ID == "poseidon1-koalabear-16-24"
