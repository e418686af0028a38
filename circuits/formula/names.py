"""What columns and constraints of a formula are called: by the policy's own text (SPEC §5.13).

A node that a line stands for is called by the line's name, any other by its line and its text. So whoever reads
that `points: max(quantity, 5) line 0` is violated knows which expression of the policy a witness got wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from zkpay.policy.language.program import Node
from zkpay.stark.air import Table


class Names:
    """Names for one table. Columns that are added later must not be called by a line's name."""

    def __init__(self, table: Table, lines: Mapping[str, Node]) -> None:
        self.table = table
        self.lines: dict[Node, str] = {}
        for name, node in lines.items():
            self.lines.setdefault(node, name)
        self._given: Counter[str] = Counter()
        self._roots: set[str] = set()
        self._seen = 0

    def is_line(self, node: Node) -> bool:
        """Whether a line stands for the node."""
        return node in self.lines

    def fresh(self, node: Node, suffix: str = "") -> str:
        """A name for columns of the node, another one at each call; groups of columns may append [k] to it."""
        base: str = self.lines.get(node, f"{node.line}: {node.text}") + suffix
        for column in self.table.columns[self._seen :]:
            self._roots |= {column.name, column.name.split("[", 1)[0]}
        self._seen = len(self.table.columns)
        name = base
        while name in self._given or name in self._roots:
            self._given[base] += 1
            name = f"{base} #{self._given[base] + 1}"
        self._given[name] += 0
        return name
