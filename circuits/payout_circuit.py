"""The circuit of a payout proof: all tables at their heights, and what the statement says (SPEC §5).

Tables depend on the policy and the heights alone. The rest of the statement enters in three ways: public
scalars, bus tuples of the verifier (the roots and the empty subtrees), and the values of circuit-wide sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import prod

from zkpay.circuits.bounds import PAID, Bounds, bounds_for
from zkpay.circuits.buses import CONTRIBUTION_TREE, PAYOUT_TREE, TREE, buses_for
from zkpay.circuits.contributions.air import FIRST_LEAF as FIRST_CONTRIBUTION
from zkpay.circuits.contributions.air import contributions_table
from zkpay.circuits.contributions.columns import key_size
from zkpay.circuits.contributions.rules import limit_buses
from zkpay.circuits.formula.compiler import FormulaCompiler
from zkpay.circuits.gadgets.carry import Balance, PublicDigits
from zkpay.circuits.gadgets.choice import PublicInputs
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.folded_look_ups import fold_look_ups
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS
from zkpay.circuits.heights import FOLDED_TREE, NODES, heights
from zkpay.circuits.limits.air import limit_table
from zkpay.circuits.lookups.air import range_table, tables_table
from zkpay.circuits.lookups.contents import contents_of
from zkpay.circuits.nodes.air import nodes_table
from zkpay.circuits.payout_tree.air import INTERACTIONS, payout_tree_table
from zkpay.circuits.payouts.air import FIRST_LEAF as FIRST_PAYOUT
from zkpay.circuits.payouts.air import payouts_table
from zkpay.circuits.tally.air import tally_table
from zkpay.circuits.totals.air import limb_name, totals_table
from zkpay.circuits.totals.folded import folded_totals_table
from zkpay.circuits.uniqueness.air import uniqueness_table
from zkpay.errors import Refused, Rejected
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.ledger.rules import ACCEPTED
from zkpay.ledger.tree import empty_subtrees, tree_depth
from zkpay.policy.language.columns import public_values
from zkpay.policy.language.program import Node
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
    bounds = bounds_for(policy, sizes)
    _check_totals(bounds, statement)
    try:
        tables, compilers = _tables(policy, bounds, sizes)
        placed = tuple(PlacedTable(table, sizes[table.name]) for table in tables)
        _check_multiplicities(placed)
    except ValueError as error:
        raise Refused(f"the policy's numbers don't fit the circuit: {error}") from error
    return Circuit(
        placed=placed,
        publics=_publics(tables, _numbers(bounds, compilers, statement), statement),
        public_terms=(
            *_tree_terms(CONTRIBUTION_TREE, statement.contribution_count, statement.contribution_root),
            *_tree_terms(PAYOUT_TREE, statement.account_count, statement.payout_root),
        ),
        sum_targets=_sum_targets(bounds, statement),
        label=PERMUTATION_ID,
    )


def _tables(
    policy: Policy, bounds: Bounds, sizes: Mapping[str, int]
) -> tuple[list[Table], tuple[FormulaCompiler, ...]]:
    """All tables in the circuit's order, and the compilers of those with a formula."""
    rules = policy.rules
    contents = contents_of(policy, bounds)
    buses = buses_for(
        contents.width - 1,
        sum(len(argument.widths) for argument in bounds.arguments),
        sum(len(aggregate.widths) for aggregate in bounds.aggregates),
    )
    contributions, of_contributions = contributions_table(policy, bounds, contents, buses)
    folded = FOLDED_TREE in sizes
    payouts, of_accounts = payouts_table(bounds, contents, buses, folded=folded)
    if folded:
        payouts, look_ups = fold_look_ups(payouts, payouts.columns[0], HASH_ROWS, INTERACTIONS)
        payout_tree = payout_tree_table(look_ups)
    else:
        payout_tree = nodes_table(NODES, PAYOUT_TREE)
    tables = [
        contributions,
        nodes_table("contribution_nodes", CONTRIBUTION_TREE),
        *(uniqueness_table(rule, key_size(rules, key)) for rule, key in enumerate(rules.unique)),
        *(limit_table(name, bus, count, bounds.records) for name, (bus, count) in limit_buses(rules).items()),
        tally_table(bounds, buses),
        payouts,
        payout_tree,
        folded_totals_table(bounds, sizes["totals"]) if folded else totals_table(bounds),
    ]
    if "tables" in sizes:
        tables.append(tables_table(contents, buses, sizes["tables"]))
    return [*tables, range_table()], (of_contributions, of_accounts)


def _inconsistent(detail: str) -> Rejected:
    return Rejected("statement-inconsistent", detail)


def _check_statement(policy: Policy, statement: Statement) -> None:
    """What must hold of the public values alone, and what the bounds of the circuit rely on."""
    names = tuple(policy.rules.usable_reasons.values())
    if tuple(name for name, _ in statement.counts) != names:
        raise _inconsistent(f"counts are of {[name for name, _ in statement.counts]}, the policy has {list(names)}")
    counts = [count for _, count in statement.counts]
    records, accounts = statement.contribution_count, statement.account_count
    if min(*counts, records, accounts, statement.pool, statement.paid, statement.dust) < 0:
        raise _inconsistent("a value is negative")
    if records > MAX_CONTRIBUTIONS:
        raise _inconsistent(f"contribution_count is {records}, at most {MAX_CONTRIBUTIONS} are possible")
    if accounts > MAX_ACCOUNTS:
        raise _inconsistent(f"account_count is {accounts}, at most {MAX_ACCOUNTS} are possible")
    if sum(counts) != records:
        raise _inconsistent(f"counts add up to {sum(counts)}, not to contribution_count = {records}")
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


def _check_totals(bounds: Bounds, statement: Statement) -> None:
    """Totals are the formula's, each within the bounds that the widths of the circuit follow from."""
    wanted = list(bounds.program.totals)
    if [text for text, _ in statement.totals] != wanted:
        raise _inconsistent(f"totals are of {[text for text, _ in statement.totals]}, the policy has {wanted}")
    for text, value in statement.totals:
        node = bounds.program.totals[text]
        if not node.low <= value <= node.high:
            raise _inconsistent(f"{text} is {value}, but it lies between {node.low} and {node.high}")


def _check_multiplicities(placed: tuple[PlacedTable, ...]) -> None:
    """Refuse if a tuple could be on a bus P times, which counts as never."""
    totals: dict[tuple[str, int], int] = defaultdict(int)
    for item in placed:
        for interaction in item.table.interactions:
            totals[interaction.bus.name, interaction.sign] += item.height
    for (bus, _), total in totals.items():
        if total >= P:
            raise ValueError(f"bus {bus} can hold {total} tuples, which is not below P = {P}")


def _numbers(bounds: Bounds, compilers: tuple[FormulaCompiler, ...], statement: Statement) -> dict[str, int]:
    """The value of every public number, by its name."""
    totals = dict(statement.totals)
    try:
        values = public_values(bounds.program, totals)
    except ValueError as error:
        raise _inconsistent(str(error)) from error
    numbers = {PAID: statement.paid}
    numbers |= {total.public.name: totals[text] for text, total in zip(totals, bounds.totals, strict=False)}
    for compiler in compilers:
        for name, node in compiler.public_numbers.items():
            value = _public_value(node, values)
            if numbers.setdefault(name, value) != value:
                raise ValueError(f"two public numbers are called {name}")
    return numbers


def _public_value(node: Node, values: Mapping[Node, int]) -> int:
    """The value of a node of the program, or of a product that the compiler made of some."""
    known = values.get(node)
    return prod(_public_value(factor, values) for factor in node.arguments) if known is None else known


def _publics(tables: list[Table], numbers: dict[str, int], statement: Statement) -> dict[str, int]:
    publics = {
        FIRST_CONTRIBUTION.name: 1 << tree_depth(statement.contribution_count),
        FIRST_PAYOUT.name: 1 << tree_depth(statement.account_count),
    }
    for table in tables:
        for gadget in table.gadgets:
            for digits in _digits(gadget):
                publics |= digits.values(numbers)
    return publics


def _digits(gadget: object) -> tuple[PublicDigits, ...]:
    """The public digits that a gadget's constraints read."""
    if isinstance(gadget, Balance | Comparison | PublicInputs):
        return gadget.digits
    return ()


def _tree_terms(tree: int, leaves: int, root: Digest) -> list[PublicTerm]:
    """The verifier offers the empty subtrees and takes the root."""
    terms = [PublicTerm(TREE, (tree, index, *digest), 1) for index, digest in empty_subtrees(leaves)]
    return [*terms, PublicTerm(TREE, (tree, 1, *root), -1)]


def _sum_targets(bounds: Bounds, statement: Statement) -> dict[str, int]:
    targets = {f"count/{name}": count for name, count in statement.counts}
    targets["accounts"] = statement.account_count
    # Limbs cancel between the payouts and the totals table.
    targets |= {limb_name(total, k): 0 for total in bounds.totals for k in range(len(total.widths))}
    return targets
