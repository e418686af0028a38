"""The tables of one preset, names of all that they demand, and random epochs of it.

A story is a lie with the epoch that it is told about. It is tried on low tables without hashes first (the differential
campaign's), where a trial takes milliseconds, and then on the whole circuit (whole.py).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from tests.attacks.forgery import BUS
from tests.campaigns.deletion.reasons.implied import Plans, noted_plans
from tests.campaigns.deletion.reasons.openings import wraps
from tests.campaigns.differential import epochs
from tests.campaigns.differential.epochs import HEIGHT, Circuit, Claims, Edit, Epoch
from tests.campaigns.differential.records import Row, random_rows
from tests.campaigns.differential.stack import Draft, objections
from tests.campaigns.differential.verdicts import forced, random_choices
from tests.circuits.scenarios import Record, contributions_of
from zkpay.circuits.bounds import TOTAL_WIDTH
from zkpay.circuits.totals.air import limb_name
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ELEMENT_BITS, PAYOUT_ELEMENTS
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import preset
from zkpay.stark.air import PlacedTable
from zkpay.stark.field import P

Records = tuple[Record, ...]
LIMITED, MOVED, TALL = " with small limits", " with another ", " in tall tables"
WORTHLESS = " where a kind earns nothing"
LARGER = " in larger epochs"
SIZES = (1 << 18, 1 << 17)
"""Numbers of records and accounts that circuits of larger epochs are built for; the lies are of as few as others."""
TALL_HEIGHT = 1024
ROUND, ALIKE, LARGE, SPREAD = 0.4, 0.45, 0.6, 0.95
Post = Callable[[Trace], None]


def reduced(edit: Edit) -> Edit:
    """The edit, with sums of the tally modulo P: its filler adds up what it finds, which may be any field elements."""

    def applied(trace: Trace, number: int) -> None:
        if trace.table.name == "tally" and number == -1:
            trace.values[:] = trace.values % P
        edit(trace, number)

    return applied


@dataclass(frozen=True)
class Story:
    """`records` honestly judged, and `told` as the operator judges them; `edit` changes cells while tables are filled,
    `post` those of the totals table at the end. excess: what is added to a total, by its text (0: it is what it ought
    to be, whatever the tables come to), or to `paid`. strange: an accepted leaf encodes no record. on: where it is
    told, if not in the preset's own tables.
    """

    records: Records
    edit: Edit | None = None
    told: Records | None = None
    post: Post | None = None
    excess: Mapping[str, int] = field(default_factory=dict)
    paid: int = 0
    strange: bool = False
    on: str = ""

    @property
    def claimed(self) -> Records:
        """The records with the reasons that the operator gives them."""
        return self.records if self.told is None else self.told


class UnstoppedError(AssertionError):
    """A lie that nothing stands against: a hole in the circuit, or in the campaign's idea of what is false."""


class Ground:
    """The low tables of a preset."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.height = TALL_HEIGHT if title.endswith(TALL) else HEIGHT
        self.policy: Policy = policy_of(title)
        self.plans: Plans = {}
        with noted_plans(self.plans):
            self.circuit = Circuit(self.policy, *(SIZES if LARGER in title else ()))
        self.tables = {table.name: table for table in self.circuit.tables}
        self._openings: dict[tuple[str, str], NDArray[np.int64]] = {}

    @cached_property
    def names(self) -> dict[str, str]:
        """Every constraint, interaction and sum of the low tables, with what is blamed where it is broken."""
        found: dict[str, str] = {}
        for table in self.circuit.tables:
            found |= {constraint.name: constraint.name for constraint in table.constraints}
            for item in table.interactions:
                looked_up = item.bus.name == "range" or item.bus.name in self.circuit.offers
                found[item.name] = item.name if looked_up else f"{BUS}{item.bus.name}"
            found |= {row_sum.name: f"sum/{row_sum.target}" for row_sum in table.sums}
        return found

    def openings(self, table: str, column: str, maximum: int) -> NDArray[np.int64]:
        """Elements that a limb can hold, if it isn't looked up, and some line reads as another number."""
        if (table, column) not in self._openings:
            (held,) = (entry for entry in self.tables[table].columns if entry.name == column)
            found = wraps(self.plans, self.tables[table], held, maximum)
            self._openings[table, column] = np.zeros(0, dtype=np.int64) if found is None else found[0]
        return self._openings[table, column]

    def draw(self, dice: random.Random, style: float | None = None) -> Records:
        """The records of a random epoch, with the reasons that the rules give them. style: ALIKE, LARGE, or SPREAD for
        sizes of any order of magnitude.
        """
        style = dice.random() if style is None else style
        if self.height == TALL_HEIGHT:
            return self._many(dice)
        rows = random_rows(dice, self.policy.rules) if style < ROUND else self._rows(dice, style)
        reasons = forced(rows, self.policy.rules, random_choices(dice, rows, self.policy.rules))
        return tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))

    def _many(self, dice: random.Random) -> Records:
        """As large records of one account, or two, as make their sum pass the foot of some limb."""
        count = dice.choice([110, 111, 220, 330, 440, 500, 1000, 1000, 1000])
        values = {number.name: number.maximum for number in self.policy.rules.numbers}
        worth = max((table.values for table in self.policy.tables.values()), key=sum, default=())
        for symbol in self.policy.rules.symbols:
            dearest = worth.index(max(worth)) if len(worth) == len(symbol.values) and dice.random() < 0.7 else None
            values[symbol.name] = dice.randrange(len(symbol.values)) if dearest is None else dearest
        accounts = [dice.getrandbits(160) for _ in range(dice.choice([1, 1, 2]))]
        rows = [Row(accounts[min(index, len(accounts) - 1)], values, 1000 + index) for index in range(count)]
        for place in range(2):
            few = {number.name: dice.randint(number.minimum, number.maximum) for number in self.policy.rules.numbers}
            rows[-1 - place] = Row(rows[-1 - place].account, values | few, rows[-1 - place].fingerprint)
        reasons = forced(rows, self.policy.rules, [None] * count)
        return tuple(record_of(row, reason) for row, reason in zip(rows, reasons, strict=True))

    def _rows(self, dice: random.Random, style: float) -> list[Row]:
        """Distinct records near one end of all fields, so that sums come near to an end as well; or round ones."""
        rules = self.policy.rules
        accounts = [dice.getrandbits(160) for _ in range(dice.choice([1, 2, 2, 3, 5]))]
        scaled = dice.choice(rules.numbers).name
        rows = []
        for index in range(dice.choice([2, 4, 8, 40])):
            values = {}
            for number in rules.numbers:
                span = number.maximum - number.minimum
                near = dice.choice([0, 1, dice.randrange(100), dice.randrange(1 << dice.randrange(1, 30))])
                if style < 0.5:
                    power = 1 << dice.randrange(number.maximum.bit_length())
                    values[number.name] = max(number.minimum, number.maximum if number.name != scaled else power)
                    continue
                if style > 0.9:
                    near = dice.randrange(1 << dice.randrange(1, span.bit_length() + 1))
                values[number.name] = (
                    number.maximum - min(near, span) if style < 0.75 else number.minimum + min(near, span)
                )
            for symbol in rules.symbols:
                values[symbol.name] = dice.randrange(len(symbol.values))
            if rules.window_limit is not None and dice.random() < 0.9:
                values[rules.window_limit.time] = dice.randrange(1 << 20)
            rows.append(Row(dice.choice(accounts), values, 1000 + index))
        if ALIKE <= style < 0.5:
            # All alike, of as many accounts: a total that is a power of two, or nearly.
            return [
                Row(account, rows[0].values, 1000 + account % 1000) for account in accounts[: 1 << dice.randrange(3)]
            ]
        return rows

    def truth(self, records: Records) -> Epoch:
        """The honest epoch of some records."""
        return _truth(self.title, records)

    def tell(self, story: Story) -> tuple[Epoch, Draft]:
        """The tables that a story comes to. Rejected or ValueError if no statement can say it."""
        contributions = contributions_of(story.claimed, self.policy)
        # A guess, which settles; of verdicts that no rule allows there is none by the rules.
        totals = dict(self.truth(story.records).totals)
        for text, excess in story.excess.items():
            totals[text] += excess
        with mock.patch.object(epochs, "HEIGHT", self.height):
            epoch = Epoch(
                self.circuit, contributions, totals, story.edit and reduced(story.edit), settle=not story.excess
            )
        statement = epoch.statement
        if story.paid:
            statement = replace(statement, paid=statement.paid + story.paid, dust=statement.dust - story.paid)
        publics = self.circuit.publics(statement)
        witness = dict(epoch.draft.witness)
        if story.post is not None:
            witness["totals"] = witness["totals"].copy()
            story.post(Trace(PlacedTable(self.tables["totals"], self.height), publics, witness["totals"]))
        return epoch, Draft(witness, publics, self.circuit.sums(statement))

    def is_false(self, story: Story, epoch: Epoch) -> bool:
        """Whether the tables say anything else than what the records come to. Other reasons than the rules force are
        false, as they stand in the leaves.
        """
        if story.told is not None and story.told != story.records:
            return True
        return bool(story.paid or any(story.excess.values()) or story.strange) or said(epoch) != said(
            self.truth(story.records)
        )

    def killed(self, story: Story) -> set[str]:
        """The names each of which alone stands against a story; empty if it is true, or if others object as well.

        UnstoppedError if it is false and nothing objects.
        """
        epoch, draft = self.tell(story)
        (found,) = objections(self.circuit.tables, self.circuit.offers, [draft], look_ups_by_name=True)
        if len(found) > 1 or not self.is_false(story, epoch):
            return set()
        if not found:
            raise UnstoppedError(f"{self.title}: a false story passes: {epoch.claims()}")
        (blamed,) = found
        if blamed in self.names:
            return {blamed}
        if blamed.startswith(BUS):
            # One side of a bus can't go alone: without the whole bus nothing is left that objects.
            return {name for name, blame in self.names.items() if blame == blamed}
        parts = [name for name, blame in self.names.items() if blame == blamed]
        return {name for name in parts if not self._without_sum(name, draft)}

    def _without_sum(self, name: str, draft: Draft) -> set[str]:
        tables = [
            replace(t, constraints=[], interactions=[], sums=[s for s in t.sums if s.name != name])
            for t in self.circuit.tables
        ]
        (found,) = objections(tables, self.circuit.offers, [draft])
        return found


def said(epoch: Epoch) -> Claims:
    """The claims of an epoch, payouts as their leaves say them.

    A leaf holds a payout in elements of three limbs. Limbs out of range that make up the elements of the honest leaf
    make the honest root, which is all that anybody sees: nothing false is stated. Other elements, also those of 2^30 or
    more, are another root than that of the payouts by the formula, under which receipts don't open: that is false.
    """
    payouts = epoch.traces["payouts"]
    rows = np.flatnonzero(payouts["is_real"])
    paid = epoch.circuit.bounds.totals[-1]
    added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
    elements = np.zeros((PAYOUT_ELEMENTS, len(rows)), dtype=np.int64)
    step = ELEMENT_BITS // TOTAL_WIDTH
    for k in range(len(paid.widths)):
        if limb_name(paid, k) in added:
            (limb,) = payouts.in_field(added[limb_name(paid, k)])
            held = limb[rows].astype(np.int64) << (TOTAL_WIDTH * (k % step))
            elements[k // step] = (elements[k // step] + held) % P
    amounts = [sum(element << (32 * k) for k, element in enumerate(column)) for column in elements.T.tolist()]
    return replace(epoch.claims(), payouts=amounts)


def policy_of(title: str) -> Policy:
    """The policy of a preset; with LIMITED after its name, that with limits which a few records reach; with WORTHLESS
    that of which the first table's last entry is 0.
    """
    title, _, moved = title.removesuffix(TALL).partition(MOVED)
    name = title.removesuffix(LARGER).removesuffix(WORTHLESS).removesuffix(LIMITED)
    text = preset(name).text
    words = moved.split()
    for constant, amount in zip(words[::2], words[1::2], strict=True):
        text = re.sub(rf'({constant} = )"[\d_.]+"', rf'\g<1>"{amount}"', text)
    if WORTHLESS in title:
        before, tables, after = text.partition("[tables]\n")
        text = before + tables + re.sub(r"(?m)^(\w+ = \{.* = )\d+( \})", r"\g<1>0\g<2>", after, count=1)
    if LIMITED in title:
        text = re.sub(r"(limit = \{ account = )[\d_]+", r"\g<1>2", text)
        text = re.sub(r"(length = [\d_]+, count = )[\d_]+", r"\g<1>1", text)
    return parse_policy(text.encode(), name)


def with_amount(place: Ground, amount: int, wanted: int) -> str | None:
    """The ground of the same policy where one of its amounts is another; None if its circuit has other names."""
    constants = [constant for constant, held in amounts_of(place).items() if held == amount]
    return with_amounts(place, {constants[0]: wanted}) if constants else None


def amounts_of(place: Ground) -> dict[str, int]:
    """The amounts that a preset's policy names, and its pool, in base units."""
    found = re.findall(r'^(\w+) = "([\d_.]+)"', preset(place.title.partition(" ")[0]).text, re.M)
    return {constant: int(Decimal(text) * 10**place.policy.decimals) for constant, text in found}


def with_amounts(place: Ground, wanted: Mapping[str, int]) -> str | None:
    """The ground of the same policy where these amounts are others; None if its circuit has other names."""
    unit = 10**place.policy.decimals
    plain = [f"{name} {held // unit}.{held % unit:0{place.policy.decimals}}" for name, held in wanted.items()]
    title = place.title.removesuffix(TALL) + MOVED + " ".join(plain) + TALL * place.title.endswith(TALL)
    return title if ground(title).names.keys() == place.names.keys() else None


def ground_for(title: str, name: str) -> Ground:
    """Where lies about a name of a preset are told: for limits with small ones, whose circuit has the same names."""
    limited = re.search(r"limit|window", name) and "limit = " in preset(title).text
    return ground(title + LIMITED if limited else title)


@cache
def ground(title: str) -> Ground:
    """The ground of a preset, made once."""
    return Ground(title)


@lru_cache(maxsize=64)
def _truth(title: str, records: Records) -> Epoch:
    place = ground(title)
    contributions = contributions_of(records, place.policy)
    with mock.patch.object(epochs, "HEIGHT", place.height):
        return Epoch(place.circuit, contributions, evaluate(place.policy, contributions).totals)


def record_of(row: Row, reason: int) -> Record:
    """A record as scenarios have it."""
    replaces = -1 if row.replaces is None else row.replaces
    return Record(
        row.account, values=tuple(row.values.items()), fingerprint=row.fingerprint, reason=reason, replaces=replaces
    )


def accepted_rows(records: Records) -> list[int]:
    """The places of accepted records."""
    return [row for row, record in enumerate(records) if record.reason == ACCEPTED]


def paid_accounts(records: Records) -> list[int]:
    """The accounts with an accepted record, ascending: the rows of the payouts table."""
    return sorted({record.account for record in records if record.reason == ACCEPTED})
