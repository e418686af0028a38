"""Stopping commit and prove from outside: Ctrl-C, SIGTERM and a full disk end in Resumable (SPEC §8.5).

A signal raises where the work stands, so that every `finally` cleans up; while results are put in place it waits,
so that they are put in place together or not at all.
"""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from zkpay.errors import Resumable

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Stopped(Resumable):
    """A signal came; its text is the signal's name, as people call it."""


class Stopping:
    """What `stoppable` yields; `putting_in_place` is the stretch that a signal can't cut.

    advice: asked at the very end what the user can do now.
    """

    def __init__(self) -> None:
        self._held = False
        self.advice: Callable[[], str] = lambda: "run the same command again"

    @contextmanager
    def putting_in_place(self) -> Iterator[None]:
        """Signals that come now are dropped: the work is done, what is left takes milliseconds."""
        self._held = True
        yield

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if not self._held:
            # Once is enough: a second signal must not cut the cleaning up short.
            self._held = True
            raise _Stopped("Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name)


@contextmanager
def stoppable() -> Iterator[Stopping]:
    """Run the body so that signals and a full disk leave it as Resumable.

    Handlers are set in the main thread only (the system allows no other) and restored at the end; elsewhere
    signals stay the caller's business.
    """
    stopping = Stopping()
    previous: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                previous[number] = signal.signal(number, stopping.handle)
        yield stopping
    except _Stopped as stop:
        raise Resumable(_stopped(f"by {stop}", stopping)) from None
    except KeyboardInterrupt:
        raise Resumable(_stopped("by Ctrl-C", stopping)) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Resumable(_stopped(f"by the system: {error.strerror}", stopping)) from error
    finally:
        for replaced, handler in previous.items():
            # None: the handler was not set from Python and can't be put back.
            signal.signal(replaced, handler if handler is not None else signal.SIG_DFL)


def _stopped(how: str, stopping: Stopping) -> str:
    return f"stopped {how}; nothing is half-written: {stopping.advice()}"
