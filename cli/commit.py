"""zkpay commit."""

import shlex

import click

import zkpay
from zkpay.cli.describe import commitment_json
from zkpay.cli.options import output_options
from zkpay.cli.progress import stage_progress
from zkpay.cli.render import Result, table


@click.command()
@click.argument("contributions", metavar="CONTRIBUTIONS")
@click.option("--policy", metavar="POLICY", required=True, help="The policy file (TOML).")
@click.option("--epoch", metavar="LABEL", required=True, help="What to call the epoch, for instance 2025-08.")
@click.option("--origin", metavar="NAME", help="Whose ledger it is, for instance example.org/rewards.")
@click.option("--out", metavar="DIR", required=True, help="The folder to make, with public/ and private/.")
@click.option("--private-payouts", is_flag=True, help="Publish no list of payouts; payees get receipts.")
@output_options
def commit(contributions: str, policy: str, epoch: str, origin: str | None, out: str, private_payouts: bool) -> Result:
    """Commit to an epoch's contributions (CSV, JSONL or Parquet).

    Writes DIR/public, to be published now, and DIR/private, to be kept.
    """
    origin = "zkpay.local/unnamed" if origin is None else origin
    with stage_progress() as report:
        done = zkpay.commit(
            contributions,
            policy,
            epoch=epoch,
            origin=origin,
            out=out,
            private_payouts=private_payouts,
            report=report,
        )
    commitment = done.commitment
    rejected = {name: count for name, count in done.counts.items() if name != "accepted"}
    committed = commitment_json(commitment)
    content = {
        "folder": str(done.folder),
        **committed,
        "commitment_digest": commitment.digest.hex(),
        "counts": done.counts,
    }
    reasons = ", ".join(f"{count:,} {name}" for name, count in rejected.items() if count)
    rows = [
        ("records", f"{commitment.contribution_count:,}"),
        ("accepted", f"{done.counts['accepted']:,}"),
        ("rejected", f"{sum(rejected.values()):,}" + (f"  ({reasons})" if reasons else "")),
        ("R_c", committed["contribution_root"]),
        ("policy", committed["policy_digest"]),
        ("commitment", commitment.digest.hex()),
    ]
    return Result(
        content,
        [
            f'Committed to epoch "{commitment.epoch}" of {commitment.origin}:',
            *table(rows),
            f"Publish {done.folder / 'public'} now; keep {done.folder / 'private'} secret and safe.",
        ],
        f"zkpay prove {shlex.quote(out)}",
    )
