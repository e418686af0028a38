"""What an account gains by splitting itself into several, under a policy and under parts of it (docs/rules.md).

Its records are dealt out as they are, in turn, to k accounts of which it remains the first; all other records stay.
Rules run again over the result. Then the same with one rule or cap taken out, which tells whose doing the gain is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.ledger.contributions import Contributions
from zkpay.ledger.order_rules import ORDER_REASONS, RecordValues, apply_order_rules
from zkpay.ledger.rules import ACCEPTED, OVER_ACCOUNT_LIMIT, OVER_WINDOW_LIMIT, Rules
from zkpay.policy.language.tree import Level
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import Policy
from zkpay.policy.tools.caps import caps, without
from zkpay.policy.tools.probes import REFUSALS
from zkpay.policy.tools.simulate import Simulation
from zkpay.stark.keccak import keccak256

PARTS: Final = (2, 10, 100)
WHOLE: Final = "the whole policy"

_LABEL: Final = b"zkpay/stress/account"


@dataclass(frozen=True)
class Variant:
    """A policy, with everything or without one rule or cap; `what` says which."""

    what: str
    policy: Policy


@dataclass(frozen=True)
class Split:
    """The payouts of all parts together after splitting into `parts`, in base units."""

    parts: int
    payout: int


@dataclass(frozen=True)
class Row:
    """An account under one variant: its payout as it is, and after each split.

    note: why the variant can't be computed; there are no numbers then.
    """

    what: str
    payout: int
    splits: tuple[Split, ...]
    note: str | None = None


@dataclass(frozen=True)
class Stress:
    """An account's rows, the whole policy first. records: how many it has, rejected ones included."""

    account: str
    why: str
    records: int
    rows: tuple[Row, ...]


def chosen_accounts(simulation: Simulation, contributions: Contributions) -> list[tuple[int, str]]:
    """Accounts worth asking about, with the reason: the largest, the median, one that a cap or limit cuts off.

    Positions in the distribution.
    """
    payouts = simulation.distribution.payouts
    order = [index for index in simulation.largest_first() if payouts[index]]
    if not order:
        return []
    chosen = {order[0]: ["the largest payout"]}
    chosen.setdefault(order[len(order) // 2], []).append("the median payout")
    over = np.isin(contributions.reason, (OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT))
    limited = {account.tobytes() for account in contributions.accounts[over]}
    accounts = simulation.distribution.accounts
    for why, cut_off in (
        ("at a cap", [index for index in order if simulation.capped[index]]),
        ("over a limit", [index for index in order if accounts[index].tobytes() in limited]),
    ):
        if cut_off:
            chosen.setdefault(cut_off[0], []).append(why)
    return [(index, ", ".join(reasons)) for index, reasons in chosen.items()]


def stress(
    policy: Policy, contributions: Contributions, account: bytes, name: str, why: str, parts: Sequence[int] = PARTS
) -> Stress:
    """What the account (20 bytes) gains; `name` and `why` are for people."""
    own = np.flatnonzero((contributions.accounts == np.frombuffer(account, dtype=np.uint8)).all(axis=1))
    rows = []
    for variant in variants(policy):
        try:
            payout = _paid(variant.policy, contributions, [account])
            splits = []
            for count in parts:
                names = [account, *_new_accounts(account, count - 1)]
                dealt = deal(contributions, own, names)
                splits.append(Split(count, _paid(variant.policy, dealt, names)))
            rows.append(Row(variant.what, payout, tuple(splits)))
        except REFUSALS:
            rows.append(Row(variant.what, 0, (), "the formula has no meaning without it"))
    return Stress(name, why, len(own), tuple(rows))


def variants(policy: Policy) -> Iterator[Variant]:
    """The policy, and the policy without each rule and each of the caps on accounts."""
    yield Variant(WHOLE, policy)
    rules = policy.rules
    for index, combination in enumerate(rules.unique):
        fewer = (*rules.unique[:index], *rules.unique[index + 1 :])
        yield _with_rules(f"without unique {' and '.join(combination)}", policy, replace(rules, unique=fewer))
    if rules.window_limit is not None:
        yield _with_rules("without the window's limit", policy, replace(rules, window_limit=None))
    if rules.account_limit is not None:
        yield _with_rules("without the account's limit", policy, replace(rules, account_limit=None))
    for cap in caps(policy.formula):
        if cap.expression.level is Level.ACCOUNT:
            formula = without(policy.formula, cap)
            yield Variant(f"without {cap.text} ({cap.line})", replace(policy, formula=formula))


def deal(contributions: Contributions, own: npt.NDArray[np.int64], accounts: Sequence[bytes]) -> Contributions:
    """The contributions with the rows `own` dealt out to the accounts in turn.

    A correction stays with what it corrects: it takes no turn of its own.
    """
    turn: dict[int, int] = {}
    taken = 0
    for row in own.tolist():
        target = int(contributions.replaces[row])
        if target in turn:
            turn[row] = turn[target]
        else:
            turn[row] = taken % len(accounts)
            taken += 1
    changed = contributions.accounts.copy()
    table = np.frombuffer(b"".join(accounts), dtype=np.uint8).reshape(len(accounts), 20)
    changed[own] = table[[turn[row] for row in own.tolist()]]
    return replace(contributions, accounts=changed)


def rules_applied(contributions: Contributions, rules: Rules) -> Contributions:
    """The contributions with the reasons that these rules give; what was rejected for other reasons stays so."""
    valid = np.isin(contributions.reason, (ACCEPTED, *ORDER_REASONS))
    values = RecordValues(
        contributions.accounts, contributions.fingerprint_keys, contributions.symbols, contributions.numbers
    )
    reason = np.where(valid, apply_order_rules(values, valid, rules).reason, contributions.reason)
    return replace(contributions, reason=reason.astype(np.uint8))


def _with_rules(what: str, policy: Policy, rules: Rules) -> Variant:
    return Variant(what, replace(policy, rules=rules))


def _paid(policy: Policy, contributions: Contributions, accounts: Sequence[bytes]) -> int:
    """The payouts of these accounts together."""
    distribution = evaluate(policy, rules_applied(contributions, policy.rules))
    wanted = set(accounts)
    return sum(
        payout
        for account, payout in zip(distribution.accounts, distribution.payouts, strict=True)
        if account.tobytes() in wanted
    )


def _new_accounts(account: bytes, count: int) -> list[bytes]:
    """Accounts that nobody has."""
    return [keccak256(_LABEL + account + number.to_bytes(4, "big"))[:20] for number in range(count)]
