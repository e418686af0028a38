"""Every preset proves: the records of its page, committed, proved and verified as files, payouts and all."""

from pathlib import Path

import pytest

import zkpay
from tests.zkpay.policy.preset_pages import preset_policy, read_page
from zkpay.ledger.accounts import checksum_address, parse_account
from zkpay.policy.tools.presets import PRESETS, preset


def committed(name: str, folder: Path) -> Path:
    """An epoch of the page's records."""
    policy, records = folder / "policy.toml", folder / "records.csv"
    policy.write_text(preset(name).text, encoding="utf-8")
    records.write_text(read_page(name).csv, encoding="utf-8")
    return zkpay.commit(records, policy, epoch="page", origin="example.org/presets", out=folder / "epoch").folder


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_is_proved_and_verified(name: str, tmp_path: Path) -> None:
    folder = committed(name, tmp_path)
    zkpay.prove(folder)
    verdict = zkpay.verify(folder / "public", expect_policy=tmp_path / "policy.toml")
    policy, page = preset_policy(name), read_page(name)
    assert verdict.statement.policy_digest == policy.digest
    assert verdict.security.proven >= 100
    expected = {
        checksum_address(parse_account(account)).lower(): int(tokens.scaleb(policy.decimals))
        for account, tokens in page.payouts.items()
    }
    lines = (folder / "public" / "payouts.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {line.split(",")[0]: int(line.split(",")[1]) for line in lines} == expected
    assert verdict.statement.paid == sum(expected.values())


@pytest.mark.parametrize("name", ["pools-per-kind", "quadratic-match"])
def test_a_unit_moved_between_two_accounts_is_rejected(name: str, tmp_path: Path) -> None:
    folder = committed(name, tmp_path)
    zkpay.prove(folder)
    payouts = folder / "public" / "payouts.csv"
    header, *rows = [line.split(",") for line in payouts.read_text(encoding="utf-8").splitlines()]
    rich = max(rows, key=lambda row: int(row[1]))
    other = next(row for row in rows if row is not rich)
    rich[1], other[1] = str(int(rich[1]) - 1), str(int(other[1]) + 1)
    payouts.write_text("".join(",".join(row) + "\n" for row in (header, *rows)), encoding="utf-8")
    with pytest.raises(zkpay.Rejected, match="payout-root-mismatch"):
        zkpay.verify(folder / "public")
