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
from zkpay.epoch.estimate import GIGABYTE, Estimate
from zkpay.epoch.stages import Progress


def main(folder: str, profile: str = "default", memory: str | None = None) -> None:
    """Prove, and print expected and taken seconds by stage, and bytes."""
    told: list[Estimate] = []
    starts: dict[str, float] = {}
    measure = prove.estimate

    def noting(*arguments: object, **named: object) -> Estimate:
        told.append(measure(*arguments, **named))  # type: ignore[arg-type]
        return told[-1]

    def report(progress: Progress) -> None:
        if progress.number:
            starts.setdefault(progress.name, time.monotonic())

    prove.estimate = noting  # type: ignore[assignment]
    zkpay.prove(
        folder, profile=profile, report=report, memory=None if memory is None else int(float(memory) * GIGABYTE)
    )
    moments = [*starts.values(), time.monotonic()]
    expected = told[0]
    print(f"{'stage':14} {'expected':>9} {'took':>9} {'took / expected':>16}")
    whole = 0.0
    for name, begin, end in zip(starts, moments[:-1], moments[1:], strict=True):
        own = expected.stages.get(name)
        if own is None:
            print(f"{name:14} {'':9} {end - begin:9.2f}")
            continue
        whole += end - begin
        print(f"{name:14} {own:9.2f} {end - begin:9.2f} {(end - begin) / own:16.2f}")
    print(f"{'estimated':14} {expected.seconds:9.2f} {whole:9.2f} {whole / expected.seconds:16.2f}")
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{'peak, GB':14} {expected.peak_bytes / 1e9:9.2f} {peak / 1e9:9.2f} {peak / expected.peak_bytes:16.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
