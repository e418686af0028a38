"""The values that both sides derive from challenges, by themselves."""

from __future__ import annotations

import pytest

from tests.reference import stark
from zkpay.stark.protocol import powers_of


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_as_many_powers_as_are_asked_for(count: int) -> None:
    base = (3, 0, 5, 0, 7)
    assert powers_of(base, count) == tuple(stark.exponent(base, k) for k in range(count))
