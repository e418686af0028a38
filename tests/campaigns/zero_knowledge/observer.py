"""What an observer has: a proof's coins, claims and opened rows, and the columns that a guessed witness would give."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.campaigns.zero_knowledge.cases import Case, tiny_parameters
from tests.reference import stark
from tests.reference.stark import Array, Extension
from tests.reference.stark_prover import Key, LiteralProver, Opening, opening_order, tree_groups
from tests.reference.toy import STATEMENT, Witness
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import (
    begin,
    draw_alpha,
    draw_bus_challenges,
    draw_fold,
    draw_lambda,
    draw_queries,
    draw_zeta,
    grinding_seed,
)


@dataclass(frozen=True)
class View:
    """Everything in a proof, by name. rows: opened values of each column by index in the domain of its own table."""

    case: Case
    parameters: Parameters
    proof: Proof
    delta: Extension
    alpha: Extension
    bus: tuple[Extension, Extension]  # beta, gamma
    zeta: Extension
    batching: tuple[Extension, ...]
    folds: tuple[Extension, ...]
    indices: tuple[int, ...]
    claims: dict[Opening, Extension]
    rows: dict[Key, dict[int, int]]

    def point(self, rotation: int) -> Extension:
        """Where an opening is, in the tallest table's variable."""
        return stark.scale(self.zeta, stark.omega(self.parameters.height)) if rotation else self.zeta


def view(case: Case, proof: Proof) -> View:
    """As the verifier reads it."""
    circuit, parameters = case.circuit, tiny_parameters(case.circuit, case.queries)
    transcript = begin(circuit, parameters, STATEMENT)
    buses = draw_bus_challenges(transcript, circuit, proof.main_root)
    alpha = draw_alpha(transcript, proof.auxiliary_root)
    zeta = draw_zeta(transcript, proof.quotient_root)
    order = opening_order(circuit)
    batching = draw_lambda(transcript, proof.out_of_domain, len(order))
    folds = tuple(draw_fold(transcript, layer, root) for layer, root in enumerate(proof.layer_roots))
    grinding_seed(transcript, proof.final_polynomial)
    indices = tuple(draw_queries(transcript, parameters, proof.nonce))
    values = np.frombuffer(proof.out_of_domain, dtype="<u4").astype(np.int64).reshape(-1, 5)
    rows: dict[Key, dict[int, int]] = {}
    for tree, opening in enumerate(proof.trees):
        for (height, keys), data in zip(tree_groups(circuit, tree), opening.rows, strict=True):
            positions = sorted({index % (parameters.blowup * height) for index in indices})
            opened = np.frombuffer(data, dtype="<u4").reshape(len(positions), len(keys)).tolist()
            for column, key in enumerate(keys):
                rows[key] = {place: row[column] for place, row in zip(positions, opened, strict=True)}
    return View(
        case=case,
        parameters=parameters,
        proof=proof,
        delta=buses.delta_powers[0] if buses.delta_powers else (0, 0, 0, 0, 0),
        alpha=alpha,
        bus=(buses.beta_powers[1], buses.gamma),
        zeta=zeta,
        batching=batching,
        folds=folds,
        indices=indices,
        claims={opening: stark.as_extension(value) for opening, value in zip(order, values.tolist(), strict=True)},
        rows=rows,
    )


class _NoMasks:
    """Stands for a mask source that is switched off."""

    def elements(self, label: str, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, dtype=np.uint32)

    def data(self, label: str, count: int) -> bytes:
        return bytes(count)


class Guess(LiteralProver):
    """The columns of a guessed witness without any mask, under the challenges of somebody else's proof."""

    def __init__(self, seen: View, witness: Witness) -> None:
        super().__init__(seen.case.circuit, witness, STATEMENT, seen.parameters, bytes(32))
        masks: Any = _NoMasks()
        self.masks = masks
        self._roots = iter((seen.proof.main_root, seen.proof.auxiliary_root, seen.proof.quotient_root))

    def commit_words(self, tree: int) -> None:
        """What was committed is in the proof."""
        committed: Any = SimpleNamespace(root=next(self._roots))
        self.trees.append(committed)

    def through(self, tree: int) -> Guess:
        """All columns up to those of a tree."""
        self.begin()
        for step in (self.commit_main, self.commit_auxiliary, self.commit_quotient)[: tree + 1]:
            step()
        return self
