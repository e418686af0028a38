"""zkpay prove."""

import shlex
from pathlib import Path

import click

import zkpay
from zkpay.cli.describe import security_json, statement_json, totals_rows
from zkpay.cli.options import output_options
from zkpay.cli.progress import stage_progress
from zkpay.cli.render import Result, table


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--profile", metavar="P", default="default", show_default=True, help="default, conservative or compact.")
@output_options
def prove(folder: str, profile: str) -> Result:
    """Prove the payouts of a committed folder.

    On a proved folder this makes a fresh proof of the same statement; receipts stay valid.
    """
    with stage_progress() as report:
        done = zkpay.prove(folder, profile=profile, report=report)
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
