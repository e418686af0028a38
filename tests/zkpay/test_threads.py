"""A signal while threads start: it waits, and no thread is left that nobody stops."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import thread as executors

import pytest

from zkpay.threads import signals_held, start_pool

INTERRUPTED = """
import signal, threading
from zkpay.kernels import parallel

start = threading.Thread.start

def start_and_interrupt(thread):
    start(thread)
    signal.raise_signal(signal.SIGINT)  # before the executor has the thread in its books

threading.Thread.start = start_and_interrupt
parallel.thread_count = lambda: 2
try:
    parallel.parallel_ranges(lambda start, stop: None, 100)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_all_threads_run_and_are_known() -> None:
    with start_pool(3, name="counted") as pool:
        running = [thread for thread in threading.enumerate() if thread.name.startswith("counted")]
        assert len(running) == 3
        assert all(thread in executors._threads_queues for thread in running)
        assert list(pool.map(abs, [-1, 2])) == [1, 2]


def test_threads_are_prepared() -> None:
    own = threading.local()

    def prepare() -> None:
        own.ready = True

    with start_pool(2, initializer=prepare) as pool:
        assert pool.submit(lambda: own.ready).result()


def test_a_process_that_is_interrupted_as_threads_start_ends() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "interrupted\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_body(number: signal.Signals) -> None:
    came: list[int] = []
    previous = signal.signal(number, lambda number, _: came.append(number))
    try:
        with signals_held():
            signal.raise_signal(number)
            assert came == []
        assert came == [number]
    finally:
        signal.signal(number, previous)


def test_other_threads_hold_no_signals() -> None:
    handlers: list[object] = []

    def work() -> None:
        with signals_held():
            handlers.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [before]
