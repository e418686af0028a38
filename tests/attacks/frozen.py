"""A prover and a verifier that leave messages out of the transcript, and what a cheat can work out then.

Whatever a challenge does not depend on can be chosen when the challenge is known. A cheat runs the crippled prover
once to learn the challenges, solves for what it wants to send, and runs it again with that in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from tests.reference.toy import STATEMENT, light_parameters
from zkpay.stark.air import Circuit
from zkpay.stark.field import EXT_ONE, EXT_ZERO, EXTENSION_DEGREE, Extension, P, ext_add, ext_mul, ext_pow, ext_sub
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof, parse_extensions
from zkpay.stark.protocol import (
    BusChallenges,
    begin,
    draw_alpha,
    draw_bus_challenges,
    draw_fold,
    draw_lambda,
    draw_queries,
    draw_zeta,
    grinding_seed,
)
from zkpay.stark.transcript import Transcript
from zkpay.verifier.constraints import combine_coordinates, quotient_numerator

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6


@contextmanager
def frozen(*left_out: str) -> Iterator[None]:
    """Prover and verifier that don't absorb the messages of these labels."""
    absorb = Transcript.absorb

    def forgetful(self: Transcript, label: str, data: bytes) -> None:
        if label not in left_out:
            absorb(self, label, data)

    with pytest.MonkeyPatch.context() as crippled:
        crippled.setattr(Transcript, "absorb", forgetful)
        yield


@dataclass(frozen=True)
class Challenges:
    """All that a verifier draws, in order."""

    buses: BusChallenges
    alpha: Extension
    zeta: Extension
    weights: tuple[Extension, ...]
    folds: tuple[Extension, ...]
    seed: bytes
    queries: tuple[int, ...]


def parameters_of(circuit: Circuit) -> Parameters:
    return light_parameters(circuit, QUERIES)


def challenges_of(circuit: Circuit, proof: Proof, statement: bytes = STATEMENT) -> Challenges:
    """What the verifier draws for a proof; the crippled one, within `frozen`."""
    parameters = parameters_of(circuit)
    transcript = begin(circuit, parameters, statement)
    return Challenges(
        buses=draw_bus_challenges(transcript, circuit, proof.main_root),
        alpha=draw_alpha(transcript, proof.auxiliary_root),
        zeta=draw_zeta(transcript, proof.quotient_root),
        weights=draw_lambda(transcript, proof.out_of_domain, layout_of(circuit).opening_count),
        folds=tuple(draw_fold(transcript, layer, root) for layer, root in enumerate(proof.layer_roots)),
        seed=grinding_seed(transcript, proof.final_polynomial),
        queries=tuple(draw_queries(transcript, parameters, proof.nonce)),
    )


def vanishing(circuit: Circuit, zeta: Extension) -> Extension:
    """zeta^N - 1."""
    return ext_sub(ext_pow(zeta, parameters_of(circuit).height), EXT_ONE)


def gap(circuit: Circuit, proof: Proof, drawn: Challenges) -> Extension:
    """The folded constraints at zeta minus quotient * (zeta^N - 1), by a proof's claims: zero if the verifier is
    content with them."""
    layout = layout_of(circuit)
    claims = parse_extensions(proof.out_of_domain, layout.opening_count, "claims")
    chunks = [claims[k] for k in layout.quotient_openings]
    quotient = EXT_ZERO
    for number, first in enumerate(range(0, len(chunks), EXTENSION_DEGREE)):
        shift = ext_pow(drawn.zeta, number * parameters_of(circuit).split)
        part = combine_coordinates(chunks[first : first + EXTENSION_DEGREE])
        quotient = ext_add(quotient, ext_mul(shift, part))
    top = quotient_numerator(circuit, layout, drawn.buses, drawn.alpha, drawn.zeta, claims)
    return ext_sub(top, ext_mul(quotient, vanishing(circuit, drawn.zeta)))


def zero_of(affine: Callable[[Sequence[int]], Extension]) -> list[int]:
    """The five field elements at which an affine map into the extension is zero: five equations over F_p."""
    units = np.eye(EXTENSION_DEGREE, dtype=np.int64).tolist()
    origin = affine([0] * EXTENSION_DEGREE)
    columns = [ext_sub(affine(unit), origin) for unit in units]
    rows = [[*(column[k] for column in columns), -origin[k] % P] for k in range(EXTENSION_DEGREE)]
    for place in range(EXTENSION_DEGREE):
        pivot = next(number for number in range(place, EXTENSION_DEGREE) if rows[number][place])
        rows[place], rows[pivot] = rows[pivot], rows[place]
        scale = pow(rows[place][place], -1, P)
        rows[place] = [value * scale % P for value in rows[place]]
        for other in range(EXTENSION_DEGREE):
            if other != place:
                factor = rows[other][place]
                rows[other] = [(a - factor * b) % P for a, b in zip(rows[other], rows[place], strict=True)]
    return [row[-1] for row in rows]
