"""The definition of the payouts, against the same formula in rational numbers."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.errors import InputError
from zkpay.ledger.codes import UNKNOWN_KIND
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import quantity_slots
from zkpay.policy.meaning import distribute, evaluate, points
from zkpay.policy.policy import Policy

QUANTITY = st.one_of(st.integers(0, 20_000), st.integers(0, 2**96))
QUALITY = st.one_of(st.integers(0, 10_000), st.integers(0, 2**28 - 1))
RECORD = st.tuples(st.integers(0, 5), st.integers(0, 2), QUANTITY, QUALITY, st.sampled_from([0, 0, 0, 1, 2, 3, 4]))


def policy_with(pool: int, weights: tuple[int, int, int] = (3, 0, 2**28 - 1)) -> Policy:
    return Policy("p", pool, "T", 0, ("a", "b", "c"), weights, 2**96, 2**28 - 1, True, ("spam",))


def columns_of(records: list[tuple[int, int, int, int, int]]) -> Contributions:
    # Account numbers reach over a word's edge and fall, so that order is not by chance the order of appearance.
    accounts = [((7 - account) << 155 | account).to_bytes(20, "big") for account, *_ in records]
    quantities = [record[2] for record in records]
    return Contributions(
        ids=[str(index) for index in range(len(records))],
        accounts=np.frombuffer(b"".join(accounts), dtype=np.uint8).reshape(-1, 20),
        kind=np.array([record[1] for record in records], dtype=np.uint8),
        quantity=quantity_slots(
            np.array([value % 2**64 for value in quantities], dtype=np.uint64),
            np.array([value >> 64 for value in quantities], dtype=np.uint64),
        ),
        quality=np.array([record[3] for record in records], dtype=np.uint32),
        fingerprint_keys=np.zeros((8, len(records)), dtype=np.uint32),
        reason=np.array([record[4] for record in records], dtype=np.uint8),
        account_names=["x"] * len(records),
    )


@given(st.integers(0, 2), QUANTITY, QUALITY)
def test_points_round_down(kind: int, quantity: int, quality: int) -> None:
    policy = policy_with(1)
    exact = Fraction(policy.weights[kind]) * quantity * Fraction(quality, 10_000)
    assert points(policy, kind, quantity, quality) == floor(exact)


@given(st.integers(0, 2**112 - 1), st.lists(st.integers(0, 2**152), max_size=12))
def test_shares_round_down_and_the_rest_is_dust(pool: int, scores: list[int]) -> None:
    policy = policy_with(pool)
    amounts, total, paid, dust = distribute(policy, scores)
    assert total == sum(scores)
    for amount, score in zip(amounts, scores, strict=True):
        assert amount == (floor(Fraction(pool) * Fraction(score, total)) if total else 0)
    assert paid == sum(amounts)
    assert paid + dust == pool
    assert dust >= 0
    assert dust < max(len(scores), 1) or not total


@given(st.integers(0, 2**112 - 1), st.lists(RECORD, max_size=20))
def test_epoch_equals_rational_arithmetic(pool: int, records: list[tuple[int, int, int, int, int]]) -> None:
    policy = policy_with(pool)
    columns = columns_of(records)
    result = evaluate(policy, columns)
    accounts = [bytes(row) for row in columns.accounts]
    accepted = [account for account, record in zip(accounts, records, strict=True) if record[4] == 0]
    assert [bytes(row) for row in result.accounts] == sorted(set(accepted))
    expected = {account: Fraction(0) for account in accepted}
    for account, (_, kind, quantity, quality, reason) in zip(accounts, records, strict=True):
        if reason == 0:
            expected[account] += floor(Fraction(policy.weights[kind] * quantity * quality, 10_000))
    total = sum(expected.values())
    for index, row in enumerate(result.accounts):
        account = bytes(row)
        assert result.scores[index] == expected[account]
        assert result.payouts[index] == (floor(pool * expected[account] / total) if total else 0)
        assert result.accepted[index] == accepted.count(account)
        assert result.rejected[index] == accounts.count(account) - accepted.count(account)
    assert (result.total_score, result.paid) == (total, sum(result.payouts))
    assert result.paid + result.dust == pool
    codes = [record[4] for record in records]
    names = ("accepted", "duplicate", "out_of_range", "unknown_kind", "spam")
    assert result.reasons == {name: codes.count(code) for code, name in enumerate(names)}


def test_empty_epoch_pays_nothing() -> None:
    result = evaluate(policy_with(10**20), columns_of([]))
    assert result.accounts.shape == (0, 20)
    assert (result.payouts, result.total_score, result.paid, result.dust) == ([], 0, 0, 10**20)


def test_zero_total_score_keeps_accounts_at_zero() -> None:
    result = evaluate(policy_with(1000), columns_of([(1, 1, 5, 5, 0), (2, 0, 0, 5, 0), (3, 0, 9, 9, 4)]))
    assert len(result.accounts) == 2
    assert (result.payouts, result.paid, result.dust) == ([0, 0], 0, 1000)


def test_largest_values_of_every_field() -> None:
    records = [(account, 2, 2**96, 2**28 - 1, 0) for account in (1, 1, 2)]
    result = evaluate(policy_with(2**112 - 1), columns_of(records))
    each = (2**28 - 1) ** 2 * 2**96 // 10_000
    assert sorted(result.scores) == [each, 2 * each]
    assert result.paid + result.dust == 2**112 - 1
    assert sorted(result.payouts) == [(2**112 - 1) // 3, 2 * (2**112 - 1) // 3]


def test_rejected_record_of_unknown_kind_earns_nothing() -> None:
    records = [(1, UNKNOWN_KIND, 5, 10_000, 3), (1, 0, 1, 10_000, 0)]
    result = evaluate(policy_with(100), columns_of(records))
    assert (result.scores, result.payouts) == ([3], [100])


def test_columns_that_no_policy_allows_are_refused() -> None:
    with pytest.raises(InputError, match="kind"):
        evaluate(policy_with(1), columns_of([(1, UNKNOWN_KIND, 5, 5, 0)]))
    with pytest.raises(InputError, match="reason code 5"):
        evaluate(policy_with(1), columns_of([(1, 0, 5, 5, 5)]))
