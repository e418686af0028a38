"""What short epochs have no room for: an account that is paid less by 65,026 rows, against which `is_real` is a bit.

Where a payout is one quotient, the deletion campaign has a reason why no lie of its tables of 1,024 rows could use the
absence. Tables of 2^17 rows have room for one, beside 65,537 to 66,046 accounts; taller ones beside most numbers.
"""

from __future__ import annotations

import pytest

from tests.campaigns.deletion.crowds import MOST, NAME, Crowd, quotients_of
from tests.campaigns.deletion.ground import LARGER, Ground, Story
from tests.campaigns.deletion.measured import kinds, sized
from tests.campaigns.differential.stack import objections
from zkpay.stark.field import P

PRESETS = ("pro-rata", "square-root", "diminishing-per-kind")
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
