"""Files that try to make a reader slow, deep or fat: each is refused at once, with a typed error that can be printed.

Sources: CVE-2020-10735 (quadratic integers), and the tags, keys and lengths that cbor2 accepts by default, found by an
audit of the first version of the readers; the files of contributions, receipts and policies were found by the campaign
`parsers`, whose measurements hold such files to the cost of honest ones.
"""

import hashlib
import io
import os
import random
import struct
import tracemalloc
import zipfile
from pathlib import Path

import cbor2
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.zkpay.epoch.folders import POLICY, RULES_HEADER, RULES_POLICY
from zkpay.epoch.files import read_capped
from zkpay.epoch.layout import MAX_BYTES
from zkpay.epoch.receipt import Receipt
from zkpay.errors import InputError, Rejected
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.problems import MAX_PROBLEMS, MalformedFile
from zkpay.ledger.raw_table import MAX_FILE_BYTES, MAX_LINES
from zkpay.ledger.reader import read_contributions
from zkpay.policy.policy import load_policy, parse_policy
from zkpay.stark.proof import MAXIMUM_BYTES, Proof
from zkpay.stark.statement import Statement

BIGNUM = b"\xc2\x5a" + struct.pack(">I", 100_000) + random.Random(1).randbytes(100_000)
COLLIDING = b"".join(b"\x1b" + (k * ((1 << 61) - 1) % 2**64).to_bytes(8, "big") + b"\0" for k in range(1, 30_001))
BOMBS = {
    "bignum": BIGNUM,
    "decimal": b"\xc4\x82\x20" + BIGNUM,
    "bigfloat": b"\xc5\x82\x20" + BIGNUM,
    "fraction": b"\xd8\x1e\x82" + BIGNUM + BIGNUM,
    "pattern": b"\xd8\x23\x79\xff\xff" + b"(" * 65535,
    "colliding keys": b"\xb9\x75\x30" + COLLIDING,
    "shared reference": b"\xd8\x1c\x81\xd8\x1d\x00",
    "unknown tag": cbor2.dumps(cbor2.CBORTag(987654, 1)),
    "deep": b"\x81" * 100_000,
    "indefinite": b"\x9f" * 1000,
    "declared length": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "declared bytes": b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "declared text": b"\x7b\x00\x00\x00\xff\xff\xff\xff\xff",
    "declared map": b"\xbb\x00\x00\x00\xff\xff\xff\xff\xff",
    "too long": bytes(MAXIMUM_BYTES + 1),
    "empty": b"",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_no_bomb_goes_off(name: str, wrapped: bool) -> None:
    bomb = b"\xa1\x66nonce\x00" + BOMBS[name] if wrapped else BOMBS[name]
    with pytest.raises((InputError, Rejected)):
        Proof.from_bytes(bomb)


@pytest.mark.parametrize(
    "text",
    ['{"counts":[["\\ud800",1]]}', '{"format":"zkpay/statement/v1","pool":' + "9" * 60_000 + "}", "[" * 60_000, "\xff"],
)
def test_no_statement_goes_off(text: str) -> None:
    with pytest.raises((InputError, Rejected)):
        Statement.from_bytes(text.encode("latin-1"))


RULES = parse_policy(RULES_POLICY.encode(), "policy").rules
WIDTH = RULES_HEADER.count(",")


def refused(path: Path) -> str:
    """The message with which a file of contributions is refused; it can be printed and isn't long."""
    with pytest.raises(InputError) as caught:
        read_contributions(path, RULES)
    said = str(caught.value)
    assert len(said) < 60_000
    assert said.replace("\n", "").isprintable()
    return said


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        # csv.Error, which is no ValueError, for a field of over 128 KiB.
        ("a.csv", b"a" * 200_000, "a header of 200,000 bytes"),
        # Each name was looked for among all before it, and a remedy sought for each: minutes.
        ("b.csv", b"," * 60_000, "60,001 columns"),
        ("c.csv", b",".join(b"%x" % number for number in range(9000)), "9,000 columns"),
        ("d.csv", b"\x1b[2J,\x00\n", "no field of the policy"),
        ("e.csv", RULES_HEADER.encode() + b"\n" * (MAX_LINES + 2), "lines, an epoch has at most"),
        ("f.csv", RULES_HEADER.encode() + b"\r" * (MAX_LINES + 2), "lines, an epoch has at most"),
        ("g.csv", b"\n" * 3_000_000 + b"x", "the column is missing"),
        ("a.jsonl", b"\n" * (MAX_LINES + 1), "lines, an epoch has at most"),
        ("b.jsonl", b'{"account":[' + b"[]," * 100_000 + b"0]}", "a line of 300,015 bytes"),
        ("c.jsonl", b'{"\\u202e":0}', "missing"),
    ],
)
def test_no_file_of_contributions_goes_off(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert why in refused(path)


def test_rows_of_another_width_are_given_up_after_the_first(tmp_path: Path) -> None:
    # An object and a message were made for each of 2 million rows of two bytes.
    path = tmp_path / "narrow.csv"
    path.write_bytes(RULES_HEADER.encode() + b"\n" + b"a\n" * 500_000)
    with pytest.raises(MalformedFile) as caught:
        read_contributions(path, RULES)
    assert len(caught.value.problems) == caught.value.total == MAX_PROBLEMS
    assert caught.value.problems[-1].line == MAX_PROBLEMS + 1


def test_names_in_a_file_reach_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    fields = ",".join(f'"{name}":""' for name in RULES_HEADER.split(","))
    path.write_bytes(f'{{{fields},"\\u001b[2J{"a" * 5000}":""}}'.encode())
    said = refused(path)
    assert "\\x1b[2J" in said
    assert "a" * 201 not in said


@pytest.mark.parametrize("name", sorted(MAX_BYTES))
def test_a_file_over_its_size_is_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.truncate(path, 1 << 40)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="over the limit"):
            read_capped(path, MAX_BYTES[name] if MAX_BYTES[name] < 1 << 20 else 1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet", "policy.toml"])
def test_a_huge_file_is_refused_by_its_size(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.truncate(path, MAX_FILE_BYTES + 1)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="bytes"):
            load_policy(path) if name.endswith(".toml") else read_contributions(path, RULES)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_proof_of_empty_lists_makes_no_objects() -> None:
    bomb = b"\xa1\x65trees\x9a" + struct.pack(">I", 1 << 20) + b"\x80" * (1 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="16,384 items"):
            Proof.from_bytes(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_receipt_of_empty_lists_makes_no_objects() -> None:
    bomb = b'{"format":"zkpay/receipt/v1","contributions":[' + b"[]," * 100_000 + b"0]}"
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="more lists and objects than records"):
            Receipt.from_bytes(bomb, "receipt")
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_a_policy_of_dotted_keys_is_refused() -> None:
    keys = b"".join(b"k%x" % number + b".a" * 120 + b" = 1\n" for number in range(900))
    with pytest.raises(InputError, match="dots"):
        parse_policy(POLICY.encode() + keys, "policy")


def archive(name: str, member: bytes) -> bytes:
    """A private file that holds one array, under its right digest."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as held:
        held.writestr(name, member)
    payload = buffer.getvalue()
    return b"zkpay contributions v2\n" + hashlib.sha256(payload).digest() + payload


def test_no_private_file_goes_off() -> None:
    array = io.BytesIO()
    np.save(array, np.zeros((3, 20), dtype=np.uint8))
    sound = array.getvalue()
    # tokenize's error for an open bracket; zipfile's NotImplementedError for a version of its own format.
    unclosed = sound.replace(b"(3, 20), }", b"(3, 20, [ ")
    assert len(unclosed) == len(sound)
    newer = bytearray(archive("accounts.npy", sound))
    place = newer.find(b"PK\x01\x02")
    newer[place + 6] = 0x7F
    payload = bytes(newer[newer.find(b"PK") :])
    newer[len(b"zkpay contributions v2\n") :] = hashlib.sha256(payload).digest() + payload
    for stored in (archive("accounts.npy", unclosed), bytes(newer), archive("accounts.npy", b"")):
        with pytest.raises(InputError, match="malformed"):
            Contributions.from_bytes(stored)


def packed(path: Path, rows: int, **columns: pa.Array) -> Path:
    """A Parquet file with a sound directory, and these columns in the place of sound ones."""
    ones = pa.array(["1"] * rows)
    table = pa.table({name: columns.get(name, ones) for name in RULES_HEADER.split(",")})
    parquet.write_table(table, path, compression="ZSTD", store_schema=False)
    return path


def test_parquet_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    # 64 GiB in a file of a few thousand bytes: the process that unpacks it gets no more than its rows can need.
    rows = 1 << 16
    word = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int32)), pa.array(["a" * (1 << 20)]))
    path = packed(tmp_path / "x.parquet", rows, kind=word)
    assert path.stat().st_size < 200_000
    assert "unpacks to more than so many records can be" in refused(path)


def test_long_values_that_fit_are_named(tmp_path: Path) -> None:
    assert "too long" in refused(packed(tmp_path / "x.parquet", 100, kind=pa.array(["a" * 100_000] * 100)))


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("kill -SEGV $$", "ended with code -11"),
        ("kill -XCPU $$", "ended with code -24"),
        ("exit 3", "ended with code 3"),
    ],
)
def test_what_ends_the_unpacking_process_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    path = packed(tmp_path / "x.parquet", 3)
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(fake))
    assert why in refused(path)


def test_a_fault_of_the_unpacking_process_is_not_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "x.parquet", 3)
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'no module' >&2; exit 1\n")
    fake.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(fake))
    with pytest.raises(RuntimeError, match="no module"):
        read_contributions(path, RULES)
