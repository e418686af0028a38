"""The kernel campaign: do compiled kernels stay within their arrays and their words, at the ends of their ranges?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import ClassVar

from tests.campaigns.campaign import Campaign, Tally
from tests.campaigns.child import Child
from tests.campaigns.kernels.cases import CASES
from zkpay.kernels import CACHE_FOLDER

ROUNDS = 100
MODES: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "compiled": (8, {}),
    "bounds": (8, {"NUMBA_BOUNDSCHECK": "1"}),
    "plain": (1, {"NUMBA_DISABLE_JIT": "1"}),
}
"""How kernels run: the scale of their sizes, and what says so in the environment."""


@cache
def child_of(mode: str) -> Child:
    """A process whose kernels run in that way, kept; code with checks of indices has a cache folder of its own."""
    environment = dict(MODES[mode][1])
    if mode == "bounds" and CACHE_FOLDER is not None:
        environment["NUMBA_CACHE_DIR"] = str(CACHE_FOLDER.with_name(f"{CACHE_FOLDER.name}-{mode}"))
    return Child("tests.campaigns.kernels.child", [], environment)


class Kernels(Campaign):
    """A unit is every kernel once, on one draw, in one way of running."""

    name = "kernels"
    question = "Do kernels equal their definitions: compiled, with checked indices, as plain Python with checked words?"
    targets: ClassVar[Mapping[str, int]] = {"calls": ROUNDS * len(MODES) * len(CASES)}

    def units(self, seed: str) -> Iterable[str]:
        return (f"{seed}/{mode}/{number}" for number in range(ROUNDS) for mode in MODES)

    def run(self, unit: str) -> Tally:
        return run_cases(unit, list(CASES))


def run_cases(unit: str, names: list[str]) -> Tally:
    """Some of a unit's cases."""
    seed, mode, number = unit.split("/")
    tally = Tally()
    answer = child_of(mode).ask("\t".join([f"{seed}/{number}", str(MODES[mode][0]), *names]))
    tally.counts["calls"] += len(names)
    tally.count("calls by way of running", {mode: len(names)})
    for name, what in answer["found"]:
        tally.find(f"{unit} {name}", what)
    return tally
