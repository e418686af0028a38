"""Leaves: every record round-trips, no two share a leaf, and nothing else decodes."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkpay.errors import Rejected
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import (
    ContributionLeaf,
    PayoutLeaf,
    account_elements,
    account_from_elements,
    account_order,
    contribution_leaves,
    decode_contribution_leaf,
    decode_payout_leaf,
    empty_leaf,
    payout_leaves,
    quantity_slots,
    quantity_values,
)
from zkpay.stark.field import P

ACCOUNT_BYTES = st.binary(min_size=20, max_size=20)
SALT = st.tuples(*[st.integers(0, P - 1)] * 5)
CONTRIBUTION = st.builds(
    ContributionLeaf,
    reason=st.integers(0, 63),
    kind=st.integers(0, 63),
    quantity=st.integers(0, 2**98 - 1),
    quality=st.integers(0, 2**28 - 1),
    account=ACCOUNT_BYTES,
    fingerprint_key=st.tuples(*[st.integers(0, 2**30 - 1)] * 8),
    salt=SALT,
)
COUNT = st.integers(0, 2**30 - 1)
PAYOUT = st.builds(
    PayoutLeaf,
    account=ACCOUNT_BYTES,
    payout=st.integers(0, 2**112 - 1),
    accepted=COUNT,
    rejected=COUNT,
    salt=SALT,
)
HIGHEST = ContributionLeaf(63, 63, 2**98 - 1, 2**28 - 1, b"\xff" * 20, (2**30 - 1,) * 8, (P - 1,) * 5)
HIGHEST_PAYOUT = PayoutLeaf(b"\xff" * 20, 2**112 - 1, 2**30 - 1, 2**30 - 1, (P - 1,) * 5)


def columns_of(records: list[ContributionLeaf]) -> Contributions:
    quantities = [record.quantity for record in records]
    return Contributions(
        ids=[str(index) for index in range(len(records))],
        accounts=np.array([list(record.account) for record in records], dtype=np.uint8).reshape(-1, 20),
        kind=np.array([record.kind for record in records], dtype=np.uint8),
        quantity=quantity_slots(
            np.array([value % 2**64 for value in quantities], dtype=np.uint64),
            np.array([value >> 64 for value in quantities], dtype=np.uint64),
        ),
        quality=np.array([record.quality for record in records], dtype=np.uint32),
        fingerprint_keys=np.array([record.fingerprint_key for record in records], dtype=np.uint32).reshape(-1, 8).T,
        reason=np.array([record.reason for record in records], dtype=np.uint8),
        account_names=["x"] * len(records),
    )


def salts_of(records: list[Any]) -> np.ndarray:
    return np.array([record.salt for record in records], dtype=np.uint32).reshape(-1, 5).T


def leaves_of(records: list[ContributionLeaf]) -> list[list[int]]:
    leaves = contribution_leaves(columns_of(records), salts_of(records))
    assert leaves.shape == (24, len(records))
    assert leaves.dtype == np.uint32
    return leaves.T.tolist()


def payout_leaves_of(records: list[PayoutLeaf]) -> list[list[int]]:
    leaves = payout_leaves(
        np.array([list(record.account) for record in records], dtype=np.uint8).reshape(-1, 20),
        [record.payout for record in records],
        np.array([record.accepted for record in records], dtype=np.int64),
        np.array([record.rejected for record in records], dtype=np.int64),
        salts_of(records),
    )
    assert leaves.shape == (24, len(records))
    return leaves.T.tolist()


def reason_of(decode: Any, elements: Any) -> str:
    with pytest.raises(Rejected) as caught:
        decode(elements)
    return caught.value.reason


class TestAccountElements:
    @given(st.lists(ACCOUNT_BYTES, min_size=1, max_size=8))
    def test_round_trip_and_order(self, accounts: list[bytes]) -> None:
        rows = account_elements(np.array([list(account) for account in accounts], dtype=np.uint8)).T.tolist()
        assert [account_from_elements(row) for row in rows] == accounts
        assert sorted(rows) == [row for _, row in sorted(zip(accounts, rows, strict=True))]

    def test_widths(self) -> None:
        top = account_elements(np.full((1, 20), 255, dtype=np.uint8))[:, 0].tolist()
        assert top == [2**10 - 1] + [2**30 - 1] * 5
        one = account_elements(np.array([[0] * 19 + [1]], dtype=np.uint8))[:, 0].tolist()
        assert one == [0, 0, 0, 0, 0, 1]

    @pytest.mark.parametrize("index", range(6))
    def test_other_readings_of_an_element_are_refused(self, index: int) -> None:
        for wrong in (2**10 if index == 0 else 2**30, P, P + 5, 2 * P + 5, -1, True, 1.0, "1", None):
            elements: list[Any] = [5] * 6
            elements[index] = wrong
            assert reason_of(account_from_elements, elements) == "non-canonical-element"

    def test_length(self) -> None:
        assert reason_of(account_from_elements, [0] * 5) == "wrong-length"
        assert reason_of(account_from_elements, [0] * 7) == "wrong-length"


@given(st.lists(ACCOUNT_BYTES, max_size=12))
def test_account_order_is_that_of_the_numbers(accounts: list[bytes]) -> None:
    accounts = accounts + accounts[:4]
    order, place = account_order(np.array([list(a) for a in accounts], dtype=np.uint8).reshape(-1, 20))
    assert [bytes(row) for row in order] == sorted(set(accounts))
    assert [bytes(order[index]) for index in place] == accounts


@given(st.lists(st.integers(0, 2**98 - 1), max_size=8))
def test_quantity_slots_round_trip(values: list[int]) -> None:
    low = np.array([value % 2**64 for value in values], dtype=np.uint64)
    high = np.array([value >> 64 for value in values], dtype=np.uint64)
    slots = quantity_slots(low, high)
    assert slots.shape == (len(values), 7)
    assert [sum(int(slot) << 14 * i for i, slot in enumerate(row)) for row in slots] == values
    assert quantity_values(slots) == values


class TestContributionLeaf:
    @given(st.lists(CONTRIBUTION, min_size=1, max_size=5))
    def test_round_trip(self, records: list[ContributionLeaf]) -> None:
        assert [decode_contribution_leaf(leaf) for leaf in leaves_of(records)] == records

    @given(CONTRIBUTION, CONTRIBUTION)
    def test_injective(self, one: ContributionLeaf, other: ContributionLeaf) -> None:
        first, second = leaves_of([one, other])
        assert (first == second) == (one == other)

    def test_layout(self) -> None:
        record = ContributionLeaf(
            reason=5,
            kind=9,
            quantity=sum((i + 1) << 14 * i for i in range(7)),
            quality=(77 << 14) + 66,
            account=bytes(19) + b"\x07",
            fingerprint_key=tuple(range(100, 108)),
            salt=(11, 12, 13, 14, 15),
        )
        assert leaves_of([record])[0] == [
            1 + (5 << 4) + (9 << 10) + (77 << 16),
            *[11, 12, 13, 14, 15],
            *[0, 0, 0, 0, 0, 7],
            *range(100, 108),
            *[1 + (2 << 14), 3 + (4 << 14), 5 + (6 << 14), 7 + (66 << 14)],
        ]

    def test_every_element_but_the_salt_has_at_most_30_bits(self) -> None:
        leaf = leaves_of([HIGHEST])[0]
        assert all(element < 2**30 for index, element in enumerate(leaf) if not 1 <= index <= 5)

    @given(CONTRIBUTION, st.integers(0, 23), st.sampled_from([P, 2 * P]))
    def test_second_reading_of_an_element_is_refused(self, record: ContributionLeaf, index: int, shift: int) -> None:
        leaf = leaves_of([record])[0]
        leaf[index] += shift
        assert reason_of(decode_contribution_leaf, leaf) == "non-canonical-element"

    @given(CONTRIBUTION, st.integers(0, 23), st.integers(0, P - 1))
    def test_whatever_decodes_encodes_to_the_same_leaf(
        self, record: ContributionLeaf, index: int, element: int
    ) -> None:
        leaf = leaves_of([record])[0]
        leaf[index] = element
        try:
            decoded = decode_contribution_leaf(leaf)
        except Rejected:
            return
        assert leaves_of([decoded])[0] == leaf

    @pytest.mark.parametrize("index", [i for i in range(24) if not 1 <= i <= 5])
    def test_element_of_more_bits_than_it_may_have(self, index: int) -> None:
        bits = {0: 30, 6: 10, 20: 28, 21: 28, 22: 28, 23: 28}.get(index, 30)
        leaf = leaves_of([HIGHEST])[0]
        leaf[index] = (1 << bits) + 1
        assert reason_of(decode_contribution_leaf, leaf) == "non-canonical-element"

    @pytest.mark.parametrize("wrong", [-1, True, False, 1.0, "1", None, [1], 2**70])
    @pytest.mark.parametrize("index", [0, 1, 6, 12, 23])
    def test_element_that_is_no_natural(self, index: int, wrong: object) -> None:
        leaf: list[Any] = leaves_of([HIGHEST])[0]
        leaf[index] = wrong
        assert reason_of(decode_contribution_leaf, leaf) == "non-canonical-element"

    def test_tag_and_length(self) -> None:
        leaf = leaves_of([HIGHEST])[0]
        for tag in (0, 2, 3, 15):
            assert reason_of(decode_contribution_leaf, [leaf[0] - 1 + tag, *leaf[1:]]) == "wrong-tag"
        assert reason_of(decode_contribution_leaf, leaf[:23]) == "wrong-length"
        assert reason_of(decode_contribution_leaf, [*leaf, 0]) == "wrong-length"
        assert reason_of(decode_contribution_leaf, []) == "wrong-length"

    def test_columns_beyond_a_leaf_are_refused(self) -> None:
        columns = columns_of([HIGHEST])
        salts = salts_of([HIGHEST])
        for change in (
            {"quality": np.array([2**28], dtype=np.uint32)},
            {"quantity": np.full((1, 7), 2**14, dtype=np.uint16)},
            {"kind": np.array([64], dtype=np.uint8)},
            {"reason": np.array([64], dtype=np.uint8)},
        ):
            with pytest.raises(ValueError, match=r"beyond|code"):
                contribution_leaves(dataclasses.replace(columns, **change), salts)
        with pytest.raises(ValueError, match="salts"):
            contribution_leaves(columns, salts[:, :0])
        with pytest.raises(ValueError, match="salts"):
            contribution_leaves(columns, np.full((5, 1), P, dtype=np.uint32))

    def test_no_records(self) -> None:
        assert leaves_of([]) == []


class TestPayoutLeaf:
    @given(st.lists(PAYOUT, min_size=1, max_size=5))
    def test_round_trip(self, records: list[PayoutLeaf]) -> None:
        assert [decode_payout_leaf(leaf) for leaf in payout_leaves_of(records)] == records

    def test_layout(self) -> None:
        record = PayoutLeaf(bytes(19) + b"\x07", 1 + (2 << 30) + (3 << 60) + (4 << 90), 8, 9, (1, 2, 3, 4, 5))
        expected = [2, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4, 8, 9, 0, 0, 0, 0, 0, 0]
        assert payout_leaves_of([record])[0] == expected

    @given(PAYOUT, st.integers(0, 23), st.sampled_from([P, 2 * P]))
    def test_second_reading_of_an_element_is_refused(self, record: PayoutLeaf, index: int, shift: int) -> None:
        leaf = payout_leaves_of([record])[0]
        leaf[index] += shift
        assert reason_of(decode_payout_leaf, leaf) == "non-canonical-element"

    @given(PAYOUT, st.integers(0, 23), st.integers(0, P - 1))
    def test_whatever_decodes_encodes_to_the_same_leaf(self, record: PayoutLeaf, index: int, element: int) -> None:
        leaf = payout_leaves_of([record])[0]
        leaf[index] = element
        try:
            decoded = decode_payout_leaf(leaf)
        except Rejected:
            return
        assert payout_leaves_of([decoded])[0] == leaf

    @pytest.mark.parametrize("index", range(6, 18))
    def test_element_of_more_bits_than_it_may_have(self, index: int) -> None:
        bits = {6: 10, 15: 22}.get(index, 30)
        leaf = payout_leaves_of([HIGHEST_PAYOUT])[0]
        leaf[index] = 1 << bits
        assert reason_of(decode_payout_leaf, leaf) == "non-canonical-element"

    @pytest.mark.parametrize("index", range(18, 24))
    def test_unused_element_that_is_not_zero(self, index: int) -> None:
        leaf = payout_leaves_of([HIGHEST_PAYOUT])[0]
        leaf[index] = 1
        assert reason_of(decode_payout_leaf, leaf) == "unused-element-not-zero"

    def test_tag(self) -> None:
        leaf = payout_leaves_of([HIGHEST_PAYOUT])[0]
        for tag in (0, 1, 3):
            assert reason_of(decode_payout_leaf, [tag, *leaf[1:]]) == "wrong-tag"
        assert reason_of(decode_payout_leaf, [2 + 16, *leaf[1:]]) == "unused-element-not-zero"

    @pytest.mark.parametrize("payout", [-1, 2**112])
    def test_payout_beyond_a_leaf_is_a_callers_mistake(self, payout: int) -> None:
        with pytest.raises(ValueError, match="payout"):
            payout_leaves_of([PayoutLeaf(bytes(20), payout, 0, 0, (0,) * 5)])

    def test_counts_beyond_a_leaf_are_a_callers_mistake(self) -> None:
        for wrong in (-1, 2**30):
            with pytest.raises(ValueError, match="count"):
                payout_leaves_of([PayoutLeaf(bytes(20), 0, wrong, 0, (0,) * 5)])

    def test_no_payouts(self) -> None:
        assert payout_leaves_of([]) == []


def test_leaf_kinds_do_not_pass_for_one_another() -> None:
    contribution, payout = leaves_of([HIGHEST])[0], payout_leaves_of([HIGHEST_PAYOUT])[0]
    empty = empty_leaf()[:, 0].tolist()
    assert empty == [3] + [0] * 23
    assert reason_of(decode_contribution_leaf, payout) == "wrong-tag"
    assert reason_of(decode_contribution_leaf, empty) == "wrong-tag"
    assert reason_of(decode_payout_leaf, contribution) == "wrong-tag"
    assert reason_of(decode_payout_leaf, empty) == "wrong-tag"
