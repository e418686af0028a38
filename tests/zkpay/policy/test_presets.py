"""Every preset is a sound policy, and pays to the unit what its page computes by hand."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.zkpay.policy.preset_pages import DOCS, preset_policy, read_page
from zkpay.errors import InputError
from zkpay.ledger.accounts import parse_account
from zkpay.ledger.reader import read_contributions
from zkpay.policy.meaning import Distribution, evaluate
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.lint import lint
from zkpay.policy.tools.presets import PRESETS, preset, presets

RECORDS = 1 << 20


def paid(policy: Policy, csv: str, folder: Path) -> tuple[Distribution, dict[str, Decimal]]:
    """The distribution over some records, and each account's payout in tokens by its name."""
    path = folder / "contributions.csv"
    path.write_text(csv, encoding="utf-8")
    contributions = read_contributions(path, policy.rules)
    distribution = evaluate(policy, contributions)
    units = dict(zip((raw.tobytes() for raw in distribution.accounts), distribution.payouts, strict=True))
    names = sorted(set(contributions.account_names))
    return distribution, {
        name: Decimal(units[parse_account(name)]).scaleb(-policy.decimals)
        for name in names
        if parse_account(name) in units
    }


@pytest.mark.parametrize("name", PRESETS)
def test_payouts_are_those_of_the_page(name: str, tmp_path: Path) -> None:
    page = read_page(name)
    distribution, payouts = paid(preset_policy(name), page.csv, tmp_path)
    assert payouts == page.payouts
    assert distribution.dust >= 0


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_commented_and_raise_no_warning_but_of_narrow_totals(name: str) -> None:
    found = preset(name)
    assert found.text.startswith(f"# {found.summary}\n")
    assert found.summary.endswith(".")
    # A pool for each kind shows the total of each kind; its page says so.
    expected = {"narrow-total"} if name == "pools-per-kind" else set()
    assert {caution.code for caution in lint(preset_policy(name), RECORDS)} == expected


@pytest.mark.parametrize("name", PRESETS)
def test_records_take_a_single_block(name: str) -> None:
    # A second one would double the hashing.
    assert preset_policy(name).layout.blocks == 1


def test_each_preset_has_a_page_and_each_page_a_preset() -> None:
    assert {path.stem for path in (DOCS / "presets").glob("*.md")} - {"README"} == set(PRESETS)
    for name in PRESETS:
        assert f"`zkpay policy new {name}`" in " ".join(read_page(name).text.split())


def test_names_are_distinct_and_unknown_ones_are_told() -> None:
    assert len({preset_policy(one.name).digest for one in presets()}) == len(PRESETS)
    with pytest.raises(InputError, match='no preset "prorata"; choose one of pro-rata, capped-pro-rata'):
        preset("prorata")


def test_fixed_prices_are_scaled_down_where_the_pool_is_too_small(tmp_path: Path) -> None:
    text = preset("fixed-price").text.replace('pool = "100000"', 'pool = "505"')
    policy = parse_policy(text.encode(), "small.toml")
    distribution, payouts = paid(policy, read_page("fixed-price").csv, tmp_path)
    # 1,010 tokens are due.
    assert payouts == {"alice": Decimal(495), "bob": Decimal(0), "carol": Decimal(10)}
    assert distribution.dust == 0


def test_an_account_is_capped_over_all_kinds(tmp_path: Path) -> None:
    rows = ["contribution_id,account,kind,quantity,quality,fingerprint"]
    # 9 records of each kind, capped to 50,000 points each, exceed the kind's cap; 800,000 points exceed the account's.
    for place, kind in enumerate(("data", "compute")):
        rows += [f"{kind}{number},alice,{kind},20000,10000,{place:02x}{number:02x}" for number in range(9)]
    distribution, _ = paid(preset_policy("capped-pro-rata"), "\n".join(rows), tmp_path)
    assert distribution.lines["data_points"] == [400_000]
    assert distribution.lines["compute_points"] == [400_000]
    assert distribution.lines["score"] == [600_000]
