"""What the policy's tables hold, as tuples of one width (SPEC §5.9).

A symbol field has an entry for each declared symbol and one for the code of undeclared ones:

    (identifier, code, known, limbs of every table keyed by the field)

with known = 0 and limbs of 0 for the undeclared one. A numbered table has an entry for each number:

    (identifier, number, limbs)

Identifiers tell them apart. Shorter tuples are filled up with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.gadgets.range import Limb, Natural, limb_widths
from zkpay.ledger.fields import SLOT_BITS, UNDECLARED, SymbolField
from zkpay.policy.language.tree import Table
from zkpay.policy.policy import Policy
from zkpay.stark.expression import Expression, constant

Entries = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TableLimbs:
    """A table's entries in limbs of 14 bits."""

    table: Table

    @cached_property
    def count(self) -> int:
        """Limbs that the largest entry takes."""
        return len(limb_widths(max(self.table.values), SLOT_BITS))

    @cached_property
    def limbs(self) -> Entries:
        """Limbs of all entries, int64[count, entries]."""
        mask = (1 << SLOT_BITS) - 1
        rows = [[(value >> (SLOT_BITS * k)) & mask for value in self.table.values] for k in range(self.count)]
        return np.array(rows, dtype=np.int64)

    def natural(self, limbs: list[Expression]) -> Natural:
        """The number that these limbs make, where they are those of some entry.

        Limb by limb the largest of all entries: not the limbs of the largest.
        """
        largest = self.limbs.max(axis=1).tolist()
        return tuple(Limb(limb, SLOT_BITS * k, largest[k]) for k, limb in enumerate(limbs))


@dataclass(frozen=True)
class SymbolEntries:
    """Entries of a symbol field, in the order of its codes, the undeclared one last."""

    identifier: int
    field: SymbolField
    tables: tuple[TableLimbs, ...]

    @cached_property
    def rows(self) -> Entries:
        """int64[3 + limbs, symbols + 1]."""
        count = len(self.field.values)
        limbs = [limb for table in self.tables for limb in table.limbs]
        rows = np.zeros((3 + len(limbs), count + 1), dtype=np.int64)
        rows[0] = self.identifier
        rows[1] = [*range(count), UNDECLARED]
        rows[2, :count] = 1
        for row, limb in zip(rows[3:], limbs, strict=True):
            row[:count] = limb
        return rows

    def of_codes(self, codes: Entries) -> Entries:
        """The entries of these codes without identifier and code, int64[1 + limbs, n]; codes beyond are undeclared."""
        found: Entries = self.rows[2:, np.minimum(codes, len(self.field.values))]
        return found


@dataclass(frozen=True)
class NumberedEntries:
    """Entries of a numbered table."""

    identifier: int
    table: TableLimbs

    @cached_property
    def rows(self) -> Entries:
        """int64[2 + limbs, entries]."""
        count = len(self.table.table.values)
        return np.concatenate([np.full((1, count), self.identifier), np.arange(count)[None, :], self.table.limbs])


@dataclass(frozen=True)
class Contents:
    """All entries, by field and by table."""

    symbols: dict[str, SymbolEntries]
    numbered: dict[str, NumberedEntries]

    @cached_property
    def width(self) -> int:
        """Elements of a tuple, the identifier included."""
        return max((len(entries.rows) for entries in self._all()), default=2)

    def rows(self, height: int) -> Entries:
        """All tuples, int64[width, height]; the last one fills the rest."""
        rows = np.zeros((self.width, height), dtype=np.int64)
        start = 0
        for entries in self._all():
            count = entries.rows.shape[1]
            rows[: len(entries.rows), start : start + count] = entries.rows
            start += count
        rows[:, start:] = rows[:, start - 1 : start]
        return rows

    def payload(self, *entries: Expression | int) -> list[Expression]:
        """A tuple filled up with zeros."""
        given = [constant(entry) if isinstance(entry, int) else entry for entry in entries]
        return [*given, *(constant(0) for _ in range(self.width - len(given)))]

    def _all(self) -> list[SymbolEntries | NumberedEntries]:
        return [*self.symbols.values(), *self.numbered.values()]


def contents_of(policy: Policy, bounds: Bounds) -> Contents:
    """The entries for a policy; tables of symbol fields only where payouts depend on them."""
    symbols: dict[str, SymbolEntries] = {}
    for field in policy.rules.symbols:
        tables = tuple(
            TableLimbs(table)
            for name, table in sorted(policy.tables.items())
            if table.field == field.name and bounds.reads_table(name)
        )
        symbols[field.name] = SymbolEntries(len(symbols) + 1, field, tables)
    numbered: dict[str, NumberedEntries] = {}
    for name, table in sorted(policy.tables.items()):
        if table.field is None:
            identifier = len(symbols) + len(numbered) + 1
            numbered[name] = NumberedEntries(identifier, TableLimbs(table))
    return Contents(symbols, numbered)
