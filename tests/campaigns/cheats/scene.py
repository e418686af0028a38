"""Epochs to cheat in: one of the shipped presets with other numbers, and records that fit what a cheat is about.

All chance comes from the dice. Verdicts are those that the rules force (the differential campaign's own reading of
them), so that the honest epoch of the same records is always provable.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from tests.attacks import forgery
from tests.attacks.forgery import Draft, Forgery
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import forced
from tests.circuits.scenarios import Record, Scenario
from zkpay.circuits.bounds import TOTAL_WIDTH
from zkpay.circuits.totals.air import limb_name
from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.policy.policy import Policy, parse_policy

SHARES = ("pro-rata", "square-root", "tiered-rates", "threshold-bonus")
"""Presets in which an account has one sum of points, and a share of the pool by a score."""
PRESETS = (
    *SHARES,
    "capped-pro-rata",
    "diminishing-per-kind",
    "fixed-price",
    "pools-per-kind",
    "quadratic-match",
)
POOLS = ("1000", "100000", "123456.5", "50000000")
WINDOW = 86_400
ACCOUNTS = 3


class Epoch(Draft):
    """A draft that remembers what it came to, for who publishes it."""

    forgery: Forgery

    def finish(self, truth: Scenario | None = None, **fields: Any) -> Forgery:
        self.forgery = super().finish(truth, **fields)
        return self.forgery

    def payouts(self) -> list[int]:
        """What the payouts table pays, row by row of its real rows."""
        payouts, paid = self["payouts"], self.bounds.totals[-1]
        added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
        amounts = [0] * int(payouts["is_real"].sum())
        for k in range(len(paid.widths)):
            if limb_name(paid, k) in added:
                (limb,) = payouts.in_field(added[limb_name(paid, k)])
                amounts = [
                    amount + (part << (TOTAL_WIDTH * k))
                    for amount, part in zip(amounts, limb[: len(amounts)].tolist(), strict=True)
                ]
        return amounts


def forget_epochs() -> None:
    """Let go of the honest witnesses that drafts began from."""
    forgery._epoch.cache_clear()


@dataclass(frozen=True)
class Entry:
    """A record and what the operator chose for it: a reason of his own, or None where the rules decide."""

    row: Row
    choice: int | None = None


class Scene:
    """A policy with records that may be added to; `accounts` are those that it begins with, ascending."""

    def __init__(self, dice: random.Random, preset: str) -> None:
        self.dice = dice
        self.preset = preset
        self.text = policy_text(dice, preset)
        self.policy = _policy(self.text)
        self.entries: list[Entry] = []
        self.accounts = sorted(_account(dice) for _ in range(ACCOUNTS))
        for account in self.accounts:
            for _ in range(2):
                self.add(account)

    @property
    def records(self) -> list[Record]:
        """The records in intake order, each with the reason that it deserves."""
        rows = [entry.row for entry in self.entries]
        reasons = forced(rows, self.policy.rules, [entry.choice for entry in self.entries])
        return [
            Record(
                row.account,
                fingerprint=row.fingerprint,
                reason=reason,
                replaces=-1 if row.replaces is None else row.replaces,
                values=tuple(row.values.items()),
            )
            for row, reason in zip(rows, reasons, strict=True)
        ]

    def add(
        self,
        account: int,
        *,
        choice: int | None = None,
        fingerprint: int | None = None,
        replaces: int | None = None,
        **values: int,
    ) -> int:
        """Add a record of this account; fields that aren't told are drawn. Its intake index."""
        drawn = {field.name: values.get(field.name, _value(self.dice, field)) for field in self.policy.rules.fields}
        unique = 1000 + len(self.entries) if fingerprint is None else fingerprint
        self.entries.append(Entry(Row(account, drawn, unique, replaces), choice))
        return len(self.entries) - 1

    def change(self, index: int, **values: int) -> None:
        """Give a record other values."""
        entry = self.entries[index]
        self.entries[index] = replace(entry, row=replace(entry.row, values=entry.row.values | values))

    def value(self, index: int, field: str) -> int:
        """A value of a record."""
        return self.entries[index].row.values[field]

    def spam(self) -> int:
        """The code of the first reason that the operator may give at will."""
        names = self.policy.rules.reason_names
        return names.index(self.policy.rules.reasons[0])

    def draft(self) -> Epoch:
        """The honest epoch of all records, to be forged."""
        return Epoch(self.records, self.policy)

    def another(self) -> Scene:
        """Other records of the same accounts under the same policy."""
        other = Scene.__new__(Scene)
        other.__dict__ |= self.__dict__ | {"entries": []}
        for entry in self.entries:
            other.add(entry.row.account, choice=entry.choice)
        return other


def policy_text(dice: random.Random, preset: str) -> str:
    """A preset with other amounts, weights and limits."""
    text = _preset(preset)
    text = re.sub(r'^((?:\w+_)?pool) = "\d+"', lambda found: f'{found[1]} = "{dice.choice(POOLS)}"', text, flags=re.M)
    text = re.sub(r"^weight = \{(.*?)\}", lambda found: f"weight = {{{_weights(dice, found[1])}}}", text, flags=re.M)
    text = text.replace("limit = { account = 1_000 }", "limit = { account = 3 }")
    text = text.replace("limit = { account = 5_000,", "limit = { account = 4,").replace("count = 200", "count = 2")
    return text


@cache
def _preset(name: str) -> str:
    return (resources.files("zkpay.policy") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def _weights(dice: random.Random, entries: str) -> str:
    return re.sub(r"= \d+", lambda _: f"= {dice.randint(1, 50)}", entries)


def _policy(text: str) -> Policy:
    return parse_policy(text.encode(), "policy.toml")


def _account(dice: random.Random) -> int:
    edges = (2**160 - 1, 2**159, 2**150 - 1, 2**150, 2**30, 2**30 - 1)
    return dice.choice(edges) - dice.randrange(20) if dice.random() < 0.3 else dice.getrandbits(160)


# Values that say something: enough penalties to matter and few enough to leave something, times in a few windows.
_USUAL: Mapping[str, tuple[int, int]] = {"failures": (0, 2), "submitted": (0, 40 * WINDOW), "units": (1_000, 100_000)}


def _value(dice: random.Random, field: SymbolField | NumberField) -> int:
    if isinstance(field, SymbolField):
        return dice.randrange(len(field.values))
    low, high = _USUAL.get(field.name, (max(field.minimum, field.maximum // 1000, 1), field.maximum))
    return dice.choice([dice.randint(low, high), dice.randint(low, high), min(low + dice.randrange(100), high), high])
