"""A slice of the campaign of consistent cheats, and that the campaign can find something."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest

from tests.attacks.forgery import without
from tests.campaigns.campaign import Tally
from tests.campaigns.cheats import campaign, kinds
from tests.campaigns.cheats.campaign import LEAST_CHEATS, Cheats, judge, run_cheat
from tests.campaigns.cheats.kinds import BY_THE_PROOF, CHEATS, Attempt, NoLieError, Witness, load_all
from tests.campaigns.cheats.publishing import ACCEPTED
from tests.campaigns.cheats.scene import PRESETS, Epoch, Scene, forget_epochs
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.ledger.rules import BUILT_IN_REASONS
from zkpay.stark.air import Circuit

load_all()
NAMES = sorted(CHEATS)
IN_THE_TABLES = [name for name in NAMES if isinstance(CHEATS[name], Witness)]
SEED = "slice"


def honest(scene: Scene) -> Epoch:
    """No lie at all."""
    epoch = scene.draft()
    epoch.finish()
    return epoch


def found(name: str, cheat: kinds.Cheat | None = None) -> list[tuple[str, str]]:
    """What the campaign finds in one unit."""
    tally = Tally()
    try:
        run_cheat(tally, f"{SEED}/0/{name}", cheat or CHEATS[name])
    finally:
        forget_epochs()
    return tally.findings


@pytest.mark.parametrize("name", [*NAMES[::48], "relabelled_receipt", "another_pool"])
def test_no_proof_of_a_lie_is_accepted(name: str) -> None:
    tally = Cheats().run(f"{SEED}/0/{name}")
    assert tally.findings == []
    assert (tally.counts["cheats"], tally.counts["runs"]) == (1, 1)
    assert tally.tables["Cheats, rejected"] == {name: 1}


@pytest.mark.parametrize("name", IN_THE_TABLES[::13])
def test_every_lie_breaks_something(name: str) -> None:
    cheat, dice = CHEATS[name], random.Random(name)
    assert isinstance(cheat, Witness)
    for _ in range(campaign.DRAWS):
        try:
            assert cheat.objections(Scene(dice, dice.choice(cheat.presets)))
        except NoLieError:
            continue
        finally:
            forget_epochs()
        return
    pytest.fail("nothing to lie about")


def test_a_proof_of_a_lie_is_found_where_the_circuit_lacks_a_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    def weak(*arguments: Any) -> Circuit:
        return without(build_circuit(*arguments), "contributions/points[0] is 0 where idle")

    for module in ("tests.attacks.forgery", "tests.circuits.scenarios", "zkpay.epoch.verify"):
        monkeypatch.setattr(f"{module}.build_circuit", weak)
    monkeypatch.setattr(campaign, "STRONG", 0)
    ((_, what),) = found("points_of_the_rejected")
    assert what == "accepted: an account is paid for a record that was rejected at will"


def test_a_cheat_that_never_lies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "DRAWS", 2)
    cheat = Witness("honest", "nothing", "nobody", PRESETS[:1], BY_THE_PROOF, False, honest)
    ((_, what),) = found("honest", cheat)
    assert what == "2 draws gave nothing to lie about, the last because the statement is the honest one"


@pytest.mark.parametrize(
    ("attempt", "what"),
    [
        (Attempt(ACCEPTED, ACCEPTED), "accepted: "),
        (Attempt("constraints-unsatisfied", "constraints-unsatisfied"), "the honest epoch is rejected"),
        (Attempt(ACCEPTED, "payouts-mismatch"), "rejected for payouts-mismatch, not for constraints-unsatisfied"),
        (Attempt(ACCEPTED, "constraints-unsatisfied"), None),
    ],
)
def test_what_is_a_finding(attempt: Attempt, what: str | None) -> None:
    tally = Tally()
    judge(tally, "unit", CHEATS["record_left_out"], attempt)
    assert [found.startswith(what or "") for _, found in tally.findings] == [True] * (what is not None)


def test_cheats_are_many_and_say_what_they_are() -> None:
    assert len(CHEATS) >= LEAST_CHEATS
    lines = [cheat.says for cheat in CHEATS.values()]
    assert len(set(lines)) == len(lines)
    assert all(cheat.loses and cheat.presets and cheat.stopped_by for cheat in CHEATS.values())


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_lied_about(preset: str) -> None:
    own = partial(filter, lambda cheat: preset in cheat.presets and len(cheat.presets) <= 3)
    assert preset == "pro-rata" or list(own(CHEATS.values()))


@pytest.mark.parametrize("reason", BUILT_IN_REASONS[1:])
def test_every_reason_is_lied_about_both_ways(reason: str) -> None:
    assert {f"accept_{reason}", f"reject_as_{reason}"} <= set(CHEATS)
