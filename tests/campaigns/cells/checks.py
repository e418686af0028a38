"""What stands behind the verdicts on changed cells: the checker, real proofs, and statements made from changed tables.

The campaign's verdicts are worked out for many changes at once. Here some of them are held against the checker's, which
looks at whole witnesses, and against the verifier's, which sees a proof only. And cells that leaves are made of are
changed with the leaf, the tree and the root after them: then nothing but what the circuit says of a record is left to
object.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from tests.attacks.forgery import Draft
from tests.campaigns.campaign import Tally
from tests.campaigns.cells.changes import single
from tests.campaigns.cells.epochs import CellEpoch, form
from tests.campaigns.cells.mutation import CellTable, Part
from tests.campaigns.cheats.publishing import light
from tests.campaigns.differential.verdicts import lawful as lawful_reasons
from tests.circuits.scenarios import outcome_of
from tests.reference.toy import verdict
from zkpay.circuits.checker import violations
from zkpay.circuits.contributions.columns import field_name
from zkpay.circuits.contributions.rules import VALID
from zkpay.circuits.contributions.witness import real_rows
from zkpay.circuits.gadgets.witness import leaf_digests
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.trace import Witness
from zkpay.circuits.witness import fill_multiplicities
from zkpay.ledger.fields import SLOT_BITS
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import PlacedTable
from zkpay.stark.parameters import PROFILES

CHECKED = "verdicts held against the checker's"
PROVED = "changed witnesses proved"
RECOMPUTED = "leaves changed with their root"
APART = 3
"""Changed rows of one column this far apart are in no window together."""
FIXED = ("range", "tables")


def draw(made: CellEpoch, dice: random.Random) -> tuple[CellTable, int]:
    """A table and a column of it."""
    table = dice.choice([made.tables[name] for name in made.tables])
    start = dice.randrange(max(1, table.height // 1024)) * 1024
    table.move_to(Part(start, min(start + 1024, table.height)))
    return table, dice.randrange(table.table.width)


def check_constraints(tally: Tally, unit: str, made: CellEpoch, dice: random.Random) -> None:
    """One column changed on every third row at once: the checker names the same constraints for each row."""
    table, column = draw(made, dice)
    kinds, changes = single(table, column, dice)
    rows = np.arange(dice.randrange(APART), table.part.rows - APART, APART)
    kind = np.array([dice.randrange(len(kinds)) for _ in rows])
    values = table.main.copy()
    values[column, table.part.start + rows] = changes[column][kind, rows]
    bare = replace(table.table, interactions=[], sums=[])
    circuit = replace(made.draft.circuit, placed=(PlacedTable(bare, table.height),), public_terms=(), sum_targets={})
    # A constraint looks at a row and the next: which of the two was changed follows from the distance.
    changed = {int(table.part.start + row): number for number, row in enumerate(rows)}
    theirs: set[tuple[str, int]] = set()
    for violation in violations(circuit, {table.table.name: values}):
        owner = violation.row if violation.row in changed else (violation.row + 1) % table.height
        theirs.add((violation.name, changed[owner]))
    ours = {
        (name, number)
        for name, flags in table.objections(changes).items()
        if "/" in name and not name.startswith(("bus/", "sum/"))
        for number in np.flatnonzero(flags[kind, rows]).tolist()
    }
    tally.counts[CHECKED] += len(rows)
    if ours != theirs:
        tally.find(f"{unit} {table.table.columns[column].name!r}", f"the checker differs: {_some(ours ^ theirs)}")


def check_buses(tally: Tally, unit: str, made: CellEpoch, dice: random.Random) -> None:
    """One cell changed: the checker names the same buses and sums."""
    table, column, row, value, names = next(_changes(made, dice))
    placed = tuple(PlacedTable(replace(i.table, constraints=[]), i.height) for i in made.draft.circuit.placed)
    circuit = replace(made.draft.circuit, placed=placed)
    witness = changed_witness(made, table, column, row, value)
    theirs = {violation.name for violation in violations(circuit, witness)}
    ours = {name for name in names if name.startswith(("bus/", "sum/"))}
    # Fillers count look-ups that are made once or never. Those of strange flags are a constraint's to catch.
    if table.table.name not in FIXED and len(names) > len(ours):
        ours, theirs = ours - {"bus/tables"}, theirs - {"bus/tables"}
    tally.counts[CHECKED] += 1
    if ours != theirs:
        where = f"{table.table.columns[column].name!r} row {row}"
        tally.find(f"{unit} {where}", f"the checker differs: {_some(ours ^ theirs)}")


def check_proof(tally: Tally, unit: str, made: CellEpoch, dice: random.Random, *, free: bool) -> None:
    """A proof of a witness with one changed cell is accepted if nothing objects to the change (free), and only then."""
    table, column, row, value, names = next(change for change in _changes(made, dice) if bool(change[-1]) != free)
    statement = made.draft.statement.to_bytes()
    with light():
        proof = prove_circuit(
            made.draft.circuit,
            changed_witness(made, table, column, row, value),
            statement,
            PROFILES["default"],
            seed=dice.randbytes(32),
            check=False,
        )
        said = verdict(made.draft.circuit, proof, statement)
    tally.counts[PROVED] += 1
    tally.count("What the verifier says of changed witnesses", [said])
    if (said == "accepted") == bool(names):
        where = f"{table.table.columns[column].name!r} row {row}"
        tally.find(f"{unit} {where}", f"the verifier says {said}, and {len(names)} object: {_some(names)}")


def _changes(made: CellEpoch, dice: random.Random) -> Iterator[tuple[CellTable, int, int, int, set[str]]]:
    """Changes of one cell: table, column, row, its new value, and the names of what objects; half of them on the first
    rows, which say something.
    """
    while True:
        table, column = draw(made, dice)
        _, changes = single(table, column, dice)
        kind = dice.randrange(len(changes[column]))
        row = dice.randrange(min(20, table.part.rows) if dice.random() < 0.5 else table.part.rows)
        value = int(changes[column][kind, row])
        if value != table.main[column, table.part.start + row]:
            names = {name for name, flags in table.objections(changes).items() if flags[kind, row]}
            yield table, column, table.part.start + row, value, names


def changed_witness(made: CellEpoch, table: CellTable, column: int, row: int, value: int) -> Witness:
    """The honest witness with one cell changed, and look-ups counted again, unless that cell counts them."""
    witness = {name: values.copy() for name, values in made.draft.witness.items()}
    witness[table.table.name][column, row] = value
    if table.table.name not in FIXED:
        fill_multiplicities(made.draft.circuit, witness)
    return witness


def recompute(tally: Tally, unit: str, made: CellEpoch, dice: random.Random) -> None:
    """A cell of a record's leaf changed, the leaf hashed again and everything above it: something objects, unless the
    statement is as true of the other ledger whose root it then is: another salt, a fingerprint that no rule reads,
    something else in a record that is rejected all the same, a quantity that counts for nothing.
    """
    with form(made.form):
        draft = made.another_draft()
        trace = draft["contributions"]
        groups = ("account", "fingerprint", "salt", *(field.name for field in draft.policy.rules.fields))
        names = [name for name in trace.places if name.partition("[")[0] in groups]
        name, row = dice.choice(names), int(dice.choice(real_rows(trace).tolist()))
        table = made.tables["contributions"]
        table.move_to(Part(row, row + 1))
        _, changes = single(table, trace.places[name], dice)
        value = int(dice.choice(changes[trace.places[name]][:, 0].tolist()))
        if value == trace[name][row]:
            return
        trace[name][row] = value
        reason = made.scene.records[row].reason
        unread = {"salt"} if draft.policy.rules.needs_fingerprint else {"salt", "fingerprint"}
        numbers = {field.name for field in draft.policy.rules.numbers}
        as_true = name.partition("[")[0] in numbers and _is_as_true(made, draft, row)
        found = _objections(draft)
    tally.counts[RECOMPUTED] += 1
    lawful = name.partition("[")[0] in unread or reason not in VALID or as_true
    if not found:
        tally.counts["lawful under another root"] += 1
        if not lawful:
            tally.find(f"{unit} {name!r} row {row}", f"{value}: nothing objects under another root")
    elif name.startswith("salt["):
        tally.find(f"{unit} {name!r} row {row}", f"another salt is refused: {_some(found)}")


def _is_as_true(made: CellEpoch, draft: Draft, row: int) -> bool:
    """Whether the statement is true of the ledger, too, in which a record has the numbers that its row has now: every
    reason is deserved, and the formula's definition pays the same.
    """
    rules, records = draft.policy.rules, made.scene.records
    rows = [entry.row for entry in made.scene.entries]
    trace = draft["contributions"]
    values = rows[row].values | {
        field.name: sum(int(slot[row]) << (SLOT_BITS * k) for k, slot in enumerate(trace.group(field_name(field.name))))
        for field in rules.numbers
    }
    rows[row] = replace(rows[row], values=values)
    others = [*records]
    others[row] = replace(records[row], values=tuple(values.items()))
    return lawful_reasons(rows, rules, [record.reason for record in records]) and (
        outcome_of(others, draft.policy) == draft.epoch.outcome
    )


def _objections(draft: Draft) -> set[str]:
    """What objects to a draft of which a record was changed, when its leaf and the tree are computed again."""
    draft.rehash("contributions")
    draft.clear("contribution_nodes")
    leaves = leaf_digests(draft["contributions"])[:, real_rows(draft["contributions"])]
    fill_nodes(draft["contribution_nodes"], np.ascontiguousarray(leaves))
    forged = draft.finish()
    return {violation.name for violation in violations(forged.circuit, forged.witness)}


def _some(names: Iterable[object]) -> str:
    return ", ".join(map(str, sorted(names, key=str)[:4]))


def check(tally: Tally, unit: str, made: CellEpoch) -> None:
    """A share of everything that stands behind the verdicts."""
    for trial, times in ((check_constraints, 20), (check_buses, 40), (recompute, 10)):
        for number in range(times):
            place = f"{unit} {trial.__name__} {number}"
            trial(tally, place, made, random.Random(place))
    for free in (False, True):
        place = f"{unit} check_proof {free}"
        check_proof(tally, place, made, random.Random(place), free=free)
