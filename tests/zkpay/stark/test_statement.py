"""The statement's one encoding."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
import rfc8785

from zkpay.errors import InputError
from zkpay.stark import statement as module
from zkpay.stark.field import P
from zkpay.stark.statement import (
    MAXIMUM_ACCOUNTS,
    MAXIMUM_BYTES,
    MAXIMUM_COUNT,
    MAXIMUM_TOTAL_CHARACTERS,
    MAXIMUM_TOTALS,
    Statement,
    digest_hex,
    parse_digest,
)

STATEMENT = Statement(
    circuit_digest=bytes(range(32)),
    policy_digest=bytes(range(1, 33)),
    origin="datanet.example/épo",
    epoch="42",
    commitment_digest=bytes(range(2, 34)),
    contribution_root=(0, 1, 2, 3, 4, 5, 6, P - 1),
    contribution_count=1000,
    counts=(("accepted", 990), ("duplicate", 10)),
    payout_root=(P - 1,) * 8,
    account_count=77,
    pool=2**112 - 1,
    paid=10**30,
    dust=0,
    totals=(("total(score)", 123), ("total(isqrt(sum(points if kind == 'model-v2')) * 2)", 2**256 - 1)),
)


def test_round_trip_and_every_field_counts() -> None:
    data = STATEMENT.to_bytes()
    assert Statement.from_bytes(data) == STATEMENT
    changes: dict[str, Any] = {
        "circuit_digest": bytes(32),
        "policy_digest": bytes(32),
        "origin": "elsewhere",
        "epoch": "43",
        "commitment_digest": bytes(32),
        "contribution_root": (9,) * 8,
        "contribution_count": 999,
        "counts": (("accepted", 991), ("duplicate", 9)),
        "payout_root": (9,) * 8,
        "account_count": 78,
        "pool": 5,
        "paid": 5,
        "dust": 5,
        "totals": (("total(score)", 124), STATEMENT.totals[1]),
    }
    orders = [STATEMENT.totals[::-1], STATEMENT.totals[:1], ()]
    assert set(changes) == {entry.name for entry in fields(Statement)}
    encodings = {replace(STATEMENT, **{name: value}).to_bytes() for name, value in changes.items()}
    encodings |= {replace(STATEMENT, totals=totals).to_bytes() for totals in orders}
    assert len(encodings | {data}) == len(changes) + len(orders) + 1
    for encoding in encodings:
        assert Statement.from_bytes(encoding).to_bytes() == encoding


def content() -> dict[str, Any]:
    decoded = json.loads(STATEMENT.to_bytes())
    assert isinstance(decoded, dict)
    return decoded


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "zkpay/statement/v2"),
        ("circuit_digest", "00" * 31),
        ("circuit_digest", "0G" * 32),
        ("circuit_digest", "AB" * 32),
        ("policy_digest", 5),
        ("origin", ""),
        ("origin", "a\nb"),
        ("origin", "x" * 257),
        ("origin", None),
        ("epoch", 42),
        ("contribution_root", "00" * 32 + "00"),
        ("contribution_root", f"{P:08x}" + "00" * 28),
        ("payout_root", "ffffffff" * 8),
        ("contribution_count", -1),
        ("contribution_count", True),
        ("contribution_count", 1.5),
        ("contribution_count", "7"),
        ("contribution_count", MAXIMUM_COUNT + 1),
        ("account_count", None),
        ("account_count", MAXIMUM_ACCOUNTS + 1),
        ("counts", {}),
        ("counts", [["accepted"]]),
        ("counts", [[5, 5]]),
        ("counts", [["accepted", -1]]),
        ("counts", [["x", 1]] * 65),
        ("pool", 5),
        ("pool", "05"),
        ("pool", "-5"),
        ("pool", "5.0"),
        ("pool", "1e5"),
        ("pool", ""),
        ("pool", "9" * 81),
        ("pool", "٥"),
        ("paid", None),
        ("dust", "0x5"),
        ("totals", None),
        ("totals", {}),
        ("totals", [["points"]]),
        ("totals", [["points", 5]]),
        ("totals", [["points", " 5"]]),
        ("totals", [["points", "9" * 81]]),
        ("totals", [[5, "5"]]),
        ("totals", [["", "5"]]),
        ("totals", [["po\x1bints", "5"]]),
        ("totals", [["x" * 513, "5"]]),
        ("totals", [["points", "5"], ["points", "5"]]),
        ("totals", [[f"points * {number}", "5"] for number in range(17)]),
    ],
)
def test_values_out_of_form(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=r"statement|root"):
        Statement.from_bytes(rfc8785.dumps({**content(), name: value}))


@pytest.mark.parametrize("name", sorted(content()))
def test_missing_fields(name: str) -> None:
    changed = content()
    del changed[name]
    with pytest.raises(InputError):
        Statement.from_bytes(rfc8785.dumps(changed))


def test_only_one_encoding() -> None:
    data = STATEMENT.to_bytes()
    for other in (
        data + b"\n",
        b" " + data,
        json.dumps(content()).encode(),
        json.dumps(dict(reversed(content().items())), separators=(",", ":"), ensure_ascii=False).encode(),
        data.replace("é".encode(), b"\\u00e9"),
        rfc8785.dumps({**content(), "note": "x"}),
        data[:-1] + b',"dust":"0"}',
        b"\xef\xbb\xbf" + data,
    ):
        assert other != data
        with pytest.raises(InputError):
            Statement.from_bytes(other)


@pytest.mark.parametrize(
    "data",
    [b"", b"5", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 50_000, b'{"format":' * 20_000, b'{"format":NaN}'],
)
def test_other_bytes(data: bytes) -> None:
    with pytest.raises(InputError):
        Statement.from_bytes(data)


def test_size_is_capped_before_parsing() -> None:
    with pytest.raises(InputError, match="limit"):
        Statement.from_bytes(b"9" * (MAXIMUM_BYTES + 1))


def test_lone_surrogates_are_refused() -> None:
    data = STATEMENT.to_bytes().replace(b'"42"', b'"\\ud800"')
    with pytest.raises(InputError):
        Statement.from_bytes(data)


def test_numbers_too_long_for_the_interpreter_are_refused() -> None:
    """Python refuses to parse integers of more than 4300 digits; that must not escape as another error."""
    data = STATEMENT.to_bytes().replace(b":1000,", b":" + b"9" * 5000 + b",")
    with pytest.raises(InputError):
        Statement.from_bytes(data)


def test_digests_in_hex() -> None:
    digest = (0, 1, P - 1, 255, 256, 2**30, 7, 8)
    assert parse_digest(digest_hex(digest), "x") == digest
    for text in ("", "0" * 63, "g" * 64, f"{P:08x}" + "0" * 56, None, 5):
        with pytest.raises(InputError):
            parse_digest(text, "x")


def test_the_largest_statement_fits_the_limit_of_its_size() -> None:
    largest = replace(
        STATEMENT,
        origin="\U0001f600" * 256,
        epoch="\U0001f600" * 256,
        counts=tuple((f"{number:02}" + "r" * 62, MAXIMUM_COUNT) for number in range(20)),
        totals=tuple((f"{number:02}" + "\u00e9" * (MAXIMUM_TOTAL_CHARACTERS - 2), 10**80 - 1) for number in range(16)),
    )
    assert len(largest.totals) == MAXIMUM_TOTALS
    assert Statement.from_bytes(largest.to_bytes()) == largest


def test_limits_are_those_of_the_specification() -> None:
    """Written out: the tests above take the module's own numbers, whatever they are."""
    assert (module.MAXIMUM_COUNT, module.MAXIMUM_ACCOUNTS) == (2_097_152, 1_048_576)
    assert (module.MAXIMUM_BYTES, module.MAXIMUM_TOTALS, module.MAXIMUM_TOTAL_CHARACTERS) == (65_536, 16, 512)


def test_a_statement_may_be_as_large_as_the_limit() -> None:
    """One byte more is refused before it is parsed; as many are read, and these are none for another reason."""
    for size, told in ((65_536, "expected an object"), (65_537, "65537 bytes is over the limit of 65536")):
        with pytest.raises(InputError, match=told):
            Statement.from_bytes(b'"' + b"x" * (size - 2) + b'"')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin", "x"),
        ("origin", "x" * 256),
        ("epoch", "0"),
        ("contribution_count", 0),
        ("contribution_count", MAXIMUM_COUNT),
        ("account_count", 0),
        ("account_count", MAXIMUM_ACCOUNTS),
        ("counts", ()),
        ("counts", (("r", 0),)),
        ("counts", tuple((f"r{number}", 1) for number in range(64))),
        ("counts", (("accepted", MAXIMUM_COUNT),)),
        ("pool", 0),
        ("pool", 10**80 - 1),
        ("totals", (("x", 0),)),
        ("totals", (("x" * 512, 10**80 - 1),)),
        ("totals", tuple((f"points * {number}", 5) for number in range(16))),
    ],
)
def test_values_at_the_ends_of_their_ranges(name: str, value: Any) -> None:
    """The other side of every limit of the tests above: what is just within it is read."""
    statement = replace(STATEMENT, **{name: value})
    assert Statement.from_bytes(statement.to_bytes()) == statement


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("format", "zkpay/statement/v2", "expected an object with format 'zkpay/statement/v1'"),
        ("totals", [["points", "5"], ["points", "5"]], "'points' stands there twice"),
        ("totals", ["ab"], r"expected a list of \[text, value\]"),
        ("counts", [{"a": 1, "b": 2}], r"expected a list of \[reason, count\]"),
        ("counts", [["x", 1]] * 65, "expected a list of at most 64"),
        ("totals", [["points", "5"]] * 17, "expected a list of at most 16"),
    ],
)
def test_refusals_say_what_is_wrong(name: str, value: Any, told: str) -> None:
    """The comparison of encodings would refuse some of these, too, but not say where to look."""
    with pytest.raises(InputError, match=told):
        Statement.from_bytes(rfc8785.dumps({**content(), name: value}))
