"""The circuit of a policy is the same on every machine and in every run (SPEC §3.1)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.circuits.test_payout_circuit import statement_of
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.presets import preset

PRESETS = ("pro-rata", "fixed-price", "pools-per-kind")

PRO_RATA = "5215034f87d32e8373ccea3ff64cfb6151a2476a2e1ed1ea532eaa3a6778a7f6"
"""Of the preset `pro-rata` with 9 records of 3 accounts. It changes with the circuit, and so with the proof's format:
CHANGELOG.md says so then."""

SCRIPT = """
from tests.circuits.test_digest import PRESETS, digest_of
print(*map(digest_of, PRESETS))
"""


def digest_of(name: str) -> str:
    policy = parse_policy(preset(name).text.encode(), name)
    return build_circuit(policy, statement_of(policy, 9, 3)).digest.hex()


def test_digest_is_the_known_one() -> None:
    assert digest_of("pro-rata") == PRO_RATA


@pytest.mark.parametrize("seed", ["0", "1"])
def test_digest_is_the_same_in_every_run(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [digest_of(name) for name in PRESETS]
