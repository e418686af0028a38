"""Cheats on records: their place in intake order, their verdict, their kind and the counts by reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery, honest, settle
from tests.attacks.registry import Cheat, cheat, redundant, run_trial, trials
from tests.circuits.scenarios import DUPLICATE, OUT_OF_RANGE, POLICY, SPAM, UNKNOWN_KIND, Record
from zkpay.circuits.contributions.air import flag_name
from zkpay.circuits.gadgets.compare import CompareConstant
from zkpay.circuits.gadgets.witness import fill_gadget, leaf_digests
from zkpay.kernels.poseidon import compress_nodes
from zkpay.ledger.codes import ACCEPTED, reason_names
from zkpay.ledger.tree import empty_roots
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

PADDING = 20
"""A row of padding in every draft of this file."""
SLOT = 1 << 14


def judge(draft: Draft, row: int, reason: int) -> None:
    """Give a record another reason, in its leaf as well; its points follow, if it had none."""
    contributions = draft["contributions"]
    for code, name in enumerate(reason_names(draft.policy)):
        if flag_name(name) in contributions.places:
            contributions[flag_name(name)][row] = code == reason
    draft.rehash("contributions")


def compare(draft: Draft, name: str, row: int, picks: Mapping[int, int], flag: int, difference: int) -> None:
    """Write a comparison with a maximum: the picks that are not 0, the flag and the difference; equal is the rest."""
    contributions = draft["contributions"]
    columns = contributions.group(f"{name} pick")
    columns[:, row] = 0
    for place, value in picks.items():
        columns[place, row] = value % P
    contributions[f"{name} equal"][row] = (1 - sum(picks.values())) % P
    contributions[name][row] = flag
    contributions[f"{name} difference"][row] = difference % P


def records_with(record: Record) -> list[Record]:
    """The record at row 1 between two honest ones."""
    return [Record(account=1, quantity=50), record, Record(account=3, quantity=70)]


def pass_off(record: Record, policy: Policy) -> Draft:
    """A draft in which a record that honestly is rejected was marked as accepted. Its quantity or its weight is 0, or
    its points would have to be filled as well.
    """
    draft = Draft(records_with(record), policy)
    judge(draft, 1, ACCEPTED)
    contributions = draft["contributions"]
    # The upper slot of a quality is left out where the maximum needs none.
    weighted = int(contributions["weight[0]"][1]) * int(contributions["quality[0]"][1])
    contributions["weighted_quality[0]"][1], contributions["weighted_quality[1]"][1] = divmod(weighted, SLOT)[::-1]
    return draft


def turn_away(record: Record, reason: int, policy: Policy) -> Draft:
    """A draft in which a record that honestly is accepted was marked as rejected, and earns nothing."""
    draft = Draft(records_with(record), policy)
    contributions = draft["contributions"]
    judge(draft, 1, reason)
    for name in ("weighted_quality", "points"):
        contributions.group(name)[:, 1] = 0
    contributions["points remainder"][1] = 0
    settle(contributions, "weighted_quality", 1)
    settle(contributions, "points", 1)
    return draft


def published(draft: Draft) -> Forgery:
    """The rest, by the honest rules."""
    draft.after_contributions()
    return draft.finish()


def number(name: str) -> int:
    """The last number in brackets of a name."""
    return int(re.findall(r"\[(\d+)\]", name)[-1])


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
    r"contributions/reason \w+ is a bit",
    says="a published count by reason is one too small and another one too large, by a row that is no record",
)
def count_moved(name: str, policy: Policy) -> Forgery:
    draft = Draft(
        [
            Record(account=1),
            Record(account=1),
            Record(account=1, quantity=2**98 - 1, reason=OUT_OF_RANGE),
            Record(account=1, kind=63, reason=UNKNOWN_KIND),
            Record(account=1, reason=SPAM),
            *([Record(account=1, fingerprint=10**6, reason=DUPLICATE)] if policy.unique else []),
        ],
        policy,
    )
    less = name.removeprefix("contributions/").removesuffix(" is a bit")
    more = flag_name("accepted") if less == flag_name("spam") else flag_name("spam")
    contributions = draft["contributions"]
    contributions[less][PADDING], contributions[more][PADDING] = P - 1, 1
    # Padding may hold what it likes where nothing looks: a known kind of weight 0, any quantity.
    contributions["known"][PADDING] = less != flag_name("unknown_kind")
    if less == flag_name("out_of_range"):
        contributions.group("quantity")[6, PADDING] = SLOT - 1
        fill_comparison(draft, "quantity_within")
    draft.rehash("contributions")
    return draft.finish()


def fill_comparison(draft: Draft, name: str) -> None:
    """Fill a comparison of the contributions table honestly."""
    for gadget in draft["contributions"].table.gadgets:
        if isinstance(gadget, CompareConstant) and gadget.flag.name == name:
            fill_gadget(draft["contributions"], gadget)


@cheat(
    r"contributions/reason \w+ is counted",
    says="a record of a reason is in the tree and not in the counts: the tree of one has two leaves",
)
def hidden(name: str, policy: Policy) -> Forgery:
    reason = name.removeprefix("contributions/reason ").removesuffix(" is counted")
    second = {
        # One account for both, so that one account goes with one accepted record.
        "accepted": Record(account=1),
        "duplicate": Record(account=1, fingerprint=1, reason=DUPLICATE),
        "out_of_range": Record(account=1, quantity=2**98 - 1, reason=OUT_OF_RANGE),
        "unknown_kind": Record(account=1, kind=63, reason=UNKNOWN_KIND),
        "spam": Record(account=1, reason=SPAM),
    }[reason]
    draft = Draft([Record(account=1, fingerprint=1), second], policy)
    counts = tuple((known, int(known == "accepted")) for known in reason_names(policy))
    # The leaf of a tree of one is its root at heap index 1; rows 1 and 2 stand at 2 and 3, and their parent at 1.
    moved(draft, {1: 2, 0: 1})
    draft.after_contributions()
    plant(draft, {2: 1, 3: 2}, (1,))
    draft.state(contribution_count=1, counts=counts)
    return draft.finish(contribution_count=1, counts=counts)


# Verdicts.


@cheat(r"contributions/a valid kind is known", says="a record of an undeclared kind is accepted")
def unknown_kind_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(Record(account=2, kind=63, reason=UNKNOWN_KIND), policy))


@cheat(r"contributions/a valid quantity is within", says="a record with a quantity over the maximum is accepted")
def large_quantity_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(Record(account=2, quantity=10**9 + 1, quality=0, reason=OUT_OF_RANGE), policy))


@cheat(r"contributions/a valid quality is within", says="a record with a quality over the maximum is accepted")
def large_quality_accepted(name: str, policy: Policy) -> Forgery:
    return published(pass_off(record_of("quality", 10_001, OUT_OF_RANGE), policy))


@cheat(r"contributions/an unknown kind is unknown", says="a record of a declared kind is rejected as unknown_kind")
def known_kind_rejected(name: str, policy: Policy) -> Forgery:
    return published(turn_away(Record(account=2), UNKNOWN_KIND, policy))


@cheat(r"contributions/out of range is out of range", says="a record within all bounds is rejected as out_of_range")
def within_rejected(name: str, policy: Policy) -> Forgery:
    return published(turn_away(Record(account=2), OUT_OF_RANGE, policy))


@cheat(r"contributions/kind is in the policy", says="a record earns the weight of another kind")
def other_weight(name: str, policy: Policy) -> Forgery:
    return overweight(policy)


@cheat(r"kinds/kinds on offer", says="a record earns a weight that no kind has", with_bus=True)
def made_up_weight(name: str, policy: Policy) -> Forgery:
    return overweight(policy)


def overweight(policy: Policy) -> Forgery:
    """A record of weight 3 that is given 6; all products and points follow."""
    draft = Draft(records_with(Record(account=2, quantity=1_000)), policy)
    contributions = draft["contributions"]
    contributions["weight[0]"][1] = 6
    contributions["weighted_quality[0]"][1], contributions["weighted_quality[1]"][1] = 60_000 % SLOT, 60_000 // SLOT
    points = contributions.group("points")
    points[:, 1] = (6_000, 0, 0)
    contributions["points remainder"][1] = 0
    settle(contributions, "weighted_quality", 1)
    settle(contributions, "points", 1)
    return published(draft)


# Comparisons with a maximum. Quantity: 7 slots against 10^9 = (2560, 11883, 3, 0, ...); quality: 2 against 10000.

LIMITS = {"quantity": (2_560, 11_883, 3, 0, 0, 0, 0), "quality": (10_000, 0)}


def compared(name: str) -> tuple[str, str]:
    """The field that a comparison's name is about, and its flag column."""
    field = "quantity" if "/quantity_within" in name else "quality"
    return field, f"{field}_within"


def record_of(field: str, value: int, reason: int) -> Record:
    """A record with that quantity or quality that earns nothing: the other one is 0."""
    return Record(
        account=2,
        quantity=value if field == "quantity" else 0,
        quality=value if field == "quality" else 0,
        reason=reason,
    )


def number_of(slots: Sequence[int]) -> int:
    return sum(slot * SLOT**k for k, slot in enumerate(slots))


def maximum_of(field: str) -> int:
    return POLICY.quantity_max if field == "quantity" else POLICY.quality_max


@cheat(
    r"contributions/(quantity|quality)_within equal above the pick\[\d+\]",
    says="a record over a maximum is accepted: one slot above the pick is larger and not looked at",
)
def unequal_above(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    slots = list(LIMITS[field])
    slots[number(name)] += 1
    draft = pass_off(record_of(field, number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality)_within difference has the sign",
    says="a record over a maximum is accepted: the difference has the wrong sign",
)
def wrong_sign(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, maximum_of(field) + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality)_within difference has \d+ bits",
    says="a record over a maximum is accepted: the difference is negative",
)
def negative_difference(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = pass_off(record_of(field, maximum_of(field) + 1, OUT_OF_RANGE), policy)
    compare(draft, flag, 1, {0: 1}, 1, -2)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality)_within equal is at most",
    says="a record exactly at a maximum is rejected as out_of_range",
)
def equal_rejected(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = turn_away(record_of(field, maximum_of(field), ACCEPTED), OUT_OF_RANGE, policy)
    compare(draft, flag, 1, {}, 0, 0)
    return published(draft)


@cheat(
    r"contributions/(quantity|quality)_within picks one limb",
    says="a record exactly at a maximum is rejected as out_of_range: neither equal nor different",
)
def nothing_picked(name: str, policy: Policy) -> Forgery:
    field, flag = compared(name)
    draft = turn_away(record_of(field, maximum_of(field), ACCEPTED), OUT_OF_RANGE, policy)
    compare(draft, flag, 1, {}, 0, 0)
    draft["contributions"][f"{flag} equal"][1] = 0
    return published(draft)


@cheat(
    r"contributions/quantity_within pick\[[0-5]\] is a bit",
    says="a record over a maximum is accepted: a pick of -1 lets two slots count, the lower against the higher",
)
def pick_of_minus_one(name: str, policy: Policy) -> Forgery:
    place = number(name)
    limit = list(LIMITS["quantity"])
    if place == 0:
        # Slot 2 is one too large; -1 at slot 0 turns what is over there into room.
        slots = [limit[0] + 3, limit[1], limit[2] + 1, *limit[3:]]
        picks, room = {0: -1, 1: 1, 2: 1}, 2
    else:
        # The top slot is one too large; a lower one, which counts as well, is below its limit by more.
        slots = [0, *limit[1:6], 1]
        picks, room = {0: 1, place: -1, 6: 1}, limit[0] - 1
    draft = pass_off(record_of("quantity", number_of(slots), OUT_OF_RANGE), policy)
    compare(draft, "quantity_within", 1, picks, 1, room - 1)
    return published(draft)


for _pattern, _reason in {
    r"contributions/(quantity|quality)_within is a bit": (
        "every use forces it: a valid record needs 1, out_of_range needs a product of 0, and the sign is right for both"
    ),
    r"contributions/(quantity|quality)_within equal is a bit": (
        "it is 1 - sum of bits; at -1 or less the flag must be 1, and then the highest picked slot is below its limit "
        "by at least the number of picks, while the slots that are free stand below it"
    ),
    r"contributions/quantity_within pick\[6\] is a bit|contributions/quality_within pick\[[01]\] is a bit": (
        "all other picks are bits and with equal they add up to 1: any other value makes its own slot equal, and all "
        "slots above the lowest pick, which then decides alone"
    ),
    r"contributions/at most one reason": (
        "the flags are bits, and a sum of 2 or more puts the leaf into the tree that often: one position can't hold it "
        "twice, and the counts leave no leaf for another position"
    ),
}.items():
    redundant(_pattern, _reason)


# Records that are not what was committed.


@cheat(
    r"contributions/record goes to the tally", says="an account is paid for points that no record earned", with_bus=True
)
def invented_points(name: str, policy: Policy) -> Forgery:
    draft = Draft(records_with(Record(account=2)), policy)
    tally = draft["tally"]
    tally["points[0]"][0] += 1_000
    tally["sum[0]"][0] += 1_000
    draft.after_tally()
    return draft.finish()


@cheat(r"contributions/record goes to uniqueness", says="a copy is accepted as well as its original")
def copy_accepted(name: str, policy: Policy) -> Forgery:
    records = [Record(account=1, quantity=50, fingerprint=9), Record(account=2, fingerprint=9, reason=DUPLICATE)]
    draft = Draft([*records, Record(account=3)], replace(policy, weights=(0, 5, 40, 1)))
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


@cheat(
    r"contributions/quantity\[[024]\] has 14 bits",
    says="the same leaf opens to slots that pass for a quantity below the maximum, though it is above",
)
def disguised_quantity(name: str, policy: Policy) -> Forgery:
    slot = number(name)
    limit = 5 * SLOT ** (slot + 1)
    roomy = replace(policy, quantity_max=limit)
    draft = pass_off(Record(account=2, quantity=limit + SLOT**slot, quality=0, reason=OUT_OF_RANGE), roomy)
    quantity = draft["contributions"].group("quantity")
    quantity[slot, 1], quantity[slot + 1, 1] = 1 + SLOT, 4
    compare(draft, "quantity_within", 1, {slot + 1: 1}, 1, 0)
    return published(draft)


@cheat(
    r"contributions/quality\[1\] has 14 bits",
    says="a leaf that encodes no record is accepted, and earns more than the largest quality does",
)
def negative_quality(name: str, policy: Policy) -> Forgery:
    quality = SLOT - 1
    records = records_with(Record(account=2, quantity=10_000, quality=10_000))
    draft = Draft(records, policy)
    contributions = draft["contributions"]
    contributions.group("quality")[:, 1] = (quality, P - 1)
    compare(draft, "quality_within", 1, {1: 1}, 1, 0)
    weighted = 3 * quality
    contributions.group("weighted_quality")[:, 1] = (weighted % SLOT, weighted // SLOT)
    contributions.group("points")[:, 1] = (weighted % SLOT, weighted // SLOT, 0)
    contributions["points remainder"][1] = 0
    settle(contributions, "weighted_quality", 1)
    settle(contributions, "points", 1)
    draft.rehash("contributions")
    draft.after_contributions()
    # Its slots would be a quality of 2^14 - 1 at best: out of range.
    honestly = records_with(Record(account=2, quantity=10_000, quality=quality, reason=OUT_OF_RANGE))
    return draft.finish(truth=honest(honestly, policy))


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
