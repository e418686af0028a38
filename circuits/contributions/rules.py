"""The rules of the contributions table: which reason a record may have, and must have (SPEC §5.3, §5.5, §5.14).

A record is valid if its reason is accepted or one of the reasons that its place in the ledger decides: duplicate, over
a limit. Of those, an original is one that isn't a duplicate, and what the limits let through is accepted. So all that
other tables are asked is a sum of flags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.buses import REPLACEMENTS, account_limit_bus, unique_bus, window_limit_bus
from zkpay.circuits.contributions.columns import (
    CORRECTS,
    GAP,
    WINDOW,
    RecordColumns,
    below_name,
    first_name,
    packed,
    packed_size,
    within_name,
)
from zkpay.circuits.gadgets.arithmetic import QuotientShape, quotient
from zkpay.circuits.gadgets.carry import plus
from zkpay.circuits.gadgets.choice import masked
from zkpay.circuits.gadgets.compare import at_most
from zkpay.circuits.gadgets.range import natural, natural_of
from zkpay.ledger.fields import SLOT_BITS, NumberField
from zkpay.ledger.record_layout import REPLACES
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
    WindowLimit,
)
from zkpay.stark.air import Bus, Table
from zkpay.stark.expression import Column, Expression, linear, total

VALID = (ACCEPTED, DUPLICATE, OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)
ORIGINAL = (ACCEPTED, OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)
PAST_THE_WINDOW = (ACCEPTED, OVER_ACCOUNT_LIMIT)


@dataclass(frozen=True)
class Verdicts:
    """The reason flags of a row, by code."""

    flags: Mapping[int, Column]

    def any_of(self, codes: Sequence[int]) -> Expression:
        """1 where the record has one of these reasons; those that the policy can't give are left out."""
        return total([self.flags[code] for code in codes if code in self.flags])

    @property
    def accepted(self) -> Column:
        """1 where the record is accepted."""
        return self.flags[ACCEPTED]

    @property
    def is_real(self) -> Expression:
        """1 where the row is a record."""
        return total(list(self.flags.values()))


def window_values(rules: Rules, limit: WindowLimit) -> int:
    """The largest window of a valid record."""
    (time,) = (field for field in rules.numbers if field.name == limit.time)
    return time.maximum // limit.length


def limit_buses(rules: Rules) -> dict[str, tuple[Bus, int]]:
    """Bus and limit of each limit's table, by its name."""
    found: dict[str, tuple[Bus, int]] = {}
    if rules.window_limit is not None:
        elements = packed_size(-(-window_values(rules, rules.window_limit).bit_length() // SLOT_BITS))
        found["window_limit"] = window_limit_bus(elements), rules.window_limit.count
    if rules.account_limit is not None:
        found["account_limit"] = account_limit_bus(), rules.account_limit
    return found


def value_rules(
    table: Table, rules: Rules, verdicts: Verdicts, known: Mapping[str, Column], record: RecordColumns
) -> None:
    """Valid records keep to the policy's values, and those that are rejected for a value don't."""
    valid = verdicts.any_of(VALID)
    for name, declared in known.items():
        table.every(f"a valid {name} is known", valid * (1 - declared))
    within: list[Expression] = []
    enough: list[Expression] = []
    for field in rules.numbers:
        slots = record.slots[field.name]
        in_range = at_most(table, within_name(field.name), slots, _limbs(field, field.maximum), SLOT_BITS)
        table.every(f"a valid {field.name} is within", valid * (1 - in_range))
        within.append(in_range)
        if field.minimum:
            below = at_most(table, below_name(field.name), slots, _limbs(field, field.minimum - 1), SLOT_BITS)
            table.every(f"a valid {field.name} is enough", valid * below)
            enough.append(1 - below)
    for code, words, fulfilled in (
        (UNDECLARED_VALUE, "undeclared", list(known.values())),
        (OUT_OF_RANGE, "out of range", within),
        (BELOW_MINIMUM, "below minimum", enough),
    ):
        if fulfilled:
            everything = _product(table, f"not {words}", fulfilled, 2)
            table.every(f"{words} is {words}", verdicts.flags[code] * everything)


def corrections(table: Table, verdicts: Verdicts, bounds: Bounds, index: Column, record: RecordColumns) -> None:
    """A record that names another takes its place: the other is superseded, and nothing else is.

    The replaced index stands in the leaf plus one. What is named twice, by another account or not at all would leave
    the bus unbalanced.
    """
    low, high = record.slots[REPLACES]
    named = linear([(1, low), (1 << SLOT_BITS, high)])
    corrects = table.column(CORRECTS)
    table.boolean("corrects is a bit", corrects)
    table.every("only a record corrects", corrects * (1 - verdicts.is_real))
    table.every("who corrects nothing names nothing", (1 - corrects) * named)
    gap = natural(table, GAP, bounds.records - 1, SLOT_BITS)
    before = linear([(1 << limb.position, limb.expression) for limb in gap])
    # Named and gap have at most 28 and 21 bits, so this holds in the integers.
    table.every("the replaced record is earlier", corrects * (index - named - before))
    table.send(REPLACEMENTS, "record is replaced", (named - 1, *record.account), corrects)
    table.receive(REPLACEMENTS, "superseded record is replaced", (index, *record.account), verdicts.flags[SUPERSEDED])


def unique_rules(table: Table, rules: Rules, verdicts: Verdicts, index: Column, record: RecordColumns) -> None:
    """Under every unique rule an original is the first valid record with its key, and what is first in all is one."""
    valid, original = verdicts.any_of(VALID), verdicts.any_of(ORIGINAL)
    firsts: list[Expression] = [original]
    if len(rules.unique) > 1:
        firsts = [table.column(first_name(rule)) for rule in range(len(rules.unique))]
        table.every("originals are first under every rule", _product(table, "first", firsts, 3) - original)
    for rule, combination in enumerate(rules.unique):
        key = record.key(combination)
        name = "record goes to uniqueness" if not rule else f"record goes to uniqueness {rule + 1}"
        table.send(unique_bus(rule, len(key)), name, (index, *key, valid, firsts[rule]), verdicts.is_real)


def limits(table: Table, rules: Rules, verdicts: Verdicts, index: Column, record: RecordColumns) -> None:
    """Originals go to the window limit, those that pass it to the account limit, and those that pass that are paid."""
    buses = limit_buses(rules)
    if rules.window_limit is not None:
        candidate, passes = verdicts.any_of(ORIGINAL), verdicts.any_of(PAST_THE_WINDOW)
        window = _window(table, rules, rules.window_limit, candidate, record)
        bus, _ = buses["window_limit"]
        table.send(bus, "record goes to the window limit", (index, *record.account, *window, passes), candidate)
    if rules.account_limit is not None:
        bus, _ = buses["account_limit"]
        passed = (index, *record.account, verdicts.accepted)
        table.send(bus, "record goes to the account limit", passed, verdicts.any_of(PAST_THE_WINDOW))


def _window(
    table: Table, rules: Rules, limit: WindowLimit, candidate: Expression, record: RecordColumns
) -> list[Expression]:
    """The elements of time // length where `candidate`; none if all times are in one window."""
    largest = window_values(rules, limit)
    (time,) = (field for field in rules.numbers if field.name == limit.time)
    slots = record.slots[limit.time]
    if not largest:
        return []
    if limit.length == 1:
        return packed(slots[: -(-largest.bit_length() // SLOT_BITS)])
    terms = plus(natural_of(slots, time.maximum, SLOT_BITS))
    shape = QuotientShape(largest, min(limit.length - 1, time.maximum), SLOT_BITS)
    window, _ = quotient(table, WINDOW, terms, limit.length, shape, candidate)
    return packed([limb.expression for limb in window])


def _limbs(field: NumberField, number: int) -> list[int]:
    return [(number >> (SLOT_BITS * k)) & ((1 << SLOT_BITS) - 1) for k in range(field.slots)]


def _product(table: Table, name: str, factors: Sequence[Expression], degree: int) -> Expression:
    """The product of bits, of at most that degree; columns take what is over."""
    left = list(factors)
    while len(left) > degree:
        count = len(left)
        left = [masked(table, f"{name} {count}", left[0] * left[1] * left[2]), *left[3:]]
    return prod(left[1:], start=left[0])
