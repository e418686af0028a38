"""`python -m tests.campaign`: the differential campaign, for as long as it is told to run.

    python -m tests.campaign --policies 10000 --cases 200000 --seed 1
    python -m tests.campaign --seconds 600
    python -m tests.campaign --replay "1/17 case 3"  # the policy of a finding again

The summary goes to tests/campaign/results/ as JSON and Markdown: the commit, the seed, how much ran, and whether all
that was asked for did. It is written every minute, so that a run which is cut off leaves what it did.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from tests.campaign.runner import Options, Tally, run_policy

RESULTS = Path(__file__).parent / "results"
CHUNK = 5
"""Policies that a process runs at a time."""
WRITE_SECONDS = 60.0


def run_chunk(seeds: list[str], options: Options) -> Tally:
    """Some policies, one after another."""
    tally = Tally()
    for seed in seeds:
        tally.add(run_policy(seed, options))
    return tally


def main() -> int:
    """0 if nothing disagreed."""
    arguments = _arguments()
    per_policy = max(1, -(-arguments.cases // arguments.policies))
    options = Options(cases=per_policy, lies=arguments.lies, whole=arguments.whole)
    if arguments.replay:
        tally = run_policy(arguments.replay.split(" ")[0], options)
        print(json.dumps(dict(tally.counts), indent=2))
        _show(tally)
        return int(bool(tally.findings))
    report = _Report(arguments, per_policy)
    seeds = (f"{arguments.seed}/{number}" for number in range(arguments.policies))
    try:
        _run_all(seeds, options, arguments, report)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    report.write()
    _show(report.tally)
    print(report.markdown())
    return int(bool(report.tally.findings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description="The differential campaign.")
    parser.add_argument("--policies", type=int, default=10_000, help="random policies (default 10000)")
    parser.add_argument("--cases", type=int, default=200_000, help="cases over all policies (default 200000)")
    parser.add_argument("--seconds", type=float, help="stop after this long, finished or not")
    parser.add_argument("--seed", default="1", help="what all chance follows from (default 1)")
    parser.add_argument("--lies", type=int, default=1, help="changed witnesses of each case (default 1)")
    parser.add_argument("--whole", type=float, default=0.01, help="share of cases by the whole circuit (default 0.01)")
    parser.add_argument("--processes", type=int, default=2, help="how many run at once (default 2)")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="folder of the summary (default results/ beside this)"
    )
    parser.add_argument("--replay", metavar="SEED", help="run one policy again, as a finding names it")
    return parser.parse_args()


def _run_all(seeds: Iterator[str], options: Options, arguments: argparse.Namespace, report: _Report) -> None:
    with ProcessPoolExecutor(arguments.processes) as pool:
        running: set[Future[Tally]] = set()
        while True:
            while len(running) < 2 * arguments.processes and not report.is_late:
                chunk = list(itertools.islice(seeds, CHUNK))
                if not chunk:
                    break
                running.add(pool.submit(run_chunk, chunk, options))
            if not running:
                return
            done, running = wait(running, timeout=WRITE_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                report.tally.add(future.result())
            report.write_at_times()


class _Report:
    def __init__(self, arguments: argparse.Namespace, per_policy: int) -> None:
        self.arguments = arguments
        self.per_policy = per_policy
        self.tally = Tally()
        self.commit = _commit()
        self.started = time.monotonic()
        self.written = self.started

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def is_late(self) -> bool:
        limit: float | None = self.arguments.seconds
        return limit is not None and self.seconds > limit

    @property
    def is_finished(self) -> bool:
        """Whether every policy that was asked for ran with all its cases."""
        counts, asked = self.tally.counts, self.arguments.policies
        return counts["policies"] == asked and counts["cases"] == asked * self.per_policy

    def content(self) -> dict[str, object]:
        return {
            "format": "zkpay/campaign/v1",
            "finished": self.is_finished,
            "asked": {"policies": self.arguments.policies, "cases": self.arguments.policies * self.per_policy},
            "commit": self.commit,
            "seed": self.arguments.seed,
            "seconds": round(self.seconds),
            "disagreements": len(self.tally.findings),
            "counts": dict(sorted(self.tally.counts.items())),
            "operations": dict(sorted(self.tally.operations.items())),
            "findings": [list(finding) for finding in self.tally.findings[:100]],
        }

    def markdown(self) -> str:
        counts = self.tally.counts
        state = "finished" if self.is_finished else "UNFINISHED"
        lines = [
            f"# Differential campaign, seed {self.arguments.seed}: {state}",
            "",
            f"Commit {self.commit}. {counts['cases']:,} cases over {counts['policies']:,} policies of"
            f" {self.arguments.policies * self.per_policy:,} and {self.arguments.policies:,} asked for, in"
            f" {round(self.seconds):,} s. **{len(self.tally.findings)} disagreements.**",
            "",
            "| what | how many |",
            "|---|---|",
            *(f"| {name} | {count:,} |" for name, count in sorted(counts.items())),
            "",
            "Operations in the policies' programs: "
            + ", ".join(f"{name} {count:,}" for name, count in sorted(self.tally.operations.items()))
            + ".",
        ]
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        folder: Path = self.arguments.out
        folder.mkdir(parents=True, exist_ok=True)
        name = f"seed-{self.arguments.seed}".replace("/", "-")
        (folder / f"{name}.json").write_text(json.dumps(self.content(), indent=2) + "\n", encoding="utf-8")
        (folder / f"{name}.md").write_text(self.markdown(), encoding="utf-8")
        self.written = time.monotonic()

    def write_at_times(self) -> None:
        if time.monotonic() - self.written > WRITE_SECONDS:
            self.write()
            print(f"{self.tally.counts['cases']:,} cases, {len(self.tally.findings)} findings", file=sys.stderr)


def _commit() -> str:
    """The commit that is run, marked where the tree differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=RESULTS.parent).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _show(tally: Tally) -> None:
    for seed, what in tally.findings[:20]:
        print(f"--- {seed}\n{what}")


if __name__ == "__main__":
    sys.exit(main())
