"""The parameters' constants, thresholds and bytes, written out: other tests take the module's own numbers."""

from dataclasses import replace

from tests.zkpay.stark.test_parameters import placed_at
from zkpay.stark import parameters as module
from zkpay.stark.parameters import PROFILES, Profile, derive, minimum_height


def test_constants_are_those_of_the_specification() -> None:
    """SPEC §6: a profile with other blowups, or a lower bar, would be another protocol under the same name."""
    assert {
        "default": Profile("default", "johnson", blowup_tall=4, blowup_short=8),
        "conservative": Profile("conservative", "unique-decoding", blowup_tall=4, blowup_short=8),
        "compact": Profile("compact", "johnson", blowup_tall=8, blowup_short=16),
    } == PROFILES
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
