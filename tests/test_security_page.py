"""SECURITY.md names tests that exist and sections that SPEC.md has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TESTS = re.findall(r"\[`(test_\w+)`\]\((\S+\.py)\)", PAGE)


def test_every_threat_has_a_test() -> None:
    threats = PAGE.split("## Who could attack")[1].split("\n## ")[0]
    rows = [line for line in threats.splitlines() if re.match(r"\| (operator|contributor|outsider) \|", line)]
    assert len(rows) > 20
    assert all(re.search(r"\[`test_\w+`\]", row) for row in rows)


@pytest.mark.parametrize(("name", "path"), TESTS, ids=[name for name, _ in TESTS])
def test_every_test_that_is_named_exists(name: str, path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_section_that_is_named_exists() -> None:
    spec = (ROOT / "SPEC.md").read_text(encoding="utf-8")
    named = set(re.findall(r"§(\d+(?:\.\d+)*)", PAGE))
    assert {number for number in named if not re.search(rf"^#+ {re.escape(number)} ", spec, re.MULTILINE)} == set()


def test_links_lead_to_files() -> None:
    places = [place for place in re.findall(r"\]\(([^)#]+)\)", PAGE) if "://" not in place]
    assert [place for place in places if not (ROOT / place).exists()] == []
