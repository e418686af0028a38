"""Compares what a proof was expected to take with what it took: `python -m bench.estimates DIR [PROFILE]`.

For `zkpay.epoch.estimate`, whose rates are corrected by the last column, and `zkpay.prover.memory`. Makes a proof in
DIR, the folder of a committed epoch.
"""

from __future__ import annotations

import resource
import sys
import time

import zkpay
from zkpay.epoch import prove
from zkpay.epoch.estimate import GIGABYTE, Estimate, estimate
from zkpay.epoch.stages import Progress


def now() -> tuple[float, float]:
    """Seconds by the clock, and seconds that all cores have worked for this process."""
    return time.monotonic(), time.process_time()


def main(folder: str, profile: str = "default", memory: str | None = None) -> None:
    """Prove, and print expected and taken seconds by stage, and bytes."""
    told: list[Estimate] = []
    starts: dict[str, tuple[float, float]] = {}  # by the clock, and seconds of all cores
    measure = estimate

    def noting(*arguments: object, **named: object) -> Estimate:
        told.append(measure(*arguments, **named))  # type: ignore[arg-type]
        return told[-1]

    def report(progress: Progress) -> None:
        if progress.number:
            starts.setdefault(progress.name, now())

    vars(prove)["estimate"] = noting
    zkpay.prove(
        folder, profile=profile, report=report, memory=None if memory is None else int(float(memory) * GIGABYTE)
    )
    moments = [*starts.values(), now()]
    expected = told[0]
    print(f"{'stage':14} {'expected':>9} {'took':>9} {'of cores':>9} {'took / expected':>16}")
    whole = 0.0
    for name, begin, end in zip(starts, moments[:-1], moments[1:], strict=True):
        own = expected.stages.get(name)
        seconds, computing = end[0] - begin[0], end[1] - begin[1]
        if own is None:
            print(f"{name:14} {'':9} {seconds:9.2f} {computing:9.2f}")
            continue
        whole += seconds
        print(f"{name:14} {own:9.2f} {seconds:9.2f} {computing:9.2f} {seconds / own:16.2f}")
    print(f"{'estimated':14} {expected.seconds:9.2f} {whole:9.2f} {'':9} {whole / expected.seconds:16.2f}")
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = f"{expected.peak_bytes / 1e9:9.2f} {peak / 1e9:9.2f} {'':9} {peak / expected.peak_bytes:16.2f}"
    print(f"{'peak, GB':14} {sizes}")


if __name__ == "__main__":
    main(*sys.argv[1:])
