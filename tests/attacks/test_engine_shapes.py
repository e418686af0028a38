"""Shapes that no circuit has: heights, tables, fixed columns and bus numbers that a verifier must not let pass.

All of them are the verifier's own (SPEC §4.1, §6.1). What is tried here is that they are wrong all the same: through a
statement that nobody can mean, or in a circuit that the prover has and the verifier hasn't.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.attacks.frozen import parameters_of
from tests.attacks.registry import POLICIES, example
from tests.circuits.scenarios import POLICY, Record, scenario
from tests.reference.stark_prover import opening_order
from tests.reference.toy import SEED, STATEMENT, Toy, Witness, toy, use_light_parameters, verdict
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.errors import Refused, Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table, Where
from zkpay.stark.field import P
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import begin

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6
SQUARES, SQUARE = 2, 2


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def prove(circuit: Circuit, witness: Witness) -> Proof:
    return prove_circuit(circuit, witness, STATEMENT, PROFILES["default"], seed=SEED, check=False)


@cache
def honest() -> Proof:
    return prove(toy(*HEIGHTS).circuit, toy(*HEIGHTS).witness)


def placed_at(height: int) -> Circuit:
    """The toy with its short table at another height."""
    circuit = toy(*HEIGHTS).circuit
    return replace(circuit, placed=(*circuit.placed[:2], replace(circuit.placed[2], height=height)))


@pytest.mark.parametrize("height", [0, -1, -1024, 1023, 1025, 3])
def test_a_height_that_is_no_power_of_two(height: int) -> None:
    """No rows, or as many as no domain has (Plonky3's tests of degree bits; Zellic on SP1 Hypercube 3.6)."""
    assert verdict(toy(*HEIGHTS).circuit, honest()) == "accepted"
    with pytest.raises(ValueError, match="not a power of two"):
        verdict(placed_at(height), honest())


@pytest.mark.parametrize("exponent", [23, 24, 31, 32, 63, 64, 128])
def test_a_height_that_the_field_has_no_domain_for(exponent: int) -> None:
    """A height of 2^32 or 2^64 must not come out as 1 or 0 in some register (Plonky3 #1535; CVE-2026-40323)."""
    with pytest.raises(Refused, match="largest domain"):
        derive(PROFILES["default"], placed_at(1 << exponent))


@pytest.mark.parametrize("height", [1, 2, 256, 512])
def test_a_height_without_room_for_masks(height: int) -> None:
    with pytest.raises(Refused, match="too short for masks"):
        derive(PROFILES["default"], placed_at(height))


@pytest.mark.parametrize("field", ["contribution_count", "account_count"])
@pytest.mark.parametrize("count", [-1, 1 << 22, 1 << 31, 1 << 32, 1 << 64, P, 1 << 200])
def test_a_statement_whose_tables_would_have_no_height(field: str, count: int) -> None:
    """Heights follow from counts alone: from those that no epoch has, none does."""
    statement = scenario([Record(account=3)], POLICY).statement
    changes: dict[str, Any] = {field: count}
    if field == "contribution_count":
        # All of them spam, so that the numbers add up.
        changes["counts"] = tuple((name, 1 if name == "accepted" else 0) for name, _ in statement.counts[:-1])
        changes["counts"] += ((statement.counts[-1][0], count - 1),)
    with pytest.raises(Rejected) as rejected:
        build_circuit(POLICY, replace(statement, **changes))
    assert rejected.value.reason == "statement-inconsistent"


def renamed(table: Table) -> Table:
    """The same table under another name, and so with other names in it."""
    other = Table("again", columns=table.columns)
    for constraint in table.constraints:
        other._constrain(constraint.where, constraint.name, constraint.expression)
    for each in table.sums:
        other.sum(each.target, each.name, each.expression)
    return other


def test_a_table_that_is_there_twice() -> None:
    """Its sum would count twice. Under the same names it is no circuit at all; under others it is another one
    (SP1 GHSA-c873-wfhp-wx5m; Cantina on OpenVM 3.1.17 and 3.2.3)."""
    case = toy(*HEIGHTS)
    walks = case.circuit.placed[1]
    with pytest.raises(ValueError, match="names must be unique"):
        verdict(replace(case.circuit, placed=(*case.circuit.placed, walks)), honest())
    again = PlacedTable(renamed(walks.table), walks.height)
    targets = {**case.circuit.sum_targets, "paces": 2 * case.circuit.sum_targets["paces"] % P}
    circuit = replace(case.circuit, placed=(*case.circuit.placed, again), sum_targets=targets)
    proof = prove(circuit, {**case.witness, "again": case.witness["walks"]})
    assert verdict(circuit, proof) == "accepted"
    assert verdict(replace(case.circuit, sum_targets=targets), proof) == "wrong-length"
    assert verdict(replace(case.circuit, sum_targets=targets), honest()) == "constraints-unsatisfied"
    assert verdict(circuit, honest()) == "wrong-length"


def test_a_table_that_is_left_out() -> None:
    """Without its rows nothing has to be true of them, and its sum is what the others leave."""
    case = toy(*HEIGHTS)
    targets = {**case.circuit.sum_targets, "paces": 0}
    circuit = replace(case.circuit, placed=(case.circuit.placed[0], case.circuit.placed[2]), sum_targets=targets)
    proof = prove(circuit, case.witness)
    assert verdict(circuit, proof) == "accepted"
    assert verdict(replace(case.circuit, sum_targets=targets), proof) == "wrong-length"


def with_squares(change: Callable[[np.ndarray], np.ndarray]) -> Toy:
    """The toy whose fixed column of values is another one, and everything that is computed from it, too."""
    case = toy(*HEIGHTS)
    item = case.circuit.placed[SQUARES]
    values = change(item.table.preprocessed_values[0].copy())
    table = Table(item.table.name)
    for part in ("columns", "preprocessed", "constraints", "interactions", "sums"):
        setattr(table, part, getattr(item.table, part))
    table.preprocessed_values = [values]
    rows = np.resize(values, item.height)
    squares = case.witness["squares"].copy()
    squares[SQUARE] = rows**2 % P
    squares[SQUARE + 1] = np.concatenate([[0], np.cumsum(rows)[:-1]]) % P
    mixed = case.circuit.sum_targets["mixed"] + int(rows.sum() - np.arange(item.height).sum())
    circuit = replace(
        case.circuit,
        placed=(*case.circuit.placed[:SQUARES], PlacedTable(table, item.height)),
        sum_targets={**case.circuit.sum_targets, "mixed": mixed % P},
    )
    return Toy(circuit, {**case.witness, "squares": squares})


def unasked() -> int:
    """An entry of the table that nobody looks up."""
    squares = toy(*HEIGHTS).witness["squares"]
    return int(np.flatnonzero((squares[0] == 0) & (squares[1] == 0))[0])


def entry_changed(values: np.ndarray) -> np.ndarray:
    values[unasked()] += 1_000
    return values


def last_entry_repeated(values: np.ndarray) -> np.ndarray:
    values[unasked()] = values[-1]
    return values


@pytest.mark.parametrize("change", [entry_changed, last_entry_repeated])
def test_a_fixed_column_of_the_provers_own(change: Callable[[np.ndarray], np.ndarray]) -> None:
    """A prover whose table has another entry is right by its own circuit. The verifier computes the column for itself
    (Plonky3's tests of preprocessed columns)."""
    own = with_squares(change)
    proof = prove(own.circuit, own.witness)
    assert verdict(own.circuit, proof) == "accepted"
    real = replace(toy(*HEIGHTS).circuit, sum_targets=own.circuit.sum_targets)
    assert verdict(real, proof) == "constraints-unsatisfied"
    # Nor do its rows fit the real table where it knows the real challenges.
    assert verdict(real, prove(real, own.witness)) == "constraints-unsatisfied"


def test_a_fixed_column_of_another_height() -> None:
    """Half of a table, twice over, is another table, and more of it than there are rows is none."""
    own = with_squares(lambda values: values[:512])
    assert verdict(own.circuit, honest()) == "constraints-unsatisfied"
    assert verdict(own.circuit, prove(own.circuit, toy(*HEIGHTS).witness)) == "constraints-unsatisfied"
    with pytest.raises(ValueError, match="neither 1024 values nor a power of two"):
        verdict(with_squares(lambda values: np.arange(2048)[:1025]).circuit, honest())


def walks_with(was: Where, where: Where, places: np.ndarray) -> Toy:
    """The toy whose walk has a constraint on other rows, and these places."""
    case = toy(*HEIGHTS)
    item = case.circuit.placed[1]
    table = Table(item.table.name)
    for part in ("columns", "sums"):
        setattr(table, part, getattr(item.table, part))
    table.constraints = [replace(each, where=where) if each.where is was else each for each in item.table.constraints]
    placed = (case.circuit.placed[0], PlacedTable(table, item.height), case.circuit.placed[2])
    walks = np.stack([places % P, case.witness["walks"][1]]).astype(np.uint32)
    return Toy(replace(case.circuit, placed=placed), {**case.witness, "walks": walks})


def ends_at_the_start() -> np.ndarray:
    """A walk that is where it should have started when it ends."""
    places = toy(*HEIGHTS).witness["walks"][0].astype(np.int64)
    return places - places[-1] + toy(*HEIGHTS).circuit.publics["start"]


def jumps() -> np.ndarray:
    """A walk that moves as it should from its last row to its first, and not from its first to its second."""
    places, steps = toy(*HEIGHTS).witness["walks"].astype(np.int64)
    places[1:] += 12_345
    places[-1] = places[0] - steps[-1]
    return places


@pytest.mark.parametrize(
    ("was", "where", "places"),
    [(Where.FIRST, Where.LAST, ends_at_the_start), (Where.TRANSITION, Where.LAST, jumps)],
)
def test_rows_that_a_constraint_holds_on(was: Where, where: Where, places: Callable[[], np.ndarray]) -> None:
    """A first row that is taken for the last one, or a transition that looks at one row: the prover's circuit is
    content with a walk that the verifier's isn't (rkm0959 on SP1, 11)."""
    own = walks_with(was, where, places())
    assert verdict(own.circuit, prove(own.circuit, own.witness)) == "accepted"
    real = toy(*HEIGHTS).circuit
    assert verdict(real, prove(own.circuit, own.witness)) == "constraints-unsatisfied"
    assert verdict(real, prove(real, own.witness)) == "constraints-unsatisfied"
    assert verdict(real, honest()) == "accepted"


@pytest.mark.parametrize("identifier", [P + 1, 2 * P + 2, P, 1 << 32])
def test_bus_numbers_that_are_equal_modulo_p(identifier: int) -> None:
    """They are part of a tuple, modulo p: what is sent on one would be taken on the other (stark-backend #312, an
    overflow of 16 bits)."""
    table, other = Table("sends"), Table("takes")
    table.column("unused")
    other.column("unused")
    table.send(Bus("one", identifier % P or 1, 1), "out", [5])
    other.receive(Bus("two", identifier, 1), "in", [5])
    circuit = Circuit((PlacedTable(table, 1024), PlacedTable(other, 1024)), {}, (), {})
    with pytest.raises(ValueError, match="bus identifiers must be unique"):
        circuit.check()


@pytest.mark.parametrize("step", [P, 1 << 8, 1 << 16, 1 << 32])
def test_numbers_are_absorbed_whole(step: int) -> None:
    """Not modulo p, nor cut to the bits of some register: equal shapes can't be shown for unequal ones (Zellic on SP1
    Hypercube 3.12 and 3.24)."""
    circuit = toy(*HEIGHTS).circuit
    parameters = parameters_of(circuit)
    term = circuit.public_terms[0]
    drawn = {begin(circuit, parameters, STATEMENT).seed("beta")}
    names = [name for name, value in vars(parameters).items() if isinstance(value, int)]
    changed = [replace(parameters, **{name: getattr(parameters, name) + step}) for name in names]
    changed.append(replace(parameters, arities=(*parameters.arities[:-1], parameters.arities[-1] + step)))
    drawn |= {begin(circuit, each, STATEMENT).seed("beta") for each in changed}
    circuits = [placed_at(HEIGHTS[2] + step)]
    circuits += [
        replace(circuit, publics={**circuit.publics, name: circuit.publics[name] + step}) for name in circuit.publics
    ]
    circuits += [replace(circuit, sum_targets={**circuit.sum_targets, name: step}) for name in circuit.sum_targets]
    for other in (
        replace(term, multiplicity=term.multiplicity + step),
        replace(term, payload=(term.payload[0] + step, term.payload[1])),
    ):
        circuits.append(replace(circuit, public_terms=(other, circuit.public_terms[1])))
    drawn |= {begin(each, parameters, STATEMENT).seed("beta") for each in circuits}
    assert len(drawn) == 1 + len(changed) + len(circuits)
    assert len(names) > 10


@pytest.mark.parametrize("name", ["toy", *POLICIES])
def test_no_value_is_claimed_twice_or_not_at_all(name: str) -> None:
    """A column that is opened at one point under two numbers could be claimed to be two things, one of which is
    checked (zkSecurity on halo2, query collision). Each claim has a weight and a place of its own."""
    circuit = toy(*HEIGHTS).circuit if name == "toy" else example(POLICIES[name])
    layout = layout_of(circuit)
    parts = [part for each in layout.openings for part in (each.main, each.auxiliary, each.main_next)]
    parts += [layout.accumulator, layout.accumulator_next, layout.quotient_openings]
    assert [number for part in parts for number in part] == list(range(layout.opening_count))
    order = opening_order(circuit)
    assert len(set(order)) == len(order) == layout.opening_count
    for item, each in zip(circuit.placed, layout.openings, strict=True):
        following = item.table.next_row_columns
        assert len(set(following)) == len(following) == len(each.main_next)
