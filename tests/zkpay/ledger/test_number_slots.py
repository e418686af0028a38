"""Numbers as slots of 14 bits: each comes back, and numpy's integers are used exactly where they hold all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.ledger.number_slots import slots_of_values, slots_of_words, values_of_slots, words_of_slots, words_of_values

WIDTHS = st.integers(1, 10)


@given(WIDTHS, st.data())
def test_round_trip(slots: int, data: st.DataObject) -> None:
    highest = 2 ** (14 * slots) - 1
    numbers = st.one_of(st.integers(0, highest), st.sampled_from([0, highest, min(highest, 2**62), min(highest, 1)]))
    values = data.draw(st.lists(numbers, max_size=8))
    found = slots_of_values(values, slots)
    assert found.shape == (slots, len(values))
    assert found.dtype == np.uint16
    for index, value in enumerate(values):
        assert sum(int(slot) << 14 * place for place, slot in enumerate(found[:, index])) == value
    assert not (found >> 14).any()
    assert values_of_slots(found).tolist() == values
    words = words_of_values(values, words_of_slots(slots))
    assert np.array_equal(slots_of_words(words, slots), found)


@pytest.mark.parametrize(
    ("values", "slots", "dtype"),
    [
        ([5, 2**56 - 1], 4, np.int64),
        ([5, 2**56], 5, np.int64),
        ([2**62 - 1], 5, np.int64),
        ([2**62], 5, object),
        ([3, 2**70 - 1], 5, object),
        ([2**62 - 1], 10, np.int64),
        ([2**112], 10, object),
        ([2**140 - 1, 0], 10, object),
        ([], 10, np.int64),
    ],
)
def test_int64_where_it_holds_all_values(values: list[int], slots: int, dtype: type) -> None:
    found = values_of_slots(slots_of_values(values, slots))
    assert found.dtype == dtype
    assert found.tolist() == values


@pytest.mark.parametrize("wrong", [-1, 2**28])
def test_number_beyond_its_slots_is_a_callers_mistake(wrong: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        slots_of_values([1, wrong], 2)
