"""The zero-knowledge campaign: does a proof tell which of two witnesses it was made from?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.zero_knowledge.cases import (
    Case,
    frozen_coins,
    ledger_case,
    prove,
    random_of,
    tiny_parameters,
    toy_case,
    weakened,
)
from tests.campaigns.zero_knowledge.distinguishers import EVERY_MASK, EXPERIMENTS, Experiment, Possible
from tests.campaigns.zero_knowledge.ledger import Equations, possible
from tests.campaigns.zero_knowledge.observer import View, view
from tests.campaigns.zero_knowledge.payouts import compare_payouts
from tests.campaigns.zero_knowledge.statistics import compare, components, pieces, shape

ROUNDS = 4
"""Of a unit, as many with the part switched off as with it in place."""
TELLING = 30
"""Units for each experiment."""
SAMPLES = 256
"""Proofs of each witness in a unit of statistics."""
STATISTICS = 15
WEAK_SAMPLES = 48
PAYOUTS = 8
LEVEL = 1e-14
"""p-value below which a unit has found something. All units of statistics make less than 10^6 tests, so that by chance
a whole run fails once in 10^8 times; once in 10^6 with all allowance for the error of chi-square far out."""


class ZeroKnowledge(Campaign):
    """Units: `seed/telling/EXPERIMENT/NUMBER`, `seed/statistics/CASE/NUMBER`, `seed/payouts/NUMBER`."""

    name = "zero_knowledge"
    question = (
        "Does a proof tell which of two witnesses it was made from, and is it noticed if a mask or salt is missing?"
    )
    targets: ClassVar[Mapping[str, int]] = {
        "rounds, a part switched off": TELLING * ROUNDS * len(EXPERIMENTS),
        "rounds, nothing switched off": TELLING * ROUNDS * len(EXPERIMENTS),
        "proofs compared by statistics": STATISTICS * 4 * SAMPLES,
        "payout proofs": 2 * PAYOUTS,
    }

    def units(self, seed: str) -> Iterable[str]:
        for number in range(max(TELLING, STATISTICS, PAYOUTS)):
            if number < TELLING:
                yield from (f"{seed}/telling/{place}/{number}" for place in range(len(EXPERIMENTS)))
            if number < STATISTICS:
                yield from (f"{seed}/statistics/{name}/{number}" for name in ("ledger", "toy"))
            if number < PAYOUTS:
                yield f"{seed}/payouts/{number}"

    def run(self, unit: str) -> Tally:
        _, kind, *rest = unit.rsplit("/", 2 if "/payouts/" in unit else 3)
        if kind == "telling":
            return telling(unit, EXPERIMENTS[int(rest[0])], ROUNDS)
        if kind == "statistics":
            return statistics(unit, (ledger_case if rest[0] == "ledger" else toy_case)(unit), SAMPLES)
        return compare_payouts(unit)


def proof_of(case: Case, which: int, seed: str, labels: tuple[str, ...], keep: int = 0) -> View:
    """A proof whose queries are all different, of which there is one soon."""
    for attempt in range(100):
        with weakened(*labels, keep=keep):
            seen = view(case, prove(case, which, f"{seed}/{attempt}"))
        if len(set(seen.indices)) == case.queries:
            return seen
    raise AssertionError("queries fall together in a hundred proofs")


def telling(unit: str, experiment: Experiment, rounds: int) -> Tally:
    """A distinguisher with its part switched off, where it must be right, and without, where it must not know."""
    tally = Tally()
    case = experiment.case(unit)
    for number in range(rounds):
        seed = f"{unit}/{number}"
        secret = int(random_of(seed).integers(2))
        told = experiment.tell(proof_of(case, secret, f"{seed}/weak", experiment.weak, experiment.keep))
        tally.counts["rounds, a part switched off"] += 1
        if told == (secret == 0, secret == 1):
            tally.count("Told right with the part switched off", [experiment.name])
        else:
            tally.find(f"{unit} round {number}", f"{experiment.name} switched off: witness {secret}, told {told}")
        seen = proof_of(case, secret, f"{seed}/real", experiment.real)
        told = experiment.tell(seen)
        tally.counts["rounds, nothing switched off"] += 1
        tally.counts["guesses that are right by chance"] += guess(told, seed) == secret
        if told[0] != told[1]:
            tally.find(f"{unit} round {number}", f"{experiment.name} in place: witness {secret}, told {told}")
        if experiment.case is ledger_case:
            fits = possible(Equations(seen))
            tally.counts["whole proofs that fit both witnesses"] += fits == (True, True)
            if fits != (True, True):
                tally.find(f"{unit} round {number}", f"a whole proof fits {fits}, witness {secret}")
    return tally


def guess(told: Possible, seed: str) -> int:
    """The witness that is possible, or a coin."""
    return told.index(True) if told[0] != told[1] else int(random_of(f"{seed}/coin").integers(2))


def statistics(unit: str, case: Case, samples: int) -> Tally:
    """Many proofs of both witnesses under one set of coins: every element that they show."""
    tally = Tally()
    tests = sampled(unit, case, samples, (), tally)
    for name, values in tests.items():
        smallest = float(values.min())
        tally.counts["tests"] += len(values)
        tally.count("Smallest p-value of a unit", [f"{name}, {case.name}: 1e{math.floor(math.log10(smallest)):03d}"])
        if smallest < LEVEL:
            tally.find(unit, f"{case.name}: component {int(values.argmin())}, test {name}, p = {smallest}")
    if case.name == "ledger":
        for label in EVERY_MASK:
            weak = sampled(f"{unit}/{label}", case, WEAK_SAMPLES, (label,), Tally())
            smallest = float(weak["uniform"].min())
            tally.counts["weakened builds by statistics"] += 1
            if smallest >= LEVEL:
                tally.find(unit, f"{label} switched off, but the smallest p-value is {smallest}")
    return tally


def sampled(unit: str, case: Case, samples: int, labels: tuple[str, ...], tally: Tally) -> dict[str, np.ndarray]:
    """p-values over so many proofs of each witness; also what all of them must have in common, and what not."""
    shown: list[list[np.ndarray]] = [[], []]
    shapes, known = set(), set[bytes]()
    # The number of distinct queries is public, but a test wants one place for each of them.
    coins = next(f"{unit}/coins/{k}" for k in range(100) if distinct(case, f"{unit}/coins/{k}"))
    with frozen_coins(coins), weakened(*labels):
        for which in (0, 1):
            for number in range(samples):
                proof = prove(case, which, f"{unit}/{which}/{number}")
                shown[which].append(components(proof))
                shapes.add(shape(proof))
                own = pieces(proof)
                if not labels and known & own:
                    tally.find(
                        f"{unit} proof {which}/{number}", "shares a root, salt, claim or digest with another proof"
                    )
                known |= own
    if len(shapes) > 1:
        tally.find(unit, f"{len(shapes)} shapes of proofs for the same queries")
    tally.counts["proofs compared by statistics"] += 2 * samples
    tally.counts["roots, salts, claims and digests compared"] += len(known)
    return compare(np.array(shown[0]), np.array(shown[1]))


def distinct(case: Case, coins: str) -> bool:
    """Whether these coins' queries are all different."""
    with frozen_coins(coins):
        seen = view(case, prove(case, 0, coins))
    return len(set(seen.indices)) == tiny_parameters(case.circuit, case.queries).queries
