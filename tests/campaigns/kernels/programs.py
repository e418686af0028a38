"""Random programs for the constraint kernel, which no compiler would write, against a reading by its definition.

The kernel's own words (registers, weights, totals) are drawn from the ends of their ranges; so its 64-bit totals come
as near to their bounds as they can.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.reference import extension as reference_extension
from zkpay.kernels import program as kernel
from zkpay.stark.field import P

LANES = kernel.LANES
BOUND = P << 32
R_INVERSE = pow(2, -32, P)
BASE, EXTENSION = 3, 3
"""Registers that begin as columns, of either kind."""


@dataclass
class Drawn:
    """A program that grows: instructions in the kernel's words, and what each register should hold, by row.

    base, wide: places of registers with values for every row, int or five of them, modulo P.
    """

    rows: int
    instructions: list[list[int]] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    extension_sources: list[int] = field(default_factory=list)
    extension_weights: list[list[int]] = field(default_factory=list)
    constants: list[int] = field(default_factory=list)
    extension_constants: list[list[int]] = field(default_factory=list)
    base: list[tuple[int, np.ndarray]] = field(default_factory=list)
    wide: list[tuple[int, np.ndarray]] = field(default_factory=list)
    registers: int = 0
    outputs: list[np.ndarray] = field(default_factory=list)

    def base_register(self, values: np.ndarray) -> int:
        """A new register that will hold these values, object[rows]."""
        place = self.registers * LANES
        self.registers += 1
        self.base.append((place, values % P))
        return place

    def wide_register(self, values: np.ndarray) -> int:
        """The same for object[5, rows]."""
        place = self.registers * LANES
        self.registers += 5
        self.wide.append((place, values % P))
        return place


def words(rng: np.random.Generator, count: int, below: int = P) -> list[int]:
    """Numbers from the ends of [0, below), mostly the last."""
    ends = [below - 1, below - 1, below - 2, 0, 1, below // 2]
    return [ends[k] for k in rng.integers(0, len(ends), count).tolist()]


def check_program(rng: np.random.Generator, scale: int) -> None:
    """One random program on random columns; AssertionError where a result differs."""
    rows = int(rng.choice([1, 2, 5, 511, 512, 513, 700]) if scale > 1 else rng.choice([1, 3]))
    main = np.array(words(rng, BASE * rows), dtype=np.uint32).reshape(BASE, rows)
    auxiliary = np.array(words(rng, 5 * EXTENSION * rows), dtype=np.uint32).reshape(5 * EXTENSION, rows)
    periods = [int(period) for period in rng.choice([1, 2, 8, rows], 2)]
    fixed = [np.array(words(rng, period), dtype=np.uint32) for period in periods]
    drawn = Drawn(rows)
    initial = np.array(words(rng, 20, BOUND), dtype=object).reshape(4, 5)
    totals = np.repeat(initial[:, :, None], rows, axis=2)
    load_columns(drawn, rng, main, auxiliary, fixed)
    for _ in range(int(rng.integers(1, 6 * scale))):
        grow(drawn, rng, totals)
    selectors = np.array(words(rng, 4 * rows), dtype=np.uint32).reshape(4, rows)
    program = kernel.Program(
        instructions=np.array(drawn.instructions, dtype=np.int64).reshape(-1, 5),
        sources=np.array(drawn.sources, dtype=np.int64),
        weights=np.array(drawn.weights, dtype=np.uint64),
        extension_sources=np.array(drawn.extension_sources, dtype=np.int64),
        extension_weights=np.array(drawn.extension_weights, dtype=np.uint64).reshape(-1, 5),
        constants=np.array(drawn.constants, dtype=np.uint64),
        extension_constants=np.array(drawn.extension_constants, dtype=np.uint64).reshape(-1, 5),
        initial=initial.astype(np.uint64),
        registers=drawn.registers,
        outputs=len(drawn.outputs),
    )
    if drawn.outputs:
        stored = np.empty((len(drawn.outputs), rows), dtype=np.uint32)
        # Without auxiliary columns and selectors: what is folded under no selector.
        found = kernel.evaluate_rows(program, main, fixed, stored)
        expected = totals[0] * R_INVERSE % P
        assert stored.tolist() == np.stack(drawn.outputs).tolist(), "stored rows"
    else:
        found = kernel.fold_constraints(program, main, fixed, auxiliary, selectors)
        factors = selectors.astype(object)
        factors[0] = 1
        # A selector's product loses 2^32, as the total has before.
        expected = totals[0] * R_INVERSE
        for where in range(1, 4):
            expected = expected + totals[where] * factors[where] * R_INVERSE**2
        expected = expected % P
    assert found.tolist() == expected.tolist(), "folded totals"


def load_columns(
    drawn: Drawn, rng: np.random.Generator, main: np.ndarray, auxiliary: np.ndarray, fixed: list[np.ndarray]
) -> None:
    """Registers that hold columns, some of them on the next row."""
    for column, values in enumerate(main):
        turn = int(rng.integers(0, 2))
        place = drawn.base_register(np.roll(values.astype(object), -turn))
        drawn.instructions.append([kernel.LOAD_MAIN, place, column, turn, 0])
    for column, values in enumerate(fixed):
        place = drawn.base_register(np.resize(values.astype(object), drawn.rows))
        drawn.instructions.append([kernel.LOAD_PREPROCESSED, place, column, 0, 0])
    # A stored result stands for a program that has no auxiliary columns.
    stores = bool(rng.integers(0, 2))
    if stores:
        source, values = drawn.base[0]
        place = drawn.wide_register(np.stack([values * w * R_INVERSE for w in (P - 1, 1, P - 2, 0, P - 1)]))
        first = weighted(drawn, [source], [[P - 1, 1, P - 2, 0, P - 1]])
        drawn.extension_constants.append([0] * 5)
        drawn.instructions.append([kernel.EXTENSION_LINEAR, place, first, 1, len(drawn.extension_constants) - 1])
        drawn.instructions.append([kernel.STORE, 0, place, 0, 0])
        drawn.outputs += list(drawn.wide[-1][1])
    else:
        for number in range(EXTENSION):
            place = drawn.wide_register(auxiliary[5 * number : 5 * number + 5].astype(object))
            drawn.instructions.append([kernel.LOAD_AUXILIARY, place, 5 * number, 0, 0])


def weighted(drawn: Drawn, sources: list[int], weights: list[list[int]]) -> int:
    """Terms of a sum in the challenge field, filled up to a group of four; the first one's number."""
    first = len(drawn.extension_sources)
    fill = -len(sources) % kernel.AT_ONCE
    drawn.extension_sources += sources + [sources[0]] * fill
    drawn.extension_weights += weights + [[0] * 5] * fill
    return first


def grow(drawn: Drawn, rng: np.random.Generator, totals: np.ndarray) -> None:
    """One more instruction; totals, object[4, 5, rows], take what it folds."""

    def base() -> tuple[int, np.ndarray]:
        return drawn.base[rng.integers(0, len(drawn.base))]

    def wide() -> tuple[int, np.ndarray]:
        return drawn.wide[rng.integers(0, len(drawn.wide))]

    def emit(operation: int, out: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        drawn.instructions.append([operation, out, a, b, c])

    kind = str(rng.choice(["cube", "multiply", "linear", "fold", "wide", "product", "scale", "add", "subtract", "own"]))
    if kind == "cube":
        (source, values), constant = base(), words(rng, 1)[0]
        drawn.constants.append(constant)
        place = drawn.base_register((values + constant) ** 3 * R_INVERSE**2)
        emit(kernel.CUBE, place, source, len(drawn.constants) - 1)
    elif kind == "multiply":
        (left, a), (right, b) = base(), base()
        emit(kernel.MULTIPLY, drawn.base_register(a * b * R_INVERSE), left, right)
    elif kind == "linear":
        count, first, offset = kernel.AT_ONCE * int(rng.integers(0, 6)), len(drawn.sources), words(rng, 1, BOUND)[0]
        chosen, factors = [base() for _ in range(count)], words(rng, count)
        drawn.sources += [source for source, _ in chosen]
        drawn.weights += factors
        drawn.constants.append(offset)
        total = sum((w * values for w, (_, values) in zip(factors, chosen, strict=True)), np.zeros(drawn.rows, object))
        place = drawn.base_register((total + offset) * R_INVERSE)
        emit(kernel.LINEAR, place, first, count // kernel.AT_ONCE, len(drawn.constants) - 1)
    elif kind in ("fold", "wide"):
        count = int(rng.integers(1, 14))
        chosen, wide_factors = [base() for _ in range(count)], [words(rng, 5) for _ in range(count)]
        first = weighted(drawn, [source for source, _ in chosen], wide_factors)
        sums = np.zeros((5, drawn.rows), dtype=object)
        for (_, values), own in zip(chosen, wide_factors, strict=True):
            sums = sums + np.array(own, dtype=object)[:, None] * values
        groups = -(-count // kernel.AT_ONCE)
        if kind == "fold":
            where = int(rng.integers(0, kernel.SELECTORS)) if not drawn.outputs else 0
            emit(kernel.FOLD, where * 5 * LANES, first, groups)
            totals[where] += sums
        else:
            offsets = words(rng, 5, BOUND)
            drawn.extension_constants.append(offsets)
            place = drawn.wide_register((sums + np.array(offsets, dtype=object)[:, None]) * R_INVERSE)
            emit(kernel.EXTENSION_LINEAR, place, first, groups, len(drawn.extension_constants) - 1)
    elif kind == "product":
        (left, a), (right, b) = wide(), wide()
        rows = [reference_extension.multiply(x, y) for x, y in zip(a.T.tolist(), b.T.tolist(), strict=True)]
        place = drawn.wide_register(np.array(rows, dtype=object).T * R_INVERSE)
        emit(kernel.EXTENSION_MULTIPLY, place, left, right)
    elif kind == "scale":
        (left, a), (right, b) = wide(), base()
        emit(kernel.EXTENSION_SCALE, drawn.wide_register(a * b * R_INVERSE), left, right)
    elif kind in ("add", "subtract"):
        (left, a), (right, b) = wide(), wide()
        operation = kernel.EXTENSION_ADD if kind == "add" else kernel.EXTENSION_SUBTRACT
        emit(operation, drawn.wide_register(a + b if kind == "add" else a - b), left, right)
    else:
        source, values = wide()
        emit(kernel.EXTENSION_FOLD, 0, source)
        totals[0] += values << 32
