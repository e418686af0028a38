"""Every small change of a source file that a test should notice: one mutant each.

Left alone: annotations, docstrings and decorators; what a message says; the asserts that a type checker asks for; and
`strict=` of zip, which turns a slip in this code into a crash and no input can reach.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LABELLED = frozenset({"absorb", "extension", "extensions", "indices", "seed", "Rejected"})
"""Calls whose first argument says more than a message: transcript labels, reasons of a rejection."""
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "reversed": "list"}


@dataclass(frozen=True)
class Mutant:
    """One change: `before` and `after` are the statement, or the head of a block, that it is in.

    function: around it, by its qualified name; "" at the level of the module. number: among the file's mutants.
    """

    path: str
    number: int
    line: int
    function: str
    operator: str
    before: str
    after: str


@dataclass(frozen=True)
class _Site:
    """A node and where it hangs; the statement and the function around it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of a file, in its order."""
    return [mutant for mutant, _ in _mutations(path, ast.parse(source))]


def mutated(source: str, number: int) -> ast.Module:
    """The file with one of its mutants in it; every line keeps its number."""
    tree = ast.parse(source)
    for mutant, _ in _mutations("", tree):
        if mutant.number == number:
            return ast.fix_missing_locations(copy.deepcopy(tree))
    raise ValueError(f"no mutant {number}")


def _mutations(path: str, tree: ast.Module) -> Iterator[tuple[Mutant, ast.AST]]:
    """Each mutant while it is in the tree."""
    number = 0
    for site in list(_sites(tree, tree, None, "")):
        for operator, changed in _changes(site.node):
            ast.copy_location(changed, site.node)
            before = _head(site.statement)
            site.put(changed)
            after = _head(changed if site.node is site.statement else site.statement)
            line = getattr(site.node, "lineno", site.statement.lineno)
            yield Mutant(path, number, line, site.function, operator, before, after), changed
            site.put(site.node)
            number += 1


def _head(statement: ast.AST) -> str:
    """A statement in one line, a block by its head alone."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.If | ast.For | ast.While | ast.With | ast.Try):
        shown: Any = copy.copy(statement)
        shown.body = [ast.Expr(ast.Constant(...))]
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.With):
            shown.orelse = []
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            shown.decorator_list = []
        return ast.unparse(shown)
    return ast.unparse(statement)


def _sites(node: ast.AST, parent: ast.AST, statement: ast.stmt | None, function: str) -> Iterator[_Site]:
    """Every node that may be changed, with those below it."""
    for name, value in ast.iter_fields(node):
        if _is_left_alone(node, name):
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_docstring(node, name, index, child):
                continue
            if isinstance(node, ast.Call) and _is_message(node, name, index):
                continue
            around = child if isinstance(child, ast.stmt) else statement
            inside = function
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inside = f"{function}.{child.name}".lstrip(".")
            if around is not None:
                yield _Site(node, name, index, child, around, inside)
            yield from _sites(child, node, around, inside)


def _is_left_alone(node: ast.AST, name: str) -> bool:
    if name in ("annotation", "returns", "decorator_list", "type_comment"):
        return True
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return True
    return isinstance(node, ast.ImportFrom | ast.Import | ast.Assert | ast.JoinedStr)


def _is_docstring(node: ast.AST, name: str, index: int | None, child: ast.AST) -> bool:
    # Also the strings below a constant, which say what it is.
    return isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_message(call: ast.Call, name: str, index: int | None) -> bool:
    """Whether an argument only says what is wrong: all of an error's, the second of a rejection."""
    called = _called(call)
    return name == "args" and ((called == "Rejected" and index == 1) or called.endswith("Error") or called == "Refused")


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The operator's name and what stands in the node's place."""
    if isinstance(node, ast.Compare):
        for position, comparison in enumerate(node.ops):
            for other in COMPARISONS[type(comparison)]:
                yield "comparison", _with(node, ops=[*node.ops[:position], other(), *node.ops[position + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield "and-or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for position in range(len(node.values)):
            rest = node.values[:position] + node.values[position + 1 :]
            yield "operand", rest[0] if len(rest) == 1 else _with(node, values=rest)
    elif isinstance(node, ast.UnaryOp):
        yield "unary", copy.deepcopy(node.operand)
    elif isinstance(node, ast.BinOp):
        yield from _arithmetic(node)
    elif isinstance(node, ast.AugAssign):
        if type(node.op) in ARITHMETIC:
            yield "arithmetic", _with(node, op=ARITHMETIC[type(node.op)]())
        yield "deletion", ast.Pass()
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Slice):
        for name in ("lower", "upper", "step"):
            if getattr(node, name) is not None:
                yield "slice", _with(node, **{name: None})
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        for value in (True, False):
            # `while True` would only run into the time limit.
            if not (isinstance(node, ast.While) and value):
                yield "condition", _with(node, test=ast.copy_location(ast.Constant(value), node))
    elif isinstance(node, ast.comprehension):
        for position in range(len(node.ifs)):
            yield "filter", _with(node, ifs=node.ifs[:position] + node.ifs[position + 1 :])
    elif isinstance(node, ast.stmt):
        yield from _statements(node)


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Mod):
        # A reduction left out.
        yield "reduction", copy.deepcopy(node.left)
    elif type(node.op) in ARITHMETIC:
        yield "arithmetic", _with(node, op=ARITHMETIC[type(node.op)]())


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "constant", ast.Constant(value + 1)
        yield "constant", ast.Constant(value - 1)
    elif isinstance(value, bytes):
        yield "constant", ast.Constant(value + b"!")


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    called = _called(node)
    if isinstance(node.func, ast.Name) and called in CALLS:
        yield "call", _with(node, func=ast.copy_location(ast.Name(CALLS[called], ast.Load()), node))
    if called in LABELLED and node.args and isinstance(node.args[0], ast.Constant | ast.JoinedStr):
        label = node.args[0]
        changed = (
            ast.Constant(f"{label.value!s}!")
            if isinstance(label, ast.Constant)
            else ast.JoinedStr([*label.values, ast.Constant("!")])
        )
        yield "label", _with(node, args=[ast.copy_location(changed, label), *node.args[1:]])


def _statements(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Raise | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield "deletion", ast.Pass()
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "result", ast.Return(ast.copy_location(ast.Constant(None), node))


def _with(node: Any, **changes: Any) -> Any:
    """A copy whose children are copies, too: compiling marks nodes."""
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed
