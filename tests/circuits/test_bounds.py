"""What the circuit's bounds leave out: what no payout and no total depends on."""

from __future__ import annotations

from tests.circuits.scenarios import policy_of
from zkpay.circuits.bounds import bounds_for

HEIGHTS = {"contributions": 1024, "payouts": 1024}


def test_lines_that_nothing_reads_have_no_columns() -> None:
    read = {"score": "sum(quantity)", "payout": "pool * score // total(score) if score > 0 else 0"}
    unread = {"most": "max(quantity)", "records": "count()", **read}
    plain, extended = (bounds_for(policy_of(lines), HEIGHTS) for lines in (read, unread))
    assert [each.name for each in extended.aggregates] == [each.name for each in plain.aggregates]
    assert len(extended.program.aggregates) > len(extended.aggregates) == 1
    assert [each.widths for each in extended.arguments] == [each.widths for each in plain.arguments]
