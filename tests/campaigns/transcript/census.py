"""Where the program speaks to a transcript or hears from it, read from its source.

All of it must lie in `zkpay/stark/protocol.py`, in functions that prover and verifier share and call in one order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3] / "zkpay"
PROTOCOL = "stark/protocol.py"
TRANSCRIPT = "stark/transcript.py"
METHODS = {"absorb": "absorb", "seed": "draw", "extension": "draw", "extensions": "draw", "indices": "draw"}
"""The transcript's methods that speak (absorb) or hear (draw)."""
ROUNDS = (
    "begin",
    "draw_bus_challenges",
    "draw_alpha",
    "draw_zeta",
    "draw_lambda",
    "draw_fold",
    "grinding_seed",
    "draw_queries",
)
"""The functions of the protocol that take or make a transcript, in the order of the rounds."""


@dataclass(frozen=True)
class Site:
    """kind: absorb or draw. label: its text, with {} for what is put in. what: the source of what is absorbed."""

    function: str
    kind: str
    label: str
    what: str


def tree_of(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def sites(tree: ast.Module) -> Iterator[Site]:
    """Every call of one of the transcript's methods on something called `transcript`, in order."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            method = call.func
            if isinstance(method, ast.Attribute) and ast.unparse(method.value) == "transcript":
                kind = METHODS.get(method.attr, method.attr)
                what = ast.unparse(call.args[1]) if kind == "absorb" else ""
                yield Site(function.name, kind, _label(call.args[0]), what)


def _label(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Constant):
        return str(node.value)
    raise TypeError(f"a label that is worked out: {ast.unparse(node)}")


def users() -> set[str]:
    """Files, other than the protocol and the transcript itself, that name a method of the transcript's on anything
    called so, that make a transcript, or that squeeze by hand."""
    found = set()
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name in (PROTOCOL, TRANSCRIPT):
            continue
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.Attribute) and "transcript" in ast.unparse(node.value).lower():
                found.add(name)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Transcript"):
                found.add(name)
            if isinstance(node, ast.Attribute) and node.attr in ("_squeeze", "_state"):
                found.add(name)
    return found


def rounds_of(path: str, inlined: str = "", inner: str = "") -> list[str]:
    """The protocol's rounds that a file goes through, in order; calls of `inlined` stand for the rounds of `inner`."""
    found = []
    calls = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    # A call stands where its arguments end: what is nested is called before.
    for call in sorted(calls, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0)):
        name = ast.unparse(call.func)
        if name in ROUNDS:
            found.append(name)
        elif inlined and name == inlined:
            found += rounds_of(inner)
    return found


def proof_fields_read(path: str) -> set[str]:
    """Attributes of `proof` that a file reads."""
    return {
        node.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "proof"
    }


def takers(path: str) -> set[str]:
    """Functions of a file that take a transcript, or give one."""
    return {
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef)
        and any("Transcript" in ast.unparse(each.annotation or ast.Constant("")) for each in node.args.args)
        | ("Transcript" in ast.unparse(node.returns or ast.Constant("")))
    }
