"""One case, a policy with a data set: what four readings of it say, and where they differ.

The readings: the campaign's own (terms and verdicts, made together with the text), the definition (the tree, one
value at a time), the columns (what `prove` pays), and the intake of a file of records.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tests.campaigns.differential.policies import MadePolicy, random_policy
from tests.campaigns.differential.records import Row, in_columns, in_jsonl, random_rows
from tests.campaigns.differential.terms import World
from tests.campaigns.differential.verdicts import forced, random_choices
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.reader import read_contributions
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy import meaning
from zkpay.policy.language.definition import Record, evaluate
from zkpay.policy.language.tree import Level
from zkpay.policy.policy import Policy, parse_policy


@dataclass(frozen=True)
class Exact:
    """What an epoch pays: accounts ascending, each with its payout and its accepted and rejected records; totals by
    their text as written; how many records have each reason.
    """

    accounts: list[int]
    payouts: list[int]
    counts: list[tuple[int, int]]
    totals: dict[str, int]
    reasons: dict[str, int]

    @property
    def paid(self) -> int:
        return sum(self.payouts)


@dataclass(frozen=True)
class Case:
    """A policy with records and the reasons that they have."""

    made: MadePolicy
    policy: Policy
    rows: list[Row]
    reasons: list[int]

    @cached_property
    def contributions(self) -> Contributions:
        return in_columns(self.rows, self.reasons, self.made.rules)

    @cached_property
    def accounts(self) -> list[int]:
        """All accounts with an accepted record, ascending."""
        return sorted({row.account for row in self.accepted})

    @cached_property
    def accepted(self) -> list[Row]:
        return [row for row, reason in zip(self.rows, self.reasons, strict=True) if reason == ACCEPTED]

    @cached_property
    def world(self) -> World:
        return World([[row.values for row in self.accepted if row.account == account] for account in self.accounts])

    @cached_property
    def exact(self) -> Exact:
        """The campaign's own reading."""
        payouts = self.made.values(self.world, "payout")
        counts = []
        for account in self.accounts:
            own = [reason for row, reason in zip(self.rows, self.reasons, strict=True) if row.account == account]
            counts.append((own.count(ACCEPTED), len(own) - own.count(ACCEPTED)))
        totals = {text: term.meaning(self.world, -1, -1) for text, term in self.made.totals.items()}
        reasons = {name: self.reasons.count(code) for code, name in self.made.rules.usable_reasons.items()}
        return Exact(self.accounts, payouts, counts, totals, reasons)


def policy_of(seed: str) -> tuple[MadePolicy, Policy]:
    """The policy of a seed, written and read; InputError if it is refused."""
    made = random_policy(random.Random(seed))
    return made, parse_policy(made.text.encode(), "campaign")


def case_of(made: MadePolicy, policy: Policy, seed: str) -> Case:
    """The case of a policy with the data set of a seed."""
    dice = random.Random(seed)
    rows = random_rows(dice, made.rules)
    return Case(made, policy, rows, forced(rows, made.rules, random_choices(dice, rows, made.rules)))


def disagreements(case: Case) -> Iterator[str]:
    """Where definition or columns differ from the campaign's own reading."""
    yield from _against_definition(case)
    yield from _against_columns(case)


def _against_definition(case: Case) -> Iterator[str]:
    records = [Record(row.account.to_bytes(20, "big"), row.values) for row in case.accepted]
    outcome = evaluate(case.policy.formula, records)
    exact = case.exact
    if [int.from_bytes(account, "big") for account in outcome.accounts] != exact.accounts:
        yield "definition: accounts"
    if outcome.payouts != exact.payouts:
        yield f"definition: payouts are {outcome.payouts}, not {exact.payouts}"
    # The formula names a total by its normalised text, and has those only that it uses.
    if not set(outcome.totals.values()) <= set(exact.totals.values()):
        yield f"definition: totals are {outcome.totals}, not {exact.totals}"
    for name, line in case.policy.formula.lines.items():
        expected: int | list[int] = _line(case, name, line.expression.level)
        if outcome.lines[name] != expected:
            yield f"definition: line {name} is {outcome.lines[name]}, not {expected}"


def _line(case: Case, name: str, level: Level) -> int | list[int]:
    """The campaign's own values of a line, over what its level is about; records in intake order."""
    term = case.made.lines[name]
    if level is Level.ACCOUNT:
        return case.made.values(case.world, name)
    if level is not Level.CONTRIBUTION:
        return term.meaning(case.world, -1, -1)
    values = []
    places = dict.fromkeys(case.accounts, 0)
    for row in case.accepted:
        values.append(term.meaning(case.world, case.accounts.index(row.account), places[row.account]))
        places[row.account] += 1
    return values


def _against_columns(case: Case) -> Iterator[str]:
    exact = case.exact
    found = meaning.evaluate(case.policy, case.contributions)
    if [int.from_bytes(bytes(account), "big") for account in found.accounts] != exact.accounts:
        yield "columns: accounts"
    if found.payouts != exact.payouts:
        yield f"columns: payouts are {found.payouts}, not {exact.payouts}"
    counts = list(zip(found.accepted.tolist(), found.rejected.tolist(), strict=True))
    if counts != exact.counts:
        yield f"columns: accepted and rejected are {counts}, not {exact.counts}"
    if (found.paid, found.dust) != (exact.paid, case.made.pool - exact.paid):
        yield f"columns: paid {found.paid} and dust {found.dust}"
    if found.reasons != exact.reasons:
        yield f"columns: reasons are {found.reasons}, not {exact.reasons}"
    for name, line in case.policy.formula.lines.items():
        if line.expression.level is Level.ACCOUNT:
            if list(found.lines[name]) != _line(case, name, Level.ACCOUNT):
                yield f"columns: line {name} is {found.lines[name]}"
        elif line.expression.level is Level.CONTRIBUTION:
            values = [int(value) for value in found.record_lines[name]]
            if values != _line(case, name, Level.CONTRIBUTION):
                yield f"columns: line {name} is {values}, not {_line(case, name, Level.CONTRIBUTION)}"
    if list(found.totals) != list(case.policy.formula.totals):
        yield f"columns: totals are {list(found.totals)}, the formula has {list(case.policy.formula.totals)}"


def intake_disagreements(case: Case, seed: str) -> Iterator[str]:
    """Where the intake of a file gives other records or reasons. Statuses that rules decide are left out at times."""
    if not case.rows:
        return
    dice = random.Random(seed)
    rules = case.made.rules
    own = [reason in rules.usable_reasons and reason not in (0, 1, 5, 6, 7) for reason in case.reasons]
    stated = [told or dice.random() < 0.3 for told in own]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        path.write_text(in_jsonl(case.rows, case.reasons, stated, rules), encoding="utf-8")
        found = read_contributions(path, rules)
    expected = case.contributions
    for name in ("accounts", "fingerprint_keys", "reason", "replaces"):
        if not np.array_equal(getattr(found, name), getattr(expected, name)):
            yield f"intake: {name} is {getattr(found, name).tolist()}, not {getattr(expected, name).tolist()}"
    for kind in ("symbols", "numbers"):
        for name, column in getattr(expected, kind).items():
            if not np.array_equal(getattr(found, kind)[name], column):
                yield f"intake: {name}"
