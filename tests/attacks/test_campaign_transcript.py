"""The transcript campaign in small: every item of the inventory changed alone, and weakened verifiers that it finds."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.attacks.frozen import frozen
from tests.campaigns.campaign import Tally
from tests.campaigns.transcript import epochs, trials
from tests.campaigns.transcript.campaign import proved, try_circuit
from tests.campaigns.transcript.epochs import try_epoch
from tests.campaigns.transcript.inventory import INVENTORY, MESSAGES, Fate
from tests.campaigns.transcript.replay import judge
from tests.campaigns.transcript.trials import Subject
from zkpay.stark.field import P


@pytest.mark.parametrize("number", range(2))
def test_every_item_of_a_random_circuit(number: int) -> None:
    tally = try_circuit(f"test/{number}", 1)
    assert tally.findings == []
    assert set(tally.tables["Alterations"]) == set(trials.ITEMS)
    absorbed = [path for path in trials.ITEMS if not isinstance(INVENTORY[path].message, Fate)]
    assert tally.counts["challenges that changed"] == len(absorbed)


def test_every_field_of_a_statement() -> None:
    tally = try_epoch("test/0")
    assert tally.findings == []
    assert set(tally.tables["Alterations"]) == set(epochs.ITEMS)
    assert tally.counts["challenges that changed"] == tally.counts["alterations"] == len(epochs.ITEMS)


@pytest.mark.parametrize("message", [message for message in MESSAGES if message not in ("protocol", "heights")])
def test_a_verifier_that_forgets_a_message_is_found(message: str) -> None:
    """Whatever is left out, the campaign finds that some item of it doesn't change the challenge after it, and it finds
    that of nothing else. The protocol's name is no item of a proof, and the circuit's digest has the heights, too."""
    dice = random.Random("weakened")
    with frozen("layer 1" if message == "layer" else message):
        known = proved(dice)
        assert judge(known) == "accepted"
        tally = Tally()
        Subject(known).try_all(dice, "weakened", tally, 1)
        carried = {path for path in trials.ITEMS if INVENTORY[path].message == message}
        while message == "layer" and not tally.findings:
            # Until the layer's number comes up.
            Subject(known).try_all(dice, "weakened", tally, 1)
    found = {place.split(" ")[1] for place, _ in tally.findings}
    assert found
    assert found <= carried


def test_a_number_that_wraps_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers absorbed modulo P: an alteration by P is the same to such a transcript (Zellic on SP1 Hypercube 3.12)."""
    monkeypatch.setattr("zkpay.stark.protocol.repr", _wrapping, raising=False)
    found = set[str]()
    for number in range(6):
        tally = Tally()
        dice = random.Random(f"wraps {number}")
        known = proved(dice)
        monkeypatch.setattr(trials, "ITEMS", ["circuit.publics{}", "circuit.sum_targets{}"])
        Subject(known).try_all(dice, "wraps", tally, 4)
        found |= {problem for _, problem in tally.findings}
    assert "accepted" in found


def _wrapping(value: list[tuple[Any, ...]]) -> str:
    return str([[part % P if isinstance(part, int) else part for part in entry] for entry in value])
