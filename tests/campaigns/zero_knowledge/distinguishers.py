"""Distinguishers: each is shown a proof and both witnesses that it may come from, and names those that it may not.

One for each part that protects. A distinguisher relies on its part being switched off in a test build, and then names
the right witness; on a build with the part in place it must find nothing that speaks for one witness and against the
other. Salts hide rows from those who can guess them, and masks leave too much to guess: so salts are tried where there
are no masks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.campaigns.zero_knowledge.cases import Case, cubes_case, ledger_case, toy_case
from tests.campaigns.zero_knowledge.ledger import Equations, possible
from tests.campaigns.zero_knowledge.observer import Guess, View
from tests.campaigns.zero_knowledge.span import extension_powers, have_common_root, in_span, powers, solve
from tests.reference import stark
from tests.reference.stark import SHIFT, Array, P
from tests.reference.stark_prover import ACCUMULATOR, AUXILIARY, CHUNKS, MAIN, QUOTIENT, Key, tree_groups

Possible = tuple[bool, ...]
"""For each of the two witnesses, whether the proof may come from it."""


@dataclass(frozen=True)
class Experiment:
    """weak: labels of the masks and salts that are switched off; each mask keeps `keep` coefficients. real: what is
    switched off where the part in question is in place: nothing, but for salts.
    """

    name: str
    case: Callable[[str], Case]
    weak: tuple[str, ...]
    tell: Callable[[View], Possible]
    keep: int = 0
    real: tuple[str, ...] = ()


def _direct(seen: View, key: Key, witness: Array, length: int) -> tuple[Array, Array]:
    """What is shown of a main column of a tallest table: equations for its mask, the guess's share taken out."""
    height, domain = seen.parameters.height, seen.parameters.domain
    rows, values = [], []
    coefficients = stark.interpolate(witness.astype(np.int64))
    for index, value in seen.rows[key].items():
        point = SHIFT * pow(stark.omega(domain), index, P) % P
        own = powers(point, height + length)
        rows.append(own[height:] - own[:length])
        values.append(value - (own[:height] * coefficients % P).sum())
    for rotation in (0, 1):
        if (key, rotation) in seen.claims:
            wide = extension_powers(seen.point(rotation), height + length)
            rows += list(wide[:, height:] - wide[:, :length])
            values += list(np.array(seen.claims[key, rotation]) - (wide[:, :height] * coefficients % P).sum(axis=1))
    return np.array(rows).reshape(len(rows), length) % P, np.array(values) % P


# Records' amounts: opened at zeta and on the next row.
AMOUNT: Key = (MAIN, 0, 1)
SHOWN = 6 + 5 + 5
"""Values of such a column at 6 queries and two points of the extension."""


def by_main_column(length: int) -> Callable[[View], Possible]:
    """If a mask has few coefficients, the right guess leaves something that they explain."""

    def tell(seen: View) -> Possible:
        found = []
        for witness in seen.case.witnesses:
            matrix, values = _direct(seen, AMOUNT, witness["records"][1], length)
            # Queries that fall together show less: then there is nothing to tell by.
            found.append(bool(in_span(matrix, values)[0]) if len(values) > length else True)
        return tuple(found)

    return tell


def by_helper_claims(seen: View) -> Possible:
    """Helpers and accumulator without masks follow from witness and challenges, whatever main columns do."""
    found = []
    for witness in seen.case.witnesses:
        guess = Guess(seen, witness).through(AUXILIARY)
        tables = [extension_powers(seen.point(rotation), seen.parameters.dimension) for rotation in (0, 1)]
        agree = True
        for (key, rotation), claim in seen.claims.items():
            if key[0] == AUXILIARY and agree:
                coefficients = guess.polynomials[key]
                value = (tables[rotation][:, : len(coefficients)] * coefficients % P).sum(axis=1) % P
                agree = tuple(value.tolist()) == claim
        found.append(agree)
    return tuple(found)


def by_ledger_without(*masks: str) -> Callable[[View], Possible]:
    """All of the proof at once, as linear equations without the masks in question."""
    return lambda seen: possible(Equations(seen), masks)


def by_chunks(seen: View) -> Possible:
    """One query and masks without slack: a guess fixes the column up to one number t, and with it the middle chunk,
    whose shown values are cubic in t. Six cubics have a common root for the right guess only."""
    parameters = seen.parameters
    height, length, split = parameters.height, parameters.mask_length, parameters.split
    (index,) = seen.indices
    x = SHIFT * pow(stark.omega(parameters.domain), index, P) % P
    key = (QUOTIENT, ACCUMULATOR, 5)
    shown = [seen.rows[key][index], *seen.claims[key, 0]]
    functionals = np.concatenate([powers(x, split)[None], extension_powers(seen.zeta, split)])
    found = []
    for witness in seen.case.witnesses:
        (values,) = witness["cubes"].astype(np.int64)
        one, direction = solve(*_direct(seen, (MAIN, 0, 0), values, length))
        samples = []
        for t in range(4):
            mask = (one + t * direction) % P
            column = np.concatenate([stark.interpolate(values), mask])
            column[:length] = (column[:length] - mask) % P
            middle = _transition_quotient(column, height)[split : 2 * split]
            samples.append((functionals[:, : len(middle)] * middle % P).sum(axis=1) % P)
        columns = np.array(samples).T
        found.append(have_common_root([_cubic(row, value) for row, value in zip(columns.tolist(), shown, strict=True)]))
    return tuple(found)


def _transition_quotient(column: Array, height: int) -> Array:
    """((f(gX) - f(X)^3)(X - last)) / (X^N - 1)."""
    generator = stark.omega(height)
    size = 1 << (3 * len(column) + 1).bit_length()
    values = stark.evaluate(column, size)
    following = stark.evaluate(column * powers(generator, len(column)) % P, size)
    points = stark.domain(size)
    product = (following - values * values % P * values) % P * (points - pow(generator, -1, P)) % P
    work = stark.interpolate(product)
    quotient = np.zeros(size, dtype=np.int64)
    for start in range(size - height, 0, -height):
        # P_j = Q_(j - N) - Q_j, from the top.
        quotient[start - height : start] = (work[start : start + height] + quotient[start : start + height]) % P
    assert not ((work[:height] + quotient[:height]) % P).any(), "the guess is no witness"
    return quotient


def _cubic(values: list[int], shown: int) -> list[int]:
    """Coefficients of the cubic through values at 0, 1, 2, 3, less what is shown."""
    a, b, c, d = values
    half, sixth = pow(2, -1, P), pow(6, -1, P)
    first, second, third = b - a, (c - 2 * b + a) * half, (d - 3 * c + 3 * b - a) * sixth
    # Newton's form: a + first t + second t (t - 1) + third t (t - 1)(t - 2).
    return [a - shown, first - second + 2 * third, second - 3 * third, third]


def by_leaf_digests(tree: int) -> Callable[[View], Possible]:
    """Without salts whoever can guess a row can check it, although it isn't opened: by its digest in a query's path.
    Here rows can be guessed because all masks are off, and nothing but digests is looked at."""

    def tell(seen: View) -> Possible:
        opening, size = seen.proof.trees[tree], seen.parameters.domain
        siblings = {opening.siblings[k : k + 32] for k in range(0, len(opening.siblings), 32)}
        beside = {(index + size // 2) % size for index in seen.indices} - set(seen.indices)
        _, keys = tree_groups(seen.case.circuit, tree)[0]
        found = []
        for witness in seen.case.witnesses:
            words = Guess(seen, witness).through(tree).words
            digests = {
                stark.leaf(tree, 0, bytes(16), [int(words[key][index % len(words[key])]) for key in keys])
                for index in beside
            }
            found.append(bool(digests) and digests <= siblings)
        return tuple(found)

    return tell


EVERY_MASK = ("masks", "quotient", "fri")
EXPERIMENTS = (
    Experiment("main masks", toy_case, ("masks/0",), by_main_column(0)),
    Experiment("main masks, one coefficient too short", toy_case, ("masks/0",), by_main_column(SHOWN - 1), SHOWN - 1),
    Experiment("helper and accumulator masks", toy_case, ("masks/1",), by_helper_claims),
    Experiment("main masks, the whole proof", ledger_case, ("masks/0",), by_ledger_without("main")),
    Experiment(
        "accumulator masks, the whole proof", ledger_case, ("masks/1",), by_ledger_without("helper", "accumulator")
    ),
    Experiment("FRI mask", ledger_case, ("fri",), by_ledger_without("fri")),
    Experiment("quotient masks", cubes_case, ("quotient",), by_chunks),
    *(
        Experiment(
            f"salts of the {name} tree",
            toy_case,
            (*EVERY_MASK, f"salts/{tree}"),
            by_leaf_digests(tree),
            real=EVERY_MASK,
        )
        for tree, name in enumerate(("main", "auxiliary", "quotient"))
    ),
)
assert CHUNKS == 3
