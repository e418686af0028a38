"""A slice of the kernel campaign, and faults that it must find: in arithmetic, in offsets, in indices."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.kernels.campaign import MODES, child_of, run_cases
from tests.campaigns.kernels.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
# Compiling with checks of indices takes minutes for all kernels: here are two that are small.
QUICK = {"compiled": list(CASES), "bounds": ["combine", "openings"], "plain": list(CASES)}


@pytest.mark.parametrize("mode", MODES)
def test_kernels_equal_their_definitions(mode: str) -> None:
    found = run_cases(f"slice/{mode}/0", QUICK[mode])
    assert found.counts == {"calls": len(QUICK[mode])}
    assert found.findings == []


def outcome(script: str, **environment: str) -> str:
    """The last line that a script says, run like one of the campaign's children."""
    command = [sys.executable, "-c", script]
    own = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=120)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


RUN = """
from tests.campaigns.kernels.child import run_cases
found = [case for number in range(12) for case in run_cases(str(number), 1, NAMES)]
print([text.strip().splitlines()[-1] for _, text in found])
"""
FAULTS = {
    # Nothing is taken off a total that has grown.
    "import zkpay.kernels.deep as deep; import numpy; deep._BOUND = numpy.uint64(0); NAMES = ['combine']": (
        "BrokenBoundError: overflow in deep._accumulate"
    ),
    "import zkpay.kernels.program as program; program._wrap = lambda total: total; NAMES = ['programs']": (
        "BrokenBoundError: <lambda>"
    ),
    # A sum that is not brought below P.
    "import zkpay.kernels.montgomery as m, zkpay.kernels.poseidon as p; m.add = p.add = lambda a, b: a + b;"
    "NAMES = ['permutations']": "BrokenBoundError: <lambda>",
    # A block that begins a row too far on.
    "import zkpay.kernels.ntt as ntt; real = ntt.first_pass;"
    "ntt.first_pass = lambda panel, origin, *rest: real(panel, origin + 16, *rest);"
    "NAMES = ['coset values']": "BrokenBoundError: butterflies, ",
}


@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
def test_a_kernel_that_breaks_its_bounds_is_found(fault: str) -> None:
    assert FAULTS[fault] in outcome(fault + RUN, NUMBA_DISABLE_JIT="1")


def test_compiled_kernels_check_indices_where_they_are_told_to() -> None:
    script = """
import numpy as np
from zkpay.kernels.deep import _combine_range
_combine_range(np.ones((1, 600), np.uint32), np.ones((4, 5), np.uint64), np.ones((5, 500), np.uint32), 0, 600)
"""
    environment = child_of("bounds").environment
    assert environment["NUMBA_BOUNDSCHECK"] == "1"
    assert outcome(script, **environment).startswith("IndexError")


def test_checked_words_need_plain_kernels() -> None:
    script = "from tests.campaigns.kernels.plain import checked_words\nwith checked_words(): pass"
    assert outcome(script, NUMBA_DISABLE_JIT="0").startswith("RuntimeError: kernels are compiled here")
