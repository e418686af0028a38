"""Two policies side by side: gains and losses by hand, and what differs."""

from pathlib import Path

import pytest

from tests.zkpay.policy.test_simulate import POLICY, csv_of, policy_of, records_of
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.compare import Edit, compare
from zkpay.policy.tools.presets import preset

SHARE = 'score = "sum(x)"\npayout = "pool * score // total(score)"'
ROOT = 'score = "isqrt(sum(x))"\npayout = "pool * score // total(score)"'


def test_gains_and_losses_by_hand(tmp_path: Path) -> None:
    old, new = policy_of(SHARE), policy_of(ROOT)
    records = records_of(old, csv_of(("alice", 81), ("bob", 16), ("carol", 1), ("dave", 0)), tmp_path)
    found = compare(old, new, records, records)
    # 8100, 1600 and 100 over 98, then 900, 400 and 100 over 14.
    changes = {change.account: (change.old, change.new, change.difference) for change in found.changes}
    assert changes == {"alice": (82, 64, -18), "bob": (16, 28, 12), "carol": (1, 7, 6), "dave": (0, 0, 0)}
    assert [change.account for change in found.gainers()] == ["bob", "carol"]
    assert [change.account for change in found.losers()] == ["alice"]
    assert (found.old.paid, found.old.dust, found.new.paid, found.new.dust) == (99, 1, 99, 1)
    assert (found.old.totals, found.new.totals) == ({"total(score)": 98}, {"total(score)": 14})
    assert found.edits == (Edit("formula.score", "sum(x)", "isqrt(sum(x))"),)


def test_rules_can_leave_accounts_without_a_record(tmp_path: Path) -> None:
    old = policy_of(SHARE)
    text = POLICY.format(formula=SHARE).replace('unique = ["x"]', "unique = []")
    new = parse_policy(text.encode(), "new.toml")
    csv = csv_of(("alice", 10), ("bob", 10))
    found = compare(old, new, records_of(old, csv, tmp_path), records_of(new, csv, tmp_path))
    # Bob's record is a copy under the old rules.
    assert {change.account: (change.old, change.new) for change in found.changes} == {
        "alice": (100, 50),
        "bob": (0, 50),
    }
    assert (found.old.accounts, found.new.accounts) == (1, 2)
    assert found.old.reasons == {"accepted": 1, "duplicate": 1, "out_of_range": 0}
    assert found.new.reasons == {"accepted": 2, "out_of_range": 0}
    assert found.edits == (Edit("rules.unique", "x", None),)


def test_every_part_of_a_policy_is_compared(tmp_path: Path) -> None:
    text = preset("fixed-price").text
    base = parse_policy(text.encode(), "old.toml")
    header = "contribution_id,account,kind,units,quality,failures,submitted,fingerprint,replaces\n"
    for old, new, where in [
        ('name = "Fixed price with penalties"', 'name = "Other"', "policy.name"),
        ('pool = "100000"', 'pool = "100001"', "pool"),
        ('values = ["data", "evaluation"]', 'values = ["evaluation", "data"]', "fields.kind"),
        ('failures = { max = "1000" }', 'failures = { max = "1001" }', "fields.failures"),
        ('min = "50"', 'min = "51"', "fields.quality"),
        ('data_price = "0.02"', 'data_price = "0.03"', "amounts.data_price"),
        ('unique = ["fingerprint"]', 'unique = [["account", "fingerprint"]]', "rules.unique"),
        ("account = 5_000", "account = 5_001", "rules.limit.account"),
        ("count = 200", "count = 201", "rules.limit.window"),
        ("corrections = true", "corrections = false", "rules.corrections"),
        ('"withdrawn"', '"fraud"', "rules.reasons"),
        ('"sum(worth)"', '"sum(worth) + 1"', "formula.earned"),
    ]:
        assert text.count(old) == 1
        changed = parse_policy(text.replace(old, new).encode(), "new.toml")
        headers = [
            header if policy.rules.corrections else header.replace(",replaces", "") for policy in (base, changed)
        ]
        records = [records_of(policy, csv, tmp_path) for policy, csv in zip((base, changed), headers, strict=True)]
        found = compare(base, changed, *records)
        assert [edit.where for edit in found.edits] == [where]
        if where.startswith(("pool", "amounts")):
            # Money as the files write it, not in base units.
            (edit,) = found.edits
            assert (old.split('"')[1], new.split('"')[1]) == (edit.old, edit.new)
    assert compare(base, base, records[0], records[0]).edits == ()


def test_other_units_and_other_records_are_refused(tmp_path: Path) -> None:
    policy = policy_of(SHARE)
    records = records_of(policy, csv_of(("alice", 1)), tmp_path)
    other = records_of(policy, csv_of(("alice", 1), ("bob", 2)), tmp_path)
    with pytest.raises(ValueError, match="records"):
        compare(policy, policy, records, other)
    tokens = parse_policy(preset("square-root").text.encode(), "tokens.toml")
    with pytest.raises(ValueError, match="units"):
        compare(policy, tokens, records, records)
