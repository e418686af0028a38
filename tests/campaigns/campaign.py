"""What a campaign is: many trials that all follow from one seed, each of which may find something.

A campaign names its units, texts that say all that a unit's chance follows from; any process can run any unit, and
the same unit always finds the same. `python -m tests.campaigns` runs units side by side and adds up what they found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Tally:
    """What was run and found. `counts`: by what it counts. `tables`: further counts, of one sort each, that a summary
    lists by themselves. `findings`: a unit, or a place in it, and what is wrong there.
    """

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, str]] = field(default_factory=list)
    tables: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take what another tally has."""
        self.counts += other.counts
        self.findings += other.findings
        for name, counts in other.tables.items():
            self.count(name, counts)

    def count(self, table: str, what: Mapping[str, int] | Iterable[str]) -> None:
        """Count into one of `tables`."""
        self.tables.setdefault(table, Counter()).update(what)

    def find(self, place: str, what: str) -> None:
        """Note a finding: the campaign has found a fault, of the product or of itself."""
        self.findings.append((place, what))


class Campaign(ABC):
    """name: as on the command line and of its summary. question: what it asks, in a sentence.

    targets: what a whole run counts at least; a run that counts less, or leaves units out, is unfinished.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    targets: ClassVar[Mapping[str, int]]

    @abstractmethod
    def units(self, seed: str) -> Iterable[str]:
        """All units of a whole run, in the order in which they are run; a seed has no space in it."""

    @abstractmethod
    def run(self, unit: str) -> Tally:
        """One unit; it takes seconds, not minutes. Text after a space only says where in the unit a finding lies."""
