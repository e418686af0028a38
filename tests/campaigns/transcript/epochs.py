"""Epochs of random policies with their proofs; every field of statement and commitment is changed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.campaigns.campaign import Tally
from tests.campaigns.transcript.alterations import NothingToChangeError, other
from tests.campaigns.transcript.inventory import INVENTORY
from tests.campaigns.transcript.replay import Known, judge, prove_lightly, tape
from tests.campaigns.transcript.schema import pick
from tests.campaigns.transcript.trials import QUERIES, divergence, heights
from tests.circuits.scenarios import Record, Scenario, pro_rata, scenario
from tests.reference.toy import light_parameters
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.commitment import Commitment
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import UNDECLARED_VALUE
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES
from zkpay.stark.statement import Statement

ITEMS = [path for path in INVENTORY if path.startswith(("statement.", "commitment."))]
TIMES = 1


def try_epoch(unit: str, times: int = TIMES) -> Tally:
    """One epoch."""
    tally = Tally()
    tally.counts["epochs"] += 1
    dice = random.Random(unit)
    epoch = _Epoch(dice)
    verdicts = list(epoch.verdicts(epoch.statement))
    if verdicts != ["accepted"]:
        tally.find(unit, f"an honest proof is not accepted: {verdicts}")
        return tally
    for path in ITEMS:
        for number in range(times):
            try:
                problems = list(epoch.problems(dice, path, tally))
            except NothingToChangeError:
                tally.counts["items that an epoch lacks"] += 1
                break
            except Exception as error:
                problems = [f"{type(error).__name__}: {error}"]
            tally.counts["alterations"] += 1
            tally.count("Alterations", [path])
            for problem in problems:
                tally.find(f"{unit} {path} {number}", problem)
    return tally


class _Epoch:
    def __init__(self, dice: random.Random) -> None:
        self.policy = _policy(dice)
        scene = scenario(_records(dice), self.policy)
        self.commitment = _commitment(dice, scene)
        self.statement = replace(
            scene.statement,
            circuit_digest=scene.circuit.digest,
            origin=self.commitment.origin,
            epoch=self.commitment.epoch,
            commitment_digest=self.commitment.digest,
        )
        self.circuit = build_circuit(self.policy, self.statement)
        parameters = light_parameters(self.circuit, QUERIES, profile=dice.choice(list(PROFILES)))
        data = self.statement.to_bytes()
        self.known = prove_lightly(self.circuit, scene.witness(), data, parameters, dice.randbytes(32))
        self.tape = tape(self.known)

    def verdicts(self, statement: Statement) -> Iterator[str]:
        """What a verifier of files says of the proof and another statement: canonical, about its own circuit, proved;
        and what it says when that circuit is put right."""
        try:
            read = Statement.from_bytes(statement.to_bytes())
            circuit = build_circuit(self.policy, read)
        except InputError:
            yield "unreadable"
        except Rejected as rejection:
            yield rejection.reason
        except Refused:
            yield "refused"
        else:
            if circuit.digest != read.circuit_digest:
                yield "circuit-mismatch"
                read = replace(read, circuit_digest=circuit.digest)
            if read != self.statement or statement == self.statement:
                yield judge(replace(self._known(circuit), statement=read.to_bytes()))

    def _known(self, circuit: Circuit) -> Known:
        if heights(circuit) == heights(self.circuit):
            return replace(self.known, circuit=circuit)
        profile = self.known.parameters.profile.name
        return replace(self.known, circuit=circuit, parameters=light_parameters(circuit, QUERIES, profile=profile))

    def problems(self, dice: random.Random, path: str, tally: Tally) -> Iterator[str]:
        """What is wrong with the verifier's answer to one alteration."""
        if path.startswith("commitment."):
            # A proof's verifier knows a commitment by its digest.
            commitment = _altered(dice, self.commitment, path)
            changed = replace(self.statement, commitment_digest=commitment.digest)
        else:
            changed = _altered(dice, self.statement, path)
        verdicts = list(self.verdicts(changed))
        for verdict in verdicts:
            tally.count("Verdicts", [verdict])
            if verdict == "accepted":
                yield f"accepted: {changed}"
        tally.counts["rejected"] += "accepted" not in verdicts
        problem = divergence(
            self.tape, tape(replace(self.known, statement=changed.to_bytes())), INVENTORY[path].message
        )
        if problem:
            yield problem
        else:
            tally.counts["challenges that changed"] += 1


def _altered(dice: random.Random, value: Any, path: str) -> Any:
    def change(old: Any) -> Any:
        if path.endswith("_root"):
            # Its length is fixed: another order.
            return (*old[1:], old[0])
        if path.endswith("_root[]"):
            return dice.choice([(old + 1) % P, old + P, 0 if old else 1])
        return other(dice, old)

    try:
        return pick(dice, value, path, change)
    except LookupError as error:
        raise NothingToChangeError(str(error)) from error


def _policy(dice: random.Random) -> Policy:
    return pro_rata(
        pool=dice.choice([10**9, 250_000 * 10**18, 12_345]),
        weights=[dice.randrange(50) for _ in range(4)],
        quantity_max=dice.choice([1000, 10**9]),
        unique=dice.random() < 0.5,
    )


def _records(dice: random.Random) -> list[Record]:
    records = [
        Record(account=dice.randrange(9), quantity=dice.randrange(1000), kind=dice.randrange(4))
        for _ in range(dice.choice([1, 2, 7, 30]))
    ]
    return [*records, Record(account=dice.randrange(9), kind=UNDECLARED, reason=UNDECLARED_VALUE)]


def _commitment(dice: random.Random, scene: Scenario) -> Commitment:
    statement = scene.statement
    return Commitment(
        origin="ledger.example",
        epoch=str(dice.randrange(100)),
        contribution_root=statement.contribution_root,
        contribution_count=statement.contribution_count,
        policy_digest=statement.policy_digest,
        leaves_digest=dice.randbytes(32),
        private_payouts=dice.random() < 0.5,
    )
