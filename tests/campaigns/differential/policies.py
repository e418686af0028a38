"""Random policies: the text of a policy file, and what its formula means without anybody reading that text."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from tests.campaigns.differential import terms
from tests.campaigns.differential.expressions import ACCOUNTS, Scope, SymbolTable, Writer, edge, names_of
from tests.campaigns.differential.terms import Strength, Term, World
from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.ledger.rules import Rules, WindowLimit
from zkpay.policy.language.tree import Level

MAXIMUM_DEPTH = 8
POOL_BITS = 111

_FIELDS = ("kind", "quantity", "quality", "day", "tokens", "region", "size", "a", "x_1")
_SYMBOLS = ("data", "compute", "model-v2", "evaluation", "A", "0x", "low.risk", "Other_1", "b2")
_LINES = ("points", "score", "reward", "base", "bonus", "step", "level", "rate_of", "u", "v")
_TABLES = ("weight", "factor", "grade")
_NUMBERED = ("steps", "ladder")
_CONSTANTS = ("cap", "unit", "floor_of")
_AMOUNTS = ("price", "fee")
_POOLS = ("data_pool", "compute_pool", "rest_pool")


@dataclass(frozen=True)
class MadePolicy:
    """A policy's file, and everything that the campaign knows of it.

    lines: the terms of the formula by name, `payout` last.
    """

    text: str
    rules: Rules
    pool: int
    lines: dict[str, Term]
    totals: dict[str, Term]

    def values(self, world: World, line: str) -> list[int]:
        """An account-level line's value for every account."""
        return [self.lines[line].meaning(world, account, -1) for account in range(len(world.accounts))]


def random_policy(dice: random.Random) -> MadePolicy:
    """A policy that should be accepted."""
    return _Maker(dice).policy()


class _Maker:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.is_wide = dice.random() < 0.2
        self.rules = _rules(dice, self.is_wide)
        self.decimals = dice.choice([0, 0, 2, 6, 18])
        self.tables = self._tables()
        self.numbered = {
            name: tuple(edge(dice, dice.choice([4, 20, 100])) for _ in range(dice.choice([1, 2, 3, 4, 9, 30])))
            for name in _NUMBERED
            if dice.random() < 0.25
        }
        wide = dice.choice([10, 30, 60, 100])
        self.constants = {name: edge(dice, wide) for name in _CONSTANTS if dice.random() < 0.4}
        self.amounts = {name: edge(dice, wide) for name in _AMOUNTS if dice.random() < 0.3}
        names = _POOLS[: dice.choice([2, 3])] if dice.random() < 0.3 else ()
        self.pools = {name: self._pool() // 3 for name in names}
        self.pool = sum(self.pools.values()) if names else self._pool()

    def _tables(self) -> list[SymbolTable]:
        dice, made = self.dice, []
        symbols = self.rules.symbols
        # A table belongs to the one field that has its keys.
        alone = [f for f in symbols if all(set(f.values) != set(other.values) for other in symbols if other is not f)]
        for name in _TABLES:
            if alone and dice.random() < 0.6:
                field = dice.choice(alone)
                bits = 128 if self.is_wide else dice.choice([1, 8, 14, 15, 30, 70, 128])
                values = tuple(edge(dice, bits) for _ in field.values)
                made.append(SymbolTable(name, field.name, values))
        return made

    def _pool(self) -> int:
        bits = self.dice.choice([10, 20, 60, 90, POOL_BITS])
        return edge(self.dice, bits) if self.dice.random() < 0.4 else self.dice.getrandbits(bits)

    def policy(self) -> MadePolicy:
        lines = self._formula()
        totals = dict(self.writer.scope.totals)
        text = "\n".join([*self._head(), *self._rule_lines(), *self._formula_lines(lines)])
        return MadePolicy(text, self.rules, self.pool, lines, totals)

    # The formula

    def _formula(self) -> dict[str, Term]:
        dice = self.dice
        named = {"pool": self.pool, **self.pools, **self.constants, **self.amounts}
        self.writer = Writer(dice, Scope(
            numbers=[_number_of(field) for field in self.rules.numbers],
            symbols={field.name: field.values for field in self.rules.symbols},
            tables=self.tables,
            numbered=self.numbered,
            constants=[_constant(name, value) for name, value in named.items()],
        ), self.is_wide)  # fmt: skip
        bits = dice.choice([300, 600, 1000]) if self.is_wide else dice.choice([16, 30, 60, 60, 100, 160, 300])
        depth = dice.choice([1, 2, 3, 4, 4, 5, 6, 7, MAXIMUM_DEPTH])
        lines: dict[str, Term] = {}
        for name in names_of(_LINES, dice)[: dice.choice([0, 1, 2, 3, 3, 4, 5, 7])]:
            level = dice.choices([Level.CONTRIBUTION, Level.ACCOUNT, Level.TOTAL, Level.CONSTANT], [5, 5, 1, 0.3])[0]
            holds = level is not Level.CONSTANT and dice.random() < 0.08
            made = self.writer.condition(level, depth) if holds else self._number(level, depth, bits)
            lines[name] = remembered = terms.remembered(made, name)
            self._publish(name, remembered, holds)
        payout = self._payout(depth, bits)
        return {**lines, "payout": terms.remembered(payout, "payout")}

    def _number(self, level: Level, depth: int, bits: int) -> Term:
        if level is Level.TOTAL and self.dice.random() < 0.7:
            return self.writer.total(depth) or self.writer.number(level, depth, bits)
        return self.writer.number(level, depth, bits)

    def _publish(self, name: str, made: Term, holds: bool) -> None:
        """Let later lines read this one."""
        scope, line = self.writer.scope, replace(made, text=name, strength=Strength.CALL)
        if holds:
            scope.conditions.append(line)
        elif made.text in scope.totals or made.text in {known.text for known in scope.total_lines}:
            scope.total_lines.append(line)
        else:
            scope.lines.append(line)

    def _payout(self, depth: int, bits: int) -> Term:
        """Mostly a share of the pool or of pools, at times anything that fits a payout."""
        dice, writer = self.dice, self.writer
        kind = dice.randrange(6)
        if kind < 3:
            pools = [(name, value) for name, value in (self.pools or {"pool": self.pool}).items()]
            parts = [self._part(_constant(name, value), depth) for name, value in pools]
            whole = parts[0]
            for part in parts[1:]:
                whole = terms.add(whole, part)
            return whole
        account = writer.number(Level.ACCOUNT, depth, min(bits, POOL_BITS))
        if kind == 3:
            return terms.minimum(account, writer.literal(self.pool // 40))
        if kind == 4:
            return terms.minimum(account, _constant("pool", self.pool))
        return account

    def _part(self, pool: Term, depth: int) -> Term:
        """pool * score // total(score)"""
        writer = self.writer
        known = [line for line in writer.scope.lines if line.level is Level.ACCOUNT and not line.high >> 200]
        score = self.dice.choice(known) if known and self.dice.random() < 0.7 else None
        if score is None:
            score = writer.number(Level.ACCOUNT, max(depth - 2, 1), 200)
        if score.level is not Level.ACCOUNT or len(score.text) > 500:
            score = writer.aggregated(1, 100)
        totals = writer.scope.totals
        if score.level is not Level.ACCOUNT or (len(totals) >= 16 and f"total({score.text})" not in totals):
            return writer.literal(pool.high // 50)
        divisor = totals.setdefault(f"total({score.text})", terms.total(score, ACCOUNTS))
        return terms.share("//", terms.multiply(pool, score), divisor)

    # The text

    def _head(self) -> list[str]:
        token = f'token = {{ symbol = "T", decimals = {self.decimals} }}'
        lines = ["[policy]", 'name = "campaign"', token]
        if self.pools:
            lines += ["[pools]", *(f'{name} = "{self._amount(value)}"' for name, value in self.pools.items())]
        else:
            lines.append(f'pool = "{self._amount(self.pool)}"')
        lines.append("[fields]")
        for field in self.rules.fields:
            if isinstance(field, SymbolField):
                lines.append(f"{field.name} = {{ values = {_strings(field.values)} }}")
            else:
                minimum = f', min = "{field.minimum}"' if field.minimum else ""
                lines.append(f'{field.name} = {{ max = "{field.maximum}"{minimum} }}')
        if self.tables or self.numbered:
            lines.append("[tables]")
        for table in self.tables:
            symbols = self.writer.scope.symbols[table.field]
            entries = [f'"{symbol}" = {self._natural(v)}' for symbol, v in zip(symbols, table.values, strict=True)]
            self.dice.shuffle(entries)
            lines.append(f"{table.name} = {{ {', '.join(entries)} }}")
        lines += [f"{name} = [{', '.join(map(self._natural, values))}]" for name, values in self.numbered.items()]
        if self.constants:
            lines += ["[constants]", *(f"{name} = {self._natural(value)}" for name, value in self.constants.items())]
        if self.amounts:
            lines += ["[amounts]", *(f'{name} = "{self._amount(value)}"' for name, value in self.amounts.items())]
        return lines

    def _amount(self, base_units: int) -> str:
        """Base units in tokens."""
        whole, part = divmod(base_units, 10**self.decimals)
        return f"{whole}.{part:0{self.decimals}d}" if self.decimals else str(whole)

    def _natural(self, value: int) -> str:
        """A TOML integer, or a string of digits beyond what all readers of TOML take."""
        return str(value) if value < 2**63 and self.dice.random() < 0.7 else f'"{value}"'

    def _rule_lines(self) -> list[str]:
        rules, lines = self.rules, ["[rules]"]
        if rules.unique:
            entries = [_strings(names) if len(names) > 1 else f'"{names[0]}"' for names in rules.unique]
            lines.append(f"unique = [{', '.join(entries)}]")
        limits = []
        if rules.account_limit is not None:
            limits.append(f"account = {rules.account_limit}")
        if rules.window_limit is not None:
            window = rules.window_limit
            length = self._natural(window.length)
            limits.append(f'window = {{ time = "{window.time}", length = {length}, count = {window.count} }}')
        if limits:
            lines.append(f"limit = {{ {', '.join(limits)} }}")
        if rules.corrections:
            lines.append("corrections = true")
        if rules.reasons:
            lines.append(f"reasons = {_strings(rules.reasons)}")
        return lines if len(lines) > 1 else []

    def _formula_lines(self, lines: dict[str, Term]) -> list[str]:
        return ["[formula]", *(f'{name} = "{term.text}"' for name, term in lines.items())]


def _strings(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _number_of(field: NumberField) -> Term:
    name = field.name
    return Term(
        name,
        Strength.CALL,
        field.minimum,
        field.maximum,
        Level.CONTRIBUTION,
        lambda world, account, record: world.accounts[account][record][name],
    )


def _constant(name: str, value: int) -> Term:
    return Term(name, Strength.CALL, value, value, Level.CONSTANT, lambda *_: value)


def _rules(dice: random.Random, is_wide: bool) -> Rules:
    """Fields and rules; wide ones have numbers of up to 128 bits, mostly random and not at an edge."""
    fields: list[Field] = []
    for name in names_of(_FIELDS, dice)[: dice.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 6])]:
        if dice.random() < 0.3:
            values = list(_SYMBOLS)
            dice.shuffle(values)
            fields.append(SymbolField(name, tuple(values[: dice.choice([1, 2, 3, len(values)])])))
        else:
            maximum = edge(dice, dice.choice([1, 4, 14, 15, 16, 20, 28, 32, 64, 128]))
            if is_wide and dice.random() < 0.7:
                maximum = dice.choice([2**128 - 1, 2**127, dice.getrandbits(128), dice.getrandbits(100)])
            minimum = min(edge(dice, 20), maximum) if dice.random() < 0.25 else 0
            fields.append(NumberField(name, maximum, minimum))
    keys = ["account", "fingerprint", *(field.name for field in fields)]
    unique = set()
    for _ in range(dice.choice([0, 0, 0, 1, 1, 2, 3])):
        unique.add(tuple(sorted(dice.sample(keys, min(len(keys), dice.choice([1, 1, 2, 3]))))))
    numbers = [field for field in fields if isinstance(field, NumberField)]
    window = None
    if numbers and dice.random() < 0.25:
        time = dice.choice(numbers)
        length = max(1, edge(dice, min(time.maximum.bit_length() + 1, 60)))
        window = WindowLimit(time.name, length, dice.choice([1, 2, 3]))
    reasons = tuple(dice.sample(["spam", "fraud", "late-again"], dice.choice([0, 0, 1, 2])))
    return Rules(
        fields=tuple(fields),
        unique=tuple(sorted(unique)),
        account_limit=dice.choice([1, 2, 3, 5]) if dice.random() < 0.2 else None,
        window_limit=window,
        corrections=dice.random() < 0.25,
        reasons=reasons,
    )
