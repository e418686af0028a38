"""A slice of the deletion campaign, and that it would find what it looks for."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace

import pytest

from tests.campaigns.deletion import catalogue
from tests.campaigns.deletion.campaign import BATCH, Deletion
from tests.campaigns.deletion.catalogue import (
    CHEAT,
    LIE,
    OPEN,
    asked_of,
    explained,
    names_of,
    open_names,
    replay,
    stored,
)
from tests.campaigns.deletion.ground import Ground, UnstoppedError, ground, ground_for
from tests.campaigns.deletion.lies.choices import PICK
from tests.campaigns.deletion.proofs import verdicts
from tests.campaigns.deletion.reasons.implied import Plans, noted_plans
from tests.campaigns.deletion.reasons.openings import why_closed
from tests.campaigns.deletion.reasons.overpaid import why_overpaid
from tests.campaigns.deletion.reasons.unreachable import reachable
from tests.campaigns.deletion.search import attempt, kills
from tests.campaigns.deletion.tailored.picked import odd_claims
from tests.campaigns.deletion.whole import forge
from tests.campaigns.differential.epochs import Circuit
from zkpay.policy.tools.presets import PRESETS


def some(kind: str, count: int) -> list[tuple[str, str, str]]:
    """Some stored kills of all presets, always the same."""
    found = [(title, name, how) for title, names in stored().items() for name, how in names.items()]
    return random.Random(kind).sample([entry for entry in found if entry[2].startswith(kind)], count)


def test_every_name_has_an_answer_or_is_listed_as_open() -> None:
    assert open_names() == json.loads(OPEN.read_text(encoding="utf-8")), "python -m tests.campaigns.deletion.catalogue"


@pytest.mark.parametrize("title", PRESETS)
def test_answers_are_about_names_that_there_are(title: str) -> None:
    assert stored()[title].keys() <= set(names_of(title))


@pytest.mark.parametrize(("title", "name", "how"), some(LIE, 30))
def test_a_lie_is_stopped_by_one_name(title: str, name: str, how: str) -> None:
    assert replay(title, name, how)


@pytest.mark.parametrize(("title", "name", "how"), some(CHEAT, 2))
def test_a_cheat_is_stopped_by_one_name(title: str, name: str, how: str) -> None:
    assert replay(title, name, how)


def a_line() -> tuple[Ground, str, str]:
    """A line of a sum with its lie's seed."""
    title, name = "pro-rata", "payouts/score line 0"
    return ground_for(title, name), name, stored()[title][name].split()[1]


def test_a_lie_as_a_proof() -> None:
    place, name, seed = a_line()
    story = attempt(place, name, seed)
    assert story is not None
    assert verdicts(forge(place.policy, story), name) == ("constraints-unsatisfied", "accepted")


def test_a_circuit_without_a_name_is_a_finding() -> None:
    place, name, seed = a_line()
    weak = Ground("pro-rata")
    weak.circuit.tables = [
        replace(table, constraints=[constraint for constraint in table.constraints if constraint.name != name])
        for table in weak.circuit.tables
    ]
    assert name in kills(place, name, seed)
    with pytest.raises(UnstoppedError):
        kills(weak, name, seed)


def test_a_name_without_a_kill_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    title, name = "pro-rata", "payouts/score line 0"
    batch = asked_of(title).index(name) // BATCH
    known = {title: {other: how for other, how in stored()[title].items() if other != name}}
    monkeypatch.setattr("tests.campaigns.deletion.campaign.stored", lambda: known)
    monkeypatch.setattr("tests.campaigns.deletion.campaign.WHOLE", 0.0)
    monkeypatch.setattr("tests.campaigns.deletion.campaign.FRESH", 3)
    tally = Deletion().run(f"1/{title}/{batch}")
    assert [what for place, what in tally.findings if place.endswith(name)] == ["neither a lie nor a reason is known"]
    assert tally.counts["names"] == BATCH
    assert catalogue.ANSWERS.exists()


def test_a_reason_is_withdrawn_where_more_accounts_could_use_a_limb() -> None:
    name, plans = "payouts/score[2] has 10 bits", Plans()
    with noted_plans(plans):
        larger = Circuit(ground("pro-rata").policy, 1 << 14, 1 << 13)
    (payouts,) = (table for table in larger.tables if table.name == "payouts")
    assert explained("pro-rata", name) is not None
    assert why_closed(larger.bounds, plans, payouts, name) is None


@pytest.mark.parametrize(("count", "bits"), [(2, 1), (2, 2), (3, 1)])
def test_a_pick_of_any_size_is_thought_of(count: int, bits: int) -> None:
    numbers = list(itertools.product(range(1 << bits), repeat=count))
    for fixed, place, is_right in itertools.product(numbers, range(count - 1), (False, True)):
        sides = [(other, fixed) if is_right else (fixed, other) for other in numbers]
        lied = any(_lies_by_pick(left, right, bits, place) for left, right in sides)
        assert reachable(fixed, bits, PICK, place, is_right=is_right) == lied, (fixed, place, is_right)
        # And the lies that are told are all that there are.
        told = any(
            value not in (0, 1)
            for left, right in sides
            for _, values in odd_claims(left, right, int(left[::-1] > right[::-1]), bits, place)
            for value in values
        )
        assert told == lied, (fixed, place, is_right)


def _lies_by_pick(left: tuple[int, ...], right: tuple[int, ...], bits: int, place: int) -> bool:
    """Whether some picks, of which one is no bit, claim the contrary of how two numbers compare."""
    flag = int(left[::-1] > right[::-1])
    for picks in itertools.product(*(range(-12, 13) if k == place else (0, 1) for k in range(len(left) - 1))):
        counted = (*picks, 1 - sum(picks))
        gap = sum(weight * (large - small) for weight, small, large in zip(counted, left, right, strict=True))
        equal = all(left[k] == right[k] or sum(picks[:k]) == 0 for k in range(len(left)))
        difference = (2 * flag - 1) * gap - 1 + flag * picks[0]
        if picks[place] not in (0, 1) and equal and 0 <= difference < 1 << bits:
            return True
    return False


def test_a_lie_by_a_large_pick_is_no_reason() -> None:
    title, name = "capped-pro-rata", "payouts/compute_points order pick[0] is a bit"
    assert explained(title, name) is None
    assert replay(title, name, stored()[title][name])


@pytest.mark.parametrize("title", ["diminishing-per-kind", "square-root"])
def test_a_limb_that_could_be_paid_less_has_no_reason(title: str) -> None:
    place = ground(title)
    bounds, payouts = place.circuit.bounds, place.tables["payouts"]
    reasons = {name: why_overpaid(bounds, place.plans, payouts, name) for name in place.names if "root[" in name}
    assert {name for name, reason in reasons.items() if reason is not None} == {
        f"payouts/{kind}_root[1] has 13 bits"
        for kind in ("data", "compute", "evaluation")
        if title == "diminishing-per-kind"
    }


def test_a_reason_is_withdrawn_where_a_pool_has_room_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    place, name = ground("diminishing-per-kind"), "payouts/compute_root[1] has 13 bits"
    larger = replace(place.circuit.bounds, pool=place.circuit.bounds.pool * 10)
    monkeypatch.setattr("tests.campaigns.deletion.reasons.overpaid.is_shared_by", lambda *_: True)
    assert why_overpaid(larger, place.plans, place.tables["payouts"], name) is None
