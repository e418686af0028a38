"""Every known attack is played by tests that are there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.cases import CASES, Case
from tests.campaigns.cheats.kinds import CHEATS, load_all

TESTS = Path(__file__).parents[1]


@cache
def functions_of(file: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def exists(test: str) -> bool:
    """Whether there is a test, or a cheat of the campaign, of that name."""
    file, separator, function = test.partition("::")
    if separator:
        return function.startswith("test_") and function in functions_of(file)
    load_all()
    return test.removeprefix("cheats/") in CHEATS


def test_all_cases_are_there() -> None:
    assert [case.number for case in CASES] == list(range(1, 26))
    assert all(case.sources and case.tests for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number} {case.attack}")
def test_a_known_attack_is_played(case: Case) -> None:
    assert [test for test in case.tests if not exists(test)] == []


def test_a_test_that_is_not_there_is_missed() -> None:
    assert not exists("attacks/test_bombs.py::test_no_such_test")
    assert not exists("cheats/no_such_cheat")
