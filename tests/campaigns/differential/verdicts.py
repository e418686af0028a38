"""The rules of a policy on one record after another: which reasons are lawful, without any column or sort."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.campaigns.differential.records import Row
from zkpay.ledger.fields import UNDECLARED, NumberField
from zkpay.ledger.rules import (
    ACCEPTED,
    ACCOUNT,
    BELOW_MINIMUM,
    BUILT_IN_REASONS,
    DUPLICATE,
    FINGERPRINT,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
    Rules,
)

VALID = (ACCEPTED, DUPLICATE, OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)


def broken_bounds(row: Row, rules: Rules) -> set[int]:
    """The reasons of bounds that fit a record."""
    found = set()
    for field in rules.fields:
        value = row.values[field.name]
        if not isinstance(field, NumberField):
            if value == UNDECLARED:
                found.add(UNDECLARED_VALUE)
        elif value > field.maximum:
            found.add(OUT_OF_RANGE)
        elif value < field.minimum:
            found.add(BELOW_MINIMUM)
    return found


def forced(rows: Sequence[Row], rules: Rules, chosen: Sequence[int | None]) -> list[int]:
    """The reasons of all records where the operator chose those of `chosen`; None: the rules alone decide.

    A chosen reason must be discretionary or a bound's that the record breaks, and every record that breaks a bound
    has one unless it is superseded.
    """
    replaced = {row.replaces for row in rows}
    reasons = []
    seen: set[tuple[object, ...]] = set()
    windows: dict[tuple[int, int], int] = {}
    accepted: dict[int, int] = {}
    for index, (row, choice) in enumerate(zip(rows, chosen, strict=True)):
        if index in replaced:
            reasons.append(SUPERSEDED)
        elif choice is not None:
            reasons.append(choice)
        else:
            reasons.append(_verdict(row, rules, seen, windows, accepted))
    return reasons


def _verdict(
    row: Row, rules: Rules, seen: set[tuple[object, ...]], windows: dict[tuple[int, int], int], accepted: dict[int, int]
) -> int:
    """The reason of a valid record after the valid ones before it."""
    keys = [(rule, *(_key(row, name) for name in names)) for rule, names in enumerate(rules.unique)]
    copied = any(key in seen for key in keys)
    seen.update(keys)
    if copied:
        return DUPLICATE
    if rules.window_limit is not None:
        place = (row.account, row.values[rules.window_limit.time] // rules.window_limit.length)
        windows[place] = windows.get(place, 0) + 1
        if windows[place] > rules.window_limit.count:
            return OVER_WINDOW_LIMIT
    if rules.account_limit is not None:
        accepted[row.account] = accepted.get(row.account, 0) + 1
        if accepted[row.account] > rules.account_limit:
            return OVER_ACCOUNT_LIMIT
    return ACCEPTED


def _key(row: Row, name: str) -> object:
    if name == ACCOUNT:
        return row.account
    return row.fingerprint if name == FINGERPRINT else row.values[name]


def lawful(rows: Sequence[Row], rules: Rules, reasons: Sequence[int]) -> bool:
    """Whether the rules allow these reasons, one for each record."""
    replaced = {row.replaces for row in rows}
    chosen: list[int | None] = []
    for index, (row, reason) in enumerate(zip(rows, reasons, strict=True)):
        broken = broken_bounds(row, rules)
        if (reason == SUPERSEDED) != (index in replaced):
            return False
        if reason in VALID or reason == SUPERSEDED:
            if broken and reason != SUPERSEDED:
                return False
            chosen.append(None)
        elif reason < len(BUILT_IN_REASONS) and reason not in broken:
            return False
        else:
            chosen.append(reason)
    return forced(rows, rules, chosen) == list(reasons)


def random_choices(dice: random.Random, rows: Sequence[Row], rules: Rules) -> list[int | None]:
    """What an operator may choose: a bound's reason where one is broken, a reason of his own here and there."""
    own = [code for code in rules.usable_reasons if code >= len(BUILT_IN_REASONS)]
    picky = dice.choice([0.0, 0.0, 0.1, 0.5]) if own else 0.0
    chosen: list[int | None] = []
    for row in rows:
        broken = sorted(broken_bounds(row, rules))
        if broken:
            chosen.append(dice.choice([*broken, *own]))
        else:
            chosen.append(dice.choice(own) if dice.random() < picky else None)
    return chosen
