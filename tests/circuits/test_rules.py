"""Which verdicts a circuit lets pass: exactly those that the rules allow, tried out on small epochs.

For a few records, every kind of assignment of reasons is put into the tables that decide about reasons, and the
checker is asked; SPEC §3.3 says in a few lines which assignments are allowed. Leaves and payouts are left out here:
they don't decide.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.circuits.scenarios import Record, contributions_of, policy_of, scenario
from zkpay.circuits.bounds import bounds_for
from zkpay.circuits.checker import violations
from zkpay.circuits.contributions.rules import limit_buses
from zkpay.circuits.contributions.witness import fill_contributions
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.heights import heights, uniqueness_name
from zkpay.circuits.limits.witness import fill_limit
from zkpay.circuits.lookups.contents import contents_of
from zkpay.circuits.trace import traces
from zkpay.circuits.uniqueness.witness import fill_uniqueness
from zkpay.circuits.witness import fill_multiplicities
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import (
    ACCEPTED,
    BELOW_MINIMUM,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
    Rules,
)
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit, PlacedTable, Table

HEIGHT = 8
VALID = (ACCEPTED, DUPLICATE, OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)
COUNT = {"payout": "count()"}
SYMBOL = 'kind = { values = ["data", "compute"] }'
OTHER = 'task = { values = ["train", "test", "label"] }'
THIRD = 'region = { values = ["here"] }'
QUANTITY = 'quantity = { min = "1", max = "3" }'
SIZE = 'size = { max = "20000", min = "2" }'
AMOUNT = 'amount = { max = "340282366920938463463374607431768211455", min = "16384" }'
TIME = 'time = { max = "100000" }'
WINDOW = 'window = { time = "time", length = 10, count = 1 }'

POLICIES: dict[str, Policy] = {
    name: policy_of(COUNT, fields=fields, rules=rules)
    for name, fields, rules in (
        ("no rule", (SYMBOL, 'quantity = { max = "3" }'), ('reasons = ["spam"]',)),
        ("minimum", (QUANTITY,), ()),
        ("unique", (SYMBOL,), ('unique = ["fingerprint"]', 'reasons = ["spam"]')),
        ("unique combination", (SYMBOL, QUANTITY), ('unique = [["account", "quantity", "kind"]]',)),
        ("two unique rules", (SYMBOL, TIME), ('unique = ["fingerprint", ["account", "kind"]]',)),
        (
            "three unique rules",
            (SYMBOL, OTHER, TIME),
            ('unique = ["fingerprint", ["kind", "time"], ["account", "task"]]', 'reasons = ["spam"]'),
        ),
        ("account limit", (SYMBOL,), ("limit = { account = 1 }", 'reasons = ["spam"]')),
        ("limit out of reach", (SYMBOL,), ("limit = { account = 2097152 }",)),
        ("window limit", (TIME,), (f"limit = {{ {WINDOW} }}",)),
        ("window of one", (TIME,), ('limit = { window = { time = "time", length = 1, count = 1 } }',)),
        ("window of all", (TIME,), ('limit = { window = { time = "time", length = 200000, count = 2 } }',)),
        ("both limits", (TIME,), (f"limit = {{ account = 2, {WINDOW} }}",)),
        (
            "limits of originals",
            (TIME, SYMBOL),
            (f"limit = {{ account = 2, {WINDOW} }}", 'unique = ["fingerprint"]', 'reasons = ["spam"]'),
        ),
        ("corrections", (SYMBOL,), ("corrections = true", 'reasons = ["spam"]')),
        (
            "everything",
            (SYMBOL, OTHER, THIRD, QUANTITY, SIZE, AMOUNT, TIME),
            (
                f"limit = {{ account = 2, {WINDOW} }}",
                'unique = ["fingerprint", ["account", "task"]]',
                "corrections = true",
                'reasons = ["spam"]',
            ),
        ),
    )
}
DOMAINS: dict[str, Sequence[int]] = {
    "kind": (0, 0, 1, UNDECLARED),
    "task": (0, 1, 2, 2, UNDECLARED),
    "region": (0, 0, 0, UNDECLARED),
    "quantity": (0, 1, 2, 3, 4),
    "size": (2, 2, 20_000, 20_001, 1),
    "amount": (16_384, 16_384, 2**128 - 1, 16_383, 2**128),
    "time": (0, 9, 9, 10, 100_000, 100_001),
}


def random_records(rules: Rules, count: int, generator: random.Random) -> list[Record]:
    """Records that meet one another often; those that replace others do so by the rules."""
    records: list[Record] = []
    replaced: set[int] = set()
    for index in range(count):
        values = tuple((field.name, generator.choice(DOMAINS[field.name])) for field in rules.fields)
        record = Record(generator.choice((3, 2**159)), fingerprint=generator.choice((1, 2**239)), values=values)
        targets = [at for at in range(index) if records[at].account == record.account and at not in replaced]
        if rules.corrections and targets and generator.random() < 0.5:
            record = replace(record, replaces=generator.choice(targets))
            replaced.add(record.replaces)
        records.append(record)
    return records


def faults(record: Record, rules: Rules) -> set[int]:
    """The reasons that a record's own values give."""
    found = {UNDECLARED_VALUE for field in rules.symbols if record.value(field.name) == UNDECLARED}
    found |= {OUT_OF_RANGE for field in rules.numbers if record.value(field.name) > field.maximum}
    return found | {BELOW_MINIMUM for field in rules.numbers if record.value(field.name) < field.minimum}


def allowed(records: Sequence[Record], reasons: Sequence[int], rules: Rules) -> bool:
    """Whether the rules let the records have these reasons."""
    replaced = {record.replaces for record in records}
    seen: set[tuple[object, ...]] = set()
    windows, accounts = Counter[tuple[int, int]](), Counter[int]()
    for index, (record, reason) in enumerate(zip(records, reasons, strict=True)):
        broken = faults(record, rules)
        if (index in replaced) != (reason == SUPERSEDED):
            return False
        if reason in (OUT_OF_RANGE, UNDECLARED_VALUE, BELOW_MINIMUM) and reason not in broken:
            return False
        if reason not in VALID:
            continue
        if broken or reason != placed(record, rules, seen, windows, accounts):
            return False
    return True


def placed(
    record: Record,
    rules: Rules,
    seen: set[tuple[object, ...]],
    windows: Counter[tuple[int, int]],
    accounts: Counter[int],
) -> int:
    """The reason of a valid record by those before it, which the last three remember."""
    keys = [
        (rule, *({"account": record.account, "fingerprint": record.fingerprint}.get(name, name) for name in names),
         *(record.value(name) for name in names if name not in ("account", "fingerprint")))
        for rule, names in enumerate(rules.unique)
    ]  # fmt: skip
    copies = [key in seen for key in keys]
    seen |= set(keys)
    if any(copies):
        return DUPLICATE
    limit = rules.window_limit
    if limit is not None:
        window = record.account, record.value(limit.time) // limit.length
        windows[window] += 1
        if windows[window] > limit.count:
            return OVER_WINDOW_LIMIT
    accounts[record.account] += 1
    if rules.account_limit is not None and accounts[record.account] > rules.account_limit:
        return OVER_ACCOUNT_LIMIT
    return ACCEPTED


class Court:
    """The tables of a policy that decide about reasons, at a few rows."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.rules = policy.rules
        sizes = heights(policy, 1, 1)
        bounds = bounds_for(policy, sizes)
        self.records, self.contents = bounds.records, contents_of(policy, bounds)
        circuit = scenario([], policy).circuit
        kept = ("contributions", "tables", "range", "window_limit", "account_limit")
        placed_tables = [
            PlacedTable(without_leaves(item.table), item.height if item.table.preprocessed else HEIGHT)
            for item in circuit.placed
            if item.table.name in kept or item.table.name.startswith("uniqueness")
        ]
        self.circuit = Circuit(tuple(placed_tables), circuit.publics, (), {})

    def lets_pass(self, records: Sequence[Record]) -> bool:
        """Whether the tables accept the records with the reasons that they have."""
        tables = traces(self.circuit)
        salts = np.zeros((5, len(records)), dtype=np.uint32)
        contributions = contributions_of(records, self.policy)
        fill_contributions(tables["contributions"], self.rules, self.contents, contributions, salts)
        for rule in range(len(self.rules.unique)):
            fill_uniqueness(tables[uniqueness_name(rule)], tables["contributions"])
        for name, (_, count) in limit_buses(self.rules).items():
            fill_limit(tables[name], tables["contributions"], count, self.records)
        witness = {name: trace.values for name, trace in tables.items()}
        fill_multiplicities(self.circuit, witness)
        return not violations(self.circuit, witness)


def without_leaves(table: Table) -> Table:
    """The table less its hashes and its way to the trees and the tally; its sums are kept for the filler alone."""
    return replace(
        table,
        constraints=[constraint for constraint in table.constraints if not is_of_leaf(constraint.name)],
        interactions=[item for item in table.interactions if item.bus.name not in ("tree", "records")],
        gadgets=[gadget for gadget in table.gadgets if not isinstance(gadget, Hash)],
    )


def is_of_leaf(constraint: str) -> bool:
    """Whether a constraint belongs to the hash of a leaf."""
    return constraint.startswith("contributions/leaf ")


@pytest.mark.parametrize("name", POLICIES)
def test_verdicts_pass_exactly_where_the_rules_allow_them(name: str) -> None:
    policy, generator = POLICIES[name], random.Random(name)
    court = Court(policy)
    codes = list(policy.rules.usable_reasons)
    verdicts = Counter[bool]()
    for _ in range(3):
        records = random_records(policy.rules, 4, generator)
        every = list(itertools.product(codes, repeat=len(records)))
        legal = [reasons for reasons in every if allowed(records, reasons, policy.rules)]
        assert legal
        chosen = generator.sample(legal, min(len(legal), 12))
        # Illegal ones next to legal ones: one or two reasons changed.
        for reasons in generator.sample(legal, min(len(legal), 4)):
            for at, code in itertools.product(range(len(records)), codes):
                chosen.append((*reasons[:at], code, *reasons[at + 1 :]))
        for reasons in generator.sample(chosen, min(len(chosen), 50)):
            judged = [replace(record, reason=code) for record, code in zip(records, reasons, strict=True)]
            right = allowed(records, reasons, policy.rules)
            assert court.lets_pass(judged) == right, (reasons, judged)
            verdicts[right] += 1
    assert verdicts[True]
    assert verdicts[False] or len(codes) == 1
