"""Where the leaves of a formula come from: what a table has to offer to the compiler (SPEC §5.13)."""

from __future__ import annotations

from typing import Protocol

from zkpay.circuits.gadgets.range import Natural
from zkpay.policy.language.program import Node
from zkpay.stark.expression import Expression


class Source(Protocol):
    """Leaves of one table. What it says of bounds must hold on every active row, by the table's own constraints."""

    def number(self, node: Node) -> Natural:
        """The limbs of a FIELD, TABLE_OF_SYMBOL, SUM or LARGEST, of degree 1, at most `node.high` in all."""
        ...

    def symbol(self, field: str) -> Expression:
        """The code of a symbol field, of degree 1."""
        ...

    def look_up(self, node: Node, index: Expression) -> Natural:
        """The entry of a TABLE at `index`, of degree 1; called once for each node."""
        ...
