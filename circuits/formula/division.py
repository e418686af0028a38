"""Quotients with remainder and square roots of nodes: which limbs they get (SPEC §5.13)."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from zkpay.circuits.formula.planning import COPY_COST, LIMB_COST, NARROWEST, cheapest
from zkpay.circuits.formula.terms import integer
from zkpay.circuits.formula.values import Values
from zkpay.circuits.gadgets.arithmetic import QuotientShape, plan_quotient, plan_root, quotient, root, shape
from zkpay.circuits.gadgets.carry import Plan, PublicNumber, Term
from zkpay.circuits.gadgets.range import Natural
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Level


def divided(values: Values, node: Node, width: int, maximum: int, rest_width: int) -> tuple[Natural, Natural]:
    """Quotient, at most `maximum`, and remainder of the node's arguments, in limbs of these widths if they fit."""
    numerator, divisor = node.arguments
    rest = min(numerator.high, divisor.high - 1)
    name = values.names.fresh(node)
    for whole in (False, True):
        if whole:
            values.write_down(numerator)
        sizes = cheapest(
            _quotient_shapes(values, divisor, maximum, rest, width, rest_width),
            functools.partial(_planned_quotient, values, values.value(numerator), divisor),
            lambda sizes: _quotient_cost(values, divisor, sizes, width),
        )
        if sizes is not None:
            by = _divisor(values, divisor, sizes.remainder_width, planned=False)
            return quotient(values.table, name, values.value(numerator), by, sizes, values.active)
    raise ValueError(f"{values.table.name}/{name}: no limbs fit the division")


def _planned_quotient(values: Values, terms: list[Term], divisor: Node, sizes: QuotientShape) -> Plan:
    return plan_quotient(terms, _divisor(values, divisor, sizes.remainder_width, planned=True), sizes)


def _quotient_cost(values: Values, divisor: Node, sizes: QuotientShape, width: int) -> int:
    limbs, rests = len(shape(sizes.quotient, sizes.width)), len(shape(sizes.remainder, sizes.remainder_width))
    copies = 0 if sizes.width == width else len(shape(sizes.quotient, width))
    if divisor.level > Level.TOTAL and not values.has_canonical(divisor, sizes.remainder_width):
        copies += len(shape(divisor.high, sizes.remainder_width))
    return LIMB_COST * (limbs + rests) + COPY_COST * copies


def _quotient_shapes(
    values: Values, divisor: Node, maximum: int, rest: int, width: int, rest_width: int
) -> Iterator[QuotientShape]:
    """Limbs to try, best first: as asked for, then ever narrower ones of quotient and divisor."""
    if divisor.level <= Level.TOTAL:
        for bits in range(width, NARROWEST - 1, -1):
            yield QuotientShape(maximum, rest, bits, rest_width)
        return
    for bits in values.widths(divisor):
        if values.has_canonical(divisor, bits):
            yield QuotientShape(maximum, rest, width, bits)
    for bits in range(values.width, NARROWEST - 1, -1):
        yield QuotientShape(maximum, rest, min(width, bits), bits)


def _divisor(values: Values, node: Node, width: int, *, planned: bool) -> int | PublicNumber | Natural:
    if node.operation is Operation.CONSTANT:
        return integer(node)
    if node.level is Level.TOTAL:
        return values.public(node)
    if planned:
        return values.canonical(node, width) if values.has_canonical(node, width) else shape(node.high, width)
    return values.canonical(node, width)


def rooted(values: Values, node: Node, width: int) -> Natural:
    """The root of the node's argument, in limbs of `width` bits if they fit."""
    (square,) = node.arguments
    for whole in (False, True):
        if whole:
            values.write_down(square)
        terms = values.value(square)
        bits = cheapest(
            range(width, NARROWEST - 1, -1),
            functools.partial(plan_root, terms, square.high),
            lambda bits: _root_cost(node, bits, width),
        )
        if bits is not None:
            return root(values.table, values.names.fresh(node), terms, square.high, bits, values.active)
    raise ValueError(f"{values.table.name}/{node.text}: no limbs fit the root of {square.high.bit_length()} bits")


def _root_cost(node: Node, bits: int, width: int) -> int:
    copies = 0 if bits == width else len(shape(node.high, width))
    return LIMB_COST * len(shape(node.high, bits)) + COPY_COST * copies
