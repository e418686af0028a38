"""Epochs of one policy as witnesses of its real tables, low and without hashes, so that random ones are cheap.

The tables are built as a proof's are, for its heights and bounds. Left out are what no formula touches: the
Poseidon columns and the Merkle trees; and each table is placed at a few rows instead of the least height of a proof.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from tests.campaigns.differential.stack import Draft
from tests.circuits.folding import in_line
from zkpay.circuits import payout_circuit
from zkpay.circuits.bounds import TOTAL_WIDTH, AccountTotal, bounds_for
from zkpay.circuits.buses import TREE
from zkpay.circuits.contributions.witness import fill_contributions
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.circuits.heights import heights
from zkpay.circuits.lookups.contents import contents_of
from zkpay.circuits.payouts.witness import fill_payouts
from zkpay.circuits.totals.air import limb_name
from zkpay.circuits.trace import Trace
from zkpay.circuits.witness import fill_from_payouts, fill_payout_inputs
from zkpay.ledger.contributions import Contributions
from zkpay.policy.policy import Policy
from zkpay.stark.air import PlacedTable, Table
from zkpay.stark.expression import Expression, constant
from zkpay.stark.field import P
from zkpay.stark.statement import Statement

RECORDS = 40
"""Epochs have at most this many records."""
HEIGHT = 64
FIXED = ("range", "tables")
SIZES = ((RECORDS, RECORDS), (1 << 14, 1 << 10), (1 << 17, 1 << 17), (1 << 20, 1 << 16), (1 << 21, 1 << 20))
"""Numbers of records and accounts that tables are built for: limbs of what accounts aggregate have 9 to 14 bits."""
TREES = ("contribution_nodes", "payout_nodes")
WITNESSES = ("contributions", "uniqueness", "limits", "tally", "payouts", "totals")

Edit = Callable[[Trace, int], None]
"""Called on a table after its gadget of that number was filled; -1 stands for before the first."""


@contextmanager
def _replaced(module: str, name: str, value: object) -> Iterator[None]:
    """A name of a module stands for something else meanwhile; a mock would take longer than what it stands for."""
    holder = sys.modules[module]
    before = getattr(holder, name)
    setattr(holder, name, value)
    try:
        yield
    finally:
        setattr(holder, name, before)


def _nothing(*_: object) -> None:
    return None


def _no_hash(*_: object) -> list[Expression]:
    return [constant(0)] * 8


@dataclass(frozen=True)
class Claims:
    """What the tables of an epoch say: accounts ascending with payouts and counts, totals by text, what is paid, and
    how many records have each reason.
    """

    accounts: list[int]
    payouts: list[int]
    counts: list[tuple[int, int]]
    totals: dict[str, int]
    paid: int
    reasons: dict[str, int]


class Circuit:
    """The tables of a policy as they are for so many records and accounts, at least RECORDS: bounds, and with them the
    widths of limbs, follow from these. ValueError if its numbers are too wide.
    """

    def __init__(self, policy: Policy, records: int = RECORDS, accounts: int = RECORDS) -> None:
        self.policy = policy
        self.rules = policy.rules
        # In line, so that the look-ups of payouts are its own; the hashes are left out in either form.
        with in_line():
            sizes = heights(policy, records, accounts)
        self.bounds = bounds_for(policy, sizes)
        self.contents = contents_of(policy, self.bounds)
        with (
            mock.patch("zkpay.circuits.contributions.leaf.hash_leaf", _no_hash),
            mock.patch("zkpay.circuits.payouts.air.hash_leaf", _no_hash),
            mock.patch("zkpay.circuits.nodes.air.compress", _no_hash),
            mock.patch("zkpay.circuits.payout_circuit.range_table", return_value=Table("range")),
        ):
            whole, self.compilers = payout_circuit._tables(policy, self.bounds, sizes)
        self.tables = [_without_trees(table) for table in whole if table.name not in (*FIXED, *TREES)]
        offered = [table for table in whole if table.name == "tables"]
        rows = [tuple(row) for table in offered for row in np.stack(table.preprocessed_values, axis=1).tolist()]
        self.offers = {"tables": set(rows)}

    def publics(self, statement: Statement) -> dict[str, int]:
        """The public scalars of a statement; Rejected if it contradicts itself or the policy."""
        payout_circuit._check_statement(self.policy, statement)
        payout_circuit._check_totals(self.bounds, statement)
        numbers = payout_circuit._numbers(self.bounds, self.compilers, statement)
        return payout_circuit._publics(self.tables, numbers, statement)

    def empty_statement(self, totals: Mapping[str, int]) -> Statement:
        """An epoch without records that has these totals."""
        return Statement(
            circuit_digest=bytes(32),
            policy_digest=self.policy.digest,
            origin="campaign",
            epoch="1",
            commitment_digest=bytes(32),
            contribution_root=(0,) * 8,
            contribution_count=0,
            counts=tuple((name, 0) for name in self.rules.usable_reasons.values()),
            payout_root=(0,) * 8,
            account_count=0,
            pool=self.policy.pool,
            paid=0,
            dust=self.policy.pool,
            totals=tuple(totals.items()),
        )

    def sums(self, statement: Statement) -> dict[str, int]:
        """What each circuit-wide sum must be."""
        return payout_circuit._sum_targets(self.bounds, statement)


def _without_trees(table: Table) -> Table:
    return replace(table, interactions=[item for item in table.interactions if item.bus.name != TREE.name])


class Epoch:
    """One epoch, its tables filled each from the one before; `edit` may change them on the way.

    What the statement says of counts, totals and payments is what the tables come to, whatever was edited: so a lie
    is consistent, and what objects is the constraint that it breaks. Rejected if no statement can say it.
    """

    def __init__(
        self,
        circuit: Circuit,
        contributions: Contributions,
        totals: Mapping[str, int],
        edit: Edit | None = None,
        *,
        settle: bool = True,
    ) -> None:
        """totals: by normalised text; a first guess, which for an honest epoch is right, so that one pass is enough.
        Where they don't settle, the statement says them whatever the tables come to.
        """
        self.circuit = circuit
        self.contributions = contributions
        self.edit: Edit = edit or (lambda trace, gadget: None)
        self.totals = dict(totals)
        # A total may read totals before it, so each pass settles at least one more of them.
        for _ in range(len(self.totals) + 2):
            self._fill()
            found = self._totals()
            if not settle or found == self.totals:
                break
            self.totals = found
        self.statement = self._statement()
        self.draft = Draft(
            {name: trace.values for name, trace in self.traces.items()},
            circuit.publics(self.statement),
            circuit.sums(self.statement),
        )

    def _fill(self) -> None:
        circuit, rules = self.circuit, self.circuit.rules
        publics = circuit.publics(circuit.empty_statement(self.totals))
        traces = {table.name: Trace(PlacedTable(table, HEIGHT), publics) for table in circuit.tables}
        self.traces = traces
        tables = traces | dict.fromkeys(TREES, traces["totals"])
        with ExitStack() as patches:
            for module in WITNESSES:
                patches.enter_context(_replaced(f"zkpay.circuits.{module}.witness", "fill_gadgets", self._gadgets))
            for left_out in ("fill_nodes", "_digests", "_fill_multiplicities"):
                patches.enter_context(_replaced("zkpay.circuits.witness", left_out, _nothing))
            salts = np.zeros((5, len(self.contributions)), dtype=np.uint32)
            fill_contributions(traces["contributions"], rules, circuit.contents, self.contributions, salts)
            fill_payout_inputs(tables, rules, circuit.bounds)
            payees = traces["tally"].sent("accounts").shape[1]
            fill_payouts(traces["payouts"], circuit.bounds, traces["tally"], np.zeros((5, payees), dtype=np.uint32))
            fill_from_payouts(tables, circuit.bounds)

    def _gadgets(self, trace: Trace) -> None:
        self.edit(trace, -1)
        for number, gadget in enumerate(trace.table.gadgets):
            fill_gadget(trace, gadget)
            self.edit(trace, number)

    def _sum(self, total: AccountTotal) -> int:
        """A total as the tables have it."""
        trace = self.traces["totals"]
        names = [limb_name(total, k) for k in range(len(total.widths))]
        return sum(int(trace[name][0]) << (TOTAL_WIDTH * k) for k, name in enumerate(names))

    def _totals(self) -> dict[str, int]:
        bounds = self.circuit.bounds
        return {text: self._sum(total) for text, total in zip(bounds.program.totals, bounds.totals, strict=False)}

    def _statement(self) -> Statement:
        paid = self._sum(self.circuit.bounds.totals[-1])
        contributions = self.traces["contributions"]
        counts = {
            row_sum.target.removeprefix("count/"): int(values.sum() % P)
            for row_sum, values in zip(
                contributions.table.sums,
                contributions.in_field(*(row_sum.expression for row_sum in contributions.table.sums)),
                strict=True,
            )
        }
        return replace(
            self.circuit.empty_statement(self.totals),
            contribution_count=len(self.contributions),
            counts=tuple((name, counts[name]) for name in self.circuit.rules.usable_reasons.values()),
            account_count=int(self.traces["payouts"]["is_real"].sum() % P),
            paid=paid,
            dust=self.circuit.policy.pool - paid,
        )

    def claims(self) -> Claims:
        """What the tables say."""
        payouts = self.traces["payouts"]
        rows = np.flatnonzero(payouts["is_real"])
        accounts = [0] * len(rows)
        for element in payouts.group("account")[:, rows].tolist():
            accounts = [account << 30 | part for account, part in zip(accounts, element, strict=True)]
        amounts = [0] * len(rows)
        paid = self.circuit.bounds.totals[-1]
        added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
        for k in range(len(paid.widths)):
            if limb_name(paid, k) in added:
                (limb,) = payouts.in_field(added[limb_name(paid, k)])
                amounts = [
                    amount + (part << (TOTAL_WIDTH * k))
                    for amount, part in zip(amounts, limb[rows].tolist(), strict=True)
                ]
        counts = zip(payouts["accepted_count"][rows].tolist(), payouts["rejected_count"][rows].tolist(), strict=True)
        statement = self.statement
        return Claims(accounts, amounts, list(counts), self.totals, statement.paid, dict(statement.counts))
