"""Running a measured process: its seconds, its own peak memory, when its stages began, what else the machine did.

A process's peak counts from that of the process which started it, on Linux also across exec: so the one that starts
must be small, and what is large runs in children only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import zkpay
from zkpay.measure.machine import busy_seconds, usable_cores

_STAGE: Final = re.compile(r"^\[(\d+)/(\d+)\] (.+?)(?: \([^()]*\))?$")
"""A line of progress as commands print it where standard error is no terminal: `[3/12] circuit (0.1 s)`."""
_STARTING: Final = "start"
_KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024  # unit of ru_maxrss


class ChildFailedError(Exception):
    """A measured process ended with another exit code than 0, which is `code` (below 0: the signal that ended it)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Finished:
    """seconds: from start to end, by the clock. computing_seconds: of all its cores. peak_bytes: its largest resident
    memory. other_load: cores' worth of work that others did meanwhile, as a share of all cores; None where the system
    doesn't tell. stages: seconds by stage in order, `start` being what comes before the first."""

    output: str
    seconds: float
    computing_seconds: float
    peak_bytes: int
    other_load: float | None
    stages: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Everything but the output."""
        return {
            "seconds": round(self.seconds, 4),
            "computing_seconds": round(self.computing_seconds, 4),
            "peak_bytes": self.peak_bytes,
            "other_load": None if self.other_load is None else round(self.other_load, 3),
            **({"stages": {name: round(value, 4) for name, value in self.stages.items()}} if self.stages else {}),
        }


def run_child(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run `python -m` with `arguments` and this package on its path; ChildFailedError with its last words if it fails.

    If this process is interrupted, the child is ended too.
    """
    # -P keeps the current folder off the path: a file of the user's there could take a module's name.
    command = [sys.executable, "-P", "-m", *arguments]
    path = os.pathsep.join(filter(None, [str(Path(zkpay.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, **(environment or {}), "PYTHONPATH": path}
    # An installed package has its bytecode; without it every start would be measured with the compiling of its sources.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    busy = busy_seconds()
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    output: list[str] = []
    told: list[tuple[float, str]] = []
    readers = [
        threading.Thread(target=_collect, args=(process.stdout, output), daemon=True),
        threading.Thread(target=_note, args=(process.stderr, told, began), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.wait()
        raise
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    for reader in readers:
        reader.join()
    if process.returncode:
        words = _last_words(process.returncode, [line for _, line in told], "".join(output))
        raise ChildFailedError(process.returncode, words)
    computing = usage.ru_utime + usage.ru_stime
    after = busy_seconds()
    other = None
    if busy is not None and after is not None:
        other = max(0.0, after - busy - computing) / (seconds * usable_cores())
    return Finished("".join(output), seconds, computing, usage.ru_maxrss * _KILOBYTE, other, _stages(told, seconds))


def _collect(stream: IO[str] | None, into: list[str]) -> None:
    if stream is not None:
        into.append(stream.read())
        stream.close()


def _note(stream: IO[str] | None, into: list[tuple[float, str]], began: float) -> None:
    """Every line of standard error with the seconds at which it came."""
    if stream is not None:
        for line in stream:
            into.append((time.monotonic() - began, line.rstrip("\n")))
        stream.close()


def _stages(told: Sequence[tuple[float, str]], seconds: float) -> dict[str, float]:
    """Seconds by stage; a stage that is told several times began the first time."""
    starts: dict[str, float] = {}
    for moment, line in told:
        found = _STAGE.match(line)
        if found is not None:
            starts.setdefault(found[3], moment)
    if not starts:
        return {}
    names, moments = [_STARTING, *starts], [0.0, *starts.values(), seconds]
    return {name: moments[place + 1] - moments[place] for place, name in enumerate(names)}


def _last_words(code: int, lines: Sequence[str], output: str) -> str:
    """What a process that failed said: the message of its JSON object, or its last line of standard error."""
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return f"{how}: {json.loads(output)['error']['message']}"
    words = [line for line in lines if line.strip() and _STAGE.match(line) is None]
    return f"{how}: {words[-1].strip()}" if words else how
