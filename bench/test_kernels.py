"""One benchmark per kernel; names give shape and seed. Run with `make bench`."""

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from zkpay.kernels import deep, extension, folding, keccak, ntt, poseidon
from zkpay.stark.field import P

SEED = 1


def elements(*shape: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(0, P, shape).astype(np.uint32)


def words(*shape: int) -> np.ndarray:
    return np.random.default_rng(SEED).integers(0, 2**64, shape, dtype=np.uint64)


def measure(benchmark: BenchmarkFixture, run: Callable[[], object], items: int, unit: str) -> None:
    """Time `run` after one call that compiles it; the report's extra info has the rate in millions a
    second."""
    run()
    benchmark.pedantic(run, rounds=5, iterations=1)  # type: ignore[no-untyped-call]
    if benchmark.stats is not None:
        benchmark.extra_info[f"million {unit} per second"] = items / benchmark.stats.stats.min / 1e6


@pytest.mark.parametrize("log_size", [12, 16, 20], ids=lambda k: f"16x2^{k}-seed{SEED}")
def test_ntt_evaluate_coset(benchmark: BenchmarkFixture, log_size: int) -> None:
    coefficients = elements(16, 1 << log_size)
    out = np.empty_like(coefficients)
    items = 16 * log_size << (log_size - 1)
    measure(benchmark, lambda: ntt.evaluate_coset(coefficients, 1 << log_size, 3, out), items, "butterflies")


@pytest.mark.parametrize("log_size", [16], ids=lambda k: f"16x2^{k}-seed{SEED}")
def test_ntt_interpolate(benchmark: BenchmarkFixture, log_size: int) -> None:
    values = elements(16, 1 << log_size)
    items = 16 * log_size << (log_size - 1)
    measure(benchmark, lambda: ntt.interpolate(values), items, "butterflies")


@pytest.mark.parametrize("width", [16, 24], ids=lambda w: f"{w}x2^17-seed{SEED}")
def test_poseidon_permute(benchmark: BenchmarkFixture, width: int) -> None:
    states = elements(width, 1 << 17)
    measure(benchmark, lambda: poseidon.permute(states), 1 << 17, "permutations")


@pytest.mark.parametrize("width", [16, 24], ids=lambda w: f"{w}x2^16-seed{SEED}")
def test_poseidon_trace(benchmark: BenchmarkFixture, width: int) -> None:
    states = elements(width, 1 << 16)
    measure(benchmark, lambda: poseidon.permutation_trace(states), 1 << 16, "permutations")


@pytest.mark.parametrize("width", [300], ids=lambda w: f"{w}x2^15-seed{SEED}")
def test_keccak_leaves(benchmark: BenchmarkFixture, width: int) -> None:
    columns, salts = elements(width, 1 << 15), words(2, 1 << 15)
    blocks = (8 + 16 + 4 * width) // 136 + 1
    measure(benchmark, lambda: keccak.leaf_digests(columns, 1, salts), blocks << 15, "permutations")


@pytest.mark.parametrize("log_size", [19], ids=lambda k: f"2^{k}-seed{SEED}")
def test_keccak_nodes(benchmark: BenchmarkFixture, log_size: int) -> None:
    left, right = words(2, 4, 1 << log_size)
    measure(benchmark, lambda: keccak.node_digests(left, right, 1), 1 << log_size, "permutations")


@pytest.mark.parametrize("bits", [18], ids=lambda b: f"{b}bits-seed{SEED}")
def test_keccak_grind(benchmark: BenchmarkFixture, bits: int) -> None:
    seed = bytes([SEED] * 32)
    nonce = keccak.grind(seed, 1, bits)
    measure(benchmark, lambda: keccak.grind(seed, 1, bits), nonce + 1, "nonces")


@pytest.mark.parametrize("log_size", [20], ids=lambda k: f"5x2^{k}-seed{SEED}")
def test_extension_mul(benchmark: BenchmarkFixture, log_size: int) -> None:
    a, b = elements(2, 5, 1 << log_size)
    measure(benchmark, lambda: extension.mul(a, b), 1 << log_size, "products")


@pytest.mark.parametrize("log_size", [20], ids=lambda k: f"5x2^{k}-seed{SEED}")
def test_extension_batch_inverse(benchmark: BenchmarkFixture, log_size: int) -> None:
    a = elements(5, 1 << log_size)
    measure(benchmark, lambda: extension.batch_inverse(a), 1 << log_size, "inverses")


@pytest.mark.parametrize("log_size", [20], ids=lambda k: f"5x2^{k}-seed{SEED}")
def test_extension_powers(benchmark: BenchmarkFixture, log_size: int) -> None:
    measure(benchmark, lambda: extension.powers((1, 2, 3, 4, 5), 1 << log_size), 1 << log_size, "powers")


@pytest.mark.parametrize("width", [160], ids=lambda w: f"{w}x2^17-seed{SEED}")
def test_deep_combine(benchmark: BenchmarkFixture, width: int) -> None:
    columns, weights = elements(width, 1 << 17), elements(5, width)
    measure(benchmark, lambda: deep.combine(columns, weights), width << 17, "terms")


@pytest.mark.parametrize("arity", [2, 4, 8], ids=lambda a: f"arity{a}-5x4x2^18-seed{SEED}")
def test_folding(benchmark: BenchmarkFixture, arity: int) -> None:
    values = elements(5, 4, 1 << 18)
    measure(benchmark, lambda: folding.fold(values, arity, (1, 2, 3, 4, 5), 3, 1 << 20), 1 << 20, "values folded")
