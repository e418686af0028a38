"""Which cheat covers which part of the circuit, and the list of it (CONSTRAINTS.md).

Every constraint, interaction and sum of the circuits of `POLICIES` must be covered: by a cheat that uses its absence,
or by a written reason why no cheat exists. `python -m tests.attacks.registry` writes CONSTRAINTS.md anew.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.forgery import BUS, Forgery, blames, element_names, honest, killed_by
from tests.circuits.folding import folding
from tests.circuits.scenarios import MIXED, POLICY, RULES, WIDEST, Record, pro_rata, scenario
from zkpay.ledger.rules import DUPLICATE
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit

FOLDER = Path(__file__).parent
LISTING = FOLDER / "CONSTRAINTS.md"

WITHOUT_UNIQUE = pro_rata(unique=False)
POLICIES: dict[str, Policy] = {
    "mixed": POLICY,
    "widest": WIDEST,
    "without unique": WITHOUT_UNIQUE,
    "rules": RULES,
}
"""Between them: one and two limbs of weight and quality, carries of one and two columns, with and without the unique
rule, and all other rules at once; all with a reason of discretion.
"""

SAMPLE = 3

Forge = Callable[[str, Policy], Forgery]


@dataclass(frozen=True)
class Cheat:
    """`forge(name, policy)` tells a lie that only `name` stands against, under a policy whose circuit has it.

    `with_bus`: the name is the supply of a bus, which can't be taken away alone (nothing would balance); its whole bus
    is taken away.
    """

    patterns: tuple[str, ...]
    says: str
    forge: Forge
    with_bus: bool

    @property
    def title(self) -> str:
        """Module and function."""
        return f"{self.forge.__module__.rpartition('.')[2]}.py: {self.forge.__name__}"

    def covers(self, name: str, *patterns: str) -> bool:
        """Whether one of the patterns (its own unless told) matches the whole name."""
        return any(re.fullmatch(pattern, name) for pattern in patterns or self.patterns)


@dataclass(frozen=True)
class Redundant:
    """Names for which no cheat exists, and why not."""

    pattern: str
    reason: str

    def covers(self, name: str) -> bool:
        """Whether the pattern matches the whole name."""
        return re.fullmatch(self.pattern, name) is not None


@dataclass(frozen=True)
class Alike:
    """Names that the same code makes as other names do: `example` is one of those, and has a cheat."""

    pattern: str
    example: str
    reason: str

    def covers(self, name: str) -> bool:
        """Whether the pattern matches the whole name."""
        return re.fullmatch(self.pattern, name) is not None


CHEATS: dict[str, Cheat] = {}
REDUNDANT: dict[str, Redundant] = {}
ALIKE: dict[str, Alike] = {}


def cheat(*patterns: str, says: str, with_bus: bool = False) -> Callable[[Forge], Forge]:
    """Register a cheat for the names that one of the patterns (regular expressions) matches in full."""

    def register(forge: Forge) -> Forge:
        entry = Cheat(patterns, says, forge, with_bus)
        CHEATS[entry.title] = entry
        return forge

    return register


def redundant(pattern: str, reason: str) -> None:
    """Say why no cheat can use the absence of these names."""
    REDUNDANT[pattern] = Redundant(pattern, reason)


def alike(pattern: str, example: str, reason: str) -> None:
    """Say which name's cheat stands for these names, and why it does."""
    ALIKE[pattern] = Alike(pattern, example, reason)


@cache
def example(policy: Policy) -> Circuit:
    """A circuit of a policy of `POLICIES`, whose names are those of all its short epochs."""
    if policy == WIDEST:
        return honest([Record(account=1)], policy).circuit
    if policy == RULES:
        return scenario([], policy).circuit
    return honest([record for record in MIXED if policy.rules.unique or record.reason != DUPLICATE], policy).circuit


@cache
def all_names() -> dict[str, Policy]:
    """Every name of the circuits of `POLICIES`, with the first policy that has it."""
    found: dict[str, Policy] = {}
    for policy in POLICIES.values():
        for name in element_names(example(policy)):
            found.setdefault(name, policy)
    return found | dict.fromkeys(folded_names(), POLICY)


@cache
def folded_example() -> Circuit:
    """The circuit of `POLICY` as it is for large epochs."""
    with folding():
        return honest(MIXED, POLICY).circuit


@cache
def folded_names() -> tuple[str, ...]:
    """The names that only circuits of large epochs have."""
    in_line = {name for policy in POLICIES.values() for name in element_names(example(policy))}
    return tuple(name for name in element_names(folded_example()) if name not in in_line)


def family(name: str) -> str:
    """The name with numbers replaced; rounds of a hash are families of their own."""
    shape = re.sub(r"(?<=round )\d+", lambda match: f"<{match[0]}>", name)
    return re.sub(r"(?<!<)\b\d+\b(?!>)", "#", shape).replace("<", "").replace(">", "")


def sample(names: Iterable[str]) -> list[str]:
    """A few of each family: first, middle and last; one of each round of a hash."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(family(name), []).append(name)
    chosen: list[str] = []
    for shape, members in families.items():
        if " round " in shape:
            chosen.append(members[len(members) // 2])
        elif len(members) <= SAMPLE:
            chosen += members
        else:
            chosen += [members[0], members[len(members) // 2], members[-1]]
    return chosen


def trials(module: str) -> list[object]:
    """Parameters (cheat, name) for the cheats that were registered in a module so far."""
    return [
        pytest.param(entry, name, id=f"{entry.forge.__name__}: {name}")
        for entry in CHEATS.values()
        if entry.forge.__module__ == module
        for name in sample(name for name in all_names() if entry.covers(name))
    ]


def play(entry: Cheat, name: str) -> tuple[Forgery, str]:
    """The forgery of one cheat against one name, and what to take away: the name or its bus."""
    with folding() if name in folded_names() else nullcontext():
        forgery = entry.forge(name, all_names()[name])
    removed = blames(forgery.circuit, name) if entry.with_bus else name
    if entry.with_bus and not removed.startswith(BUS):
        raise AssertionError(f"{name} is on no bus")
    return forgery, removed


def run_trial(entry: Cheat, name: str) -> None:
    """Play one cheat against one name, row by row."""
    forgery, removed = play(entry, name)
    killed_by(forgery, name, removed)


def load_all() -> None:
    """Import all modules that register cheats."""
    for path in sorted(FOLDER.glob("test_circuit_*.py")):
        importlib.import_module(f"tests.attacks.{path.stem}")


def listing() -> str:
    """CONSTRAINTS.md: each family of names, its cheat, and what false thing that says."""
    families: dict[str, list[str]] = {}
    for name in all_names():
        families.setdefault(re.sub(r"\d+", "#", family(name)), []).append(name)
    lines = [
        "# Every part of the circuit and the cheat that its absence would let through",
        "",
        "Generated by `python -m tests.attacks.registry` from the circuits of the tests' policies; a test compares.",
        "`#` stands for a number. With its bus: the supply of a bus can't be taken away alone, as nothing would",
        "balance then; the cheat takes away the bus. A reason is about short epochs, as the tests have them, unless it",
        "says from which size on it fails: of epochs of more than 1,024 records or accounts it need not be true.",
        "",
        "| Constraint, interaction or sum | Members | Cheat | What false thing it states |",
        "|---|---|---|---|",
    ]
    for shape, names in families.items():
        for title, says, members in _answers(names):
            lines.append(f"| `{shape}` | {members} | {title} | {says} |")
    # The presets' part reads this module, so it can't be imported above.
    presets = importlib.import_module("tests.campaigns.deletion.listing")
    return "\n".join([*lines, "", *presets.preset_lines()]) + "\n"


def _answers(names: list[str]) -> list[tuple[str, str, int]]:
    answers: dict[tuple[str, str], int] = {}
    for name in names:
        for entry in CHEATS.values():
            if entry.covers(name):
                key = f"`{entry.title}`" + (" (with its bus)" if entry.with_bus else ""), entry.says
                answers[key] = answers.get(key, 0) + 1
        for reason in REDUNDANT.values():
            if reason.covers(name):
                answers["none", reason.reason] = answers.get(("none", reason.reason), 0) + 1
        for other in ALIKE.values():
            if other.covers(name):
                key = f"as `{other.example}`", other.reason
                answers[key] = answers.get(key, 0) + 1
    return [(title, says, members) for (title, says), members in answers.items()]


def _write() -> None:
    # Under `python -m` this file is __main__, while cheats register with the module of its real name.
    registry = importlib.import_module("tests.attacks.registry")
    registry.load_all()
    LISTING.write_text(registry.listing(), encoding="utf-8")


if __name__ == "__main__":
    _write()
