"""Synthetic data is reproducible, heavy-tailed, and what commit takes."""

from pathlib import Path

import numpy as np
import pytest

import zkpay
from zkpay.errors import InputError, Refused
from zkpay.ledger.contributions import count_by_reason
from zkpay.ledger.encoding import account_order
from zkpay.ledger.reader import read_contributions
from zkpay.policy.policy import load_policy


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        zkpay.sample(300, 20, seed=seed, out=tmp_path / f"{name}.csv")
    first, same, other = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert first == same != other


def test_it_has_duplicates_rejections_four_kinds_and_a_heavy_tail(tmp_path: Path) -> None:
    made = zkpay.sample(5000, 200, out=tmp_path / "s.csv")
    policy = load_policy(made.policy)
    records = read_contributions(made.contributions, policy.rules)
    counts = count_by_reason(records, policy.rules)
    assert len(records) == made.contribution_count == 5000
    assert 0 < counts["duplicate"] < 250
    assert 0 < counts["spam"] < 100
    assert set(records.symbols["kind"].tolist()) == {0, 1, 2, 3}
    sizes = np.sort(np.bincount(account_order(records.accounts)[1]))[::-1]
    assert 100 < len(sizes) <= 200
    assert sizes[:20].sum() > 3 * sizes.sum() * 20 / len(sizes) / 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_samples_can_be_committed(tmp_path: Path, count: int) -> None:
    made = zkpay.sample(count, 1, out=tmp_path / "s.csv")
    done = zkpay.commit(made.contributions, made.policy, epoch="e", out=tmp_path / "epoch")
    assert done.commitment.contribution_count == count


def test_numbers_out_of_range(tmp_path: Path) -> None:
    wrong = ((-1, 1, "s.csv"), (2**21 + 1, 1, "s.csv"), (1, 0, "s.csv"), (1, 2**20 + 1, "s.csv"), (1, 1, "s.txt"))
    for contributions, accounts, name in wrong:
        with pytest.raises(InputError):
            zkpay.sample(contributions, accounts, out=tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_existing_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s.policy.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(Refused, match="exists"):
        zkpay.sample(1, 1, out=tmp_path / "s.csv")
    with pytest.raises(InputError, match="seed"):
        zkpay.sample(1, 1, seed=-1, out=tmp_path / "t.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["s.policy.toml"]
