"""The witness of a payout proof: every table filled from the records (SPEC §5).

Each table is filled from the columns of the one before it, never from the records again: so a test that plays
a cheating operator changes some columns and calls the fillers of what follows, multiplicities last.
"""

from __future__ import annotations

import numpy as np

from zkpay.circuits.bounds import bounds_for
from zkpay.circuits.contributions.witness import fill_contributions, real_rows
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.heights import heights
from zkpay.circuits.lookups.witness import fill_kind_multiplicities, fill_range_multiplicities
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.payouts.witness import fill_payouts
from zkpay.circuits.tally.witness import fill_tally
from zkpay.circuits.totals.witness import fill_totals
from zkpay.circuits.trace import Trace, Witness, traces
from zkpay.circuits.uniqueness.witness import fill_uniqueness
from zkpay.ledger.contributions import Contributions
from zkpay.policy.meaning import Distribution
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit
from zkpay.stark.statement import Statement


def build_witness(
    policy: Policy,
    statement: Statement,
    circuit: Circuit,
    contributions: Contributions,
    contribution_salts: Elements,
    payout_salts: Elements,
    distribution: Distribution,
) -> Witness:
    """All tables, uint32[width, height] by table name. Salts: uint32[5, N] and uint32[5, A].

    ValueError if the records or the distribution have not the statement's shape; whether the statement is
    true is not checked here (see `zkpay.circuits.checker`).
    """
    sizes = heights(policy, statement.contribution_count, statement.account_count)
    bounds = bounds_for(policy, sizes)
    if len(contributions) != statement.contribution_count:
        raise ValueError(f"{len(contributions)} records, the statement says {statement.contribution_count}")
    if len(distribution.payouts) != statement.account_count:
        raise ValueError(f"{len(distribution.payouts)} payouts, the statement says {statement.account_count}")
    tables = traces(circuit)
    fill_contributions(tables["contributions"], policy, bounds, contributions, contribution_salts)
    fill_payout_inputs(tables)
    fill_payouts(tables["payouts"], bounds, statement, tables["tally"], distribution.payouts, payout_salts)
    fill_from_payouts(tables)
    return {name: trace.values for name, trace in tables.items()}


def fill_payout_inputs(tables: dict[str, Trace]) -> None:
    """Fill what follows from the contributions table: its tree, uniqueness, tally."""
    contributions = tables["contributions"]
    fill_nodes(tables["contribution_nodes"], _digests(contributions, len(real_rows(contributions))))
    if "uniqueness" in tables:
        fill_uniqueness(tables["uniqueness"], contributions)
    fill_tally(tables["tally"], contributions)


def fill_from_payouts(tables: dict[str, Trace]) -> None:
    """Fill what follows from the payouts table: its tree, the totals, and all multiplicities."""
    payouts = tables["payouts"]
    fill_nodes(tables["payout_nodes"], _digests(payouts, int(payouts["is_real"].sum())))
    fill_totals(tables["totals"], payouts)
    _fill_multiplicities(tables)


def fill_multiplicities(circuit: Circuit, witness: Witness) -> None:
    """Count the look-ups anew, in place, after columns of a witness were changed."""
    _fill_multiplicities(traces(circuit, witness))


def _digests(trace: Trace, count: int) -> Elements:
    return leaf_digests(trace)[:, :count].astype(np.uint32)


def _fill_multiplicities(tables: dict[str, Trace]) -> None:
    fill_kind_multiplicities(tables)
    fill_range_multiplicities(tables)
