"""Queries: few enough of them can be ground for, so their number and work are the verifier's own (SPEC §6.1).

A false statement's word of low degree can agree with what it should be on K of n points. A prover who tries nonces
until all queries fall there is believed: K / n to the power of the queries is what a nonce is worth. Sources: Plonky3
#1735 and #1772 (no queries at all); winterfell #160 and GHSA-8fhq-pf83-pv93 (parameters that the prover chooses).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.reference import stark
from tests.reference.stark_forger import Forger, false_circuit, low_degree_through
from tests.reference.toy import light_parameters, use_light_parameters, verdict
from zkpay.stark.field import GENERATOR
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import Proof


class Grinding(Forger):
    """Commits to a word that is right on the first K points, and takes a nonce whose queries lie there."""

    tries = 0

    def layer_word(self, number: int, codeword: np.ndarray) -> np.ndarray:
        if number:
            return codeword
        known = self.parameters.dimension
        return stark.evaluate(low_degree_through(self.points[:known], codeword[:, :known]), self.size, GENERATOR)

    def choose_nonce(self, seed: bytes) -> int:
        return stark.mine(seed, self.parameters.grinding_bits, good=self.hits)

    def hits(self, nonce: int) -> bool:
        """Whether all queries fall where the word is right."""
        self.tries += 1
        return max(self.draw(nonce)) < self.parameters.dimension


@cache
def ground(queries: int) -> tuple[Proof, int]:
    prover = Grinding(false_circuit(), queries=queries)
    return prover.prove(), prover.tries


def test_few_queries_are_ground_for(monkeypatch: pytest.MonkeyPatch) -> None:
    proof, tries = ground(2)
    parameters = light_parameters(false_circuit(), 2)
    # Each nonce is worth (K / n)^2, about one in 28.
    assert 1 < tries < 12 * (parameters.domain / parameters.dimension) ** 2
    use_light_parameters(monkeypatch, queries=2)
    assert verdict(false_circuit(), proof) == "accepted"


@pytest.mark.parametrize("queries", [1, 3, 6])
def test_a_verifier_with_another_number_of_queries(queries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither more nor fewer: the number is absorbed, and so many rows have to be there."""
    use_light_parameters(monkeypatch, queries=queries)
    assert verdict(false_circuit(), ground(2)[0]) != "accepted"


def test_a_verifier_at_full_strength() -> None:
    assert verdict(false_circuit(), ground(2)[0]) != "accepted"
    for profile in PROFILES.values():
        parameters = derive(profile, false_circuit())
        # What a nonce would be worth, to this prover, in bits; the work for one comes on top.
        agreement = parameters.dimension / parameters.domain
        assert -parameters.queries * np.log2(agreement) + parameters.grinding_bits > 128
