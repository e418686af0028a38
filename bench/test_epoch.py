"""Commit, prove and verify by size, as a user runs them: files in, files out. Run with `make bench`.

Each name gives contributions x accounts, profile and seed. `verify cold` starts a new process for every round.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import zkpay

SEED = 1
SIZES = [(1_000, 50), (1 << 12, 1 << 8), (1 << 14, 1 << 10), (1 << 16, 1 << 12)]


def size_id(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}-seed{SEED}"


@pytest.fixture(scope="module", params=SIZES, ids=size_id)
def committed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed epoch folder of synthetic contributions."""
    contributions, accounts = request.param
    folder = tmp_path_factory.mktemp("epoch")
    made = zkpay.sample(contributions, accounts, seed=SEED, out=folder / "sample.csv")
    zkpay.commit(made.contributions, made.policy, epoch="bench", origin="bench.example", out=folder / "epoch")
    return folder / "epoch"


@pytest.mark.parametrize("size", SIZES, ids=size_id)
def test_commit(benchmark: BenchmarkFixture, tmp_path: Path, size: tuple[int, int]) -> None:
    made = zkpay.sample(*size, seed=SEED, out=tmp_path / "sample.csv")

    def run() -> None:
        shutil.rmtree(tmp_path / "epoch", ignore_errors=True)
        zkpay.commit(made.contributions, made.policy, epoch="bench", origin="bench.example", out=tmp_path / "epoch")

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("profile", ["default", "conservative", "compact"])
def test_prove(benchmark: BenchmarkFixture, committed: Path, profile: str) -> None:
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: zkpay.prove(committed, profile=profile), rounds=3, warmup_rounds=1
    )
    benchmark.extra_info["proof KiB"] = (committed / "public" / "payout.zkproof").stat().st_size / 1024


def test_verify(benchmark: BenchmarkFixture, committed: Path) -> None:
    zkpay.prove(committed)
    benchmark.pedantic(lambda: zkpay.verify(committed / "public"), rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call]


def test_verify_cold(benchmark: BenchmarkFixture, committed: Path) -> None:
    zkpay.prove(committed)
    command = [sys.executable, "-m", "zkpay.cli.main", "verify", str(committed / "public")]
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=5, warmup_rounds=1
    )
