"""Puts a mutant into modules that are loaded already: its functions' code, and constants wherever they were imported.

Loading a module anew would leave what others imported from it as it was. So the mutated module is run beside the real
one, and what differs is handed over: every function keeps its identity and gets the mutant's code and defaults.
"""

from __future__ import annotations

import ast
import functools
import gc
import sys
from types import FunctionType, ModuleType
from typing import Any

PLAIN = (int, float, str, bytes, tuple, frozenset, dict)


def put_in(module: ModuleType, tree: ast.Module) -> None:
    """Turn a loaded module of zkpay into its mutant; what it, or any other module of ours, had kept is forgotten."""
    assert module.__file__ is not None
    namespace: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    # Classes look their module up while they are made (dataclasses do).
    exec(compile(tree, module.__file__, "exec"), namespace)
    mutated = {function.__qualname__: function for function in _functions(namespace, module.__name__)}
    # By type() alone: isinstance() would ask weak references for objects that are gone.
    for function in [entry for entry in gc.get_objects() if type(entry) is FunctionType]:
        if function.__module__ == module.__name__ and function.__globals__ is vars(module):
            other = mutated.get(function.__qualname__)
            if other is not None and other.__code__.co_freevars == function.__code__.co_freevars:
                function.__code__ = other.__code__
                function.__defaults__, function.__kwdefaults__ = other.__defaults__, other.__kwdefaults__
    _hand_over_constants(module, namespace)
    forget()


def _functions(namespace: dict[str, Any], module: str) -> list[FunctionType]:
    """The functions that a module's run made, those of its classes included."""
    return [
        entry
        for entry in gc.get_objects()
        if type(entry) is FunctionType and entry.__globals__ is namespace and entry.__module__ == module
    ]


def _hand_over_constants(module: ModuleType, namespace: dict[str, Any]) -> None:
    for name, value in namespace.items():
        if name.startswith("__") or not isinstance(value, PLAIN):
            continue
        old = vars(module).get(name)
        if _same(old, value):
            continue
        for known, other in list(sys.modules.items()):
            if known.partition(".")[0] in ("zkpay", "tests") and vars(other).get(name) is old:
                setattr(other, name, value)


def _same(old: Any, new: Any) -> bool:
    try:
        return type(old) is type(new) and bool(old == new)
    except ValueError:
        return True


def forget() -> None:
    """Empty all caches of zkpay's functions and objects; proofs and witnesses that tests keep stay."""
    forget_results()
    for entry in gc.get_objects():
        if str(type(entry).__module__).startswith("zkpay.") and hasattr(entry, "__dict__"):
            for name in list(vars(entry)):
                if isinstance(getattr(type(entry), name, None), functools.cached_property):
                    del vars(entry)[name]


def forget_results() -> None:
    """Empty the caches of functions alone, which is quicker."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "zkpay":
            for entry in list(vars(module).values()):
                if isinstance(entry, functools._lru_cache_wrapper):
                    entry.cache_clear()
