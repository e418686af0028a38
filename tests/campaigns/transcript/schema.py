"""What a verifier knows, as paths through its own types: a field that somebody adds is a path that nobody has listed.

`circuit.placed` is a sequence itself, its length and order; `circuit.placed[].height` a field of each of its items;
`circuit.publics` the names of a mapping and `circuit.publics{}` its values.
"""

from __future__ import annotations

import random
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

from zkpay.stark.expression import Column, Expression

ITEM, VALUE = "[]", "{}"


def paths(kind: Any, prefix: str) -> Iterator[str]:
    """All paths below `prefix`, a value of type `kind`."""
    origin = get_origin(kind)
    if isinstance(kind, types.UnionType):
        raise TypeError(f"{prefix}: a union has no one schema")
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind)] if is_dataclass(kind) else kind._fields
        for name in names:
            if not name.startswith("_"):
                yield from paths(hints[name], f"{prefix}.{name}")
    elif origin in (tuple, list, Sequence):
        arguments = get_args(kind)
        if len(arguments) == 2 and arguments[1] is not Ellipsis:
            for number, each in enumerate(arguments):
                yield from paths(each, f"{prefix}.{number}")
        else:
            yield prefix
            yield from paths(arguments[0], prefix + ITEM)
    elif origin is Mapping:
        yield prefix
        yield from paths(get_args(kind)[1], prefix + VALUE)
    elif kind is Column:
        # Not a dataclass: its slots are the fields.
        for name in ("phase", "index", "name", "rotation"):
            yield f"{prefix}.{name}"
    else:
        yield prefix


def node_paths() -> Iterator[str]:
    """The parts of each kind of expression, but for what the constructor derives."""
    for kind in Expression.__subclasses__():
        for name in kind.__slots__:
            if name != "next_row":
                yield f"{kind.__name__}.{name}"


def steps_of(path: str) -> list[str]:
    """A path's steps, less the name that it starts with."""
    steps: list[str] = []
    for part in path.split(".")[1:]:
        for mark in (ITEM, VALUE):
            if part.endswith(mark):
                steps += [part.removesuffix(mark), mark]
                break
        else:
            steps.append(part)
    return steps


def places(value: Any, steps: Sequence[str]) -> list[tuple[Any, ...]]:
    """Every place that the steps can lead to: one key for each step."""
    if not steps:
        return [()]
    first, rest = steps[0], steps[1:]
    keys: Sequence[Any] = [first]
    if first == ITEM:
        keys = range(len(value))
    elif first == VALUE:
        keys = sorted(value)
    elif first.isdigit():
        keys = [int(first)]
    return [(key, *place) for key in keys for place in places(_get(value, first, key), rest)]


def changed_at(value: Any, steps: Sequence[str], place: Sequence[Any], change: Callable[[Any], Any]) -> Any:
    """The value with what stands at one place changed; everything else is the same object."""
    if not steps:
        return change(value)
    new = changed_at(_get(value, steps[0], place[0]), steps[1:], place[1:], change)
    if steps[0] == VALUE:
        return {**value, place[0]: new}
    if steps[0] == ITEM or steps[0].isdigit():
        items = list(value)
        items[place[0]] = new
        return type(value)(items)
    if isinstance(value, Column):
        parts = {name: getattr(value, name) for name in ("phase", "index", "name", "rotation")}
        return Column(**{**parts, place[0]: new})
    if hasattr(value, "_replace"):
        return value._replace(**{place[0]: new})
    return replace(value, **{place[0]: new})


def _get(value: Any, step: str, key: Any) -> Any:
    return value[key] if step in (ITEM, VALUE) or step.isdigit() else getattr(value, key)


def pick(dice: random.Random, value: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """`change` made at a random place of a path; LookupError if there is none."""
    steps = steps_of(path)
    found = places(value, steps)
    if not found:
        raise LookupError(f"{path} leads nowhere here")
    return changed_at(value, steps, dice.choice(found), change)
