"""A policy in words: its lines, its numbers, its rules, an account at work, and what it leaves open (SPEC §8.1).

Everything is generated from the tree and the program that payouts and circuits are made from, so it can't tell
another story than they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zkpay.policy.language.tree import Formula, Level
from zkpay.policy.policy import Policy
from zkpay.policy.tools.example import SHOWN, worked_example
from zkpay.policy.tools.money import money_lines
from zkpay.policy.tools.rule_words import open_risks, rules_in_words
from zkpay.policy.tools.widths import Width, widths
from zkpay.policy.tools.words import in_words


@dataclass(frozen=True)
class ExplainedLine:
    """A line of the formula: what its value is of, its normalised text, that in words, and if it is in base units."""

    name: str
    level: Level
    text: str
    words: str
    money: bool


@dataclass(frozen=True)
class ExampleRecord:
    """A made-up record, and the values of the lines about contributions."""

    values: Mapping[str, int | str]
    lines: Mapping[str, int]


@dataclass(frozen=True)
class ExampleAccount:
    """The example's account: its records, and the values of the lines about accounts and the epoch.

    totals: all totals of the example, in which other accounts' records count too.
    """

    records: tuple[ExampleRecord, ...]
    lines: Mapping[str, int]
    totals: Mapping[str, int]
    payout: int


@dataclass(frozen=True)
class Explanation:
    """numbers: named constants, amounts and pools with their values. widths: for `records` records and accounts."""

    lines: tuple[ExplainedLine, ...]
    numbers: Mapping[str, int]
    tables: Mapping[str, str]
    rules: tuple[str, ...]
    example: ExampleAccount
    widths: tuple[Width, ...]
    records: int
    risks: tuple[str, ...]


def explain(policy: Policy, records: int) -> Explanation:
    """The policy in words; widths are those for at most `records` records and accounts."""
    formula = policy.formula
    money = money_lines(policy)
    lines = tuple(
        ExplainedLine(
            name, line.expression.level, line.expression.text, in_words(line.expression, formula), name in money
        )
        for name, line in formula.lines.items()
    )
    return Explanation(
        lines=lines,
        numbers=dict(formula.constants),
        tables={name: _entries(formula, name) for name in formula.tables},
        rules=tuple(rules_in_words(policy.rules)),
        example=_example(policy),
        widths=widths(policy.program(records, records)),
        records=records,
        risks=tuple(open_risks(policy.rules, formula)),
    )


def _example(policy: Policy) -> ExampleAccount:
    formula = policy.formula
    example = worked_example(policy.rules, formula)
    outcome = example.outcome
    place = outcome.accounts.index(SHOWN)
    of_record: dict[str, list[int]] = {}
    of_account: dict[str, int] = {}
    for name, value in outcome.lines.items():
        if isinstance(value, int):
            of_account[name] = value
        elif formula.lines[name].expression.level is Level.CONTRIBUTION:
            of_record[name] = value
        else:
            of_account[name] = value[place]
    records = tuple(
        ExampleRecord(values, {name: column[index] for name, column in of_record.items()})
        for index, values in enumerate(example.records)
    )
    return ExampleAccount(records, of_account, outcome.totals, outcome.payouts[place])


def _entries(formula: Formula, name: str) -> str:
    """A table's entries by symbol or number."""
    table = formula.tables[name]
    field = next((field for field in formula.fields if field.name == table.field), None)
    keys = getattr(field, "values", range(len(table.values)))
    return ", ".join(f"{key} {value:,}" for key, value in zip(keys, table.values, strict=True))
