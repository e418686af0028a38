"""Units of fuzzing, each run in a process of its own, which may crash, hang or grow without harm to the campaign."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from functools import cache
from pathlib import Path

from tests.campaigns.campaign import Tally
from tests.campaigns.parsers.target import Target

ROOT = Path(__file__).resolve().parents[3]
LONGEST_SECONDS = 900
SHOWN_BYTES = 4000


@cache
def made(kind: str) -> Path:
    """The folder of these files, made once in a process and removed at its end; "none" is an empty one."""
    folder = Path(tempfile.mkdtemp(prefix="zkpay-parsers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if kind != "none":
        command = [sys.executable, "-m", "tests.campaigns.parsers.seeds", kind, str(folder)]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    return folder


def run_fuzz(unit: str, module: str, target: Target, runs: int) -> Tally:
    """Fuzz a target of a module's TARGETS, from a seed that the unit gives."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="zkpay-fuzz-") as folder:
        out = Path(folder, "out.json")
        seed = str(zlib.crc32(unit.encode()) or 1)
        command = [
            sys.executable, "-m", "tests.campaigns.parsers.fuzz", module, target.name,
            "--kind-folder", str(made(target.kind)), "--seed", seed, "--runs", str(runs), "--out", str(out),
        ]  # fmt: skip
        # Sets are walked in the order of hashes: with a seed of its own, every process finds the same.
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        try:
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=LONGEST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            tally.find(unit, f"{target.name}: the fuzzer didn't end in {LONGEST_SECONDS} s")
            return tally
        if not out.exists():
            code = ended.returncode
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
            said = (ended.stdout + ended.stderr).decode("utf-8", "replace")[-2000:]
            what = f"{target.name}: the reader's process ended with {how}"
            tally.find(unit, f"{what}\ninput: {_last_input(folder)}\n{said}")
            return tally
        content = json.loads(out.read_text(encoding="utf-8"))
    outcomes = content["outcomes"]
    executions = sum(outcomes.values())
    tally.counts.update({"executions": executions, "inputs accepted": outcomes.get("accepted", 0)})
    tally.count("Executions by reader", {target.name: executions})
    tally.count("Outcomes", {f"{target.name}: {what}": count for what, count in outcomes.items()})
    for what, data in content["findings"]:
        tally.find(unit, f"{target.name}: {what}\ninput: {data[: 2 * SHOWN_BYTES]}")
    return tally


def _last_input(folder: str) -> str:
    """What the reader was reading when its process ended (fuzz.py keeps it in a file)."""
    path = Path(folder, "current")
    if not path.exists():
        return "none"
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return content[8 : 8 + min(length, SHOWN_BYTES)].hex()
