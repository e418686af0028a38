"""A child process that answers lines by lines of JSON, for campaigns that need another interpreter than their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """`python -m MODULE ARGUMENTS`, started when it is first asked; it ends when its input does."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self.environment = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> IO[str]:
        """Where its answers come from; starts it if need be."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdout is not None
        return self._process.stdout

    def ask(self, line: str) -> dict[str, Any]:
        """Its answer to one line; RuntimeError if it has ended."""
        self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            print(line, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            pass
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line of its answers."""
        line = self.start().readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End its input and wait for it."""
        if self._process is not None:
            self._process.communicate(timeout=60)
            self._process = None
