"""A slice of the mutants campaign, and what it rests on: all changes are made, survivors found, reasons fresh."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.campaigns.child import ROOT
from tests.campaigns.mutants import campaign
from tests.campaigns.mutants.campaign import GROUPS, Mutants, close_judges, mutants, reasons, stale_reasons
from tests.campaigns.mutants.operators import mutants_of, mutated

MERKLE = "zkpay/verifier/merkle.py"
TESTS = "tests/zkpay/verifier/test_merkle.py"
SLICE = 6
SOURCE = '''
LIMIT = 4

def check(values: list[int], bound: int = 9) -> bool:
    """Not a word of this is changed: 1 < 2."""
    total = 0
    for value in values[1:]:
        if value < bound and value != 3:
            total += value % LIMIT
        elif not value:
            raise ValueError("1 is no message to change")
    return total <= max(values)
'''


@pytest.fixture
def only_one_judge() -> Iterator[None]:
    close_judges()
    yield
    close_judges()


def test_every_change_of_a_small_source() -> None:
    changed = {(each.before.splitlines()[0], each.after.splitlines()[0]) for each in mutants_of("x", SOURCE)}
    assert changed == {
        ("LIMIT = 4", "LIMIT = 5"),
        ("LIMIT = 4", "LIMIT = 3"),
        ("total = 0", "total = 1"),
        ("total = 0", "total = -1"),
        ("def check(values: list[int], bound: int=9) -> bool:", "def check(values: list[int], bound: int=10) -> bool:"),
        ("def check(values: list[int], bound: int=9) -> bool:", "def check(values: list[int], bound: int=8) -> bool:"),
        ("for value in values[1:]:", "for value in values[:]:"),
        ("for value in values[1:]:", "for value in values[2:]:"),
        ("for value in values[1:]:", "for value in values[0:]:"),
        *(
            ("if value < bound and value != 3:", after)
            for after in (
                "if True:",
                "if False:",
                "if value < bound or value != 3:",
                "if value != 3:",
                "if value < bound:",
                "if value <= bound and value != 3:",
                "if value >= bound and value != 3:",
                "if value < bound and value == 3:",
                "if value < bound and value != 4:",
                "if value < bound and value != 2:",
            )
        ),
        ("total += value % LIMIT", "total -= value % LIMIT"),
        ("total += value % LIMIT", "pass"),
        ("total += value % LIMIT", "total += value"),
        ("if not value:", "if True:"),
        ("if not value:", "if False:"),
        ("if not value:", "if value:"),
        ("raise ValueError('1 is no message to change')", "pass"),
        ("return total <= max(values)", "return None"),
        ("return total <= max(values)", "return total < max(values)"),
        ("return total <= max(values)", "return total > max(values)"),
        ("return total <= max(values)", "return total <= min(values)"),
    }


def test_each_mutant_is_another_program() -> None:
    """And no two of them are one."""
    texts = [ast.unparse(mutated(SOURCE, each.number)) for each in mutants_of("x", SOURCE)]
    assert len(set(texts)) == len(texts)
    assert ast.unparse(ast.parse(SOURCE)) not in texts
    with pytest.raises(ValueError, match="no mutant"):
        mutated(SOURCE, len(texts))


def test_a_slice_is_killed(only_one_judge: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tests of that module alone, which a judge runs in a few seconds."""
    monkeypatch.setitem(campaign.GROUPS, "merkle", ((MERKLE,), (TESTS,)))
    own = [unit for unit in Mutants().units("slice") if f"/merkle/{MERKLE}" in unit][:SLICE]
    found = [Mutants().run(unit) for unit in own]
    assert [finding for tally in found for finding in tally.findings] == []
    assert sum(tally.counts["killed"] for tally in found) > SLICE // 2


def test_survivors_are_found(only_one_judge: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a single test that knows nothing of lengths, whoever leaves their checks out lives."""
    monkeypatch.setitem(campaign.GROUPS, "merkle", ((MERKLE,), (f"{TESTS}::test_trees_are_told_apart",)))
    (number,) = (
        each.number
        for each in mutants(MERKLE)
        if each.function == "open_tree" and each.operator == "condition" and "salts) !=" in each.before
        if each.after.startswith("if False") and "SALT_BYTES" in each.before
    )
    found = Mutants().run(f"1/merkle/{MERKLE}:{number}")
    assert found.counts == {"mutants": 1, "survivors": 1}
    ((place, what),) = found.findings
    assert place.endswith(f":{number}")
    assert "condition, line" in what


def test_reasons_are_for_mutants_that_there_are() -> None:
    assert list(stale_reasons()) == []
    assert all(len(reason) > 20 for reason in reasons().values())


def test_every_source_is_judged_once() -> None:
    """All that a verifier runs to check a proof: a module that is added there is to be judged, too."""
    sources = [path for own, _ in GROUPS.values() for path in own]
    assert len(set(sources)) == len(sources)
    own = {
        path.relative_to(ROOT).as_posix()
        for folder in ("stark", "verifier")
        for path in (ROOT / "zkpay" / folder).glob("*.py")
    }
    assert set(sources) == {path for path in own if not path.endswith("__init__.py")} | {"zkpay/ledger/tree.py"}
