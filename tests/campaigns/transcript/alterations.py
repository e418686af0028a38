"""Random changes of one thing that a verifier knows, named by its path, and of nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tests.campaigns.transcript.replay import Known
from tests.campaigns.transcript.schema import pick
from zkpay.stark.air import Circuit, Constraint, PlacedTable, Where
from zkpay.stark.expression import Column, Constant, Expression, Linear, Phase, Product, Public
from zkpay.stark.field import P

Change = Callable[[Any], Any]


class NothingToChangeError(LookupError):
    """There is nothing of the kind here."""


def altered(dice: random.Random, known: Known, path: str, profiles: Mapping[str, Any]) -> Known:
    """What is known with one item changed; `profiles` are the parameters of this circuit under each profile.

    NothingToChangeError if the circuit has nothing of the kind.
    """
    root = path.split(".")[0]
    if root in ("Constant", "Public", "Column", "Linear", "Product"):
        return replace(known, circuit=_with_node(dice, known.circuit, path))
    if path == "proof.profile":
        name = dice.choice([name for name in profiles if name != known.proof.profile])
        return replace(known, proof=replace(known.proof, profile=name), parameters=profiles[name])
    if path.startswith("circuit.placed[].table.interactions[].bus."):
        return replace(known, circuit=_with_bus(dice, known.circuit, path.rpartition(".")[2]))
    change = _SPECIAL.get(path, other)
    try:
        if path == root:
            return replace(known, **{root: change(dice, getattr(known, root))})
        value = pick(dice, getattr(known, root), path, lambda old: change(dice, old))
    except LookupError as error:
        raise NothingToChangeError(str(error)) from error
    return replace(known, **{root: value})


def other(dice: random.Random, value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Where):
        return dice.choice([where for where in Where if where is not value])
    if isinstance(value, Phase):
        return Phase.PREPROCESSED if value is Phase.MAIN else Phase.MAIN
    if isinstance(value, int):
        return _other_number(dice, value)
    if isinstance(value, float):
        return value + dice.choice([-1.0, 0.5, 100.0])
    if isinstance(value, str):
        return dice.choice([value + "\0", value + "!", value[:-1] if value else "x", "other", value.swapcase() + " "])
    if isinstance(value, bytes):
        return _other_bytes(dice, value)
    if isinstance(value, np.ndarray):
        return _other_column(dice, value)
    if isinstance(value, Expression):
        return dice.choice([value + 1, -value, value * 2, value + value])
    if isinstance(value, Mapping):
        return {**value, "one more": dice.randrange(P)}
    if isinstance(value, (tuple, list)):
        return _other_sequence(dice, value)
    raise TypeError(f"no other {type(value).__name__}")


def _other_number(dice: random.Random, value: int) -> int:
    # A number that is the same modulo P is another one, too; so is the nonce that needs more than its bytes.
    choices = [value + 1, value + P, 2 * abs(value) + 1, value ^ 1 << dice.randrange(20)]
    return dice.choice([*choices, value - 1] if value else choices)


def _other_bytes(dice: random.Random, value: bytes) -> bytes:
    kind = dice.randrange(4) if value else 0
    if kind == 0:
        return value + bytes(dice.choice([1, 2, 32]))
    if kind == 1:
        return value[: -dice.choice([1, len(value)])]
    place = dice.randrange(len(value))
    return value[:place] + bytes([value[place] ^ 1 << dice.randrange(8)]) + value[place + 1 :]


def _other_column(dice: random.Random, value: np.ndarray) -> np.ndarray:
    if len(value) > 1 and not (value != value[0]).any():
        return value[: len(value) // 2]
    if dice.random() < 0.3:
        # Twice the period, row by row the same.
        return np.concatenate([value, value])
    changed = value.copy()
    place = dice.randrange(len(value))
    changed[place] = (changed[place] + dice.randrange(1, P)) % P
    return changed


def _other_sequence(dice: random.Random, value: Any) -> Any:
    kind, items = type(value), list(value)
    if not items:
        raise NothingToChangeError("an empty sequence")
    place = dice.randrange(len(items))
    swaps = [k for k in range(len(items) - 1) if items[k] is not items[k + 1] and _differ(items[k], items[k + 1])]
    how = dice.choice(["drop", "repeat", *(["swap"] if swaps else [])])
    if how == "drop":
        del items[place]
    elif how == "repeat":
        items.insert(place, items[place])
    else:
        place = dice.choice(swaps)
        items[place], items[place + 1] = items[place + 1], items[place]
    return kind(items)


def _differ(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.shape != two.shape or bool((one != two).any())
    return bool(one != two)


def _other_width(dice: random.Random, columns: list[Column]) -> list[Column]:
    """One column more or less; their order and names say nothing."""
    if len(columns) > 1 and dice.random() < 0.5:
        return columns[:-1]
    return [*columns, Column(Phase.MAIN, len(columns), "one more")]


def _other_names(dice: random.Random, columns: list[Column]) -> list[Column]:
    return [Column(column.phase, column.index + 1, column.name + "!") for column in columns] * dice.choice([1, 2])


def _other_height(dice: random.Random, height: int) -> int:
    return dice.choice([height // 2, height * 2, height * 4])


def _other_columns(dice: random.Random, values: list[np.ndarray]) -> list[np.ndarray]:
    """None fewer: an expression would read a column that is not there."""
    swaps = [k for k in range(len(values) - 1) if _differ(values[k], values[k + 1])]
    if swaps and dice.random() < 0.5:
        place = dice.choice(swaps)
        return [*values[:place], values[place + 1], values[place], *values[place + 2 :]]
    return [*values, np.array([dice.randrange(P)])]


def _other_gadgets(dice: random.Random, gadgets: list[object]) -> list[object]:
    return [*gadgets, "another"]


def _other_gadget(dice: random.Random, gadget: object) -> object:
    return (gadget, "changed")


def _other_claims(dice: random.Random, value: bytes) -> bytes:
    """Other bytes, or another canonical element in the place of one."""
    if dice.random() < 0.5:
        return _other_bytes(dice, value)
    place = 4 * dice.randrange(len(value) // 4)
    element = (int.from_bytes(value[place : place + 4], "little") + dice.randrange(1, P)) % P
    return value[:place] + element.to_bytes(4, "little") + value[place + 4 :]


_TABLE = "circuit.placed[].table"
_SPECIAL: dict[str, Callable[[random.Random, Any], Any]] = {
    f"{_TABLE}.columns": _other_width,
    f"{_TABLE}.preprocessed": _other_names,
    f"{_TABLE}.preprocessed_values": _other_columns,
    f"{_TABLE}.gadgets": _other_gadgets,
    f"{_TABLE}.gadgets[]": _other_gadget,
    "circuit.placed[].height": _other_height,
    # Names are the program's own: at most 16 bytes, none of them 0.
    "parameters.profile.name": lambda dice, value: dice.choice(["other", value + "!", value[:-1], value.upper()]),
    # Of no points there is none to draw.
    "parameters.domain": lambda dice, value: value + dice.choice([1, P, value]),
    # So many are drawn.
    "parameters.queries": lambda dice, value: value + dice.choice([-1, 1, 2, 100]),
    "proof.out_of_domain": _other_claims,
    "proof.final_polynomial": _other_claims,
}


def _with_bus(dice: random.Random, circuit: Circuit, part: str) -> Circuit:
    """A bus that is another one wherever it is used."""
    bus = dice.choice(sorted({i.bus for p in circuit.placed for i in p.table.interactions}, key=lambda b: b.identifier))
    if part == "width" and any(term.bus == bus for term in circuit.public_terms):
        # The verifier's own terms would be refused; a bus without them is wider by a zero.
        raise NothingToChangeError("a bus with terms of the verifier's own")
    new = {
        "name": replace(bus, name=bus.name + "!"),
        "identifier": replace(bus, identifier=bus.identifier + dice.choice([100, P])),
        "width": replace(bus, width=bus.width + 1),
    }[part]

    def renamed(item: PlacedTable) -> PlacedTable:
        interactions = [replace(i, bus=new) if i.bus == bus else i for i in item.table.interactions]
        return replace(item, table=replace(item.table, interactions=interactions))

    terms = tuple(replace(term, bus=new) if term.bus == bus else term for term in circuit.public_terms)
    return replace(circuit, placed=tuple(renamed(item) for item in circuit.placed), public_terms=terms)


def _with_node(dice: random.Random, circuit: Circuit, path: str) -> Circuit:
    """One node of one constraint changed in one part."""
    kind, part = path.split(".")
    found: list[tuple[int, int, Expression]] = []
    for place, item in enumerate(circuit.placed):
        for number, constraint in enumerate(item.table.constraints):
            nodes = [node for node in _nodes(constraint.expression) if type(node).__name__ == kind]
            found += [(place, number, node) for node in nodes if _changeable(node, part)]
    if not found:
        raise NothingToChangeError(f"no {path}")
    place, number, node = dice.choice(found)
    item = circuit.placed[place]
    constraint = item.table.constraints[number]
    new = _other_node(dice, circuit, item, node, part)
    changed: Constraint = replace(constraint, expression=_rewritten(constraint.expression, node, new))
    constraints = [*item.table.constraints[:number], changed, *item.table.constraints[number + 1 :]]
    table = replace(item.table, constraints=constraints)
    return replace(circuit, placed=(*circuit.placed[:place], replace(item, table=table), *circuit.placed[place + 1 :]))


def _nodes(expression: Expression) -> list[Expression]:
    """All nodes, scalars that are coefficients included; one that is met twice stands there twice."""
    nodes: list[Expression] = [expression]
    if isinstance(expression, Linear):
        for coefficient, term in expression.terms:
            nodes += [coefficient] if isinstance(coefficient, Public) else []
            nodes += _nodes(term)
    elif isinstance(expression, Product):
        nodes += _nodes(expression.left) + _nodes(expression.right)
    return nodes


def _changeable(node: Expression, part: str) -> bool:
    if isinstance(node, Column):
        # A preprocessed column has no next row, and another phase needs a column there.
        return part not in ("phase", "rotation", "index") or (node.phase is Phase.MAIN and node.rotation == 0)
    return True


def _other_node(dice: random.Random, circuit: Circuit, item: PlacedTable, node: Expression, part: str) -> Expression:
    if isinstance(node, Constant):
        return Constant(node.value + 1)
    if isinstance(node, Public):
        return Public(dice.choice([name for name in circuit.publics if name != node.name]))
    if isinstance(node, Column):
        index = dice.choice([k for k in range(item.table.width) if k != node.index])
        new = {
            "phase": lambda: Column(Phase.PREPROCESSED, 0, node.name),
            "index": lambda: Column(node.phase, index, node.name, node.rotation),
            "name": lambda: Column(node.phase, node.index, node.name + "!", node.rotation),
            "rotation": lambda: Column(node.phase, node.index, node.name, 1),
        }
        return new[part]()
    if isinstance(node, Linear):
        if part == "constant":
            return Linear(node.terms, node.constant + dice.choice([1, -1, P]))
        (coefficient, term), *others = node.terms
        step = coefficient + dice.choice([1, P]) if isinstance(coefficient, int) else 3
        return Linear(dice.choice([[(step, term), *others], [*node.terms, (1, term)]]), node.constant)
    if isinstance(node, Product):
        return Product(node.left + 1, node.right) if part == "left" else Product(node.left, node.right + 1)
    raise TypeError(type(node).__name__)


def _rewritten(expression: Expression, node: Expression, new: Expression) -> Expression:
    """The expression with every use of one node replaced."""
    if expression is node:
        return new
    if isinstance(expression, Linear):
        terms = [
            (new if coefficient is node and isinstance(new, Public) else coefficient, _rewritten(term, node, new))
            for coefficient, term in expression.terms
        ]
        return Linear(terms, expression.constant)
    if isinstance(expression, Product):
        return Product(_rewritten(expression.left, node, new), _rewritten(expression.right, node, new))
    return expression
