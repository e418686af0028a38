"""A folded hash in plain integers, row by row, with a mistake on request."""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.circuits.gadgets.folded_poseidon import BOX, BOXES, HASH_ROWS, KEPT, PERIOD, STATE
from zkpay.circuits.trace import Trace
from zkpay.poseidon.permutation import DIGEST_SIZE, permutation_of_width
from zkpay.stark.field import P


@dataclass(frozen=True)
class Error:
    """1 too much in one element, after which all goes on as it should.

    part: `state` (after the full round of `row`), `box` (what goes into an S-box of the partial rounds, or after the
    last one, element 0), or `kept` (from `row` on).
    """

    part: str
    row: int
    element: int


NONE = Error("", 0, 0)


def replay(trace: Trace, start: int, slot: int, error: Error = NONE) -> None:
    """Fill the hash that begins on row `start` of the 16 of `slot`, from the inputs that stand there."""
    permutation = permutation_of_width(16 if start else 24)
    first = PERIOD * slot + start
    state, box, kept = trace.group(STATE), trace.group(BOX), trace.group(KEPT)
    values = [int(value) for value in state[: permutation.width, first]]
    given = values[:DIGEST_SIZE]
    full = permutation.round_constants[:4] + permutation.round_constants[-4:]
    for row in range(HASH_ROWS):
        state[: permutation.width, first + row] = values
        held = [(given[i] + (error == Error(KEPT, error.row, i) and row >= error.row)) % P for i in range(DIGEST_SIZE)]
        kept[:, first + row] = held
        cubes = [pow(value + constant, 3, P) for value, constant in zip(values, full[row], strict=True)]
        values = [sum(m * cube for m, cube in zip(entries, cubes, strict=True)) % P for entries in permutation.mds]
        if (error.part, error.row) == (STATE, row):
            values[error.element] = (values[error.element] + 1) % P
        if row == HASH_ROWS // 2 - 1:
            inputs, values = _partial_rounds(permutation.width, values, error)
            for number, value in enumerate(inputs):
                box[number % BOXES, first + row + number // BOXES] = value
    box[:DIGEST_SIZE, first + HASH_ROWS - 1] = [(a + b) % P for a, b in zip(values, held, strict=False)]


def _partial_rounds(width: int, state: list[int], error: Error) -> tuple[list[int], list[int]]:
    """What goes into each S-box, and the state after."""
    partial = permutation_of_width(width).partial
    shifted = [value + constant for value, constant in zip(state, partial.initial_constants, strict=True)]
    current = [sum(m * value for m, value in zip(row, shifted, strict=True)) % P for row in partial.dense]
    inputs = []
    for number, step in enumerate(partial.sparse):
        if error == Error("box", 0, number) and number:
            current[0] = (current[0] + 1) % P
        inputs.append(current[0])
        head = (pow(current[0], 3, P) + step.constant) % P
        after = sum(m * value for m, value in zip(step.first_row, [head, *current[1:]], strict=True)) % P
        rest = [(value + m * head) % P for value, m in zip(current[1:], step.first_column, strict=True)]
        current = [after, *rest]
    if error == Error("box", 0, len(inputs)):
        current[0] = (current[0] + 1) % P
    return inputs, current
