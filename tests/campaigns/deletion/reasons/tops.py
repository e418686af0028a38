"""What the top limb of a comparison needs no look-up for, whatever the numbers are.

The top limb is looked at wherever two numbers are compared: it is equal, or its difference is looked up. So one that is
a sum's is in range by that.
"""

from __future__ import annotations

import re

from tests.campaigns.deletion.lies.choices import comparison_width
from tests.campaigns.deletion.reasons.implied import Plans, with_carries
from tests.campaigns.deletion.reasons.openings import coefficient_of
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.carry import Plan
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression, Linear
from zkpay.stark.field import P

LOOK_UP = re.compile(r"\w+/(.+\[\d+\]) has \d+ bits")
IN_RANGE = (
    "The top limb is compared with one that is looked up: either they are equal, or their difference is looked up. So "
    "it is so small that the lines of its sum hold over the integers, which leaves the highest limb no choice."
)


def why_compared(plans: Plans, table: Table, name: str) -> str | None:
    """Why a top limb that is compared needs no look-up; None if it isn't one or may need it."""
    found = re.fullmatch(LOOK_UP, name)
    for gadget in table.gadgets if found else ():
        if isinstance(gadget, Comparison) and gadget.flag is not None and gadget.picks and found:
            for side, other in ((gadget.left, gadget.right), (gadget.right, gadget.left)):
                top = side[-1]
                if isinstance(top, Column) and top.name == found[1] and _is_looked_up(table, other[-1]):
                    # With any pick the top limbs are equal; without, the difference is 1 less than theirs.
                    room = (1 << comparison_width(table, gadget)) + 1
                    return IN_RANGE if _holds(plans, table, top, (-room, 2 * room)) else None
    return None


def _is_looked_up(table: Table, limb: Expression) -> bool:
    names = [item.name for item in table.interactions]
    return isinstance(limb, Constant) or (
        isinstance(limb, Column) and any(held.startswith(f"{table.name}/{limb.name} has ") for held in names)
    )


def _holds(plans: Plans, table: Table, column: Column, ends: tuple[int, int]) -> bool:
    """Whether the column is the highest limb of a sum whose lines stay below P wherever it lies between `ends`."""
    for gadget in table.gadgets:
        if isinstance(gadget, Defined) and gadget.result.columns[-1] == column and " slack[" not in column.name:
            plan = plans[table.name, column.name.rpartition("[")[0]]
            return all(_size(plan, k, column, gadget.result.widths[-1], ends) < P for k in range(len(plan.lines)))
    return False


def _size(plan: Plan, k: int, column: Column, width: int, ends: tuple[int, int]) -> int:
    """The largest size of a line with its carries, if the column lies between `ends` and not in its range."""
    held = coefficient_of(Linear(plan.lines[k].terms, 0), column)
    if held is None:
        return P
    own, told = sorted((0, held * ((1 << width) - 1))), sorted(held * end for end in ends)
    low, high = plan.lines[k].low - own[0] + told[0], plan.lines[k].high - own[1] + told[1]
    low, high = with_carries(plan, k, low, high)
    return max(high, -low)
