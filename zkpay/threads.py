"""Pools of threads that a signal can't leave behind.

An executor starts a thread and then writes it into its books. Ctrl-C between the two raises in the main thread, and
leaves a thread that nobody tells to stop: the process would wait for it for ever. So threads are started all at once,
while signals wait.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def start_pool(count: int, *, name: str = "zkpay", initializer: Callable[[], None] | None = None) -> ThreadPoolExecutor:
    """An executor all of whose `count` threads run already."""
    pool = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=initializer)
    # No thread is done with its first task before all of them have one, so each task gets a thread of its own.
    all_run = threading.Barrier(count)
    with signals_held():
        for _ in range(count):
            pool.submit(all_run.wait)
    return pool


@contextmanager
def signals_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM that come during the body are raised at its end.

    By handlers, not by a mask: with a mask in the main thread another thread may take the signal, and Python runs its
    handler in the main thread all the same. In any other thread nothing is raised anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: Any) -> None:
        came.append(number)

    previous = {replaced: signal.signal(replaced, note) for replaced in _SIGNALS}
    try:
        yield
    finally:
        for replaced, handler in previous.items():
            # None: the handler was not set from Python and can't be put back.
            signal.signal(replaced, handler if handler is not None else signal.SIG_DFL)
        for number in came:
            signal.raise_signal(number)
