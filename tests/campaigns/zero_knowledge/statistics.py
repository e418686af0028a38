"""Whether what proofs show is uniform, and the same for both witnesses: chi-square in 16 buckets by the top bits.

With 16 expected in a bucket the chi-square tail is right to within a small factor, far out too; levels leave room for
that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tests.reference.stark import P
from zkpay.stark.proof import Proof

BUCKETS = 16
Array = np.ndarray


def components(proof: Proof) -> Array:
    """Every field element that a proof shows, in the proof's order: opened rows, claims, fibres, last polynomial."""
    parts = [proof.out_of_domain, proof.final_polynomial, *(rows for tree in proof.trees for rows in tree.rows)]
    return np.frombuffer(b"".join([*parts, *(layer.fibres for layer in proof.layers)]), dtype="<u4").astype(np.int64)


def shape(proof: Proof) -> tuple[int, ...]:
    """Lengths of all parts, and of the file."""
    lengths = [len(proof.to_bytes()), len(proof.out_of_domain), len(proof.final_polynomial), len(proof.layer_roots)]
    for tree in proof.trees:
        lengths += [len(tree.siblings), *map(len, tree.rows), *map(len, tree.salts)]
    for layer in proof.layers:
        lengths += [len(layer.fibres), len(layer.siblings)]
    return tuple(lengths)


def pieces(proof: Proof) -> set[bytes]:
    """What no two proofs may share: roots, salts, claims, digests."""
    found = {proof.main_root, proof.auxiliary_root, proof.quotient_root, *proof.layer_roots}
    found |= _cut(proof.out_of_domain, 20) | _cut(proof.final_polynomial, 20)
    for tree in proof.trees:
        found |= _cut(tree.siblings, 32)
        for salts in tree.salts:
            found |= _cut(salts, 16)
    for layer in proof.layers:
        found |= _cut(layer.siblings, 32) | _cut(layer.fibres, 20)
    return found


def _cut(data: bytes, size: int) -> set[bytes]:
    return {data[k : k + size] for k in range(0, len(data), size)}


def histograms(samples: Array) -> Array:
    """int64[components, 16] from int64[samples, components]."""
    buckets = samples * BUCKETS // P
    return np.stack([(buckets == k).sum(axis=0) for k in range(BUCKETS)], axis=1)


def uniform(counts: Array) -> Array:
    """p-values: are these counts of a uniform element?"""
    expected = counts.sum(axis=1, keepdims=True) / BUCKETS
    return tails(((counts - expected) ** 2 / expected).sum(axis=1))


def alike(one: Array, two: Array) -> Array:
    """p-values: are these equally many counts of one distribution, whichever it is?"""
    total = np.maximum(one + two, 1)
    return tails(((one - two) ** 2 / total).sum(axis=1))


def tails(statistics: Sequence[float] | Array) -> Array:
    """Chance that chi-square with 15 degrees of freedom is larger: erfc and a finite sum, as 15 is odd."""
    result = []
    for x in map(float, statistics):
        half = x / 2
        term, total = math.sqrt(half) / math.gamma(1.5), 0.0
        for k in range((BUCKETS - 2) // 2):
            total += term
            term *= half / (k + 1.5)
        result.append(math.erfc(math.sqrt(half)) + math.exp(-half) * total)
    return np.array(result)


def two_sided(right: int, rounds: int) -> float:
    """Exact binomial: how likely a coin is at least as far from one half."""
    distance = abs(2 * right - rounds)
    ways = sum(math.comb(rounds, k) for k in range(rounds + 1) if abs(2 * k - rounds) >= distance)
    return ways / 2**rounds


def smallest_of(tests: dict[str, Array]) -> dict[str, float]:
    """The smallest p-value of each test."""
    return {name: float(values.min()) for name, values in tests.items()}


def compare(one: Array, two: Array) -> dict[str, Array]:
    """All tests of proofs of two witnesses, int64[proofs, components]. Halves of one witness's proofs are the control:
    whatever the proofs are, these are alike."""
    first, second = histograms(one), histograms(two)
    return {
        "uniform": np.concatenate([uniform(first), uniform(second)]),
        "alike": alike(first, second),
        "alike within a witness": np.concatenate(
            [alike(histograms(each[::2]), histograms(each[1::2])) for each in (one, two)]
        ),
    }
