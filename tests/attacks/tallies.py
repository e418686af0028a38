"""Tallies filled by hand: what follows from accounts, records and the order of rows, and a lie here and there."""

from __future__ import annotations

from collections.abc import Mapping

from zkpay.circuits.trace import Trace
from zkpay.stark.field import P

Forced = Mapping[tuple[str, int], int]


def settle(table: Trace, count: int, forced: Forced | None = None) -> None:
    """Sums, counts, ends and ordinals of the first rows as their constraints demand; `forced` cells are given."""
    forced = forced or {}
    same, real, accepted = table["order same"], table["is_real"], table["accepted"]
    last = min(count + 1, table.height - 1)
    for row in range(last + 1):

        def put(name: str, value: int, row: int = row) -> None:
            table[name][row] = forced.get((name, row), value) % P

        def carried(name: str, row: int = row) -> int:
            return int(same[row - 1]) * int(table[name][row - 1]) if row else 0

        for k, points in enumerate(table.group("points")):
            put(f"sum(points)[{k}]", int(points[row]) + carried(f"sum(points)[{k}]"))
        put("accepted_count", int(accepted[row]) + carried("accepted_count"))
        put("rejected_count", int(real[row]) - int(accepted[row]) + carried("rejected_count"))
        put("seen", int(accepted[row]) + carried("seen") * (1 - int(accepted[row])))
        put("ends", int(real[row]) - (int(same[row]) if row < table.height - 1 else 0))
        before = (
            int(table["ordinal"][row - 1]) + int(table["ends"][row - 1]) * int(table["seen"][row - 1]) if row else 0
        )
        put("ordinal", before)
    table["ordinal"][last + 1 :] = table["ordinal"][last]
