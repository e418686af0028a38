"""The circuit of a payout proof: all tables at their heights, and what the statement says (SPEC §5).

Tables depend on the policy and the heights alone. The rest of the statement enters in three ways: public
scalars, bus tuples of the verifier (the roots and the empty subtrees), and the values of circuit-wide sums.
"""

from __future__ import annotations

from collections import defaultdict

from zkpay.circuits import bounds as limits
from zkpay.circuits.buses import CONTRIBUTION_TREE, PAYOUT_TREE, TREE, buses_for
from zkpay.circuits.contributions.air import FIRST_LEAF as FIRST_CONTRIBUTION
from zkpay.circuits.contributions.air import contributions_table, usable_reasons
from zkpay.circuits.gadgets.carry import Balance
from zkpay.circuits.gadgets.compare import BelowPublic
from zkpay.circuits.heights import heights
from zkpay.circuits.lookups.air import kinds_table, range_table
from zkpay.circuits.nodes.air import nodes_table
from zkpay.circuits.payouts.air import FIRST_LEAF as FIRST_PAYOUT
from zkpay.circuits.payouts.air import payouts_table
from zkpay.circuits.tally.air import tally_table
from zkpay.circuits.totals.air import totals_table
from zkpay.circuits.uniqueness.air import uniqueness_table
from zkpay.errors import Refused, Rejected
from zkpay.ledger.codes import ACCEPTED, DUPLICATE, reason_names
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.tree import empty_subtrees, tree_depth
from zkpay.policy.policy import Policy
from zkpay.poseidon.permutation import PERMUTATION_ID
from zkpay.stark.air import Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.field import P
from zkpay.stark.statement import Digest, Statement


def build_circuit(policy: Policy, statement: Statement) -> Circuit:
    """The circuit that a proof of `statement` is about.

    The statement may come from a stranger: Rejected `statement-inconsistent` if its values contradict one
    another or the policy. Refused if the policy's numbers are too wide for the circuit.
    """
    _check_statement(policy, statement)
    sizes = heights(policy, statement.contribution_count, statement.account_count)
    bounds = limits.bounds_for(policy, sizes)
    buses = buses_for(bounds.weight_limbs, len(bounds.points_widths))
    try:
        tables = [
            contributions_table(policy, bounds, buses),
            nodes_table("contribution_nodes", CONTRIBUTION_TREE),
            *([uniqueness_table()] if policy.unique else []),
            tally_table(bounds, buses),
            payouts_table(bounds, buses),
            nodes_table("payout_nodes", PAYOUT_TREE),
            totals_table(bounds),
            kinds_table(policy, bounds.weight_limbs, buses, sizes["kinds"]),
            range_table(),
        ]
        placed = tuple(PlacedTable(table, sizes[table.name]) for table in tables)
        _check_multiplicities(placed)
    except ValueError as error:
        raise Refused(f"the policy's numbers don't fit the circuit: {error}") from error
    if statement.total_score > bounds.score:
        raise _inconsistent(f"total_score is {statement.total_score}, but no records reach more than {bounds.score}")
    return Circuit(
        placed=placed,
        publics=_publics(tables, statement),
        public_terms=(
            *_tree_terms(CONTRIBUTION_TREE, statement.contribution_count, statement.contribution_root),
            *_tree_terms(PAYOUT_TREE, statement.account_count, statement.payout_root),
        ),
        sum_targets=_sum_targets(policy, bounds, statement),
        label=PERMUTATION_ID,
    )


def _inconsistent(detail: str) -> Rejected:
    return Rejected("statement-inconsistent", detail)


def _check_statement(policy: Policy, statement: Statement) -> None:
    """What must hold of the public values alone, and what the bounds of the circuit rely on."""
    names = reason_names(policy)
    if tuple(name for name, _ in statement.counts) != names:
        raise _inconsistent(f"counts are of {[name for name, _ in statement.counts]}, the policy has {list(names)}")
    counts = [count for _, count in statement.counts]
    records, accounts = statement.contribution_count, statement.account_count
    if min(*counts, records, accounts, statement.pool, statement.paid, statement.dust, statement.total_score) < 0:
        raise _inconsistent("a value is negative")
    if records > MAX_CONTRIBUTIONS:
        raise _inconsistent(f"contribution_count is {records}, at most {MAX_CONTRIBUTIONS} are possible")
    if sum(counts) != records:
        raise _inconsistent(f"counts add up to {sum(counts)}, not to contribution_count = {records}")
    if not policy.unique and counts[DUPLICATE]:
        raise _inconsistent(f"{counts[DUPLICATE]} duplicates under a policy without the unique rule")
    if accounts > counts[ACCEPTED] or (counts[ACCEPTED] and not accounts):
        raise _inconsistent(f"account_count is {accounts} with {counts[ACCEPTED]} accepted records")
    if statement.pool != policy.pool:
        raise _inconsistent(f"pool is {statement.pool}, the policy says {policy.pool}")
    if statement.paid + statement.dust != statement.pool:
        raise _inconsistent(f"paid {statement.paid} and dust {statement.dust} are not the pool {statement.pool}")
    for name, root in (
        ("contribution_root", statement.contribution_root),
        ("payout_root", statement.payout_root),
    ):
        if len(root) != TREE.width - 2 or any(not 0 <= element < P for element in root):
            raise _inconsistent(f"{name} is not a digest")


def _check_multiplicities(placed: tuple[PlacedTable, ...]) -> None:
    """Refuse if a tuple could be on a bus P times, which counts as never."""
    totals: dict[tuple[str, int], int] = defaultdict(int)
    for item in placed:
        for interaction in item.table.interactions:
            totals[interaction.bus.name, interaction.sign] += item.height
    for (bus, _), total in totals.items():
        if total >= P:
            raise ValueError(f"bus {bus} can hold {total} tuples, which is not below P = {P}")


def _publics(tables: list[Table], statement: Statement) -> dict[str, int]:
    numbers = {
        "pool": statement.pool,
        "divisor": max(statement.total_score, 1),
        "total score": statement.total_score,
        "paid": statement.paid,
    }
    publics = {
        FIRST_CONTRIBUTION.name: 1 << tree_depth(statement.contribution_count),
        FIRST_PAYOUT.name: 1 << tree_depth(statement.account_count),
    }
    for table in tables:
        for gadget in table.gadgets:
            if isinstance(gadget, Balance | BelowPublic):
                for digits in gadget.digits:
                    publics |= digits.values(numbers)
    return publics


def _tree_terms(tree: int, leaves: int, root: Digest) -> list[PublicTerm]:
    """The verifier offers the empty subtrees and takes the root."""
    terms = [PublicTerm(TREE, (tree, index, *digest), 1) for index, digest in empty_subtrees(leaves)]
    return [*terms, PublicTerm(TREE, (tree, 1, *root), -1)]


def _sum_targets(policy: Policy, bounds: limits.Bounds, statement: Statement) -> dict[str, int]:
    counts = dict(statement.counts)
    targets = {f"count/{name}": counts[name] for name in usable_reasons(policy).values()}
    targets["accounts"] = statement.account_count
    # Limbs cancel between the payouts and the totals table.
    targets |= {f"score_limb[{k}]": 0 for k in range(len(bounds.score_widths))}
    targets |= {f"payout_limb[{k}]": 0 for k in range(len(bounds.payout_widths))}
    return targets
