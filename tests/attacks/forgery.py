"""False statements with the witnesses that a cheating prover gives for them.

A `Draft` starts as the honest witness of an epoch. A cheat changes cells and has everything after them filled again
by the circuit's own fillers, so that the lie is consistent; `finish` works out the statement that the tables then
make. `killed_by` shows that one constraint, interaction or sum stands between the lie and a proof: with it the lie
is found, without it nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from tests.circuits.folding import is_folding
from tests.circuits.scenarios import Record, Scenario, scenario
from zkpay.circuits.bounds import PAYOUT, TOTAL_WIDTH, Bounds, bounds_for
from zkpay.circuits.checker import Violation, violations
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.contributions.witness import fill_derived, real_rows
from zkpay.circuits.gadgets.carry import Balance, Carry
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS, PERIOD
from zkpay.circuits.gadgets.folded_witness import LEAF_START, NODE_START, folded_digests
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.gadgets.witness import fill_gadget, leaf_digests
from zkpay.circuits.heights import FOLDED_TREE, heights
from zkpay.circuits.lookups.contents import contents_of
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.circuits.payout_tree.witness import fill_leaves, fill_limbs
from zkpay.circuits.totals.air import limb_name
from zkpay.circuits.trace import Trace, Witness, traces
from zkpay.circuits.witness import (
    fill_accounts_and_salts,
    fill_from_payouts,
    fill_multiplicities,
    fill_payout_inputs,
)
from zkpay.ledger.salts import expand_salts
from zkpay.ledger.tree import empty_roots
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit, PlacedTable, Table
from zkpay.stark.expression import Column, Expression, Linear, Product, read
from zkpay.stark.field import P
from zkpay.stark.statement import Digest

BUS = "bus/"


@dataclass(frozen=True)
class Forgery:
    """`circuit` carries a false statement, `witness` goes with it; `truth` is the circuit of what the same records
    and salts honestly give.
    """

    circuit: Circuit
    witness: Witness
    truth: Circuit

    @property
    def is_false(self) -> bool:
        """Whether the statement is another one than the honest one."""
        return claims(self.circuit) != claims(self.truth)


def claims(circuit: Circuit) -> tuple[object, ...]:
    """All that a statement says, as the circuit sees it: public scalars, roots, counts and totals."""
    return dict(circuit.publics), circuit.public_terms, dict(circuit.sum_targets)


@cache
def _epoch(records: tuple[Record, ...], policy: Policy, folded: bool) -> tuple[Scenario, Witness]:
    epoch = scenario(records, policy)
    witness = epoch.witness()
    if violations(epoch.circuit, witness):
        raise ValueError("a draft must start from an honest witness")
    return epoch, witness


def honest(records: Iterable[Record], policy: Policy) -> Scenario:
    """The honest epoch of these records, built once."""
    return _epoch(tuple(records), policy, is_folding())[0]


class Draft:
    """A witness that is being forged: `draft[table][column]` are cells to write to.

    `statement` is what the epoch says so far; its roots, counts and totals are worked out by `finish`.
    """

    def __init__(self, records: Iterable[Record], policy: Policy) -> None:
        self.epoch, witness = _epoch(tuple(records), policy, is_folding())
        self.policy = policy
        self.statement = self.epoch.statement
        self.circuit = self.epoch.circuit
        self.witness = {name: values.copy() for name, values in witness.items()}
        self.tables = traces(self.circuit, self.witness)

    def __getitem__(self, table: str) -> Trace:
        return self.tables[table]

    @property
    def bounds(self) -> Bounds:
        """The bounds that the circuit's limbs were cut by."""
        sizes = heights(self.policy, self.statement.contribution_count, self.statement.account_count)
        return bounds_for(self.policy, sizes)

    def state(self, **fields: Any) -> None:
        """Say something else in the statement; public scalars follow. Heights must stay what they are."""
        self.statement = replace(self.statement, **fields)
        self.circuit = build_circuit(self.policy, self.statement)
        self.tables = traces(self.circuit, self.witness)

    def clear(self, *tables: str) -> None:
        """Set all cells of some tables to 0, as fillers expect to find them."""
        for table in tables:
            if table in self.witness:
                self.witness[table][:] = 0

    def rehash(self, table: str) -> None:
        """Hash anew what the rows of a table hold, and nothing else."""
        if table == "payouts" and FOLDED_TREE in self.tables:
            fill_leaves(self.tables[FOLDED_TREE], self.tables[table])
        for gadget in hashes_of(self.tables[table]):
            fill_gadget(self.tables[table], gadget)

    def refill_contributions(self) -> None:
        """Fill what follows from the records in the contributions table: entries, formula, leaves."""
        fill_derived(self.tables["contributions"], self.policy.rules, contents_of(self.policy, self.bounds))

    def after_contributions(self) -> None:
        """Fill all tables that follow from the contributions table, by the honest rules."""
        # The payouts' salts stand in their folded tree, which is filled over.
        kept = ("contributions", "tables", "range", FOLDED_TREE)
        self.clear(*(name for name in self.tables if name not in kept))
        fill_payout_inputs(self.tables, self.policy.rules, self.bounds)
        self.after_tally()

    def after_tally(self) -> None:
        """Fill payouts by the formula from what the tally sends, and all that follows; totals are sums of theirs."""
        count = self.tables["tally"].sent("accounts").shape[1]
        salts = expand_salts(bytes(32), b"payouts", count)
        found: dict[str, int] = {text: 0 for text, _ in self.statement.totals}
        self.state(counts=self._counts(), account_count=count, totals=tuple(found.items()))
        for text in (*found, PAYOUT):
            # Each total depends on those before it, the payouts on all.
            self.clear("payouts")
            fill_accounts_and_salts(self.tables, self.bounds, salts)
            if text != PAYOUT:
                found[text] = self.added_up(text)
                self.state(totals=tuple(found.items()))
        self.after_payouts()
        self.pay(self.added_up(PAYOUT))

    def added_up(self, name: str) -> int:
        """What the limbs of a total, or of the payouts, add up to."""
        payouts = self.tables["payouts"]
        added = {row_sum.target: row_sum.expression for row_sum in payouts.table.sums}
        (total,) = (total for total in self.bounds.totals if total.name == name)
        limbs = {k: added[limb_name(total, k)] for k in range(len(total.widths)) if limb_name(total, k) in added}
        sums = {k: int(payouts.in_field(limb)[0].sum()) % P for k, limb in limbs.items()}
        return sum(held << (TOTAL_WIDTH * k) for k, held in sums.items())

    def pay(self, paid: int) -> None:
        """Say that so much is paid, and the rest of the pool is dust; the totals follow."""
        self.state(paid=paid, dust=self.policy.pool - paid)
        self.clear("totals")
        fill_from_payouts(self.tables, self.bounds)

    def after_payouts(self) -> None:
        """Fill the tables that follow from the payouts table."""
        self.clear("payout_nodes", "totals")
        fill_from_payouts(self.tables, self.bounds)

    def finish(self, truth: Scenario | None = None, **fields: Any) -> Forgery:
        """The forgery: roots and counts as the tables have them, `fields` of the statement over them, look-ups counted.

        `truth` is the honest epoch of the records that the leaves hold, where that is not the draft's own.
        """
        if FOLDED_TREE in self.tables:
            fill_limbs(self.tables[FOLDED_TREE], self.tables["payouts"])
        derived: dict[str, Any] = {
            "counts": self._counts(),
            "contribution_root": self.root("contribution"),
            "payout_root": self.root("payout"),
        }
        self.state(**derived | fields)
        fill_multiplicities(self.circuit, self.witness)
        return Forgery(self.circuit, self.witness, (truth or self.epoch).circuit)

    def root(self, tree: str) -> Digest:
        """The root that the tree's nodes compute, or the leaf itself where it is the root."""
        if tree == "payout" and FOLDED_TREE in self.tables:
            return folded_root(self.tables[FOLDED_TREE])
        nodes = self.tables[f"{tree}_nodes"]
        top = np.flatnonzero((nodes["index"] == 1) & (nodes["is_real"] == 1))
        leaves = self.tables[f"{tree}s"]
        rows = real_rows(leaves) if tree == "contribution" else np.flatnonzero(leaves["is_real"])
        if len(top):
            return _digest(nodes, int(top[0]))
        return _digest(leaves, int(rows[0])) if len(rows) else empty_roots(0)[0]

    def _counts(self) -> tuple[tuple[str, int], ...]:
        contributions = self.tables["contributions"]
        return tuple(
            (name, int(contributions[flag_name(name)].astype(np.int64).sum() % P))
            for name in self.policy.rules.usable_reasons.values()
        )


def folded_root(trace: Trace) -> Digest:
    """The root that the payout_tree table computes."""
    first, last = NODE_START, HASH_ROWS - 1
    place, is_real = trace["place"], trace["is_real"]
    top = np.flatnonzero((place[first::PERIOD] == 1) & (is_real[first + last :: PERIOD] == 1))
    if len(top):
        return _column(folded_digests(trace, NODE_START), int(top[0]))
    leaves = np.flatnonzero(is_real[LEAF_START + last :: PERIOD])
    return _column(folded_digests(trace, LEAF_START), int(leaves[0])) if len(leaves) else empty_roots(0)[0]


def _column(values: np.ndarray, position: int) -> Digest:
    return tuple(int(element) for element in values[:, position])


def _digest(trace: Trace, row: int) -> Digest:
    return _column(leaf_digests(trace), row)


def hashes_of(trace: Trace) -> list[Hash]:
    """The hashes of a leaf's blocks, or of a node, in that table, each reading the ones before."""
    return [gadget for gadget in trace.table.gadgets if isinstance(gadget, Hash)]


class _RowReader:
    """Expressions at one row of a trace, over the field, as plain integers; cells are read when asked for."""

    def __init__(self, trace: Trace, row: int) -> None:
        self.trace, self.row = trace, row

    def constant(self, value: int) -> int:
        return value % P

    def public(self, name: str) -> int:
        return self.trace.publics[name]

    def column(self, column: Column) -> int:
        return int(self.trace.values[column.index, (self.row + column.rotation) % self.trace.height])

    def linear(self, terms: list[tuple[int | str, int]], constant: int) -> int:
        publics = self.trace.publics
        return (constant + sum((publics[c] if isinstance(c, str) else c) * value for c, value in terms)) % P

    def product(self, left: int, right: int) -> int:
        return left * right % P


def evaluate_at(trace: Trace, row: int, expression: Expression) -> int:
    """An expression at one row."""
    return read(expression, _RowReader(trace, row), {})


def forge_hash(trace: Trace, row: int, name: str) -> None:
    """Break the one constraint `name` of the table's hash at one row: add 1 to its column, and compute all columns
    after it as the constraints demand.
    """
    places = {constraint.name: constraint for constraint in trace.table.constraints}
    reader, memory = _RowReader(trace, row), dict[Expression, int]()
    broken = False
    for column in [column for gadget in hashes_of(trace) for column in gadget.columns]:
        constraint = places[f"{trace.table.name}/{column.name} is right"]
        expression = constraint.expression
        if not isinstance(expression, Linear) or expression.terms[-1] != (-1, column):
            raise TypeError(f"{constraint.name} has another form than value - column")
        if constraint.name == name or broken:
            value = reader.linear([(c, read(e, reader, memory)) for c, e in _plain(expression)], expression.constant)
            trace.values[column.index, row] = (value + (not broken)) % P
            broken = True
    if not broken:
        raise ValueError(f"{name} is no constraint of a hash")


def _plain(expression: Linear) -> list[tuple[int, Expression]]:
    return [(c, e) for c, e in expression.terms[:-1] if isinstance(c, int)]


def settle(trace: Trace, name: str, row: int, off: Mapping[int, int] | None = None) -> None:
    """Fill the carries of the balance `name` at one row, from the lowest line up, for what its lines hold there.

    `off` says by how much a line is allowed to miss: a multiple of P is a miss that the field does not see. Nothing is
    said of the carries' ranges. ValueError if some other line has no carry that settles it.
    """
    gadget = balance_of(trace, name)
    allowed, carried = off or {}, 0
    for k, line in enumerate(gadget.lines):
        amount = centred(evaluate_at(trace, row, line)) + carried - allowed.get(k, 0)
        if k == len(gadget.carries):
            if amount:
                raise ValueError(f"{name} ends with {amount} at line {k}")
            break
        carried, left = divmod(amount, 1 << gadget.radix)
        if left:
            raise ValueError(f"{name}: line {k} leaves {left}")
        put_carry(trace, gadget.carries[k], row, carried)


def put_carry(trace: Trace, carry: Carry, row: int, value: int) -> None:
    """Write one carry: its low part in range, whatever is above in its last column."""
    low_bits = carry.range.low_bits
    stored = value - carry.range.low
    parts = (stored & ((1 << low_bits) - 1), stored >> low_bits) if low_bits else (stored,)
    for column, part in zip(carry.columns, parts, strict=True):
        trace.values[column.index, row] = part % P


def balance_of(trace: Trace, name: str) -> Balance:
    """The balance of which the lines are called `name line 0`, ..."""
    constraints = {constraint.name: constraint.expression for constraint in trace.table.constraints}
    first = constraints[f"{trace.table.name}/{name} line 0"]
    if isinstance(first, Product):
        first = first.right  # the line of a formula, times where it counts
    for gadget in trace.table.gadgets:
        # A constraint of a line begins with the line's own terms.
        if isinstance(gadget, Balance) and isinstance(first, Linear):
            line = gadget.lines[0]
            if isinstance(line, Linear) and line.terms and first.terms[: len(line.terms)] == line.terms:
                return gadget
    raise ValueError(f"{trace.table.name} has no balance {name}")


def centred(element: int) -> int:
    """The integer nearest to 0 that a field element stands for."""
    return element - P if element > P // 2 else element


def put_limbs(columns: np.ndarray, row: int, widths: Sequence[int], value: int, free: int | None = None) -> None:
    """Write a natural in limbs of these widths. Limbs above `free` stay what they are, `free` takes what is left."""
    position = 0
    for k, width in enumerate(widths):
        if k == free:
            above = value - (sum(int(columns[j, row]) << sum(widths[:j]) for j in range(k + 1, len(widths))))
            columns[k, row] = (above >> position) % P
            return
        columns[k, row] = (value >> position) & ((1 << width) - 1)
        position += width
    if value >> position:
        raise ValueError(f"{value} does not fit limbs of {list(widths)} bits")


def element_names(circuit: Circuit) -> list[str]:
    """Names of all constraints, interactions and sums, in the circuit's order."""
    names: list[str] = []
    for item in circuit.placed:
        names += [constraint.name for constraint in item.table.constraints]
        names += [interaction.name for interaction in item.table.interactions]
        names += [row_sum.name for row_sum in item.table.sums]
    return names


def without(circuit: Circuit, name: str) -> Circuit:
    """The circuit less one constraint, interaction or sum, or less a whole bus for `bus/NAME`; ValueError if it has
    none of that name. A total to which no sum is left is not checked any more.
    """
    bus = name.removeprefix(BUS) if name.startswith(BUS) else None
    known = {i.bus.name for item in circuit.placed for i in item.table.interactions}
    if name not in element_names(circuit) and bus not in known:
        raise ValueError(f"nothing is called {name}")

    def less(table: Table) -> Table:
        return replace(
            table,
            constraints=[c for c in table.constraints if c.name != name],
            interactions=[i for i in table.interactions if i.name != name and i.bus.name != bus],
            sums=[s for s in table.sums if s.name != name],
        )

    placed = tuple(PlacedTable(less(item.table), item.height) for item in circuit.placed)
    still_summed = {row_sum.target for item in placed for row_sum in item.table.sums}
    return replace(
        circuit,
        placed=placed,
        public_terms=tuple(term for term in circuit.public_terms if term.bus.name != bus),
        sum_targets={target: value for target, value in circuit.sum_targets.items() if target in still_summed},
    )


def weakened(forgery: Forgery, name: str) -> Forgery:
    """The forgery for the circuit without `name`, where look-ups that went with it are not counted."""
    circuit = without(forgery.circuit, name)
    witness = {table: values.copy() for table, values in forgery.witness.items()}
    fill_multiplicities(circuit, witness)
    return Forgery(circuit, witness, forgery.truth)


def blames(circuit: Circuit, name: str) -> str:
    """What the checker calls a breach of the element `name`: a bus or sum for what is part of it."""
    for item in circuit.placed:
        for interaction in item.table.interactions:
            if interaction.name == name:
                return f"{BUS}{interaction.bus.name}"
        for row_sum in item.table.sums:
            if row_sum.name == name:
                return f"sum/{row_sum.target}"
    return name


def killed_by(forgery: Forgery, name: str, removed: str | None = None) -> None:
    """Raise AssertionError unless the statement is false, `name` (or its bus, or its sum) and nothing else finds it,
    and the circuit without `removed` (`name` unless told) finds nothing.
    """
    if not forgery.is_false:
        raise AssertionError("the statement is the honest one")
    found = violations(forgery.circuit, forgery.witness)
    if {violation.name for violation in found} != {blames(forgery.circuit, name)}:
        raise AssertionError(f"{name} should be all that is violated: {_short(found)}")
    # Constraints are evaluated one by one, so without one of them the others find what they found with it.
    left = [violation for violation in found if violation.table and violation.name != name]
    if blames(forgery.circuit, name) != name:
        weak = weakened(forgery, removed or name)
        bare = tuple(PlacedTable(replace(item.table, constraints=[]), item.height) for item in weak.circuit.placed)
        left += violations(replace(weak.circuit, placed=bare), weak.witness)
    if left:
        raise AssertionError(f"without {removed or name} this is still violated: {_short(left)}")


def _short(found: list[Violation]) -> Mapping[str, object]:
    return {violation.name: (violation.row, violation.example[:4], violation.excess) for violation in found}
