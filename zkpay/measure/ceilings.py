"""Peak rates of this machine, for the floor report: what the kernels' own operations reach with nothing in their way.

Compute: every core runs the operation on a block that stays in the first-level cache. Memory: arrays several times
as large as the last cache. The best of several rounds counts, since only slowness comes from elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.montgomery import add, multiply
from zkpay.kernels.parallel import parallel_ranges, thread_count
from zkpay.measure.work import Ceilings
from zkpay.stark.field import P

Block = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]

LANES: Final = 1024
_BOUND: Final = np.uint64(P << 32)
_TASKS: Final = 4  # for each thread, so that an uneven machine still keeps its cores busy
_GRAIN: Final = 1 << 13
ROUNDS: Final = 7


@kernel
def _multiply_block(block: Block, factor: np.uint32, repeats: int) -> None:
    """`repeats` times one product on each of 4096 words in [0, P)."""
    for _ in range(repeats):
        for i in range(4 * LANES):
            block[i] = multiply(block[i], factor)


@kernel
def _add_block(block: Block, repeats: int) -> None:
    """`repeats` times eight modular additions on each of 1024 lanes of four words in [0, P)."""
    for _ in range(repeats):
        for i in range(LANES):
            a, b, c, d = block[i], block[i + LANES], block[i + 2 * LANES], block[i + 3 * LANES]
            a, b, c, d = add(a, b), add(b, c), add(c, d), add(d, a)
            a, b, c, d = add(a, b), add(b, c), add(c, d), add(d, a)
            block[i], block[i + LANES], block[i + 2 * LANES], block[i + 3 * LANES] = a, b, c, d


@kernel
def _accumulate_block(totals: Words, block: Block, factors: Words, repeats: int) -> None:
    """`repeats` times four products for each of four totals on each of 1024 lanes.

    A total is kept below 2^32 P: two products more make at most 2^32 P + 2 P^2 < 2^64.
    """
    f0, f1, f2, f3 = factors[0], factors[1], factors[2], factors[3]
    for _ in range(repeats):
        for i in range(LANES):
            a, b = np.uint64(block[i]), np.uint64(block[i + LANES])
            c, d = np.uint64(block[i + 2 * LANES]), np.uint64(block[i + 3 * LANES])
            for k in range(4):
                t = totals[i + k * LANES] + a * f0 + b * f1
                t = min(t, t - _BOUND) + c * f2 + d * f3
                totals[i + k * LANES] = min(t, t - _BOUND)


@kernel
def _logic_block(words: Words, repeats: int) -> None:
    """`repeats` times eight operations of three operands and four rotations on each of 1024 lanes of four words."""
    for _ in range(repeats):
        for i in range(LANES):
            a, b, c, d = words[i], words[i + LANES], words[i + 2 * LANES], words[i + 3 * LANES]
            a, b, c, d = a ^ (~b & c), b ^ (~c & d), c ^ (~d & a), d ^ (~a & b)
            a, b = a << np.uint64(7) | a >> np.uint64(57), b << np.uint64(25) | b >> np.uint64(39)
            a, b, c, d = a ^ c ^ d, b ^ d ^ a, c ^ a ^ b, d ^ b ^ c
            c, d = c << np.uint64(41) | c >> np.uint64(23), d << np.uint64(13) | d >> np.uint64(51)
            words[i], words[i + LANES], words[i + 2 * LANES], words[i + 3 * LANES] = a, b, c, d


@kernel
def _read_range(source: Words, start: int, stop: int) -> np.uint64:
    part = source[start:stop]
    total = np.uint64(0)
    for i in range(len(part)):
        total ^= part[i]
    return total


@kernel
def _copy_range(source: Words, target: Words, start: int, stop: int) -> None:
    read, written = source[start:stop], target[start:stop]
    for i in range(len(read)):
        written[i] = read[i]


def best_seconds(run: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of `rounds` calls, after one that compiles and warms up."""
    run()
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


def _rate(run_block: Callable[[int], object], operations: int, repeats: int, rounds: int) -> float:
    """Operations a second of all cores; run_block(repeats) does `operations` on each of 1024 lanes so often."""
    tasks = _TASKS * thread_count()

    def task(start: int, stop: int) -> None:
        for _ in range(start, stop):
            run_block(repeats)

    seconds = best_seconds(lambda: parallel_ranges(task, tasks), rounds)
    return operations * LANES * repeats * tasks / seconds


def measure_ceilings(*, repeats: int = 1_000, array_bytes: int = 1 << 28, rounds: int = ROUNDS) -> Ceilings:
    """Peak rates, in about two seconds with the usual numbers.

    array_bytes: size of each of the two arrays that memory is measured with; several times the last cache.
    """
    # Every task copies its block: two threads in one block would fight over its cache lines.
    random = np.random.default_rng(1)
    elements = random.integers(0, P, 4 * LANES).astype(np.uint32)
    words = random.integers(0, 2**62, 4 * LANES, dtype=np.uint64)
    factors = random.integers(0, P, 4, dtype=np.uint64)
    factor = np.uint32(factors[0])
    source = np.ones(array_bytes // 8, dtype=np.uint64)
    target = np.zeros_like(source)

    def read() -> None:
        parallel_ranges(lambda start, stop: _read_range(source, start, stop), len(source), grain=_GRAIN)

    def copy() -> None:
        parallel_ranges(lambda start, stop: _copy_range(source, target, start, stop), len(source), grain=_GRAIN)

    return Ceilings(
        products=_rate(lambda n: _multiply_block(elements.copy(), factor, n), 4, repeats, rounds),
        additions=_rate(lambda n: _add_block(elements.copy(), n), 8, repeats, rounds),
        accumulations=_rate(lambda n: _accumulate_block(words.copy(), elements, factors, n), 16, repeats, rounds),
        word_operations=_rate(lambda n: _logic_block(words.copy(), n), 12, repeats, rounds),
        read_bytes=source.nbytes / best_seconds(read, rounds),
        copy_bytes=2 * source.nbytes / best_seconds(copy, rounds),
    )
