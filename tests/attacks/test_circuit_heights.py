"""What heights, digests and lengths of an epoch tell: nothing beyond the numbers that a statement says (SPEC §5.10).

Were payouts of nothing left out, or only accepted records sorted, the size of a table would tell how many there are
(review of this design, finding 9). So an account with an accepted record has a leaf whatever it is paid, and tables of
records have a row for each.
"""

from __future__ import annotations

from tests.circuits.scenarios import POLICY, SPAM, Record, Scenario, scenario
from zkpay.circuits.checker import violations
from zkpay.circuits.heights import heights

COUNT = 1_100
"""More than fit the least height."""


def epoch_of(paid: int, accepted: int = COUNT) -> Scenario:
    """So many accounts, one record each, of which the first earn something and the last are rejected."""
    records = [
        Record(
            account=number + 1,
            quantity=5_000 if number < paid else 0,
            fingerprint=number + 1,
            reason=0 if number < accepted else SPAM,
        )
        for number in range(COUNT)
    ]
    return scenario(records, POLICY)


def test_payouts_of_nothing_are_payouts() -> None:
    all_paid, few_paid = epoch_of(COUNT), epoch_of(10)
    for epoch in (all_paid, few_paid):
        assert epoch.statement.account_count == COUNT
        assert int(epoch.witness()["payouts"][epoch_column(epoch, "payouts", "is_real")].sum()) == COUNT
    assert few_paid.circuit.digest == all_paid.circuit.digest
    assert {item.height for item in few_paid.circuit.placed if item.table.name == "payouts"} == {2048}


def test_rejected_records_have_rows() -> None:
    """Tables of records are as tall whatever became of them; payouts follow the number of accounts, which is public."""
    few = epoch_of(10, accepted=10)
    assert few.statement.account_count == 10
    sizes = {item.table.name: item.height for item in few.circuit.placed}
    assert sizes == heights(POLICY, COUNT, 10)
    assert {sizes[name] for name in ("contributions", "uniqueness", "tally")} == {2048}
    assert sizes["payouts"] == 1024
    assert violations(few.circuit, few.witness()) == []


def epoch_column(epoch: Scenario, table: str, name: str) -> int:
    """Where a column stands."""
    own = next(item.table for item in epoch.circuit.placed if item.table.name == table)
    return next(column.index for column in own.columns if column.name == name)
