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
    decode_contribution_leaf,
    decode_payout_leaf,
    empty_leaf,
    hash_record_leaves,
    leaf_blocks,
    leaf_elements,
    payout_leaves,
    record_elements,
)
from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.ledger.number_slots import slots_of_values
from zkpay.ledger.record_layout import RecordLayout
from zkpay.ledger.rules import Rules
from zkpay.poseidon.permutation import hash_leaves
from zkpay.stark.field import P

ACCOUNT_BYTES = st.binary(min_size=20, max_size=20)
SALT = st.tuples(*[st.integers(0, P - 1)] * 5)
SYMBOLS = tuple(f"v{code}" for code in range(62))
REASONS = tuple(f"own {code}" for code in range(12))
LAYOUT = RecordLayout(
    Rules(
        (SymbolField("kind", SYMBOLS), NumberField("quantity", 2**97 - 1), NumberField("quality", 2**27 - 1)),
        unique=(("fingerprint",),),
        reasons=REASONS,
    )
)
"""One block, all of it taken."""
NARROW = RecordLayout(Rules((NumberField("amount", 5), SymbolField("task", ("a", "b")))))
NO_SYMBOL = RecordLayout(Rules((NumberField("amount", 5),), corrections=True))
TWO_BLOCKS = RecordLayout(
    Rules(
        (
            NumberField("first", 2**128 - 1, minimum=5),
            SymbolField("kind", ("a",)),
            NumberField("second", 10**9),
            SymbolField("task", SYMBOLS),
            NumberField("third", 1),
        ),
        corrections=True,
        reasons=REASONS,
    )
)
FOUR_BLOCKS = RecordLayout(Rules(tuple(NumberField(f"n{index}", 2**128 - 1) for index in range(9))))
LAYOUTS = [LAYOUT, NARROW, NO_SYMBOL, TWO_BLOCKS, FOUR_BLOCKS]


def contributions_under(layout: RecordLayout) -> st.SearchStrategy[ContributionLeaf]:
    rules = layout.rules
    values = {
        field.name: st.sampled_from([*range(len(field.values)), 63])
        if isinstance(field, SymbolField)
        else st.one_of(st.integers(0, field.recordable), st.just(field.recordable))
        for field in rules.fields
    }
    replaces = st.one_of(st.none(), st.integers(0, 2**20 - 1)) if rules.corrections else st.none()
    return st.builds(
        ContributionLeaf,
        reason=st.sampled_from(sorted(rules.usable_reasons)),
        values=st.fixed_dictionaries(values),
        replaces=replaces,
        account=ACCOUNT_BYTES,
        fingerprint_key=st.tuples(*[st.integers(0, 2**30 - 1)] * 8),
        salt=SALT,
    )


CONTRIBUTION = contributions_under(LAYOUT)
LAID_OUT = st.sampled_from(LAYOUTS).flatmap(lambda layout: st.tuples(st.just(layout), contributions_under(layout)))
COUNT = st.integers(0, 2**30 - 1)
PAYOUT = st.builds(
    PayoutLeaf,
    account=ACCOUNT_BYTES,
    payout=st.integers(0, 2**112 - 1),
    accepted=COUNT,
    rejected=COUNT,
    salt=SALT,
)
HIGHEST = ContributionLeaf(
    19,
    {"kind": 63, "quantity": 2**98 - 1, "quality": 2**28 - 1},
    None,
    b"\xff" * 20,
    (2**30 - 1,) * 8,
    (P - 1,) * 5,
)
HIGHEST_PAYOUT = PayoutLeaf(b"\xff" * 20, 2**112 - 1, 2**30 - 1, 2**30 - 1, (P - 1,) * 5)


def columns_of(records: list[ContributionLeaf], layout: RecordLayout = LAYOUT) -> Contributions:
    rules = layout.rules
    return Contributions(
        ids=[str(index) for index in range(len(records))],
        accounts=np.array([list(record.account) for record in records], dtype=np.uint8).reshape(-1, 20),
        symbols={
            field.name: np.array([record.values[field.name] for record in records], dtype=np.uint8)
            for field in rules.symbols
        },
        numbers={
            field.name: slots_of_values([record.values[field.name] for record in records], field.slots)
            for field in rules.numbers
        },
        fingerprint_keys=np.array([record.fingerprint_key for record in records], dtype=np.uint32).reshape(-1, 8).T,
        reason=np.array([record.reason for record in records], dtype=np.uint8),
        replaces=np.array([-1 if record.replaces is None else record.replaces for record in records], dtype=np.int64),
        account_names=["x"] * len(records),
    )


def salts_of(records: list[Any]) -> np.ndarray:
    return np.array([record.salt for record in records], dtype=np.uint32).reshape(-1, 5).T


def leaves_of(records: list[ContributionLeaf], layout: RecordLayout = LAYOUT) -> list[list[int]]:
    leaves = leaf_elements(columns_of(records, layout), salts_of(records), layout)
    assert leaves.shape == (record_elements(layout), len(records))
    assert leaves.dtype == np.uint32
    return leaves.T.tolist()


def decode(elements: Any) -> ContributionLeaf:
    return decode_contribution_leaf(elements, LAYOUT)


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


def reason_of(decoder: Any, elements: Any) -> str:
    with pytest.raises(Rejected) as caught:
        decoder(elements)
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


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(0, 1))
def test_account_order_of_accounts_that_are_nearly_alike(last: list[int], place_of_difference: int) -> None:
    """The first eight bytes, or all but the last, are the same; others stand between them."""
    accounts = [bytes(8) + bytes(4 * [digit] + 8 * [1 - digit % 2]) for digit in last]
    accounts += [bytes(7) + bytes([digit]) + bytes([7] * 12) for digit in last]
    accounts = [account[:-1] + bytes([place_of_difference * index % 3]) for index, account in enumerate(accounts)]
    order, place = account_order(np.array([list(a) for a in accounts], dtype=np.uint8).reshape(-1, 20))
    assert [bytes(row) for row in order] == sorted(set(accounts))
    assert [bytes(order[index]) for index in place] == accounts


class TestContributionLeaf:
    @given(st.data(), st.sampled_from(LAYOUTS))
    def test_round_trip(self, data: Any, layout: RecordLayout) -> None:
        records = data.draw(st.lists(contributions_under(layout), min_size=1, max_size=4))
        leaves = leaves_of(records, layout)
        assert [decode_contribution_leaf(leaf, layout) for leaf in leaves] == records

    @given(st.data(), st.sampled_from(LAYOUTS))
    def test_injective(self, data: Any, layout: RecordLayout) -> None:
        one, other = [data.draw(contributions_under(layout)) for _ in range(2)]
        first, second = leaves_of([one, other], layout)
        assert (first == second) == (one == other)

    def test_layout(self) -> None:
        record = ContributionLeaf(
            reason=9,
            values={
                "kind": 61,
                "quantity": sum((i + 1) << 14 * i for i in range(7)),
                "quality": (77 << 14) + 66,
            },
            replaces=None,
            account=bytes(19) + b"\x07",
            fingerprint_key=tuple(range(100, 108)),
            salt=(11, 12, 13, 14, 15),
        )
        assert leaves_of([record])[0] == [
            1 + (9 << 4) + (61 << 10) + (77 << 16),
            *[11, 12, 13, 14, 15],
            *[0, 0, 0, 0, 0, 7],
            *range(100, 108),
            *[1 + (2 << 14), 3 + (4 << 14), 5 + (6 << 14), 7 + (66 << 14)],
        ]

    def test_layout_of_two_blocks(self) -> None:
        record = ContributionLeaf(
            reason=7,
            values={
                "first": sum((i + 1) << 14 * i for i in range(10)),
                "kind": 0,
                "second": 12 + (13 << 14) + (14 << 28),
                "task": 63,
                "third": 15,
            },
            replaces=(16 + (17 << 14)) - 1,
            account=bytes(19) + b"\x07",
            fingerprint_key=tuple(range(100, 108)),
            salt=(11, 12, 13, 14, 15),
        )
        assert leaves_of([record], TWO_BLOCKS)[0] == [
            1 + (7 << 4) + (0 << 10) + (9 << 16),
            *[11, 12, 13, 14, 15],
            *[0, 0, 0, 0, 0, 7],
            *range(100, 108),
            *[1 + (2 << 14), 3 + (4 << 14), 5 + (6 << 14), 7 + (8 << 14)],
            *[10 + (12 << 14), 13 + (14 << 14), 63 + (15 << 14), 16 + (17 << 14)],
            *[0] * 11,
        ]

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_digest_is_that_of_a_chain_of_blocks(self, layout: RecordLayout) -> None:
        random = np.random.default_rng(layout.blocks)
        elements = random.integers(0, 2**28, (record_elements(layout), 3)).astype(np.uint32)
        found = hash_record_leaves(elements, hash_leaves)
        for index, leaf in enumerate(elements.T.tolist()):
            block, rest = leaf[:24], leaf[24:]
            digest = hash_leaves(np.array(block, dtype=np.uint32)[:, None])[:, 0].tolist()
            while rest:
                block, rest = [4, *digest, *rest[:15]], rest[15:]
                digest = hash_leaves(np.array(block, dtype=np.uint32)[:, None])[:, 0].tolist()
            assert found[:, index].tolist() == digest

    def test_blocks_are_the_parts_of_the_flattened_leaf(self) -> None:
        values = dict.fromkeys((field.name for field in FOUR_BLOCKS.rules.fields), 2**140 - 1)
        wide = dataclasses.replace(HIGHEST, values=values, reason=2)
        parts = leaf_blocks(leaf_elements(columns_of([wide], FOUR_BLOCKS), salts_of([wide]), FOUR_BLOCKS))
        assert [part.shape for part in parts] == [(24, 1), (15, 1), (15, 1), (15, 1)]
        assert [part.shape for part in leaf_blocks(parts[0])] == [(24, 1)]
        assert np.concatenate(parts).T.tolist() == leaves_of([wide], FOUR_BLOCKS)

    @given(LAID_OUT)
    def test_every_element_but_the_salt_has_at_most_30_bits(self, laid_out: Any) -> None:
        leaf = leaves_of([laid_out[1]], laid_out[0])[0]
        assert all(element < 2**30 for index, element in enumerate(leaf) if not 1 <= index <= 5)

    @given(LAID_OUT, st.integers(0, 2**16), st.sampled_from([P, 2 * P]))
    def test_second_reading_of_an_element_is_refused(self, laid_out: Any, index: int, shift: int) -> None:
        layout, record = laid_out
        leaf = leaves_of([record], layout)[0]
        leaf[index % len(leaf)] += shift
        assert reason_of(lambda elements: decode_contribution_leaf(elements, layout), leaf) == "non-canonical-element"

    @given(LAID_OUT, st.integers(0, 2**16), st.one_of(st.integers(0, P - 1), st.integers(0, 2**28 - 1)))
    def test_whatever_decodes_encodes_to_the_same_leaf(self, laid_out: Any, index: int, element: int) -> None:
        layout, record = laid_out
        leaf = leaves_of([record], layout)[0]
        leaf[index % len(leaf)] = element
        try:
            decoded = decode_contribution_leaf(leaf, layout)
        except Rejected:
            return
        assert leaves_of([decoded], layout)[0] == leaf

    @pytest.mark.parametrize("index", [i for i in range(24) if not 1 <= i <= 5])
    def test_element_of_more_bits_than_it_may_have(self, index: int) -> None:
        bits = {0: 30, 6: 10, 20: 28, 21: 28, 22: 28, 23: 28}.get(index, 30)
        leaf = leaves_of([HIGHEST])[0]
        leaf[index] = (1 << bits) + 1
        assert reason_of(decode, leaf) == "non-canonical-element"

    @pytest.mark.parametrize("wrong", [-1, True, False, 1.0, "1", None, [1], 2**70])
    @pytest.mark.parametrize("index", [0, 1, 6, 12, 23])
    def test_element_that_is_no_natural(self, index: int, wrong: object) -> None:
        leaf: list[Any] = leaves_of([HIGHEST])[0]
        leaf[index] = wrong
        assert reason_of(decode, leaf) == "non-canonical-element"

    def test_tag_and_length(self) -> None:
        leaf = leaves_of([HIGHEST])[0]
        for tag in (0, 2, 3, 4, 15):
            assert reason_of(decode, [leaf[0] - 1 + tag, *leaf[1:]]) == "wrong-tag"
        assert reason_of(decode, leaf[:23]) == "wrong-length"
        assert reason_of(decode, [*leaf, 0]) == "wrong-length"
        assert reason_of(decode, [*leaf, *[0] * 15]) == "wrong-length"
        assert reason_of(decode, []) == "wrong-length"
        for layout in LAYOUTS:
            short = [1] + [0] * (record_elements(layout) - 2)
            assert (
                reason_of(lambda elements, of=layout: decode_contribution_leaf(elements, of), short) == "wrong-length"
            )

    @pytest.mark.parametrize(
        ("layout", "index", "added"),
        [
            (NARROW, 20, 1 << 28 - 1),
            (NARROW, 21, 1),
            (NARROW, 23, 1 << 14),
            (NARROW, 0, 1 << 16),
            (NO_SYMBOL, 0, 1 << 10),
            (NO_SYMBOL, 0, 1 << 16),
            (NO_SYMBOL, 21, 1 << 14),
            (TWO_BLOCKS, 28, 1),
            (TWO_BLOCKS, 38, 1 << 14),
            (FOUR_BLOCKS, 68, 1),
        ],
    )
    def test_what_no_field_has_must_be_zero(self, layout: RecordLayout, index: int, added: int) -> None:
        leaf = [1] + [0] * (record_elements(layout) - 1)
        decode_contribution_leaf(leaf, layout)
        leaf[index] += added
        reason = reason_of(lambda elements: decode_contribution_leaf(elements, layout), leaf)
        assert reason == "unused-element-not-zero"

    @pytest.mark.parametrize(
        ("layout", "element", "shift", "codes"),
        [
            (LAYOUT, 0, 10, [62]),
            (NARROW, 0, 10, [2, 3, 62]),
            (TWO_BLOCKS, 0, 10, [1, 62]),
            (TWO_BLOCKS, 26, 0, [62, 64, 63 << 1, 2**14 - 1]),
            (LAYOUT, 0, 4, [4, 5, 6, 7, 20, 63]),
            (NARROW, 0, 4, [1, 4, 5, 6, 7, 8]),
            (TWO_BLOCKS, 0, 4, [1, 5, 6, 20]),
        ],
    )
    def test_codes_that_stand_for_nothing(
        self, layout: RecordLayout, element: int, shift: int, codes: list[int]
    ) -> None:
        leaf = [1] + [0] * (record_elements(layout) - 1)
        for code in codes:
            wrong = [*leaf]
            wrong[element] += code << shift
            assert reason_of(lambda elements: decode_contribution_leaf(elements, layout), wrong) == "unknown-code"

    def test_replaced_record_beyond_an_epoch(self) -> None:
        leaf = [1] + [0] * 23
        for value, expected in ((0, None), (1, 0), (2**21, 2**21 - 1)):
            leaf[20], leaf[21] = (value % 2**14) << 14, value >> 14
            assert decode_contribution_leaf(leaf, NO_SYMBOL).replaces == expected
        leaf[20], leaf[21] = 1 << 14, 2**7
        reason = reason_of(lambda elements: decode_contribution_leaf(elements, NO_SYMBOL), leaf)
        assert reason == "non-canonical-element"

    def test_columns_beyond_a_leaf_are_refused(self) -> None:
        columns = columns_of([HIGHEST])
        salts = salts_of([HIGHEST])
        slots = dict(columns.numbers)
        changes: list[dict[str, Any]] = [
            {"numbers": slots | {"quality": np.full((2, 1), 2**14, dtype=np.uint16)}},
            {"numbers": slots | {"quality": np.zeros((3, 1), dtype=np.uint16)}},
            {"numbers": slots | {"quality": np.zeros((1, 1), dtype=np.uint16)}},
            {"numbers": {"quality": slots["quality"]}},
            {"symbols": {"kind": np.array([64], dtype=np.uint8)}},
            {"symbols": {}},
            {"reason": np.array([64], dtype=np.uint8)},
            {"replaces": np.array([0], dtype=np.int64)},
            {"replaces": np.array([-2], dtype=np.int64)},
        ]
        for change in changes:
            with pytest.raises(ValueError, match=r"beyond|code|no field|corrections"):
                leaf_elements(dataclasses.replace(columns, **change), salts, LAYOUT)
        with pytest.raises(ValueError, match="salts"):
            leaf_elements(columns, salts[:, :0], LAYOUT)
        with pytest.raises(ValueError, match="salts"):
            leaf_elements(columns, np.full((5, 1), P, dtype=np.uint32), LAYOUT)
        zero = ContributionLeaf(0, {"amount": 0}, 0, bytes(20), (0,) * 8, (0,) * 5)
        for wrong in (-2, 2**21):
            beyond = dataclasses.replace(columns_of([zero], NO_SYMBOL), replaces=np.array([wrong], dtype=np.int64))
            with pytest.raises(ValueError, match="beyond what an epoch has"):
                leaf_elements(beyond, salts_of([zero]), NO_SYMBOL)

    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_no_records(self, layout: RecordLayout) -> None:
        assert leaves_of([], layout) == []


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
    assert reason_of(decode, payout) == "wrong-tag"
    assert reason_of(decode, empty) == "wrong-tag"
    assert reason_of(decode_payout_leaf, contribution) == "wrong-tag"
    assert reason_of(decode_payout_leaf, empty) == "wrong-tag"
