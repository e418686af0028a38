"""What conditions and divisions ask of the compiler whose nodes they are (SPEC §5.13)."""

from __future__ import annotations

from typing import Protocol

from zkpay.circuits.formula.names import Names
from zkpay.circuits.gadgets.carry import PublicNumber, Term
from zkpay.circuits.gadgets.range import Natural
from zkpay.policy.language.program import Node
from zkpay.stark.air import Table
from zkpay.stark.expression import Expression


class Values(Protocol):
    """Values of nodes in one table, on the rows where `active` is 1; limbs have `width` bits unless said otherwise."""

    table: Table
    active: Expression
    width: int
    names: Names

    def value(self, node: Node) -> list[Term]:
        """Terms of degree at most 2 whose sum is the value."""
        ...

    def write_down(self, node: Node) -> Natural:
        """New columns that hold the value, whatever there is already; from then on they are its terms."""
        ...

    def canonical(self, node: Node, width: int) -> Natural:
        """The value in limbs of `width` bits, of degree at most 1: new ones if there are none."""
        ...

    def has_canonical(self, node: Node, width: int) -> bool:
        """Whether there are such limbs already."""
        ...

    def widths(self, *nodes: Node) -> list[int]:
        """Widths in which some of the nodes are written already, and the widest and the usual ones."""
        ...

    def public(self, node: Node) -> PublicNumber:
        """The public number of a TOTAL-level node."""
        ...
