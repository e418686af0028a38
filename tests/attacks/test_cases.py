"""Every known attack is played by tests that are there and run, or can't apply for a reason that is told."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.cases import CASES, LISTING, page
from tests.attacks.catalogue.case import CHEATS, Case
from tests.campaigns.cheats import kinds

TESTS = Path(__file__).parents[1]
COUNTS = {"": 28, "F": 14, "P": 16, "A": 17, "Z": 7, "R": 15, "C": 6}
"""How many classes of each family there are."""


@dataclass(frozen=True)
class Source:
    """What a file of tests says: its tests that run, by name, and all its strings."""

    tests: frozenset[str]
    strings: frozenset[str]


def is_left_out(*parts: ast.AST) -> bool:
    """Whether what stands there skips a test, or expects it to fail, by a mark or from within."""
    words = ("skip", "skipif", "xfail", "importorskip")
    nodes = [node for part in parts for node in ast.walk(part)]
    return any(isinstance(node, ast.Attribute) and node.attr in words for node in nodes)


@cache
def source_of(file: str) -> Source:
    """A file of tests, read."""
    return read(ast.parse((TESTS / file).read_text(encoding="utf-8")))


def read(tree: ast.Module) -> Source:
    """The tests of a module and of its classes."""
    around = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    found = {"": tree.body}
    found |= {
        f"{node.name}::": node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not is_left_out(*node.decorator_list)
    }
    tests = {
        prefix + node.name
        for prefix, body in found.items()
        for node in body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not is_left_out(node)
    }
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return Source(frozenset() if is_left_out(*around) else frozenset(tests), frozenset(strings))


def exists(test: str) -> bool:
    """Whether there is a test that runs, or a cheat of the campaign, of that name."""
    if test.startswith(CHEATS):
        kinds.load_all()
        return test.removeprefix(CHEATS) in kinds.CHEATS
    place, bracket, part = test.partition("[")
    file, separator, function = place.partition("::")
    if not separator or not (TESTS / file).is_file():
        return False
    source = source_of(file)
    return function in source.tests and (not bracket or part.removesuffix("]") in source.strings)


def test_all_cases_are_there() -> None:
    expected = [f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)]
    assert [case.key for case in CASES] == expected
    assert all(len(case.sources) > 10 and len(case.attack) > 15 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_a_known_attack_is_played(case: Case) -> None:
    assert [test for test in case.tests if not exists(test)] == []
    assert len(set(case.tests)) == len(case.tests)
    # A campaign runs for hours, and only now and then: a part of each attack is played with every change.
    assert [test for test in case.tests if not test.startswith(CHEATS)] or len(case.apart) > 40


def test_the_page_is_current() -> None:
    assert LISTING.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(
    "test",
    [
        "attacks/test_bombs.py::test_no_such_test",
        "attacks/test_bombs.py::BOMBS",
        "attacks/test_bombs.py::test_no_bomb_goes_off[no such bomb]",
        "attacks/test_no_such_file.py::test_no_bomb_goes_off",
        "attacks/test_bombs.py",
        "zkpay/ledger/test_tree.py::test_path_too_short_or_too_long",
        "cli/test_main.py::test_a_result_that_can_not_be_written_is_no_verdict",
        "cheats/no_such_cheat",
    ],
)
def test_a_test_that_does_not_run_is_missed(test: str) -> None:
    assert not exists(test)


TEST = "def test_it() -> None:\n    assert True\n"


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (TEST, True),
        (f"@pytest.mark.slow\n{TEST}", True),
        (f"@pytest.mark.skip\n{TEST}", False),
        (f"@pytest.mark.xfail(reason='no')\n{TEST}", False),
        (f"pytestmark = pytest.mark.skipif(True, reason='no')\n{TEST}", False),
        (f"pytest.importorskip('no')\n{TEST}", False),
        (f"{TEST}    pytest.skip('no')\n", False),
    ],
)
def test_marks_are_seen(text: str, runs: bool) -> None:
    assert read(ast.parse(text)).tests == (frozenset({"test_it"}) if runs else frozenset())
