"""Many witnesses of one circuit checked at once: every constraint, bus and sum of the real tables.

The tables are the prover's own, read by the same expressions as the checker reads; only their heights are smaller,
so that random cases are cheap. Fixed tables are looked up directly: which of their rows are offered how often is
free, so a tuple is on offer exactly if it is in the table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements, FieldReader, Integers, Rows, evaluate
from zkpay.stark.air import Interaction, Table, Where
from zkpay.stark.expression import Column, Expression
from zkpay.stark.field import P

RANGE = "range"


@dataclass(frozen=True)
class Draft:
    """One witness, uint32[width, height] by table name, with the public values that it claims."""

    witness: Mapping[str, Elements]
    publics: Mapping[str, int]
    sums: Mapping[str, int]


class _Stacked:
    """The rows of one table of many witnesses, one witness after another; read as `Rows` are."""

    def __init__(self, drafts: Sequence[Draft], table: Table) -> None:
        self.main = np.concatenate([draft.witness[table.name] for draft in drafts], axis=1)
        self.count = self.main.shape[1]
        self.height = self.count // len(drafts)
        self.publics = {name: self._public([draft.publics[name] for draft in drafts]) for name in drafts[0].publics}

    def _public(self, values: list[int]) -> int | Integers:
        """A public scalar, for each row its own witness's where they differ."""
        return values[0] if len(set(values)) == 1 else np.repeat(np.array(values), self.height)

    def column(self, column: Column) -> Integers:
        values = self.main[column.index].astype(np.int64)
        if column.rotation == 0:
            return values
        turned: Integers = np.roll(values.reshape(-1, self.height), -1, axis=1).reshape(-1)
        return turned


class _StackedReader(FieldReader):
    """Public scalars may differ from row to row."""

    def linear(self, terms: list[tuple[int | str, Integers]], constant: int) -> Integers:
        result = self.constant(constant)
        for coefficient, value in terms:
            factor = self.rows.publics[coefficient] if isinstance(coefficient, str) else coefficient % P
            result = (result + factor * value) % P
        return result


def objections(
    tables: Sequence[Table],
    offers: Mapping[str, set[tuple[int, ...]]],
    drafts: Sequence[Draft],
    *,
    look_ups_by_name: bool = False,
) -> list[set[str]]:
    """What the constraints, buses and sums object to in each draft: names as the checker's.

    offers: the tuples of each fixed table but the ranges, by bus. look_ups_by_name: a look-up of what isn't on offer is
    called by its own name, not by that of its bus.
    """
    found: list[set[str]] = [set() for _ in drafts]
    parts: dict[str, list[tuple[NDArray[np.int64], Integers]]] = defaultdict(list)
    sums: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros(len(drafts), dtype=np.int64))
    for table in tables:
        rows = _Stacked(drafts, table)
        count, height = rows.count, rows.height
        reader, memory = _StackedReader(cast(Rows, rows)), dict[Expression, Integers]()
        for constraint in table.constraints:
            values = evaluate(constraint.expression, reader, count, memory).reshape(-1, height)
            _note(found, np.any(_where(values, constraint.where), axis=1), constraint.name)
        for interaction in table.interactions:
            payload = [evaluate(entry, reader, count, memory) for entry in interaction.payload]
            multiplicity = evaluate(interaction.multiplicity, reader, count, memory)
            name = interaction.name if look_ups_by_name else f"bus/{interaction.bus.name}"
            _interact(found, parts, offers, interaction, payload, multiplicity, height, name)
        for row_sum in table.sums:
            values = evaluate(row_sum.expression, reader, count, memory).reshape(-1, height)
            sums[row_sum.target] += values.sum(axis=1)
    for bus, collected in parts.items():
        _balance(found, bus, collected)
    for target, values in sums.items():
        wanted = np.array([draft.sums[target] for draft in drafts])
        _note(found, (values - wanted) % P != 0, f"sum/{target}")
    return found


def _note(found: list[set[str]], broken: NDArray[np.bool_], name: str) -> None:
    for index in np.flatnonzero(broken):
        found[index].add(name)


def _where(values: Integers, where: Where) -> Integers:
    """The columns of int64[drafts, height] in which a constraint holds."""
    if where is Where.TRANSITION:
        return values[:, :-1]
    if where is Where.FIRST:
        return values[:, :1]
    return values[:, -1:] if where is Where.LAST else values


def _interact(
    found: list[set[str]],
    parts: dict[str, list[tuple[NDArray[np.int64], Integers]]],
    offers: Mapping[str, set[tuple[int, ...]]],
    interaction: Interaction,
    payload: Sequence[Integers],
    multiplicity: Integers,
    height: int,
    name: str,
) -> None:
    bus = interaction.bus.name
    if bus == RANGE:
        bits, values = payload
        _note(found, ((values >> bits != 0) & (multiplicity != 0)).reshape(-1, height).any(axis=1), name)
        return
    rows = np.flatnonzero(multiplicity)
    stacked = np.stack([rows // height, *(entry[rows] for entry in payload)], axis=1)
    if bus in offers:
        for draft, *entries in stacked.tolist():
            if tuple(entries) not in offers[bus]:
                found[draft].add(name)
        return
    parts[bus].append((stacked, multiplicity[rows] * interaction.sign))


def _balance(found: list[set[str]], bus: str, collected: list[tuple[NDArray[np.int64], Integers]]) -> None:
    """Every tuple of each draft as often sent as received, modulo P."""
    tuples = np.concatenate([rows for rows, _ in collected])
    if not len(tuples):
        return
    weights = np.concatenate([weight for _, weight in collected])
    different, place = np.unique(tuples, axis=0, return_inverse=True)
    excess = np.zeros(len(different), dtype=np.int64)
    # Fewer than 2^31 rows of less than 2^31 each.
    np.add.at(excess, place.reshape(-1), weights)
    for draft in set(different[excess % P != 0, 0].tolist()):
        found[draft].add(f"bus/{bus}")
