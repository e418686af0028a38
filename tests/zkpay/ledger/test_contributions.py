"""The private file of contributions: what was saved comes back, and damage is told."""

import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from zkpay.errors import InputError
from zkpay.ledger import contributions
from zkpay.ledger.contributions import Contributions, check_account_count, count_by_reason
from zkpay.ledger.fields import NumberField
from zkpay.ledger.rules import Rules


def sample(count: int) -> Contributions:
    random = np.random.default_rng(count)
    return Contributions(
        ids=[f"record {index} ä" for index in range(count)],
        accounts=random.integers(0, 256, (count, 20), dtype=np.uint8),
        symbols={name: random.integers(0, 64, count, dtype=np.uint8) for name in ("task", "kind")},
        numbers={
            name: random.integers(0, 2**14, (slots, count), dtype=np.uint16)
            for name, slots in (("quality", 2), ("amount", 10), ("symbol", 1))
        },
        fingerprint_keys=random.integers(0, 2**30, (8, count), dtype=np.uint32),
        reason=random.integers(0, 5, count, dtype=np.uint8),
        replaces=random.integers(-1, 5, count),
        account_names=["", "alice"][:count] + ["bob"] * (count - 2),
    )


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_saved_columns_come_back(tmp_path: Path, count: int) -> None:
    before = sample(count)
    before.save(tmp_path / "contributions.bin")
    after = Contributions.load(tmp_path / "contributions.bin")
    assert len(after) == count
    for field in dataclasses.fields(Contributions):
        saved, loaded = getattr(before, field.name), getattr(after, field.name)
        if isinstance(saved, list):
            assert loaded == saved
            assert list(loaded) == saved
        elif isinstance(saved, dict):
            assert list(loaded) == list(saved)
            for name, column in saved.items():
                assert loaded[name].dtype == column.dtype
                assert np.array_equal(loaded[name], column)
        else:
            assert loaded.dtype == saved.dtype
            assert np.array_equal(loaded, saved)


def test_same_columns_make_the_same_file() -> None:
    assert sample(9).to_bytes() == sample(9).to_bytes()


def test_any_changed_byte_is_told(tmp_path: Path) -> None:
    content = sample(3).to_bytes()
    path = tmp_path / "contributions.bin"
    for position in range(0, len(content), 37):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        with pytest.raises(InputError, match=r"contributions\.bin"):
            Contributions.load(path)


def test_truncated_empty_missing_and_foreign_files(tmp_path: Path) -> None:
    content = sample(3).to_bytes()
    for wrong in (content[:-1], content[:30], b"", b"PK\x03\x04"):
        with pytest.raises(InputError):
            Contributions.from_bytes(wrong)
    with pytest.raises(InputError, match="can't be read"):
        Contributions.load(tmp_path / "absent")


def test_payload_that_is_no_archive_is_told_though_its_digest_holds() -> None:
    magic = sample(1).to_bytes().split(b"\n")[0] + b"\n"
    for payload in (b"", b"junk", b"PK\x05\x06" + bytes(18)):
        with pytest.raises(InputError, match="malformed"):
            Contributions.from_bytes(magic + hashlib.sha256(payload).digest() + payload)


def test_columns_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="accounts"):
        dataclasses.replace(sample(3), accounts=np.zeros((2, 20), dtype=np.uint8))
    with pytest.raises(ValueError, match="kind"):
        dataclasses.replace(sample(3), symbols={"kind": np.zeros(3, dtype=np.int64)})
    with pytest.raises(ValueError, match="amount"):
        dataclasses.replace(sample(3), numbers={"amount": np.zeros((4, 2), dtype=np.uint16)})
    with pytest.raises(ValueError, match="replaces"):
        dataclasses.replace(sample(3), replaces=np.zeros(3, dtype=np.int32))
    with pytest.raises(ValueError, match="account names"):
        dataclasses.replace(sample(3), account_names=[])


class TestCounts:
    rules = Rules((NumberField("amount", 5),), reasons=("spam",), corrections=True)

    def test_reasons_that_the_rules_can_give_in_the_order_of_codes(self) -> None:
        reason = np.array([0, 8, 0, 7, 2, 8, 8], dtype=np.uint8)
        counts = count_by_reason(dataclasses.replace(sample(7), reason=reason), self.rules)
        assert list(counts.items()) == [("accepted", 2), ("out_of_range", 1), ("superseded", 1), ("spam", 3)]
        assert list(count_by_reason(sample(0), self.rules).values()) == [0, 0, 0, 0]

    @pytest.mark.parametrize("code", [1, 3, 4, 5, 6, 9, 63])
    def test_other_codes_are_told(self, code: int) -> None:
        reason = np.array([0, code], dtype=np.uint8)
        with pytest.raises(InputError, match=f"reason code {code}"):
            count_by_reason(dataclasses.replace(sample(2), reason=reason), self.rules)


class TestArchives:
    """Archives that a digest vouches for and that `to_bytes` never writes."""

    @staticmethod
    def load(**changes: np.ndarray) -> Contributions:
        payload = io.BytesIO()
        np.savez(payload, allow_pickle=True, **(dict(TestArchives.columns()) | changes))
        return TestArchives.framed(payload.getvalue())

    @staticmethod
    def columns() -> Mapping[str, np.ndarray]:
        content = sample(3).to_bytes()
        return np.load(io.BytesIO(content[content.index(b"PK") :]))

    @staticmethod
    def framed(payload: bytes) -> Contributions:
        magic = sample(1).to_bytes().split(b"\n")[0] + b"\n"
        return Contributions.from_bytes(magic + hashlib.sha256(payload).digest() + payload)

    def test_columns_by_column_and_by_row_are_the_same(self) -> None:
        keys = sample(3).fingerprint_keys
        for order in ("C", "F"):
            found = self.load(fingerprint_keys=np.array(keys, order=order))
            assert np.array_equal(found.fingerprint_keys, keys)

    def test_compressed_columns_are_refused(self) -> None:
        payload = io.BytesIO()
        np.savez_compressed(payload, allow_pickle=False, **self.columns())
        with pytest.raises(InputError, match="compressed"):
            self.framed(payload.getvalue())

    def test_objects_and_other_types_are_refused(self) -> None:
        with pytest.raises(InputError, match="another size"):
            self.load(ids=np.array([None, 1], dtype=object))
        with pytest.raises(InputError, match="offsets"):
            self.load(id_ends=np.array([1, 2, 3], dtype=np.int32))
        with pytest.raises(InputError, match="lengths"):
            self.load(id_ends=np.array([1, 2, 3]))
        with pytest.raises(InputError, match="reason"):
            self.load(reason=np.zeros(3, dtype=np.int8))

    def test_an_array_that_ends_early_is_refused(self) -> None:
        payload = io.BytesIO()
        with zipfile.ZipFile(payload, "w") as archive:
            for name, column in self.columns().items():
                part = io.BytesIO()
                np.save(part, column)
                archive.writestr(f"{name}.npy", part.getvalue()[: -1 if name == "reason" else None])
        with pytest.raises(InputError, match="another size"):
            self.framed(payload.getvalue())


def test_more_accounts_than_an_epoch_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    records = sample(9)
    check_account_count(records)
    monkeypatch.setattr(contributions, "MAX_ACCOUNTS", 3)
    accounts = records.accounts.copy()
    accounts[3:] = accounts[2]
    few = dataclasses.replace(records, accounts=accounts, reason=np.zeros(9, dtype=np.uint8))
    check_account_count(few)
    # Accounts without an accepted record are paid nothing.
    accounts[3] = 1
    check_account_count(dataclasses.replace(few, reason=np.array([0, 0, 0, 1, 0, 0, 0, 0, 0], dtype=np.uint8)))
    with pytest.raises(InputError, match="4 accounts have an accepted record, an epoch pays at most 3"):
        check_account_count(few)
