"""Real input: the Threshold Network's TACo rewards, committed, proved, verified, exact to the base unit."""

import csv
import json
from pathlib import Path

import pytest

import zkpay

DATA = Path(__file__).parent / "data" / "threshold-2025-08-01" / "PotentialRewards.json"
POOL = 1_000_000 * 10**18
POLICY = """
[policy]
name = "Threshold Network, TACo rewards of 2025-08-01"
pool = "1000000.0"
token = { symbol = "T", decimals = 18 }
[fields]
kind = { values = ["node"] }
quantity = { max = "79228162514264337593543950336" }
quality = { max = "10000" }
[tables]
weight = { node = 1 }
[formula]
points = "weight[kind] * quantity * quality // 10_000"
score = "sum(points)"
payout = "pool * score // total(score)"
"""


@pytest.fixture(scope="module")
def providers() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(DATA.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def epoch(tmp_path_factory: pytest.TempPathFactory, providers: dict[str, dict[str, str]]) -> Path:
    """A proved epoch folder."""
    folder = tmp_path_factory.mktemp("threshold")
    with (folder / "rewards.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["contribution_id", "account", "kind", "quantity", "quality"])
        for provider, reward in providers.items():
            writer.writerow([provider, reward["beneficiary"], "node", reward["amount"], 10_000])
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    zkpay.commit(
        folder / "rewards.csv", folder / "policy.toml", epoch="2025-08-01", origin="threshold.example", out=folder / "e"
    )
    zkpay.prove(folder / "e")
    return folder / "e"


def test_payouts_are_exact(epoch: Path, providers: dict[str, dict[str, str]]) -> None:
    scores: dict[str, int] = {}
    for reward in providers.values():
        account = reward["beneficiary"].lower()
        scores[account] = scores.get(account, 0) + int(reward["amount"])
    total = sum(scores.values())
    expected = {account: POOL * score // total for account, score in scores.items()}
    with (epoch / "public" / "payouts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["account"].lower(): int(row["payout"]) for row in rows} == expected
    assert len(providers) == 132
    assert len(rows) == 103
    statement = json.loads((epoch / "public" / "statement.json").read_text(encoding="utf-8"))
    assert int(statement["total_score"]) == total
    assert int(statement["paid"]) == sum(expected.values())
    assert int(statement["paid"]) + int(statement["dust"]) == POOL


def test_the_proof_verifies_at_100_bits(epoch: Path) -> None:
    verdict = zkpay.verify(epoch / "public", expect_origin="threshold.example", leaves=True)
    assert verdict.security.proven >= 100
