"""The parameters' constants, thresholds and bytes, written out: other tests take the module's own numbers."""

from collections.abc import Iterator
from dataclasses import astuple, fields, replace
from math import nextafter, prod

import pytest

from tests.reference import stark_security
from tests.zkpay.stark.test_parameters import placed_at
from zkpay.errors import Refused
from zkpay.stark import parameters as module
from zkpay.stark.parameters import PROFILES, Profile, derive, minimum_height
from zkpay.stark.security import johnson


def test_constants_are_those_of_the_specification() -> None:
    """SPEC §6: a profile with other blowups, or a lower bar, would be another protocol under the same name."""
    assert {name: astuple(profile) for name, profile in PROFILES.items()} == {
        "default": ("default", "johnson", 4, 8),
        "conservative": ("conservative", "unique-decoding", 4, 8),
        "compact": ("compact", "johnson", 8, 16),
    }
    assert [entry.name for entry in fields(Profile)] == ["name", "regime", "blowup_tall", "blowup_short"]
    assert (module.MINIMUM_BITS, module.GRINDING_BITS) == (100.0, 20)
    assert (module.TALL_HEIGHT, module.SHORT_HEIGHT) == (16_384, 1_024)


def test_heights_of_the_shortest_table() -> None:
    """Tall tables as soon as the largest one is as tall anyway: more than half of 2^14 rows are 2^14."""
    for largest, height in ((0, 1024), (5000, 1024), (8192, 1024), (8193, 16_384), (16_384, 16_384), (1 << 20, 16_384)):
        assert minimum_height(largest) == height


def test_bytes_are_a_name_of_16_and_numbers_of_8() -> None:
    """By hand: a proof's first challenge is over these very bytes."""
    parameters = replace(derive(PROFILES["compact"], placed_at(4096, 2048, 1024)), arities=(8, 4))
    parameters = replace(parameters, security=replace(parameters.security, multiplicity=77))
    numbers = [
        parameters.height,
        parameters.dimension,
        parameters.domain,
        parameters.blowup,
        parameters.mask_length,
        parameters.quotient_length,
        parameters.quotient_cosets,
        parameters.split,
        parameters.final_length,
        parameters.queries,
        20,
        77,
        2,
        8,
        4,
    ]
    name = b"compact\0\0\0\0\0\0\0\0\0"
    assert parameters.to_bytes() == name + b"".join(number.to_bytes(8, "little") for number in numbers)


def bytes_of(dimension: int, domain: int, queries: int, arities: tuple[int, ...]) -> int:
    """A proof's bytes that depend on the folds: the last coefficients; per fold a root, other entries, siblings."""
    size, total = domain, 20 * (dimension // prod(arities))
    for arity in arities:
        size //= arity
        levels = [1 << k for k in range(1, size.bit_length()) if 1 << k > 2 ** queries.bit_length()]
        total += 32 + queries * (20 * (arity - 1) + 32 * len(levels))
    return total


def sequences(length: int) -> Iterator[tuple[int, ...]]:
    """All ways to fold that divide exactly and leave more than a constant."""
    yield ()
    for arity in (2, 4, 8):
        if length % arity == 0 and length > arity:
            yield from ((arity, *rest) for rest in sequences(length // arity))


@pytest.mark.parametrize("dimension", [4, 6, 8, 12, 16, 32, 66, 132, 264, 96, 384, 1536])
def test_folds_are_the_first_of_the_shortest(dimension: int) -> None:
    """By trying all, for numbers of queries from few to many: each figure of the estimate decides for some of them."""
    choices = [each for each in sequences(dimension) if each]
    for queries in (1, 2, 3, 5, 8, 12, *range(20, 400, 17)):
        for domain in (1 << dimension.bit_length() + 1, 1 << dimension.bit_length() + 4):
            best = min((bytes_of(dimension, domain, queries, each), each) for each in choices)[1]
            assert module._folds(dimension, domain, queries) == (best, dimension // prod(best))


def test_masks_cover_what_is_opened() -> None:
    """Least multiple of 64 that two points of 5 coordinates and two rotations of each query need, at every number."""
    for queries in range(1, 400):
        length = module._mask_length(queries)
        assert length % 64 == 0
        assert length - 64 < 10 + 2 * queries <= length


@pytest.mark.parametrize("profile", PROFILES)
def test_every_round_counts_what_the_circuit_has(profile: str) -> None:
    """Round by round: where one decides, what is counted too little in another would not be seen in their sum."""
    circuit = placed_at(4096, 2048, 1024)
    assert circuit.public_terms
    parameters = derive(PROFILES[profile], circuit)
    tables = [item.table for item in circuit.placed]
    expected = stark_security.rounds(
        regime=PROFILES[profile].regime,
        m=parameters.security.multiplicity,
        height=4096,
        dimension=6144,
        domain=4096 * PROFILES[profile].blowup_short,
        # The constraints as they are written, one for each helper, one for the accumulator.
        constraints=len([each for table in tables for each in (*table.constraints, *table.helpers)]) + 1,
        fractions=sum(len(item.table.interactions) * item.height for item in circuit.placed)
        + len(circuit.public_terms),
        tuple_width=max(each.bus.width for table in tables for each in table.interactions) + 1,
        sums=len(circuit.sum_targets),
        arities=parameters.arities,
        queries=parameters.queries,
        grinding=20,
    )
    assert {each.name: each.bits for each in parameters.security.rounds} == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_bar_itself_is_enough(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least so many bits: a parameter set with exactly as many is taken, and with the next number up refused."""
    circuit = placed_at(4096, 2048, 1024)
    found = derive(PROFILES[profile], circuit)
    monkeypatch.setattr(module, "MINIMUM_BITS", found.security.bits)
    assert derive(PROFILES[profile], circuit).queries == found.queries
    monkeypatch.setattr(module, "MINIMUM_BITS", nextafter(found.security.bits, 200))
    assert derive(PROFILES[profile], circuit).queries > found.queries


def test_never_fewer_than_20_queries() -> None:
    """Also where 17 would reach the bits: a blowup of 4096, which no profile has."""
    profile = Profile("wide", "johnson", blowup_tall=4096, blowup_short=4096)
    parameters = derive(profile, placed_at(1024, 1024, 1024))
    assert parameters.queries == 20
    work = module._workload(placed_at(1024, 1024, 1024), 1024, 1536, 1 << 22, parameters.arities, 19)
    assert johnson(work).bits > 100


def test_more_cosets_than_the_blowup_are_refused() -> None:
    """For profiles to come: 148 queries need masks of 320, with which the quotient of three heights needs five cosets.

    A domain of blowup 4 has four, and would determine the quotient of no honest witness.
    """
    profile = Profile("narrow", "unique-decoding", blowup_tall=4, blowup_short=4)
    with pytest.raises(Refused, match="too short for masks of 320"):
        derive(profile, placed_at(4096, 2048, 1024))
    assert derive(profile, placed_at(4096, 2048, 2048)).quotient_cosets == 4
