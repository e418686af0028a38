"""False epochs: what a cheating operator writes, filled up consistently behind the lie.

Three sorts. `reasons`: other verdicts on the records, false or lawful, as the rules alone decide. `cell`: one cell of
one table, or a unit moved between two rows, with all that follows filled from it. `statement`: another total, paid
amount or count over honest tables. An epoch that nothing objects to must be true.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from unittest import mock

from tests.campaigns.differential.case import Case
from tests.campaigns.differential.epochs import HEIGHT, Circuit, Claims, Epoch
from tests.campaigns.differential.stack import Draft
from tests.campaigns.differential.verdicts import lawful
from zkpay.circuits.contributions.columns import SALT, field_name, flag_name
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.circuits.trace import Trace
from zkpay.errors import Rejected
from zkpay.ledger.record_layout import REPLACES
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, Rules
from zkpay.policy.meaning import evaluate
from zkpay.stark.air import PlacedTable, Table
from zkpay.stark.expression import Column
from zkpay.stark.field import P


@dataclass(frozen=True)
class Lie:
    """`truth`: the claims that may stand, None where none may. `name` says what was changed. `lawful`: nothing was, but
    for what an operator is free to choose; then nothing may object.
    """

    name: str
    draft: Draft
    claims: Claims
    truth: Claims | None
    lawful: bool = False

    @property
    def is_true(self) -> bool:
        return self.claims == self.truth


@dataclass(frozen=True)
class CellEdit:
    """Changes cells of a column right after its gadget is filled."""

    table: str
    gadget: int
    column: int
    rows: tuple[int, ...]
    steps: tuple[int, ...]

    def __call__(self, trace: Trace, gadget: int) -> None:
        if trace.table.name != self.table or gadget != self.gadget:
            return
        for row, step in zip(self.rows, self.steps, strict=True):
            trace.values[self.column, row] = (int(trace.values[self.column, row]) + step) % P


class Liar:
    """Tells lies about epochs of one circuit."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit

    @cached_property
    def owners(self) -> dict[str, list[int]]:
        """For each column of each table the number of the gadget that fills it, -1 where none does."""
        return {table.name: _owners(table) for table in self.circuit.tables}

    def lie(self, dice: random.Random, case: Case, honest: Epoch) -> Lie | None:
        """A random lie; None where there is nothing to lie about, or no statement can say it."""
        kind = dice.choices([self.reasons, self.cell, self.statement], [3, 6, 1])[0]
        try:
            return kind(dice, case, honest)
        except Rejected:
            return None

    def reasons(self, dice: random.Random, case: Case, honest: Epoch) -> Lie | None:
        """Other reasons for one or two records."""
        usable = list(self.circuit.rules.usable_reasons)
        if not case.rows:
            return None
        reasons = list(case.reasons)
        for _ in range(dice.choice([1, 1, 2])):
            reasons[dice.randrange(len(reasons))] = dice.choice(usable)
        if reasons == case.reasons:
            return None
        other = Case(case.made, case.policy, case.rows, reasons)
        true = lawful(case.rows, self.circuit.rules, reasons)
        totals = dict(evaluate(case.policy, other.contributions).totals) if true else honest.totals
        epoch = Epoch(self.circuit, other.contributions, totals)
        name = f"reasons {case.reasons} -> {reasons}"
        if not true or other.exact.paid > case.made.pool:
            # Nor can what overspends the pool be proved, lawful as the reasons may be.
            return Lie(name, epoch.draft, epoch.claims(), None)
        return Lie(name, epoch.draft, epoch.claims(), truth_of(other, totals), lawful=True)

    def cell(self, dice: random.Random, case: Case, honest: Epoch) -> Lie | None:
        """One cell of one table, or two that are moved against one another."""
        trace = self._table(dice, honest)
        free = _record_columns(trace.table, self.circuit.rules) if trace.table.name == "contributions" else set()
        columns = [column for column in trace.table.columns if column.name not in free]
        real = int(honest.traces["payouts" if trace.table.name == "payouts" else "tally"]["is_real"].sum())
        values = [column for column in columns if column.name.split("[")[0] in case.made.lines]
        if not columns:
            return None
        column = dice.choice(values if values and dice.random() < 0.5 else columns)
        rows = [dice.randrange(real) if real and dice.random() < 0.9 else dice.randrange(HEIGHT)]
        if trace.table.name == "totals" and dice.random() < 0.9:
            rows = [0]
        value = int(trace.values[column.index, rows[0]])
        another = int(trace.values[column.index, dice.randrange(max(real, 1))])
        near = [1, -1, 1, -1, -value, 1 - value, another - value, another - value]
        step = dice.choice([*near, 2**10, -(2**14), dice.getrandbits(15), dice.randrange(P)])
        steps = [step]
        if real > 1 and dice.random() < 0.3:
            rows.append(dice.choice([row for row in range(real) if row != rows[0]]))
            steps.append(-step)
        if step % P == 0:
            return None
        owner = self.owners[trace.table.name][column.index]
        edit = CellEdit(trace.table.name, owner, column.index, tuple(rows), tuple(steps))
        epoch = Epoch(self.circuit, case.contributions, honest.totals, edit)
        name = f"{trace.table.name}/{column.name} rows {rows} by {steps}"
        return Lie(name, epoch.draft, epoch.claims(), honest.claims())

    def _table(self, dice: random.Random, honest: Epoch) -> Trace:
        names = list(honest.traces)
        weights = [6 if name in ("contributions", "payouts") else 2 if name == "tally" else 1 for name in names]
        return honest.traces[dice.choices(names, weights)[0]]

    def statement(self, dice: random.Random, case: Case, honest: Epoch) -> Lie | None:
        """A total, the amount paid or a count by a little more or less, over tables filled for it."""
        step = dice.choice([1, -1, 1, -1, 2**10, dice.getrandbits(60)])
        kind = dice.choice([*honest.totals, "paid", "count"])
        statement, claims = honest.statement, honest.claims()
        witness = honest.draft.witness
        if kind == "paid":
            statement = replace(statement, paid=statement.paid + step, dust=statement.dust - step)
            claims = replace(claims, paid=statement.paid)
        elif kind == "count":
            counts = dict(statement.counts)
            more, less = dice.choice(list(counts)), dice.choice(list(counts))
            if more == less:
                return None
            counts[more] += 1
            counts[less] -= 1
            statement = replace(statement, counts=tuple(counts.items()))
            claims = replace(claims, reasons=counts)
        else:
            totals = honest.totals | {kind: honest.totals[kind] + step}
            told = Epoch(self.circuit, case.contributions, totals, settle=False)
            return Lie(f"{kind} by {step}", told.draft, told.claims(), honest.claims())
        draft = Draft(witness, self.circuit.publics(statement), self.circuit.sums(statement))
        return Lie(f"{kind} by {step}", draft, claims, honest.claims())


def truth_of(case: Case, totals: Mapping[str, int]) -> Claims:
    """What may be claimed of a case: the campaign's own reading, with the totals that are named by normalised text."""
    exact = case.exact
    return Claims(exact.accounts, exact.payouts, exact.counts, dict(totals), exact.paid, exact.reasons)


def _record_columns(table: Table, rules: Rules) -> set[str]:
    """What a leaf says freely: verdicts (`reasons` lies about them), fields, accounts, salts."""
    groups = {REPLACES, SALT, ACCOUNT, FINGERPRINT, *(field_name(field.name) for field in rules.fields)}
    flags = {flag_name(name) for name in rules.reason_names}
    return flags | {column.name for column in table.columns if column.name.split("[")[0] in groups}


def _owners(table: Table) -> list[int]:
    trace = Trace(PlacedTable(table, 2), _Zeros())
    owners = [-1] * table.width
    for number, gadget in enumerate(table.gadgets):
        written: list[Column] = []
        with mock.patch.object(Trace, "put", lambda _, column, values, to=written: to.append(column)):
            fill_gadget(trace, gadget)
        for column in written:
            owners[column.index] = number
    return owners


class _Zeros(dict[str, int]):
    """Public scalars that are all 0."""

    def __missing__(self, _: str) -> int:
        return 0


def sentence(lie: Lie, objections: Collection[str]) -> str | None:
    """What is wrong with the verdict on a lie, None if nothing is."""
    if objections and lie.lawful:
        return f"{lie.name}: lawful, but {sorted(objections)[:3]} object"
    if not objections and not lie.is_true:
        return f"{lie.name}: false, but nothing objects; {lie.claims} instead of {lie.truth}"
    return None
