"""Formulas of tests: some fields and tables, a parser's short hand, and random lines over them."""

from collections.abc import Mapping
from random import Random

import numpy as np

from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.policy.language.columns import Columns
from zkpay.policy.language.definition import Record
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.program import Node, Program
from zkpay.policy.language.tree import Formula, FormulaFault, FormulaFaults, Table

FIELDS = (
    SymbolField("kind", ("data", "compute", "model")),
    NumberField("quantity", 1000),
    NumberField("quality", 12, 3),
    NumberField("wide", 2**127 + 5),
)
TABLES = {
    "weight": Table("weight", "kind", (3, 5, 40)),
    "share": Table("share", None, (3, 3, 2, 1)),
}
CONSTANTS = {"pool": 10**20, "cap": 2_000}
MANY = 2**20


def formula_of(**lines: str) -> Formula:
    """A formula; its payout is a constant if the lines don't say it."""
    named = lines if "payout" in lines else {**lines, "payout": "1"}
    return parse_formula(named, FIELDS, TABLES, CONSTANTS)


def program_of(records: int = MANY, /, **lines: str) -> Program:
    return lower(formula_of(**lines), records, records)


def node_of(text: str, **lines: str) -> Node:
    """The node of a line `x` with this text, below the given lines."""
    return program_of(**lines, x=text).lines["x"]


def bounds_of(text: str, **lines: str) -> tuple[int, int]:
    node = node_of(text, **lines)
    return node.low, node.high


def faults_of(**lines: str) -> tuple[FormulaFault, ...]:
    formula = formula_of(**lines)
    try:
        lower(formula, MANY, MANY)
    except FormulaFaults as found:
        return found.faults
    return ()


def columns_of(program: Program, records: list[Record], cls: type[Columns] = Columns) -> Columns:
    """The program's values over the records."""
    names = sorted({record.account for record in records})
    return cls(
        program,
        {name: _column([record.values[name] for record in records]) for name in ("quantity", "quality", "wide")},
        {"kind": np.array([record.values["kind"] for record in records], dtype=np.uint8)},
        np.array([names.index(record.account) for record in records], dtype=np.int64),
        len(names),
    )


def _column(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64 if max(values, default=0) < 2**62 else object)


def random_records(dice: Random, count: int) -> list[Record]:
    """Records of up to three accounts, most values at an edge of their field."""

    def value(low: int, high: int) -> int:
        return dice.choice([low, high, dice.randint(low, high), min(high, low + dice.randrange(6))])

    return [
        Record(
            bytes([dice.randrange(3)]) * 20,
            {
                "kind": dice.randrange(3),
                "quantity": value(0, 1000),
                "quality": value(3, 12),
                "wide": value(0, 2**127 + 5),
            },
        )
        for _ in range(count)
    ]


class RandomLines:
    """Lines of contributions c0, c1 and of accounts a0, a1, and a payout; many of them are refused."""

    def __init__(self, seed: int) -> None:
        self._dice = Random(seed)
        self._levels: dict[str, str] = {}
        self.lines: dict[str, str] = {}
        for level in "ca":
            for count in range(self._dice.randrange(3)):
                self._add(f"{level}{count}", level, self._dice.randrange(1, 5))
        self._add("payout", "a", self._dice.randrange(1, 6))

    def _add(self, name: str, level: str, depth: int) -> None:
        self.lines[name] = self._number(level, depth)
        self._levels[name] = level

    def _leaf(self, level: str) -> str:
        options = [str(self._dice.choice([0, 1, 2, 3, 7, 10, 100, 2**62, 2**64 + 1, self._dice.randrange(5000)]))]
        options += [name for name, of in self._levels.items() if of == level] * 2
        if level == "c":
            options += ["quantity", "quality", "wide", "weight[kind]"] * 2
        else:
            options += ["count()", f"sum({self._record()})", f"max({self._record()})"] * 2
        return self._dice.choice(options)

    def _record(self) -> str:
        return self._dice.choice(["quantity", "quality", "wide", "weight[kind]"])

    def _number(self, level: str, depth: int) -> str:
        if depth <= 0 or self._dice.random() < 0.15:
            return self._leaf(level)
        a, b, d = (self._number(level, depth - 1) for _ in range(3))
        small = self._number(level, depth - 2)
        holds = self._condition(level, depth - 1)
        options = [
            f"({a} + {b})",
            f"({a} * {small})",
            *self._differences(a, b, d, holds),
            *self._quotients(a, b, d, holds),
            f"min({a}, {b})",
            f"max({a}, {b}, {d})",
            f"clamp({a}, {b}, {d})",
            f"isqrt({a})",
            f"({a} if {holds} else {b})",
            f"tiers({a}, [(5, {small}), (100, 2), ({self._dice.choice(['rest', '1000'])}, {small})])",
            f"share[min({a}, 3)]",
            f"(share[{a}] if {a} < {self._dice.choice([3, 4])} else 9)",
        ]
        if level == "a":
            options += self._aggregates(depth) * 4 + self._shares(a, b) * 4
        return self._dice.choice(options)

    def _differences(self, a: str, b: str, d: str, holds: str) -> Mapping[str, None]:
        return dict.fromkeys(
            [
                f"({a} - min({a}, {b}))",
                f"(max({a}, {b}) - {b})",
                f"({a} - {a} * 2 // 3)",
                f"({a} + {b} - {b})",
                f"({a} - {a} % max({b}, 1))",
                f"({a} - {b} if {a} >= {b} else {d})",
                f"({d} if {a} < {b} else {a} - {b})",
                f"({a} - {b} - 1 if {a} > {b} else 1)",
                f"({d} if {a} >= {b} and {holds} and {a} - {b} > 3 else 2)",
            ]
        )

    def _quotients(self, a: str, b: str, d: str, holds: str) -> Mapping[str, None]:
        divided = self._dice.choice([f"{a} // {b}", f"{a} % {b}", f"round_div({a}, {b})", f"ceil_div({a}, {b})"])
        return dict.fromkeys(
            [
                f"({a} {self._dice.choice(['//', '%'])} max({b}, {self._dice.choice([1, 2, 5])}))",
                f"({divided} if {b} > 0 else {d})",
                f"({d} if {b} == 0 else {divided})",
                f"({divided} if {b} > 2 and {holds} else 1)",
                f"(1 if {b} != 0 and {divided} > 3 else 0)",
            ]
        )

    def _aggregates(self, depth: int) -> list[str]:
        x, holds = self._number("c", depth - 1), self._condition("c", depth - 2)
        name = self._dice.choice(["sum", "min", "max"])
        return [f"{name}({x} if {holds})", f"count({holds})"]

    def _shares(self, a: str, b: str) -> list[str]:
        x = self._dice.choice([a, f"{b} * {a}", b])
        return [f"({x} // total({a}))", f"({x} % total({a}))", f"round_div({x}, total({a}))"]

    def _condition(self, level: str, depth: int) -> str:
        if depth <= 0 or self._dice.random() < 0.4:
            if level == "c" and self._dice.random() < 0.4:
                return f"kind {self._dice.choice(['==', '!='])} {self._dice.choice(['data', 'model'])}"
            sign = self._dice.choice(["<", "<=", ">", ">=", "==", "!="])
            return f"{self._number(level, min(depth, 1))} {sign} {self._number(level, min(depth, 1))}"
        a, b = self._condition(level, depth - 1), self._condition(level, depth - 1)
        return self._dice.choice([f"({a} and {b})", f"({a} or {b})", f"not ({a})"])
