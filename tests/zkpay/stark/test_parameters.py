"""Parameters are one function of profile and circuit, and every value proves at least 100 bits."""

from collections.abc import Iterator
from dataclasses import replace
from math import prod

import pytest

from tests.reference import stark_security
from tests.reference.stark_prover import CHUNKS, opening_order
from tests.reference.toy import toy
from zkpay.errors import InputError, Refused
from zkpay.stark.air import Circuit, PlacedTable, Table
from zkpay.stark.expression import Expression
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import (
    GRINDING_BITS,
    MINIMUM_BITS,
    PROFILES,
    Parameters,
    derive,
    minimum_height,
    profile_by_name,
)
from zkpay.stark.security import EXTENSION_BITS

LOGS = range(10, 22)


def placed_at(*heights: int) -> Circuit:
    """The toy's tables at other heights; `derive` reads no column values."""
    circuit = toy().circuit
    tables = [item.table for item in circuit.placed]
    return replace(
        circuit, placed=tuple(PlacedTable(table, height) for table, height in zip(tables, heights, strict=True))
    )


def check(parameters: Parameters, circuit: Circuit) -> None:
    """Everything that must hold of a parameter set, from the definitions."""
    heights = [item.height for item in circuit.placed]
    tallest, shortest = max(heights), min(heights)
    ratio = tallest // shortest
    N, K, h, n = parameters.height, parameters.dimension, parameters.mask_length, parameters.domain
    assert tallest == N
    assert n == parameters.blowup * N <= 1 << 24
    assert 1 << 14 > shortest or K * 32 == N * 33
    assert 1 << 14 <= shortest or K * 2 == N * 3
    # The masks cover what is opened: e values at each of two points, q rows at each of two rotations.
    assert h % 64 == 0
    assert h - 64 < 2 * (5 + parameters.queries) <= h
    # Every masked, lifted column fits the dimension, and so does every chunk of the quotient.
    assert (shortest + h) * ratio <= K
    degree = 4 * max((height + h - 1) * (tallest // height) for height in heights) + ratio - N
    assert degree + 1 == parameters.quotient_length <= parameters.quotient_cosets * N
    assert parameters.quotient_cosets <= parameters.blowup
    assert parameters.split == K - h
    assert degree - (CHUNKS - 1) * parameters.split < K
    # Masks of the chunks: what is revealed of one coordinate of a chunk is e + q values.
    assert 5 + parameters.queries <= h
    # Folds divide exactly; the last polynomial's length is K over their product (264 at 2^20), never rounded up.
    assert parameters.final_length * prod(parameters.arities) == K
    assert 24 <= parameters.final_length <= 1056
    assert set(parameters.arities) <= {2, 4, 8}
    assert parameters.grinding_bits == GRINDING_BITS == 20
    # Bits, from the same object that drives prover and verifier and from an independent calculation.
    widest = max(each.bus.width for item in circuit.placed for each in item.table.interactions)
    helpers = sum(len(item.table.helpers) for item in circuit.placed)
    expected = stark_security.best(
        parameters.profile.regime,
        height=N,
        dimension=K,
        domain=n,
        constraints=sum(len(item.table.constraints) for item in circuit.placed) + helpers + 1,
        fractions=sum(len(item.table.interactions) * item.height for item in circuit.placed)
        + len(circuit.public_terms),
        tuple_width=widest + 1,
        sums=len(circuit.sum_targets),
        arities=parameters.arities,
        queries=parameters.queries,
        grinding=parameters.grinding_bits,
    )
    assert parameters.security.bits == pytest.approx(expected, abs=1e-6)
    assert parameters.security.bits >= MINIMUM_BITS == 100


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("log_tallest", LOGS)
def test_every_height_proves_100_bits(profile: str, log_tallest: int) -> None:
    for log_shortest in (log for log in LOGS if log <= log_tallest):
        middle = (log_tallest + log_shortest) // 2
        circuit = placed_at(1 << log_tallest, 1 << middle, 1 << log_shortest)
        blowup = PROFILES[profile].blowup_tall if log_shortest >= 14 else PROFILES[profile].blowup_short
        if (blowup << log_tallest) > 1 << 24:
            with pytest.raises(Refused, match="largest domain"):
                derive(PROFILES[profile], circuit)
        else:
            check(derive(PROFILES[profile], circuit), circuit)


def test_the_case_of_the_design() -> None:
    """2^20 rows: 85 queries or so, dimension 33 * 2^15, 264 coefficients at the end."""
    parameters = derive(PROFILES["default"], placed_at(1 << 20, 1 << 16, 1 << 16))
    assert parameters.arities == (8,) * 4
    assert parameters.final_length == 33 * 8
    assert parameters.dimension == 33 << 15
    assert 82 <= parameters.queries <= 88
    assert parameters.mask_length == 192
    assert derive(PROFILES["conservative"], placed_at(1 << 20, 1 << 16, 1 << 16)).queries == 120


def test_wide_circuits_keep_their_bits() -> None:
    """Weights of their own: 3000 more openings cost no bit of the batching round, and constraints are counted."""
    table = Table("wide")
    columns: list[Expression] = list(table.column_group("c", 3000))
    for number in range(1500):
        table.transition(f"t{number}", columns[2 * number] - table.columns[2 * number + 1].next)
    circuit = placed_at(1 << 20, 1 << 16, 1 << 16)
    circuit = replace(circuit, placed=(*circuit.placed, PlacedTable(table, 1 << 20)))
    parameters, narrow = (derive(PROFILES["default"], each) for each in (circuit, placed_at(1 << 20, 1 << 16, 1 << 16)))
    check(parameters, circuit)
    assert parameters.queries >= narrow.queries
    ours, theirs = ({each.name: each.bits for each in found.security.rounds} for found in (parameters, narrow))
    assert ours["batching"] == theirs["batching"]
    assert ours["constraints"] < theirs["constraints"]


def test_folds_make_the_shortest_proof() -> None:
    """No other sequence of folds has fewer bytes by the literal count: roots, other entries, siblings, coefficients."""

    def count(arities: tuple[int, ...], parameters: Parameters) -> int:
        size, total = parameters.domain, 20 * parameters.dimension // prod(arities)
        for arity in arities:
            size //= arity
            total += 32 + 20 * (arity - 1) * parameters.queries
            levels = [1 << k for k in range(1, size.bit_length()) if 1 << k > 2 ** parameters.queries.bit_length()]
            total += 32 * parameters.queries * len(levels)
        return total

    def sequences(length: int) -> Iterator[tuple[int, ...]]:
        yield ()
        for arity in (2, 4, 8):
            if length % arity == 0 and length > arity:
                yield from ((arity, *rest) for rest in sequences(length // arity))

    for heights in ((1024, 1024, 1024), (4096, 2048, 1024), (1 << 14, 1 << 14, 1 << 14), (1 << 15, 1 << 14, 1 << 14)):
        for profile in PROFILES.values():
            parameters = derive(profile, placed_at(*heights))
            best = min(count(each, parameters) for each in sequences(parameters.dimension) if each)
            assert count(parameters.arities, parameters) == best


@pytest.mark.parametrize("heights", [(4096, 2048, 256), (256, 256, 256), (1 << 16, 1 << 14, 256)])
@pytest.mark.parametrize("profile", PROFILES)
def test_tables_without_room_for_masks_are_refused(heights: tuple[int, int, int], profile: str) -> None:
    with pytest.raises(Refused, match="too short"):
        derive(PROFILES[profile], placed_at(*heights))


def test_room_is_a_matter_of_the_mask_length() -> None:
    """512 rows: masks of 192 coefficients don't fit, the 128 of the compact profile do."""
    circuit = placed_at(4096, 2048, 512)
    with pytest.raises(Refused, match="512 rows is too short for masks of 192"):
        derive(PROFILES["default"], circuit)
    check(derive(PROFILES["compact"], circuit), circuit)


def test_domains_beyond_the_field_are_refused() -> None:
    with pytest.raises(Refused, match="largest domain"):
        derive(PROFILES["default"], placed_at(1 << 23, 1 << 16, 1 << 16))
    with pytest.raises(Refused, match="largest domain"):
        derive(PROFILES["compact"], placed_at(1 << 21, 1 << 16, 1 << 10))


def test_minimum_height_has_room_in_every_profile() -> None:
    for largest in (0, 1, 1000, 1 << 13, (1 << 13) + 1, 1 << 14, 1 << 20):
        short = minimum_height(largest)
        tallest = max(short, 1 << max(largest - 1, 1).bit_length())
        for profile in PROFILES.values():
            check(derive(profile, placed_at(tallest, short, short)), placed_at(tallest, short, short))


def test_every_number_is_bound() -> None:
    """Changing any number changes the bytes that the transcript absorbs; equal sets have equal bytes."""
    parameters = derive(PROFILES["default"], placed_at(4096, 2048, 1024))
    seen = {parameters.to_bytes()}
    for name in (
        "height",
        "dimension",
        "domain",
        "blowup",
        "mask_length",
        "quotient_length",
        "quotient_cosets",
        "split",
        "final_length",
        "queries",
        "grinding_bits",
    ):
        seen.add(replace(parameters, **{name: getattr(parameters, name) + 1}).to_bytes())
    seen.add(replace(parameters, arities=(8, 4, 8)).to_bytes())
    seen.add(replace(parameters, arities=(8, 8)).to_bytes())
    seen.add(replace(parameters, profile=PROFILES["compact"]).to_bytes())
    seen.add(replace(parameters, security=replace(parameters.security, multiplicity=99)).to_bytes())
    assert len(seen) == 16
    assert derive(PROFILES["default"], placed_at(4096, 2048, 1024)).to_bytes() in seen


def test_the_calculator_is_fed_by_the_layout() -> None:
    """Batched terms are the openings that the layout lists, one of them per weight, and the mask."""
    circuit = toy().circuit
    assert layout_of(circuit).opening_count == len(opening_order(circuit))


def test_profiles_by_name() -> None:
    assert profile_by_name("compact") is PROFILES["compact"]
    with pytest.raises(InputError, match="default, conservative, compact"):
        profile_by_name("fast")


@pytest.mark.parametrize("profile", PROFILES)
def test_what_does_not_reach_the_bits_is_refused(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No number of queries makes up for a challenge field that is too small: nothing weaker is derived."""
    monkeypatch.setattr("zkpay.stark.parameters.MINIMUM_BITS", EXTENSION_BITS)
    with pytest.raises(Refused, match="4096 rows can't reach"):
        derive(PROFILES[profile], placed_at(4096, 2048, 1024))
