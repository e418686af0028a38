"""Epochs of random policies with their proofs; each field of statement, commitment and policy changes alone."""

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
from tests.circuits.scenarios import Record, Scenario, scenario
from tests.reference.toy import light_parameters
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.commitment import Commitment
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import UNDECLARED_VALUE
from zkpay.policy.policy import Policy, parse_policy
from zkpay.stark.air import Circuit
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES
from zkpay.stark.statement import Statement

EPOCH = ("statement.", "commitment.", "policy.")
ITEMS = [path for path in INVENTORY if path.startswith(EPOCH)]
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
        self.text = _policy(dice)
        self.policy = parse_policy(self.text.encode(), "policy")
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

    def verdicts(self, statement: Statement, policy: Policy | None = None) -> Iterator[str]:
        """What a verifier of files says of the proof and another statement (and policy): canonical, about its own
        circuit, proved; and what it says when that circuit is put right."""
        try:
            read = Statement.from_bytes(statement.to_bytes())
            circuit = build_circuit(policy or self.policy, read)
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
        policy = None
        if path.startswith("policy."):
            # The statement names the policy that its verifier has.
            policy = parse_policy(edited(self.text, path.partition(".")[2]).encode(), "policy")
            changed = replace(self.statement, policy_digest=policy.digest)
        elif path.startswith("commitment."):
            # A proof's verifier knows a commitment by its digest.
            commitment = _altered(dice, self.commitment, path)
            changed = replace(self.statement, commitment_digest=commitment.digest)
        else:
            changed = _altered(dice, self.statement, path)
        verdicts = list(self.verdicts(changed, policy))
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


def _policy(dice: random.Random) -> str:
    """The text of a policy that has something of everything."""
    weights = ", ".join(f"{kind} = {dice.randrange(50)}" for kind in ("compute", "model", "evaluation"))
    return f"""\
[policy]
name = "first"
token = {{ symbol = "T", decimals = 2 }}
[pools]
data_pool = "{dice.choice([1, 150_000, 10**12])}0"
rest_pool = "90"
[fields]
kind = {{ values = ["data", "compute", "model", "evaluation"] }}
quantity = {{ max = "1000" }}
quality = {{ max = "10000" }}
[tables]
weight = {{ data = 3, {weights} }}
[constants]
cap = {dice.choice([1, 2_000, 10**9])}0
[amounts]
most = "{dice.choice([1, 500])}0"
[rules]
{dice.choice(['unique = ["fingerprint"]', 'reasons = ["spam"]'])}
[formula]
points = "weight[kind] * quantity * quality // 10_000"
score = "min(sum(points), cap)"
due = "(data_pool + rest_pool) * score // max(total(score), 1)"
payout = "min(due, most)"
"""


# Each field of a policy changed alone, as far as one can be: pool is the sum of pools, and money counts in base units.
POLICY_EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "name": (('name = "first"', 'name = "second"'),),
    "pool": (('rest_pool = "90"', 'rest_pool = "91"'),),
    "symbol": (('symbol = "T"', 'symbol = "U"'),),
    "decimals": (
        ("decimals = 2", "decimals = 3"),
        ('0"\nrest_pool = "90"', '"\nrest_pool = "9"'),
        ('0"\n[rules]', '"\n[rules]'),
    ),
    "pools": (("data_pool =", "swap ="), ("rest_pool =", "data_pool ="), ("swap =", "rest_pool =")),
    "amounts": (('0"\n[rules]', '1"\n[rules]'),),
    "constants": (("0\n[amounts]", "1\n[amounts]"),),
    "tables": (("data = 3,", "data = 4,"),),
    "rules": (('quantity = { max = "1000" }', 'quantity = { max = "1001" }'),),
    "formula": (("min(due, most)", "min(most, due)"),),
}


def edited(text: str, field: str) -> str:
    """The policy's text with one field changed."""
    for old, new in POLICY_EDITS[field]:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in the policy")
        text = text.replace(old, new)
    return text


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
