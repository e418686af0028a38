"""`python -m tests.campaigns`: campaigns, whole or for as long as they are told to run.

    python -m tests.campaigns                              # all of them, whole: hours
    python -m tests.campaigns deletion proofs --seconds 600 # two of them, ten minutes each
    python -m tests.campaigns proofs --continue            # where the last run of this commit and seed ended
    python -m tests.campaigns differential --replay "1/17 case 3"

Summaries go to tests/campaigns/results/ (report.py), every minute, so that a run which is cut off leaves what it did.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

from tests.campaigns.all import CAMPAIGNS
from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.report import RESULTS, Report

CHUNK_SECONDS = 5.0
"""Units are handed out in chunks that take about as long."""
LARGEST_CHUNK = 200
WRITE_SECONDS = 60.0


def run_chunk(name: str, units: list[str]) -> tuple[Tally, int, float]:
    """Some units of a campaign, one after another; also how many, and the seconds that they took."""
    began = time.monotonic()
    tally = Tally()
    for unit in units:
        tally.add(CAMPAIGNS[name].run(unit))
    return tally, len(units), time.monotonic() - began


def main() -> int:
    """0 if nothing was found."""
    arguments = _arguments()
    campaigns = [CAMPAIGNS[name] for name in arguments.names or CAMPAIGNS]
    if arguments.replay:
        tally = campaigns[0].run(arguments.replay.split(" ")[0])
        print(dict(tally.counts))
        _show(tally)
        return int(bool(tally.findings))
    found = False
    for campaign in campaigns:
        report = Report(campaign, arguments.seed, arguments.out)
        if arguments.goes_on and (hindrance := report.go_on()):
            print(f"{campaign.name} can't go on: {hindrance}", file=sys.stderr)
            return 2
        stopped = False
        try:
            _run_all(campaign, arguments, report)
        except KeyboardInterrupt:
            stopped = True
        report.write()
        _show(report.tally)
        print(f"{campaign.name}: {'finished' if report.content()['finished'] else 'UNFINISHED'},", end=" ")
        print(f"{report.units:,} units, {len(report.tally.findings)} findings")
        found |= bool(report.tally.findings)
        if stopped:
            print("stopped", file=sys.stderr)
            return 130
    return int(found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description="Attack and differential campaigns.")
    parser.add_argument("names", nargs="*", choices=[*CAMPAIGNS, []], metavar="NAME", help=", ".join(CAMPAIGNS))
    parser.add_argument("--seconds", type=float, help="stop each after this long, finished or not")
    parser.add_argument("--seed", default="1", help="what all chance follows from (default 1)")
    parser.add_argument("--processes", type=int, default=2, help="how many run at once (default 2)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the summaries (default results/)")
    parser.add_argument("--continue", dest="goes_on", action="store_true", help="go on where the last run ended")
    parser.add_argument("--replay", metavar="UNIT", help="run one unit of one campaign again, as a finding names it")
    arguments = parser.parse_args()
    if arguments.replay and len(arguments.names) != 1:
        parser.error("--replay: name the one campaign that the unit is of")
    if " " in arguments.seed:
        parser.error("--seed: no spaces")
    return arguments


def _run_all(campaign: Campaign, arguments: argparse.Namespace, report: Report) -> None:
    units: Iterator[str] = itertools.islice(campaign.units(arguments.seed), report.units, None)
    began = written = time.monotonic()
    size, exhausted = 1, False
    with ProcessPoolExecutor(arguments.processes) as pool:
        running: deque[Future[tuple[Tally, int, float]]] = deque()
        while True:
            late = arguments.seconds is not None and time.monotonic() - began > arguments.seconds
            while len(running) < 2 * arguments.processes and not late and not exhausted:
                chunk = list(itertools.islice(units, size))
                if chunk:
                    running.append(pool.submit(run_chunk, campaign.name, chunk))
                else:
                    exhausted = True
            if not running:
                report.all_ran = exhausted
                return
            # In their order, so that a report is always about the first units: another run can go on from there.
            tally, count, seconds = running.popleft().result()
            report.add(tally, count)
            size = max(1, min(LARGEST_CHUNK, int(count * CHUNK_SECONDS / max(seconds, 1e-3))))
            if time.monotonic() - written > WRITE_SECONDS:
                report.write()
                written = time.monotonic()
                print(f"{campaign.name}: {report.units:,} units, {len(report.tally.findings)} findings", flush=True)


def _show(tally: Tally) -> None:
    for place, what in tally.findings[:20]:
        print(f"--- {place}\n{what}")


if __name__ == "__main__":
    sys.exit(main())
