"""Two policies on the same contributions: who gains, who loses, by how much (SPEC §3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from zkpay.ledger.contributions import Contributions
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy
from zkpay.policy.tools.gini import gini
from zkpay.policy.tools.simulate import account_names


@dataclass(frozen=True)
class Change:
    """An account's payout under the old and the new policy, in base units; 0 where it has no accepted record."""

    account: str
    old: int
    new: int

    @property
    def difference(self) -> int:
        """What it gains; negative where it loses."""
        return self.new - self.old


@dataclass(frozen=True)
class Side:
    """One of the two policies: what it pays."""

    accounts: int
    pool: int
    paid: int
    dust: int
    gini: Fraction | None
    reasons: dict[str, int]
    totals: dict[str, int]


@dataclass(frozen=True)
class Edit:
    """A part of the policy that differs; None where one of the two hasn't got it."""

    where: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Comparison:
    """changes: all accounts with an accepted record under one of the policies, by account."""

    old: Side
    new: Side
    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]

    def gainers(self) -> list[Change]:
        """Who gains, most first."""
        return sorted((change for change in self.changes if change.difference > 0), key=_by_gain, reverse=True)

    def losers(self) -> list[Change]:
        """Who loses, most first."""
        return sorted((change for change in self.changes if change.difference < 0), key=_by_gain)


def compare(old: Policy, new: Policy, contributions_old: Contributions, contributions_new: Contributions) -> Comparison:
    """Payouts of the same records as each policy reads them.

    ValueError if the policies pay in different units, or the records aren't the same.
    """
    if (old.symbol, old.decimals) != (new.symbol, new.decimals):
        raise ValueError("the policies pay in different units")
    if contributions_old.ids != contributions_new.ids:
        raise ValueError("the records are not the same")
    sides, payouts = [], []
    names: dict[bytes, str] = {}
    for policy, contributions in ((old, contributions_old), (new, contributions_new)):
        distribution = evaluate(policy, contributions)
        sides.append(_side(policy, distribution))
        accounts = [account.tobytes() for account in distribution.accounts]
        payouts.append(dict(zip(accounts, distribution.payouts, strict=True)))
        names.update(zip(accounts, account_names(contributions, distribution), strict=True))
    before, after = payouts
    return Comparison(
        old=sides[0],
        new=sides[1],
        edits=tuple(_edits(old, new)),
        changes=tuple(
            Change(names[account], before.get(account, 0), after.get(account, 0)) for account in sorted(names)
        ),
    )


def _by_gain(change: Change) -> tuple[int, str]:
    return change.difference, change.account


def _side(policy: Policy, distribution: Distribution) -> Side:
    return Side(
        accounts=len(distribution.payouts),
        pool=policy.pool,
        paid=distribution.paid,
        dust=distribution.dust,
        gini=gini(distribution.payouts),
        reasons=distribution.reasons,
        totals=distribution.totals,
    )


def _edits(old: Policy, new: Policy) -> Iterable[Edit]:
    """What differs, part by part; the order of lines and fields is not compared."""
    before, after = _parts(old), _parts(new)
    for where in dict.fromkeys((*before, *after)):
        if before.get(where) != after.get(where):
            yield Edit(where, before.get(where), after.get(where))


def _parts(policy: Policy) -> dict[str, str]:
    rules = policy.rules
    parts = {"policy.name": policy.name, "pool": _in_tokens(policy.pool, policy)}
    for section, amounts in (("pools", policy.pools), ("amounts", policy.amounts)):
        parts.update({f"{section}.{name}": _in_tokens(amount, policy) for name, amount in amounts.items()})
    for field in rules.symbols:
        parts[f"fields.{field.name}"] = ", ".join(field.values)
    for number in rules.numbers:
        parts[f"fields.{number.name}"] = f"{number.minimum} to {number.maximum}"
    for name, table in policy.tables.items():
        parts[f"tables.{name}"] = ", ".join(map(str, table.values))
    parts.update({f"constants.{name}": str(value) for name, value in policy.constants.items()})
    if rules.unique:
        parts["rules.unique"] = "; ".join(" and ".join(combination) for combination in rules.unique)
    if rules.account_limit is not None:
        parts["rules.limit.account"] = str(rules.account_limit)
    window = rules.window_limit
    if window is not None:
        parts["rules.limit.window"] = f"{window.count} in {window.length} of {window.time}"
    if rules.corrections:
        parts["rules.corrections"] = "true"
    if rules.reasons:
        parts["rules.reasons"] = ", ".join(rules.reasons)
    parts.update({f"formula.{name}": text for name, text in policy.texts.items()})
    return parts


def _in_tokens(amount: int, policy: Policy) -> str:
    """An amount as a policy file writes it."""
    whole, fraction = divmod(amount, 10**policy.decimals)
    return f"{whole}.{fraction:0{policy.decimals}d}".rstrip("0").rstrip(".") if fraction else str(whole)
