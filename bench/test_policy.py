"""Policies: what a trial run takes as a whole process, and what it takes to compile a preset. Run with `make bench`.

Compiling: the policy's text to the circuit of 2^20 contributions, tables, constraints, digest and all.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.measure.circuits import placeholder_statement
from zkpay.measure.records import write_records
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.presets import PRESETS, preset

SEED = 1
RECORDS, ACCOUNTS = 1 << 20, 1 << 16


@pytest.mark.parametrize("name", PRESETS)
def test_compile(benchmark: BenchmarkFixture, name: str) -> None:
    text = preset(name).text.encode()
    statement = placeholder_statement(parse_policy(text, name), RECORDS, ACCOUNTS)
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
