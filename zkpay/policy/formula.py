"""The formula of a policy (SPEC §8.1).

One formula is understood: a weighted product per contribution, its sum per account, a proportional share of
the pool. A policy's lines are compared token by token, so that white space and `_` inside numbers don't
matter.
"""

import re
from typing import Final

from zkpay.policy.schema import FormulaSection

POINTS: Final = "weight[kind] * quantity * quality // 10_000"
SCORE: Final = "sum(points)"
PAYOUT: Final = "pool * score // total(score)"
SUPPORTED: Final = {"points": POINTS, "score": SCORE, "payout": PAYOUT}

POINTS_DIVISOR: Final = 10_000

_TOKEN: Final = re.compile(r"([A-Za-z_]\w*)|(\d(?:_?\d)*)|(//|\S)")


def tokens(line: str) -> tuple[str, ...]:
    """The line's names, numbers (without `_` and leading zeros) and signs; `//` is one sign."""
    found = []
    for name, number, sign in _TOKEN.findall(line):
        found.append(name or sign or number.replace("_", "").lstrip("0") or "0")
    return tuple(found)


def normalised(line: str) -> str:
    """One spelling for all lines with the same tokens."""
    return " ".join(tokens(line))


def differing_lines(formula: FormulaSection) -> list[str]:
    """The names of the lines that aren't the supported formula's."""
    return [name for name, supported in SUPPORTED.items() if tokens(getattr(formula, name)) != tokens(supported)]
