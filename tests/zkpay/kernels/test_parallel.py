"""Ranges cover everything once, whatever the count and the grain, and errors come through."""

import os
import subprocess
import sys
from threading import Lock, get_ident

import pytest

from zkpay.kernels.parallel import parallel_ranges, thread_count

FORKED = """
import os
from zkpay.kernels import parallel

parallel.thread_count = lambda: 2
seen = []
parallel.parallel_ranges(lambda start, stop: None, 100)
if os.fork() == 0:
    parallel.parallel_ranges(lambda start, stop: seen.append(stop - start), 100)
    print(sum(seen), flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize("grain", [1, 7, 128])
@pytest.mark.parametrize("count", [0, 1, 2, 100, 1000])
def test_every_index_once(count: int, grain: int) -> None:
    seen: list[int] = []
    lock = Lock()

    def visit(start: int, stop: int) -> None:
        assert start % grain == 0
        with lock:
            seen.extend(range(start, stop))

    parallel_ranges(visit, count, grain=grain)
    assert sorted(seen) == list(range(count))


def test_errors_come_through() -> None:
    def fail(start: int, stop: int) -> None:
        if start <= 50 < stop:
            raise KeyError(50)

    with pytest.raises(KeyError, match="50"):
        parallel_ranges(fail, 100)


def test_calls_within_calls_run_on_the_same_thread() -> None:
    inner: list[tuple[int, int, bool]] = []

    def visit(start: int, stop: int) -> None:
        outer = get_ident()
        parallel_ranges(lambda first, last: inner.append((first, last, get_ident() == outer)), 50)

    parallel_ranges(visit, 8)
    assert len(inner) >= 1
    assert thread_count() == 1 or set(inner) == {(0, 50, True)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_threads_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "100\n"
