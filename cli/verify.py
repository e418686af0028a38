"""zkpay verify."""

import click

import zkpay
from zkpay.cli.describe import verdict_json, verdict_lines
from zkpay.cli.options import expectations, output_options
from zkpay.cli.render import Result


@click.command()
@click.argument("public", metavar="DIR/public")
@expectations
@click.option("--leaves", is_flag=True, help="Build R_c again from leaves.bin.")
@output_options
def verify(
    public: str, expect_policy: str | None, expect_origin: str | None, expect_root: str | None, leaves: bool
) -> Result:
    """Verify an epoch from its public folder alone.

    Exit code 0: true. 1: false. 4: can't be read.
    """
    verdict = zkpay.verify(
        public, expect_policy=expect_policy, expect_origin=expect_origin, expect_root=expect_root, leaves=leaves
    )
    return Result(verdict_json(verdict), verdict_lines(verdict))
