"""Which parts of a comparison with a constant no lie can use, whatever the number is that is compared.

All picks are tried, and for each the limbs that they leave free: how large and how small the difference can get, where
the claim is false. If it never lies in its range, nothing false can be claimed. A pick that needn't be a bit can be any
field element: those that free limbs above its own are tried, and with all others the limbs above are equal, and its own
counts as often as it likes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.campaigns.deletion.lies.choices import (
    ABOVE,
    MOST_PICKS,
    PICK,
    comparison_width,
    odd_picks,
    undecided,
    weights,
)
from zkpay.circuits.bounds import Bounds
from zkpay.circuits.gadgets.arithmetic import Defined
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.policy.language.program import Operation
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Constant, Expression

PATTERN = re.compile(r"\w+/(.+) (?:(pick)\[(\d+)\] is a bit|(equal above the pick)\[(\d+)\])")
REASON = (
    "With this constant there is no number of which picks could claim anything false: worked out for all bits, and for "
    "all that the one pick can be which needn't be a bit."
)

TOO_LARGE = (
    "With this constant picks could claim something false of numbers alone that are larger than this one can be, or "
    "than there is room for where it is said to be the lesser, worked out for all picks."
)


def why_unreachable(table: Table, name: str) -> str | None:
    """Why nothing can use the absence of a part of a comparison with a constant; None if something may."""
    found = re.fullmatch(PATTERN, name)
    if found is None:
        return None
    for gadget in table.gadgets:
        if isinstance(gadget, Comparison) and gadget.difference.name == f"{found[1]} difference" and gadget.flag:
            fixed = constants(gadget.right) or constants(gadget.left)
            if fixed is None or len(fixed) > MOST_PICKS:
                return None
            less, place = (PICK, int(found[3])) if found[2] else (ABOVE, int(found[5]))
            bits, is_right = comparison_width(table, gadget), constants(gadget.right) is not None
            return None if reachable(fixed, bits, less, place, is_right=is_right) else REASON
    return None


def why_too_large(bounds: Bounds, table: Table, name: str) -> str | None:
    """Why nothing can use the absence of a part of a comparison with a constant, as the number compared is never so
    large; None if something may.
    """
    found = re.fullmatch(PATTERN, name)
    for gadget in table.gadgets if found else ():
        if not isinstance(gadget, Comparison) or not gadget.flag or not found:
            continue
        side, fixed, is_right = gadget.left, constants(gadget.right), True
        if fixed is None:
            side, fixed, is_right = gadget.right, constants(gadget.left), False
        if gadget.difference.name != f"{found[1]} difference" or fixed is None or len(fixed) > MOST_PICKS:
            continue
        less, place = (PICK, int(found[3])) if found[2] else (ABOVE, int(found[5]))
        bits, most = comparison_width(table, gadget), largest(bounds, side)
        room = _room(bounds, table, found[1].removesuffix(" order"), most)
        claims = _with_smallest(fixed, bits, less, place, is_right=is_right)
        if most is None or any(
            number < (min(room, most + 1) if (claim.flag == is_right) else most + 1) for claim, number in claims
        ):
            return None
        return TOO_LARGE
    return None


def _with_smallest(
    fixed: Sequence[int], bits: int, less: str, place: int, *, is_right: bool
) -> Iterator[tuple[Claim, int]]:
    """All false claims, and bounds below the numbers of which they may be made."""
    for claim in claims_about(fixed, bits, less, place, is_right=is_right):
        yield claim, smallest(fixed, bits, claim, is_right=is_right)
    for claim in claims_by_pick(fixed, bits, place, is_right=is_right) if less == PICK else ():
        above = sum(fixed[k] << (bits * k) for k in range(claim.decisive + 1, len(fixed)))
        yield claim, above + (claim.ends[0] << (bits * claim.decisive))


def _room(bounds: Bounds, table: Table, title: str, most: int | None) -> int:
    """What the least of a number and a constant has room for, where it is written down: if the number is said to be the
    lesser it has to fit.
    """
    nodes = [node for node in bounds.program.nodes if title in (node.line, f"{node.line}: {node.text}")]
    is_least = bounds.program.lines.get(title, nodes[-1] if nodes else None)
    for gadget in table.gadgets:
        if isinstance(gadget, Defined) and gadget.result.columns[0].name == f"{title}[0]":
            if is_least is not None and is_least.operation is Operation.MINIMUM:
                return 1 << sum(gadget.result.widths)
    return (most or 0) + 1


def largest(bounds: Bounds, side: Sequence[Expression]) -> int | None:
    """The largest value of the number that these columns are the limbs of; None if it isn't known."""
    titles = {entry.name.rpartition("[")[0] if isinstance(entry, Column) else "" for entry in side}
    (title, *others) = titles
    nodes = [node for line, node in bounds.program.lines.items() if line == title]
    nodes += [node for node in bounds.program.nodes if title in (f"{node.line}: {node.text}", node.text)]
    # A field is within its bounds by the very comparison.
    if others or any(node.operation is Operation.FIELD for node in nodes):
        return None
    return max((node.high for node in nodes), default=None)


def smallest(fixed: Sequence[int], bits: int, claim: Claim, *, is_right: bool) -> int:
    """A bound below all numbers of which a claim may be made."""
    top, sign = (1 << bits) - 1, (2 * claim.flag - 1) * (1 if is_right else -1)
    counted = weights(claim.picks)
    low = high = claim.flag * counted[0] - 1
    for k in range(claim.decisive):
        least, most = (0, top) if k in claim.free else (fixed[k], fixed[k])
        parts = [sign * counted[k] * (fixed[k] - limb) for limb in (least, most)]
        low, high = low + min(parts), high + max(parts)
    at, (first, last) = claim.decisive, claim.ends

    def fits(limb: int) -> bool:
        own = sign * counted[at] * (fixed[at] - limb)
        return own + high >= 0 and own + low <= top

    decisive = next((limb for limb in range(first, last + 1) if fits(limb)), 1 << bits)
    return sum(fixed[k] << (bits * k) for k in range(at + 1, len(fixed))) + (decisive << (bits * at))


def constants(side: Sequence[Expression]) -> list[int] | None:
    """The limbs of a side that is a constant."""
    found = [entry.value for entry in side if isinstance(entry, Constant)]
    return found if len(found) == len(side) else None


def reachable(fixed: Sequence[int], bits: int, less: str, place: int, *, is_right: bool) -> bool:
    """Whether some number and some picks may claim a false order to a constant on one side, if what `less` names is not
    demanded.
    """
    if less == PICK and next(claims_by_pick(fixed, bits, place, is_right=is_right), None) is not None:
        return True
    return next(claims_about(fixed, bits, less, place, is_right=is_right), None) is not None


@dataclass(frozen=True)
class Claim:
    """What `flag` and `picks` may falsely say of a number: limb `decisive` of it lies between `ends`, limbs above are
    the constant's, and of those below the `free` ones are any.
    """

    flag: int
    picks: tuple[int, ...]
    free: tuple[int, ...]
    decisive: int
    ends: tuple[int, int]


def claims_about(fixed: Sequence[int], bits: int, less: str, place: int, *, is_right: bool) -> Iterator[Claim]:
    """False claims of the order to a constant that is the right side or the left one; of a pick that is no bit those by
    its smallest values (claims_by_pick has all).
    """
    for flag, chosen in itertools.product((0, 1), itertools.product((0, 1), repeat=len(fixed) - 1)):
        for picks in odd_picks(chosen, place) if less == PICK else [chosen]:
            ignored = place if less == ABOVE else None
            yield from _possible(fixed, bits, picks, flag, ignored, is_right=is_right)


def claims_by_pick(fixed: Sequence[int], bits: int, place: int, *, is_right: bool) -> Iterator[Claim]:
    """False claims of the order to a constant by a pick that is any field element but a bit; where its size is at
    choice, it is 0 in `picks`.
    """
    for flag, chosen in itertools.product((0, 1), itertools.product((0, 1), repeat=len(fixed) - 1)):
        if chosen[place]:
            continue
        for value in sorted({-undecided(chosen, k) for k in range(place + 1, len(fixed))} - {0}):
            yield from _possible(
                fixed, bits, (*chosen[:place], value, *chosen[place + 1 :]), flag, None, is_right=is_right
            )
        # All limbs above are equal for any other value, and its own limb counts as often as it likes.
        at_most = flag == is_right
        ends = (fixed[place] + 1, (1 << bits) - 1) if at_most else (0, fixed[place] - 1)
        if place == 0 and flag:
            # Where left - right = 1 the difference is -1, whatever the pick is.
            ends = (ends[0] + 1, ends[1]) if at_most else (ends[0], ends[1] - 1)
        if ends[0] <= ends[1] and not undecided(chosen, place):
            yield Claim(flag, chosen, tuple(range(place + 1)), place, ends)


def _possible(
    fixed: Sequence[int], bits: int, picks: Sequence[int], flag: int, ignored: int | None, *, is_right: bool
) -> Iterator[Claim]:
    count, top = len(fixed), (1 << bits) - 1
    free = tuple(k for k in range(count) if not undecided(picks, k) or k == ignored)
    # What `flag` says of the number: that it is at most the constant, or at least; the truth is the contrary.
    at_most = flag == is_right
    for decisive in free:
        # Limbs above are equal, and this one tells.
        ends = (fixed[decisive] + 1, top) if at_most else (0, fixed[decisive] - 1)
        if ends[0] > ends[1]:
            continue
        counted = weights(picks)
        low = high = flag * counted[0] - 1
        for k in range(decisive + 1):
            least, most = ends if k == decisive else (0, top) if k in free else (fixed[k], fixed[k])
            sign = (2 * flag - 1) * (1 if is_right else -1)
            parts = [sign * counted[k] * (fixed[k] - limb) for limb in (least, most)]
            low, high = low + min(parts), high + max(parts)
        if high >= 0 and low <= top:
            yield Claim(flag, tuple(picks), free, decisive, ends)
