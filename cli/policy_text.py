"""How the commands of `zkpay policy` write numbers, levels and tables."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from zkpay.cli.render import counted, tokens

if TYPE_CHECKING:
    from zkpay.policy.language.tree import Level
    from zkpay.policy.policy import Policy

_LEVELS = {
    "CONSTANT": "a constant",
    "TOTAL": "one for the epoch, public",
    "CONTRIBUTION": "of each contribution",
    "ACCOUNT": "of each account",
}


def level_text(level: Level) -> str:
    """What a line's value is of."""
    return _LEVELS[level.name]


def bits_text(high: int) -> str:
    """How many bits values up to `high` take."""
    bits = max(1, high.bit_length())
    return f"{bits} bit{'' if bits == 1 else 's'}"


def signed_tokens(amount: int, policy: Policy) -> str:
    """A gain or a loss in tokens, with its sign."""
    sign = "-" if amount < 0 else "+" if amount else ""
    return sign + tokens(abs(amount), policy.decimals, policy.symbol)


def money(amount: int, policy: Policy) -> str:
    """An amount in tokens; below nothing with a sign."""
    return ("-" if amount < 0 else "") + tokens(abs(amount), policy.decimals, policy.symbol)


def percent(part: int, whole: int) -> str:
    """part / whole in percent with two decimals, rounded half away from zero; with its sign."""
    from zkpay.policy.tools.gini import decimal_text

    if not whole:
        return "0.00%" if not part else "from nothing"
    text = decimal_text(Fraction(100 * part, whole), 2)
    return f"{'+' if part > 0 else ''}{text}%"


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows in columns, the first row their headings; the columns `right` end at one place, others begin there."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            f"{cell:>{widths[column]}}" if column in right else f"{cell:<{widths[column]}}"
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def judged_line(judged: int) -> str:
    """What a trial says of records that were marked for another policy, or not at all."""
    counted_rows = f"{counted(judged, 'record')} {'is' if judged == 1 else 'are'}"
    return (
        f"{counted_rows} judged here by the policy at hand; `zkpay commit` would refuse the file, as their status and"
        " reason don't say so."
    )
