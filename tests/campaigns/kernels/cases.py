"""One call of each kernel on values from the ends of its range, against exact arithmetic.

What is expected comes from definitions on Python integers (tests/reference), or from pycryptodome. Sizes are drawn up
to a scale: compiled kernels take thousands of rows, kernels that run as plain Python a few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from Crypto.Hash import keccak as pycryptodome

from tests.campaigns.kernels.programs import check_program
from tests.reference import extension as reference_extension
from tests.reference import folding as reference_folding
from tests.reference import ntt as reference_ntt
from tests.reference import poseidon as reference_poseidon
from zkpay.kernels import deep, extension, folding, keccak, ntt, opening, points, poseidon
from zkpay.stark.field import P, ext_inverse, ext_mul

Case = Callable[[np.random.Generator, int], None]
EDGES = (0, 1, 2, P // 2, P - 2, P - 1)


class DifferenceError(AssertionError):
    """A kernel gives something else than the definition."""


def elements(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Field elements: all of one end, all from the ends, rows of one value, or random."""
    kind = rng.integers(0, 5)
    if kind == 0:
        values = np.full(shape, P - 1)
    elif kind == 1:
        values = rng.choice([0, P - 1], shape)
    elif kind == 2:
        values = rng.choice(EDGES, shape)
    elif kind == 3:
        values = np.broadcast_to(rng.choice(EDGES, (*shape[:-1], 1)), shape)
    else:
        values = rng.integers(0, P, shape)
    return np.ascontiguousarray(values, dtype=np.uint32)


def nonzero(values: np.ndarray) -> np.ndarray:
    """The same, ones for zeros."""
    return np.where(values == 0, np.uint32(1), values)


def size_up_to(rng: np.random.Generator, largest: int) -> int:
    """None, one, sizes around blocks of a kernel, or any."""
    around = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049]
    fitting = [size for size in around if size <= largest]
    return int(rng.choice([*fitting, *rng.integers(0, largest + 1, len(fitting))]))


def same(found: Any, expected: Any, what: str) -> None:
    """Raise if they differ anywhere."""
    if not np.array_equal(np.asarray(found, dtype=object), np.asarray(expected, dtype=object)):
        raise DifferenceError(what)


def combine(rng: np.random.Generator, scale: int) -> None:
    width, count = size_up_to(rng, 40 * scale), size_up_to(rng, 600 * scale)
    columns, weights = elements(rng, width, count), elements(rng, 5, width)
    expected = weights.astype(object) @ columns.astype(object) % P if width else np.zeros((5, count), dtype=object)
    same(deep.combine(columns, weights), expected, f"combine {width} x {count}")


def products(rng: np.random.Generator, scale: int) -> None:
    count = size_up_to(rng, 70 * scale)
    a, b = elements(rng, 5, count), elements(rng, 5, count)
    expected = [reference_extension.multiply(x, y) for x, y in zip(a.T.tolist(), b.T.tolist(), strict=True)]
    same(extension.mul(a, b).T.tolist(), expected, f"mul {count}")


def inverses(rng: np.random.Generator, scale: int) -> None:
    count = size_up_to(rng, 70 * scale)
    values = elements(rng, 5, count)
    values[0] = np.where(values.any(axis=0), values[0], 1)
    found = extension.batch_inverse(values).T.tolist()
    rows = values.T.tolist()
    for row, inverse in zip(rows, found, strict=True):
        same(ext_mul(tuple(row), tuple(inverse)), (1, 0, 0, 0, 0), f"batch_inverse {count}")
    for row, inverse in list(zip(rows, found, strict=True))[:2]:
        same(inverse, ext_inverse(tuple(row)), f"batch_inverse {count}")


def base_inverses(rng: np.random.Generator, scale: int) -> None:
    values = nonzero(elements(rng, size_up_to(rng, 70 * scale)))
    expected = [pow(value, -1, P) for value in values.tolist()]
    same(extension.invert_elements(values).tolist(), expected, f"invert_elements {len(values)}")


def powers(rng: np.random.Generator, scale: int) -> None:
    count, base = size_up_to(rng, 130 * scale), elements(rng, 5).tolist()
    expected, value = [], [1, 0, 0, 0, 0]
    for _ in range(count):
        expected.append(value)
        value = reference_extension.multiply(value, base)
    same(extension.powers(tuple(base), count).T.tolist(), expected, f"powers {count}")


def fold(rng: np.random.Generator, scale: int) -> None:
    arity = int(rng.choice([2, 4, 8]))
    rows = int(rng.choice([1, 2, 4]))
    size = rows * arity * int(rng.choice([1, 2, 4, 8] if scale == 1 else [1, 4, 8, 16, 32]))
    shift, challenge = int(rng.choice([1, 3, P - 1])), elements(rng, 5).tolist()
    word = elements(rng, 5, size)
    arranged = np.ascontiguousarray(word.reshape(5, -1, rows).transpose(0, 2, 1))
    found = folding.fold(arranged, arity, tuple(challenge), shift, size).transpose(0, 2, 1).reshape(5, -1)
    expected = reference_folding.fold(word.T.tolist(), arity, challenge, shift)
    same(found.T.tolist(), expected, f"fold {size} by {arity}, {rows} rows, shift {shift}")


def digest(prefix: int, *parts: bytes) -> bytes:
    return pycryptodome.new(digest_bits=256, data=prefix.to_bytes(8, "little") + b"".join(parts)).digest()


def long_words(rng: np.random.Generator, *shape: int) -> np.ndarray:
    kinds = (np.zeros(shape, np.uint64), np.full(shape, 2**64 - 1, np.uint64))
    return [*kinds, rng.integers(0, 2**64, shape, dtype=np.uint64)][rng.integers(0, 3)]


def as_bytes(digests: np.ndarray) -> list[bytes]:
    return [column.astype("<u8").tobytes() for column in digests.T]


def leaves(rng: np.random.Generator, scale: int) -> None:
    width, count = size_up_to(rng, 70), size_up_to(rng, 65 * scale)
    # Any words, though a prover's are below P.
    any_words = rng.integers(0, 2**32, (width, count), dtype=np.uint32)
    columns = [any_words, np.full_like(any_words, 2**32 - 1), elements(rng, width, count)][rng.integers(0, 3)]
    salts = long_words(rng, 2, count) if rng.integers(0, 2) else None
    prefix = [0, 5, 2**63, 2**64 - 1][rng.integers(0, 4)]
    expected = [
        digest(
            prefix,
            b"" if salts is None else salts[:, row].astype("<u8").tobytes(),
            columns[:, row].astype("<u4").tobytes(),
        )
        for row in range(count)
    ]
    found = as_bytes(keccak.leaf_digests(columns, prefix, salts))
    if found != expected:
        raise DifferenceError(f"leaf_digests {width} x {count}")


def parts_of_leaves(rng: np.random.Generator, scale: int) -> None:
    count = 64 * int(rng.integers(1, 1 + scale))
    salts = long_words(rng, 2, count)
    hashing = keccak.RowDigests(count, 7, salts)
    parts = [2 * int(width) for width in rng.integers(1, 20, rng.integers(0, 4))]
    columns = elements(rng, sum(parts) + int(rng.integers(0, 40)), count)
    first = 0
    for width in parts:
        hashing.absorb(columns[first : first + width])
        first += width
    found = np.empty((4, count), dtype=np.uint64)
    hashing.finish(columns[first:], found)
    expected = [
        digest(7, salts[:, row].astype("<u8").tobytes(), columns[:, row].astype("<u4").tobytes())
        for row in range(count)
    ]
    if as_bytes(found) != expected:
        raise DifferenceError(f"RowDigests {parts} of {len(columns)} x {count}")


def nodes(rng: np.random.Generator, scale: int) -> None:
    count = size_up_to(rng, 65 * scale)
    left, right = long_words(rng, 4, count), long_words(rng, 4, count)
    expected = [digest(1, a, b) for a, b in zip(as_bytes(left), as_bytes(right), strict=True)]
    if as_bytes(keccak.node_digests(left, right, 1)) != expected:
        raise DifferenceError(f"node_digests {count}")


def grinding(rng: np.random.Generator, scale: int) -> None:
    seed, bits = rng.bytes(32), int(rng.integers(0, 6 + 2 * (scale > 1)))
    nonce = 0
    while int.from_bytes(digest(4, seed, nonce.to_bytes(8, "little"))[:8], "little") % 2**bits:
        nonce += 1
    same(keccak.grind(seed, 4, bits), nonce, f"grind {bits}")


def coset_values(rng: np.random.Generator, scale: int) -> None:
    log_size = int(rng.integers(0, 11 if scale == 1 else 14))
    size, shift = 1 << log_size, int(rng.choice([1, 3, P - 1]))
    columns = elements(rng, int(rng.integers(0, 3)), int(rng.choice([1, size // 2 + 1, size, size + 1, 2 * size])))
    columns = columns[:, : 2 * size]
    folded = np.zeros((len(columns), size), dtype=object)
    for start in (0, size):
        some = columns[:, start : start + size].astype(object)
        folded[:, : some.shape[1]] += some * pow(shift, start, P)
    out = np.empty((len(columns), size), dtype=np.uint32)
    ntt.evaluate_coset(columns, size, shift, out)
    expected = [
        reference_ntt.recursive([c * pow(shift, k, P) % P for k, c in enumerate(row)]) for row in folded.tolist()
    ]
    same(out, np.array(expected, dtype=object).reshape(len(columns), size), f"evaluate_coset {columns.shape} {size}")
    same(ntt.interpolate_coset(out, shift), folded % P, f"interpolate_coset {out.shape}, shift {shift}")


def openings(rng: np.random.Generator, scale: int) -> None:
    width, length = size_up_to(rng, 3 * scale), size_up_to(rng, 1100 * scale)
    coefficients, powers_of_point = elements(rng, width, length), elements(rng, 5, length + int(rng.integers(0, 3)))
    expected = coefficients.astype(object) @ powers_of_point[:, :length].T.astype(object) % P
    same(opening.evaluate_at(coefficients, powers_of_point), expected, f"evaluate_at {width} x {length}")


def some_points(rng: np.random.Generator, scale: int) -> None:
    size, shift = 1 << int(rng.integers(0, 8 if scale == 1 else 13)), int(rng.choice([1, 3, P - 1]))
    columns = elements(rng, int(rng.integers(0, 3)), size + int(rng.integers(0, size + 1)))
    places = rng.integers(0, size, int(rng.integers(0, 4)))
    omega = pow(reference_ntt.TWO_ADIC_ROOT, 2**24 // size, P)
    at = [shift * pow(omega, place, P) % P for place in places.tolist()]
    expected = [[reference_ntt.evaluate(row, point) for point in at] for row in columns.tolist()]
    found = points.evaluate_points(columns, size, shift, places)
    same(found, np.array(expected, dtype=object).reshape(found.shape), f"evaluate_points {columns.shape} {size}")


def permutations(rng: np.random.Generator, scale: int) -> None:
    width, count = int(rng.choice([16, 24])), size_up_to(rng, 3 if scale == 1 else 40)
    states = elements(rng, width, count)
    expected = [reference_poseidon.permute(state) for state in states.T.tolist()]
    same(poseidon.permute(states).T.tolist(), expected, f"permute {width} x {count}")
    traces = [reference_poseidon.trace(state) for state in states.T.tolist()]
    same(poseidon.permutation_trace(states).T.tolist(), traces, f"permutation_trace {width} x {count}")
    hashed = [reference_poseidon.feed_forward(state) for state in states.T.tolist()]
    own = poseidon.hash_leaves(states) if width == 24 else poseidon.compress_nodes(states[:8], states[8:])
    same(own.T.tolist(), hashed, f"hash {width} x {count}")


CASES: dict[str, Case] = {
    "combine": combine,
    "products": products,
    "inverses": inverses,
    "base inverses": base_inverses,
    "powers": powers,
    "fold": fold,
    "leaves": leaves,
    "parts of leaves": parts_of_leaves,
    "nodes": nodes,
    "grinding": grinding,
    "coset values": coset_values,
    "openings": openings,
    "points": some_points,
    "permutations": permutations,
    "programs": check_program,
}
