"""Proves an epoch in a process of its own that kills itself: `python -m tests.zkpay.epoch.killed_prove DIR WHERE`.

WHERE is a stage, at whose beginning it dies; `+` before it: only once the files of the stages before stand. Or it is
`published`: the moment at which the proof has been put in place. The masks' seed is `SEED`.
"""

import os
import signal
import sys
import time
from pathlib import Path

from zkpay.epoch import job
from zkpay.epoch import prove as module
from zkpay.epoch.stages import Progress
from zkpay.prover.prove import STORED

SEED = bytes(range(32))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, where: str) -> None:
    stage = where.removeprefix("+")
    proving = Path(folder) / "private" / job.FOLDER

    def report(progress: Progress) -> None:
        if progress.name != stage:
            return
        before = [name for name in STORED if where != stage and STORED.index(name) < stages_before(stage)]
        while not all((proving / f"{name.replace(' ', '-')}.stage").exists() for name in before):
            time.sleep(0.01)
        die()

    job.fresh_seed = lambda: SEED  # type: ignore[attr-defined]
    if stage == "published":
        module.sync_renames = lambda folder: die()  # type: ignore[attr-defined]
    module.prove(folder, report=report, store_from=0)


def stages_before(stage: str) -> int:
    """How many of the stored stages end before this one begins."""
    return sum(module.STAGES.index(name) < module.STAGES.index(stage) for name in STORED)


if __name__ == "__main__":
    main(*sys.argv[1:])
