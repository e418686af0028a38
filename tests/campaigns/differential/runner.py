"""Runs cases: random policies, several data sets each, and lies about them. All chance comes from one seed text."""

from __future__ import annotations

import random
import traceback
from dataclasses import dataclass

from tests.campaigns.campaign import Tally
from tests.campaigns.differential.case import Case, case_of, disagreements, intake_disagreements, policy_of
from tests.campaigns.differential.epochs import SIZES, Circuit, Epoch
from tests.campaigns.differential.lies import Liar, Lie, sentence, truth_of
from tests.campaigns.differential.policies import MadePolicy
from tests.campaigns.differential.stack import Draft, objections
from tests.campaigns.differential.whole import violated_by
from zkpay.errors import InputError, Rejected
from zkpay.policy.meaning import evaluate
from zkpay.policy.policy import Policy

ATTEMPTS = 20
"""Refused policies in a row after which something is wrong with the campaign itself."""


@dataclass(frozen=True)
class Options:
    """cases: data sets of each policy. lies: told about each. whole: cases of each policy that the whole circuit
    checks, hashes and trees included. intake: whether records are also read from a file.
    """

    cases: int = 10
    lies: int = 2
    whole: float = 0.1
    intake: bool = True


def run_policy(seed: str, options: Options) -> Tally:
    """One policy with all its cases."""
    tally = Tally()
    found = _accepted_policy(seed, tally)
    if found is not None:
        made, policy = found
        tally.counts["policies"] += 1
        tally.count(
            "Operations of the policies' programs", (str(node.operation) for node in policy.program(1, 1).nodes)
        )
        _Run(seed, options, tally, made, policy).run()
    return tally


def _accepted_policy(seed: str, tally: Tally) -> tuple[MadePolicy, Policy] | None:
    for attempt in range(ATTEMPTS):
        try:
            return policy_of(f"{seed} {attempt}")
        except InputError as error:
            tally.counts["policies refused"] += 1
            refusal = str(error)
        except Exception:
            tally.findings.append((f"{seed} {attempt}", f"a policy is not read: {traceback.format_exc(limit=-3)}"))
            return None
    tally.findings.append((seed, f"{ATTEMPTS} policies refused, the last because {refusal}"))
    return None


@dataclass
class _Run:
    seed: str
    options: Options
    tally: Tally
    made: MadePolicy
    policy: Policy

    def run(self) -> None:
        dice = random.Random(f"{self.seed} run")
        circuit: Circuit | None = None
        try:
            circuit = Circuit(self.policy, *dice.choice(SIZES))
        except Exception:
            self._find(self.seed, f"no circuit: {traceback.format_exc(limit=-3)}")
        honest: list[tuple[str, Case, Epoch]] = []
        for number in range(self.options.cases):
            seed = f"{self.seed} case {number}"
            case = case_of(self.made, self.policy, seed)
            self.tally.counts["cases"] += 1
            self._guarded(seed, self._meaning, case, seed)
            if circuit is None:
                continue
            if case.exact.paid > self.made.pool:
                self._guarded(seed, self._overspent, circuit, case, seed)
                continue
            if dice.random() < self.options.whole:
                self.tally.counts["cases by the whole circuit"] += 1
                self._guarded(seed, self._whole, case, seed)
            epoch = self._guarded(seed, self._honest, circuit, case)
            if isinstance(epoch, Epoch):
                honest.append((seed, case, epoch))
        if circuit is not None and honest:
            self._check_honest(circuit, honest)
            self._check_lies(circuit, honest)

    def _find(self, seed: str, what: str) -> None:
        self.tally.findings.append((seed, what))

    def _guarded(self, seed: str, step: object, *arguments: object) -> object:
        """The step's result; an exception is a finding."""
        try:
            return step(*arguments) if callable(step) else None
        except Exception:
            self._find(seed, traceback.format_exc(limit=-4))
            return None

    def _meaning(self, case: Case, seed: str) -> None:
        for what in disagreements(case):
            self._find(seed, what)
        if self.options.intake and case.rows:
            self.tally.counts["files of records"] += 1
            for what in intake_disagreements(case, seed):
                self._find(seed, what)

    def _whole(self, case: Case, seed: str) -> None:
        names = violated_by(self.policy, case.contributions, evaluate(self.policy, case.contributions))
        if names:
            self._find(seed, f"whole circuit: {sorted(names)[:5]} object to the honest witness")

    def _honest(self, circuit: Circuit, case: Case) -> Epoch:
        return Epoch(circuit, case.contributions, evaluate(self.policy, case.contributions).totals)

    def _overspent(self, circuit: Circuit, case: Case, seed: str) -> None:
        """More is due than the pool holds: no statement says so, and no witness of less passes."""
        self.tally.counts["cases that overspend the pool"] += 1
        try:
            epoch = self._honest(circuit, case)
        except Rejected:
            return
        if not objections(circuit.tables, circuit.offers, [epoch.draft])[0]:
            self._find(seed, f"{epoch.claims()} passes, but the pool of {self.made.pool} is overspent")

    def _check_honest(self, circuit: Circuit, honest: list[tuple[str, Case, Epoch]]) -> None:
        drafts: list[Draft] = [epoch.draft for _, _, epoch in honest]
        for (seed, case, epoch), names in zip(honest, objections(circuit.tables, circuit.offers, drafts), strict=True):
            self.tally.counts["honest witnesses"] += 1
            if names:
                self._find(seed, f"{sorted(names)[:5]} object to the honest witness")
            if epoch.claims() != truth_of(case, epoch.totals):
                self._find(seed, f"the honest witness claims {epoch.claims()}, not {case.exact}")

    def _check_lies(self, circuit: Circuit, honest: list[tuple[str, Case, Epoch]]) -> None:
        liar = Liar(circuit)
        told: list[tuple[str, Lie]] = []
        for seed, case, epoch in honest:
            for number in range(self.options.lies):
                place = f"{seed} lie {number}"
                lie = self._guarded(place, liar.lie, random.Random(place), case, epoch)
                if isinstance(lie, Lie):
                    told.append((place, lie))
        if not told:
            return
        found = objections(circuit.tables, circuit.offers, [lie.draft for _, lie in told])
        for (place, lie), names in zip(told, found, strict=True):
            sort = "lawful changes" if lie.lawful else "changed witnesses" if lie.is_true else "false statements"
            self.tally.counts[sort] += 1
            what = sentence(lie, names)
            if what:
                self._find(place, what)
