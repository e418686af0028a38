"""Real input: the Threshold Network's TACo rewards by its published rule, proved, verified, exact to the wei.

The month of 2025-08-01 holds 0, 1 and 4 failed heartbeats only. What any other month of the network could bring is
covered by added rows: every count of failures from 0 to 7 and the largest that the policy takes, times potential
rewards of every remainder by 3 (so every way in which a third rounds, down and up), from 0 and 1 wei to the largest
that the policy takes, at the edges of the circuit's limbs and at real amounts. Whatever a month's amounts are, a row
is paid by its own two numbers alone, so rows that are right one by one are right in any month.
"""

import csv
import json
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path

import pytest

import zkpay

DATA = Path(__file__).parent / "data" / "threshold-2025-08-01"
LARGEST = 2**80
"""Wei: the largest potential reward that the policy takes; all of the network's T is less than 2^94."""
MOST_FAILURES = 1000
POLICY = f"""
[policy]
name = "Threshold Network, TACo rewards"
pool = "1000000000.0"
token = {{ symbol = "T", decimals = 18 }}
[fields]
potential = {{ max = "{LARGEST}" }}
failures = {{ max = "{MOST_FAILURES}" }}
[tables]
thirds = [3, 3, 2, 1]
[rules]
unique = ["account"]
[formula]
earned = "round_div(potential * thirds[failures], 3) if failures < 4 else 0"
payout = "sum(earned)"
"""

Row = tuple[str, int, int]
"""Staking provider, potential reward in wei, failed heartbeats."""


def load(name: str) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return loaded


def month() -> list[Row]:
    """The rows of the real month."""
    failed: dict[str, list[str]] = json.loads((DATA / "NodesFailures.json").read_text(encoding="utf-8"))
    counts = {provider.lower(): len(heartbeats) for provider, heartbeats in failed.items()}
    return [
        (provider, int(reward["amount"]), counts.get(provider.lower(), 0))
        for provider, reward in load("PotentialRewards.json").items()
    ]


def added() -> list[Row]:
    """Every number of failures with every remainder by 3, at every edge."""
    edges = [0, 2**14, 2**15, 2**28, 2**42, 2**56, 2**70, 10**18, 23886986301369863013699, LARGEST - 5]
    amounts = sorted({edge + step for edge in edges for step in range(6)})
    failures = [*range(8), MOST_FAILURES - 1, MOST_FAILURES]
    pairs = [(amount, count) for amount in amounts for count in failures]
    return [(f"0x{index + 2**100:040x}", amount, count) for index, (amount, count) in enumerate(pairs)]


def by_the_rule(potential: int, failures: int) -> int:
    """What a row earns, in decimal fractions: a half is added, then all behind the point is cut off."""
    share = {0: 3, 1: 3, 2: 2, 3: 1}.get(failures, 0)
    with localcontext() as context:
        context.prec = 80
        return int((Decimal(potential) * share / 3 + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


def proved(folder: Path, rows: list[Row], label: str) -> Path:
    """The folder of an epoch of these rows, committed and proved."""
    with (folder / "rewards.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["contribution_id", "account", "potential", "failures"])
        writer.writerows((provider, provider, potential, failures) for provider, potential, failures in rows)
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    epoch = folder / "epoch"
    zkpay.commit(folder / "rewards.csv", folder / "policy.toml", epoch=label, origin="threshold.example", out=epoch)
    zkpay.prove(epoch)
    return epoch


def paid(epoch: Path) -> dict[str, int]:
    """The published payouts, in wei, by provider in lower case."""
    with (epoch / "public" / "payouts.csv").open(newline="", encoding="utf-8") as file:
        return {row["account"].lower(): int(row["payout"]) for row in csv.DictReader(file)}


def verified(epoch: Path) -> bool:
    verdict = zkpay.verify(epoch / "public", expect_origin="threshold.example", leaves=True)
    return verdict.security.proven >= 100


def test_the_real_month_is_paid_to_the_wei(tmp_path: Path) -> None:
    earned = {provider.lower(): int(reward["amount"]) for provider, reward in load("EarnedRewards.json").items()}
    assert len(earned) == 132
    epoch = proved(tmp_path, month(), "2025-08-01")
    assert paid(epoch) == earned
    statement = json.loads((epoch / "public" / "statement.json").read_text(encoding="utf-8"))
    assert int(statement["paid"]) == sum(earned.values())
    assert verified(epoch)


def test_any_month_is_paid_to_the_wei(tmp_path: Path) -> None:
    rows = [*month(), *added()]
    assert {(amount % 3, failures) for _, amount, failures in rows} >= {(r, n) for r in range(3) for n in range(8)}
    epoch = proved(tmp_path, rows, "any")
    assert paid(epoch) == {provider.lower(): by_the_rule(amount, failures) for provider, amount, failures in rows}
    assert verified(epoch)


@pytest.mark.parametrize(
    ("potential", "failures", "earned"),
    [(1, 1, 1), (1, 2, 1), (1, 3, 0), (2, 2, 1), (2, 3, 1), (4, 2, 3), (4, 3, 1), (5, 3, 2), (10, 4, 0)],
)
def test_the_rule_rounds_half_up(potential: int, failures: int, earned: int) -> None:
    assert by_the_rule(potential, failures) == earned
