"""How large every value of a formula can get, and the bits that it takes (SPEC §8.1.4)."""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.policy.language.program import CONDITIONS, Operation, Program
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

    Of several nodes of one text (a quotient and the divisor that is put in where it isn't used, say) the one of the
    highest level is shown, and of these the widest.
    """
    found: dict[tuple[str, str], Width] = {}
    for node in program.nodes:
        if node.operation in _GIVEN:
            continue
        # A total is named after what it adds up; its text in the statement tells the two apart.
        text = str(node.value) if node.operation is Operation.TOTAL else node.text
        key = (node.line, text)
        width = Width(node.line, text, node.level, node.low, node.high, max(1, node.high.bit_length()))
        if key not in found or (found[key].level, found[key].bits) < (width.level, width.bits):
            found[key] = width
    return tuple(found.values())
