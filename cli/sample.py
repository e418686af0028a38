"""zkpay sample."""

import click

import zkpay
from zkpay.cli.options import output_options
from zkpay.cli.render import Result, table


@click.command()
@click.option("--contributions", metavar="N", type=int, required=True, help="How many records.")
@click.option("--accounts", metavar="M", type=int, required=True, help="How many accounts they are drawn from.")
@click.option("--seed", metavar="S", type=int, default=1, show_default=True, help="Other numbers, other data.")
@click.option("--out", metavar="FILE.csv", required=True, help="The file to write; FILE.policy.toml goes beside it.")
@output_options
def sample(contributions: int, accounts: int, seed: int, out: str) -> Result:
    """Write synthetic contributions and a policy."""
    written = zkpay.sample(contributions, accounts, seed=seed, out=out)
    content = {
        "contributions": str(written.contributions),
        "policy": str(written.policy),
        "contribution_count": written.contribution_count,
        "account_count": written.account_count,
        "seed": seed,
    }
    rows = [
        ("contributions", f"{written.contributions}  ({contributions:,} records, some of them copies)"),
        ("policy", str(written.policy)),
    ]
    return Result(content, ["Wrote synthetic data:", *table(rows)])
