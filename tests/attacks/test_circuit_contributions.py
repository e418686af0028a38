"""Cheats on records: their place in intake order, their verdict, their kind and the counts by reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery, settle
from tests.attacks.records import SLOT, judge, pass_off, published, records_with, turn_away
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import SPAM, Record, pro_rata
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.witness import fill_gadget, fill_gadgets, leaf_digests
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.rules import ACCEPTED, DUPLICATE, OUT_OF_RANGE, UNDECLARED_VALUE
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
    draft = Draft(
        [
            Record(account=1),
            Record(account=1),
            Record(account=1, quantity=too_large(policy), reason=OUT_OF_RANGE),
            Record(account=1, kind=63, reason=UNDECLARED_VALUE),
            Record(account=1, reason=SPAM),
            *([Record(account=1, fingerprint=10**6, reason=DUPLICATE)] if policy.rules.unique else []),
        ],
        policy,
    )
    less = name.removeprefix("contributions/").removesuffix(" is a bit")
    more = flag_name("accepted") if less == flag_name("spam") else flag_name("spam")
    contributions = draft["contributions"]
    # Where a row is accepted, more or less, the formula holds.
    contributions[flag_name("accepted")][PADDING] = flag_name("accepted") in (less, more)
    fill_gadgets(contributions)
    contributions[less][PADDING], contributions[more][PADDING] = P - 1, 1
    # Padding may hold what it likes where nothing looks: a known kind of weight 0, any quantity.
    contributions["kind known"][PADDING] = less != flag_name("undeclared")
    if less == flag_name("out_of_range"):
        contributions.group("quantity")[-1, PADDING] = SLOT - 1
        fill_comparison(draft, "quantity within")
    draft.rehash("contributions")
    return draft.finish()


def too_large(policy: Policy) -> int:
    """The largest quantity that a leaf holds, over any maximum."""
    (quantity,) = (field for field in policy.rules.numbers if field.name == "quantity")
    return quantity.recordable


def fill_comparison(draft: Draft, name: str) -> None:
    """Fill a comparison of the contributions table honestly."""
    for gadget in draft["contributions"].table.gadgets:
        if isinstance(gadget, Comparison) and gadget.difference.name == f"{name} difference":
            fill_gadget(draft["contributions"], gadget)


@cheat(
    r"contributions/reason (accepted|duplicate|out_of_range|undeclared|spam|withdrawn|same_person|refunded) is counted",
    says="a record of a reason is in the tree and not in the counts: the tree of one has two leaves",
)
def hidden(name: str, policy: Policy) -> Forgery:
    reason = name.removeprefix("contributions/reason ").removesuffix(" is counted")
    codes = {known: code for code, known in policy.rules.usable_reasons.items()}
    second = {
        # One account for both, so that one account goes with one accepted record.
        "accepted": Record(account=1),
        "duplicate": Record(account=1, fingerprint=1, reason=DUPLICATE),
        "out_of_range": Record(account=1, quantity=too_large(policy), reason=OUT_OF_RANGE),
        "undeclared": Record(account=1, kind=63, reason=UNDECLARED_VALUE),
    }.get(reason, Record(account=1, reason=codes[reason]))
    draft = Draft([Record(account=1, fingerprint=1), second], policy)
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
    records = [Record(account=1, quantity=50, fingerprint=9), Record(account=2, fingerprint=9, reason=DUPLICATE)]
    draft = Draft([*records, Record(account=3)], pro_rata(weights=(0, 5, 40, 1)))
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
