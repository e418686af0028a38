"""Random records of a policy, near every edge, as a file of contributions and as columns."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.campaigns.differential.expressions import edge
from zkpay.ledger.contributions import NOT_REPLACING, Contributions
from zkpay.ledger.fields import SLOT_BITS, UNDECLARED, NumberField, SymbolField
from zkpay.ledger.fingerprints import fingerprint_key
from zkpay.ledger.rules import ACCEPTED, Rules

SIZES = (0, 1, 2, 3, 5, 8, 13, 20, 40)
STRANGE = "no-such-value"


@dataclass(frozen=True)
class Row:
    """One record. values: of each field, a code where it has symbols. fingerprint: a number or None."""

    account: int
    values: dict[str, int]
    fingerprint: int | None
    replaces: int | None = None


def random_rows(dice: random.Random, rules: Rules) -> list[Row]:
    """Records of which many share accounts, fingerprints, windows and values, some outside the policy's bounds."""
    count = dice.choice(SIZES)
    accounts = _accounts(dice, dice.choice([1, 2, 3, 5, max(count, 1)]))
    strange = dice.choice([0, 0, 0.05, 0.3])
    shared = dice.choice([0.0, 0.3, 0.7])
    corrected = dice.choice([0.0, 0.1, 0.4]) if rules.corrections else 0.0
    rows: list[Row] = []
    replaced: set[int] = set()
    every = _every_record(rules)
    if every and dice.random() < 0.3:
        # Each record that the fields can hold and the policy allows, once.
        return [Row(dice.choice(accounts), values, 1000 + index) for index, values in enumerate(every)]
    for index in range(count):
        account = dice.choice(accounts)
        values = {field.name: _value(dice, field, strange) for field in rules.fields}
        if rows and dice.random() < shared:
            values |= dice.choice(rows).values if dice.random() < 0.3 else {}
        if rules.window_limit is not None:
            _move_into_window(dice, rules, values)
        fingerprint = None
        if rules.needs_fingerprint or dice.random() < 0.3:
            fingerprint = dice.randrange(4) if dice.random() < shared else 1000 + index
        replaces = None
        if dice.random() < corrected:
            own = [i for i, row in enumerate(rows) if row.account == account and i not in replaced]
            if own:
                replaces = dice.choice(own)
                replaced.add(replaces)
        rows.append(Row(account, values, fingerprint, replaces))
    return rows


def _every_record(rules: Rules) -> list[dict[str, int]]:
    """All values of the fields together, where they are few."""
    choices = [
        range(len(field.values)) if isinstance(field, SymbolField) else range(field.minimum, field.maximum + 1)
        for field in rules.fields
    ]
    if math.prod(len(choice) if choice.stop < 2**40 else 2**40 for choice in choices) > max(SIZES):
        return []
    names = [field.name for field in rules.fields]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*choices)]


def _accounts(dice: random.Random, count: int) -> list[int]:
    edges = [0, 1, 2**160 - 1, 2**159, 2**150 - 1, 2**150, 2**30, 2**30 - 1]
    return [dice.choice(edges) if dice.random() < 0.5 else dice.getrandbits(160) for _ in range(count)]


def _value(dice: random.Random, field: SymbolField | NumberField, strange: float) -> int:
    outside = dice.random() < strange
    if isinstance(field, SymbolField):
        return UNDECLARED if outside else dice.randrange(len(field.values))
    if outside:
        above = [field.maximum + 1, field.recordable, dice.randrange(field.maximum + 1, field.recordable + 1)]
        below = [0, field.minimum - 1] if field.minimum else []
        return dice.choice(above + below)
    slots = field.maximum.bit_length() // SLOT_BITS
    candidates = [
        field.minimum,
        field.maximum,
        field.maximum - 1,
        field.minimum + 1,
        1,
        dice.randint(field.minimum, field.maximum),
        edge(dice, field.maximum.bit_length()),
        (1 << SLOT_BITS * dice.randint(0, slots)) + dice.randrange(-1, 2),
    ]
    return min(max(dice.choice(candidates), field.minimum), field.maximum)


def _move_into_window(dice: random.Random, rules: Rules, values: dict[str, int]) -> None:
    """Put most records into a few windows, at their edges."""
    window = rules.window_limit
    if window is None or dice.random() < 0.3:
        return
    field = next(field for field in rules.numbers if field.name == window.time)
    time = dice.randrange(3) * window.length + dice.choice([0, window.length - 1, dice.randrange(window.length)])
    if field.minimum <= time <= field.maximum:
        values[window.time] = time


def in_columns(rows: Sequence[Row], reasons: Sequence[int], rules: Rules) -> Contributions:
    """The records with these reasons, which need not be lawful."""
    count = len(rows)
    keys = np.zeros((8, count), dtype=np.uint32)
    for index, row in enumerate(rows):
        if row.fingerprint is not None:
            keys[:, index] = _key(row.fingerprint)
    numbers = {}
    for field in rules.numbers:
        slots = [[row.values[field.name] >> (SLOT_BITS * k) & 0x3FFF for row in rows] for k in range(field.slots)]
        numbers[field.name] = np.array(slots, dtype=np.uint16).reshape(field.slots, count)
    accounts = [list(row.account.to_bytes(20, "big")) for row in rows]
    return Contributions(
        ids=[_identifier(index) for index in range(count)],
        accounts=np.array(accounts, dtype=np.uint8).reshape(count, 20),
        symbols={
            field.name: np.array([row.values[field.name] for row in rows], dtype=np.uint8) for field in rules.symbols
        },
        numbers=numbers,
        fingerprint_keys=keys,
        reason=np.array(reasons, dtype=np.uint8).reshape(count),
        replaces=np.array(
            [NOT_REPLACING if row.replaces is None else row.replaces for row in rows], dtype=np.int64
        ).reshape(count),
        account_names=[_account_name(row.account) for row in rows],
    )


def in_jsonl(rows: Sequence[Row], reasons: Sequence[int], stated: Sequence[bool], rules: Rules) -> str:
    """The records as a file; `stated`: whether a record's status stands in it."""
    lines = []
    for index, (row, reason, told) in enumerate(zip(rows, reasons, stated, strict=True)):
        record = {"contribution_id": _identifier(index), "account": _account_name(row.account)}
        for field in rules.fields:
            value = row.values[field.name]
            if isinstance(field, SymbolField):
                record[field.name] = STRANGE if value == UNDECLARED else field.values[value]
            else:
                record[field.name] = str(value)
        if row.fingerprint is not None:
            record["fingerprint"] = _fingerprint(row.fingerprint)
        if row.replaces is not None:
            record["replaces"] = _identifier(row.replaces)
        if told:
            record["status"] = "accepted" if reason == ACCEPTED else "rejected"
            if reason != ACCEPTED:
                record["reason"] = rules.reason_names[reason]
        lines.append(json.dumps(record))
    return "".join(f"{line}\n" for line in lines)


def _identifier(index: int) -> str:
    return f"c{index}"


def _account_name(account: int) -> str:
    return f"0x{account:040x}"


def _fingerprint(number: int) -> str:
    return f"{number:08x}"


def _key(number: int) -> list[int]:
    return [int(element) for element in fingerprint_key(bytes.fromhex(_fingerprint(number)))]
