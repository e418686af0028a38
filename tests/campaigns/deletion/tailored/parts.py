"""Rows that count x times where a row should count once: a comparison is gated by what counts it.

Where a row counts x times the top limb is picked x times less the other picks, and a flag is 0 or x. So half a row may
say the half of two numbers that differ in the lowest limb alone, whichever is less. Rows of which the parts add up to 1
stand for one account, as all say the same payout. A row that counts -1 times may say 0 of any numbers without a pick:
it takes back amounts that no account has, which another row is paid for, or is a record that isn't.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence

from tests.attacks.forgery import evaluate_at
from tests.campaigns.deletion.ground import Ground, Records, Story, amounts_of, with_amounts
from tests.campaigns.deletion.lies.arithmetic import refill_as_seen
from tests.campaigns.deletion.lies.choices import CellLie, comparison_width
from tests.campaigns.deletion.lies.ledger import Signed
from tests.campaigns.deletion.tailored.measured import Values, kinds, sized
from zkpay.circuits.contributions.columns import field_name, flag_name
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.trace import Trace
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.rules import ACCEPTED
from zkpay.stark.field import P, inverse

NAME, ACCEPTED_BIT = "payouts/is_real is a bit", "contributions/reason accepted is a bit"

Said = tuple[int, tuple[int, ...], int]
"""Flag, picks and difference."""


def passing(left: Sequence[int], right: Sequence[int], part: int, bits: int, *, strict: bool) -> list[Said]:
    """What a comparison lets a row say that counts `part` times; strict: left is below right, and the flag is None."""
    found = []
    for flag, picks in itertools.product(
        (None,) if strict else (0, part), itertools.product((0, 1), repeat=len(left) - 1)
    ):
        if any(sum(picks[:k]) * (left[k] - right[k]) % P for k in range(1, len(left))):
            continue
        counted = (*picks, part - sum(picks))
        gap = sum(weight * (large - small) for weight, small, large in zip(counted, left, right, strict=True))
        difference = gap - part if flag is None else (2 * flag - 1) * gap - part + flag * counted[0]
        if difference % P >> bits == 0:
            found.append((flag or 0, picks, difference % P))
    return found


class Parts:
    """The first row of payouts stands on several rows, each of which counts `part` times. It says what comparisons let
    it say, at random.
    """

    def __init__(self, rows: Sequence[int], part: int, seed: int) -> None:
        self.rows, self.part, self.seed = rows, part, seed

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "payouts" or number < 0:
            return
        gadgets = trace.table.gadgets
        gadget = gadgets[number]
        if isinstance(gadget, Comparison):
            self._say(trace, gadget, number)
        elif not isinstance(gadget, Hash):
            refill_as_seen(trace, number, 0)
        if number == max(k for k, held in enumerate(gadgets) if not isinstance(held, Hash)):
            trace["is_real"][0] = self.part % P
            trace.values[:, self.rows] = trace.values[:, :1]

    def _say(self, trace: Trace, gadget: Comparison, number: int) -> None:
        left, right = ([evaluate_at(trace, 0, entry) for entry in side] for side in (gadget.left, gadget.right))
        bits = comparison_width(trace.table, gadget)
        found = passing(left, right, self.part, bits, strict=gadget.flag is None)
        if not found:
            # Totals may still have to settle; if it stays so, the comparison objects.
            return
        flag, picks, difference = random.Random(f"{self.seed}/{number}").choice(found)
        for column, pick in zip(gadget.picks, picks, strict=True):
            trace.values[column.index, 0] = pick
        trace.values[gadget.difference.index, 0] = difference
        if gadget.flag is not None:
            trace.values[gadget.flag.index, 0] = flag % P


def aim_at_parts(place: Ground, name: str, dice: random.Random) -> Story | None:
    """A lie that only `name` may stand against; None where there is none this time."""
    if name == ACCEPTED_BIT:
        return _no_record(place, dice)
    title = place.title.partition(" ")[0]
    if name == NAME and title == "tiered-rates":
        return _taken_back(dice)
    made = MAKERS.get(title) if name == NAME else None
    if made is None:
        return None
    records, count, on = made(place, dice)
    rows = range(place.height - count + 1, place.height)
    return Story(records, Parts(rows, inverse(count), dice.getrandbits(30)), on=on)


Made = tuple[Records, int, str]
"""Records, in how many parts the first account is, and under which policy."""


def _priced(place: Ground, dice: random.Random) -> Made:
    """Of fixed-price: an account that earns a little more than its penalty, under another price."""
    count, failures = dice.choice([2, 2, 3, 4]), dice.choice([1, 2, 3])
    held = amounts_of(place)
    units = failures * held["failure_penalty"] // held["data_price"]
    on = with_amounts(place, {"data_price": held["data_price"] + count * dice.choice([1, 2, 4, 20])})
    if on is None:
        raise ValueError("the circuit is another one")
    usual = (("quality", 100), ("submitted", 0), ("kind", 0))
    records = sized([(("units", units), ("failures", failures), *usual)], 1)
    records += sized([(("units", 100_000), ("failures", 0), *usual)] * dice.randrange(20, 60), 2, first=2000)
    return records, count, on


def _matched(place: Ground, dice: random.Random) -> Made:
    """Of quadratic-match: two small donations beside many large ones."""
    (amount,) = (field for field in place.policy.rules.numbers if field.name == "amount")
    small = [(("amount", amount.minimum + dice.randrange(400)), ("donor", donor)) for donor in (1, 2)]
    large = [(("amount", amount.maximum), ("donor", donor)) for donor in range(dice.randrange(20, 100))]
    return sized(small, 1) + sized(large, 2, first=2000), dice.choice([2, 2, 3, 4]), ""


def _bonus(place: Ground, dice: random.Random) -> Made:
    """Of threshold-bonus: an account whose points differ in the lowest limb alone from both levels."""
    small = (("quantity", dice.randrange(1 << 14)), ("quality", 10_000), ("kind", 3))
    several = list(kinds(place))
    return (
        sized([small], 1) + sized([several[2]] * dice.randrange(850, 1000), 2, first=2000),
        dice.choice([2, 2, 4]),
        "",
    )


CAPS = ((0, 3, 409_600, 425_984), (1, 5, 114_688, 122_592), (2, 1, 114_688, 131_072))
"""Of each kind the code and weight, and between which ends points differ from its cap by an odd number in the top limb;
they add up to more than an account's cap by such a number."""
RECORD_CAP, ACCOUNT_CAP, ALIKE = 50_000, 600_000, 4
"""The most points of a record and of an account, and how many accounts have as many."""
TRIES = 1000


def _capped(place: Ground, dice: random.Random) -> Made:
    """Of capped-pro-rata: shares of the pool that differ from the cap of payouts in the lowest limb alone."""
    records: Records = ()
    for account in range(1, 1 + ALIKE):
        for code, weight, low, high in CAPS:
            whole, rest = divmod(dice.randrange(low, high), RECORD_CAP)
            sizes = [RECORD_CAP] * whole + [rest // weight]
            held: list[Values] = [(("quantity", size), ("quality", 10_000), ("kind", code)) for size in sizes]
            records += sized(held, account, first=10_000 * account + 1000 * code)
    pool = amounts_of(place)["pool"]
    for _ in range(TRIES):
        other = dice.randrange(20_000, 80_000)
        share = pool * ACCOUNT_CAP // (ALIKE * ACCOUNT_CAP + 5 * other)
        if _is_even(share):
            break
    held = [(("quantity", 10_000), ("quality", 10_000), ("kind", 1))] * (other // 10_000)
    records += sized([*held, (("quantity", other % 10_000), ("quality", 10_000), ("kind", 1))], 9, first=90_000)
    on = with_amounts(place, {"payout_cap": share + 2 * dice.randrange(-50, 50)})
    if on is None:
        raise ValueError("the circuit is another one")
    return records, 2, on


def _is_even(share: int) -> bool:
    """Whether limbs of 14 bits hand on even numbers from line to line of 15 bits: halves of them are whole."""
    limbs = [share >> (14 * k) & 0x3FFF for k in range(6)]
    lines = [sum(limb << (14 * k) for k, limb in enumerate(limbs) if 14 * k < 15 * (j + 1)) for j in range(6)]
    return all((line >> (15 * (j + 1))) % 2 == 0 for j, line in enumerate(lines))


MAKERS: Mapping[str, Callable[[Ground, random.Random], Made]] = {
    "fixed-price": _priced,
    "quadratic-match": _matched,
    "threshold-bonus": _bonus,
    "capped-pro-rata": _capped,
}


def say_nothing(trace: Trace, gadget: Comparison, row: int) -> None:
    """A comparison of a row that counts -1 times: 0, without a pick."""
    left, right = (evaluate_at(trace, row, side[-1]) for side in (gadget.left, gadget.right))
    written = [*gadget.picks, *([] if gadget.flag is None else [gadget.flag])]
    trace.values[[column.index for column in written], row] = 0
    # With a flag of 0 the sign of the gap is turned.
    gap = left - right if gadget.flag is None else right - left
    trace.values[gadget.difference.index, row] = (gap + 1) % P


class _TakenBack:
    """The first account is paid for other amounts: so its own row says, the row that stands for its own amounts is the
    last but one, and the last row takes back the other amounts with the leaf of its own. As it says 0 of all tiers, it
    says the same score of the other amounts as the tiers do of its own.
    """

    def __init__(self, points: int) -> None:
        self.points = points

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "payouts":
            return
        gadgets, own, last = trace.table.gadgets, trace.height - 2, trace.height - 1
        if number < 0:
            trace.values[:, [own, last]] = trace.values[:, :1]
            for k, column in enumerate(trace.group("sum(points)")):
                column[[0, last]] = self.points >> (SLOT_BITS * k) & ((1 << SLOT_BITS) - 1)
            return
        gadget = gadgets[number]
        if isinstance(gadget, Comparison):
            say_nothing(trace, gadget, last)
        elif not isinstance(gadget, Hash):
            refill_as_seen(trace, number, last)
        if number == max(k for k, held in enumerate(gadgets) if not isinstance(held, Hash)):
            trace["is_real"][last] = P - 1


def _taken_back(dice: random.Random) -> Story:
    # 55 points + 18,000,000 is what 0 of all tiers comes to, 5 points + 18,500,000 what they give from 1,000,000 on.
    points = dice.randrange(100_000, 1_000_000)
    usual = (("quality", 10_000), ("kind", 3))
    records = sized([(("quantity", 11 * points - 100_000), *usual)], 1)
    return Story(records + sized([(("quantity", dice.randrange(10**8)), *usual)], 2, first=2000), _TakenBack(points))


class _NoRecord:
    """A row that is no record is accepted -1 times, and counts once for another reason. Nobody asks of which kind it
    is; its number, 0, is said to be over its cap.
    """

    def __init__(self, row: int, begin: CellLie, finish: CellLie, signed: Signed) -> None:
        self.row, self.begin, self.finish, self.signed = row, begin, finish, signed

    def __call__(self, trace: Trace, number: int) -> None:
        if trace.table.name != "contributions":
            return
        self.begin(trace, number)
        gadget = trace.table.gadgets[number] if number >= 0 else None
        if isinstance(gadget, Comparison) and gadget.active is not None:
            say_nothing(trace, gadget, self.row)
        elif gadget is not None:
            refill_as_seen(trace, number, self.row)
        self.finish(trace, number)
        self.signed(trace, number)


def _no_record(place: Ground, dice: random.Random) -> Story | None:
    contributions, rules = place.tables["contributions"], place.policy.rules
    if not any(isinstance(gadget, Comparison) and gadget.active is not None for gadget in contributions.gadgets):
        return None
    records = place.draw(dice)
    row, last = len(records) + dice.randrange(5), len(contributions.gadgets) - 1
    accepted, other = flag_name(rules.reason_names[ACCEPTED]), flag_name(dice.choice([*rules.usable_reasons.values()]))
    begin = {(accepted, row): 1} | {
        (field_name(symbol.name), row): len(symbol.values) + dice.randrange(5) for symbol in rules.symbols
    }
    finish = {(other, row): 1, (accepted, row): -1}
    return Story(
        records,
        _NoRecord(
            row,
            CellLie("contributions", -1, begin),
            CellLie("contributions", last, finish),
            Signed(last, accepted, row),
        ),
    )
