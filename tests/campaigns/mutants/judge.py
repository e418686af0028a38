"""A test session that tries mutants: run once as it is, it then judges each mutant in a child of its own.

    python -m tests.campaigns.mutants.judge SOURCE... -- TEST...

Sources are files of zkpay, from the checkout's root. The first run tells what each test takes, and which lines of the
sources it runs. A mutant is then put into a forked child, which runs the tests of its line, the quickest first, until
one fails. Requests are lines "SOURCE NUMBER" on the standard input; answers are lines of JSON on the standard output.
"""

from __future__ import annotations

import ast
import json
import os
import select
import signal
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage

from tests.campaigns.mutants.live import forget_results, put_in
from tests.campaigns.mutants.operators import mutants_of, mutated

PASSED, LATE = b"\n", "out of time"
ROOT = Path(__file__).resolve().parents[3]
LIMIT_SECONDS = 10.0
"""A test of a mutant is stopped, and counts as failed, so long after three times what it takes by itself."""


def module_name(path: str) -> str:
    """zkpay's module of a source; circuits/ and cli/ are parts of it."""
    name = path.removesuffix(".py").replace("/", ".")
    return name if name.startswith("zkpay.") else f"zkpay.{name}"


class Judge:
    """A plugin of pytest that takes the place of its loop over tests."""

    def __init__(self, sources: list[str], answers: Any) -> None:
        self._sources = sources
        self._answers = answers
        self._coverage = Coverage(
            data_file=None, branch=False, include=[str((ROOT / path).resolve()) for path in sources], messages=False
        )
        self._seconds: dict[str, float] = {}
        self._tests_of: dict[str, dict[int, set[str]]] = {}
        self._texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in sources}
        self._lines = {path: [mutant.line for mutant in mutants_of(path, self._texts[path])] for path in sources}
        self._spans = {path: _spans(self._texts[path]) for path in sources}

    def pytest_configure(self) -> None:
        # Not before pytest has told its plugins: it rewrites this one's asserts when it is imported.
        from hypothesis import settings

        settings.register_profile(
            "mutants", settings.get_profile("zkpay"), derandomize=True, database=None, max_examples=20
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("tests can't be collected")
        items = {item.nodeid: item for item in session.items}
        self._first_run(list(items.values()))
        self._check_itself(items)
        self._answer({"tests": len(items), "seconds": round(sum(self._seconds.values()), 1)})
        for line in sys.stdin:
            path, number = line.split()
            self._answer(self._judge(items, path, int(number)))
        return True

    def _answer(self, content: dict[str, Any]) -> None:
        print(json.dumps(content), file=self._answers, flush=True)

    def _first_run(self, items: list[pytest.Item]) -> None:
        """Time and lines of every test; all must pass. Proofs that one test keeps for others are there for mutants."""
        for path in self._sources:
            import_module(module_name(path))
        self._coverage.start()
        for position, item in enumerate(items):
            # A test runs what it would find done by the one before, or its lines would not be known.
            forget_results()
            self._coverage.switch_context(item.nodeid)
            began = time.monotonic()
            following = items[position + 1] if position + 1 < len(items) else None
            reports = runtestprotocol(item, nextitem=following, log=False)
            self._seconds[item.nodeid] = time.monotonic() - began
            if any(report.failed for report in reports):
                raise RuntimeError(f"{item.nodeid} fails without any mutant")
        self._coverage.stop()
        data = self._coverage.get_data()
        for path in self._sources:
            contexts = data.contexts_by_lineno(str((ROOT / path).resolve()))
            self._tests_of[path] = {line: set(tests) - {""} for line, tests in contexts.items()}

    def _check_itself(self, items: dict[str, pytest.Item]) -> None:
        """With the real sources put in like mutants, every test must pass, or mutants would die of that."""
        trees = {path: ast.parse(text) for path, text in self._texts.items()}
        verdict = self._in_child(trees, list(items), items)["killer"]
        if verdict != "-":
            raise RuntimeError(f"unchanged sources are killed by {verdict}")

    def _tests(self, path: str, number: int) -> list[str]:
        """Tests that run the mutant's line, quickest first; all that run the file, where none does."""
        line = self._lines[path][number]
        found: set[str] = set()
        # A statement of several lines is counted by its first, an entry of a table by its own.
        for each in self._spans[path].get(line, range(line, line + 1)):
            found |= self._tests_of[path].get(each, set())
        if not found:
            found = set().union(*self._tests_of[path].values(), set(self._seconds))
        return sorted(found, key=lambda test: self._seconds[test])

    def _judge(self, items: dict[str, pytest.Item], path: str, number: int) -> dict[str, Any]:
        return self._in_child({path: mutated(self._texts[path], number)}, self._tests(path, number), items)

    def _watch(self, reading: int, tests: list[str]) -> str:
        """What the child says in the end; before, it says a word for each test that passes."""
        said = b""
        while True:
            passed = said.count(PASSED)
            test = tests[passed] if passed < len(tests) else "the end"
            if not select.select([reading], [], [], LIMIT_SECONDS + 3 * self._seconds.get(test, 0.0))[0]:
                return f"{test}: {LATE}"
            more = os.read(reading, 4096)
            if not more:
                return said.replace(PASSED, b"").decode() or f"{test}: the process ended"
            said += more

    def _in_child(
        self, trees: dict[str, ast.Module], tests: list[str], items: dict[str, pytest.Item]
    ) -> dict[str, Any]:
        began = time.monotonic()
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # Other threads of this process are idle, and the child makes its own.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(reading)
            verdict = _try(trees, [items[test] for test in tests], writing)
            os.write(writing, verdict.encode()[:4000])
            os._exit(0)
        os.close(writing)
        killer = self._watch(reading, tests)
        if killer.endswith(LATE):
            os.kill(child, signal.SIGKILL)
        os.close(reading)
        os.waitpid(child, 0)
        return {"killer": killer, "tests": len(tests), "seconds": round(time.monotonic() - began, 2)}


def _try(trees: dict[str, ast.Module], items: list[pytest.Item], told: int) -> str:
    """The first test that fails, "-" if none does; a module that can't be loaded at all is found by any."""
    try:
        for path, tree in trees.items():
            put_in(import_module(module_name(path)), tree)
    except Exception as error:
        return f"the module itself: {type(error).__name__}: {error}"
    for item in items:
        try:
            if any(report.failed for report in runtestprotocol(item, nextitem=None, log=False)):
                return item.nodeid
        except BaseException as error:
            return f"{item.nodeid}: {type(error).__name__}"
        os.write(told, PASSED)
    return "-"


def _spans(text: str) -> dict[int, range]:
    """For each line of a simple statement, all its lines."""
    spans: dict[int, range] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            spans.update(dict.fromkeys(lines, lines))
    return spans


def main() -> int:
    split = sys.argv.index("--")
    sources, tests = sys.argv[1:split], sys.argv[split + 1 :]
    # Answers go where the standard output led; what pytest or a test prints goes where errors go.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    options = ["-q", "-s", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, *tests], plugins=[Judge(sources, answers)]))


if __name__ == "__main__":
    sys.exit(main())
