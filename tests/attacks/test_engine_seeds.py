"""Seeds of masks: fresh for each proof, in each process, and nowhere written down (SPEC §7.2).

Two proofs of one seed give away the difference of their witnesses; a seed that somebody knows gives away a witness.
Sources: Plonky3 #1962 (one stream that is cloned, and runs twice), and its warning that fixed seeds are for tests.
"""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import zkpay
from zkpay.cli.prove import prove

PACKAGE = Path(zkpay.__file__).parent
TAKES_SEED = {"prove_circuit", "MaskSource", "Job"}

FORKED = """
import os
from zkpay.prover.randomness import fresh_seed
fresh_seed()
for _ in range(3):
    if not (child := os.fork()):
        print(fresh_seed().hex(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print(fresh_seed().hex())
"""


def test_processes_that_part_draw_apart() -> None:
    """A generator with a state of its own would go on in each of them alike."""
    run = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=120)
    seeds = run.stdout.split()
    assert len(seeds) == len(set(seeds)) == 4
    assert {len(seed) for seed in seeds} == {64}


def given_seeds(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that are given a seed that stands in the source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TAKES_SEED:
            own = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(is_written_down(argument) for argument in own):
                yield node


def is_written_down(argument: ast.expr) -> bool:
    """Whether it is bytes, or made by `bytes(...)` or `bytes.fromhex(...)` of what is written there."""
    if isinstance(argument, ast.Constant):
        return isinstance(argument.value, bytes)
    if isinstance(argument, ast.Call):
        return "bytes" in ast.unparse(argument.func) and all(isinstance(each, ast.Constant) for each in argument.args)
    return isinstance(argument, ast.BinOp) and (is_written_down(argument.left) or is_written_down(argument.right))


def test_no_seed_is_written_down() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert any("MaskSource(" in path.read_text(encoding="utf-8") for path in files)
    found = [path.name for path in files if list(given_seeds(ast.parse(path.read_text(encoding="utf-8"))))]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["MaskSource(bytes(32))", "MaskSource(b'0' * 32)", "prove_circuit(c, w, s, p, seed=bytes.fromhex('00'))"],
)
def test_a_seed_that_is_written_down_is_seen(line: str) -> None:
    assert list(given_seeds(ast.parse(line)))


def test_nobody_can_ask_for_a_seed() -> None:
    """Neither on the command line nor from Python: two epochs under one would be proofs of one seed."""
    assert isinstance(prove, click.Command)
    assert "profile" in {parameter.name for parameter in prove.params}
    for names in ({parameter.name for parameter in prove.params}, set(inspect.signature(zkpay.prove).parameters)):
        assert not [name for name in names if name and ("seed" in name or "random" in name)]
