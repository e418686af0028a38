"""Choosing among ways to write a value down, by what their columns would cost (SPEC §5.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from zkpay.circuits.gadgets.carry import Plan

NARROWEST: Final = 6
"""Narrowest limbs that are tried for a product: 2^18 lines of them fit below P."""
LIMB_COST: Final = 3
"""What a limb costs, in columns: its own and a look-up, which counts as two."""
COPY_COST: Final = 5
"""What a limb costs that writes down again what other limbs hold already: with the carry of a balance."""

Option = TypeVar("Option")


def cheapest(
    options: Iterable[Option], planned: Callable[[Option], Plan], cost: Callable[[Option], int] = lambda option: 0
) -> Option | None:
    """The first option whose plan has a column for each carry and needs nothing beside; else the cheapest one.

    planned: the plan of an option, or ValueError if it has none. cost: of what the option needs beside its carries.
    None if no option has a plan.
    """
    best: tuple[int, Option] | None = None
    for option in options:
        try:
            found = planned(option)
        except ValueError:
            continue
        price = found.cost + cost(option)
        if best is None or price < best[0]:
            best = price, option
        if found.is_narrow and best[1] is option:
            break
    return None if best is None else best[1]
