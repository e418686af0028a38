"""zkpay policy explain."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from zkpay.cli.options import output_options
from zkpay.cli.policy_text import aligned, level_text, money
from zkpay.cli.render import Result, table

if TYPE_CHECKING:
    from zkpay.policy.policy import Policy
    from zkpay.policy.tools.explain import ExampleAccount, Explanation

_SHOWN_BITS = 50
"""Bounds of more bits are shown as powers of two."""


@click.command()
@click.argument("file", metavar="FILE")
@output_options
def explain(file: str) -> Result:
    """Explain a policy in words, with an account at work and the width of every value."""
    # Loaded here, so that `--help` needs none of it.
    from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
    from zkpay.policy.policy import load_policy
    from zkpay.policy.tools.explain import explain as explained

    policy = load_policy(file)
    found = explained(policy, MAX_CONTRIBUTIONS)
    return Result(
        _content(policy, found),
        _lines(policy, found),
        f"zkpay policy simulate {shlex.quote(file)} CONTRIBUTIONS",
    )


def _content(policy: Policy, found: Explanation) -> dict[str, Any]:
    example = found.example
    return {
        "policy": policy.name,
        "policy_digest": policy.digest.hex(),
        "pool": str(policy.pool),
        "symbol": policy.symbol,
        "decimals": policy.decimals,
        "numbers": {name: str(value) for name, value in found.numbers.items()},
        "tables": dict(found.tables),
        "formula": [
            {
                "name": line.name,
                "level": line.level.name.lower(),
                "text": line.text,
                "words": line.words,
                "base_units": line.money,
            }
            for line in found.lines
        ],
        "rules": list(found.rules),
        "example": {
            "records": [{"values": _texts(record.values), "lines": _texts(record.lines)} for record in example.records],
            "lines": _texts(example.lines),
            "totals": _texts(example.totals),
            "payout": str(example.payout),
        },
        "bounds": [
            {
                "line": width.line,
                "text": width.text,
                "level": width.level.name.lower(),
                "low": str(width.low),
                "high": str(width.high),
                "bits": width.bits,
            }
            for width in found.widths
        ],
        "bounds_for": found.records,
        "not_protected": list(found.risks),
    }


def _lines(policy: Policy, found: Explanation) -> list[str]:
    amounts = {"pool", *policy.pools, *policy.amounts}
    numbers = [
        (name, f"{money(value, policy)} = {value:,} base units" if name in amounts else f"{value:,}")
        for name, value in found.numbers.items()
    ]
    lines = [f"{policy.name}  ({policy.digest.hex()})", "", "Numbers:", *table(numbers)]
    if found.tables:
        lines += ["Tables:", *table(list(found.tables.items()))]
    lines += ["", "Formula:"]
    for line in found.lines:
        units = ", in base units" if line.money else ""
        lines += [f"  {line.name}, {level_text(line.level)}{units}", f"      = {line.text}", f"      {line.words}."]
    lines += ["", "Rules:", *[f"  - {rule}" for rule in found.rules or ("none: every record is accepted",)]]
    lines += ["", "Example, with made-up records of one account beside others:", *_example(policy, found)]
    lines += ["", f"How large values get, with up to {found.records:,} records and accounts:", *_widths(found)]
    lines += ["", "What this policy leaves open:", *[f"  - {risk}" for risk in found.risks]]
    return lines


def _example(policy: Policy, found: Explanation) -> list[str]:
    example: ExampleAccount = found.example
    in_units = {line.name for line in found.lines if line.money}

    def shown(name: str, value: int) -> str:
        return f"{name} = {money(value, policy) if name in in_units else f'{value:,}'}"

    lines = []
    for number, record in enumerate(example.records, start=1):
        values = ", ".join(
            f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
            for name, value in record.values.items()
        )
        lines.append(f"  record {number}: {values or 'no fields'}")
        lines += [f"      {shown(name, value)}" for name, value in record.lines.items()]
    lines.append("  the account:")
    lines += [f"      {shown(name, value)}" for name, value in example.lines.items()]
    if example.totals:
        totals = ", ".join(f"{text} = {value:,}" for text, value in example.totals.items())
        lines.append(f"  where {totals}")
    return lines


def _widths(found: Explanation) -> list[str]:
    rows = [("bits", "line", "value", "at least", "at most")]
    for width in found.widths:
        low, high = _bound(width.low, width.low.bit_length() - 1), _bound(width.high, width.bits)
        rows.append((str(width.bits), width.line, width.text, low, high))
    return aligned(rows, right=(0,))


def _bound(value: int, power: int) -> str:
    """A bound for people; of a long one the power of two beyond it, 2^power."""
    return f"{value:,}" if value.bit_length() <= _SHOWN_BITS else f"2^{power}"


def _texts(values: Any) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
