"""Spreading a kernel over the cores: one pool of threads, ranges of lanes or columns (SPEC §2)."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from zkpay.threads import start_pool


@cache
def thread_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


_own = threading.local()
"""`is_worker` is set in the pool's threads."""


def _become_worker() -> None:
    _own.is_worker = True


@cache
def _pool() -> ThreadPoolExecutor:
    return start_pool(thread_count(), name="zkpay-kernel", initializer=_become_worker)


if hasattr(os, "register_at_fork"):
    # A forked child has none of the pool's threads, and would wait for them for ever.
    os.register_at_fork(after_in_child=_pool.cache_clear)


def parallel_ranges(function: Callable[[int, int], object], count: int, *, grain: int = 1) -> None:
    """Call function(start, stop) on ranges that cover [0, count) once, over all cores; raise the first error.

    Ranges begin at multiples of `grain`, so that no two of them share a block of lanes.  There are several
    for each thread: cores are rarely equally free.  Where `function` calls this again, that call runs on the
    thread it is made on: all cores are busy, and threads would wait for themselves.
    """
    if count <= 0:
        return
    blocks = -(-count // grain)
    threads = thread_count()
    if threads == 1 or blocks == 1 or getattr(_own, "is_worker", False):
        function(0, count)
        return
    share = -(-blocks // min(blocks, 4 * threads)) * grain
    starts = range(0, count, share)
    tasks = [_pool().submit(function, start, min(start + share, count)) for start in starts]
    for task in tasks:
        task.exception()
    for task in tasks:
        task.result()
