"""Cheats on lines of the presets' formulas: a root, a quotient, a condition or a product that is another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.campaigns.cheats.kinds import NoLieError, witness
from tests.campaigns.cheats.lying import Change, Lie, more, numbers_of, told, turned, write
from tests.campaigns.cheats.scene import SHARES, Epoch, Scene
from zkpay.circuits.trace import Trace
from zkpay.ledger.rules import ACCEPTED

OTHERS = "all other accounts, whose shares shrink"
OWNER = "the account that has earned more"
POOL = "who pays"
DIVIDED = (*SHARES, "diminishing-per-kind", "pools-per-kind", "capped-pro-rata")

Prepare = Callable[[Scene], None]


def formula(
    name: str,
    says: str,
    loses: str,
    presets: tuple[str, ...],
    table: str,
    pattern: str,
    change: Change,
    *,
    was: int | None = None,
    prepare: Prepare | None = None,
) -> None:
    """Register a lie about a number or condition of a formula, by a pattern of its name, on one of the rows that count.

    was: what the condition's column honestly is on that row, which for `a < b` is whether b <= a.
    """

    def tell(scene: Scene) -> Epoch:
        if prepare is not None:
            prepare(scene)
        epoch = scene.draft()
        trace = epoch[table]
        columns = [column for column in numbers_of(trace.table) if re.fullmatch(pattern, column)]
        if not columns:
            raise NoLieError(f"{table} has no number {pattern} under these numbers of {scene.preset}")
        column = scene.dice.choice(columns)
        rows = [row for row in _rows(scene, epoch, table) if was is None or int(trace[column][row]) == was]
        if not rows:
            raise NoLieError("no row for it")
        with told(Lie(table, column, (scene.dice.choice(rows),), change)):
            if table == "contributions":
                epoch.refill_contributions()
                epoch.after_contributions()
            else:
                epoch.after_tally()
        epoch.finish()
        return epoch

    witness(says, loses, presets, folds=table == "payouts", name=name)(tell)


def _rows(scene: Scene, epoch: Epoch, table: str) -> list[int]:
    if table == "contributions":
        return [row for row, record in enumerate(scene.records) if record.reason == ACCEPTED]
    return list(range(epoch.statement.account_count))


def nothing(trace: Trace, gadget: Any, row: int) -> None:
    """The number is said to be 0."""
    write(trace, gadget.result, row, 0)


def small(scene: Scene) -> None:
    """The first account has earned little."""
    for index in (0, 1):
        scene.change(index, quantity=2, quality=5_000)


def middling(scene: Scene) -> None:
    """The first account has earned more than an entry level, and less than any bonus level."""
    for index in (0, 1):
        scene.change(index, quantity=100, quality=10_000)


def failing(scene: Scene) -> None:
    """The first account has failed checks."""
    scene.change(0, failures=2, units=100_000)


formula(
    "points_rounded_up",
    "a record earns a point more: the remainder of its division is negative",
    OTHERS,
    DIVIDED,
    "contributions",
    r"points(: weight\[kind\] \* quantity \* quality // 10000)?",
    more(1),
)
formula(
    "points_rounded_down",
    "a record earns a point less: the remainder of its division is as large as the divisor",
    OWNER,
    SHARES,
    "contributions",
    "points",
    more(-1),
)
formula(
    "product_too_large",
    "a record's weight times its quality is another number than their product",
    OTHERS,
    (*SHARES, "capped-pro-rata"),
    "contributions",
    r"points: weight\[kind\] \* quality",
    more(7),
)
formula(
    "root_of_points_too_large",
    "a score is the root of more points than there are",
    OTHERS,
    ("square-root",),
    "payouts",
    "score",
    more(1),
)
formula(
    "root_of_points_too_small",
    "a score is the root of fewer points than there are",
    OWNER,
    ("square-root",),
    "payouts",
    "score",
    more(-1),
)
formula(
    "root_of_a_kind_too_large",
    "the root of an account's points of a kind is too large",
    OTHERS,
    ("diminishing-per-kind",),
    "payouts",
    r"\w+_root",
    more(1),
)
formula(
    "root_of_a_donation_too_large",
    "the root of a donation is too large",
    OTHERS,
    ("quadratic-match",),
    "contributions",
    "root",
    more(1),
)
formula(
    "square_of_roots_too_large",
    "a project is matched as if the square of its roots were larger",
    OTHERS,
    ("quadratic-match",),
    "payouts",
    "squared",
    more(1),
)
formula(
    "match_withheld",
    "a project's donations are said to exceed the square of their roots, so that nothing is matched",
    OWNER,
    ("quadratic-match",),
    "payouts",
    r"matched: min\(.*\) order",
    turned,
    was=0,
)
formula(
    "tier_boundary_shifted",
    "an account's points are said to be on the other side of the bound of a tier",
    OTHERS,
    ("tiered-rates",),
    "payouts",
    r"score: tiers\(.* order( #\d)?",
    turned,
)
formula(
    "paid_below_the_entry_level",
    "an account below the entry level has a score",
    OTHERS,
    ("threshold-bonus",),
    "payouts",
    "score: base < entry_level",
    turned,
    was=0,
    prepare=small,
)
formula(
    "held_back_above_the_entry_level",
    "an account that has passed the entry level has none",
    OWNER,
    ("threshold-bonus",),
    "payouts",
    "score: base < entry_level",
    turned,
    was=1,
)
formula(
    "bonus_without_the_level",
    "an account gets the bonus without having come to its level",
    OTHERS,
    ("threshold-bonus",),
    "payouts",
    "score: bonus_level <= base",
    turned,
    was=0,
    prepare=middling,
)
formula(
    "bonus_withheld",
    "an account that has come to the bonus level gets no bonus",
    OWNER,
    ("threshold-bonus",),
    "payouts",
    "score: bonus_level <= base",
    turned,
    was=1,
)
formula(
    "bonus_too_large",
    "an account's bonus is a point more than its percentage",
    OTHERS,
    ("threshold-bonus",),
    "payouts",
    r"score: base \* bonus_percent // 100",
    more(1),
)
formula(
    "price_of_another_kind",
    "a unit of one kind is paid at another kind's price",
    POOL,
    ("fixed-price",),
    "contributions",
    "worth: kind == data",
    turned,
)
formula(
    "worth_too_high",
    "a record is worth more than its units at their price",
    POOL,
    ("fixed-price",),
    "contributions",
    "worth",
    more(10**15),
)
formula(
    "penalty_waived",
    "an account that has failed checks pays no penalty",
    POOL,
    ("fixed-price",),
    "payouts",
    "penalty",
    nothing,
    prepare=failing,
)
formula(
    "penalty_too_high",
    "an account pays more than the penalty for its failed checks",
    OWNER,
    ("fixed-price",),
    "payouts",
    "penalty",
    more(10**15),
)
formula(
    "penalty_beyond_what_was_earned",
    "the penalty is said to exceed what an account has earned, so that nothing is due",
    OWNER,
    ("fixed-price",),
    "payouts",
    r"due: min\(.*\) order",
    turned,
    was=0,
)
formula(
    "record_cap_exceeded",
    "a record counts beyond its cap",
    OTHERS,
    ("capped-pro-rata",),
    "contributions",
    "points order",
    turned,
    was=0,
)
formula(
    "kind_cap_ignored",
    "an account is on the other side of the cap of a kind",
    OTHERS,
    ("capped-pro-rata",),
    "payouts",
    r"\w+_points order",
    turned,
)
formula(
    "account_cap_ignored",
    "an account is on the other side of its cap",
    OTHERS,
    ("capped-pro-rata",),
    "payouts",
    "score order",
    turned,
)
formula(
    "payout_cap_exceeded",
    "an account is paid more than the largest payout",
    POOL,
    ("capped-pro-rata",),
    "payouts",
    "payout order",
    turned,
    was=0,
)
formula(
    "pool_of_another_kind",
    "a record counts for a kind that it isn't of",
    OTHERS,
    ("pools-per-kind", "diminishing-per-kind", "capped-pro-rata"),
    "contributions",
    r"\w+: kind == \w+",
    turned,
    was=0,
)
formula(
    "kind_left_out",
    "a record doesn't count for the kind that it is of",
    OWNER,
    ("pools-per-kind", "diminishing-per-kind", "capped-pro-rata"),
    "contributions",
    r"\w+: kind == \w+",
    turned,
    was=1,
)
formula(
    "share_of_a_pool_too_large",
    "an account's share of a kind's pool is too large",
    "whom the dust goes to by the policy",
    ("pools-per-kind",),
    "payouts",
    r"\w+_share",
    more(1),
)
