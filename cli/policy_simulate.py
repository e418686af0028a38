"""zkpay policy simulate."""

from __future__ import annotations

import csv
import io
import shlex
from typing import TYPE_CHECKING, Any

import click

from zkpay.cli.options import output_options
from zkpay.cli.policy_text import aligned, judged_line, money, percent
from zkpay.cli.render import Result, counted, table

if TYPE_CHECKING:
    from zkpay.ledger.intake import Trial
    from zkpay.policy.policy import Policy
    from zkpay.policy.tools.simulate import Simulation


@click.command()
@click.argument("file", metavar="FILE")
@click.argument("contributions", metavar="CONTRIBUTIONS")
@click.option("--top", metavar="N", type=click.IntRange(min=0), default=10, show_default=True, help="Accounts to list.")
@click.option("--out", metavar="FILE.csv", help="Write every account's payout and lines to this file.")
@output_options
def simulate(file: str, contributions: str, top: int, out: str | None) -> Result:
    """Show what a policy pays for contributions (CSV, JSONL or Parquet), without a proof.

    Warns if the payouts exceed the pool; `zkpay prove` would refuse then.
    """
    # Loaded here, so that `--help` needs none of it.
    from zkpay.cli.new_file import write_new
    from zkpay.ledger.reader import try_contributions
    from zkpay.policy.policy import load_policy
    from zkpay.policy.tools.simulate import simulate as simulated

    policy = load_policy(file)
    tried = try_contributions(contributions, policy.rules)
    records = tried.contributions
    found = simulated(policy, records)
    if out is not None:
        write_new(out, _csv(found))
    return Result(
        _content(policy, found, tried.judged, top, out),
        _lines(policy, found, tried, top, out),
        f"zkpay policy stress {shlex.quote(file)} {shlex.quote(contributions)}",
    )


def _content(policy: Policy, found: Simulation, judged: int, top: int, out: str | None) -> dict[str, Any]:
    from zkpay.policy.tools.gini import decimal_text

    distribution = found.distribution
    return {
        "policy": policy.name,
        "policy_digest": policy.digest.hex(),
        "symbol": policy.symbol,
        "decimals": policy.decimals,
        "pool": str(policy.pool),
        "paid": str(distribution.paid),
        "dust": str(distribution.dust),
        "exceeds_pool_by": str(found.excess),
        "totals": {text: str(value) for text, value in distribution.totals.items()},
        "counts": distribution.reasons,
        "judged": judged,
        "account_count": len(distribution.payouts),
        "gini": None if found.gini is None else decimal_text(found.gini),
        "caps": [
            {"line": cap.line, "text": cap.text, "level": cap.level.name.lower(), "binding": cap.binding, "of": cap.of}
            for cap in found.caps
        ],
        "top": [
            {
                "account": found.names[index],
                "payout": str(distribution.payouts[index]),
                "accepted": int(distribution.accepted[index]),
                "rejected": int(distribution.rejected[index]),
                "capped": bool(found.capped[index]),
            }
            for index in found.largest_first()[:top]
        ],
        "file": out,
    }


def _lines(policy: Policy, found: Simulation, tried: Trial, top: int, out: str | None) -> list[str]:
    from zkpay.policy.tools.gini import decimal_text

    distribution, records = found.distribution, len(tried.contributions)
    rejected = {name: count for name, count in distribution.reasons.items() if name != "accepted" and count}
    lines = [f"{policy.name}: a trial run, nothing is proved."]
    if found.excess:
        lines.append(
            f"Warning: the payouts exceed the pool by {money(found.excess, policy)}; `zkpay prove` would refuse this"
            " epoch. Lower the formula's rates, or raise the pool."
        )
    rows = [
        ("records", f"{records:,}: {distribution.reasons['accepted']:,} accepted, {sum(rejected.values()):,} rejected"),
        *[(f"  {name}", f"{count:,}") for name, count in rejected.items()],
        ("accounts", f"{len(distribution.payouts):,}"),
        ("pool", money(policy.pool, policy)),
        ("paid", f"{money(distribution.paid, policy)}  ({percent(distribution.paid, policy.pool).lstrip('+')})"),
        ("dust", money(distribution.dust, policy)),
        *[(text, f"{value:,}") for text, value in distribution.totals.items()],
        ("Gini", "nothing is paid" if found.gini is None else decimal_text(found.gini)),
    ]
    lines += table(rows)
    if tried.judged:
        lines.append(judged_line(tried.judged))
    if found.caps:
        lines.append("Caps, and how many they cut something off:")
        lines += table(
            [
                (f"{cap.line}: {cap.text}", f"{cap.binding:,} of {cap.of:,} {cap.level.name.lower()}s")
                for cap in found.caps
            ]
        )
    if top and distribution.payouts:
        lines.append("Largest payouts:")
        listed = [("account", "payout", "share", "records", "")]
        for index in found.largest_first()[:top]:
            payout = distribution.payouts[index]
            listed.append(
                (
                    found.names[index],
                    money(payout, policy),
                    percent(payout, distribution.paid).lstrip("+"),
                    f"{int(distribution.accepted[index]):,}",
                    "capped" if found.capped[index] else "",
                )
            )
        lines += aligned(listed, right=(1, 2, 3))
    if out is not None:
        lines.append(f"Wrote {counted(len(distribution.payouts), 'payout')} to {out}.")
    return lines


def _csv(found: Simulation) -> bytes:
    """account, payout in base units, accepted, rejected, and every line about accounts; by account."""
    distribution = found.distribution
    names = [name for name in distribution.lines if name != "payout"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["account", "payout", "accepted", "rejected", *names])
    writer.writerows(
        zip(
            found.names,
            distribution.payouts,
            distribution.accepted.tolist(),
            distribution.rejected.tolist(),
            *(distribution.lines[name] for name in names),
            strict=True,
        )
    )
    return text.getvalue().encode()
