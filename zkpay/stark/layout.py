"""Where each column lies in the committed trees and in the list of out-of-domain openings (SPEC §4.2, §4.6).

One tree per phase. Within a tree, tables of one height share a row group, tallest group first; within a group,
tables stand in circuit order. Prover and verifier derive this from the circuit; a proof carries no shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.stark.air import Circuit
from zkpay.stark.field import EXTENSION_DEGREE

MAIN_TREE = 0
AUXILIARY_TREE = 1
QUOTIENT_TREE = 2
QUOTIENT_CHUNKS = 3
# The quotient chunks and the FRI mask, each five base columns.
QUOTIENT_WIDTH = EXTENSION_DEGREE * (QUOTIENT_CHUNKS + 1)
ACCUMULATOR = -1  # stands for the accumulator among a group's members


@dataclass(frozen=True)
class Group:
    """Tables of one height in one tree: members as (table position, first column, number of columns)."""

    height: int
    members: tuple[tuple[int, int, int], ...]

    @property
    def width(self) -> int:
        """Columns of a row of the group."""
        return sum(width for _, _, width in self.members)


@dataclass(frozen=True)
class Openings:
    """Positions of one table's values in the flat list of out-of-domain openings."""

    main: range
    auxiliary: range
    main_next: range


@dataclass(frozen=True)
class Layout:
    """Groups of each tree, and the order of openings: table by table (main, auxiliary, main on the next row), then
    accumulator, accumulator on the next row, quotient chunks. Opening number k has the batching weight lambda_k; the
    weight 1 belongs to the FRI mask alone."""

    main: tuple[Group, ...]
    auxiliary: tuple[Group, ...]
    quotient: tuple[Group, ...]
    openings: tuple[Openings, ...]
    accumulator: range
    accumulator_next: range
    quotient_openings: range

    @property
    def opening_count(self) -> int:
        """Number of out-of-domain values in a proof."""
        return self.quotient_openings.stop

    def groups(self, tree: int) -> tuple[Group, ...]:
        """The row groups of a tree."""
        return (self.main, self.auxiliary, self.quotient)[tree]


def layout_of(circuit: Circuit) -> Layout:
    """The layout that follows from the circuit alone."""
    height = max(item.height for item in circuit.placed)
    main_widths = [(position, item.height, item.table.width) for position, item in enumerate(circuit.placed)]
    auxiliary_widths = [
        (position, item.height, EXTENSION_DEGREE * len(item.table.helpers))
        for position, item in enumerate(circuit.placed)
    ]
    openings = []
    start = 0
    for item, (_, _, auxiliary_width) in zip(circuit.placed, auxiliary_widths, strict=True):
        main = range(start, start + item.table.width)
        auxiliary = range(main.stop, main.stop + auxiliary_width)
        following = range(auxiliary.stop, auxiliary.stop + len(item.table.next_row_columns))
        openings.append(Openings(main, auxiliary, following))
        start = following.stop
    accumulator = range(start, start + EXTENSION_DEGREE)
    accumulator_next = range(accumulator.stop, accumulator.stop + EXTENSION_DEGREE)
    quotient = range(accumulator_next.stop, accumulator_next.stop + EXTENSION_DEGREE * QUOTIENT_CHUNKS)
    return Layout(
        main=_groups(main_widths),
        auxiliary=_groups([*auxiliary_widths, (ACCUMULATOR, height, EXTENSION_DEGREE)]),
        quotient=(Group(height, ((ACCUMULATOR, 0, QUOTIENT_WIDTH),)),),
        openings=tuple(openings),
        accumulator=accumulator,
        accumulator_next=accumulator_next,
        quotient_openings=quotient,
    )


def _groups(widths: list[tuple[int, int, int]]) -> tuple[Group, ...]:
    groups = []
    for height in sorted({height for _, height, _ in widths}, reverse=True):
        members = []
        first = 0
        for position, own_height, width in widths:
            if own_height == height:
                members.append((position, first, width))
                first += width
        if first:
            groups.append(Group(height, tuple(members)))
    return tuple(groups)
