"""The mutants campaign: does some test fail for every small change of the verifier?

Survivors are findings, unless equivalent.json says why no test can tell them from the real code.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.child import ROOT, Child
from tests.campaigns.mutants.judge import LATE
from tests.campaigns.mutants.operators import Mutant, mutants_of

EQUIVALENT = Path(__file__).parent / "equivalent.json"
STARK = "zkpay/stark"
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "merkle": (
        ("zkpay/verifier/merkle.py", f"{STARK}/domains.py", f"{STARK}/keccak.py"),
        ("tests/zkpay/verifier/test_merkle.py", "tests/zkpay/stark/test_transcript.py"),
    ),
    "tree": (("zkpay/ledger/tree.py",), ("tests/zkpay/ledger/test_tree.py",)),
    "verifier": (
        (
            "zkpay/verifier/verify.py",
            "zkpay/verifier/openings.py",
            "zkpay/verifier/constraints.py",
            f"{STARK}/transcript.py",
            f"{STARK}/protocol.py",
            f"{STARK}/layout.py",
        ),
        (
            "tests/zkpay/verifier",
            "tests/zkpay/stark/test_transcript.py",
            "tests/zkpay/stark/test_air.py",
            "tests/zkpay/prover/test_program.py",
            "tests/attacks/test_engine_statement.py",
            "tests/attacks/test_engine_transcript.py",
        ),
    ),
    "formats": (
        (f"{STARK}/proof.py", f"{STARK}/statement.py"),
        (
            "tests/zkpay/stark/test_proof.py",
            "tests/zkpay/stark/test_proof_limits.py",
            "tests/zkpay/stark/test_statement.py",
            "tests/zkpay/verifier/test_verify.py",
            "tests/zkpay/verifier/test_shape.py",
            "tests/attacks/test_bombs.py",
        ),
    ),
    "circuits": (
        (f"{STARK}/expression.py", f"{STARK}/air.py"),
        (
            "tests/zkpay/stark/test_expression.py",
            "tests/zkpay/stark/test_air.py",
            "tests/zkpay/stark/test_air_builders.py",
            "tests/zkpay/prover/test_program.py",
            "tests/zkpay/verifier/test_verify.py",
        ),
    ),
    "parameters": (
        (f"{STARK}/parameters.py", f"{STARK}/security.py"),
        (
            "tests/zkpay/stark/test_parameter_values.py",
            "tests/zkpay/stark/test_parameters.py",
            "tests/zkpay/stark/test_security.py",
        ),
    ),
    # Galois computes with OpenMP, of which a forked process dies: definitions in plain Python take its place.
    "field": (
        (f"{STARK}/field.py",),
        (
            "tests/zkpay/stark/test_field_by_definition.py",
            "tests/zkpay/stark/test_field.py",
            "-k",
            "not galois and not irreducible",
        ),
    ),
}
"""Sources that are judged together, and the tests that judge them, as pytest is told them."""


_judges: dict[str, Child] = {}


def judge(group: str) -> Child:
    """A running judge; it has made its first run of the tests. One at a time is kept."""
    if group not in _judges:
        close_judges()
        sources, tests = GROUPS[group]
        _judges[group] = Child("tests.campaigns.mutants.judge", [*sources, "--", *tests])
        _judges[group].answer()
    return _judges[group]


def close_judges() -> None:
    """End those that run."""
    while _judges:
        _judges.popitem()[1].close()


@cache
def mutants(path: str) -> list[Mutant]:
    return mutants_of(path, (ROOT / path).read_text(encoding="utf-8"))


@cache
def reasons() -> dict[tuple[str, str, str, str], str]:
    """Why a mutant is no other program, by (path, function, before, after)."""
    entries: list[dict[str, Any]] = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {(entry["path"], entry["function"], entry["before"], entry["after"]): entry["reason"] for entry in entries}


def reason_for(mutant: Mutant) -> str | None:
    return reasons().get((mutant.path, mutant.function, mutant.before, mutant.after))


class Mutants(Campaign):
    """A unit is a mutant."""

    name = "mutants"
    question = "Does a test fail for every small change of the verifier's code?"
    targets: ClassVar[Mapping[str, int]] = {"mutants": 1_500}

    def units(self, seed: str) -> Iterator[str]:
        """Group by group, because a judge takes a while to start; within one in an order that the seed says."""
        for group, (sources, _) in GROUPS.items():
            own = [f"{seed}/{group}/{path}:{each.number}" for path in sources for each in mutants(path)]
            random.Random(seed).shuffle(own)
            yield from own

    def run(self, unit: str) -> Tally:
        _, group, place = unit.split("/", 2)
        path, _, number = place.rpartition(":")
        mutant = mutants(path)[int(number)]
        tally = Tally()
        tally.counts["mutants"] += 1
        tally.count("mutants by source", [path])
        answer = judge(group).ask(f"{path} {number}")
        if answer["killer"] != "-":
            tally.counts["killed"] += 1
            tally.count("killed by operator", [mutant.operator])
            if answer["killer"].endswith(LATE):
                # A loop without an end, or a machine too busy for its tests: the tables tell how many these are.
                tally.counts["killed by running out of time"] += 1
        elif reason_for(mutant):
            tally.counts["explained survivors"] += 1
        else:
            tally.counts["survivors"] += 1
            what = f"{mutant.operator}, line {mutant.line} in {mutant.function or 'the module'}:"
            tally.find(unit, f"{what}\n- {mutant.before}\n+ {mutant.after}\n{answer['tests']} tests ran")
        return tally


def stale_reasons() -> Iterable[tuple[str, str, str, str]]:
    """Reasons for mutants that are none, after a change of the source."""
    known = {
        (each.path, each.function, each.before, each.after)
        for sources, _ in GROUPS.values()
        for path in sources
        for each in mutants(path)
    }
    return sorted(set(reasons()) - known)
