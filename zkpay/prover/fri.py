"""FRI: fold the DEEP codeword down to a short polynomial (SPEC §4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.folding import fold
from zkpay.kernels.keccak import leaf_digests
from zkpay.kernels.ntt import interpolate_coset
from zkpay.prover.commit import Digests, build_levels, sibling_digests
from zkpay.stark.domains import fri_leaf_prefix
from zkpay.stark.field import EXTENSION_DEGREE, GENERATOR, P
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import LayerOpening, element_bytes
from zkpay.stark.protocol import draw_fold
from zkpay.stark.transcript import Transcript

Columns = NDArray[np.uint32]


@dataclass(frozen=True)
class CommittedLayer:
    """A codeword's fibres uint32[arity * 5, blowup, leaves / blowup] and their tree (salts are not needed: given
    the FRI mask the codewords are uniform, SPEC §7)."""

    arity: int
    fibres: Columns
    levels: dict[int, Digests]
    root: bytes


def commit_layers(
    transcript: Transcript, parameters: Parameters, codeword: Columns, *, check: bool
) -> tuple[list[CommittedLayer], Columns]:
    """All layers for codeword uint32[5, blowup, N], and the last polynomial uint32[final_length, 5].

    Raises ValueError if the codeword is not of low degree, unless `check` is off.
    """
    layers = []
    size, shift = parameters.domain, GENERATOR
    for number, arity in enumerate(parameters.arities):
        layer = _commit_layer(codeword, arity, number)
        layers.append(layer)
        challenge = draw_fold(transcript, number, layer.root)
        codeword = fold(codeword, arity, challenge, shift, size)
        size, shift = size // arity, pow(shift, arity, P)
    # Index i = j + blowup * m is at [:, j, m].
    ordered = np.ascontiguousarray(codeword.transpose(0, 2, 1)).reshape(EXTENSION_DEGREE, size)
    coefficients = interpolate_coset(ordered, shift)
    if check and bool(coefficients[:, parameters.final_length :].any()):
        raise ValueError("the DEEP codeword is not of low degree: openings don't fit the committed columns")
    return layers, np.ascontiguousarray(coefficients[:, : parameters.final_length].T)


def open_layer(layer: CommittedLayer, indices: Sequence[int]) -> LayerOpening:
    """For the queried indices: the fibres' entries, ascending, but those at the indices themselves, which the verifier
    computes; and siblings."""
    _, blowup, rest = layer.fibres.shape
    leaves = blowup * rest
    known = {index % (layer.arity * leaves) for index in indices}
    positions = np.array(sorted({index % leaves for index in indices}))
    unknown = np.array([[p + k * leaves not in known for k in range(layer.arity)] for p in positions.tolist()])
    fibres = layer.fibres[:, positions % blowup, positions // blowup].T.reshape(*unknown.shape, EXTENSION_DEGREE)
    return LayerOpening(element_bytes(fibres[unknown]), sibling_digests(layer.levels, indices))


def _commit_layer(codeword: Columns, arity: int, number: int) -> CommittedLayer:
    _, blowup, length = codeword.shape
    rest = length // arity
    # Entry k of the fibre of index i is the value at i + k * size / arity: same coset, rest * k places further.
    split = codeword.reshape(EXTENSION_DEGREE, blowup, arity, rest).transpose(2, 0, 1, 3)
    fibres = np.ascontiguousarray(split).reshape(arity * EXTENSION_DEGREE, blowup, rest)
    digests = leaf_digests(fibres.reshape(arity * EXTENSION_DEGREE, -1), fri_leaf_prefix(number), None)
    levels, root = build_levels({blowup * rest: digests.reshape(4, blowup, rest)})
    return CommittedLayer(arity, fibres, levels, root)
