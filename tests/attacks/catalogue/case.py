"""What an entry of the catalogue of known attacks is, and how it names the tests that play it."""

from __future__ import annotations

from dataclasses import dataclass

CHEATS = "cheats/"
"""In front of the name of a cheat of the campaign of that name, which is played end to end."""


@dataclass(frozen=True)
class Case:
    """sources: where the attack was found or described. tests: `file::test`, a part of it as `file::test[part]`, or
    `cheats/NAME`. apart: what of it can't apply here, and why; a case without tests must say so.
    """

    key: str
    attack: str
    sources: str
    tests: tuple[str, ...]
    apart: str = ""


def named(file: str, *tests: str) -> tuple[str, ...]:
    """Tests of one file below tests/."""
    return tuple(f"{file}::{test}" for test in tests)


def cheats(*names: str) -> tuple[str, ...]:
    """Cheats of the campaign."""
    return tuple(f"{CHEATS}{name}" for name in names)


def played(*attacks: str) -> tuple[str, ...]:
    """Attacks that a cheat on one part of the circuits plays, by their names in the file of cases."""
    return named("attacks/test_security_cases.py", *(f"test_attack_is_played_by_a_cheat[{name}]" for name in attacks))


def on_a_proof(*attacks: str) -> tuple[str, ...]:
    """Attacks on proofs, by their names in the manifest of changes."""
    return named("attacks/test_engine_manifest.py", *(f"test_attack_on_a_proof[{name}]" for name in attacks))
