"""Lies about the ledger: verdicts on records, counts, accounts and running sums."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story, accepted_rows
from tests.campaigns.deletion.lies.arithmetic import Several
from tests.campaigns.deletion.lies.choices import CellLie
from tests.campaigns.differential.records import Row
from tests.campaigns.differential.verdicts import lawful
from tests.circuits.scenarios import Record
from zkpay.circuits.contributions.columns import field_name, flag_name, known_name
from zkpay.circuits.gadgets.choice import SymbolTest
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import ACCEPTED, DUPLICATE, UNDECLARED_VALUE
from zkpay.stark.expression import Column
from zkpay.stark.field import P

RUNNING = re.compile(r"tally/(.+) (starts|adds up|goes on)")
FLAG = re.compile(r"contributions/reason (\w+) is a bit")
IN_POLICY = re.compile(r"contributions/(.+) is in the policy")
SLOT = re.compile(r"contributions/(.+)\[(\d+)\] has 14 bits")
ACCOUNT = re.compile(r"payouts/account\[(\d)\] ?(low|high)? ?has \d+ bits")
UNIQUE = re.compile(r"(contributions/record goes to uniqueness|uniqueness/record is a contribution)")
ENDS = "tally/group ends where the account changes"


BUSES = {
    "contributions/record goes to the tally": "records",
    "tally/record is a contribution": "records",
    "tally/account goes to the payouts": "accounts",
    "payouts/account is in the tally": "accounts",
}


def aim_at_ledger(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie about records and accounts; where nothing better is known, another verdict."""
    records = ground.draw(dice)
    found = re.fullmatch(RUNNING, name)
    if found:
        return _running(ground, dice, records, found[1], starts=found[2] == "starts")
    if name == ENDS:
        return Story(records, _Ends(dice.random()))
    found = re.fullmatch(FLAG, name)
    if found:
        return _flags(ground, dice, records, found[1])
    found = re.fullmatch(IN_POLICY, name)
    if found:
        return _in_policy(ground, dice, records, found[1])
    found = re.fullmatch(SLOT, name)
    if found:
        return _slot(ground, dice, records, found[1], int(found[2]))
    found = re.fullmatch(ACCOUNT, name)
    if found:
        return _account(ground, dice, records, int(found[1]), found[2])
    if re.fullmatch(UNIQUE, name):
        return _copy(dice, records)
    if name in BUSES:
        return _bus(ground, dice, records, name)
    if " is right" in name or (name.startswith("contributions/") and "has" in name):
        return None
    return verdict(ground, dice, records)


def verdict(ground: Ground, dice: random.Random, records: Records) -> Story | None:
    """Other reasons for one or two records, which the rules don't allow."""
    if not records:
        return None
    rules = ground.policy.rules
    told = list(records)
    for _ in range(dice.choice([1, 1, 1, 2])):
        row = dice.randrange(len(told))
        told[row] = replace(told[row], reason=dice.choice(list(rules.usable_reasons)))
    if lawful([row_of(record) for record in told], rules, [record.reason for record in told]):
        return None
    return Story(records, told=tuple(told))


def row_of(record: Record) -> Row:
    """A record as the campaign's rules read it. One without a fingerprint has one that no other has."""
    fingerprint = -id(record) if record.fingerprint is None else record.fingerprint
    return Row(record.account, dict(record.values), fingerprint, None if record.replaces < 0 else record.replaces)


class _Running:
    """Adds to a running sum from a row on, to the end of its group."""

    def __init__(self, column: str, chance: float, amount: int, *, starts: bool) -> None:
        self.column, self.chance, self.amount, self.starts = column, chance, amount, starts

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "tally" or number != -1:
            return
        count = int(trace["is_real"].sum())
        ends = [row for row in range(count) if trace["ends"][row]]
        first = 0 if self.starts else 1 + int(self.chance * (count - 1))
        if not count or first >= count:
            raise ValueError("no such row")
        last = next(end for end in ends if end >= first)
        held = trace[self.column]
        if self.column == "seen":
            held[first : last + 1] = 1 - int(held[first])
            if held[first] == 0:
                # Records after this one are seen again.
                held[first + 1 : last + 1] = np.maximum.accumulate(trace["accepted"][first + 1 : last + 1])
            _number_accounts(trace)
        else:
            held[first : last + 1] = [(int(value) + self.amount) % P for value in held[first : last + 1]]


class _Ends:
    """Has a group go on where it ends."""

    def __init__(self, chance: float) -> None:
        self.chance = chance

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "tally" or number != -1:
            return
        rows = np.flatnonzero(trace["ends"])
        if not len(rows):
            raise ValueError("there is no group")
        trace["ends"][rows[int(self.chance * len(rows))]] = 0
        _number_accounts(trace)


def _number_accounts(trace: Trace) -> None:
    paid = np.cumsum(trace["ends"].astype(np.int64) * trace["seen"])
    trace["ordinal"][1:] = paid[:-1]


def _running(ground: Ground, dice: random.Random, records: Records, column: str, *, starts: bool) -> Story | None:
    if column not in {held.name for held in ground.tables["tally"].columns} or column == "ordinal":
        return None
    return Story(records, _Running(column, dice.random(), dice.choice([1, 1, -1, 5]), starts=starts))


def _flags(ground: Ground, dice: random.Random, records: Records, reason: str) -> Story | None:
    """A row that is no record counts once against this reason and once for another."""
    rules = ground.policy.rules
    others = [name for name in rules.usable_reasons.values() if name != reason]
    sign = dice.choice([1, -1])
    padding = len(records) + dice.randrange(5)
    contributions = ground.tables["contributions"]
    cells: dict[tuple[str, int], int] = {}
    for symbol in rules.symbols:
        cells[known_name(symbol.name), padding] = dice.choice([0, 1])
    for number in rules.numbers:
        value = dice.choice([0, number.minimum, number.minimum, number.maximum, number.recordable])
        for k in range(number.slots):
            cells[f"{field_name(number.name)}[{k}]", padding] = value >> (14 * k) & 0x3FFF
    other = dice.choice(others)
    accepted = flag_name(rules.reason_names[ACCEPTED])
    if accepted in (flag_name(reason), flag_name(other)):
        cells[accepted, padding] = 1
    last = len(contributions.gadgets) - 1
    begin = CellLie("contributions", -1, cells)
    finish = CellLie("contributions", last, {(flag_name(reason), padding): sign, (flag_name(other), padding): -sign})
    return Story(records, Several(begin, finish, Signed(last, accepted, padding)))


class Signed:
    """Turns the tests of symbols where a row is accepted -1 times: what is 1 where it counts is then -1."""

    def __init__(self, last: int, accepted: str, row: int) -> None:
        self.last, self.accepted, self.row = last, accepted, row

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "contributions" or number != self.last or trace[self.accepted][self.row] != P - 1:
            return
        for gadget in trace.table.gadgets:
            if isinstance(gadget, SymbolTest):
                for column in (gadget.flag, gadget.inverse):
                    trace.values[column.index, self.row] = -int(trace.values[column.index, self.row]) % P


def _in_policy(ground: Ground, dice: random.Random, records: Records, held: str) -> Story | None:
    """What goes with a symbol is another symbol's, or an undeclared one passes for declared, or the other way round."""
    rules = ground.policy.rules
    (symbol,) = (entry for entry in rules.symbols if field_name(entry.name) == held)
    rows = accepted_rows(records)
    if not rows:
        return None
    row = dice.choice(rows)
    table = ground.tables["contributions"]
    (item,) = (entry for entry in table.interactions if entry.name == f"contributions/{held} is in the policy")
    names = [entry.name for entry in item.payload if isinstance(entry, Column)]
    others = [name for name in names if name not in (held, known_name(symbol.name))]
    if others and dice.random() < 0.7:
        column = dice.choice(others)
        value = int(ground.truth(records).traces["contributions"][column][row])
        edit = CellLie("contributions", -1, {(column, row): max(0, value + dice.choice([1, -1, 7]))})
        return Story(records, edit)
    plain = list(records)
    if dice.random() < 0.5:
        told = list(records)
        told[row] = replace(records[row], reason=UNDECLARED_VALUE)
        return Story(records, CellLie("contributions", -1, {(known_name(symbol.name), row): 0}), tuple(told))
    values = dict(records[row].values) | {symbol.name: UNDECLARED}
    plain[row] = replace(records[row], values=tuple(values.items()), reason=UNDECLARED_VALUE, fingerprint=None)
    told = list(plain)
    told[row] = replace(plain[row], reason=ACCEPTED)
    return Story(tuple(plain), CellLie("contributions", -1, {(known_name(symbol.name), row): 1}), tuple(told))


def _slot(ground: Ground, dice: random.Random, records: Records, group: str, k: int) -> Story | None:
    """A slot of a field out of its range, which the next one may make up for."""
    numbers = {field_name(number.name): number for number in ground.policy.rules.numbers}
    rows = accepted_rows(records)
    if group not in numbers or not rows:
        return None
    row = dice.choice(rows)
    values = dict(records[row].values)
    if dice.random() < 0.3:
        # The highest slot of nothing is negative: no element of a leaf is.
        size = dice.choice([1, 2, 100])
        cells = {
            (f"{name}[{j}]", row): -size if j == k and name == group else 0
            for name, number in numbers.items()
            for j in range(number.slots)
        }
        negative = CellLie("contributions", -1, cells, seen=True)
        return Story(records, Several(negative, _Within(f"{group} within", row, k, size)), strange=True)
    value = values[numbers[group].name]
    slots = [value >> (14 * j) & 0x3FFF for j in range(numbers[group].slots)]
    few = dice.choice([1, 1, 2, 3])
    step = dice.choice(
        [few << 14, -(few << 14), -few, few * (P >> 14), -(1 << dice.randrange(30)), dice.getrandbits(30)]
    )
    slots[k] += step
    if k + 1 < len(slots) and dice.random() < 0.6:
        slots[k + 1] -= step >> 14
    if all(slot in range(1 << 14) for slot in slots):
        return None
    cells = {(f"{group}[{j}]", row): slot for j, slot in enumerate(slots)}
    return Story(records, CellLie("contributions", -1, cells, seen=True))


class _Within:
    """Says that a number whose limb k is -size, and others 0, is within its maximum."""

    def __init__(self, title: str, row: int, k: int, size: int) -> None:
        self.title, self.row, self.k, self.size = title, row, k, size

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "contributions" or number < 0:
            return
        gadget = trace.table.gadgets[number]
        if isinstance(gadget, Comparison) and gadget.flag is not None and gadget.flag.name == self.title:
            for place, pick in enumerate(gadget.picks):
                trace.values[pick.index, self.row] = place == self.k
            right = evaluate_at(trace, self.row, gadget.right[self.k])
            trace.values[gadget.flag.index, self.row] = 1
            trace.values[gadget.difference.index, self.row] = right + self.size - (self.k > 0)


def _account(ground: Ground, dice: random.Random, records: Records, k: int, half: str | None) -> Story | None:
    """An account that no 160 bits stand for; it is the only one, so that no order is claimed."""
    if not records:
        return None
    alone = tuple(replace(record, account=records[0].account) for record in records if record.replaces < 0)
    element = (P - 1) if k else 1 << 10
    if half == "high":
        element = dice.choice([P - 1, 1 << 30])
    cells = {(f"account[{k}]", row): element for row in range(len(alone))}
    parts = [CellLie("contributions", -1, cells)]
    if half == "low":
        parts.append(CellLie("payouts", -1, {(f"account high[{k - 1}]", 0): dice.choice([0, 1])}))
    return Story(alone, Several(*parts))


def _copy(dice: random.Random, records: Records) -> Story | None:
    """A copy is accepted, and no record is looked at for its like."""
    copies = [row for row, record in enumerate(records) if record.reason == DUPLICATE]
    if not copies:
        return None
    row = dice.choice(copies)
    told = (*records[:row], replace(records[row], reason=ACCEPTED), *records[row + 1 :])

    def look_at_nothing(trace: Trace, number: int) -> None:
        if trace.table.name == "uniqueness" and number == -1:
            trace.values[:] = 0

    return Story(records, look_at_nothing, told)


def _bus(ground: Ground, dice: random.Random, records: Records, name: str) -> Story | None:
    """What one table takes is not what the other one gave."""
    if BUSES[name] == "records":
        argument = dice.choice([a for a in ground.circuit.bounds.arguments])
        column = f"{argument.name}[0]"
        sums = [f"{held.name}[0]" for held in ground.circuit.bounds.aggregates if held.argument == argument]

        def earn(trace: Trace, number: int) -> None:
            if trace.table.name == "tally" and number == -1:
                rows = np.flatnonzero(trace["ends"] * trace["accepted"])
                row = rows[0] if len(rows) else 1 << 20
                for changed in (column, *sums):
                    trace[changed][row] += 1

        return Story(records, earn)
    columns = [f"{held.name}[0]" for held in ground.circuit.bounds.aggregates if held.argument is not None]
    column = dice.choice([*columns, *columns, "account[5]", "accepted_count"])

    def gain(trace: Trace, number: int) -> None:
        if trace.table.name == "payouts" and number == -1:
            trace[column][0] += 1

    return Story(records, gain)
