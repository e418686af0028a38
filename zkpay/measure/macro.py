"""Commit, prove and verify as a user runs them: whole processes, files in, files out.

Every command runs in a process of its own; its seconds are the clock's from start to end, its peak memory its own.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from zkpay.measure.child import Finished, run_child
from zkpay.measure.machine import available_memory
from zkpay.measure.plan import Case

Content = dict[str, Any]

COMMAND: Final = "zkpay.cli.main"
WORKER: Final = "zkpay.measure.worker"
BYTES_A_RECORD: Final = 1536
"""Disk that a case needs: records twice, an epoch committed twice, with room to spare."""
_SMALL: Final = 1000
_VERIFY_ROUNDS: Final = 5
_HELP_ROUNDS: Final = 5


class NotMeasurableError(Exception):
    """This machine or this version can't run a case; the message says why."""


def work(task: str, request: Content) -> Content:
    """What a measuring process answers."""
    answer: Content = json.loads(run_child([WORKER, task, json.dumps(request)]).output)
    return answer


def measure_case(case: Case, workplace: Path, formats: Sequence[str] = ("csv", "parquet")) -> Content:
    """Everything about one case. NotMeasurableError for want of disk, or records that this version doesn't take."""
    free = shutil.disk_usage(workplace).free
    if free < BYTES_A_RECORD * case.records:
        needed = BYTES_A_RECORD * case.records
        raise NotMeasurableError(f"{workplace} has {free / 1e9:.1f} GB free, and it takes about {needed / 1e9:.1f} GB")
    folder = Path(tempfile.mkdtemp(dir=workplace))
    try:
        return _measure_in(folder, case, formats)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure_in(folder: Path, case: Case, formats: Sequence[str]) -> Content:
    files = work(
        "prepare",
        {"policy": case.policy, "folder": str(folder), "records": case.records, "accounts": case.accounts},
    )
    if "refused" in files:
        raise NotMeasurableError(files["refused"])
    epoch = folder / "epoch"
    commits = {name: summary(_commits(case.runs, files[name], files["policy"], epoch)) for name in formats}
    public = epoch / "public"
    proofs = _repeat(case.runs, lambda: run_child([COMMAND, "prove", str(epoch), "--profile", case.profile, "--json"]))
    size = (public / "payout.zkproof").stat().st_size
    cold = _repeat(case.runs, lambda: run_child([COMMAND, "verify", str(public), "--json"]))
    return {
        "section": case.section,
        "policy": case.policy,
        "profile": case.profile,
        "contributions": case.records,
        "accounts": case.accounts,
        "commit": commits,
        "prove": summary(proofs),
        "proof_bytes": size,
        "verify": {
            "process": summary(cold),
            "within_seconds": work("verify", {"public": str(public), "rounds": _VERIFY_ROUNDS}),
        },
        **work("floor", {"public": str(public), "profile": case.profile}),
    }


def warm_up(workplace: Path) -> None:
    """Commit, prove and verify once, so that no measured process compiles anything."""
    folder = Path(tempfile.mkdtemp(dir=workplace))
    try:
        epoch = _small_epoch(folder)
        run_child([COMMAND, "prove", str(epoch), "--json"])
        run_child([COMMAND, "verify", str(epoch / "public"), "--json"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_start(workplace: Path, runs: int) -> Content:
    """What everybody waits for: help, the first proof of all (which compiles), and a small one from then on."""
    folder = Path(tempfile.mkdtemp(dir=workplace))
    try:
        prove = [COMMAND, "prove", str(_small_epoch(folder)), "--json"]
        # A cache of its own, so that everything is compiled.
        first = run_child(prove, {"NUMBA_CACHE_DIR": str(folder / "cache")})
        small = _repeat(runs, lambda: run_child(prove))
        median = statistics.median(done.seconds for done in small)
        return {
            "help": summary(_repeat(_HELP_ROUNDS, lambda: run_child([COMMAND, "--help"]))),
            "first_proof": first.as_json(),
            "compile_seconds": first.seconds - median,
            "small_contributions": _SMALL,
            "small_proof": summary(small),
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_memory(case: Case) -> None:
    """NotMeasurableError if the prover's arrays alone would need more memory than is free."""
    free = available_memory()
    request = {"policy": case.policy, "profile": case.profile, "records": case.records, "accounts": case.accounts}
    needed = work("memory", request)["bytes"]
    if free is not None and needed > free:
        raise NotMeasurableError(f"it takes at least {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free")


def summary(runs: Sequence[Finished]) -> Content:
    """Medians of seconds (whole and by stage) and the largest peak, with every run beside them."""
    names = runs[0].stages if runs else {}
    stages = {name: statistics.median(run.stages.get(name, 0.0) for run in runs) for name in names}
    return {
        "seconds": statistics.median(run.seconds for run in runs),
        "peak_bytes": max(run.peak_bytes for run in runs),
        **({"stages": stages} if stages else {}),
        "runs": [run.as_json() for run in runs],
    }


def _small_epoch(folder: Path) -> Path:
    """A committed epoch of a thousand contributions."""
    files = work("prepare", {"policy": "pro-rata", "folder": str(folder), "records": _SMALL, "accounts": 50})
    _commit(files["csv"], files["policy"], folder / "epoch")
    return folder / "epoch"


def _repeat(runs: int, run: Callable[[], Finished]) -> list[Finished]:
    return [run() for _ in range(runs)]


def _commits(runs: int, records: str, policy: str, epoch: Path) -> list[Finished]:
    return _repeat(runs, lambda: _commit(records, policy, epoch))


def _commit(records: str, policy: str, epoch: Path) -> Finished:
    """Commit into a fresh folder."""
    shutil.rmtree(epoch, ignore_errors=True)
    labels = ["--policy", policy, "--epoch", "bench", "--origin", "bench.example"]
    return run_child([COMMAND, "commit", records, *labels, "--out", str(epoch), "--json"])
