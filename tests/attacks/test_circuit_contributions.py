"""Cheats on records: their place in intake order, their verdict, their kind and the counts by reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery, evaluate_at, settle
from tests.attacks.keys import keyed
from tests.attacks.records import SLOT, judge, pass_off, published, records_with, turn_away
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import SPAM, Record
from zkpay.circuits.contributions.columns import field_name, flag_name, known_name
from zkpay.circuits.gadgets.choice import SymbolTest
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.witness import fill_gadget, fill_gadgets, leaf_digests
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.fields import SLOT_BITS, UNDECLARED, NumberField
from zkpay.ledger.rules import (
    ACCEPTED,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    UNDECLARED_VALUE,
)
from zkpay.ledger.tree import empty_roots
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

PADDING = 20
"""A row of padding in every draft of this file."""


def moved(draft: Draft, rows: Mapping[int, int]) -> None:
    """Move records of the contributions table to other rows; rows left behind become padding."""
    values = draft["contributions"].values
    index = draft["contributions"]["index"].copy()
    taken = {target: values[:, source].copy() for source, target in rows.items()}
    for source in rows:
        values[:, source] = values[:, PADDING]
    for target, cells in taken.items():
        values[:, target] = cells
    draft["contributions"]["index"][:] = index
    draft.rehash("contributions")


def plant(draft: Draft, leaves: Mapping[int, int], inner: Sequence[int]) -> None:
    """Fill the nodes of a tree by hand: `leaves` are rows of contributions by heap index, `inner` the heap indices of
    nodes from the bottom up; any other child is the root of an empty subtree, its height as in a tree of 4 leaves.
    """
    digests = leaf_digests(draft["contributions"]).astype(np.uint32)
    known = {place: digests[:, row] for place, row in leaves.items()}
    draft.clear("contribution_nodes")
    nodes = draft["contribution_nodes"]
    for row, place in enumerate(inner):
        children = [
            known.get(child, np.array(empty_roots(2)[3 - child.bit_length()] if child < 8 else (), dtype=np.uint32))
            for child in (2 * place, 2 * place + 1)
        ]
        nodes["index"][row], nodes["is_real"][row] = place, 1
        nodes.group("left")[:, row], nodes.group("right")[:, row] = children
        known[place] = compress_nodes(children[0].reshape(8, 1), children[1].reshape(8, 1))[:, 0]
    draft.rehash("contribution_nodes")


@cheat(
    r"contributions/index starts at 0",
    r"contributions/index counts",
    says="three records stand in a tree of another shape: one at a node, two below another, their positions invented",
)
def misplaced(name: str, policy: Policy) -> Forgery:
    draft = Draft(records_with(Record(account=2)), policy)
    contributions = draft["contributions"]
    # Three leaves of a tree of depth 2 have heap indices 4, 5, 6; here they have 2, 12, 13, weights that fit as well.
    if name.endswith("counts"):
        rows = {0: 1, 1: 2, 2: 3}
        moved(draft, dict(reversed(rows.items())))
        contributions["index"][1:4] = (P - 2, 8, 9)
    else:
        rows = {0: 0, 1: 10, 2: 11}
        moved(draft, {1: 10, 2: 11})
        contributions["index"][:] = (np.arange(-2, len(contributions["index"]) - 2) % P).astype(np.uint32)
    draft.after_contributions()
    plant(draft, {2: rows[0], 12: rows[1], 13: rows[2]}, (6, 3, 1))
    return draft.finish()


@cheat(
    r"contributions/reason (accepted|duplicate|out_of_range|undeclared|spam) is a bit",
    says="a published count by reason is one too small and another one too large, by a row that is no record",
)
def count_moved(name: str, policy: Policy) -> Forgery:
    codes = {flag_name(known): code for code, known in policy.rules.usable_reasons.items()}
    less = name.removeprefix("contributions/").removesuffix(" is a bit")
    draft = Draft([Record(account=1), Record(account=1, quantity=2), *rejected_for(codes[less], policy)], policy)
    more = flag_name("accepted") if less == flag_name("spam") else flag_name("spam")
    if less == flag_name("accepted"):
        # A row of these two reasons, once and -1 times, goes to no limit; where there are none, any other reason does.
        limits = [flag for flag, code in codes.items() if code in (OVER_WINDOW_LIMIT, OVER_ACCOUNT_LIMIT)]
        more = limits[-1] if limits else more
    contributions = draft["contributions"]
    # Padding may hold what it likes where nothing looks: a known kind, numbers within their bounds, or one above.
    for number in policy.rules.numbers:
        put(draft, number, PADDING, number.minimum)
    if less == flag_name("out_of_range"):
        number = over_range(policy)
        put(draft, number, PADDING, number.recordable)
    for symbol in policy.rules.symbols:
        contributions[field_name(symbol.name)][PADDING] = len(symbol.values) - 1
        contributions[known_name(symbol.name)][PADDING] = less != flag_name("undeclared")
    # Where a row is accepted, more or less, the formula holds.
    contributions[flag_name("accepted")][PADDING] = flag_name("accepted") in (less, more)
    fill_gadgets(contributions)
    contributions[less][PADDING], contributions[more][PADDING] = P - 1, 1
    if less == flag_name("accepted"):
        turn(contributions)
    draft.rehash("contributions")
    return draft.finish()


def turn(contributions: Trace) -> None:
    """Have gadgets say of padding what they say where a row counts -1 times, or not at all."""
    for gadget in contributions.table.gadgets:
        if isinstance(gadget, SymbolTest):
            for column in (gadget.flag, gadget.inverse):
                contributions.values[column.index, PADDING] = -int(contributions.values[column.index, PADDING]) % P
        elif isinstance(gadget, Comparison) and gadget.active is not None:
            if evaluate_at(contributions, PADDING, gadget.active) == 0:
                fill_gadget(contributions, gadget)


def put(draft: Draft, number: NumberField, row: int, value: int) -> None:
    """Write a number into its slots."""
    for place, slot in enumerate(draft["contributions"].group(field_name(number.name))):
        slot[row] = value >> (SLOT_BITS * place) & (SLOT - 1)


def over_range(policy: Policy) -> NumberField:
    """The first number of which a leaf holds more than its maximum."""
    return next(number for number in policy.rules.numbers if number.recordable > number.maximum)


def rejected_for(reason: int, policy: Policy) -> list[Record]:
    """A record that is rejected for a reason, or none for acceptance."""
    if reason == ACCEPTED:
        return []
    if reason == OUT_OF_RANGE:
        number = over_range(policy)
        return [Record(account=1, reason=reason, values=((number.name, number.recordable),))]
    if reason == UNDECLARED_VALUE:
        return [Record(account=1, reason=reason, values=((policy.rules.symbols[0].name, UNDECLARED),))]
    return [Record(account=1, fingerprint=10**6 if reason == DUPLICATE else None, reason=reason)]


@cheat(
    r"contributions/reason (accepted|duplicate|out_of_range|undeclared|spam|withdrawn|same_person|refunded) is counted",
    says="a record of a reason is in the tree and not in the counts: the tree of one has two leaves",
)
def hidden(name: str, policy: Policy) -> Forgery:
    reason = name.removeprefix("contributions/reason ").removesuffix(" is counted")
    codes = {known: code for code, known in policy.rules.usable_reasons.items()}
    # One account for both, so that one account goes with one accepted record.
    second = rejected_for(codes[reason], policy) or [Record(account=1, quantity=2)]
    draft = Draft([Record(account=1, fingerprint=10**6), *second], policy)
    counts = tuple((known, int(known == "accepted")) for known in policy.rules.usable_reasons.values())
    # The leaf of a tree of one is its root at heap index 1; rows 1 and 2 stand at 2 and 3, and their parent at 1.
    moved(draft, {1: 2, 0: 1})
    draft.after_contributions()
    plant(draft, {2: 1, 3: 2}, (1,))
    draft.state(contribution_count=1, counts=counts)
    return draft.finish(contribution_count=1, counts=counts)


@cheat(r"contributions/a valid kind is known", says="a record of an undeclared kind is accepted")
def undeclared_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(Record(account=2, kind=63, reason=UNDECLARED_VALUE), policy))


@cheat(r"contributions/a valid quantity is within", says="a record with a quantity over the maximum is accepted")
def large_quantity_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(Record(account=2, quantity=10**9 + 1, quality=0, reason=OUT_OF_RANGE), policy))


@cheat(r"contributions/a valid quality is within", says="a record with a quality over the maximum is accepted")
def large_quality_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(Record(account=2, quantity=0, quality=10_001, reason=OUT_OF_RANGE), policy))


@cheat(r"contributions/undeclared is undeclared", says="a record of a declared kind is rejected as undeclared")
def known_kind_rejected(name: str, policy: Policy) -> Forgery:
    return published(turn_away(Record(account=2), UNDECLARED_VALUE, policy))


@cheat(r"contributions/out of range is out of range", says="a record within all bounds is rejected as out_of_range")
def within_rejected(name: str, policy: Policy) -> Forgery:
    return published(turn_away(Record(account=2), OUT_OF_RANGE, policy))


@cheat(r"contributions/kind is in the policy", says="a record earns the weight of another kind")
def other_weight(name: str, policy: Policy) -> Forgery:
    return overweight(policy)


@cheat(r"tables/entries on offer", says="a record earns a weight that no kind has", with_bus=True)
def made_up_weight(name: str, policy: Policy) -> Forgery:
    return overweight(policy)


def overweight(policy: Policy) -> Forgery:
    """A record of weight 3 that is given 6; all products and points follow."""
    draft = Draft(records_with(Record(account=2, quantity=1_000)), policy)
    contributions = draft["contributions"]
    contributions["weight[0]"][1] = 6
    fill_gadgets(contributions)
    return published(draft)


@cheat(r"contributions/points\[\d+\] is 0 where idle", says="an account is paid for a record that was rejected as spam")
def points_of_the_rejected(name: str, policy: Policy) -> Forgery:
    draft = Draft([Record(account=1, quantity=50), Record(account=1, quantity=70, reason=SPAM)], policy)
    draft["contributions"][name.removeprefix("contributions/").removesuffix(" is 0 where idle")][1] = 1
    return published(draft)


redundant(
    r"contributions/at most one reason",
    "kept: the bus counts in the integers only where multiplicities are bits (SPEC §4.3). To use its absence, one "
    "position of the tree would have to hold a leaf as often as it has reasons, as the counts leave no other position.",
)


# Records that are not what was committed.


@cheat(
    r"contributions/record goes to the tally", says="an account is paid for points that no record earned", with_bus=True
)
def invented_points(name: str, policy: Policy) -> Forgery:
    draft = Draft(records_with(Record(account=2)), policy)
    tally = draft["tally"]
    tally["points[0]"][0] += 1_000
    tally["sum(points)[0]"][0] += 1_000
    draft.after_tally()
    return draft.finish()


@cheat(r"contributions/record goes to uniqueness", says="a copy is accepted as well as its original")
def copy_accepted(name: str, policy: Policy) -> Forgery:
    draft = Draft([keyed(policy, 1, 50, e7=9), keyed(policy, 2, 1, DUPLICATE, e7=9), keyed(policy, 3, 1)], policy)
    judge(draft, 1, ACCEPTED)
    draft.after_contributions()
    draft.clear("uniqueness")
    return draft.finish()


@cheat(
    r"contributions/leaf is in the tree", says="a contribution root that none of the records is below", with_bus=True
)
def other_leaves(name: str, policy: Policy) -> Forgery:
    draft = Draft(records_with(Record(account=2)), policy)
    nodes = draft["contribution_nodes"]
    root = int(nodes["is_real"].sum()) - 1
    nodes.group("left")[:, root] = (1, 2, 3, 4, 5, 6, 7, 8)
    draft.rehash("contribution_nodes")
    return draft.finish()


@cheat(r"range/ranges on offer", says="points are rounded up: a negative remainder", with_bus=True)
def ranges_of_no_table(name: str, policy: Policy) -> Forgery:
    draft = Draft(records_with(Record(account=2, quantity=9, quality=1_111)), policy)
    contributions = draft["contributions"]
    # 3 * 1111 * 9 = 29997.
    contributions["points[0]"][1], contributions["points remainder"][1] = 3, P - 3
    settle(contributions, "points", 1)
    return published(draft)


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
