"""One alteration of one item, and what must come of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from tests.campaigns.campaign import Tally
from tests.campaigns.transcript.alterations import NothingToChangeError, altered
from tests.campaigns.transcript.inventory import INVENTORY, Entry, Fate
from tests.campaigns.transcript.replay import ABSORB, SQUEEZE, Event, Known, judge, tape
from tests.reference.toy import light_parameters
from zkpay.errors import Refused
from zkpay.stark.air import Circuit
from zkpay.stark.parameters import PROFILES, Parameters

QUERIES = 6
ATTEMPTS = 20
ITEMS = [path for path in INVENTORY if not path.startswith(("statement.", "commitment.", "policy."))]
"""What a circuit, its parameters, a statement's bytes and a proof have; the fields of a statement are in `epochs`."""


class Subject:
    """A proof that is accepted, with all that its verifier knows."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.tape = tape(known)

    @cached_property
    def profiles(self) -> Mapping[str, Parameters]:
        """The parameters of the circuit under each profile."""
        return {name: light_parameters(self.known.circuit, QUERIES, profile=name) for name in PROFILES}

    def try_all(self, dice: random.Random, place: str, tally: Tally, times: int) -> None:
        """So many alterations of each item."""
        for path in ITEMS:
            for number in range(times):
                changed = self._altered(dice, path)
                if changed is None:
                    tally.counts["items that a circuit lacks"] += 1
                    break
                tally.counts["alterations"] += 1
                tally.count("Alterations", [path])
                try:
                    for problem in self.problems(changed, INVENTORY[path], tally):
                        tally.find(f"{place} {path} {number}", problem)
                except Exception as error:
                    tally.find(f"{place} {path} {number}", f"{type(error).__name__}: {error}")

    def _altered(self, dice: random.Random, path: str) -> Known | None:
        # A place where there is nothing to change is no reason to give up.
        for _ in range(ATTEMPTS):
            try:
                return altered(dice, self.known, path, self.profiles)
            except NothingToChangeError:
                continue
        return None

    def problems(self, changed: Known, entry: Entry, tally: Tally) -> Iterator[str]:
        """What is wrong with the verifier's answer to one alteration."""
        reason = self._judge(changed)
        tally.count("Verdicts", [reason])
        if entry.message is Fate.UNUSED:
            if reason != "accepted":
                yield f"of no consequence, but {reason}"
        elif entry.message is Fate.REFUSED:
            if reason != "refused":
                yield f"{reason} instead of refused"
            return
        elif reason == "accepted":
            yield "accepted"
        else:
            tally.counts["rejected"] += 1
        events = tape(changed)
        if isinstance(entry.message, Fate):
            if events != self.tape:
                yield "no message carries it, but the transcript differs"
            return
        problem = divergence(self.tape, events, entry.message)
        if problem:
            yield problem
        else:
            tally.counts["challenges that changed"] += 1

    def _judge(self, changed: Known) -> str:
        if heights(changed.circuit) != heights(self.known.circuit):
            # Other heights have other parameters, which the verifier derives.
            try:
                parameters = light_parameters(changed.circuit, QUERIES)
            except Refused:
                return "refused"
            changed = replace(changed, parameters=parameters)
        return judge(changed)


def heights(circuit: Circuit) -> list[int]:
    return sorted(item.height for item in circuit.placed)


def divergence(one: list[Event], two: list[Event], message: str) -> str:
    """What is wrong where two transcripts of which one message differs part; "" if nothing is.

    They must part at that message and nowhere before, and the next challenge must differ.
    """
    place = next((k for k, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    if place == len(one) or place == len(two):
        return "no challenge differs"
    labels = {label for kind, label, _ in (one[place], two[place]) if kind == ABSORB}
    if not any(label == message or label.rstrip("0123456789") == f"{message} " for label in labels):
        return f"transcripts part at {one[place][:2]} and {two[place][:2]}, not at {message}"
    first, second = (
        next((output for kind, _, output in events[place:] if kind == SQUEEZE), None) for events in (one, two)
    )
    if first is None or first == second:
        return f"the challenge after {message} is the same"
    return ""
