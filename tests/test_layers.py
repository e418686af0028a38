"""Imports go one way, the verifier stays small and light, and the command line starts fast.

Only imports that run when a module is loaded count: those inside functions are a module's own choice of when
to pay, those under TYPE_CHECKING never run. The rules are read from the syntax trees; two of them are also
observed in a fresh interpreter, which sees what lazy tricks might hide.
"""

import ast
import io
import os
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {"zkpay": ROOT / "zkpay", "zkpay.circuits": ROOT / "circuits", "zkpay.cli": ROOT / "cli"}

# What each part may import of ours, itself aside; test_every_module_has_a_layer names a part that is missing.
BASE = {"errors", "stark", "poseidon", "threads"}
RECORDS = BASE | {"kernels", "ledger", "policy"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "threads": set(),
    "poseidon": BASE,
    "stark": BASE,
    "kernels": BASE,
    "ledger": RECORDS,
    "policy": RECORDS,
    "circuits": RECORDS,
    "prover": RECORDS | {"circuits"},
    "verifier": BASE | {"ledger", "policy", "circuits"},
    "epoch": RECORDS | {"circuits", "prover", "verifier"},
    "measure": RECORDS | {"", "circuits", "prover", "verifier", "epoch"},
    "": RECORDS | {"circuits", "prover", "verifier", "epoch"},  # zkpay/__init__.py itself
    "cli": RECORDS | {"", "circuits", "prover", "verifier", "epoch", "measure"},
}

VERIFIER_LINE_LIMIT = 1600
# Read on their own: what is proved (circuits) and in which words (policy, ledger), not how.
BESIDE_THE_PROOF_SYSTEM = ("zkpay.circuits", "zkpay.policy", "zkpay.ledger")


@cache
def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name, with its file; symlinks are not followed."""
    found: dict[str, Path] = {}
    for package, folder in SOURCES.items():
        for directory, _, names in os.walk(folder):
            for name in names:
                if name.endswith(".py"):
                    path = Path(directory, name)
                    parts = path.relative_to(folder).with_suffix("").parts
                    parts = parts[:-1] if parts[-1] == "__init__" else parts
                    found[".".join((package, *parts))] = path
    return found


def part_of(module: str) -> str:
    """The part of zkpay that a module belongs to: `zkpay.stark.fri` is in "stark", `zkpay` itself in ""."""
    return module.split(".")[1] if "." in module else ""


def is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def statements_at_load(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body that run when the module is loaded, nested blocks and classes included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for block in ("body", "orelse", "finalbody"):
            if block == "body" and isinstance(statement, ast.If) and is_type_checking(statement.test):
                continue
            yield from statements_at_load(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            yield from statements_at_load(handler.body)
        for case in getattr(statement, "cases", []):
            yield from statements_at_load(case.body)


def imported_names(source: str, module: str, is_package: bool, known: frozenset[str]) -> set[str]:
    """Names of the modules that `source` imports at load; `from a import b` gives a.b where that is one."""
    names: set[str] = set()
    for statement in statements_at_load(ast.parse(source).body):
        if isinstance(statement, ast.Import):
            names.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            origin = statement.module or ""
            if statement.level:
                parents = module.split(".")[: None if is_package else -1]
                parents = parents[: len(parents) - (statement.level - 1)]
                origin = ".".join([*parents, *filter(None, [origin])])
            members = {f"{origin}.{alias.name}" for alias in statement.names}
            # Loading a.b loads a too, but the importer depends on a only for names that are no modules.
            names |= members & known
            if not members <= known:
                names.add(origin)
    return names


@cache
def imports_of(module: str) -> frozenset[str]:
    path = modules()[module]
    source = path.read_text(encoding="utf-8")
    return frozenset(imported_names(source, module, path.name == "__init__.py", frozenset(modules())))


def load_closure(module: str) -> set[str]:
    """Everything that loading `module` loads: its imports, theirs, and the packages that hold them."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        if name in modules():
            waiting.extend(imports_of(name))
    return seen


def verifier_modules() -> list[str]:
    return [name for name in modules() if part_of(name) == "verifier"]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_the_reader_of_imports_sees_what_runs_at_load() -> None:
    source = """
import os, zkpay.stark
from typing import TYPE_CHECKING
from zkpay.stark import field, Ext
from ..policy import schema
from . import commit
if TYPE_CHECKING:
    import zkpay.cli
else:
    import json
try:
    import numba
except ImportError:
    import zkpay.kernels
class Holder:
    import zkpay.ledger
def later():
    import zkpay.epoch
"""
    known = frozenset({"zkpay.stark", "zkpay.stark.field", "zkpay.policy.schema", "zkpay.prover.commit"})
    assert imported_names(source, "zkpay.prover.prove", False, known) == {
        "os", "typing", "json", "numba", "zkpay.stark", "zkpay.stark.field", "zkpay.policy.schema",
        "zkpay.prover.commit", "zkpay.kernels", "zkpay.ledger",
    }  # fmt: skip
    assert imported_names("from .a import b", "zkpay.stark", True, frozenset()) == {"zkpay.stark.a"}


def test_every_module_has_a_layer() -> None:
    homeless = sorted(name for name in modules() if part_of(name) not in MAY_IMPORT)
    assert not homeless, f"give these a place in MAY_IMPORT: {homeless}"


def test_imports_go_one_way() -> None:
    wrong = [
        f"{name} imports {target}"
        for name in sorted(modules())
        for target in sorted(imports_of(name))
        if within(target, "zkpay")
        and part_of(target) != part_of(name)
        and part_of(target) not in MAY_IMPORT.get(part_of(name), set())
    ]
    assert not wrong, "\n".join(wrong)


def test_parts_do_not_import_one_another_in_circles() -> None:
    edges: dict[str, set[str]] = {}
    for name in modules():
        targets = {part_of(target) for target in imports_of(name) if within(target, "zkpay")}
        edges.setdefault(part_of(name), set()).update(targets - {part_of(name)})
    while edges:
        leaves = {part for part, targets in edges.items() if not targets & edges.keys()}
        assert leaves, f"these import one another in a circle: {edges}"
        edges = {part: targets for part, targets in edges.items() if part not in leaves}


def test_top_level_folders_are_imported_by_their_package_name() -> None:
    # `import circuits` works in a checkout and nowhere else.
    wrong = [
        f"{name} imports {target}"
        for name in sorted(modules())
        for target in sorted(imports_of(name))
        if target.split(".")[0] in ("circuits", "cli", "tests", "bench")
    ]
    assert not wrong, "\n".join(wrong)


def test_numba_stays_behind_the_kernels() -> None:
    wrong = [
        f"{name} imports {target}"
        for name in sorted(modules())
        for target in sorted(imports_of(name))
        if within(target, "numba") and part_of(name) != "kernels"
    ]
    assert not wrong, "\n".join(wrong)


def test_the_verifier_loads_neither_prover_nor_kernels_nor_witnesses() -> None:
    assert "zkpay.verifier.verify" in modules(), "there is no verifier yet"
    wrong = [
        f"{name} loads {loaded}"
        for name in verifier_modules()
        for loaded in sorted(load_closure(name))
        if any(within(loaded, banned) for banned in ("zkpay.prover", "zkpay.kernels", "zkpay.epoch", "numba"))
        or loaded.rpartition(".")[2] == "witness"
    ]
    assert not wrong, "\n".join(wrong)


def code_lines(source: str) -> int:
    """Lines that hold code: without blank lines, comments and docstrings, which make reading easier, not longer."""
    told = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        for statement in node.body[:1]
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        for line in range(statement.lineno, (statement.end_lineno or 0) + 1)
    }
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    held = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in layout
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(held - told)


def test_the_reader_of_lines_counts_code_only() -> None:
    assert code_lines('"""Told."""\n\n# why\nx = 1\n\n\ndef f() -> str:\n    """Told."""\n    return """a\nb"""\n') == 4


def test_the_proof_system_verifier_is_small() -> None:
    counted = {
        name
        for name in load_closure("zkpay.verifier.verify") & modules().keys()
        if not any(within(name, beside) for beside in BESIDE_THE_PROOF_SYSTEM)
    }
    lines = {name: code_lines(modules()[name].read_text(encoding="utf-8")) for name in counted}
    listing = "\n".join(f"{count:5} {name}" for name, count in sorted(lines.items()))
    assert {"zkpay.verifier.verify", "zkpay.stark.air", "zkpay.stark.security"} <= counted
    assert sum(lines.values()) < VERIFIER_LINE_LIMIT, f"{sum(lines.values())} lines:\n{listing}"


def loaded_in_a_fresh_interpreter(program: str) -> set[str]:
    """Names in sys.modules after `program` ran in a new process from the checkout's root."""
    # The marker parts the list from what the program itself printed.
    script = f"import sys\n{program}\nprint('\\n#loaded', *sys.modules, sep='\\n')"
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.rpartition("#loaded\n")[2].splitlines())


def test_loading_the_verifier_leaves_numba_and_the_prover_out() -> None:
    loaded = loaded_in_a_fresh_interpreter("import zkpay.verifier.verify")
    assert "zkpay.verifier.verify" in loaded
    heavy = ("numba", "llvmlite", "pyarrow", "sqlalchemy", "zkpay.kernels", "zkpay.prover", "zkpay.epoch")
    assert not {name for name in loaded if any(within(name, banned) for banned in heavy)}


HELP = """
from zkpay.cli.main import main
try:
    main(["--help"])
except SystemExit as exit:
    assert exit.code in (0, None), exit.code
"""


@pytest.mark.parametrize("banned", ["numba", "pyarrow", "numpy", "sqlalchemy"])
def test_help_starts_without(banned: str) -> None:
    loaded = loaded_in_a_fresh_interpreter(HELP)
    assert "zkpay.cli.main" in loaded
    assert not {name for name in loaded if within(name, banned)}
