"""Fiat-Shamir: everything that both sides know is absorbed before the first challenge that depends on it (SPEC §4.4).

An item that is left out lets a prover choose it after the challenge: Trail of Bits' "frozen heart" (2022); Plonky3
#358, #393, #627; Zellic on SP1 Hypercube 3.1-3.3; OpenVM Cantina 3.2.4; Least Authority on Plonky3, issues B and C.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.campaigns.transcript.replay import ABSORB, SQUEEZE, Event, Known, tape, taping
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy, use_light_parameters, verdict
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import begin
from zkpay.stark.transcript import Transcript

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6

ABSORBED = [
    "protocol",
    "circuit",
    "parameters",
    "heights",
    "statement",
    "publics",
    "public terms",
    "sum targets",
    "main root",
    "auxiliary root",
    "quotient root",
    "out of domain",
    "layer 0",
    "layer 1",
    "layer 2",
    "final polynomial",
    "nonce",
]
"""All that prover and verifier share, in order."""

CHALLENGES_AFTER = {
    "main root": ["beta", "gamma", "delta"],
    "auxiliary root": ["alpha"],
    "quotient root": ["zeta"],
    "out of domain": ["lambda"],
    "layer 0": ["fold 0"],
    "layer 1": ["fold 1"],
    "layer 2": ["fold 2"],
    "final polynomial": ["grind"],
    "nonce": ["queries"],
}


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def circuit() -> Circuit:
    return toy(*HEIGHTS).circuit


@cache
def proof() -> Proof:
    return prove_circuit(circuit(), toy(*HEIGHTS).witness, STATEMENT, PROFILES["default"], seed=SEED)


def record(tamper: int = -1) -> tuple[list[Event], str]:
    """What one verification absorbs and squeezes, and its verdict.

    The data of absorption number `tamper` is changed by one bit on its way in.
    """
    judged, sent, count = circuit(), proof(), itertools.count()
    with taping() as events, pytest.MonkeyPatch.context() as patched:
        taped = Transcript.absorb

        def tampering(self: Transcript, label: str, data: bytes) -> None:
            changed = bytes([data[0] ^ 1]) + data[1:] if data else b"\1"
            taped(self, label, changed if next(count) == tamper else data)

        patched.setattr(Transcript, "absorb", tampering)
        result = verdict(judged, sent)
    return events, result


def test_inventory_of_messages_and_challenges() -> None:
    events, result = record()
    assert result == "accepted"
    assert [label for kind, label, _ in events if kind == "absorb"] == ABSORBED
    after: dict[str, list[str]] = {}
    last = ""
    for kind, label, _ in events:
        if kind == "absorb":
            last = label
        else:
            name = label.split("/")[0].split("#")[0]
            if name not in after.setdefault(last, []):
                after[last].append(name)
    assert after == CHALLENGES_AFTER


@pytest.mark.parametrize("number", range(len(ABSORBED)), ids=ABSORBED)
def test_every_message_counts_alone(number: int) -> None:
    """One changed bit in one message: the very next challenge differs, and the proof fails."""
    genuine, _ = record()
    changed, result = record(tamper=number)
    assert result != "accepted"
    place = [k for k, event in enumerate(genuine) if event[0] == "absorb"][number]
    assert genuine[:place] == changed[:place]
    following = next(k for k in range(place, len(genuine)) if genuine[k][0] == "squeeze")
    assert genuine[following][1] == changed[following][1]
    assert genuine[following][2] != changed[following][2]


def other_sources() -> dict[str, tuple[str, Callable[[], Transcript]]]:
    """Every value known before the first message, changed alone: (the item that binds it, the transcript)."""
    base = circuit()
    parameters = light_parameters(base, QUERIES)
    first, second, third = base.placed

    def of(changed: Circuit = base, statement: bytes = STATEMENT, **numbers: Any) -> Callable[[], Transcript]:
        return lambda: begin(changed, replace(parameters, **numbers), statement)

    def less(item: PlacedTable, **lists: list) -> PlacedTable:
        table = Table(item.table.name)
        for name in (
            "columns",
            "preprocessed",
            "preprocessed_values",
            "constraints",
            "interactions",
            "sums",
        ):
            setattr(table, name, lists.get(name, getattr(item.table, name)))
        return PlacedTable(table, item.height)

    def with_first(**lists: list) -> Circuit:
        return replace(base, placed=(less(first, **lists), second, third))

    table = first.table
    terms = base.public_terms
    return {
        "nothing": ("", of()),
        "statement": ("statement", of(statement=STATEMENT + b"!")),
        "statement shortened": ("statement", of(statement=STATEMENT[:-1])),
        **{f"public {name}": ("publics", of(_public(base, name, 1))) for name in base.publics},
        "public of another name": ("publics", of(replace(base, publics={**base.publics, "more": 0}))),
        **{f"sum {name}": ("sum targets", of(_target(base, name))) for name in base.sum_targets},
        "term dropped": ("public terms", of(replace(base, public_terms=terms[:1]))),
        "term twice": ("public terms", of(replace(base, public_terms=(*terms, terms[0])))),
        "term payload": (
            "public terms",
            of(replace(base, public_terms=(PublicTerm(terms[0].bus, (7, 50), 3), terms[1]))),
        ),
        "term multiplicity": (
            "public terms",
            of(replace(base, public_terms=(PublicTerm(terms[0].bus, (7, 49), 4), terms[1]))),
        ),
        "term bus": (
            "public terms",
            of(replace(base, public_terms=(PublicTerm(first.table.interactions[0].bus, (7, 49), 3), terms[1]))),
        ),
        "constraint removed": ("circuit", of(with_first(constraints=table.constraints[:-1]))),
        "constraint moved": ("circuit", of(with_first(constraints=table.constraints[::-1]))),
        "interaction removed": ("circuit", of(with_first(interactions=table.interactions[:-1]))),
        "sum removed": ("circuit", of(with_first(sums=table.sums[:-1]))),
        "height": ("circuit", of(replace(base, placed=(replace(first, height=4096), second, third)))),
        "table order": ("circuit", of(replace(base, placed=(second, first, third)))),
        **{
            name: ("parameters", of(**{name: getattr(parameters, name) + 1}))
            for name in (
                "height",
                "dimension",
                "domain",
                "blowup",
                "mask_length",
                "quotient_length",
                "quotient_cosets",
                "split",
                "final_length",
                "queries",
                "grinding_bits",
            )
        },
    }


def _public(base: Circuit, name: str, step: int) -> Circuit:
    return replace(base, publics={**base.publics, name: base.publics[name] + step})


def _target(base: Circuit, name: str) -> Circuit:
    return replace(base, sum_targets={**base.sum_targets, name: base.sum_targets[name] + 1})


def test_everything_known_beforehand_changes_the_first_challenge() -> None:
    outcomes = {name: start() for name, (_, start) in other_sources().items()}
    challenges = {name: transcript.seed("beta") for name, transcript in outcomes.items()}
    assert len(set(challenges.values())) == len(challenges)


def test_each_value_is_bound_by_its_own_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the absorption that a value belongs to, the first challenge does not see it: no accident binds."""
    absorb = Transcript.absorb
    for name, (item, start) in other_sources().items():
        if not item:
            continue
        # Heights stand in the circuit's digest and in a message of their own.
        left_out = {item, "heights"} if name in ("height", "table order") and item == "circuit" else {item}

        def skipping(self: Transcript, label: str, data: bytes, left_out: set[str] = left_out) -> None:
            if label not in left_out:
                absorb(self, label, data)

        with monkeypatch.context() as patched:
            patched.setattr(Transcript, "absorb", skipping)
            same = start().seed("beta") == other_sources()["nothing"][1]().seed("beta")
        assert same, name


def test_prover_and_verifier_say_and_hear_the_same() -> None:
    """Neither has a message or a challenge that the other lacks, and the replay that the campaign uses is theirs."""
    case = toy(*HEIGHTS)
    with taping() as prover:
        made = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], seed=SEED)
    verifier, result = record()
    assert made == proof()
    assert result == "accepted"
    known = Known(case.circuit, light_parameters(case.circuit, QUERIES), STATEMENT, made)
    assert prover == verifier == tape(known)


def test_neighbouring_messages_can_not_be_cut_elsewhere() -> None:
    """A byte moved from the end of one message to the beginning of the next, or the other way, or zeros appended:
    every challenge after it is another one (Zellic on SP1 Hypercube 3.13; Plonky3 #1769; SP1 rkm0959 1 and 2)."""
    events, _ = record()

    def challenges(changed: list[Event]) -> list[bytes]:
        transcript = Transcript.__new__(Transcript)
        transcript._state = bytes(32)
        heard = []
        for kind, label, data in changed:
            if kind == ABSORB:
                transcript.absorb(label, data)
            else:
                heard.append(transcript._squeeze(label, len(data) // 32))
        return heard

    genuine = [output for kind, _, output in events if kind == SQUEEZE]
    assert challenges(events) == genuine
    absorbed = [k for k, event in enumerate(events) if event[0] == ABSORB]
    for one, two in itertools.pairwise(absorbed):
        (_, first, left), (_, second, right) = events[one], events[two]
        for moved in ((left[:-1], left[-1:] + right), (left + right[:1], right[1:]), (left + bytes(8), right)):
            changed = list(events)
            changed[one], changed[two] = (ABSORB, first, moved[0]), (ABSORB, second, moved[1])
            later = sum(kind == SQUEEZE for kind, _, _ in events[one:])
            assert all(a != b for a, b in zip(challenges(changed)[-later:], genuine[-later:], strict=True))
