"""One case for each kernel: what it is called with, how many of what it does, and the work that this takes.

`zkpay bench` and the benchmarks of a checkout (bench/) run the same cases. Random values do as well as real ones: no
kernel's work depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zkpay.epoch.sample import POLICY_TEXT
from zkpay.kernels import deep, extension, folding, keccak, ntt, opening, poseidon
from zkpay.kernels.program import evaluate_rows, fold_constraints
from zkpay.measure.ceilings import best_seconds
from zkpay.measure.circuits import circuit_for
from zkpay.measure.operations import constraint_work, division_work, fraction_work
from zkpay.measure.work import EXTENSION_PRODUCT, Ceilings, Work, butterflies
from zkpay.measure.work import keccak as keccak_work
from zkpay.measure.work import poseidon as poseidon_work
from zkpay.policy.policy import parse_policy
from zkpay.poseidon.permutation import PERMUTATION_16, PERMUTATION_24
from zkpay.prover.program import bus_program, constraint_program
from zkpay.prover.work import row_permutations
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import EXTENSION_DEGREE, Extension, P
from zkpay.stark.protocol import BusChallenges, constraint_count, powers_of

Columns = NDArray[np.uint32]

SEED: Final = 1
POINT: Final[Extension] = (3, 1, 4, 1, 5)
ROUNDS: Final = 5
LARGEST: Final = 20
"""Two to this is the largest case's size."""


@dataclass(frozen=True)
class KernelCase:
    """name: which kernel. shape: of its input. items: how many of `unit` one call does, and `work` what they take.

    prepare: makes the input and gives the call to be timed.
    """

    name: str
    shape: str
    unit: str
    items: int
    work: Work
    prepare: Callable[[], Callable[[], object]]

    @property
    def title(self) -> str:
        """Name and shape, without spaces: what a test is called."""
        return f"{self.name} {self.shape} seed{SEED}".replace(" ", "-")


def measure_kernel(case: KernelCase, ceilings: Ceilings | None = None, rounds: int = ROUNDS) -> dict[str, Any]:
    """Best of `rounds`: seconds, items a second, and the share of the ceiling that this is."""
    seconds = best_seconds(case.prepare(), rounds)
    return {
        "kernel": case.name,
        "shape": case.shape,
        "unit": case.unit,
        "items": case.items,
        "seconds": seconds,
        "rate": case.items / seconds,
        "work": case.work.as_json(),
        "share_of_ceiling": None if ceilings is None else case.work.seconds(ceilings) / seconds,
    }


def kernel_cases(largest: int = LARGEST) -> list[KernelCase]:
    """All cases, none with more than 2^largest rows, except that tables have a least height."""
    cases = [
        *(_forward(min(log, largest)) for log in (12, 16, 20)),
        *(_inverse(min(log, largest)) for log in (16, 20)),
        _leaves(300, min(15, largest)),
        _nodes(min(19, largest)),
        _grind(min(18, largest)),
        *(_permute(width, min(17, largest)) for width in (16, 24)),
        *(_trace(width, min(16, largest)) for width in (16, 24)),
        *(_constraints(name, min(16, largest)) for name in ("contributions", "contribution_nodes", "tally", "payouts")),
        _buses("contributions", min(16, largest)),
        _products(min(20, largest)),
        _inverses(min(20, largest)),
        _powers(min(20, largest)),
        _combine(160, min(17, largest)),
        *(_evaluate(width, min(16, largest)) for width in (16, 256)),
        *(_fold(arity, min(18, largest)) for arity in folding.ARITIES),
    ]
    # Sizes that the limit made equal are measured once.
    return list({case.title: case for case in cases}.values())


def elements(*shape: int) -> Columns:
    """Random field elements."""
    return np.random.default_rng(SEED).integers(0, P, shape).astype(np.uint32)


def _words(*shape: int) -> NDArray[np.uint64]:
    return np.random.default_rng(SEED).integers(0, 2**64, shape, dtype=np.uint64)


def _bytes(read: int, written: int) -> Work:
    """Reading and writing so many four-byte elements."""
    return Work(bytes_read=4 * read, bytes_written=4 * written)


def _forward(log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        coefficients = elements(16, 1 << log)
        out = np.empty_like(coefficients)
        return lambda: ntt.evaluate_coset(coefficients, 1 << log, 3, out)

    work = butterflies(16, 1 << log) + _bytes(16 << log, 16 << log)
    return KernelCase("NTT forward", f"16x2^{log}", "butterflies", 16 * log << log >> 1, work, prepare)


def _inverse(log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        values = elements(16, 1 << log)
        return lambda: ntt.interpolate(values)

    work = butterflies(16, 1 << log) + _bytes(16 << log, 16 << log)
    return KernelCase("NTT inverse", f"16x2^{log}", "butterflies", 16 * log << log >> 1, work, prepare)


def _leaves(width: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        columns, salts = elements(width, 1 << log), _words(2, 1 << log)
        return lambda: keccak.leaf_digests(columns, 1, salts)

    count = row_permutations(width, salted=True) << log
    work = keccak_work(count) + _bytes((width + 4) << log, 8 << log)
    return KernelCase("Keccak leaves", f"{width}x2^{log}", "permutations", count, work, prepare)


def _nodes(log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        left, right = _words(2, 4, 1 << log)
        return lambda: keccak.node_digests(left, right, 1)

    work = keccak_work(1 << log) + _bytes(16 << log, 8 << log)
    return KernelCase("Keccak nodes", f"2^{log}", "permutations", 1 << log, work, prepare)


def _grind(bits: int) -> KernelCase:
    seed = bytes([SEED] * 32)

    def prepare() -> Callable[[], object]:
        return lambda: keccak.grind(seed, 1, bits)

    nonces = keccak.grind(seed, 1, bits) + 1  # how many were tried follows from the answer
    return KernelCase("Keccak grind", f"{bits} bits", "permutations", nonces, keccak_work(nonces), prepare)


def _poseidon(width: int) -> Work:
    permutation = PERMUTATION_16 if width == PERMUTATION_16.width else PERMUTATION_24
    return poseidon_work(width, permutation.partial_rounds)


def _permute(width: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        states = elements(width, 1 << log)
        return lambda: poseidon.permute(states)

    work = _poseidon(width).times(1 << log) + _bytes(width << log, width << log)
    return KernelCase(f"Poseidon {width}", f"2^{log}", "permutations", 1 << log, work, prepare)


def _trace(width: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        states = elements(width, 1 << log)
        return lambda: poseidon.permutation_trace(states)

    work = _poseidon(width).times(1 << log) + _bytes(width << log, poseidon.trace_columns(width) << log)
    return KernelCase(f"Poseidon {width} trace", f"2^{log}", "permutations", 1 << log, work, prepare)


@cache
def sample_circuit(log: int) -> Circuit:
    """The payout circuit of the sample policy for 2^log records and accounts."""
    return circuit_for(parse_policy(POLICY_TEXT.encode(), "sample"), 1 << log, 1 << log)


def _table(log: int, name: str) -> PlacedTable:
    return next(item for item in sample_circuit(log).placed if item.table.name == name)


def _challenges(circuit: Circuit) -> BusChallenges:
    return BusChallenges(POINT, powers_of(POINT, circuit.bus_width + 1), powers_of(POINT, len(circuit.sum_targets)))


def _constraints(name: str, log: int) -> KernelCase:
    circuit, item = sample_circuit(log), _table(log, name)
    table, height = item.table, item.height
    helpers = EXTENSION_DEGREE * len(table.helpers)

    def prepare() -> Callable[[], object]:
        weights = powers_of(POINT, constraint_count(table))
        program = constraint_program(circuit, table, 1, _challenges(circuit), weights, POINT)
        main, auxiliary, selectors = elements(table.width, height), elements(helpers, height), elements(4, height)
        return lambda: fold_constraints(program, main, table.preprocessed_values, auxiliary, selectors)

    work = constraint_work(table).times(height) + _bytes((table.width + helpers) * height, EXTENSION_DEGREE * height)
    return KernelCase("Constraints", f"{name} 2^{height.bit_length() - 1}", "rows", height, work, prepare)


def _buses(name: str, log: int) -> KernelCase:
    circuit, item = sample_circuit(log), _table(log, name)
    table, height = item.table, item.height

    def prepare() -> Callable[[], object]:
        program = bus_program(circuit, table, _challenges(circuit))
        main = elements(table.width, height)
        out = np.empty((program.outputs, height), dtype=np.uint32)
        return lambda: evaluate_rows(program, main, table.preprocessed_values, out)

    work = (fraction_work(table) + division_work(table)).times(height)
    work += _bytes(table.width * height, EXTENSION_DEGREE * (len(table.helpers) + 1) * height)
    return KernelCase("Helper columns", f"{name} 2^{height.bit_length() - 1}", "rows", height, work, prepare)


def _products(log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        a, b = elements(2, EXTENSION_DEGREE, 1 << log)
        return lambda: extension.mul(a, b)

    work = EXTENSION_PRODUCT.times(1 << log) + _bytes(10 << log, 5 << log)
    return KernelCase("Extension product", f"2^{log}", "products", 1 << log, work, prepare)


def _inverses(log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        values = elements(EXTENSION_DEGREE, 1 << log)
        return lambda: extension.batch_inverse(values)

    work = EXTENSION_PRODUCT.times(3 << log) + _bytes(5 << log, 5 << log)
    return KernelCase("Extension inverse", f"2^{log}", "inverses", 1 << log, work, prepare)


def _powers(log: int) -> KernelCase:
    work = EXTENSION_PRODUCT.times(1 << log) + _bytes(0, 5 << log)
    return KernelCase(
        "Extension powers", f"2^{log}", "powers", 1 << log, work, lambda: lambda: extension.powers(POINT, 1 << log)
    )


def _combine(width: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        columns, weights = elements(width, 1 << log), elements(EXTENSION_DEGREE, width)
        return lambda: deep.combine(columns, weights)

    items = width << log
    work = Work(accumulations=EXTENSION_DEGREE * items) + _bytes(items, EXTENSION_DEGREE << log)
    return KernelCase("DEEP combine", f"{width}x2^{log}", "terms", items, work, prepare)


def _evaluate(width: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        coefficients, powers = elements(width, 1 << log), extension.powers(POINT, 1 << log)
        return lambda: opening.evaluate_at(coefficients, powers)

    items = width << log
    work = Work(accumulations=EXTENSION_DEGREE * items) + _bytes(items, 0)
    return KernelCase("Out-of-domain values", f"{width}x2^{log}", "coefficients", items, work, prepare)


def _fold(arity: int, log: int) -> KernelCase:
    def prepare() -> Callable[[], object]:
        values = elements(EXTENSION_DEGREE, 4, 1 << log)
        return lambda: folding.fold(values, arity, POINT, 3, 4 << log)

    fibres = (4 << log) // arity
    work = butterflies(EXTENSION_DEGREE, arity).times(fibres)
    work += (EXTENSION_PRODUCT + Work(additions=EXTENSION_DEGREE)).times((arity - 1) * fibres)
    work += _bytes(20 << log, EXTENSION_DEGREE * fibres)
    return KernelCase(f"FRI fold by {arity}", f"4x2^{log}", "values", 4 << log, work, prepare)
