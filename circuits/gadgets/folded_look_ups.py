"""Range checks of a short table, made by a tall one a few at a time (SPEC §5.15).

A look-up costs a proof a third of a helper column, on every row of its table alike. A short table sends its limbs, a
few in a tuple, to a tall one, which has a row for each tuple and so needs a look-up for each place in a tuple only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from zkpay.circuits.buses import RANGE, limbs_bus
from zkpay.stark.air import Bus, Interaction, Table
from zkpay.stark.expression import Column, Constant, constant
from zkpay.stark.field import EXTENSION_DEGREE

LIMB: Final = "limb"


@dataclass(frozen=True)
class FoldedLookUps:
    """widths[k][j]: bits of place j in tuple k; 0 where there is no limb. bus: of (index, k, limbs)."""

    bus: Bus
    widths: tuple[tuple[int, ...], ...]


def fold_look_ups(table: Table, index: Column, most: int, beside: int) -> tuple[Table, FoldedLookUps]:
    """The table with its range checks sent away, on every row, in at most `most` tuples; `index` tells its rows apart.

    beside: interactions of the tall table that are not look-ups. Tuples are as large as makes least columns of both.
    ValueError if a check's width is not a constant, if it is not made on every row, or if there is no check.
    """
    checks = [item for item in table.interactions if item.bus == RANGE]
    if not checks:
        raise ValueError(f"table {table.name} looks no range up")
    for check in checks:
        # On every row, as the tall table looks them up: any other multiplicity would be lost.
        if not isinstance(check.multiplicity, Constant) or check.multiplicity.value != 1:
            raise ValueError(f"{check.name}: it is not made once on every row")
    folded = replace(table, interactions=[item for item in table.interactions if item.bus != RANGE])

    def columns(size: int) -> int:
        """Limbs, and helper columns at three interactions each, for tuples of that size."""
        sent, taken = len(folded.interactions) + -(-len(checks) // size), beside + 1 + size
        return size + EXTENSION_DEGREE * (-(-sent // 3) + -(-taken // 3))

    size = min(range(-(-len(checks) // most), len(checks) + 1), key=columns)
    bus = limbs_bus(size)
    widths: list[tuple[int, ...]] = []
    for k, start in enumerate(range(0, len(checks), size)):
        part = checks[start : start + size]
        padding = size - len(part)
        limbs = [check.payload[1] for check in part] + [constant(0)] * padding
        folded.send(bus, f"limbs {k} are looked up", (index, k, *limbs))
        widths.append((*(_bits(check) for check in part), *(0 for _ in range(padding))))
    return folded, FoldedLookUps(bus, tuple(widths))


def look_up_folded(table: Table, look_ups: FoldedLookUps, place: Column, period: int) -> None:
    """Take the tuples off the bus, tuple k on row k of every `period`, and look all limbs up.

    place: the index of the row that sent the tuples. Rows without a tuple hold zeros.
    """
    values = np.zeros((len(look_ups.widths[0]) + 2, period), dtype=np.int64)
    count = len(look_ups.widths)
    values[0, :count] = 1
    values[1] = np.arange(period)
    values[2:, :count] = np.array(look_ups.widths, dtype=np.int64).T
    taken = table.preprocessed_column("limbs here", values[0])
    number = table.preprocessed_column("tuple", values[1])
    widths = [table.preprocessed_column(f"{LIMB}[{j}] width", row) for j, row in enumerate(values[2:])]
    limbs = table.column_group(LIMB, len(widths))
    table.receive(look_ups.bus, "limbs are those of the payout", (place, number, *limbs), taken)
    for limb, width in zip(limbs, widths, strict=True):
        table.receive(RANGE, f"{limb.name} has its bits", (width, limb))


def _bits(check: Interaction) -> int:
    width, _ = check.payload
    if not isinstance(width, Constant):
        raise ValueError(f"{check.name}: its width is no constant")
    return width.value
