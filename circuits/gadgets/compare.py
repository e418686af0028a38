"""Comparing a natural with a constant or with a public number, from the top limb down (SPEC §5.2).

One-hot columns pick the highest limb in which the two differ; all limbs above it are equal. The sign of the
one difference decides, and one look-up proves the sign. Limbs must be range-checked by whoever made them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkpay.circuits.gadgets.carry import PublicDigits
from zkpay.circuits.gadgets.range import MAXIMUM_RANGE_BITS, range_check
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Public, linear, total


@dataclass(frozen=True)
class CompareConstant:
    """What witness generation needs: limbs against `maximum`, little-endian."""

    limbs: tuple[Expression, ...]
    maximum: tuple[int, ...]
    picks: tuple[Column, ...]
    equal: Column
    difference: Column
    flag: Column


@dataclass(frozen=True)
class BelowPublic:
    """What witness generation needs: limbs against the digits of a public number, little-endian."""

    limbs: tuple[Expression, ...]
    bound: tuple[Public, ...]
    picks: tuple[Column, ...]
    difference: Column
    digits: tuple[PublicDigits, ...]


def at_most_constant(table: Table, name: str, limbs: Sequence[Expression], bits: int, maximum: int) -> Column:
    """The boolean column `name`, 1 on every row where the number is at most `maximum` and 0 where it is more.

    `limbs` are little-endian, each in `bits` <= 15 bits by a look-up elsewhere; ValueError if `maximum` has
    more.
    """
    if maximum >> (bits * len(limbs)) or bits > MAXIMUM_RANGE_BITS:
        raise ValueError(f"{table.name}/{name}: {maximum} does not fit {len(limbs)} limbs of {bits} bits")
    bound = tuple((maximum >> (bits * k)) & ((1 << bits) - 1) for k in range(len(limbs)))
    flag = table.column(name)
    table.boolean(f"{name} is a bit", flag)
    picks = _picks(table, name, len(limbs))
    equal = table.column(f"{name} equal")
    table.boolean(f"{name} equal is a bit", equal)
    table.every(f"{name} picks one limb", linear([(1, pick) for pick in picks] + [(1, equal)], -1))
    for k in range(len(limbs)):
        # Limbs above the pick, and all limbs if none is picked, are equal.
        table.every(f"{name} equal above the pick[{k}]", _undecided(picks, k) * (limbs[k] - bound[k]))
    table.every(f"{name} equal is at most", equal * (1 - flag))
    difference = table.column(f"{name} difference")
    gap = total([pick * (m - x) for pick, m, x in zip(picks, bound, limbs, strict=True)])
    # flag = 1: bound - limb >= 1; flag = 0: limb - bound >= 1; nothing picked: 0.
    table.every(f"{name} difference has the sign", (2 * flag - 1) * gap - total(picks) - difference)
    range_check(table, difference.name, difference, bits)
    table.gadgets.append(CompareConstant(tuple(limbs), bound, tuple(picks), equal, difference, flag))
    return flag


def below_public(table: Table, name: str, limbs: Sequence[Expression], bound: PublicDigits) -> None:
    """Require, on every row, that the number is below the public number `bound`.

    `limbs` are little-endian, each in `bound.radix` <= 15 bits by a look-up elsewhere, one for each digit.
    """
    if len(limbs) != bound.count or bound.radix > MAXIMUM_RANGE_BITS or bound.shift:
        raise ValueError(f"{table.name}/{name}: {len(limbs)} limbs against {bound.count} digits")
    digits = tuple(bound.digit(k) for k in range(bound.count))
    picks = _picks(table, name, len(limbs))
    table.every(f"{name} picks one limb", linear([(1, pick) for pick in picks], -1))
    for k in range(len(limbs)):
        table.every(f"{name} equal above the pick[{k}]", _undecided(picks, k) * (limbs[k] - digits[k]))
    difference = table.column(f"{name} difference")
    gap = total([pick * (m - x) for pick, m, x in zip(picks, digits, limbs, strict=True)])
    table.every(f"{name} difference is at least one", gap - difference - 1)
    range_check(table, difference.name, difference, bound.radix)
    table.gadgets.append(BelowPublic(tuple(limbs), digits, tuple(picks), difference, (bound,)))


def _picks(table: Table, name: str, count: int) -> list[Column]:
    picks = table.column_group(f"{name} pick", count)
    for pick in picks:
        table.boolean(f"{pick.name} is a bit", pick)
    return picks


def _undecided(picks: Sequence[Column], k: int) -> Expression:
    """1 while neither limb k nor one above it is picked."""
    return linear([(-1, pick) for pick in picks[k:]], 1)
