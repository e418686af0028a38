"""A few made-up records to show a formula at work on, computed by its definition (SPEC §8.1.3)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.ledger.rules import Rules
from zkpay.policy.language.definition import Outcome, Record, evaluate
from zkpay.policy.language.tree import Formula
from zkpay.policy.tools.rule_words import used_names

SHOWN: Final = bytes(20)
"""The account of the example."""
_OTHERS: Final = bytes([255] * 20)

_TENTHS: Final = (9, 7, 4, 10, 6, 8)
"""The records' sizes against one another; the first three are the example's account's."""
_SHOWN_RECORDS: Final = 3

_SCALES: Final = (100, 10_000)
"""Maxima of fields that look like a scale, on which most values lie high."""
_FEW: Final = 10
_SOME_TIME: Final = 1_754_006_400
"""Some day of 2025 in seconds since 1970."""
_STEP: Final = 600

_MAX_TRIES: Final = 100


@dataclass(frozen=True)
class Example:
    """Records of the shown account (names of symbols in the place of codes), and all values of the formula."""

    records: list[dict[str, int | str]]
    outcome: Outcome


def worked_example(rules: Rules, formula: Formula) -> Example:
    """Three records of one account, beside three of all others, with sizes that earn something if any do."""
    tries = itertools.islice(itertools.product((1, 0, 2), repeat=len(rules.numbers)), _MAX_TRIES)
    best: Example | None = None
    for sizes in tries:
        example = _example(rules, formula, dict(zip((field.name for field in rules.numbers), sizes, strict=True)))
        if best is None or example.outcome.payouts[0] > 0:
            best = example
        if example.outcome.payouts[0] > 0:
            break
    if best is None:
        raise ValueError("product() of nothing is one empty tuple")
    return best


def _example(rules: Rules, formula: Formula, sizes: dict[str, int]) -> Example:
    own = used_names(rules)
    window = rules.window_limit
    records = []
    for index in range(len(_TENTHS)):
        values = {}
        for field in rules.fields:
            if isinstance(field, SymbolField):
                values[field.name] = index % len(field.values)
            elif window is not None and field.name == window.time:
                values[field.name] = _within(min(_SOME_TIME, field.maximum // 2) + index * _STEP, field)
            elif field.name in own:
                values[field.name] = _within(field.minimum + index + 1, field)
            else:
                values[field.name] = _plausible(field, index, sizes[field.name])
        records.append(Record(SHOWN if index < _SHOWN_RECORDS else _OTHERS, values))
    symbols = {field.name: field.values for field in rules.symbols}
    shown: list[dict[str, int | str]] = [
        {name: symbols[name][value] if name in symbols else value for name, value in record.values.items()}
        for record in records[:_SHOWN_RECORDS]
    ]
    return Example(shown, evaluate(formula, records))


def _plausible(field: NumberField, index: int, size: int) -> int:
    """A value for record `index`: least ones for size 0, typical ones for 1, large ones for 2."""
    span = field.maximum - field.minimum
    tenths = _TENTHS[index]
    if size == 0:
        return _within(field.minimum + index % 2, field)
    if size == 2:
        return field.minimum + span * tenths // 10
    if field.maximum in _SCALES:
        return field.minimum + span * (10 + tenths) // 20
    typical = span if span <= _FEW else _rounded(math.isqrt(span))
    return _within(field.minimum + typical * tenths // 10, field)


def _rounded(value: int) -> int:
    """One significant digit, rounded down."""
    unit: int = 10 ** (len(str(value)) - 1)
    return value // unit * unit


def _within(value: int, field: NumberField) -> int:
    return max(field.minimum, min(value, field.maximum))
