"""Cheats on totals that have a row for each limb: other digits, carries from nowhere or to nowhere, wraps of P."""

from __future__ import annotations

import numpy as np
import pytest

from tests.attacks.forgery import Draft, Forgery, element_names, weakened
from tests.attacks.registry import Cheat, cheat, run_trial, trials
from tests.attacks.shares import SCORE, put_sums, scores_of, share_out, total_row
from tests.attacks.test_circuit_totals import MORE_SCORE
from tests.circuits.folding import folding
from tests.circuits.gadget_tables import trace_of
from tests.circuits.scenarios import POLICY, WIDEST, Record, policy_of
from zkpay.circuits.bounds import TOTAL_WIDTH, bounds_for
from zkpay.circuits.buses import RANGE
from zkpay.circuits.checker import violations
from zkpay.circuits.heights import heights
from zkpay.circuits.lookups.air import range_table
from zkpay.circuits.totals.folded import CARRY, SUM, folded_totals_table, lines_of
from zkpay.circuits.trace import traces
from zkpay.circuits.witness import fill_multiplicities
from zkpay.ledger.number_slots import slots_of_values
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.expression import Constant
from zkpay.stark.field import P

RECORDS = (Record(account=1, quantity=5), Record(account=2, quantity=7), Record(account=3, quantity=9))


def claim_score(draft: Draft, excess: int) -> None:
    """Say that the total score is so much more; everybody is paid by that."""
    scores = scores_of(draft)
    share_out(draft, scores, total=sum(scores) + excess)


@cheat(r"totals/limbs add up to the public number", says=MORE_SCORE)
def another_digit(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, 1 << TOTAL_WIDTH)
    return draft.finish()


@cheat(r"totals/nothing is carried into a total", says=MORE_SCORE)
def carried_from_nowhere(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, 1)
    draft["totals"][f"{CARRY}[0]"][total_row(draft, SCORE)] = 1
    return draft.finish()


@cheat(r"totals/carry\[0\] has \d+ bits", says=f"{MORE_SCORE}: a carry takes a wrap of P")
def carry_that_wraps(name: str, policy: Policy) -> Forgery:
    draft = Draft(RECORDS, policy)
    claim_score(draft, P)
    # Line 0 is off by P, which the field doesn't see; the lines above hold in the integers.
    put_sums(draft, SCORE, {}, {0: -P})
    return draft.finish()


AS_ASKED = policy_of({"payout": "sum(quantity)"}, pool=10**9, fields=('quantity = { max = "1000000000" }',))
"""A formula that minds no pool; what is paid takes three lines."""


class Overspent(Draft):
    """Says that 2^30 less is paid than the payouts add up to."""

    def pay(self, paid: int) -> None:
        super().pay(paid - (1 << 3 * TOTAL_WIDTH))


@cheat(
    r"totals/nothing is carried into a total",
    says="payouts that add up to more than the pool: what is over is carried out of the last line",
)
def carried_away(name: str, policy: Policy) -> Forgery:
    draft = Overspent([Record(account=1, quantity=300), Record(account=2, quantity=600)], AS_ASKED)
    wanted = draft["contributions"].group("quantity")
    wanted[:, :2] = slots_of_values([700_000_000, 700_000_000], len(wanted))
    draft.refill_contributions()
    draft.after_contributions()
    draft["totals"][f"{CARRY}[0]"][len(lines_of(draft.bounds))] = 1
    return draft.finish()


def test_no_total_begins_or_ends_with_a_carry() -> None:
    with folding():
        draft = Draft(RECORDS, WIDEST)
        lines = lines_of(draft.bounds)
        rows = [row for row, line in enumerate(lines) if not line.k]
        for row in (*rows, len(lines)):
            draft["totals"][f"{CARRY}[0]"][row] = 1
            found = {(found.name, found.row) for found in violations(draft.circuit, draft.witness)}
            assert ("totals/nothing is carried into a total", row) in found
            draft["totals"][f"{CARRY}[0]"][row] = 0
    assert len(rows) == 2


def test_a_line_without_a_limb_has_no_sum() -> None:
    with folding():
        draft = Draft(RECORDS, policy_of({"score": "min(count(), 9)", "payout": "pool * score // total(score)"}))
        bare = [row for row, line in enumerate(lines_of(draft.bounds)) if not line.has_limb]
        assert bare
        draft["totals"][SUM][bare] = 1
        assert not violations(draft.circuit, draft.witness)


@pytest.mark.parametrize("row", [0, 1, 32])
def test_only_the_limbs_own_row_counts_in_folded_totals(row: int) -> None:
    with folding():
        draft = Draft(RECORDS, POLICY)
        first = total_row(draft, SCORE)
        draft["totals"][SUM][first + row] += 1
        found = {violation.name for violation in violations(draft.circuit, draft.witness)}
    if row < 2:
        # A limb that is more than the sum: neither the sum nor the line holds.
        assert found == {f"sum/{SCORE}_limb[{row}]", "totals/limbs add up to the public number"}
    else:
        assert first + row >= len(lines_of(draft.bounds))
        assert found == set()


@pytest.mark.parametrize("accounts", [1, 1 << 16, 1 << 17])
def test_folded_totals_hold_the_largest_sums(accounts: int) -> None:
    # Sums of limbs that are as large as can be, line by line in plain integers.
    with folding():
        sizes = heights(POLICY, 1 << 21, accounts)
        bounds = bounds_for(POLICY, sizes)
        table = folded_totals_table(bounds, sizes["totals"])
    widths = [i.payload[0] for i in table.interactions if i.bus == RANGE]
    room = 1 << sum(width.value for width in widths if isinstance(width, Constant))
    carried = 0
    for line in lines_of(bounds):
        whole = line.most(bounds.accounts) + (carried if line.k else 0)
        carried = whole >> TOTAL_WIDTH
        assert carried < room
        assert max(line.most(bounds.accounts) + room, room << TOTAL_WIDTH) <= P
    assert room >> 1 <= max(1, bounds.accounts)


def totals_of_many_accounts(excess: int) -> Forgery:
    """The totals table of 2^17 accounts alone, whose carries take two columns: the two lowest limbs of each total add
    up to as much as there can be, and the total score is said to be more by `excess`, which line 0 may miss.
    """
    height = 1 << 10
    bounds = bounds_for(POLICY, heights(POLICY, 1 << 21, 1 << 17))
    lines, table = lines_of(bounds), folded_totals_table(bounds, height)
    trace = trace_of(table, height)
    sums = [line.most(bounds.accounts) if line.k < 2 else 0 for line in lines]
    trace[SUM][: len(lines)] = sums
    publics, carried, missed = dict[str, int](), 0, 0
    for row, line in enumerate(lines):
        if not line.k:
            carried, missed = 0, excess if line.total.name == SCORE else 0
            number = sums[row] + (sums[row + 1] << TOTAL_WIDTH)
            publics |= line.digits.values({line.total.public.name: number + missed})
        digit = publics[line.digits.digit(line.k).name] if line.k < line.digits.count else 0
        trace[f"{CARRY}[0]"][row], trace[f"{CARRY}[1]"][row] = carried & 0x7FFF, carried >> 15
        carried, missed = (sums[row] + carried - digit + missed) >> TOTAL_WIDTH, 0
    circuit = Circuit(
        placed=(PlacedTable(table, height), PlacedTable(range_table(), 1 << 16)),
        publics=publics,
        public_terms=(),
        sum_targets={line.name: -amount % P for line, amount in zip(lines, sums, strict=True) if line.has_limb},
    )
    witness = {"totals": trace.values, "range": np.zeros((1, 1 << 16), dtype=np.uint32)}
    fill_multiplicities(circuit, witness)
    return Forgery(circuit, witness, circuit)


def test_carries_of_two_columns() -> None:
    true, false = totals_of_many_accounts(0), totals_of_many_accounts(P)
    assert traces(true.circuit, true.witness)["totals"][f"{CARRY}[1]"].any()
    assert not violations(true.circuit, true.witness)
    assert {violation.name for violation in violations(false.circuit, false.witness)} == {"bus/range"}
    (look_up,) = (name for name in element_names(false.circuit) if name.startswith(f"totals/{CARRY}[1] has"))
    weak = weakened(false, look_up)
    assert not violations(weak.circuit, weak.witness)


@pytest.mark.parametrize(("entry", "name"), trials(__name__))
def test_cheat_is_found_by_one_element(entry: Cheat, name: str) -> None:
    run_trial(entry, name)
