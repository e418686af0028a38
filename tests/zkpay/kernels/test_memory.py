"""Flat memory against indexing with numpy."""

import numpy as np
import pytest

from zkpay.kernels.memory import contiguous_rows, has_contiguous_rows, memory_of

ARRAY = np.arange(4 * 6 * 10, dtype=np.uint32).reshape(4, 6, 10)


@pytest.mark.parametrize(
    "view",
    [
        ARRAY,
        ARRAY[1:3, ::2, 4:9],
        ARRAY[:, 2],
        ARRAY[:, 2, :1],
        ARRAY[3, 5, 2:],
        ARRAY[2:, :0],
        ARRAY.transpose(1, 0, 2),
        np.broadcast_to(ARRAY[0, 0], (3, 10)),
    ],
)
def test_entries_stand_where_the_steps_say(view: np.ndarray) -> None:
    assert has_contiguous_rows(view)
    assert contiguous_rows(view) is view
    flat, steps = memory_of(view)
    assert flat.flags.c_contiguous
    assert np.shares_memory(flat, view) == (view.size > 0)
    for index in np.ndindex(view.shape):
        assert flat[sum(i * step for i, step in zip(index, (*steps, 1), strict=True))] == view[index]
    if view.size:
        assert len(flat) == 1 + sum((n - 1) * step for n, step in zip(view.shape, (*steps, 1), strict=True))


@pytest.mark.parametrize("view", [ARRAY[::-1], ARRAY[:, 0, ::-1], ARRAY[..., ::2], ARRAY.T])
def test_other_views_are_copied(view: np.ndarray) -> None:
    assert not has_contiguous_rows(view)
    copy = contiguous_rows(view)
    assert has_contiguous_rows(copy)
    assert np.array_equal(copy, view)
