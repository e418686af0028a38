"""Random expressions that the language should take: typed, of the level asked for, within bounds.

Everything that could be negative, divide by zero or miss a table is written in one of the ways in which the
language can see that it doesn't: by bounds, by structure, or behind a guard. So nearly all of what is written is
accepted, and a refusal is worth a look.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tests.campaigns.differential import terms
from tests.campaigns.differential.terms import Strength, Term
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.policy.language.tree import Level

RECORDS, ACCOUNTS = MAX_CONTRIBUTIONS, MAX_ACCOUNTS
"""Bounds of sums and totals are worked out for this many records and accounts."""
MAXIMUM_TOTALS = 16
TOTAL_BITS = 250
TOTAL_TEXT = 500

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class SymbolTable:
    """A table by the symbols of a field."""

    name: str
    field: str
    values: tuple[int, ...]


@dataclass
class Scope:
    """What an expression may name. symbols: the values of each symbol field, in code order. Terms by level."""

    numbers: list[Term]
    symbols: dict[str, tuple[str, ...]]
    tables: list[SymbolTable]
    numbered: dict[str, tuple[int, ...]]
    constants: list[Term]
    lines: list[Term] = field(default_factory=list)
    conditions: list[Term] = field(default_factory=list)
    total_lines: list[Term] = field(default_factory=list)
    totals: dict[str, Term] = field(default_factory=dict)


def edge(dice: random.Random, bits: int) -> int:
    """A natural below 2^bits, near a power of two, a limb's edge or a power of ten more often than not."""
    if bits < 1:
        return 0
    wide = dice.randrange(bits + 1)
    chosen = dice.choice(
        [
            dice.randrange(4),
            (1 << wide) - 1,
            1 << wide,
            (1 << 14 * (wide // 14)) + dice.randrange(-1, 2),
            10 ** (wide * 3 // 10),
            dice.getrandbits(max(wide, 1)),
        ]
    )
    return min(max(chosen, 0), (1 << bits) - 1)


class Writer:
    """Writes expressions about the names of a scope; all chance comes from `dice`. Wide ones multiply a lot."""

    def __init__(self, dice: random.Random, scope: Scope, is_wide: bool = False) -> None:
        self.dice = dice
        self.scope = scope
        self.is_wide = is_wide

    # Leaves

    def literal(self, value: int) -> Term:
        """A number as written, with `_` at times."""
        text = f"{value:_}" if self.dice.random() < 0.2 else str(value)
        return Term(text, Strength.CALL, value, value, Level.CONSTANT, lambda *_: value)

    def constant(self, bits: int) -> Term:
        """A literal or a name with a fixed value, below 2^bits."""
        named = [term for term in self.scope.constants if term.high < 1 << bits]
        if named and self.dice.random() < 0.4:
            return self.dice.choice(named)
        return self.literal(edge(self.dice, min(bits, 100)))

    def leaf(self, level: Level, bits: int) -> Term:
        """A field, an entry, a line or a constant; of `level` where there is one below 2^bits."""
        fitting = [term for term in self.named(level) if term.high < 1 << bits]
        if level is Level.ACCOUNT and (not fitting or self.dice.random() < 0.7):
            made = self.aggregated(1, bits)
            if made.high < 1 << bits:
                return made
        if fitting and self.dice.random() < 0.85:
            fitting.sort(key=lambda term: term.high)
            return fitting[-1] if self.is_wide and self.dice.random() < 0.5 else self.dice.choice(fitting)
        return self.constant(bits)

    def named(self, level: Level) -> list[Term]:
        """All terms of exactly that level which are a name or an entry of a table."""
        found = [line for line in self.scope.lines if line.level is level]
        if level is Level.CONTRIBUTION:
            found += self.scope.numbers
            found += [self.entry(table) for table in self.scope.tables]
        if level is Level.TOTAL:
            found += [term for term in self.scope.totals.values() if self.dice.random() < 0.5]
        return found

    def entry(self, table: SymbolTable) -> Term:
        """table[field]"""
        values, name = table.values, table.field
        return Term(
            f"{table.name}[{name}]",
            Strength.CALL,
            min(values),
            max(values),
            Level.CONTRIBUTION,
            lambda world, account, record: values[world.accounts[account][record][name]],
        )

    def constant_entry(self) -> Term | None:
        """table[value], fixed."""
        if not self.scope.tables:
            return None
        table = self.dice.choice(self.scope.tables)
        code = self.dice.randrange(len(table.values))
        value = table.values[code]
        text = f"{table.name}[{spelled(self.scope.symbols[table.field][code], self.dice)}]"
        return Term(text, Strength.CALL, value, value, Level.CONSTANT, lambda *_: value)

    # Numbers

    def number(self, level: Level, depth: int, bits: int) -> Term:
        """A number of at most that level and below 2^bits, nested at most `depth` deep."""
        made = self._number(level, depth, bits)
        if made.high >> bits:
            made = terms.minimum(made, self.constant(bits))
        if self.dice.random() < 0.05 and made.strength < Strength.CALL:
            made = replace(made, text=f"({made.text})", strength=Strength.CALL)
        return made

    def _number(self, level: Level, depth: int, bits: int) -> Term:
        if depth <= 0 or self.dice.random() < 0.1:
            return self.leaf(level, bits)
        choices: list[tuple[Callable[[Level, int, int], Term], int]] = [
            (self._add, 3),
            (self._multiply, 20 if self.is_wide else 4),
            (self._difference, 4),
            (self._quotient, 4),
            (self._extreme, 3),
            (self._clamp, 2),
            (self._root, 2),
            (self._conditional, 3),
            (self._tiers, 2),
            (self._entry, 2),
            (self._share, 2),
        ]
        if level is Level.ACCOUNT:
            choices.append((self._aggregate, 6))
        makers, weights = zip(*choices, strict=True)
        maker: Callable[[Level, int, int], Term] = self.dice.choices(makers, weights)[0]
        return maker(level, depth - 1, bits)

    def _inner(self, level: Level) -> Level:
        """The level of an operand: mostly the same, at times a total's or a constant."""
        return self.dice.choices([level, Level.TOTAL, Level.CONSTANT], [10, 1, 1])[0] if level else level

    def _add(self, level: Level, depth: int, bits: int) -> Term:
        return terms.add(
            self.number(self._inner(level), depth, max(bits - 1, 1)), self.number(level, depth, max(bits - 1, 1))
        )

    def _multiply(self, level: Level, depth: int, bits: int) -> Term:
        first = bits // 2 if self.is_wide else self.dice.randrange(1, max(bits, 2))
        factors = [
            self.number(self._inner(level), depth, first),
            self.number(level, depth, max(bits - first, 1)),
        ]
        self.dice.shuffle(factors)
        return terms.multiply(*factors)

    def _difference(self, level: Level, depth: int, bits: int) -> Term:
        dice = self.dice
        x = self.number(level, depth, bits)
        y = self.number(self._inner(level), depth - 1, bits)
        if len(x.text) + len(y.text) > 300:
            return terms.add(x, y)
        kind = dice.randrange(8)
        if kind == 0:
            return terms.subtract(x, terms.minimum(*dice.sample([x, y], 2)), x.high)
        if kind == 1:
            return terms.subtract(terms.maximum(*dice.sample([x, y], 2)), y, max(x.high, y.high))
        if kind == 2:
            # (x + y) - x
            return terms.subtract(terms.add(*dice.sample([x, y], 2)), x, y.high)
        if kind == 3:
            return terms.subtract(x, terms.divide(x, self.literal(dice.randrange(1, 50))), x.high)
        if kind == 4:
            return terms.subtract(x, terms.remainder(x, self.literal(dice.randrange(1, 1000))), x.high)
        if kind == 5:
            whole = dice.choice([2, 3, 100, 10_000, 2**14, 2**15])
            part = terms.multiply(x, self.literal(dice.randrange(whole + 1)))
            return terms.subtract(x, terms.divide(part, self.literal(whole)), x.high)
        if kind == 6:
            # What follows from bounds alone.
            above = min(x.high + dice.choice([0, 0, 1, edge(dice, 14)]), 2**128 - 1)
            if above >= x.high:
                return terms.subtract(self.literal(above), x)
        return self._guarded_difference(x, y, self.number(level, depth - 1, bits))

    def _guarded_difference(self, x: Term, y: Term, other: Term) -> Term:
        dice = self.dice
        difference = terms.subtract(x, y, x.high)
        holds = dice.choice(
            [
                terms.compare(x, ">=", y),
                terms.compare(y, "<=", x),
                terms.compare(x, ">", y),
                terms.compare(y, "<", x),
                terms.compare(x, "==", y),
                terms.negation(terms.compare(x, "<", y)),
            ]
        )
        fails = dice.choice([terms.compare(x, "<", y), terms.compare(y, ">", x), terms.compare(x, "<=", y)])
        kind = dice.randrange(4)
        if kind == 0:
            return terms.conditional(fails, other, difference)
        if kind == 1:
            extra = self.condition(max(x.level, y.level), 1)
            return terms.conditional(terms.both(*dice.sample([holds, extra], 2)), difference, other)
        if kind == 2:
            beyond = terms.compare(difference, dice.choice(COMPARISONS), other)
            chosen = dice.choice([terms.both(holds, beyond), terms.either(fails, beyond)])
            return terms.conditional(chosen, x, other)
        return terms.conditional(holds, difference, other)

    def _quotient(self, level: Level, depth: int, bits: int) -> Term:
        dice = self.dice
        x = self.number(level, depth, min(bits + dice.choice([0, 0, 10, 30]), 600))
        divide = dice.choice([terms.divide, terms.divide, terms.remainder, terms.round_div, terms.ceil_div])
        kind = dice.randrange(4)
        if kind == 0:
            return divide(x, self.literal(max(1, edge(dice, dice.choice([4, 14, 15, 16, 30, 90])))))
        if kind == 1:
            power = 1 << dice.randrange(40)
            return divide(x, self.literal(max(1, power + dice.randrange(-1, 2))))
        y = self.number(level, depth - 1, min(bits, dice.choice([8, 14, 60])))
        if kind == 2:
            at_least_one = dice.choice([terms.add(y, self.literal(1)), terms.maximum(y, self.literal(1))])
            return divide(x, at_least_one)
        zero, other = self.literal(0), self.number(level, depth - 1, bits)
        above = dice.choice(
            [
                terms.compare(y, ">", zero),
                terms.compare(zero, "<", y),
                terms.compare(y, ">=", self.literal(1)),
                terms.compare(y, "!=", zero),
                terms.negation(terms.compare(y, "==", zero)),
            ]
        )
        none = dice.choice([terms.compare(y, "==", zero), terms.compare(y, "<", self.literal(1))])
        made = divide(x, y)
        shape = dice.randrange(3)
        if shape == 0:
            return terms.conditional(above, made, other)
        if shape == 1:
            return terms.conditional(none, other, made)
        beyond = terms.compare(made, dice.choice(COMPARISONS), other)
        return terms.conditional(dice.choice([terms.both(above, beyond), terms.either(none, beyond)]), x, other)

    def _extreme(self, level: Level, depth: int, bits: int) -> Term:
        count = self.dice.choice([2, 2, 2, 3, 4])
        chosen = [self.number(level if k == 0 else self._inner(level), depth - (k > 1), bits) for k in range(count)]
        self.dice.shuffle(chosen)
        return terms.maximum(*chosen) if self.dice.random() < 0.5 else terms.minimum(*chosen)

    def _clamp(self, level: Level, depth: int, bits: int) -> Term:
        low, high = sorted((edge(self.dice, min(bits, 60)), edge(self.dice, min(bits, 60))))
        if self.dice.random() < 0.6:
            return terms.clamp(self.number(level, depth, bits), self.literal(low), self.literal(high))
        return terms.clamp(
            self.number(level, depth, bits), self.number(level, depth - 2, bits), self.number(level, depth - 2, bits)
        )

    def _root(self, level: Level, depth: int, bits: int) -> Term:
        return terms.root(self.number(level, depth, min(2 * bits, 500)))

    def _conditional(self, level: Level, depth: int, bits: int) -> Term:
        return terms.conditional(
            self.condition(level, depth), self.number(level, depth, bits), self.number(self._inner(level), depth, bits)
        )

    def _tiers(self, level: Level, depth: int, bits: int) -> Term:
        dice = self.dice
        rate_bits = min(dice.choice([1, 3, 7, 20]), max(bits // 2, 1))
        x = self.number(level, depth, max(bits - rate_bits - 2, 1))
        near = min(max(x.high.bit_length(), 1), 127)
        bounds = sorted({max(1, edge(dice, near)) for _ in range(dice.randrange(1, 4))})
        slices = []
        for bound in bounds:
            rate = self.literal(edge(dice, rate_bits))
            slices.append((bound, self.literal(bound).text, rate.high, rate.text))
        last = self.literal(edge(dice, rate_bits))
        return terms.tiers(x, slices, (last.high, last.text) if dice.random() < 0.7 else None)

    def _entry(self, level: Level, depth: int, bits: int) -> Term:
        dice = self.dice
        fixed = self.constant_entry()
        if not self.scope.numbered or (fixed is not None and dice.random() < 0.2):
            return fixed or self.leaf(level, bits)
        name = dice.choice(list(self.scope.numbered))
        values = self.scope.numbered[name]
        length = self.literal(len(values))
        x = self.number(level, depth - 1, dice.choice([3, 14, 30]))
        # The language refuses a constant index beyond the table wherever it stands.
        kind = dice.randrange(4) if x.level is not Level.CONSTANT else 0
        if kind == 0:
            return terms.by_number(name, values, terms.minimum(x, self.literal(len(values) - 1)))
        if kind == 1:
            return terms.by_number(name, values, terms.remainder(x, length))
        if kind == 2:
            return terms.conditional(
                terms.compare(x, "<", length), terms.by_number(name, values, x), self.number(level, depth - 1, bits)
            )
        other = self.number(level, depth - 1, bits)
        return terms.conditional(terms.compare(x, ">=", length), other, terms.by_number(name, values, x))

    # Across levels

    def total(self, depth: int) -> Term | None:
        """total(...), a new one while there may be more, or None where there is none."""
        known = self.scope.totals
        if len(known) < MAXIMUM_TOTALS and (not known or self.dice.random() < 0.5):
            inside = self.number(Level.ACCOUNT, min(depth, 3), self.dice.choice([20, 60, TOTAL_BITS - 20]))
            if inside.level is Level.ACCOUNT and len(inside.text) < TOTAL_TEXT and not inside.high >> (TOTAL_BITS - 20):
                made = terms.total(inside, ACCOUNTS)
                known.setdefault(made.text, made)
        return self.dice.choice(list(known.values())) if known else None

    def _share(self, level: Level, depth: int, bits: int) -> Term:
        lines = self.scope.total_lines
        divisor = self.dice.choice(lines) if lines and self.dice.random() < 0.5 else self.total(depth - 1)
        x = self.number(level, depth, bits)
        if divisor is None:
            return x
        return terms.share(self.dice.choice(["//", "//", "%", "round_div", "ceil_div"]), x, divisor)

    def _aggregate(self, level: Level, depth: int, bits: int) -> Term:
        return self.aggregated(depth, bits)

    def aggregated(self, depth: int, bits: int) -> Term:
        """An aggregate over an account's records."""
        dice = self.dice
        kind = dice.choice(["sum", "sum", "sum", "count", "min", "max"])
        condition = self.condition(Level.CONTRIBUTION, depth) if dice.random() < 0.4 else None
        if condition is not None and condition.level is not Level.CONTRIBUTION:
            condition = None
        if kind == "count":
            return terms.count(condition, RECORDS)
        value = self.number(Level.CONTRIBUTION, depth, max(bits - 20, 1) if kind == "sum" else bits)
        if value.level is not Level.CONTRIBUTION:
            return terms.count(condition, RECORDS)
        return terms.aggregate(kind, value, condition, RECORDS)

    # Conditions

    def condition(self, level: Level, depth: int) -> Term:
        """A condition of at most that level."""
        dice = self.dice
        if depth > 0 and dice.random() < 0.35:
            kind = dice.randrange(3)
            if kind == 2:
                return terms.negation(self.condition(level, depth - 1))
            parts = [self.condition(level, depth - 1), self.condition(level, depth - 1)]
            return terms.both(*parts) if kind else terms.either(*parts)
        known = [term for term in self.scope.conditions if term.level in (level, Level.TOTAL)]
        if known and dice.random() < 0.2:
            return dice.choice(known)
        if level is Level.CONTRIBUTION and self.scope.symbols and dice.random() < 0.5:
            return self.is_symbol()
        bits = dice.choice([1, 8, 14, 15, 28, 64, 130])
        x = self.number(level, depth - 1, bits)
        y = self.constant(x.high.bit_length() + 1) if dice.random() < 0.5 else self.number(level, depth - 1, bits)
        left, right = dice.sample([x, y], 2)
        return terms.compare(left, dice.choice(COMPARISONS), right)

    def is_symbol(self) -> Term:
        """field == value or field != value."""
        dice = self.dice
        name = dice.choice(list(self.scope.symbols))
        code = dice.randrange(len(self.scope.symbols[name]))
        same = dice.random() < 0.7
        return Term(
            f"{name} {'==' if same else '!='} {spelled(self.scope.symbols[name][code], dice)}",
            Strength.COMPARISON,
            0,
            1,
            Level.CONTRIBUTION,
            lambda world, account, record: int((world.accounts[account][record][name] == code) == same),
        )


def spelled(symbol: str, dice: random.Random) -> str:
    """A symbol in a formula: a plain name as it is or quoted, anything else quoted."""
    plain = symbol.isidentifier() and symbol.islower()
    return symbol if plain and dice.random() < 0.8 else f"'{symbol}'"


def names_of(prefixes: Sequence[str], dice: random.Random) -> list[str]:
    """The names in a random order, some with a number behind."""
    chosen = [name + dice.choice(["", "", "_2", "7"]) for name in prefixes]
    dice.shuffle(chosen)
    return chosen
