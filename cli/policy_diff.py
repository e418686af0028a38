"""zkpay policy diff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from zkpay.cli.options import output_options
from zkpay.cli.policy_text import aligned, money, percent, signed_tokens
from zkpay.cli.render import Result, counted

if TYPE_CHECKING:
    from zkpay.policy.policy import Policy
    from zkpay.policy.tools.compare import Change, Comparison, Side


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.argument("contributions", metavar="CONTRIBUTIONS")
@click.option(
    "--top", metavar="N", type=click.IntRange(min=0), default=10, show_default=True, help="Accounts to list each way."
)
@output_options
def diff(old: str, new: str, contributions: str, top: int) -> Result:
    """Show who gains and who loses, and how much, where NEW takes the place of OLD."""
    # Loaded here, so that `--help` needs none of it.
    from zkpay.errors import InputError
    from zkpay.ledger.reader import try_contributions
    from zkpay.policy.policy import load_policy
    from zkpay.policy.tools.compare import compare

    before, after = load_policy(old), load_policy(new)
    if (before.symbol, before.decimals) != (after.symbol, after.decimals):
        raise InputError(
            f"{old} pays {before.symbol} with {before.decimals} decimals, {new} {after.symbol} with {after.decimals};"
            " compare policies that pay the same token"
        )
    tried_before = try_contributions(contributions, before.rules)
    same_rules = before.rules == after.rules
    tried_after = tried_before if same_rules else try_contributions(contributions, after.rules)
    found = compare(before, after, tried_before.contributions, tried_after.contributions)
    judged = tried_before.judged, tried_after.judged
    return Result(_content(found, judged, top), _lines(after, found, judged, top))


def _content(found: Comparison, judged: tuple[int, int], top: int) -> dict[str, Any]:
    gainers, losers = found.gainers(), found.losers()
    return {
        "old": _side(found.old) | {"judged": judged[0]},
        "new": _side(found.new) | {"judged": judged[1]},
        "edits": [{"where": edit.where, "old": edit.old, "new": edit.new} for edit in found.edits],
        "gainers": {"count": len(gainers), "sum": str(_sum(gainers)), "top": _changes(gainers[:top])},
        "losers": {"count": len(losers), "sum": str(_sum(losers)), "top": _changes(losers[:top])},
        "unchanged": len(found.changes) - len(gainers) - len(losers),
    }


def _side(side: Side) -> dict[str, Any]:
    from zkpay.policy.tools.gini import decimal_text

    return {
        "account_count": side.accounts,
        "pool": str(side.pool),
        "paid": str(side.paid),
        "dust": str(side.dust),
        "gini": None if side.gini is None else decimal_text(side.gini),
        "counts": side.reasons,
        "totals": {text: str(value) for text, value in side.totals.items()},
    }


def _changes(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [
        {
            "account": change.account,
            "old": str(change.old),
            "new": str(change.new),
            "difference": str(change.difference),
        }
        for change in changes
    ]


def _lines(policy: Policy, found: Comparison, judged: tuple[int, int], top: int) -> list[str]:
    from zkpay.policy.tools.gini import decimal_text

    def gini_text(side: Side) -> str:
        return "-" if side.gini is None else decimal_text(side.gini)

    old, new = found.old, found.new
    gainers, losers = found.gainers(), found.losers()
    lines = ["What differs:" if found.edits else "The policies say the same."]
    for edit in found.edits:
        lines.append(f"  {edit.where}")
        lines += [f"    {mark} {text}" for mark, text in (("-", edit.old), ("+", edit.new)) if text is not None]
    rows = [
        ("", "old", "new"),
        ("accounts", f"{old.accounts:,}", f"{new.accounts:,}"),
        ("pool", money(old.pool, policy), money(new.pool, policy)),
        ("paid", money(old.paid, policy), money(new.paid, policy)),
        ("dust", money(old.dust, policy), money(new.dust, policy)),
        ("Gini", gini_text(old), gini_text(new)),
    ]
    for reason in dict.fromkeys((*old.reasons, *new.reasons)):
        counts = old.reasons.get(reason, 0), new.reasons.get(reason, 0)
        if any(counts):
            rows.append((reason, f"{counts[0]:,}", f"{counts[1]:,}"))
    lines += ["What it pays:", *aligned(rows, right=(1, 2))]
    if any(judged):
        lines.append(
            f"Records judged here by the policy at hand: {judged[0]:,} under the old, {judged[1]:,} under the new;"
            " `zkpay commit` would refuse them, as their status and reason don't say so."
        )
    lines += [
        f"Warning: the {name} policy's payouts exceed its pool; `zkpay prove` would refuse this epoch."
        for name, side in (("old", old), ("new", new))
        if side.dust < 0
    ]
    unchanged = len(found.changes) - len(gainers) - len(losers)
    lines.append(
        f"{counted(len(gainers), 'account')} gaining {money(_sum(gainers), policy)}, {len(losers):,} losing"
        f" {money(-_sum(losers), policy)}, {unchanged:,} unchanged."
    )
    for title, changes in (("Who gains most:", gainers), ("Who loses most:", losers)):
        if changes and top:
            lines += [title, *_listed(policy, changes[:top])]
    return lines


def _listed(policy: Policy, changes: Sequence[Change]) -> list[str]:
    rows = [("account", "old", "new", "difference", "")]
    rows += [
        (
            change.account,
            money(change.old, policy),
            money(change.new, policy),
            signed_tokens(change.difference, policy),
            percent(change.difference, change.old),
        )
        for change in changes
    ]
    return aligned(rows, right=(1, 2, 3, 4))


def _sum(changes: Sequence[Change]) -> int:
    return sum(change.difference for change in changes)
