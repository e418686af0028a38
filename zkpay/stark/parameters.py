"""The proof system's parameters as one function of (profile, circuit) (SPEC §6).

Prover and verifier each call `derive`; a proof carries the profile's name and nothing else, so no proof can
choose its own security. Every result proves at least `MINIMUM_BITS` bits or `derive` refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log2, prod, sqrt
from typing import Literal

from zkpay.errors import InputError, Refused
from zkpay.stark.air import MAX_DEGREE, Circuit
from zkpay.stark.field import EXTENSION_DEGREE, TWO_ADICITY
from zkpay.stark.layout import QUOTIENT_CHUNKS
from zkpay.stark.security import Security, Workload, johnson, unique_decoding

MINIMUM_BITS = 100.0
GRINDING_BITS = 20
# Tables of this height or more leave room for the masks within a slack of 1/32.
TALL_HEIGHT = 1 << 14
# The shortest table that the larger slack of 1/2 has room for.
SHORT_HEIGHT = 1 << 10


@dataclass(frozen=True)
class Profile:
    """A named choice between proof size, proving time and the theorem relied on."""

    name: str
    regime: Literal["johnson", "unique-decoding"]
    blowup_tall: int  # slack 1/32
    blowup_short: int  # slack 1/2


PROFILES = {
    "default": Profile("default", "johnson", 4, 8),
    "conservative": Profile("conservative", "unique-decoding", 4, 8),
    "compact": Profile("compact", "johnson", 8, 16),
}


@dataclass(frozen=True)
class Parameters:
    """All numbers of one proof.

    height N: largest table. dimension K: every committed polynomial, lifted, has degree below K. domain n = blowup
    * N. mask_length h: coefficients of each column's mask. quotient_length: coefficients that the quotient of a true
    witness has at most. quotient_cosets: cosets of size N that determine it. split s: q = sum_i X^(i s) q_i. arities:
    FRI folds. final_length: coefficients of the last polynomial.
    """

    profile: Profile
    height: int
    dimension: int
    domain: int
    blowup: int
    mask_length: int
    quotient_length: int
    quotient_cosets: int
    split: int
    arities: tuple[int, ...]
    final_length: int
    queries: int
    grinding_bits: int
    security: Security

    def to_bytes(self) -> bytes:
        """What the transcript absorbs: every number, fixed width, with the profile's name."""
        numbers = (
            self.height,
            self.dimension,
            self.domain,
            self.blowup,
            self.mask_length,
            self.quotient_length,
            self.quotient_cosets,
            self.split,
            self.final_length,
            self.queries,
            self.grinding_bits,
            self.security.multiplicity,
            len(self.arities),
            *self.arities,
        )
        return self.profile.name.encode().ljust(16, b"\0") + b"".join(n.to_bytes(8, "little") for n in numbers)


def minimum_height(largest: int) -> int:
    """Least height of a table in a circuit whose largest variable table needs `largest` rows."""
    return TALL_HEIGHT if largest > TALL_HEIGHT // 2 else SHORT_HEIGHT


def profile_by_name(name: str) -> Profile:
    """The profile called `name`; InputError names the known ones."""
    if name not in PROFILES:
        raise InputError(f"profile {name!r} is unknown; known: {', '.join(PROFILES)}")
    return PROFILES[name]


def derive(profile: Profile, circuit: Circuit) -> Parameters:
    """The parameters for `circuit` under `profile`; Refused if 100 proven bits can't be reached."""
    heights = [item.height for item in circuit.placed]
    height, shortest = max(heights), min(heights)
    tall = shortest >= TALL_HEIGHT
    blowup = profile.blowup_tall if tall else profile.blowup_short
    dimension = height + height // 32 if tall else height + height // 2
    domain = blowup * height
    if domain > 1 << TWO_ADICITY:
        raise Refused(f"{height} rows at blowup {blowup} exceed the field's largest domain, 2^{TWO_ADICITY}")
    for queries in range(_fewest_queries(profile, (dimension + 2) / domain), 400):
        arities, final_length = _folds(dimension, domain, queries)
        work = _workload(circuit, height, dimension, domain, arities, queries)
        security = johnson(work) if profile.regime == "johnson" else unique_decoding(work)
        if security.bits >= MINIMUM_BITS:
            break
    else:
        raise Refused(f"profile {profile.name}: {height} rows can't reach {MINIMUM_BITS} proven bits")
    mask_length = _mask_length(queries)
    ratio = height // shortest
    quotient_length = MAX_DEGREE * (shortest + mask_length - 1) * ratio + ratio - height + 1
    split = dimension - mask_length
    cosets = -(-quotient_length // height)
    chunks_length = (QUOTIENT_CHUNKS - 1) * split + dimension
    if (shortest + mask_length) * ratio > dimension or quotient_length > chunks_length or cosets > blowup:
        raise Refused(f"a table of {shortest} rows is too short for masks of {mask_length} in a slack of {dimension}")
    return Parameters(
        profile=profile,
        height=height,
        dimension=dimension,
        domain=domain,
        blowup=blowup,
        mask_length=mask_length,
        quotient_length=quotient_length,
        quotient_cosets=cosets,
        split=split,
        arities=arities,
        final_length=final_length,
        queries=queries,
        grinding_bits=GRINDING_BITS,
        security=security,
    )


def _fewest_queries(profile: Profile, rate: float) -> int:
    """Where the search for the number of queries begins: below it the query round alone falls short of 100 bits.

    A query misses with probability sqrt(rate) at the Johnson radius itself, which no proximity parameter reaches, or (1
    + rate) / 2; one less makes up for rounding.
    """
    miss = sqrt(rate) if profile.regime == "johnson" else (1 + rate) / 2
    return max(20, int((MINIMUM_BITS - GRINDING_BITS) / -log2(miss)) - 1)


def _mask_length(queries: int) -> int:
    """Least multiple of 64 that covers what a proof reveals of a column (SPEC §7): 2 (e + q)."""
    return -(-2 * (EXTENSION_DEGREE + queries) // 64) * 64


def _folds(dimension: int, domain: int, queries: int) -> tuple[tuple[int, ...], int]:
    """The folds by 8, 4 or 2 with the shortest proof, and the length of the last polynomial.

    Bytes are estimated in integers: a layer of m leaves costs its root and, for each query, the fibre's other entries
    and the siblings on levels of more nodes than twice the queries; a coefficient is sent as it is.
    """
    coefficient, digest = 4 * EXTENSION_DEGREE, 32

    @cache
    def best(length: int, size: int) -> tuple[int, tuple[int, ...]]:
        choices: list[tuple[int, tuple[int, ...]]] = []
        if length < dimension:
            choices.append((coefficient * length, ()))
        for arity in (8, 4, 2):
            if length % arity == 0 and length > arity:
                leaves = size // arity
                depth = max(leaves.bit_length() - 1 - queries.bit_length(), 0)
                rest, arities = best(length // arity, leaves)
                cost = digest + queries * (coefficient * (arity - 1) + digest * depth) + rest
                choices.append((cost, (arity, *arities)))
        return min(choices)

    _, arities = best(dimension, domain)
    return arities, dimension // prod(arities)


def _workload(
    circuit: Circuit, height: int, dimension: int, domain: int, arities: tuple[int, ...], queries: int
) -> Workload:
    tables = [item.table for item in circuit.placed]
    helpers = sum(len(table.helpers) for table in tables)
    return Workload(
        height=height,
        dimension=dimension,
        domain=domain,
        constraints=sum(len(table.constraints) for table in tables) + helpers + 1,
        fractions=sum(len(item.table.interactions) * item.height for item in circuit.placed)
        + len(circuit.public_terms),
        bus_width=circuit.bus_width + 1,
        sums=len(circuit.sum_targets),
        degree=MAX_DEGREE,
        arities=arities,
        queries=queries,
        grinding_bits=GRINDING_BITS,
    )
