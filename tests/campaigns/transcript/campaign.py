"""The transcript campaign: is everything that a verifier knows bound before the first challenge after it?"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.transcript.circuits import random_case
from tests.campaigns.transcript.epochs import try_epoch
from tests.campaigns.transcript.replay import Known, judge, prove_lightly
from tests.campaigns.transcript.trials import QUERIES, Subject
from tests.reference.toy import light_parameters
from zkpay.stark.parameters import PROFILES

UNITS = 200
EPOCHS = 10
"""Every so many-th unit is the epoch of a random policy, with its statement; the others are random circuits."""
TIMES = 3
"""Alterations of each item."""


class Transcripts(Campaign):
    """A unit is a random circuit with its proof, of which every item is altered, or an epoch's statement."""

    name = "transcript"
    question = "Is a proof rejected, and the next challenge another, when one thing that the verifier knows changes?"
    targets: ClassVar[Mapping[str, int]] = {
        "circuits": UNITS - UNITS // EPOCHS,
        "epochs": UNITS // EPOCHS,
        "alterations": 50_000,
    }

    def units(self, seed: str) -> Iterable[str]:
        return (f"{seed}/{number}" for number in range(UNITS))

    def run(self, unit: str) -> Tally:
        if int(unit.rpartition("/")[2]) % EPOCHS == EPOCHS - 1:
            return try_epoch(unit)
        return try_circuit(unit)


def try_circuit(unit: str, times: int = TIMES) -> Tally:
    """One random circuit."""
    tally = Tally()
    dice = random.Random(unit)
    known = proved(dice)
    verdict = judge(known)
    tally.counts["circuits"] += 1
    if verdict == "accepted":
        Subject(known).try_all(dice, unit, tally, times)
    else:
        tally.find(unit, f"an honest proof is not accepted: {verdict}")
    return tally


def proved(dice: random.Random) -> Known:
    """A random circuit with a statement and a proof of it."""
    circuit, witness = random_case(dice)
    statement = dice.randbytes(dice.choice([0, 1, 100]))
    profile = dice.choice(list(PROFILES))
    parameters = light_parameters(circuit, QUERIES, profile=profile)
    return prove_lightly(circuit, witness, statement, parameters, dice.randbytes(32))
