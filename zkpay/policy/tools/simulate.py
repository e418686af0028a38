"""What a policy would pay for some contributions, without a proof (SPEC §3.4).

The payouts are those that `prove` would prove, from the same evaluator. Beside them: who has how much, and where caps
bind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from zkpay.ledger.contributions import Contributions
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.language.tree import Level
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy
from zkpay.policy.tools.caps import Cap, caps
from zkpay.policy.tools.gini import gini
from zkpay.policy.tools.probes import answerable, with_lines

_FLAG = "cap "
"""How the lines that tell where a cap binds are named; no policy has a line with a space in its name."""


@dataclass(frozen=True)
class CapUse:
    """In how many of all records, or accounts, a cap cuts something off. line, text: of the policy."""

    line: str
    text: str
    level: Level
    binding: int
    of: int


@dataclass(frozen=True)
class Simulation:
    """payouts and accounts are those of the distribution, in its order; names: of these accounts as written.

    excess: base units by which the payouts exceed the pool, 0 if they don't. gini: None where nothing is paid.
    capped: bool[A], accounts in whose own lines a cap binds.
    """

    distribution: Distribution
    names: list[str]
    gini: Fraction | None
    caps: tuple[CapUse, ...]
    capped: npt.NDArray[np.bool_]

    @property
    def excess(self) -> int:
        """By how much the payouts exceed the pool."""
        return max(0, -self.distribution.dust)

    def largest_first(self) -> list[int]:
        """Positions of the accounts by payout; of equal payouts the lower account first."""
        payouts = self.distribution.payouts
        return sorted(range(len(payouts)), key=lambda index: (-payouts[index], index))


def simulate(policy: Policy, contributions: Contributions) -> Simulation:
    """Payouts of these contributions, and what there is to say about them."""
    found = {f"{_FLAG}{index}": cap for index, cap in enumerate(caps(policy.formula)) if cap.binds is not None}
    probes = {name: cap.binds for name, cap in found.items() if cap.binds is not None}
    flags = answerable(policy.formula, probes, len(contributions))
    flagged = replace(policy, formula=with_lines(policy.formula, flags))
    distribution = evaluate(flagged, contributions)
    capped = np.zeros(len(distribution.accounts), dtype=bool)
    uses = []
    for name in flags:
        cap = found[name]
        if cap.expression.level is Level.ACCOUNT:
            column = np.array(distribution.lines[name], dtype=bool)
            capped |= column
        else:
            column = np.asarray(distribution.record_lines[name], dtype=bool)
        uses.append(_use(cap, column))
    lines = {name: values for name, values in distribution.lines.items() if name not in flags}
    return Simulation(
        distribution=replace(distribution, lines=lines),
        names=account_names(contributions, distribution),
        gini=gini(distribution.payouts),
        caps=tuple(uses),
        capped=capped,
    )


def account_names(contributions: Contributions, distribution: Distribution) -> list[str]:
    """Each account as the first of its accepted records writes it."""
    rows = np.flatnonzero(contributions.reason == ACCEPTED)
    keys = np.ascontiguousarray(contributions.accounts[rows]).view("V20").ravel()
    wanted = np.ascontiguousarray(distribution.accounts).view("V20").ravel()
    _, first = np.unique(keys, return_index=True)
    if len(first) != len(wanted):
        raise ValueError(f"{len(wanted)} accounts are paid, {len(first)} have an accepted record")
    return [contributions.account_names[row] for row in rows[first].tolist()]


def _use(cap: Cap, column: npt.NDArray[np.bool_]) -> CapUse:
    return CapUse(cap.line, cap.text, cap.expression.level, int(column.sum()), len(column))
