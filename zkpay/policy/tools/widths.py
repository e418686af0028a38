"""How large every value of a formula can get, and the bits that it takes (SPEC §8.1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkpay.policy.language.program import CONDITIONS, Node, Operation, Program
from zkpay.policy.language.tree import Level

_GIVEN = CONDITIONS | {Operation.CONSTANT}


@dataclass(frozen=True)
class Width:
    """A value of the program: low <= value <= high < 2^bits. text: the expression of the policy, in line `line`."""

    line: str
    text: str
    level: Level
    low: int
    high: int
    bits: int


def widths(program: Program) -> tuple[Width, ...]:
    """All numbers that the program computes or reads, each before those that read it; conditions take one bit.

    Several nodes of one text (a quotient and its guarded divisor, say) are shown as the widest of them.
    """
    found: dict[tuple[str, str], Width] = {}
    for node in nodes(program):
        if node.operation in _GIVEN:
            continue
        key = (node.line, node.text)
        width = Width(node.line, node.text, node.level, node.low, node.high, max(1, node.high.bit_length()))
        if key not in found or found[key].bits < width.bits:
            found[key] = width
    return tuple(found.values())


def nodes(program: Program) -> Iterator[Node]:
    """Every node once, arguments first, in the order of the lines."""
    seen: set[int] = set()
    for line in program.lines.values():
        pending = [line]
        while pending:
            node = pending[-1]
            waiting = [argument for argument in node.arguments if id(argument) not in seen]
            if waiting:
                pending.extend(reversed(waiting))
                continue
            pending.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
