"""False witnesses: every kind of constraint, bus and sum of the toy, broken by a prover that does not check itself.

LogUp holds a multiset of tuples; multiplicities are field elements, and one accumulator on the tallest table's rows
holds all tables' sums (SPEC §4.3).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.reference.stark import P
from tests.reference.stark_prover import RowReader
from tests.reference.toy import BEATS, STATEMENT, UNIT, Toy, toy, use_light_parameters, verdict
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import read
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6
RECORDS = {
    "position": 0,
    "amount": 1,
    "flag": 2,
    "scaled": 3,
    "cube": 4,
    "running": 5,
    "product": 6,
    "beaten": 7,
    "fourth": 8,
}
SQUARES = {"lookups": 0, "flagged": 1, "square": 2, "climb": 3}


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def proof_of(case: Toy) -> Proof:
    return prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], check=False)


def changed(table: str, column: int, rows: Any, change: Callable[[np.ndarray], np.ndarray]) -> Toy:
    case = toy(*HEIGHTS)
    witness = {name: values.copy() for name, values in case.witness.items()}
    values = witness[table][column].astype(np.int64)
    values[rows] = change(values[rows]) % P
    witness[table][column] = values.astype(np.uint32)
    return Toy(case.circuit, witness)


def broken_constraints(case: Toy) -> set[str]:
    """Names of the constraints that fail on some row, by direct evaluation."""
    found = set()
    for item in case.circuit.placed:
        main = case.witness[item.table.name].astype(np.int64)
        fixed = item.preprocessed_rows()
        reader = RowReader(main, np.roll(main, -1, axis=1), fixed, case.circuit.publics)
        rows = {"every": slice(None), "transition": slice(0, -1), "first": slice(0, 1), "last": slice(-1, None)}
        for constraint in item.table.constraints:
            if read(constraint.expression, reader, {})[rows[str(constraint.where)]].any():
                found.add(constraint.name)
    return found


def test_the_control() -> None:
    case = toy(*HEIGHTS)
    assert broken_constraints(case) == set()
    assert verdict(case.circuit, proof_of(case)) == "accepted"


def shifted_walk() -> Toy:
    """The walk starts elsewhere and is consistent from there on: only the first row tells."""
    return changed("walks", 0, slice(None), lambda values: values + 1)


def longer_count() -> Toy:
    """Positions count from 1: the first and the last row are off, no transition is."""
    return changed("records", RECORDS["position"], slice(None), lambda values: values + 1)


def _unasked() -> int:
    return int(np.flatnonzero(toy(*HEIGHTS).witness["squares"][SQUARES["flagged"]] == 0)[0])


CHEATS: dict[str, tuple[Callable[[], Toy], set[str]]] = {
    "first row": (shifted_walk, {"walks/starts"}),
    "first and last row": (longer_count, {"records/position starts", "records/position ends"}),
    "last row only": (
        lambda: changed("records", RECORDS["position"], slice(-1, None), lambda v: v + 1),
        {"records/position ends", "records/position counts"},
    ),
    "transition": (
        lambda: changed("walks", 0, slice(700, None), lambda v: v + 5),
        {"walks/moves"},
    ),
    "transition of the short table": (
        lambda: changed("squares", SQUARES["climb"], slice(1000, None), lambda v: v + 5),
        {"squares/climb adds"},
    ),
    "first row of the short table": (
        lambda: changed("squares", SQUARES["climb"], slice(None), lambda v: v + 5),
        {"squares/climb starts"},
    ),
    "every row": (
        lambda: changed("records", RECORDS["scaled"], 1999, lambda v: v + 1),
        {"records/scaled"},
    ),
    "every row, the last one": (
        lambda: changed("records", RECORDS["product"], -1, lambda v: v + 1),
        {"records/product"},
    ),
    "degree three": (
        lambda: changed("records", RECORDS["cube"], 3, lambda v: -v - 1),
        {"records/cube"},
    ),
    "degree four": (
        lambda: changed("records", RECORDS["fourth"], slice(0, 9), lambda v: v + 1),
        {"records/fourth"},
    ),
    "degree four, the last row": (
        lambda: changed("records", RECORDS["fourth"], -1, lambda v: v + 1),
        {"records/fourth", "records/fourth ends"},
    ),
    "running sum with a last row": (
        lambda: changed("records", RECORDS["running"], slice(None), lambda v: v + 1),
        {"records/running starts", "records/running ends"},
    ),
    "against a preprocessed column": (
        # A square that nobody asks for, so that no bus tells.
        lambda: changed("squares", SQUARES["square"], _unasked(), lambda v: v + 1),
        {"squares/square"},
    ),
    "against a periodic column": (
        # The value that the next row of the period would have.
        lambda: changed("records", RECORDS["beaten"], slice(0, 1), lambda v: v * 0 + shifted_beat()),
        {"records/beaten"},
    ),
    "not a bit": (
        lambda: changed("records", RECORDS["flag"], 5, lambda v: v * 0 + 2),
        {"records/flag is a bit", "records/product", "records/running adds"},
    ),
}


def shifted_beat() -> int:
    return BEATS[1] * int(toy(*HEIGHTS).witness["records"][RECORDS["amount"], 0]) + UNIT


@pytest.mark.parametrize("name", CHEATS)
def test_every_kind_of_constraint(name: str) -> None:
    make, expected = CHEATS[name]
    case = make()
    assert broken_constraints(case) >= (expected if name != "not a bit" else {"records/flag is a bit"})
    assert verdict(case.circuit, proof_of(case)) == "constraints-unsatisfied"


def without(case: Toy, names: set[str]) -> Toy:
    """The same case under a circuit that lacks these constraints."""
    placed = []
    for item in case.circuit.placed:
        table = Table(item.table.name)
        for part in ("columns", "preprocessed", "preprocessed_values", "interactions", "sums"):
            setattr(table, part, getattr(item.table, part))
        table.constraints = [each for each in item.table.constraints if each.name not in names]
        placed.append(PlacedTable(table, item.height))
    return Toy(replace(case.circuit, placed=tuple(placed)), case.witness)


@pytest.mark.parametrize("name", sorted(set(CHEATS) - {"not a bit", "every row, the last one"}))
def test_each_cheat_passes_without_its_constraints(name: str) -> None:
    """It is that constraint that stops it, and nothing else: without it the same witness is accepted."""
    case = CHEATS[name][0]()
    crippled = without(case, broken_constraints(case))
    assert verdict(crippled.circuit, proof_of(crippled)) == "accepted"


BUS_CHEATS: dict[str, Callable[[], Toy]] = {
    # A value outside the table, everything else made consistent with it.
    "not in the table": lambda: changed("squares", SQUARES["lookups"], 9, lambda v: v - 1),
    "one time too many": lambda: changed("squares", SQUARES["lookups"], 9, lambda v: v + 1),
    "served elsewhere": lambda: moved_lookup(),
    "negative multiplicity": lambda: changed("squares", SQUARES["flagged"], 4, lambda v: v * 0 - 1),
    "all multiplicities zero": lambda: changed("squares", SQUARES["lookups"], slice(None), lambda v: v * 0),
    "multiplicities doubled": lambda: changed("squares", SQUARES["lookups"], slice(None), lambda v: 2 * v),
}


def moved_lookup() -> Toy:
    """The total of the multiplicities is right, their places are not."""
    once = changed("squares", SQUARES["lookups"], 9, lambda v: v - 1)
    values = once.witness["squares"].copy()
    values[SQUARES["lookups"], 10] += 1
    return Toy(once.circuit, {**once.witness, "squares": values})


@pytest.mark.parametrize("name", BUS_CHEATS)
def test_unbalanced_buses(name: str) -> None:
    """Every constraint holds on every row; only the global accumulator does not close."""
    case = BUS_CHEATS[name]()
    assert broken_constraints(case) == set()
    assert verdict(case.circuit, proof_of(case)) == "constraints-unsatisfied"


@pytest.mark.parametrize("name", ["amounts", "mixed", "paces"])
@pytest.mark.parametrize("step", [1, -1, P // 2])
def test_wrong_sums(name: str, step: int) -> None:
    case = toy(*HEIGHTS)
    targets = {**case.circuit.sum_targets, name: (case.circuit.sum_targets[name] + step) % P}
    circuit = replace(case.circuit, sum_targets=targets)
    assert verdict(circuit, proof_of(Toy(circuit, case.witness))) == "constraints-unsatisfied"


def test_sums_do_not_trade_with_each_other() -> None:
    """One target up, another one down: powers of delta keep them apart."""
    case = toy(*HEIGHTS)
    targets = dict(case.circuit.sum_targets)
    targets["amounts"] += 1
    targets["mixed"] -= 1
    circuit = replace(case.circuit, sum_targets=targets)
    assert verdict(circuit, proof_of(Toy(circuit, case.witness))) == "constraints-unsatisfied"


@pytest.mark.parametrize("change", ["payload", "multiplicity", "sign", "left out", "twice"])
def test_wrong_public_terms(change: str) -> None:
    case = toy(*HEIGHTS)
    first, second = case.circuit.public_terms
    terms: tuple[PublicTerm, ...] = {
        "payload": (replace(first, payload=(8, 64)), second),
        "multiplicity": (replace(first, multiplicity=2), second),
        "sign": (replace(first, multiplicity=-3), second),
        "left out": (second,),
        "twice": (first, first, second),
    }[change]
    circuit = replace(case.circuit, public_terms=terms)
    assert verdict(circuit, proof_of(Toy(circuit, case.witness))) == "constraints-unsatisfied"


@cache
def exchange(sent: Bus, received: Bus, payload: tuple[int, ...], taken: tuple[int, ...]) -> Toy:
    """One table that sends constants on one bus and takes constants off another."""
    table = Table("exchange")
    table.column("unused")
    table.send(sent, "out", list(payload))
    table.receive(received, "in", list(taken))
    other = Table("other")
    other.column("unused")
    wide = Bus("wide", 9, 3)
    other.send(wide, "three", [1, 2, 3])
    other.receive(wide, "three back", [1, 2, 3])
    circuit = Circuit((PlacedTable(table, 1024), PlacedTable(other, 1024)), {}, (), {})
    blank = np.zeros((1, 1024), dtype=np.uint32)
    return Toy(circuit, {"exchange": blank, "other": blank})


@pytest.mark.parametrize(
    ("sent", "received", "payload", "taken", "balanced"),
    [
        (Bus("a", 1, 1), Bus("a", 1, 1), (5,), (5,), True),
        (Bus("a", 1, 1), Bus("a", 1, 1), (5,), (6,), False),
        # The same tuple on another bus.
        (Bus("a", 1, 1), Bus("b", 2, 1), (5,), (5,), False),
        # Padding with zeros does not make a short tuple a long one of another bus.
        (Bus("a", 1, 1), Bus("b", 2, 2), (5,), (5, 0), False),
        # The identifier does not slide into the payload.
        (Bus("a", 1, 2), Bus("b", 2, 2), (2, 1), (1, 2), False),
        (Bus("a", 1, 3), Bus("b", 2, 3), (0, 0, 2), (0, 0, 1), False),
        (Bus("a", 1, 2), Bus("a", 1, 2), (1, 2), (2, 1), False),
    ],
)
def test_buses_do_not_mix(sent: Bus, received: Bus, payload: tuple, taken: tuple, balanced: bool) -> None:
    """Identifier and width are part of every tuple (OpenVM Cantina 3.2.1; SP1 v4 audit 7; Plonky3 #1912)."""
    case = exchange(sent, received, payload, taken)
    assert (verdict(case.circuit, proof_of(case)) == "accepted") == balanced


def test_helpers_are_bound_on_the_last_row() -> None:
    """The wrap-around row belongs to the accumulator and every helper: an imbalance on the very last row of the short
    table shows (SP1 rkm0959 11)."""
    case = changed("squares", SQUARES["lookups"], 1023, lambda v: v + 1)
    assert broken_constraints(case) == set()
    assert verdict(case.circuit, proof_of(case)) == "constraints-unsatisfied"
