"""zkpay prove."""

import shlex
from pathlib import Path

import click

import zkpay
from zkpay.cli.describe import security_json, statement_json, totals_rows
from zkpay.cli.options import output_options
from zkpay.cli.progress import stage_progress
from zkpay.cli.render import Result, table

# Those of zkpay.stark.parameters, which takes too long to import for --help.
PROFILE_NAMES = ("default", "conservative", "compact")


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--profile",
    type=click.Choice(PROFILE_NAMES),
    default="default",
    show_default=True,
    help="Parameters of the proof; each proves at least 100 bits.",
)
@click.option(
    "--memory",
    metavar="GB",
    type=click.FloatRange(min=0, min_open=True),
    help="How much memory may be taken; by default what is free.",
)
@click.option("--resumable", is_flag=True, help="Put finished stages away however short the proof, to go on from them.")
@output_options
def prove(folder: str, profile: str, memory: float | None, resumable: bool) -> Result:
    """Prove the payouts of a committed folder.

    On a proved folder this makes a fresh proof of the same statement; receipts stay valid. A long proof, or one with
    --resumable, that was stopped or killed goes on from the last finished stage when the same command is run again.
    """
    most = None if memory is None else int(memory * 10**9)
    with stage_progress() as report:
        stored = {"store_from": 0.0} if resumable else {}
        done = zkpay.prove(folder, profile=profile, report=report, memory=most, **stored)
    statement = done.statement
    content = {
        "folder": folder,
        "statement": statement_json(statement),
        "profile": done.profile,
        "security": security_json(done.security),
        "proof_bytes": done.proof_bytes,
        "seconds": round(done.seconds, 3),
    }
    rows = [
        ("accounts", f"{statement.account_count:,}"),
        ("paid", f"{statement.paid} of {statement.pool} base units"),
        ("dust", f"{statement.dust} base units"),
        *totals_rows(statement),
        ("proof", f"{done.proof_bytes:,} bytes, profile {done.profile}, verified before it was put in place"),
        ("security", str(done.security)),
    ]
    public = Path(folder) / "public"
    return Result(
        content,
        [
            f'Proved the payouts of epoch "{statement.epoch}" in {done.seconds:.1f} s:',
            *table(rows),
        ],
        f"zkpay verify {shlex.quote(str(public))}",
    )
