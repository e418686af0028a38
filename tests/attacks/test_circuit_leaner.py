"""Attacks on what the circuit leaves out: that payouts counts its rows, that one limb is picked at most, and carries
between lines that are one.

Nothing says in which order payouts has its accounts, nor what index its other rows have, so a cheat may choose both.
What he gains by it is shown to be nothing. That is_real is a bit holds up more than it seems to: a third of a row,
taken three times, is one row for every bus and sum, but for a comparison it is neither active nor idle.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.circuits.folding import folding, is_folding
from tests.circuits.gadget_tables import every_combination, passing_rows, trace_of
from tests.circuits.scenarios import MIXED, POLICY, Record, policy_of
from tests.circuits.test_carry import largest_difference, put_field_carries
from zkpay.circuits.checker import violated_names
from zkpay.circuits.gadgets import balance
from zkpay.circuits.gadgets.balance import cheapest_plan, joined, plan
from zkpay.circuits.gadgets.carry import Plan, PublicNumber, Term, add_lines, minus, plus, product
from zkpay.circuits.gadgets.compare import at_most, below
from zkpay.circuits.gadgets.folded_look_ups import LIMB
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS, PERIOD
from zkpay.circuits.gadgets.limbs import from_integers
from zkpay.circuits.gadgets.range import Natural, limb_widths, natural
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.circuits.trace import Trace
from zkpay.circuits.witness import fill_multiplicities
from zkpay.policy.policy import Policy
from zkpay.stark.air import Table, Where
from zkpay.stark.field import P, inverse

TIERS = policy_of({"payout": "6 if count() <= 3 else 3"})
FLAG = "payout: count() <= 3"


@cheat(
    r"payouts/is_real is a bit",
    says="an account with 2 records is paid 5, where up to 3 records are paid 6 and more are paid 3",
)
def thirds_of_a_row(name: str, policy: Policy) -> Forgery:
    # A third w of a row may say w for 4 <= 2: (2 w - 1)(2 - 4) + w - 1 is 0. So 6 - 3 w is paid.
    parts, third = 3, inverse(3)
    draft = Draft([Record(account=1) for _ in range(2)], TIERS)
    payouts = draft["payouts"]
    payouts[FLAG][0], payouts[f"{FLAG} difference"][0], payouts["payout[0]"][0] = third, 0, 5
    draft.rehash("payouts")
    draft.pay(5)
    payouts = draft["payouts"]
    payouts.values[:, 1:parts] = payouts.values[:, :1]
    payouts["is_real"][:parts] = third
    if is_folding():
        # The leaves of padding look up the limbs of the rows that say an index again.
        take_limbs(draft, range(payouts.height))
    return draft.finish()


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)


# Payouts in any order.


def shuffle_payouts(draft: Draft) -> None:
    """Give the rows of payouts another order, and those of padding any index: nothing says what they hold."""
    payouts, generator = draft["payouts"], np.random.default_rng(1)
    padding = np.flatnonzero(payouts["is_real"] == 0)
    # An account's, no row's, and the largest element.
    strange = np.array([0, 1, payouts.height, P - 1], dtype=np.uint32)
    payouts["index"][padding] = generator.choice(strange, len(padding))
    payouts.values[:] = payouts.values[:, generator.permutation(payouts.height)]


def by_index(draft: Draft) -> list[int]:
    """The rows of payouts, accounts first and in their order, as leaves stand in their table."""
    payouts = draft["payouts"]
    return sorted(range(payouts.height), key=lambda row: (payouts["is_real"][row] == 0, int(payouts["index"][row])))


def take_limbs(draft: Draft, rows: Sequence[int]) -> None:
    """Have the leaves' table take the limbs that payouts sends: leaf k those of the k-th of these rows."""
    tree, payouts = draft[FOLDED_TREE], draft["payouts"]
    for k, item in enumerate(item for item in payouts.table.interactions if item.bus.name == "limbs"):
        for column, values in zip(tree.group(LIMB), payouts.in_field(*item.payload[2:]), strict=True):
            column[k::PERIOD] = values[rows]
    for row in range(HASH_ROWS):
        tree["place"][row::PERIOD] = payouts["index"][rows]


@pytest.mark.parametrize("folded", [False, True])
def test_order_of_payouts_and_index_of_padding_say_nothing(folded: bool) -> None:
    with folding() if folded else nullcontext():
        draft = Draft(MIXED, POLICY)
        accounts = np.flatnonzero(draft["payouts"]["is_real"])
        shuffle_payouts(draft)
        if folded:
            assert violated_names(draft.circuit, draft.witness) == {"bus/limbs"}
            take_limbs(draft, by_index(draft))
        fill_multiplicities(draft.circuit, draft.witness)
        assert set(np.flatnonzero(draft["payouts"]["is_real"])) != set(accounts)
        # The circuit is that of the honest statement still.
        assert draft.circuit is draft.epoch.circuit
        assert violated_names(draft.circuit, draft.witness) == set()


@pytest.mark.parametrize("index", [1, 4, P - 1])
@pytest.mark.parametrize("folded", [False, True])
def test_an_account_has_the_index_of_its_ordinal(folded: bool, index: int) -> None:
    with folding() if folded else nullcontext():
        draft = Draft(MIXED, POLICY)
        draft["payouts"]["index"][0] = index
        if folded:
            take_limbs(draft, range(draft["payouts"].height))
        fill_multiplicities(draft.circuit, draft.witness)
        assert violated_names(draft.circuit, draft.witness) == {"bus/accounts", "bus/tree"}


@pytest.mark.parametrize("row", [0, 5])
def test_limbs_are_looked_up_under_any_index(row: int) -> None:
    with folding():
        draft = Draft(MIXED, POLICY)
        payouts = draft["payouts"]
        # All padding has the index of an account, so that each row's limbs can be taken for any other's.
        payouts["index"][4:] = payouts["index"][0]
        rows = list(range(payouts.height))
        rows[0], rows[5] = 5, 0
        take_limbs(draft, rows)
        fill_multiplicities(draft.circuit, draft.witness)
        assert violated_names(draft.circuit, draft.witness) == set()
        payouts["account high[0]"][row] += 1 << 15
        take_limbs(draft, rows)
        fill_multiplicities(draft.circuit, draft.witness)
        assert violated_names(draft.circuit, draft.witness) == {"bus/range"}


# Comparisons with any picks.

EDGES = (0, 1, 2, 2**15 - 2, 2**15 - 1)
SIZES = [(1, EDGES), (2, EDGES), (3, (0, 1, 2**15 - 2, 2**15 - 1)), (4, (0, 2**15 - 1))]
"""Numbers of limbs, and what each of them is tried with."""


def with_difference(trace: Trace, name: str) -> Trace:
    """Fill the difference, in which its constraint is linear, with the one element that satisfies this."""
    (constraint,) = (c for c in trace.table.constraints if c.name.startswith(f"t/{name} difference "))
    (column,) = (column for column in trace.table.columns if column.name == f"{name} difference")
    trace.values[column.index] = trace.in_field(constraint.expression)[0] % P
    return trace


def numbers(limbs: np.ndarray) -> np.ndarray:
    return sum((limb << (15 * k) for k, limb in enumerate(limbs)), start=np.zeros(limbs.shape[1], dtype=np.int64))


@pytest.mark.parametrize(("limbs", "edges"), SIZES)
def test_at_most_says_the_truth_for_any_picks(limbs: int, edges: tuple[int, ...]) -> None:
    table = Table("t")
    left, right, active = table.column_group("left", limbs), table.column_group("right", limbs), table.column("active")
    at_most(table, "flag", left, right, 15, active)
    rows = every_combination(*[edges] * (2 * limbs), *[(0, 1)] * (limbs + 1))
    trace = trace_of(table, rows.shape[1])
    for group, values in (("left", rows), ("right", rows[limbs:])):
        trace.group(group)[:] = values[:limbs]
    if limbs > 1:
        trace.group("flag pick")[:] = rows[2 * limbs : -2]
    trace["flag"][:], trace["active"][:] = rows[-1], rows[-2]
    passes = passing_rows(with_difference(trace, "flag"))
    true = (numbers(rows[:limbs]) <= numbers(rows[limbs : 2 * limbs])) & (rows[-2] == 1)
    assert not (passes & (true != rows[-1])).any()
    # Each pair has a witness, and with three limbs or more some have several picks.
    assert len(np.unique(rows[:, passes][[*range(2 * limbs), -2]], axis=1).T) == 2 * len(edges) ** (2 * limbs)
    assert limbs < 3 or (rows[2 * limbs : -2, passes & true].sum(axis=0) > 1).any()


@pytest.mark.parametrize(("limbs", "edges"), SIZES)
def test_below_says_the_truth_for_any_picks(limbs: int, edges: tuple[int, ...]) -> None:
    table = Table("t")
    left, right = table.column_group("left", limbs), table.column_group("right", limbs)
    below(table, "below", left, right, 15)
    rows = every_combination(*[edges] * (2 * limbs), *[(0, 1)] * (limbs - 1))
    trace = trace_of(table, rows.shape[1])
    for group, values in (("left", rows), ("right", rows[limbs:])):
        trace.group(group)[:] = values[:limbs]
    if limbs > 1:
        trace.group("below pick")[:] = rows[2 * limbs :]
    passes = passing_rows(with_difference(trace, "below"))
    true = numbers(rows[:limbs]) < numbers(rows[limbs : 2 * limbs])
    assert not (passes & ~true).any()
    pairs = rows[: 2 * limbs]
    assert len(np.unique(pairs[:, passes], axis=1).T) == len(np.unique(pairs[:, true], axis=1).T)


# Lines that are one.


class Identity:
    """A random identity: terms of natural inputs, less a natural `result` that the others are to add up to."""

    def __init__(self, generator: random.Random) -> None:
        self.table = Table("t")
        self.values: list[tuple[int, int]] = []
        self.number = PublicNumber("m", generator.getrandbits(generator.randint(1, 60)) | 1)
        self.inputs = [self._input(generator, k) for k in range(generator.randint(2, 4))]
        self.parts = [self._part(generator) for _ in range(generator.randint(1, 3))]
        self.result_bits = generator.randint(20, 110)
        self.result_width = generator.randint(5, 15)
        self.result = natural(self.table, "result", (1 << self.result_bits) - 1, self.result_width)
        self.terms: list[Term] = [term for terms, _ in self.parts for term in terms] + minus(self.result)

    def _input(self, generator: random.Random, k: int) -> tuple[Natural, int, int]:
        bits, width = generator.randint(1, 50), generator.randint(3, 15)
        return natural(self.table, f"input {k}", (1 << bits) - 1, width), bits, width

    def _part(self, generator: random.Random) -> tuple[list[Term], tuple[str, int, int, int]]:
        kind = generator.choice(["product", "multiple", "less", "public"])
        a, b = generator.randrange(len(self.inputs)), generator.randrange(len(self.inputs))
        factor = generator.getrandbits(generator.randint(1, 40))
        left, right = self.inputs[a][0], self.inputs[b][0]
        terms = {
            "product": lambda: product(left, right),
            "multiple": lambda: plus(left, factor),
            "less": lambda: minus(left, factor),
            "public": lambda: plus(left, self.number),
        }[kind]()
        return terms, (kind, a, b, factor)

    def sum(self, inputs: Sequence[int], public: int) -> int:
        """What the parts add up to."""
        return sum(
            {"product": inputs[a] * inputs[b], "multiple": inputs[a] * factor, "less": -inputs[a] * factor}.get(
                kind, inputs[a] * public
            )
            for _, (kind, a, b, factor) in self.parts
        )

    def misses(self, radix: int) -> Iterator[int]:
        """0, and by how much the sum is off where lines are off by some multiples of P."""
        yield from (0, 1, -1)
        for k in range(-(-self.result_bits // radix)):
            yield from (j * P << (radix * k) for j in (-2, -1, 1, 2, 3))
            yield from (P - 1 << (radix * k), 1 << (radix * (k + 1)), -(1 << (radix * (k + 1))))

    def lies(self, chosen: Plan, generator: random.Random) -> tuple[int, int]:
        """How many true and false claims pass, the carries being what the field makes of the lines below the last."""
        gadget = add_lines(self.table, "identity", chosen, Where.EVERY)
        public = generator.choice([self.number.maximum, generator.randint(0, self.number.maximum)])
        publics = {name: value for d in gadget.digits for name, value in d.values({"m": public}).items()}
        claims: list[tuple[list[int], int, bool]] = []
        for _ in range(24):
            inputs = [generator.choice([(1 << bits) - 1, generator.getrandbits(bits), 0]) for _, bits, _ in self.inputs]
            honest = self.sum(inputs, public)
            for miss in self.misses(chosen.radix):
                if 0 <= honest + miss < 1 << self.result_bits:
                    claims.append((inputs, honest + miss, miss == 0))
        if not claims:
            return 0, 0
        trace = trace_of(self.table, 1 << (len(claims) - 1).bit_length(), publics)
        for k, (_, bits, width) in enumerate(self.inputs):
            widths = limb_widths((1 << bits) - 1, width)
            trace.group(f"input {k}")[:, : len(claims)] = from_integers([inputs[k] for inputs, _, _ in claims], widths)
        widths = limb_widths((1 << self.result_bits) - 1, self.result_width)
        trace.group("result")[:, : len(claims)] = from_integers([result for _, result, _ in claims], widths)
        put_field_carries(trace, gadget)
        passes, true = passing_rows(trace)[: len(claims)], np.array([honest for _, _, honest in claims])
        if not passes[true].all():
            raise AssertionError("a true claim does not pass")
        return int(true.sum()), int((passes & ~true).sum())


def planned(identity: Identity, generator: random.Random) -> Plan | None:
    """A plan with joined lines, at a random radix or the cheapest; None if there is none."""
    try:
        if generator.random() < 0.3:
            return cheapest_plan(identity.terms)
        return joined(plan(identity.terms, generator.randint(3, 15)))
    except ValueError:
        return None


def test_random_balances_hold_only_in_the_integers() -> None:
    generator = random.Random(5)
    shown = passed = fused = 0
    for _ in range(150):
        identity = Identity(generator)
        chosen = planned(identity, generator)
        if chosen is None:
            continue
        assert 0 < largest_difference(chosen, identity.terms) < P
        fused += len(plan(identity.terms, chosen.radix).lines) > len(chosen.lines)
        honest, lies = identity.lies(chosen, generator)
        assert lies == 0
        shown, passed = shown + 1, passed + honest
    assert (shown > 60, passed > 500, fused > 30) == (True, True, True), (shown, passed, fused)


def test_random_balances_find_lines_that_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    # With room up to 2^36 the compiler joins lines, and widens carries, that wrap around the field.
    monkeypatch.setattr(balance, "P", 1 << 36)
    generator = random.Random(6)
    found = 0
    for _ in range(60):
        identity = Identity(generator)
        chosen = planned(identity, generator)
        if chosen is not None and largest_difference(chosen, identity.terms) > P:
            found += identity.lies(chosen, generator)[1]
    assert found
