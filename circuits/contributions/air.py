"""The contributions table: a committed leaf, its verdict and what the formula makes of it, one row each in intake order
(SPEC §5.3).

Bounds that the formula relies on hold on rows that are accepted: there symbols are declared, so entries of tables are
the policy's, and numbers lie within the policy's bounds. All constraints of the formula are multiplied by `accepted`.
"""

from __future__ import annotations

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.buses import CONTRIBUTION_TREE, TREE, Buses
from zkpay.circuits.contributions.columns import (
    INDEX,
    SALT,
    RecordColumns,
    field_name,
    flag_name,
    known_name,
    table_name,
)
from zkpay.circuits.contributions.formula import RecordSource, argument_limbs
from zkpay.circuits.contributions.leaf import record_digest
from zkpay.circuits.contributions.rules import Verdicts, corrections, limits, unique_rules, value_rules
from zkpay.circuits.formula.compiler import FormulaCompiler
from zkpay.circuits.gadgets.range import range_check
from zkpay.circuits.lookups.contents import Contents, TableLimbs
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS, FINGERPRINT_ELEMENTS, SALT_ELEMENTS
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.record_layout import REPLACES, REPLACES_SLOTS
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Public, linear

FIRST_LEAF = Public("first leaf of contributions")


def contributions_table(
    policy: Policy, bounds: Bounds, contents: Contents, buses: Buses
) -> tuple[Table, FormulaCompiler]:
    """The table for this policy, and the compiler that knows which public numbers it reads."""
    rules = policy.rules
    table = Table("contributions")
    index = table.column(INDEX)
    table.first("index starts at 0", index)
    table.transition("index counts", index.next - index - 1)

    verdicts = Verdicts({code: table.column(flag_name(name)) for code, name in rules.usable_reasons.items()})
    for code, flag in verdicts.flags.items():
        table.boolean(f"{flag.name} is a bit", flag)
        table.sum(f"count/{rules.reason_names[code]}", f"{flag.name} is counted", flag)
    is_real = verdicts.is_real
    table.boolean("at most one reason", is_real)

    slots: dict[str, list[Column]] = {}
    known: dict[str, Column] = {}
    entries: dict[str, tuple[TableLimbs, list[Column]]] = {}
    for symbol in rules.symbols:
        held = table.column(field_name(symbol.name))
        slots[symbol.name] = [held]
        known[symbol.name] = table.column(known_name(symbol.name))
        offered = contents.symbols[symbol.name]
        for limbs in offered.tables:
            entries[limbs.table.name] = limbs, table.column_group(table_name(limbs.table.name), limbs.count)
        columns = [column for limbs in offered.tables for column in entries[limbs.table.name][1]]
        entry = contents.payload(offered.identifier, held, known[symbol.name], *columns)
        table.receive(buses.tables, f"{held.name} is in the policy", entry, is_real)
    numbers = {field_name(number.name): (number.name, number.slots) for number in rules.numbers}
    if rules.corrections:
        numbers[REPLACES] = REPLACES, REPLACES_SLOTS
    for group, (name, count) in numbers.items():
        slots[name] = table.column_group(group, count)
        for slot in slots[name]:
            range_check(table, slot.name, slot, SLOT_BITS)
    account = table.column_group(ACCOUNT, ACCOUNT_ELEMENTS)
    record = RecordColumns(account, table.column_group(FINGERPRINT, FINGERPRINT_ELEMENTS), dict(slots))
    salt = table.column_group(SALT, SALT_ELEMENTS)

    value_rules(table, rules, verdicts, known, record)
    if rules.corrections:
        corrections(table, verdicts, bounds, index, record)
    if rules.unique:
        unique_rules(table, rules, verdicts, index, record)
    limits(table, rules, verdicts, index, record)

    fields = {field.name: field for field in rules.numbers}
    source = RecordSource(table, contents, buses, verdicts.accepted, fields, record, entries)
    widths = {argument.node: bounds.amount_width for argument in bounds.arguments}
    compiler = FormulaCompiler(table, verdicts.accepted, source, SLOT_BITS, bounds.program.lines, widths)
    amounts = [limb for argument in bounds.arguments for limb in argument_limbs(compiler, argument, bounds)]

    digest = record_digest(table, policy.layout, verdicts.flags, salt, record)
    position = linear([(1, FIRST_LEAF), (1, index)])
    table.send(TREE, "leaf is in the tree", (CONTRIBUTION_TREE, position, *digest), is_real)
    table.send(buses.records, "record goes to the tally", (*account, verdicts.accepted, *amounts), is_real)
    return table, compiler
