"""An account that is taken by many rows, parts of which add up to one.

A remainder has to be below its divisor where a row is real, which the row's part x multiplies: without a pick x times
(the gap of the highest limbs, less 1) is looked up. Where the remainder's is larger by c - 1, each part -d / c passes,
for every d below 2^15; where it is smaller by 1, any part does. All rows say the same payout, so that the account, its
leaf and its amounts count once if the parts add up to 1.

Rows that lie about one quotient have one c, as they have one payout: so the d add up to P - c at least, which takes
65,026 rows. Where a payout is the sum of two quotients some rows lie about the one, some about the other: parts with
c and c' may add up to 1 in as few as P / (2^15 c) rows.
"""

from __future__ import annotations

import random
from itertools import combinations

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story
from tests.campaigns.deletion.lies.choices import RemainderLie, comparison_called
from tests.campaigns.deletion.tailored.measured import kinds, sized
from zkpay.circuits.gadgets.arithmetic import Divided
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.trace import Trace
from zkpay.stark.air import Table
from zkpay.stark.field import P, inverse

NAME = "payouts/is_real is a bit"
MOST = (1 << 15) - 1
"""The largest number of 15 bits that is looked up."""


def quotients_of(table: Table) -> list[tuple[int, int]]:
    """The quotients with their comparisons: the numbers of the balance and of the comparison among the gadgets."""
    found = []
    for number, gadget in enumerate(table.gadgets):
        if isinstance(gadget, Divided):
            title = gadget.quotient.columns[0].name.rpartition("[")[0]
            found.append((number + 1, comparison_called(table, f"{title} remainder below")))
    return found


class Crowd:
    """The first account is paid `units` less. Rows of padding, from the last one up, say that with its own row: for
    each of the quotients some.
    """

    def __init__(self, quotients: list[tuple[int, int]], units: int) -> None:
        self.quotients, self.units = quotients, units

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "payouts":
            return
        rows = [0, *range(trace.height - len(self.quotients) + 1, trace.height)]
        if number == -1:
            trace.values[:, rows] = trace.values[:, :1]
        for row, (balance, _) in zip(rows, self.quotients, strict=True):
            RemainderLie("payouts", balance, row, self.units, None, None)(trace, number)
        if number == max(k for k, gadget in enumerate(trace.table.gadgets) if not isinstance(gadget, Hash)):
            self._share(trace, rows)

    def _share(self, trace: Trace, rows: list[int]) -> None:
        """Have the parts add up to 1."""
        excess = [1 - self._gap(trace, row, below) for row, (_, below) in zip(rows, self.quotients, strict=True)]
        sums = shares(excess)
        parts: list[tuple[int, int, int]] = []
        for row, each, amount in zip(rows, excess, sums, strict=True):
            whole, rest = divmod(amount, MOST)
            parts += [(row, each, held) for held in [MOST] * whole + [rest] * (rest > 0)]
        places = [0, *range(trace.height - len(parts) + 1, trace.height)]
        honest = trace.values.copy()
        trace.values[:, rows[1:]] = 0
        if len(parts) > trace.height or trace["is_real"][places[1:]].any():
            raise ValueError("there is no room")
        trace.values[:, places] = honest[:, [row for row, _, _ in parts]]
        trace["is_real"][places] = [-held * inverse(each) % P for _, each, held in parts]
        for row, (_, below) in zip(rows, self.quotients, strict=True):
            differences = [held if row == owner else 0 for owner, _, held in parts]
            self._pass(trace, places, differences, below)

    def _gap(self, trace: Trace, row: int, number: int) -> int:
        gadget = trace.table.gadgets[number]
        if not isinstance(gadget, Comparison):
            raise TypeError("no comparison")
        return evaluate_at(trace, row, gadget.right[-1]) - evaluate_at(trace, row, gadget.left[-1])

    def _pass(self, trace: Trace, places: list[int], differences: list[int], number: int) -> None:
        """No picks, and these differences, for one comparison."""
        gadget = trace.table.gadgets[number]
        if not isinstance(gadget, Comparison) or gadget.flag is not None:
            raise TypeError("no comparison of which one side has to be below the other")
        for pick in gadget.picks:
            trace.values[pick.index, places] = 0
        trace.values[gadget.difference.index, places] = differences


def shares(excess: list[int]) -> list[int]:
    """Naturals d for each c so that the sum of -d / c is 1 modulo P: for one c, or for two without a common divisor."""
    if len(excess) == 1:
        return [P - excess[0]]
    first, second = excess
    wanted = P - first * second
    mine = wanted * pow(second, -1, first) % first
    return [mine, (wanted - mine * second) // first]


def aim_at_crowd(ground: Ground, name: str, dice: random.Random) -> Story | None:
    """Two totals of which the highest limbs are 1, and a payout that is smaller by as much as remainders can take."""
    quotients = quotients_of(ground.tables["payouts"])
    if name != NAME or len(quotients) != 2:
        return None
    pair = dice.choice([*combinations(kinds(ground), 2)])
    number = dice.choice(ground.policy.rules.numbers)
    records: Records = ()
    for account in (1, 2):
        values = []
        for kind in pair:
            held = dict(kind)
            held[number.name] -= dice.randrange(held[number.name] // 4)
            values.append(tuple(held.items()))
        records += sized(values, account, first=1000 * account)
    return Story(records, Crowd(quotients, dice.randrange(100, 1000)))
