"""Products of several factors: which of them there are, and the nodes of partial products (SPEC §5.13)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from zkpay.policy.language.lowering_nodes import shortened
from zkpay.policy.language.program import Node, Operation
from zkpay.policy.language.tree import Level

PRIMARY: Final = re.compile(r"\w+|\w+[(\[][^()\[\]]*[)\]]")
"""Texts that need no brackets as a factor: names, numbers, entries of tables and simple calls."""


def factors(node: Node, is_factor: Callable[[Node], bool]) -> list[Node]:
    """The factors of a product, from left to right; products among them are taken apart unless `is_factor`."""
    found: list[Node] = []
    pending = list(reversed(node.arguments))
    while pending:
        current = pending.pop()
        if current.operation is not Operation.MULTIPLY or current.level <= Level.TOTAL or is_factor(current):
            found.append(current)
        else:
            pending += reversed(current.arguments)
    return found


def smallest_pair(parts: list[Node]) -> tuple[int, int]:
    """Positions of the two factors to multiply first: the smallest, at most one of them public.

    A product of publics that isn't a node of the program has no value that the verifier knows.
    """
    order = sorted(range(len(parts)), key=lambda position: parts[position].high)
    first = next(position for position in order if parts[position].level is not Level.TOTAL)
    second = next(position for position in order if position != first)
    return first, second


def product_node(left: Node, right: Node) -> Node:
    """The node of left * right, which the program itself may not have."""
    text = shortened(f"{_operand(left)} * {_operand(right)}")
    low, high = left.low * right.low, left.high * right.high
    if left.operation is Operation.CONSTANT and right.operation is Operation.CONSTANT:
        return Node(Operation.CONSTANT, (), high, low, high, Level.CONSTANT, text, left.line)
    return Node(Operation.MULTIPLY, (left, right), None, low, high, max(left.level, right.level), text, left.line)


def _operand(node: Node) -> str:
    return node.text if PRIMARY.fullmatch(node.text) else f"({node.text})"
