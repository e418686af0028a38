"""Poseidon word for word from its definition, on lists of Python integers: the oracle of the fast forms.

Constants come from the published vectors file, not from the package.
"""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "poseidon_koalabear.json").read_text(encoding="utf-8")
)
P: int = VECTORS["field"]["modulus"]


def permutation_states(inputs: list[int]) -> tuple[list[int], list[list[int]], list[int]]:
    """The output, the state after every round, and s[0]^3 of every partial round; width len(inputs)."""
    width = len(inputs)
    parameters = VECTORS[f"width_{width}"]
    row = parameters["mds_circulant_first_row"]
    half, partial = parameters["full_rounds"] // 2, parameters["partial_rounds"]
    state, states, cubes = list(inputs), [], []
    for number, constants in enumerate(parameters["round_constants"]):
        state = [(s + c) % P for s, c in zip(state, constants, strict=True)]
        if half <= number < half + partial:
            state[0] = state[0] ** 3 % P
            cubes.append(state[0])
        else:
            state = [s**3 % P for s in state]
        state = [sum(row[(j - i) % width] * state[j] for j in range(width)) % P for i in range(width)]
        states.append(state)
    return state, states, cubes


def permute(inputs: list[int]) -> list[int]:
    return permutation_states(inputs)[0]


def feed_forward(inputs: list[int]) -> list[int]:
    """First 8 elements of permutation plus input."""
    return [(a + b) % P for a, b in zip(permute(inputs), inputs, strict=True)][:8]


def trace(inputs: list[int]) -> list[int]:
    """The internal columns of the circuit for one permutation, in their committed order."""
    output, states, cubes = permutation_states(inputs)
    columns = [x for state in states[:4] for x in state] + cubes
    columns += [x for state in states[-4:-1] for x in state]
    return columns + output[:8]
