"""An epoch under every rule, with two pools, two totals and leaves of two blocks: what is proved, and that tampering
is found for the same reasons as in a plain one.
"""

import json
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from typing import Any

import pytest

import zkpay
from tests.zkpay.epoch.folders import (
    ALICE,
    BOB,
    CAROL,
    DAVE,
    RULES_COUNTS,
    RULES_HEADER,
    RULES_POLICY,
    RULES_ROWS,
    copy_of,
    make_committed_rules,
    write_inputs,
)
from tests.zkpay.epoch.test_receipts import others, places, put, value_at
from tests.zkpay.epoch.test_verify import reseal
from zkpay.epoch import receipt_check
from zkpay.epoch.files import encode_json
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.accounts import checksum_address, parse_account

ACCOUNTS = (ALICE, BOB, CAROL, DAVE)
DATA_POOL, COMPUTE_POOL = 100_000_000000, 150_000_500000
# By hand: weight * quantity * quality // 10000 of the accepted records, half of it on top if good and from the EU.
POINTS = {0: 3240, 1: 85, 4: 40 * (10**24 - 1) * 4321 // 10_000, 5: 35, 7: 21, 14: 21}
BONUS = {0: 1620, 1: 0, 4: 0, 5: 17, 7: 0, 14: 10}
GOOD = {0: True, 1: True, 4: False, 5: True, 7: True, 14: True}
DATA_SCORE = {ALICE: 3240 + 21, BOB: 21, CAROL: 0}
OTHER_SCORE = {ALICE: isqrt(35 + 17), BOB: isqrt(85), CAROL: isqrt(POINTS[4])}
STEADY = {ALICE: True, BOB: True, CAROL: False}
PAYOUT = {
    name: DATA_POOL * DATA_SCORE[name] // sum(DATA_SCORE.values())
    + COMPUTE_POOL * OTHER_SCORE[name] // sum(OTHER_SCORE.values())
    for name in DATA_SCORE
}


@pytest.fixture(scope="module")
def receipts(proved_rules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    issued = zkpay.issue_receipts(proved_rules, out=tmp_path_factory.mktemp("receipts") / "all")
    paths = {one.account: one.path for one in issued}
    return {name: paths[checksum_address(parse_account(name))] for name in ACCOUNTS}


@pytest.fixture
def quick(proved_rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public folder is verified once; tests that change receipts alone need it no more often."""
    verdict = zkpay.verify(proved_rules / "public")
    monkeypatch.setattr(receipt_check, "verify", lambda public, **expected: verdict)


def test_it_pays_by_hand_and_states_both_totals(proved_rules: Path) -> None:
    verdict = zkpay.verify(proved_rules / "public", leaves=True)
    statement = verdict.statement
    assert dict(statement.counts) == RULES_COUNTS
    assert statement.totals == (
        ("total(data_score)", sum(DATA_SCORE.values())),
        ("total(other_score)", sum(OTHER_SCORE.values())),
    )
    assert statement.pool == DATA_POOL + COMPUTE_POOL
    assert (statement.paid, statement.dust) == (sum(PAYOUT.values()), statement.pool - sum(PAYOUT.values()))
    assert verdict.discretionary == {"spam": 1}
    rows = [line.split(",") for line in (proved_rules / "public" / "payouts.csv").read_text().splitlines()[1:]]
    assert {bytes.fromhex(row[0][2:]): int(row[1]) for row in rows} == {
        parse_account(name): amount for name, amount in PAYOUT.items()
    }
    assert {bytes.fromhex(row[0][2:]): (int(row[2]), int(row[3])) for row in rows} == {
        parse_account(ALICE): (3, 3), parse_account(BOB): (2, 2), parse_account(CAROL): (1, 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_receipt_tells_every_field_line_and_correction(
    proved_rules: Path, receipts: dict[str, Path], name: str
) -> None:
    content = json.loads(receipts[name].read_bytes())
    told = zkpay.verify_receipt(receipts[name], public=proved_rules / "public").receipt
    for record in content["contributions"]:
        index = record["index"]
        assert len(record["leaf"]) == 24 + 15
        accepted = index in POINTS
        assert (record["reason"] == "accepted") == accepted
        assert record["replaces"] == (13 if index == 14 else None)
        assert record["lines"] == (
            {"good": GOOD[index], "points": str(POINTS[index]), "bonus": str(BONUS[index])} if accepted else {}
        )
    if name == DAVE:
        assert content["payout"] is told.payout is None
        assert [record["fields"]["kind"] for record in content["contributions"]] == [None, "data", "data"]
        return
    assert content["payout"]["amount"] == str(PAYOUT[name])
    assert content["payout"]["lines"] == {
        "data_score": str(DATA_SCORE[name]), "other_score": str(OTHER_SCORE[name]), "steady": STEADY[name],
    }  # fmt: skip
    if name == CAROL:
        assert content["contributions"][0]["fields"] == {
            "kind": "model-v2", "region": "eu", "quantity": "9" * 24, "quality": "4321", "task": "1",
            "timestamp": "86400",
        }  # fmt: skip
    assert told.payout is not None
    # JSON sorts by name; a verdict tells lines in the policy's order.
    assert list(told.payout.lines) == ["data_score", "other_score", "steady"]
    assert list(told.contributions[0].fields) == ["kind", "region", "quantity", "quality", "task", "timestamp"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", [BOB, DAVE])
def test_no_value_of_a_receipt_can_be_changed(
    proved_rules: Path, receipts: dict[str, Path], tmp_path: Path, name: str
) -> None:
    content = json.loads(receipts[name].read_bytes())
    changed = tmp_path / "changed.json"
    for place in places(content):
        for value in others(value_at(content, place)):
            changed.write_bytes(encode_json(put(content, place, value)))
            with pytest.raises((Rejected, InputError)):
                zkpay.verify_receipt(changed, public=proved_rules / "public")


@pytest.mark.usefixtures("quick")
def test_a_receipt_fails_for_the_reason_of_its_lie(
    proved_rules: Path, receipts: dict[str, Path], tmp_path: Path
) -> None:
    content = json.loads(receipts[BOB].read_bytes())
    path = tmp_path / "forged.json"
    accepted, corrected = content["contributions"][0], content["contributions"][2]
    assert corrected["reason"] == "superseded"
    forgeries: list[tuple[tuple[Any, ...], Any, str]] = [
        (("contributions", 0, "lines", "points"), "86", "receipt-mismatch"),
        (("contributions", 0, "lines", "good"), False, "receipt-mismatch"),
        (("contributions", 0, "lines"), {**accepted["lines"], "more": "1"}, "receipt-mismatch"),
        (("contributions", 0, "lines"), {}, "receipt-mismatch"),
        (("contributions", 0, "fields", "region"), "eu", "receipt-mismatch"),
        (("contributions", 0, "fields", "quantity"), "017", "receipt-mismatch"),
        (("contributions", 0, "fields"), {**accepted["fields"], "more": "1"}, "receipt-mismatch"),
        (("contributions", 2, "reason"), "accepted", "receipt-mismatch"),
        (("contributions", 2, "lines"), {"points": "0"}, "receipt-mismatch"),
        (("contributions", 3, "replaces"), 12, "receipt-mismatch"),
        (("contributions", 3, "replaces"), None, "receipt-mismatch"),
        (("contributions", 0, "leaf"), accepted["leaf"][:24], "wrong-length"),
        (("contributions", 0, "leaf"), [*accepted["leaf"], *[0] * 15], "wrong-length"),
        (("contributions", 0, "leaf", 30), accepted["leaf"][30] + 1, "not-under-root"),
        (("payout", "leaf"), [*content["payout"]["leaf"], *[0] * 15], "wrong-length"),
        (("payout", "lines", "data_score"), "22", "payout-mismatch"),
        (("payout", "lines", "steady"), False, "payout-mismatch"),
        (("payout", "lines"), {**content["payout"]["lines"], "payout": content["payout"]["amount"]}, "payout-mismatch"),
        (("payout", "lines"), {}, "payout-mismatch"),
        (("payout", "amount"), str(PAYOUT[BOB] + 1), "receipt-mismatch"),
    ]
    for place, value, reason in forgeries:
        path.write_bytes(encode_json(put(content, place, value)))
        with pytest.raises(Rejected) as caught:
            zkpay.verify_receipt(path, public=proved_rules / "public")
        assert caught.value.reason == reason, place


def test_forged_totals_and_counts_fail(tmp_path: Path) -> None:
    folder = make_committed_rules(tmp_path, private_payouts=True)
    zkpay.prove(folder)
    public = folder / "public"
    zkpay.verify(public)
    original = (public / "statement.json").read_bytes()
    honest = json.loads(original)

    def with_totals(totals: list[list[str]]) -> Callable[[dict[str, object]], None]:
        return lambda content: content.update({"totals": totals})

    def with_counts(**differences: int) -> Callable[[dict[str, object]], None]:
        counts = [[name, count + differences.get(name, 0)] for name, count in honest["counts"]]
        return lambda content: content.update({"counts": counts})

    first, second = honest["totals"]
    forgeries: dict[str, tuple[Callable[[dict[str, object]], None], set[str]]] = {
        "larger": (with_totals([[first[0], str(int(first[1]) + 1)], second]), {"proof"}),
        "smaller": (with_totals([first, [second[0], str(int(second[1]) - 1)]]), {"proof"}),
        "zero": (with_totals([[first[0], "0"], second]), {"proof"}),
        "exchanged": (with_totals([[first[0], second[1]], [second[0], first[1]]]), {"proof"}),
        "another order": (with_totals([second, first]), {"totals-mismatch"}),
        "one missing": (with_totals([first]), {"totals-mismatch"}),
        "one more": (with_totals([first, second, ["total(count())", "6"]]), {"totals-mismatch"}),
        "renamed": (with_totals([["total(points)", first[1]], second]), {"totals-mismatch"}),
        "limits exchanged": (with_counts(over_window_limit=1, over_account_limit=-1), {"proof"}),
        "superseded by hand": (with_counts(superseded=-1, spam=1), {"proof"}),
        "one more accepted": (with_counts(accepted=1, duplicate=-1), {"proof"}),
        "another sum": (with_counts(accepted=1), {"counts-mismatch"}),
    }
    for name, (change, reasons) in forgeries.items():
        (public / "statement.json").write_bytes(original)
        reseal(public, "statement.json", change)
        with pytest.raises(Rejected) as caught:
            zkpay.verify(public)
        expected = {"constraints-unsatisfied", "statement-inconsistent"} if reasons == {"proof"} else reasons
        # Heights don't change with these values, so that the circuit's digest fits and the proof decides.
        assert caught.value.reason in expected, name
    (public / "statement.json").write_bytes(original)
    zkpay.verify(public)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count = 2", "count = 3"),
        ("account = 3", "account = 4"),
        ("length = 86400", "length = 86401"),
        ("corrections = true", "corrections = false"),
        ('"fingerprint", ["account", "task"]', '"fingerprint"'),
        ('min = "100"', 'min = "101"'),
        ("bar = 5_000", "bar = 5_001"),
        ('data_pool = "100000"', 'data_pool = "100001"'),
        ("points // 2 if", "points // 3 if"),
        ('["eu", "us"]', '["us", "eu"]'),
    ],
)
def test_every_part_of_the_policy_counts(proved_rules: Path, tmp_path: Path, old: str, new: str) -> None:
    public = copy_of(proved_rules / "public", tmp_path / "public")
    text = (public / "policy.toml").read_text()
    assert text.count(old) == 1
    (public / "policy.toml").write_text(text.replace(old, new))
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "policy-mismatch"


FEW_ROWS: dict[str, tuple[tuple[str, ...], dict[str, int], int]] = {
    # Name: (records, counts that aren't 0, accounts).
    "none": ((), {}, 0),
    "all rejected": (
        RULES_ROWS[9:13], {"below_minimum": 1, "undeclared": 1, "out_of_range": 1, "spam": 1}, 0,
    ),
    "only copies of one": (RULES_ROWS[:1] + RULES_ROWS[3:4], {"accepted": 1, "duplicate": 1}, 1),
    "one pool has no score": (RULES_ROWS[1:2], {"accepted": 1}, 1),
    "a correction corrected": (
        (*RULES_ROWS[13:], f"r15,{BOB},data,eu,7,8000,5,100,aa15,r14,,"), {"accepted": 1, "superseded": 2}, 1,
    ),
    "a correction rejected": (
        (RULES_ROWS[13], f"r14,{BOB},data,eu,9,8000,5,100,aa14,r13,rejected,spam"), {"superseded": 1, "spam": 1}, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FEW_ROWS)
def test_few_records_are_proved_and_receipted(tmp_path: Path, name: str) -> None:
    rows, counts, accounts = FEW_ROWS[name]
    contributions, policy = write_inputs(tmp_path, rows, RULES_POLICY, RULES_HEADER)
    folder = zkpay.commit(contributions, policy, epoch="few", out=tmp_path / "epoch").folder
    zkpay.prove(folder)
    statement = zkpay.verify(folder / "public", leaves=True).statement
    assert {reason: count for reason, count in statement.counts if count} == counts
    assert statement.account_count == accounts
    for issued in zkpay.issue_receipts(folder, out=tmp_path / "receipts"):
        zkpay.verify_receipt(issued.path, public=folder / "public")


def test_a_formula_without_accounts_lines_or_totals(tmp_path: Path) -> None:
    """A constant payout: each account with an accepted record gets it."""
    text = RULES_POLICY[: RULES_POLICY.index("[formula]")] + '[amounts]\ngift = "1.5"\n[formula]\npayout = "gift"\n'
    contributions, policy = write_inputs(tmp_path, RULES_ROWS, text, RULES_HEADER)
    folder = zkpay.commit(contributions, policy, epoch="few", out=tmp_path / "epoch").folder
    zkpay.prove(folder)
    statement = zkpay.verify(folder / "public").statement
    assert (statement.paid, statement.totals, statement.account_count) == (3 * 1_500000, (), 3)
    receipt = zkpay.issue_receipt(folder, BOB, out=tmp_path / "bob.json")
    payout = zkpay.verify_receipt(receipt.path, public=folder / "public").receipt.payout
    assert payout is not None
    assert (payout.amount, payout.lines) == (1_500000, {})


def test_records_left_out_are_noticed_where_the_formula_needs_all(tmp_path: Path) -> None:
    """A difference that is never negative over whole accounts can be so over some of an account's records."""
    text = RULES_POLICY[: RULES_POLICY.index("[formula]")] + '[formula]\npayout = "total(min(task)) - min(task)"\n'
    contributions, policy = write_inputs(tmp_path, (RULES_ROWS[1], RULES_ROWS[3]), text, RULES_HEADER)
    folder = zkpay.commit(contributions, policy, epoch="few", out=tmp_path / "epoch").folder
    zkpay.prove(folder)
    receipt = zkpay.issue_receipt(folder, BOB, out=tmp_path / "bob.json")
    zkpay.verify_receipt(receipt.path, public=folder / "public")
    content = json.loads(receipt.path.read_bytes())
    assert [record["fields"]["task"] for record in content["contributions"]] == ["1", "2"]
    del content["contributions"][0]
    receipt.path.write_bytes(encode_json(content))
    with pytest.raises(Rejected) as caught:
        zkpay.verify_receipt(receipt.path, public=folder / "public")
    assert caught.value.reason == "records-incomplete"


def test_no_receipt_is_issued_with_a_changed_statement(proved_rules: Path, tmp_path: Path) -> None:
    folder = copy_of(proved_rules, tmp_path / "epoch")
    first, *rest = json.loads((folder / "public" / "statement.json").read_bytes())["totals"]
    forged = [[first[0], str(int(first[1]) + 1)], *rest]
    reseal(folder / "public", "statement.json", lambda content: content.update({"totals": forged}))
    with pytest.raises(Refused, match="not about this epoch"):
        zkpay.issue_receipts(folder, out=tmp_path / "receipts")
