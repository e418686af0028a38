"""Rows that count in parts, or -1 times: only that what counts them is a bit stops them.

An account is paid less where parts add up to one. Where a payout is one quotient that takes 65,026 rows: the deletion
campaign has a reason why no lie of its tables of 1,024 rows could use the absence, and tables of 2^17 rows have room
for one, beside 65,537 to 66,047 accounts; taller ones beside most numbers. Where it is the sum of two, some seventy
rows do. Where the formula compares numbers two or three do.
"""

from __future__ import annotations

import pytest

from tests.attacks.forgery import killed_by
from tests.campaigns.deletion.catalogue import stored
from tests.campaigns.deletion.families import family_of
from tests.campaigns.deletion.ground import LARGER, Ground, Story, ground, ground_for
from tests.campaigns.deletion.proofs import verdicts
from tests.campaigns.deletion.search import attempt, told_on
from tests.campaigns.deletion.tailored.crowds import MOST, NAME, Crowd, quotients_of
from tests.campaigns.deletion.tailored.measured import kinds, sized
from tests.campaigns.deletion.tailored.parts import ACCEPTED_BIT, aim_at_parts
from tests.campaigns.deletion.whole import forge
from tests.campaigns.differential.stack import objections
from zkpay.stark.field import P

PRESETS = ("pro-rata", "square-root", "diminishing-per-kind")
COMPARING = ("capped-pro-rata", "tiered-rates", "fixed-price", "threshold-bonus", "quadratic-match")
HEIGHT = 1 << 17


@pytest.mark.parametrize("title", PRESETS)
def test_parts_of_a_row_underpay_an_account(title: str) -> None:
    place = Ground(title + LARGER)
    place.height = HEIGHT
    kind = next(kinds(place))
    records = sized([kind], 1) + sized([kind, kind], 2, first=2000)
    story = Story(records, Crowd(quotients_of(place.tables["payouts"]), 1))
    epoch, draft = place.tell(story)
    (found,) = objections(place.circuit.tables, place.circuit.offers, [draft], look_ups_by_name=True)
    assert found == {NAME}
    assert epoch.claims().paid == place.truth(records).claims().paid - 1
    # Its own row, the other account's, and rows from the last one up.
    rows = int((epoch.traces["payouts"]["is_real"] != 0).sum()) - 1
    assert rows == -(-(P - 1) // MOST)
    assert HEIGHT - (rows - 1) > HEIGHT // 2 + 509


def test_parts_of_a_sum_of_quotients_take_few_rows() -> None:
    place, seed = ground_for("pools-per-kind", NAME), stored()["pools-per-kind"][NAME].split()[1]
    story = attempt(place, NAME, seed)
    assert story is not None
    forgery = forge(place.policy, story)
    killed_by(forgery, NAME)
    assert verdicts(forgery, NAME) == ("constraints-unsatisfied", "accepted")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        (title, NAME)
        for title in ("capped-pro-rata", "tiered-rates", "fixed-price", "threshold-bonus", "quadratic-match")
    ]
    + [("capped-pro-rata", ACCEPTED_BIT)],
)
def test_a_comparison_tells_parts_of_a_row_anything(title: str, name: str) -> None:
    """Halves of a row, and rows that count -1 times, of which comparisons say what isn't so."""
    place, seed = ground_for(title, name), stored()[title][name].split()[1]
    assert family_of(seed).aim is aim_at_parts
    story = attempt(place, name, seed)
    assert story is not None
    told = ground(story.on) if story.on else told_on(place, seed)
    assert told.killed(story) == {name}
    killed_by(forge(told.policy, story), name)
