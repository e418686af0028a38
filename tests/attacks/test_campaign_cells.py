"""A slice of the campaign of changed cells, and circuits in which it finds what it should."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.attacks.forgery import without
from tests.campaigns.campaign import Tally
from tests.campaigns.cells.campaign import Cells
from tests.campaigns.cells.changes import single
from tests.campaigns.cells.checks import CHECKED, RECOMPUTED, check_buses, check_constraints, check_proof, recompute
from tests.campaigns.cells.epochs import PLACES, CellEpoch, epoch
from tests.campaigns.cells.free import FREE, FREE_PAIRS, FreeCells
from tests.campaigns.cells.mutation import CellTable, Offers, Part
from tests.campaigns.cells.trials import BY_DESIGN, MUTATIONS, try_columns

SEED = "slice"
EVEN_BITS = int("01" * 1000, 2)
"""Columns that are read on their own row."""
SMALL, RICH = "pro-rata/in-line", "fixed-price/in-line"


def made(place: str) -> CellEpoch:
    return epoch(SEED, *place.split("/"))


def column_of(table: CellTable, name: str) -> int:
    return next(column.index for column in table.table.columns if column.name == name)


def test_a_slice_finds_nothing() -> None:
    tally = Tally()
    for name, table in made(RICH).tables.items():
        columns = random.Random(name).sample(range(table.table.width), min(table.table.width, 12))
        try_columns(tally, SEED, RICH, table, columns)
    assert not tally.findings
    assert tally.counts[MUTATIONS] > 1_000_000
    assert sum(tally.counts[what] for what in tally.counts if what.startswith("caught")) == (
        tally.counts[MUTATIONS] - tally.counts[BY_DESIGN]
    )


def test_units_name_every_column_of_all_places() -> None:
    units = list(Cells().units("x"))
    assert len(set(units)) == len(units)
    assert {"/".join(unit.split("/")[1:3]) for unit in units if "/single/" in unit} == set(PLACES)


@pytest.mark.parametrize("entry", FREE, ids=lambda entry: entry.name)
def test_entries_of_the_free_list_are_of_use(entry: FreeCells) -> None:
    preset, form, name, column = entry.example.split("/", 3)
    place = f"{preset}/{form}"
    table = made(place).tables[name]
    index = column_of(table, column)
    table.move_to(Part(0, min(table.height, 1024)))
    cells = entry.cells(place, table, index)
    if cells is not None and not cells.any():
        table.move_to(Part(table.height - 1, table.height))
        cells = entry.cells(place, table, index)
    assert cells is not None
    assert cells.any()
    _, changes = single(table, index, random.Random(SEED))
    caught = np.logical_or.reduce([np.zeros_like(changes[index], dtype=bool), *table.objections(changes).values()])
    unnoticed = (changes[index] != table.main[index, table.part.start : table.part.stop]) & ~caught
    assert unnoticed.any(axis=0)[cells].all()
    assert entry.reason


@pytest.mark.parametrize("entry", FREE_PAIRS, ids=lambda entry: entry.name)
def test_pairs_of_the_free_list_are_free_together_only(entry: FreeCells) -> None:
    preset, form, name, columns = entry.example.split("/", 3)
    place = f"{preset}/{form}"
    table = made(place).tables[name]
    table.move_to(Part(0, table.height))
    changes = {
        index: table.main[index : index + 1].astype(np.int64) + 1
        for index in (column_of(table, column) for column in columns.split(", "))
    }
    for part, objected in ((changes, False), *(({index: values}, True) for index, values in changes.items())):
        caught = np.logical_or.reduce([np.zeros((1, table.height), dtype=bool), *table.objections(part).values()])
        for index in changes:
            cells = entry.cells(place, table, index)
            assert cells is not None
            assert cells.any()
            assert (caught[0][cells] == objected).all()


def test_the_checker_says_the_same() -> None:
    tally = Tally()
    for number in range(20):
        check_constraints(tally, SEED, made(RICH), random.Random(f"constraints {number}"))
        check_buses(tally, SEED, made(RICH), random.Random(f"buses {number}"))
    assert tally.counts[CHECKED] > 5_000
    assert not tally.findings


def test_leaves_that_are_hashed_again_are_objected_to() -> None:
    tally = Tally()
    for number in range(5):
        recompute(tally, SEED, made(RICH), random.Random(f"leaves {number}"))
    assert tally.counts[RECOMPUTED] >= 3
    assert not tally.findings


def test_the_verifier_says_the_same() -> None:
    tally = Tally()
    for free in (False, True):
        check_proof(tally, SEED, made(SMALL), random.Random(f"proof {free}"), free=free)
    assert tally.tables["What the verifier says of changed witnesses"] == {"accepted": 1, "constraints-unsatisfied": 1}
    assert not tally.findings


def test_verdicts_that_differ_from_the_checkers_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that leaves next rows out, and one that leaves buses out."""
    tally = Tally()
    monkeypatch.setattr(CellTable, "_buses", lambda *_: None)
    for number in range(20):
        check_buses(tally, SEED, made(RICH), random.Random(f"buses {number}"))
    assert tally.findings

    found, read = Tally(), CellTable.reads
    monkeypatch.setattr(CellTable, "reads", lambda self, node: read(self, node) & EVEN_BITS)
    for number in range(20):
        check_constraints(found, SEED, made(RICH), random.Random(f"constraints {number}"))
    assert found.findings


# Circuits that each lack one constraint, interaction or sum: some change of the columns that it reads goes unnoticed.


def weak_table(name: str, table: str) -> CellTable:
    """A table of the honest witness in the circuit less `name`."""
    whole = made(RICH)
    circuit = without(whole.draft.circuit, name)
    item = next(item for item in circuit.placed if item.table.name == table)
    return CellTable(circuit, item, whole.draft.witness, Offers(circuit))


@pytest.mark.parametrize(
    ("table", "name", "column"),
    [
        ("contributions", "contributions/index counts", "index"),
        ("contributions", "contributions/quality below difference has the sign", "quality below"),
        ("contributions", "contributions/leaf round 7[3] is right", "leaf round 7[3]"),
        ("contributions", "bus/replacements", "corrects"),
        ("contributions", "bus/tables", "kind known"),
        ("uniqueness", "uniqueness/the first valid record comes first", "first"),
        ("window_limit", "window_limit/none passes where the limit is reached", "inverse"),
        ("tally", "tally/seen starts", "seen"),
        ("tally", "tally/group ends with the table", "ends"),
        ("tally", "tally/ordinal counts", "ordinal"),
        ("payouts", "bus/range", "account high[0]"),
        ("payout_nodes", "payout_nodes/node round 7[0] is right", "node round 7[0]"),
        ("tables", "tables/entries on offer", "multiplicity"),
        ("range", "range/ranges on offer", "multiplicity"),
    ],
)
def test_what_is_missing_is_found(table: str, name: str, column: str) -> None:
    def findings(place: CellTable) -> int:
        tally = Tally()
        try_columns(tally, SEED, RICH, place, [column_of(place, column)])
        return len(tally.findings)

    assert not findings(made(RICH).tables[table])
    assert findings(weak_table(name, table))
