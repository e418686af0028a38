"""One or a few columns of a table changed on every row, each row by itself, and what objects to it.

A cell is read by the window of its own row and by that of the row before, as its next row. So two passes over a table
tell what objects to each of many changes: one with the columns changed on all rows as they stand, one with them changed
on all next rows. Both leave the other rows of every window as they are, so what they say is exact for a change of one
row. Constraints are the circuit's own expressions, read by its own reader.

Buses are balanced to begin with, so a change goes unnoticed exactly if what the row puts on a bus stays the same
multiset. In tables of which only the multiplicity is witness a cheater counts again: a look-up is noticed exactly if
what it looks up isn't on offer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.evaluation import Elements, FieldReader, Integers, Rows
from zkpay.circuits.trace import Witness
from zkpay.stark.air import Circuit, Interaction, PlacedTable, Where
from zkpay.stark.expression import Column, Expression, Linear, Phase, Product, read
from zkpay.stark.field import P

Flags = NDArray[np.bool_]
Changes = Mapping[int, Integers]
"""New values int64[kinds, rows] of columns, by their index."""


@dataclass(frozen=True)
class Part:
    """Consecutive rows of a table: start <= row < stop."""

    start: int
    stop: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.stop - self.start


class Offers:
    """The fixed tables of a circuit: tuples on offer by bus, to be taken any number of times."""

    def __init__(self, circuit: Circuit) -> None:
        self.tuples: dict[str, set[tuple[int, ...]]] = {}
        for item in circuit.placed:
            for interaction in item.table.interactions:
                if _is_offer(interaction):
                    rows = item.preprocessed_rows()
                    columns = [rows[entry.index] for entry in interaction.payload if isinstance(entry, Column)]
                    self.tuples.setdefault(interaction.bus.name, set()).update(
                        zip(*(column.tolist() for column in columns), strict=True)
                    )

    def lack(self, bus: str, payload: Sequence[Integers]) -> Flags:
        """Where a tuple isn't on offer."""
        entries = np.stack(np.broadcast_arrays(*payload), axis=-1)
        flat = entries.reshape(-1, entries.shape[-1])
        different, place = np.unique(flat, axis=0, return_inverse=True)
        offered = self.tuples[bus]
        lacking = np.array([tuple(row) not in offered for row in different.tolist()], dtype=np.bool_)
        found: Flags = lacking[place.reshape(-1)].reshape(entries.shape[:-1])
        return found


def _is_offer(interaction: Interaction) -> bool:
    """Whether an interaction puts rows of a fixed table on offer, each as often as the prover says."""
    count = interaction.multiplicity
    return (
        interaction.sign > 0
        and isinstance(count, Column)
        and count.phase is Phase.MAIN
        and all(isinstance(entry, Column) and entry.phase is Phase.PREPROCESSED for entry in interaction.payload)
    )


class _Windows:
    """The windows that begin on `count` rows from `first` on, cyclic; read as `Rows` are."""

    def __init__(self, main: Elements, item: PlacedTable, publics: Mapping[str, int], first: int, count: int) -> None:
        self.main, self.preprocessed, self.publics = main, item.table.preprocessed_values, publics
        self.places = [(np.arange(first, first + count) + rotation) % item.height for rotation in (0, 1)]

    def column(self, column: Column) -> Integers:
        """Values of a column on its row of each window."""
        places = self.places[column.rotation]
        if column.phase is Phase.PREPROCESSED:
            period = self.preprocessed[column.index]
            return np.asarray(period[places % len(period)])
        return self.main[column.index, places].astype(np.int64)


class _Changed(FieldReader):
    """Windows as they are but for some columns, on their own row (rotation 0) or as next row (1)."""

    def __init__(self, rows: Rows, changes: Changes, rotation: int) -> None:
        super().__init__(rows)
        self.changes, self.rotation = changes, rotation

    def column(self, column: Column) -> Integers:
        if column.phase is Phase.MAIN and column.rotation == self.rotation and column.index in self.changes:
            return self.changes[column.index]
        return super().column(column)


class _Memory(dict[Expression, Integers]):
    """Values under changes; nodes that read none of the changed columns are looked up among the unchanged ones."""

    def __init__(self, table: CellTable, changed: int, rotation: int) -> None:
        super().__init__()
        self.table, self.changed, self.rotation = table, changed, rotation

    def get(self, node: Expression, default: Integers | None = None) -> Integers | None:  # type: ignore[override]
        if self.table.reads(node) & self.changed:
            return super().get(node, default)
        return self.table.unchanged(node, self.rotation)


class CellTable:
    """One table of an honest witness, of which part after part is changed."""

    def __init__(self, circuit: Circuit, item: PlacedTable, witness: Witness, offers: Offers) -> None:
        self.item, self.table, self.offers = item, item.table, offers
        self.publics = circuit.publics
        self.main = witness[item.table.name]
        self.height = item.height
        self._masks: dict[Expression, int] = {}
        self.move_to(Part(0, self.height))

    def move_to(self, part: Part) -> None:
        """Change cells of these rows from now on."""
        self.part = part
        self._windows = [
            cast(Rows, _Windows(self.main, self.item, self.publics, part.start - rotation, part.rows))
            for rotation in (0, 1)
        ]
        self._known: list[dict[Expression, Integers]] = [{}, {}]

    def reads(self, node: Expression) -> int:
        """Which main columns a node reads, as bits 2 * index + rotation."""
        known = self._masks.get(node)
        if known is not None:
            return known
        mask = 0
        if isinstance(node, Column):
            mask = 1 << (2 * node.index + node.rotation) if node.phase is Phase.MAIN else 0
        elif isinstance(node, Linear):
            for _, term in node.terms:
                mask |= self.reads(term)
        elif isinstance(node, Product):
            mask = self.reads(node.left) | self.reads(node.right)
        self._masks[node] = mask
        return mask

    def unchanged(self, node: Expression, rotation: int) -> Integers:
        """A node's values in the windows of the part's rows, or of the rows before these."""
        return read(node, FieldReader(self._windows[rotation]), self._known[rotation])

    def objections(self, changes: Changes) -> dict[str, Flags]:
        """What objects to these changes of each row by itself: bool[kinds, rows of the part] by name, as the checker
        has it; names that object to nothing are left out.
        """
        found: dict[str, Flags] = {}
        for rotation in (0, 1):
            mask = sum(1 << (2 * index + rotation) for index in changes)
            reader = _Changed(self._windows[rotation], changes, rotation)
            memory = _Memory(self, mask, rotation)
            applies = {where: self._applies(where, rotation) for where in Where}
            for constraint in self.table.constraints:
                if self.reads(constraint.expression) & mask:
                    broken = read(constraint.expression, reader, memory) != 0
                    _note(found, constraint.name, broken & applies[constraint.where])
            if rotation == 0:
                self._buses(found, mask, reader, memory)
                self._sums(found, mask, reader, memory)
        return {name: flags for name, flags in found.items() if flags.any()}

    def _applies(self, where: Where, rotation: int) -> Flags:
        """In which windows a kind of constraint holds."""
        rows = (np.arange(self.part.start, self.part.stop) - rotation) % self.height
        if where is Where.TRANSITION:
            return np.asarray(rows != self.height - 1)
        if where is Where.FIRST:
            return np.asarray(rows == 0)
        return np.asarray(rows == self.height - 1) if where is Where.LAST else np.ones(len(rows), dtype=np.bool_)

    def _buses(self, found: dict[str, Flags], mask: int, reader: _Changed, memory: _Memory) -> None:
        affected: dict[str, list[Interaction]] = {}
        for interaction in self.table.interactions:
            if any(self.reads(entry) & mask for entry in (*interaction.payload, interaction.multiplicity)):
                affected.setdefault(interaction.bus.name, []).append(interaction)
        for bus, interactions in affected.items():
            sides: list[tuple[list[Integers], Integers]] = []
            for interaction in interactions:
                nodes = (*interaction.payload, interaction.multiplicity)
                *before, often = (self.unchanged(node, 0) for node in nodes)
                *after, now = (read(node, reader, memory) for node in nodes)
                if bus in self.offers.tuples and not _is_offer(interaction):
                    _note(found, f"bus/{bus}", (now != 0) & self.offers.lack(bus, after))
                else:
                    sides.append((before, -interaction.sign * often))
                    sides.append((after, interaction.sign * now))
            if sides:
                _note(found, f"bus/{bus}", _differ(sides))

    def _sums(self, found: dict[str, Flags], mask: int, reader: _Changed, memory: _Memory) -> None:
        changed: dict[str, Integers] = {}
        for row_sum in self.table.sums:
            if self.reads(row_sum.expression) & mask:
                more = read(row_sum.expression, reader, memory) - self.unchanged(row_sum.expression, 0)
                changed[row_sum.target] = changed[row_sum.target] + more if row_sum.target in changed else more
        for target, difference in changed.items():
            found[f"sum/{target}"] = difference % P != 0


def _note(found: dict[str, Flags], name: str, broken: Flags) -> None:
    found[name] = found[name] | broken if name in found else broken


def _differ(sides: Sequence[tuple[Sequence[Integers], Integers]]) -> Flags:
    """Where tuples with weights don't cancel: some tuple's weights don't add up to 0 modulo P."""
    arrays = np.broadcast_arrays(*chain.from_iterable((*payload, weight) for payload, weight in sides))
    width = len(sides[0][0]) + 1
    tuples = [arrays[start : start + width - 1] for start in range(0, len(arrays), width)]
    weights = [arrays[start + width - 1] for start in range(0, len(arrays), width)]
    found = np.zeros(arrays[0].shape, dtype=np.bool_)
    for payload in tuples:
        excess = np.zeros(arrays[0].shape, dtype=np.int64)
        for other, weight in zip(tuples, weights, strict=True):
            same = np.ones(arrays[0].shape, dtype=np.bool_)
            for mine, its in zip(payload, other, strict=True):
                same &= mine == its
            excess += np.where(same, weight, 0)
        found |= excess % P != 0
    return found
