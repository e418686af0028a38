"""Policies: what a trial run takes as a whole process, and what it takes to compile a preset. Run with `make bench`.

Compiling: the policy's text to the circuit of 2^20 contributions, tables, constraints, digest and all.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.preset_records import write_records
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.ledger.tree import DIGEST_ELEMENTS
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import PRESETS, preset
from zkpay.stark.statement import Statement

SEED = 1
RECORDS, ACCOUNTS = 1 << 20, 1 << 16


def statement_of(policy: Policy) -> Statement:
    """A statement of 2^20 accepted contributions; the values don't change the circuit's size."""
    names = policy.rules.usable_reasons.values()
    totals = policy.program(RECORDS, ACCOUNTS).totals
    return Statement(
        circuit_digest=bytes(32),
        policy_digest=policy.digest,
        origin="bench.example",
        epoch="bench",
        commitment_digest=bytes(32),
        contribution_root=(0,) * DIGEST_ELEMENTS,
        contribution_count=RECORDS,
        counts=tuple((name, RECORDS if name == "accepted" else 0) for name in names),
        payout_root=(0,) * DIGEST_ELEMENTS,
        account_count=ACCOUNTS,
        pool=policy.pool,
        paid=0,
        dust=policy.pool,
        totals=tuple((text, node.high) for text, node in totals.items()),
    )


@pytest.mark.parametrize("name", PRESETS)
def test_compile(benchmark: BenchmarkFixture, name: str) -> None:
    text = preset(name).text.encode()
    statement = statement_of(parse_policy(text, name))
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: build_circuit(parse_policy(text, name), statement).digest, rounds=5
    )


@pytest.mark.parametrize("name", ["pro-rata", "fixed-price"])
def test_simulate_cold(benchmark: BenchmarkFixture, tmp_path: Path, name: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(preset(name).text, encoding="utf-8")
    parsed = parse_policy(preset(name).text.encode(), name)
    records = write_records(parsed, tmp_path / "records.csv", RECORDS, ACCOUNTS, SEED)
    command = [sys.executable, "-m", "zkpay.cli.main", "policy", "simulate", str(policy), str(records)]
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=3, warmup_rounds=1
    )
