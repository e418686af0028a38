"""Units that measure files: no file may cost much more than an honest one of its size (measure.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.campaigns.campaign import Tally
from tests.campaigns.parsers.runs import ROOT

KINDS = ("statement", "commitment", "proof", "payouts", "receipt", "policy", "csv", "jsonl", "parquet")
SIZES = {
    "statement": (1 << 16,),
    "commitment": (1 << 16,),
    "proof": (1 << 16, 1 << 21),
    "policy": (1 << 14, 1 << 18),
}
LARGE = (1 << 16, 1 << 20, 1 << 23)
CHANGED = 6
LONGEST_SECONDS = 1800


def run_bounds(unit: str, kind: str, changed: int = CHANGED) -> Tally:
    """Measure the files of one kind; the unit's number chooses the size."""
    sizes = SIZES.get(kind, LARGE)
    size = sizes[int(unit.split("/")[-1]) % len(sizes)]
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="zkpay-bounds-") as folder:
        out = Path(folder, "out.json")
        command = [
            sys.executable, "-m", "tests.campaigns.parsers.measure", kind, "--size", str(size), "--seed", unit,
            "--changed", str(changed), "--out", str(out),
        ]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
        if not out.exists():
            tally.find(unit, f"{kind}: measuring ended with {ended.returncode}\n{ended.stderr.decode()[-2000:]}")
            return tally
        content = json.loads(out.read_text(encoding="utf-8"))
    tally.counts["files measured"] += len(content["costs"])
    tally.count("Files measured", {f"{kind}, {size:,} bytes": len(content["costs"])})
    for finding in content["findings"]:
        tally.find(unit, f"{kind}: {finding}")
    return tally
