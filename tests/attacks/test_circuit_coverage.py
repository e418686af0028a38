"""Every constraint, interaction and sum has its cheat, and CONSTRAINTS.md says which."""

from __future__ import annotations

from tests.attacks.registry import ALIKE, CHEATS, LISTING, REDUNDANT, all_names, listing, load_all


def cheated() -> set[str]:
    return {name for name in all_names() if any(entry.covers(name) for entry in CHEATS.values())}


def argued() -> set[str]:
    return {name for name in all_names() if any(reason.covers(name) for reason in REDUNDANT.values())}


def compared() -> set[str]:
    return {name for name in all_names() if any(other.covers(name) for other in ALIKE.values())}


def test_every_name_has_a_cheat_or_a_reason() -> None:
    load_all()
    covered = cheated() | argued() | compared()
    assert [name for name in all_names() if name not in covered] == []


def test_no_name_has_both() -> None:
    load_all()
    assert cheated() & argued() == set()
    assert compared() & (cheated() | argued()) == set()


def test_examples_have_cheats() -> None:
    load_all()
    assert [other.example for other in ALIKE.values() if other.example not in cheated()] == []


def test_every_pattern_matches_something() -> None:
    load_all()
    names = all_names()
    idle = [
        pattern
        for entry in CHEATS.values()
        for pattern in entry.patterns
        if not any(entry.covers(name, pattern) for name in names)
    ]
    idle += [other.pattern for other in ALIKE.values() if not any(other.covers(name) for name in names)]
    idle += [reason.pattern for reason in REDUNDANT.values() if not any(reason.covers(name) for name in names)]
    assert idle == []


def test_listing_is_current() -> None:
    load_all()
    assert LISTING.read_text(encoding="utf-8") == listing(), "run: python -m tests.attacks.registry"
