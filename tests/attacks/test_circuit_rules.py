"""Cheats on the rules: minima, declared values, several unique rules, corrections, windows, and largest values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.attacks.forgery import Draft, Forgery
from tests.attacks.limits import REASONS, full, judge, record
from tests.attacks.registry import Cheat, alike, cheat, redundant, run_trial, trials
from tests.attacks.test_circuit_contributions import moved, plant
from tests.circuits.scenarios import maximum_of
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import (
    ACCEPTED,
    BELOW_MINIMUM,
    BUILT_IN_REASONS,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
)
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

PADDING = 20
"""A row of padding in every draft of this file."""
SPAM_FLAG = flag_name("spam")
LARGEST = r"tally/max\(quantity\)"
BEST = "max(quantity)"

alike(
    r"contributions/time within (?!pick\[0\]).*",
    "contributions/quantity within equal above the pick[1]",
    "a comparison with a maximum",
)
alike(
    r"contributions/window\[1\] has 3 bits",
    "contributions/points carry[0] has 15 bits",
    "a quotient of the record's numbers",
)
alike(
    r"uniqueness_2/.*",
    "uniqueness/the first valid record comes first",
    "the same table for another key; each part has its cheat there",
)
alike(r"payouts/payout\[1\] has 1 bits", "payouts/payout[0] has 10 bits", "a limb of a payout")
alike(
    rf"{LARGEST} covers the record (difference.*|is a bit)",
    "contributions/quantity below difference has the sign",
    "a comparison of numbers of one limb",
)
redundant(
    r"contributions/quantity below is a bit",
    "kept: whoever asks a comparison is promised a bit, and formulas reckon with it. To use its absence here, some use "
    "would have to read another value: a valid record needs 0, below_minimum needs 1, and the sign is right for both.",
)
redundant(
    r"contributions/reason superseded is a bit",
    "kept: the bus counts in the integers only where multiplicities are bits (SPEC §4.3). To use its absence, a number "
    "of records other than 0 and 1 would have to name the record, and as many reasons less one to be flagged as -1.",
)
redundant(
    r"contributions/corrects is a bit",
    "kept: the bus counts in the integers only where multiplicities are bits (SPEC §4.3). Where the leaf names a "
    "record, corrects is 1 without it. Where it names none, what is offered bears the index -1, which no row has, and "
    "the account: so what an account's rows offer there has to add up to 0, by c and -c for instance. That says "
    "nothing of any record, as only the rules of corrections read the column, and nothing is replaced.",
)


# Reasons.


@cheat(
    r"contributions/reason (over_window_limit|over_account_limit) is a bit",
    says="a record is accepted and paid though its limit is reached: flagged as accepted, as spam, and -1 times as "
    "over the limit, it is not valid, so that no rule asks for it",
)
def reasons_that_cancel(name: str, policy: Policy) -> Forgery:
    table = "window_limit" if "window" in name else "account_limit"
    own, times = full(table, 5), (50, 70) if table == "account_limit" else (1, 2)
    # Two, so that the count of the limit's reason is none below 0.
    draft = Draft([*own, *(record(5, time, REASONS[table]) for time in times)], policy)
    contributions = draft["contributions"]
    for flag, value in (
        (flag_name("accepted"), 1),
        (SPAM_FLAG, 1),
        (flag_name(BUILT_IN_REASONS[REASONS[table]]), P - 1),
    ):
        contributions[flag][len(own)] = value
    draft.refill_contributions()
    draft.after_contributions()
    return draft.finish()


# Values.


@cheat(
    r"contributions/a valid (task|region) is known",
    says="a record with an undeclared value is accepted",
)
def undeclared_accepted(name: str, policy: Policy) -> Forgery:
    field = "task" if "task" in name else "region"
    draft = Draft([record(1, 0), record(2, 0, UNDECLARED_VALUE, **{field: UNDECLARED})], policy)
    judge(draft, {1: ACCEPTED})
    return draft.finish()


@cheat(r"contributions/a valid (time|submitted) is within", says="a record whose time is over the maximum is accepted")
def late_accepted(name: str, policy: Policy) -> Forgery:
    field = name.split()[2]
    # One more than the maximum is still written down by the window's limbs.
    late = record(2, 0, OUT_OF_RANGE)
    late = replace(late, values=(*late.values, (field, maximum_of(policy, field) + 1)))
    draft = Draft([record(1, 0), late], policy)
    judge(draft, {1: ACCEPTED})
    return draft.finish()


@cheat(r"contributions/a valid quantity is enough", says="a record below the minimum is accepted")
def little_accepted(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0, BELOW_MINIMUM, quantity=1)], policy)
    judge(draft, {1: ACCEPTED})
    return draft.finish()


@cheat(r"contributions/below minimum is below minimum", says="a record of the least quantity is rejected as below it")
def enough_rejected(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0, quantity=2)], policy)
    judge(draft, {1: BELOW_MINIMUM})
    return draft.finish()


@cheat(
    r"contributions/quantity below difference (has the sign|has 14 bits)",
    says="a record below the minimum is accepted: the comparison says that it isn't",
)
def comparison_turned(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0, BELOW_MINIMUM, quantity=1)], policy)
    judge(draft, {1: ACCEPTED})
    contributions = draft["contributions"]
    contributions["quantity below"][1] = 0
    # 1 - 1 is not less than nothing: the difference ought to be -1.
    contributions["quantity below difference"][1] = 0 if name.endswith("sign") else P - 1
    return draft.finish()


@cheat(
    r"contributions/not (undeclared|out of range) \d+ is right",
    says="a record of declared values is rejected as undeclared, or one within all bounds as out_of_range",
)
def declared_rejected(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0)], policy)
    judge(draft, {1: UNDECLARED_VALUE if "undeclared" in name else OUT_OF_RANGE})
    draft["contributions"][name.removeprefix("contributions/").removesuffix(" is right")][1] = 0
    return draft.finish()


@cheat(
    r"contributions/(task|region) is in the policy",
    says="a record of a declared value is rejected as undeclared",
)
def declared_disowned(name: str, policy: Policy) -> Forgery:
    field = name.removeprefix("contributions/").removesuffix(" is in the policy")
    draft = Draft([record(1, 0), record(2, 0)], policy)
    judge(draft, {1: UNDECLARED_VALUE})
    contributions = draft["contributions"]
    contributions[f"{field} known"][1], contributions["not undeclared 3"][1] = 0, 0
    return draft.finish()


# Counts.


@cheat(
    r"contributions/reason below_minimum is a bit",
    says="a published count by reason is one too small and another one too large, by a row that is no record",
)
def count_moved(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(1, 10, BELOW_MINIMUM, quantity=1)], policy)
    # The padding's quantity is 0, which is below the minimum.
    contributions = draft["contributions"]
    contributions[flag_name("below_minimum")][PADDING], contributions[SPAM_FLAG][PADDING] = P - 1, 1
    draft.rehash("contributions")
    return draft.finish()


@cheat(
    r"contributions/reason \w+_(minimum|limit) is counted|contributions/reason superseded is counted",
    says="a record of a reason is in the tree and not in the counts: the tree of one has two leaves",
)
def hidden(name: str, policy: Policy) -> Forgery:
    reason = name.removeprefix("contributions/reason ").removesuffix(" is counted")
    records = {
        "below_minimum": [record(1, 0), record(1, 10, BELOW_MINIMUM, quantity=1)],
        "over_window_limit": [record(1, 0), record(1, 1, OVER_WINDOW_LIMIT)],
        "over_account_limit": [record(1, 0), record(1, 10), record(1, 20, OVER_ACCOUNT_LIMIT)],
        "superseded": [record(1, 0, SUPERSEDED), record(1, 0, replaces=0)],
    }[reason]
    draft = Draft(records, policy)
    contributions = draft["contributions"]
    count = sum(not entry.reason for entry in records)
    # Rows 1 and on stand where a tree of so many accepted records has inner nodes: 2 and 3 below 1, or 4 and on.
    rows = {0: 1, 1: 2} if count == 1 else {0: 2, 1: 1, 2: 3}
    if count == 2:
        # Two leaves at 3 and 4 of the heap, and one at 5: its parent takes the place of a leaf at 2.
        rows = {0: 1, 1: 2, 2: 3}
    moved(draft, dict(reversed(rows.items())))
    if reason == "superseded":
        # The index that it names is now 1, one more than it was.
        contributions["replaces[0]"][2] = 2
    draft.refill_contributions()
    draft.after_contributions()
    if count == 1:
        plant(draft, {2: 1, 3: 2}, (1,))
    else:
        plant(draft, {3: 1, 4: 2, 5: 3}, (2, 1))
    counts = tuple((known, count if known == "accepted" else 0) for known in policy.rules.usable_reasons.values())
    draft.state(contribution_count=count, counts=counts)
    return draft.finish(contribution_count=count, counts=counts)


# Several unique rules.


@cheat(
    r"contributions/originals are first under every rule",
    says="a copy under the second rule counts as an original, as it is first under the first",
)
def first_under_one_rule(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(1, 0, DUPLICATE)], policy)
    # The window is full as well, so a copy that is taken for an original is over that limit.
    judge(draft, {1: OVER_WINDOW_LIMIT})
    return draft.finish()


@cheat(
    r"contributions/originals are first under every rule",
    says="an original is rejected as a duplicate, though it is first under every rule",
)
def original_rejected(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0)], policy)
    judge(draft, {1: DUPLICATE})
    return draft.finish()


@cheat(
    r"contributions/record goes to uniqueness 2",
    says="a copy under the second rule is rejected as over the limit: nothing looks for an earlier one",
    with_bus=True,
)
def second_rule_left_out(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(1, 0, DUPLICATE)], policy)
    judge(draft, {1: OVER_WINDOW_LIMIT})
    draft["contributions"]["first[1]"][1] = 1
    draft.clear("uniqueness_2")
    return draft.finish()


# Corrections.


@cheat(r"contributions/only a record corrects", says="a record is superseded, and no record replaces it")
def padding_corrects(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0)], policy)
    judge(draft, {1: SUPERSEDED})
    contributions = draft["contributions"]
    contributions["replaces[0]"][PADDING], contributions["corrects"][PADDING] = 2, 1
    contributions["replaced before[0]"][PADDING] = PADDING - 2
    contributions.group("account")[:, PADDING] = contributions.group("account")[:, 1]
    draft.rehash("contributions")
    return draft.finish()


@cheat(
    r"contributions/who corrects nothing names nothing",
    says="a record that another one replaces is accepted and paid beside it",
)
def correction_without_effect(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0, SUPERSEDED), record(1, 10, replaces=0)], policy)
    judge(draft, {0: ACCEPTED})
    contributions = draft["contributions"]
    contributions["corrects"][1], contributions["replaced before[0]"][1] = 0, 0
    return draft.finish()


def corrected_before(policy: Policy) -> Draft:
    """A draft in which the first record replaces the second."""
    draft = Draft([record(1, 0), record(1, 10)], policy)
    draft["contributions"]["replaces[0]"][0] = 2
    judge(draft, {1: SUPERSEDED})
    return draft


@cheat(r"contributions/the replaced record is earlier", says="a record is superseded by an earlier one")
def later_is_replaced(name: str, policy: Policy) -> Forgery:
    return corrected_before(policy).finish()


@cheat(r"contributions/replaced before\[0\] has 10 bits", says="a record is superseded by an earlier one")
def negative_distance(name: str, policy: Policy) -> Forgery:
    draft = corrected_before(policy)
    draft["contributions"]["replaced before[0]"][0] = P - 2
    return draft.finish()


@cheat(
    r"contributions/record is replaced",
    r"contributions/superseded record is replaced",
    says="a record is superseded, and no record replaces it",
    with_bus=True,
)
def superseded_by_nothing(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0)], policy)
    judge(draft, {1: SUPERSEDED})
    return draft.finish()


# Windows.


def windows(draft: Draft, window: int, remainder: int) -> Forgery:
    """Claim the window of the second record, and what is left of its time."""
    contributions = draft["contributions"]
    contributions["window[0]"][1], contributions["window remainder"][1] = window % P, remainder % P
    draft.after_contributions()
    return draft.finish()


def beyond_the_window(policy: Policy) -> Draft:
    """A draft in which the second record of a window is accepted."""
    draft = Draft([record(1, 0), record(1, 5, OVER_WINDOW_LIMIT)], policy)
    judge(draft, {1: ACCEPTED})
    return draft


@cheat(r"contributions/window line 0", says="a record passes a full window: it claims another window")
def other_window(name: str, policy: Policy) -> Forgery:
    return windows(beyond_the_window(policy), 1, 5)


@cheat(
    r"contributions/window remainder has 4 bits",
    says="a record passes a full window: it claims the next one, with a negative remainder",
)
def next_window(name: str, policy: Policy) -> Forgery:
    return windows(beyond_the_window(policy), 1, -5)


@cheat(
    r"contributions/9 - window remainder has 4 bits",
    says="a record is rejected for a full window that it isn't in: its remainder is larger than a window",
)
def window_before(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(1, 15)], policy)
    judge(draft, {1: OVER_WINDOW_LIMIT})
    return windows(draft, 0, 15)


@cheat(
    r"contributions/window\[0\] has 14 bits",
    says="a record passes a full window: it claims one that is right modulo P",
)
def window_modulo(name: str, policy: Policy) -> Forgery:
    remainder = next(left for left in range(10) if (P + 5 - left) % 10 == 0)
    return windows(beyond_the_window(policy), (P + 5 - remainder) // 10, remainder)


# What accounts aggregate.


@cheat(
    r"contributions/best: quantity if active is right", says="an account's largest quantity is one that no record has"
)
def larger_than_recorded(name: str, policy: Policy) -> Forgery:
    draft = Draft([record(1, 0), record(2, 0)], policy)
    draft["contributions"]["best: quantity if active"][1] += 5
    draft.after_contributions()
    return draft.finish()


def pair(policy: Policy) -> Draft:
    """An account with quantities 9 and 5, then another one."""
    return Draft([record(1, 0, quantity=9), record(1, 10, quantity=5), record(2, 0, quantity=7)], policy)


def claim(draft: Draft, largest: tuple[int, ...], attained: tuple[int, ...]) -> Forgery:
    """Say what an account's largest quantity is, row by row, and where it is attained."""
    tally = draft["tally"]
    for row, (value, seen) in enumerate(zip(largest, attained, strict=True)):
        tally[f"{BEST}[0]"][row], tally[f"{BEST} attained"][row] = value, seen
    (gadget,) = (found for found in tally.table.gadgets if isinstance(found, Comparison))
    fill_gadget(tally, gadget)
    draft.after_tally()
    return draft.finish()


@cheat(rf"{LARGEST}\[0\] is one for the account", says="an account's largest quantity is that of its last record alone")
def last_is_largest(name: str, policy: Policy) -> Forgery:
    return claim(pair(policy), (9, 5), (0, 1))


@cheat(rf"{LARGEST} covers every record", says="an account's largest quantity is less than that of a record")
def smaller_is_largest(name: str, policy: Policy) -> Forgery:
    return claim(pair(policy), (5, 5), (0, 1))


@cheat(rf"{LARGEST} is attained", says="an account's largest quantity is one that no record has")
def none_is_largest(name: str, policy: Policy) -> Forgery:
    return claim(pair(policy), (900, 900), (0, 0))


@cheat(rf"{LARGEST} attained first in limb 0", says="an account's largest quantity is one that no record has")
def first_claims_it(name: str, policy: Policy) -> Forgery:
    return claim(pair(policy), (900, 900), (1, 1))


@cheat(rf"{LARGEST} attained in limb 0", says="an account's largest quantity is one that no record has")
def later_claims_it(name: str, policy: Policy) -> Forgery:
    return claim(pair(policy), (900, 900), (0, 1))


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
