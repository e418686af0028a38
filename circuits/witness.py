"""The witness of a payout proof: every table filled from the records (SPEC §5).

Each table is filled from the columns of the one before it, never from the records again: so a test that plays
a cheating operator changes some columns and calls the fillers of what follows, multiplicities last.
"""

from __future__ import annotations

from zkpay.circuits.bounds import Bounds, bounds_for
from zkpay.circuits.contributions.rules import limit_buses
from zkpay.circuits.contributions.witness import fill_contributions, real_rows
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.heights import FOLDED_TREE, NODES, heights, uniqueness_name
from zkpay.circuits.limits.witness import fill_limit
from zkpay.circuits.lookups.contents import contents_of
from zkpay.circuits.lookups.witness import fill_range_multiplicities, fill_table_multiplicities
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.payout_tree.witness import fill_payout_tree, put_salts
from zkpay.circuits.payouts.witness import fill_payouts
from zkpay.circuits.tally.witness import fill_tally
from zkpay.circuits.totals.witness import fill_totals
from zkpay.circuits.trace import Trace, Witness, traces
from zkpay.circuits.uniqueness.witness import fill_uniqueness
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.rules import Rules
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
) -> Witness:
    """All tables, uint32[width, height] by table name. Salts: uint32[5, N] and uint32[5, A].

    ValueError if the records or the salts have not the statement's shape; whether the statement is true is not
    checked here (see `zkpay.circuits.checker`).
    """
    if len(contributions) != statement.contribution_count:
        raise ValueError(f"{len(contributions)} records, the statement says {statement.contribution_count}")
    bounds = bounds_for(policy, heights(policy, statement.contribution_count, statement.account_count))
    tables = traces(circuit)
    contents = contents_of(policy, bounds)
    fill_contributions(tables["contributions"], policy.rules, contents, contributions, contribution_salts)
    fill_payout_inputs(tables, policy.rules, bounds)
    fill_accounts_and_salts(tables, bounds, payout_salts)
    fill_from_payouts(tables, bounds)
    return {name: trace.whole for name, trace in tables.items()}


def fill_payout_inputs(tables: dict[str, Trace], rules: Rules, bounds: Bounds) -> None:
    """Fill what follows from the contributions table: its tree, uniqueness, limits, tally."""
    contributions = tables["contributions"]
    fill_nodes(tables["contribution_nodes"], _digests(contributions, len(real_rows(contributions))))
    for rule in range(len(rules.unique)):
        fill_uniqueness(tables[uniqueness_name(rule)], contributions)
    for name, (_, count) in limit_buses(rules).items():
        fill_limit(tables[name], contributions, count, bounds.records)
    fill_tally(tables["tally"], bounds, contributions)


def fill_accounts_and_salts(tables: dict[str, Trace], bounds: Bounds, salts: Elements) -> None:
    """Fill the payouts table from the tally, and the salts of its leaves uint32[5, A], wherever these are hashed."""
    fill_payouts(tables["payouts"], bounds, tables["tally"], salts)
    if FOLDED_TREE in tables:
        put_salts(tables[FOLDED_TREE], salts)


def fill_from_payouts(tables: dict[str, Trace], bounds: Bounds) -> None:
    """Fill what follows from the payouts table: its tree, the totals, and all multiplicities."""
    payouts = tables["payouts"]
    if FOLDED_TREE in tables:
        fill_payout_tree(tables[FOLDED_TREE], payouts)
    else:
        fill_nodes(tables[NODES], _digests(payouts, int(payouts["is_real"].sum())))
    fill_totals(tables["totals"], bounds, payouts)
    _fill_multiplicities(tables)


def fill_multiplicities(circuit: Circuit, witness: Witness) -> None:
    """Count the look-ups anew, in place, after columns of a witness were changed."""
    _fill_multiplicities(traces(circuit, witness))


def _digests(trace: Trace, count: int) -> Elements:
    return leaf_digests(trace)[:, :count]


def _fill_multiplicities(tables: dict[str, Trace]) -> None:
    fill_table_multiplicities(tables)
    fill_range_multiplicities(tables)
