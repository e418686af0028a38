"""zkpay bench."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import click

from zkpay.cli.exit_codes import ExitCode
from zkpay.cli.options import output_options
from zkpay.cli.progress import stage_progress
from zkpay.cli.render import Result
from zkpay.errors import InputError, Refused


class Size(click.ParamType[int]):
    """A number, plain or as a power: 65536, 65_536 or 2^16."""

    name = "size"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,3})\^(\d{1,2})|(\d{1,3}(?:[_,]?\d{3}){0,3}|\d{1,12})", str(value))
        if found is None:
            self.fail(f"{value!r} is no number; write 65536 or 2^16", parameter, context)
        base, exponent, plain = found.groups()
        return int(base) ** int(exponent) if plain is None else int(re.sub("[_,]", "", plain))


@click.command()
@click.option("--up-to", metavar="N", type=Size(), help="Largest number of contributions, a power of two such as 2^18.")
@click.option("--full", is_flag=True, help="All sizes up to 2^20 and 2^21, five runs each: takes an hour or so.")
@click.option("--runs", metavar="R", type=int, help="Proofs of each case; medians are shown.")
@click.option("--only", metavar="PART", multiple=True, help="Only this part; may be given several times.")
@click.option("--out", metavar="FILE", help="The JSON file to write; bench-DATE.json if left out.")
@output_options
def bench(up_to: int | None, full: bool, runs: int | None, only: tuple[str, ...], out: str | None) -> Result:
    """Measure this machine: kernels, proofs by size, profile and policy, and the floor.

    Takes about five minutes and writes everything into one JSON file, which holds no names: send it in.

    Parts: ceilings (peak rates of the machine), kernels, start (help, first compile), scaling (contributions from
    2^10), profiles, policies, peers (other systems that are installed).
    """
    # Loaded here: `zkpay --help` has no use for it.
    from zkpay.measure.plan import make_plan
    from zkpay.measure.suite import Suite
    from zkpay.policy.tools.presets import PRESETS

    plan = make_plan(full=full, up_to=up_to, runs=runs, only=only, policies=PRESETS)
    target = _fresh(out)
    suite = Suite(plan, target)
    interrupted = False
    try:
        with stage_progress() as report:
            suite.run(report)
    except KeyboardInterrupt:
        interrupted = True
    code = ExitCode.OK if suite.document["complete"] else ExitCode.INTERNAL
    return Result(
        {"file": str(target), "benchmark": suite.document},
        [*_lines(suite.document), *_ending(suite.document, target, interrupted=interrupted)],
        code=ExitCode.INTERRUPTED if interrupted else code,
    )


def _fresh(out: str | None) -> Path:
    """The file to write, which must not exist and whose folder must."""
    if out is not None:
        target = Path(out)
        if target.exists():
            raise Refused(f"{out} exists; remove it, or name another file")
    else:
        stem = f"bench-{datetime.date.today().isoformat()}"
        names = (f"{stem}{'' if number == 1 else f'-{number}'}.json" for number in range(1, 1000))
        target = next(path for path in map(Path, names) if not path.exists())
    if not target.parent.is_dir():
        raise InputError(f"{target.parent}: no such folder to write {target.name} to")
    return target


def _lines(document: dict[str, Any]) -> list[str]:
    """All tables, and what they were measured on."""
    from zkpay.measure.tables import all_tables, load_line, machine_line

    lines = [machine_line(document), load_line(document)]
    for table in all_tables(document):
        lines += ["", *table.lines()]
    return lines


def _ending(document: dict[str, Any], target: Path, *, interrupted: bool) -> list[str]:
    lines = [""]
    for key, word in (("left_out", "left out"), ("failed", "FAILED")):
        lines += [f"{word}: {entry['what']}: {entry['why']}" for entry in document[key]]
    if interrupted:
        return [*lines, f"Stopped by Ctrl-C; what was measured by then is above and in {target}, marked incomplete."]
    return [*lines, f"Everything is in {target}."]
