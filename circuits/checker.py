"""Every constraint on every row, every bus and every sum, in plain numpy (SPEC §5).

The checker is what a witness is tested against before it is proved, and what attack tests are written on: it
names all that is violated and never stops at the first. It reads the same expressions as prover and verifier.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import FieldReader, Integers, Rows, evaluate
from zkpay.circuits.trace import Witness
from zkpay.stark.air import Circuit, Constraint, PlacedTable, Where
from zkpay.stark.expression import Expression
from zkpay.stark.field import P

BLOCK = 2048


@dataclass(frozen=True)
class Violation:
    """What is wrong and where.

    A constraint: its name, the table and the row. A bus: `bus/<name>`, with one tuple that is not as often
    sent as received, and how much too often it is sent. A sum: `sum/<target>`. Rows are -1 where there is
    none.
    """

    name: str
    table: str = ""
    row: int = -1
    example: tuple[int, ...] = ()
    excess: int = 0


def violations(circuit: Circuit, witness: Witness) -> list[Violation]:
    """All violations of a witness (uint32[width, height] by table name), constraints first; [] if there is
    none.

    ValueError if a table of the witness is missing, has another shape or an element that is not below P.
    """
    for item in circuit.placed:
        values = witness.get(item.table.name)
        shape = (item.table.width, item.height)
        if values is None or values.shape != shape or (values.size and int(values.max()) >= P):
            raise ValueError(f"table {item.table.name}: expected canonical elements of shape {shape}")
    found: list[Violation] = []
    for item in circuit.placed:
        found += _constraint_violations(circuit, item, witness)
    return [*found, *_bus_violations(circuit, witness), *_sum_violations(circuit, witness)]


def violated_names(circuit: Circuit, witness: Witness) -> set[str]:
    """The names alone: constraints, `bus/...` and `sum/...`."""
    return {violation.name for violation in violations(circuit, witness)}


def _blocks(circuit: Circuit, item: PlacedTable, witness: Witness) -> list[Rows]:
    main, preprocessed = witness[item.table.name], item.table.preprocessed_values
    return [
        Rows(main, preprocessed, circuit.publics, start, min(start + BLOCK, item.height))
        for start in range(0, item.height, BLOCK)
    ]


def _constraint_violations(circuit: Circuit, item: PlacedTable, witness: Witness) -> list[Violation]:
    rows: dict[str, list[int]] = defaultdict(list)
    for block in _blocks(circuit, item, witness):
        reader, memory = FieldReader(block), dict[Expression, Integers]()
        for constraint in item.table.constraints:
            values = evaluate(constraint.expression, reader, block.stop - block.start, memory)
            broken = block.start + np.flatnonzero(values)
            rows[constraint.name] += [int(row) for row in broken if _applies(constraint, int(row), item.height)]
    return [
        Violation(constraint.name, item.table.name, row)
        for constraint in item.table.constraints
        for row in rows[constraint.name]
    ]


def _applies(constraint: Constraint, row: int, height: int) -> bool:
    last = height - 1
    return {
        Where.EVERY: True,
        Where.TRANSITION: row != last,
        Where.FIRST: row == 0,
        Where.LAST: row == last,
    }[constraint.where]


def _bus_violations(circuit: Circuit, witness: Witness) -> list[Violation]:
    balances: dict[str, dict[tuple[int, ...], int]] = defaultdict(lambda: defaultdict(int))
    for item in circuit.placed:
        for block in _blocks(circuit, item, witness):
            reader, memory = FieldReader(block), dict[Expression, Integers]()
            count = block.stop - block.start
            for interaction in item.table.interactions:
                multiplicity = evaluate(interaction.multiplicity, reader, count, memory)
                payload = [evaluate(entry, reader, count, memory) for entry in interaction.payload]
                _collect(balances[interaction.bus.name], np.stack(payload), multiplicity, interaction.sign)
    for term in circuit.public_terms:
        balances[term.bus.name][term.payload] += term.multiplicity
    found = []
    for bus, balance in balances.items():
        wrong = {payload: excess % P for payload, excess in balance.items() if excess % P}
        if wrong:
            example = min(wrong)
            found.append(Violation(f"bus/{bus}", example=example, excess=wrong[example]))
    return found


def _collect(
    balance: dict[tuple[int, ...], int], payload: NDArray[np.int64], multiplicity: Integers, sign: int
) -> None:
    present = multiplicity != 0
    rows = np.ascontiguousarray(payload[:, present].T)
    if not len(rows):
        return
    packed = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, place = np.unique(packed, return_index=True, return_inverse=True)
    # Two halves of 16 bits keep the sums of a block exact in doubles.
    weights = multiplicity[present]
    low = np.bincount(place, weights & 0xFFFF).astype(np.int64)
    high = np.bincount(place, weights >> 16).astype(np.int64)
    for values, total in zip(rows[first].tolist(), ((high << 16) + low).tolist(), strict=True):
        balance[tuple(values)] += sign * total


def _sum_violations(circuit: Circuit, witness: Witness) -> list[Violation]:
    totals: dict[str, int] = defaultdict(int)
    for item in circuit.placed:
        for block in _blocks(circuit, item, witness):
            reader, memory = FieldReader(block), dict[Expression, Integers]()
            for row_sum in item.table.sums:
                values = evaluate(row_sum.expression, reader, block.stop - block.start, memory)
                totals[row_sum.target] += int(values.sum())
    return [
        Violation(f"sum/{target}", excess=(totals[target] - wanted) % P)
        for target, wanted in sorted(circuit.sum_targets.items())
        if (totals[target] - wanted) % P
    ]
