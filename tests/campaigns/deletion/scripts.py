"""The scripted cheats of tests/attacks told about presets, whose records have other fields than those of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest import mock

from tests.attacks.forgery import BUS, Forgery, _epoch, blames, element_names, killed_by
from tests.attacks.registry import CHEATS, Cheat, load_all
from tests.circuits.scenarios import Record, scenario
from zkpay.circuits.contributions.rules import VALID
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import BELOW_MINIMUM
from zkpay.policy.policy import Policy

PLAIN = Record.value
MEANT = {"units": "quantity", "amount": "quantity", "donor": "quantity"}
"""What fields of presets are in the words of the tests' records. Whoever gives another amount is another donor."""


@contextmanager
def speaking(policy: Policy) -> Iterator[None]:
    """Meanwhile a record of the tests says something under every field of the policy: within its bounds if valid."""
    rules = policy.rules
    fields = {field.name: field for field in rules.numbers}
    symbols = {field.name: field for field in rules.symbols}

    def value(record: Record, name: str) -> int:
        told = dict(record.values)
        if name in told:
            return told[name]
        if name in symbols:
            found = PLAIN(record, name) if name == "kind" else 0
            return found if found == UNDECLARED or record.reason not in VALID else found % len(symbols[name].values)
        field = fields[name]
        if record.reason == BELOW_MINIMUM and field.minimum:
            return field.minimum - 1
        if rules.window_limit is not None and name == rules.window_limit.time and "time" in told:
            # Windows of 10 in the words of the tests.
            return told["time"] * rules.window_limit.length // 10
        found = PLAIN(record, MEANT.get(name, name)) if name in ("quantity", "quality", *MEANT) else 0
        return min(max(found, field.minimum), field.maximum if record.reason in VALID else field.recordable)

    with mock.patch.object(Record, "value", value):
        yield


def cheats_for(name: str) -> list[Cheat]:
    """The scripted cheats that cover a name."""
    load_all()
    return [entry for entry in CHEATS.values() if entry.covers(name)]


def play_on(entry: Cheat, name: str, policy: Policy) -> tuple[Forgery, str]:
    """The forgery of a cheat under a preset, and what to take away. Whatever a cheat raises: it doesn't fit."""
    with speaking(policy):
        forgery = entry.forge(name, policy)
    removed = blames(forgery.circuit, name) if entry.with_bus else name
    if entry.with_bus and not removed.startswith(BUS):
        raise AssertionError(f"{name} is on no bus")
    return forgery, removed


@cache
def shape_of(policy: Policy) -> tuple[str, ...]:
    """All names of a policy's circuit."""
    with speaking(policy):
        return tuple(element_names(scenario([Record(account=1)], policy).circuit))


def kills_by_script(entry: Cheat, name: str, policy: Policy) -> bool:
    """Whether a cheat kills a name under a preset: nothing but it objects, and nothing without it. A cheat may change
    the policy's numbers, but not so far that its circuit would have other names.
    """
    try:
        forgery, removed = play_on(entry, name, policy)
        killed_by(forgery, name, removed)
    except Exception:  # a cheat may stumble over another policy in any way
        return False
    finally:
        # Drafts are kept for tests that tell many lies of few records; here there are many epochs.
        _epoch.cache_clear()
    return tuple(element_names(forgery.circuit)) == shape_of(policy)
