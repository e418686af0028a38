"""The differential campaign: does the circuit prove what the formula means, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.differential.runner import Options, run_policy

POLICIES = 10_000
OPTIONS = Options(cases=20, lies=1, whole=0.01)


class Differential(Campaign):
    """Random policies, 20 data sets each; a unit is a policy."""

    name = "differential"
    question = "Do five readings of a random policy and the circuit agree on random epochs, and is every lie found?"
    targets: ClassVar[Mapping[str, int]] = {"policies": POLICIES, "cases": POLICIES * OPTIONS.cases}

    def units(self, seed: str) -> Iterable[str]:
        return (f"{seed}/{number}" for number in range(POLICIES))

    def run(self, unit: str) -> Tally:
        return run_policy(unit, OPTIONS)
