"""Filling the contributions table (SPEC §5.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.contributions.columns import (
    CORRECTS,
    GAP,
    INDEX,
    SALT,
    field_name,
    first_name,
    flag_name,
    known_name,
    table_name,
)
from zkpay.circuits.evaluation import Elements, Integers
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.lookups.contents import Contents
from zkpay.circuits.trace import Trace
from zkpay.circuits.uniqueness.witness import first_with_key
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import account_elements
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.record_layout import REPLACES, REPLACES_SLOTS
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, Rules


def fill_contributions(
    trace: Trace, rules: Rules, contents: Contents, contributions: Contributions, salts: Elements
) -> None:
    """Fill all columns. `salts`: uint32[5, N]."""
    fill_records(trace, rules, contributions, salts)
    fill_derived(trace, rules, contents)


def fill_records(trace: Trace, rules: Rules, contributions: Contributions, salts: Elements) -> None:
    """Fill what the records say: index, reason, fields, the replaced index, salt, account, fingerprint."""
    usable = rules.usable_reasons
    strange = np.flatnonzero(~np.isin(contributions.reason, list(usable)))
    if len(strange):
        raise ValueError(f"record {strange[0]} has reason code {contributions.reason[strange[0]]}, not in {usable}")
    trace.in_parts(lambda part: _fill_records(part, rules, contributions, salts))


def _fill_records(trace: Trace, rules: Rules, contributions: Contributions, salts: Elements) -> None:
    trace[INDEX][:] = np.arange(trace.start, trace.stop)
    rows = slice(trace.start, min(trace.stop, len(contributions)))
    count = max(0, rows.stop - rows.start)
    if not count:
        return
    reason = contributions.reason[rows]
    for code, name in rules.usable_reasons.items():
        trace[flag_name(name)][:count] = reason == code
    for symbol in rules.symbols:
        trace[field_name(symbol.name)][:count] = contributions.symbols[symbol.name][rows]
    for number in rules.numbers:
        trace.group(field_name(number.name))[:, :count] = contributions.numbers[number.name][:, rows]
    if rules.corrections:
        # The leaf holds the index plus one; -1 stands for none.
        named = contributions.replaces[rows] + 1
        for k in range(REPLACES_SLOTS):
            trace[f"{REPLACES}[{k}]"][:count] = named >> (SLOT_BITS * k) & ((1 << SLOT_BITS) - 1)
    trace.group(SALT)[:, :count] = salts[:, rows]
    trace.group(ACCOUNT)[:, :count] = account_elements(contributions.accounts[rows])
    trace.group(FINGERPRINT)[:, :count] = contributions.fingerprint_keys[:, rows]


def fill_derived(trace: Trace, rules: Rules, contents: Contents) -> None:
    """Fill what follows from the columns of `fill_records`: entries, corrections, who is first, the formula, hashes."""
    trace.in_parts(lambda part: _fill_entries(part, rules, contents))
    if rules.corrections:
        _fill_corrections(trace)
    fill_gadgets(trace)
    if len(rules.unique) > 1:
        fill_firsts(trace, rules)


def _fill_entries(trace: Trace, rules: Rules, contents: Contents) -> None:
    rows = real_rows(trace)
    for symbol in rules.symbols:
        entries = contents.symbols[symbol.name]
        known, *limbs = entries.of_codes(trace[field_name(symbol.name)][rows].astype(np.int64))
        trace[known_name(symbol.name)][rows] = known
        for table in entries.tables:
            taken, limbs = limbs[: table.count], limbs[table.count :]
            trace.group(table_name(table.table.name))[:, rows] = np.stack(taken)


def fill_firsts(trace: Trace, rules: Rules) -> None:
    """Fill who is the first valid record with its key, where there are several unique rules."""
    rows = real_rows(trace)
    for rule in range(len(rules.unique)):
        sent = trace.sent("unique" if not rule else f"unique_{rule + 1}")
        trace[first_name(rule)][rows] = first_with_key(sent[1:-2], sent[-2])


def real_rows(trace: Trace) -> NDArray[np.intp]:
    """The rows that have a reason, in order."""
    found = np.zeros(trace.height, dtype=np.bool_)
    for row_sum in trace.table.sums:
        found |= trace.in_field(row_sum.expression)[0] != 0
    return np.flatnonzero(found)


def _fill_corrections(trace: Trace) -> None:
    named = _value(trace, REPLACES)
    trace[CORRECTS][:] = named > 0
    gap = np.maximum(trace[INDEX].astype(np.int64) - named, 0) * (named > 0)
    for k, limb in enumerate(trace.group(GAP)):
        limb[:] = gap >> (SLOT_BITS * k) & ((1 << SLOT_BITS) - 1)


def _value(trace: Trace, group: str) -> Integers:
    found = np.zeros(trace.height, dtype=np.int64)
    for k, limb in enumerate(trace.group(group)):
        found += limb.astype(np.int64) << (SLOT_BITS * k)
    return found
