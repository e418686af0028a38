"""zkpay policy stress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zkpay.cli.options import output_options
from zkpay.cli.policy_text import aligned, money, percent
from zkpay.cli.render import Result, counted

if TYPE_CHECKING:
    from zkpay.policy.policy import Policy
    from zkpay.policy.tools.stress import Stress


@click.command()
@click.argument("file", metavar="FILE")
@click.argument("contributions", metavar="CONTRIBUTIONS")
@click.option("--account", metavar="A", help="Whom to ask about: an address, or the identifier in the records.")
@output_options
def stress(file: str, contributions: str, account: str | None) -> Result:
    """Show what an account gains by splitting itself into 2, 10 or 100, rule by rule.

    Its records are dealt out in turn to so many accounts; all others stay as they are. Without --account: the largest
    payout, the median one, and one that a cap or limit cuts off.
    """
    # Loaded here, so that `--help` needs none of it.
    from zkpay.errors import InputError
    from zkpay.ledger.accounts import parse_account
    from zkpay.ledger.reader import try_contributions
    from zkpay.policy.policy import load_policy
    from zkpay.policy.tools import stress as stress_tests
    from zkpay.policy.tools.simulate import simulate

    policy = load_policy(file)
    records = try_contributions(contributions, policy.rules).contributions
    if account is not None:
        raw = parse_account(account)
        if not (records.accounts == list(raw)).all(axis=1).any():
            raise InputError(f"account {account}: no record names it; look for a mistyped character")
        asked = [(raw, account, "asked for")]
    else:
        found = simulate(policy, records)
        asked = [
            (found.distribution.accounts[index].tobytes(), found.names[index], why)
            for index, why in stress_tests.chosen_accounts(found, records)
        ]
    results = [stress_tests.stress(policy, records, raw, name, why) for raw, name, why in asked]
    return Result(_content(policy, results), _lines(policy, results))


def _content(policy: Policy, results: list[Stress]) -> dict[str, Any]:
    return {
        "policy": policy.name,
        "policy_digest": policy.digest.hex(),
        "symbol": policy.symbol,
        "decimals": policy.decimals,
        "accounts": [
            {
                "account": result.account,
                "why": result.why,
                "record_count": result.records,
                "variants": [
                    {
                        "what": row.what,
                        "payout": None if row.note else str(row.payout),
                        "splits": [
                            {"parts": split.parts, "payout": str(split.payout), "gain": str(split.payout - row.payout)}
                            for split in row.splits
                        ],
                        "note": row.note,
                    }
                    for row in result.rows
                ],
            }
            for result in results
        ],
    }


def _lines(policy: Policy, results: list[Stress]) -> list[str]:
    if not results:
        return ["Nothing is paid, so nobody can gain by splitting."]
    lines = ["What an account gains by dealing its records out to several accounts:"]
    for result in results:
        lines += ["", f"{result.account} ({result.why}, {counted(result.records, 'record')})"]
        rows = [("", "payout", *(f"into {split.parts}" for split in result.rows[0].splits))]
        notes = []
        for row in result.rows:
            if row.note:
                notes.append(f"  {row.what}: {row.note}")
                continue
            gains = (percent(split.payout - row.payout, row.payout) for split in row.splits)
            rows.append((row.what, money(row.payout, policy), *gains))
        lines += [*aligned(rows, right=range(1, len(rows[0]))), *notes]
    lines += [
        "",
        "A gain that is gone without a rule or cap comes from it; one that is larger without was held down by it.",
        "Who can also cut single records into smaller ones may gain more than this. No formula can tell the accounts",
        "of one person from those of several.",
    ]
    return lines
