"""zkpay receipt issue and verify."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import zkpay
from zkpay.cli.describe import verdict_json
from zkpay.cli.exit_codes import ExitCode
from zkpay.cli.options import expectations, output_options
from zkpay.cli.render import Result, counted, table, tokens

if TYPE_CHECKING:
    from zkpay.epoch.receipt import LineValue, ReceiptContribution, ReceiptPayout


@click.group()
def receipt() -> None:
    """Issue and verify contributors' receipts."""


@receipt.command()
@click.argument("folder", metavar="DIR")
@click.option("--account", metavar="A", help="Whose receipt: an address, or the identifier in the records.")
@click.option("--all", "everyone", is_flag=True, help="The receipts of all accounts.")
@click.option("--out", metavar="FILE|FOLDER", required=True, help="A file with --account, a folder with --all.")
@output_options
def issue(folder: str, account: str | None, everyone: bool, out: str) -> Result:
    """Write receipts from a proved folder. They tell private records; give each to its owner only."""
    if (account is None) != everyone:
        raise click.UsageError("Give either --account A or --all.")
    if account is not None:
        issued = [zkpay.issue_receipt(folder, account, out=out)]
        records = counted(issued[0].contribution_count, "record")
        lines = [f"Wrote the receipt of {issued[0].account} ({records}) to {out}."]
        public = shlex.quote(str(Path(folder, "public")))
        follow_up = f"zkpay receipt verify {shlex.quote(out)} --public {public}"
    else:
        issued = zkpay.issue_receipts(folder, out=out)
        lines = [f"Wrote {counted(len(issued), 'receipt')} into {out}."]
        follow_up = None
    content = {
        "receipts": [
            {"account": one.account, "path": str(one.path), "contribution_count": one.contribution_count}
            for one in issued
        ]
    }
    return Result(content, lines, follow_up)


@receipt.command()
@click.argument("file", metavar="FILE")
@click.option("--public", metavar="DIR/public", required=True, help="The public folder of the receipt's epoch.")
@expectations
@output_options
def verify(
    file: str, public: str, expect_policy: str | None, expect_origin: str | None, expect_root: str | None
) -> Result:
    """Verify a receipt against the public folder, its proof included."""
    verdict = zkpay.verify_receipt(
        file, public=public, expect_policy=expect_policy, expect_origin=expect_origin, expect_root=expect_root
    )
    from zkpay.ledger.accounts import checksum_address  # loads Keccak, which `zkpay --help` has no use for

    told, policy = verdict.receipt, verdict.epoch.policy
    payout = told.payout
    account, code = checksum_address(told.account), ExitCode.OK
    where = f'epoch "{told.epoch}" of {told.origin}'
    if payout is not None:
        head = [
            f"TRUE: {account} is paid {tokens(payout.amount, policy.decimals, policy.symbol)} for {where}.",
            f"That is {payout.amount} base units for {counted(len(told.contributions), 'record')}:",
        ]
    elif verdict.weaker is None:
        head = [f"TRUE: {account} has no accepted record and no payout in {where}. Rejected records:"]
    else:
        code = ExitCode.WEAKER
        head = [
            f"TRUE, BUT WEAKER: these records of {account} in {where} were rejected.",
            f"Not shown: {verdict.weaker}.",
        ]
    content: dict[str, Any] = {
        "account": account,
        "payout": None if payout is None else payout.to_json(),
        "contributions": [{"index": entry.opening.index, **entry.to_json()} for entry in told.contributions],
        "checks": [{"id": check.id, "status": "pass", "detail": check.detail} for check in verdict.checks],
        "not_shown": list(verdict.not_shown),
        "weaker": verdict.weaker,
        "epoch": verdict_json(verdict.epoch),
    }
    shown = told.contributions[:20]
    corrections = {entry.replaces: entry.opening.index for entry in told.contributions if entry.replaces is not None}
    rows = [(f"#{entry.opening.index}", _record_line(entry, corrections.get(entry.opening.index))) for entry in shown]
    lines = [
        *head,
        *table(rows),
        *([f"  ... and {len(told.contributions) - len(shown):,} more"] if len(told.contributions) > len(shown) else []),
        *([] if payout is None else _formula_lines(payout)),
        "Checked:",
        f"  + the whole public folder: {len(verdict.epoch.checks)} checks, {verdict.epoch.security}",
        *[f"  + {check.id}: {check.detail}" for check in verdict.checks],
        "Not shown:",
        *[f"  - {sentence}" for sentence in (*verdict.not_shown, *verdict.epoch.not_checked[1:])],
    ]  # fmt: skip
    return Result(content, lines, code=code)


def _record_line(record: ReceiptContribution, corrected_by: int | None) -> str:
    """One record: `accepted: kind data, quantity 12; points = 36`."""
    fields = ", ".join(f"{name} {'undeclared' if value is None else value}" for name, value in record.fields.items())
    corrected = "" if record.replaces is None else f"; corrects #{record.replaces}"
    corrected += "" if corrected_by is None else f"; corrected by #{corrected_by}"
    lines = "".join(f"; {name} = {_shown(value)}" for name, value in record.lines.items())
    return f"{record.reason}: {fields}{corrected}{lines}"


def _formula_lines(payout: ReceiptPayout) -> list[str]:
    """What the account's lines of the formula came to."""
    rows = [(name, f"= {_shown(value)}") for name, value in payout.lines.items()]
    return ["By the formula:", *table([*rows, ("payout", f"= {payout.amount}")])]


def _shown(value: LineValue) -> str:
    return value if isinstance(value, str) else str(value).lower()
