"""The compiled permutation against the numpy one and the literal definition."""

import numpy as np
import pytest

from tests.reference import poseidon as reference
from zkpay.kernels import poseidon as kernels
from zkpay.poseidon import permutation as plain
from zkpay.stark.field import P


def inputs_of(width: int, count: int) -> np.ndarray:
    values = np.random.default_rng(width).integers(0, P, (width, count)).astype(np.uint32)
    values[:, :1] = P - 1
    values[:, 1:2] = 0
    return values


@pytest.mark.parametrize("width", [16, 24])
def test_known_answers(width: int) -> None:
    vectors = reference.VECTORS[f"width_{width}"]["vectors"]
    states = np.array([vector["in"] for vector in vectors], dtype=np.uint32).T
    assert kernels.permute(states).T.tolist() == [vector["out"] for vector in vectors]


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1500])
@pytest.mark.parametrize("width", [16, 24])
def test_permute_equals_numpy(width: int, count: int) -> None:
    states = inputs_of(width, count)
    assert np.array_equal(kernels.permute(states), plain.permute(states))


@pytest.mark.parametrize("width", [16, 24])
def test_trace_equals_definition(width: int) -> None:
    states = inputs_of(width, 140)
    trace = kernels.permutation_trace(states)
    assert trace.shape == ({16: 140, 24: 199}[width], 140)
    for index in (0, 1, 2, 127, 128, 139):
        assert trace[:, index].tolist() == reference.trace(states[:, index].tolist())


@pytest.mark.parametrize(("width", "count"), [(16, 1), (16, 200), (24, 129)])
def test_trace_within_a_longer_one(width: int, count: int) -> None:
    states = inputs_of(width, count)
    columns = kernels.trace_columns(width)
    long = np.full((columns + 5, count + 9), 7, dtype=np.uint32)
    kernels.fill_permutation_trace(states, long, 2, 4)
    assert np.array_equal(long[2 : 2 + columns, 4 : 4 + count], kernels.permutation_trace(states))
    long[2 : 2 + columns, 4 : 4 + count] = 7
    assert (long == 7).all()
    for first, start in ((6, 4), (2, 10), (-1, 4), (2, -1)):
        with pytest.raises(ValueError, match="fit"):
            kernels.fill_permutation_trace(states, long, first, start)


def test_hashes_equal_numpy() -> None:
    nodes, leaves = inputs_of(16, 300), inputs_of(24, 300)
    assert np.array_equal(kernels.compress_nodes(nodes[:8], nodes[8:]), plain.compress_nodes(nodes[:8], nodes[8:]))
    assert np.array_equal(kernels.hash_leaves(leaves), plain.hash_leaves(leaves))
    with pytest.raises(ValueError, match="24 elements"):
        kernels.hash_leaves(nodes)
