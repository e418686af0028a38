"""Limbs that need no look-up of their own because of what else is demanded of the number.

Two limbs that everything reads as one, low + 2^w * high, where no other limb stands above them: the number's own lines
leave that one the value it has, so it doesn't matter how it is cut. And a highest limb that is compared with a
constant: the difference is looked up, so the limb is small enough for its lines to hold over the integers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.campaigns.deletion.lies.choices import comparison_width
from tests.campaigns.deletion.reasons.implied import Plans, with_carries
from tests.campaigns.deletion.reasons.openings import coefficient_of
from tests.campaigns.deletion.reasons.unreachable import constants
from zkpay.circuits.bounds import PAYOUT, Bounds
from zkpay.circuits.gadgets.arithmetic import Columns, Defined, Divided
from zkpay.circuits.gadgets.carry import Plan
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.totals.air import limb_name
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Linear, Product, constant, linear, read
from zkpay.stark.field import P

NAME: Final = re.compile(r"(\w+)/(.+)\[(\d+)\] has (\d+) bits")
TRIALS: Final = 8
JOINED: Final = (
    "Everything reads this limb and its neighbour as one number, also where rows are added up, and the line that "
    "defines it leaves that number no choice: only the same in other limbs is left."
)
COMPARED: Final = (
    "This highest limb is compared with a constant: it is equal, or the difference is looked up. So it is small enough "
    "for the lines of its number to hold over the integers, with other limbs in range, and is what it ought to be."
)


BOUNDED: Final = (
    "The one line that defines this limb bounds it, whatever the other limbs are, and with it the lines that read it: "
    "they hold over the integers, and nothing else reads it, so that only the same number in other limbs is left."
)


class _Chance:
    """Reads an expression where each column and public scalar is any element; two of them may be told."""

    def __init__(self, dice: random.Random, told: Mapping[str, int]) -> None:
        self.dice, self.known = dice, dict(told)

    def _any(self, name: str) -> int:
        if name not in self.known:
            self.known[name] = self.dice.randrange(P)
        return self.known[name]

    def constant(self, value: int) -> int:
        return value % P

    def public(self, name: str) -> int:
        return self._any(f"public {name}")

    def column(self, column: Column) -> int:
        return self._any(column.name if not column.rotation else f"next {column.name}")

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        return (constant + sum((self.public(c) if isinstance(c, str) else c) * v for c, v in terms)) % P

    def product(self, left: int, right: int) -> int:
        return left * right % P


def reads_as_one(expression: Expression, low: str, high: str, width: int) -> bool:
    """Whether low + 2^width * high is all that an expression reads of two columns, tried on random elements."""
    dice = random.Random(f"{low}/{high}")
    for _ in range(TRIALS):
        below, above, moved = dice.randrange(P), dice.randrange(P), dice.randrange(P)
        one = _Chance(dice, {low: below, high: above})
        first = read(expression, one, {})
        other = _Chance(dice, one.known | {low: (below + (moved << width)) % P, high: (above - moved) % P})
        if read(expression, other, {}) != first:
            return False
    return True


@dataclass(frozen=True)
class Pair:
    """Two neighbouring limbs of a table, `width` bits apart."""

    table: str
    low: str
    high: str
    width: int


def why_joined(bounds: Bounds, plans: Plans, tables: Mapping[str, Table], name: str) -> str | None:
    """Why a limb that is read together with its neighbour needs no look-up; None if it may need one."""
    found = re.fullmatch(NAME, name)
    part = None if found is None else _defined(tables.get(found[1]), f"{found[2]}[{found[3]}]")
    if found is None or part is None or len(part.columns) < 2:
        return None
    count = len(part.columns)
    if int(found[3]) < count - 2:
        return None
    low, high = (column.name for column in part.columns[-2:])
    pair = Pair(found[1], low, high, part.widths[-2])
    most = ((1 << sum(part.widths[-2:])) - 1) * max(bounds.records, bounds.accounts)
    plan = plans[found[1], found[2]]
    if most >= P or not _has_no_choice(plan, pair, [column.name for column in part.columns[:-2]]):
        return None
    return JOINED if all(_is_read_as_one(tables, other) for other in (pair, *_added_up(bounds, pair))) else None


def _defined(table: Table | None, column: str) -> Columns | None:
    """The number of which a column is a limb, if it is a sum of others."""
    for gadget in table.gadgets if table is not None else ():
        if isinstance(gadget, Defined) and column in [held.name for held in gadget.result.columns]:
            # A slack is proved not to be negative by its limbs alone.
            return gadget.result if " slack[" not in column else None
    return None


def _has_no_choice(plan: Plan, pair: Pair, below: list[str]) -> bool:
    """Whether one line begins with both limbs, those below stand in the lines before, and none in those that follow."""
    lines = [Linear(line.terms, 0) for line in plan.lines]
    held = [{column.name: column for column in _columns(line)} for line in lines]
    with_pair = [k for k, names in enumerate(held) if pair.low in names or pair.high in names]
    with_others = [k for k, names in enumerate(held) if not names.keys().isdisjoint(below)]
    if len(with_pair) != 1 or max(with_others, default=-1) >= with_pair[0]:
        return False
    return coefficient_of(lines[with_pair[0]], held[with_pair[0]][pair.low]) == -1


def _columns(expression: Expression) -> Iterator[Column]:
    if isinstance(expression, Column):
        yield expression
    for name in ("left", "right"):
        if hasattr(expression, name):
            yield from _columns(getattr(expression, name))
    for _, part in getattr(expression, "terms", ()):
        yield from _columns(part)


def _is_read_as_one(tables: Mapping[str, Table], pair: Pair) -> bool:
    table = tables[pair.table]
    if pair.table in ("contributions", "payouts") and pair.low.startswith(f"{PAYOUT}["):
        # Three limbs make an element of the leaf.
        if int(pair.low.removeprefix(f"{PAYOUT}[")[:-1]) % 3 == 2:
            return False
    names = {f"{pair.table}/{limb} is " for limb in (pair.low, pair.high)}
    return all(
        reads_as_one(constraint.expression, pair.low, pair.high, pair.width)
        for constraint in table.constraints
        if not any(constraint.name.startswith(name) for name in names)
    )


def _added_up(bounds: Bounds, pair: Pair) -> Iterator[Pair]:
    """The columns that hold sums of both limbs over rows."""
    title = pair.low.rpartition("[")[0]
    first, second = (limb[len(title) :] for limb in (pair.low, pair.high))
    for aggregate in bounds.aggregates:
        if pair.table == "contributions" and aggregate.argument is not None and aggregate.argument.name == title:
            yield Pair("payouts", f"{aggregate.name}{first}", f"{aggregate.name}{second}", pair.width)
    for total in bounds.totals:
        if pair.table == "payouts" and total.name in (title, f"total({title})"):
            low, high = (limb_name(total, int(limb[1:-1])) for limb in (first, second))
            yield Pair("totals", low, high, pair.width)


def why_held(plans: Plans, table: Table, name: str) -> str | None:
    """Why a highest limb that is compared with a constant needs no look-up; None if it may need one."""
    found = re.fullmatch(NAME, name)
    if found is None:
        return None
    title, limb, maximum = found[2], f"{found[2]}[{found[3]}]", (1 << int(found[4])) - 1
    for gadget in table.gadgets:
        if not isinstance(gadget, Comparison) or gadget.flag is None:
            continue
        side, fixed = (gadget.left, constants(gadget.right)) if constants(gadget.right) else (gadget.right, None)
        fixed = fixed or constants(gadget.left)
        top = side[-1]
        if fixed is None or not isinstance(top, Column) or top.name != limb or not _is_highest(table, top):
            continue
        # With any pick the top limbs are equal; without, the difference is 1 less than theirs.
        reach = (1 << comparison_width(table, gadget)) + 1
        if _holds_within(plans[table.name, title], top, maximum, (fixed[-1] - reach, fixed[-1] + reach)):
            return COMPARED
    return None


def _is_highest(table: Table, top: Column) -> bool:
    made = [
        g.result if isinstance(g, Defined) else g.quotient for g in table.gadgets if isinstance(g, Defined | Divided)
    ]
    return any(part.columns[-1] == top for part in made)


def _holds_within(plan: Plan, column: Column, maximum: int, ends: tuple[int, int]) -> bool:
    """Whether lines hold over the integers for all that a limb between two ends lets through."""
    for k, line in enumerate(plan.lines):
        factors = _multiplier(Linear(line.terms, 0), column, (1 << plan.radix) - 1)
        if factors is None:
            return False
        reached = [factor * end for factor in factors for end in ends]
        # Beyond what the line reckons with for the limb in its range, whichever that was.
        before = [factor * maximum for factor in factors] + [0]
        low = line.low - max(before) + min(*reached, 0)
        high = line.high - min(before) + max(*reached, 0)
        if not _is_small(plan, k, low, high):
            return False
    return True


def _multiplier(expression: Expression, column: Column, digit: int) -> tuple[int, int] | None:
    """The ends of what a column is multiplied with, where digits of public numbers are at most `digit`; None if it is
    multiplied with something else.
    """
    if isinstance(expression, Linear):
        low = high = 0
        for factor, part in expression.terms:
            held = _multiplier(part, column, digit)
            if held is None:
                return None
            ends = [end * most for end in held for most in ((factor,) if isinstance(factor, int) else (0, digit))]
            low, high = low + min(ends), high + max(ends)
        return low, high
    held_once = coefficient_of(expression, column)
    return None if held_once is None else (held_once, held_once)


def _is_small(plan: Plan, k: int, low: int, high: int) -> bool:
    """Whether a line between two ends, with its carries, stays below P."""
    low, high = with_carries(plan, k, low, high)
    return max(high, -low) < P


def why_bounded(plans: Plans, table: Table, name: str) -> str | None:
    """Why a lowest limb that its number's one line bounds needs no look-up; None if it may need one."""
    found = re.fullmatch(NAME, name)
    part = None if found is None else _defined(table, f"{found[2]}[{found[3]}]")
    if found is None or part is None or found[3] != "0" or len(plans[table.name, found[2]].lines) > 1:
        return None
    column, (line,) = part.columns[0], plans[table.name, found[2]].lines
    if coefficient_of(Linear(line.terms, 0), column) != -1:
        return None
    if any(column in set(_columns(row_sum.expression)) for row_sum in table.sums):
        return None
    ends = (line.low, line.high + (1 << part.widths[0]) - 1)
    ranges = _ranges(table)
    own = f"{table.name}/{found[2]} line 0"
    lines = {
        f"{held}/{title} line {k}": (plan, k) for (held, title), plan in plans.items() for k in range(len(plan.lines))
    }
    for constraint in table.constraints:
        if constraint.name == own or column not in set(_columns(constraint.expression)):
            continue
        if constraint.name not in lines:
            return None
        plan, k = lines[constraint.name]
        factor = _most(derivative(Linear(plan.lines[k].terms, 0), column), ranges)
        if factor is None:
            return None
        low, high = plan.lines[k].low + min(0, factor * ends[0]), plan.lines[k].high + max(0, factor * ends[1])
        if not _is_small(plan, k, low, high):
            return None
    read_elsewhere = [item for item in table.interactions if column in item.payload and item.bus.name != "range"]
    return None if read_elsewhere else BOUNDED


def _ranges(table: Table) -> dict[Column, int]:
    """The largest value of each column that is looked up by itself."""
    found = {}
    for item in table.interactions:
        if item.bus.name == "range" and isinstance(item.payload[1], Column):
            found[item.payload[1]] = (1 << int(item.name.rpartition(" has ")[2].split()[0])) - 1
    return found


def derivative(expression: Expression, column: Column) -> list[Expression]:
    """What a column is multiplied with in an expression of which all parts are positive or 0, as a sum of parts."""
    if isinstance(expression, Column):
        return [constant(int(expression == column))]
    if isinstance(expression, Product):
        left, right = derivative(expression.left, column), derivative(expression.right, column)
        return [part * expression.right for part in left if _is_something(part)] + [
            part * expression.left for part in right if _is_something(part)
        ]
    if isinstance(expression, Linear):
        return [linear([(factor, part)]) for factor, held in expression.terms for part in derivative(held, column)]
    return []


def _is_something(expression: Expression) -> bool:
    return not (isinstance(expression, Constant) and expression.value == 0)


def _most(parts: list[Expression], ranges: Mapping[Column, int]) -> int | None:
    """The largest size of a sum of products of columns in range; None if some has no range."""
    found = [_size(part, ranges) for part in parts]
    return None if None in found else sum(size for size in found if size is not None)


def _size(expression: Expression, ranges: Mapping[Column, int]) -> int | None:
    if isinstance(expression, Constant):
        return abs(expression.value)
    if isinstance(expression, Column):
        return ranges.get(expression)
    if isinstance(expression, Product):
        left, right = _size(expression.left, ranges), _size(expression.right, ranges)
        return None if left is None or right is None else left * right
    if isinstance(expression, Linear):
        sizes = [_size(part, ranges) for _, part in expression.terms]
        if any(size is None for size in sizes) or any(not isinstance(factor, int) for factor, _ in expression.terms):
            return None
        parts = zip(expression.terms, sizes, strict=True)
        return abs(expression.constant) + sum(abs(f) * s for (f, _), s in parts if isinstance(f, int) and s is not None)
    return None
