"""Files of a given size that try to cost a reader more than they weigh: deep, wide, repeated, compressed, half right.

Each form is named for what it makes a reader do. Honest files of the same size, to measure against, are in honest.py.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

import pyarrow as pa
from pyarrow import parquet

from tests.campaigns.parsers.binaries import wrong_bytes
from tests.zkpay.epoch.folders import POLICY, RULES_HEADER

Bomb = tuple[str, bytes]


def filled(head: bytes, unit: bytes, tail: bytes, size: int) -> bytes:
    """head, as many units as fit, tail."""
    return head + unit * max(0, (size - len(head) - len(tail)) // len(unit)) + tail


def json_bombs(size: int, form: str, member: str) -> Iterator[Bomb]:
    """form: the file's format; member: a list in it."""
    head = f'{{"format":"{form}","{member}":'.encode()
    for name, unit in (
        ("empty lists", b"[],"),
        ("empty objects", b"{},"),
        ("numbers", b"999,"),
        ("nulls", b"null,"),
        ("texts", b'"ab",'),
        ("digits", b"9" * 4000 + b","),
        ("short keys", b'{"a":0},'),
        ("wide characters", '"\U0001f600",'.encode()),
    ):
        yield name, filled(head + b"[", unit, b"0]}", size)
    yield "deep lists", b"[" * size
    yield "deep objects", filled(b"", b'{"a":', b"", size)
    yield "nearly deep", filled(head + b"[", b"[" * 900 + b"]" * 900 + b",", b"0]}", size)
    yield "one number", filled(head, b"9", b"}", size)
    yield "one text", filled(head + b'"', b"a", b'"}', size)
    yield "escapes", filled(head + b'"', b"\\u0000", b'"}', size)
    yield "one key twice", filled(head + b"0", b',"a":0', b"}", size)
    yield "keys", head + b"0" + b"".join(b',"%x":0' % number for number in range(size // 12)) + b"}"
    yield "white space", filled(b"", b" ", b"{}", size)
    yield "not UTF-8", filled(b"", b"a", b"\xff", size)
    yield "a format", filled(b'{"format":"', b"\xc3\xa9", b'"}', size)


def cbor_bombs(size: int) -> Iterator[Bomb]:
    """A map of one entry, `trees`, mostly."""
    head = b"\xa2\x66format\x6ezkpay/proof/v1\x65trees"
    units = {"empty lists": b"\x80", "empty maps": b"\xa0", "numbers": b"\x19\x03\xe7", "texts": b"\x61a"}
    for name, unit in units.items():
        count = (size - len(head) - 9) // len(unit)
        yield name, head + b"\x9b" + struct.pack(">Q", count) + unit * count
    keys = b"".join(b"\x1b" + struct.pack(">Q", key * ((1 << 61) - 1) % 2**64) + b"\0" for key in range(1, size // 10))
    yield "colliding keys", b"\xba" + struct.pack(">I", size // 10 - 1) + keys
    yield "big number", filled(head + b"\xc2\x5a" + struct.pack(">I", size - len(head) - 6), b"\xfe", b"", size)
    for kind, name in ((0x5B, "bytes"), (0x7B, "text"), (0x9B, "list"), (0xBB, "map")):
        for length in (2**31, 2**40, 2**63, 2**64 - 1):
            declared = head + bytes([kind]) + struct.pack(">Q", length)
            yield f"declared {name} of {length}", filled(declared, b"\0", b"", size)
    yield "deep", b"\x81" * size
    yield "indefinite", filled(head + b"\x9f", b"\x9f", b"", size)
    yield "half floats", head + b"\x9b" + struct.pack(">Q", size // 3) + b"\xf9\x3c\0" * (size // 3)


def csv_bombs(size: int) -> Iterator[Bomb]:
    """Under a sound header mostly, and in its place."""
    header = f"{RULES_HEADER}\n".encode()
    width = RULES_HEADER.count(",")
    for name, unit in (
        ("empty rows", b"," * width + b"\n"),
        ("narrow rows", b"a\n"),
        ("wide rows", b"," * 500 + b"\n"),
        ("empty lines", b"\n"),
        ("line ends of two", b"\r\n"),
        ("returns", b"\r"),
        ("nulls", b"\0"),
        ("quotes", b'"'),
        ("quoted rows", b'""' + b',""' * width + b"\n"),
        ("line ends in quotes", b'"\n"' + b"," * width + b"\n"),
        ("commas", b","),
        ("digits", b"r,a,data,eu," + b"9" * 64 + b",1,1,1,,,,\n"),
        ("accounts", b"r,0x" + b"z" * 40 + b",,,,,,,,,,\n"),
        ("replaced", b"r0,a,data,eu,1,1,1,1,aa,r0,,\n"),
    ):
        yield name, filled(header, unit, b"", size)
    yield "one value", filled(header + b'"', b"a", b'"', size)
    yield "one value without end", filled(header + b'"', b"a", b"", size)
    yield (
        "distinct rows",
        header + b"".join(b"%x,%x,data,eu,1,100,%x,1,%08x,,,\n" % (n, n, n % 10, n) for n in range(size // 40)),
    )
    yield "one column's name", filled(b"", b"a", b"\n", size)
    yield "columns without a name", filled(b"", b",", b"\n", size)
    yield "columns", b",".join(b"%x" % number for number in range(size // 7)) + b"\n"
    yield "columns of one name", filled(b"", b"kind,", b"x\n", size)
    yield "a quoted header", filled(b'"', b'""', b'"\n', size)
    yield "a header of escapes", filled(b"", b"\x1b[2J", b"\n", min(size, 4000))
    yield "not UTF-8", filled(header, b"a", b"\xff", size)
    yield "in UTF-16", filled(b"\xff\xfe", "a,".encode("utf-16-le"), b"", size)


def jsonl_bombs(size: int) -> Iterator[Bomb]:
    """Lines, and what stands in one."""
    for name, unit in (
        ("empty lines", b"\n"),
        ("spaces", b" \n"),
        ("empty objects", b"{}\n"),
        ("lists", b"[]\n"),
        ("nulls", b'{"contribution_id":null}\n'),
        ("keys twice", b'{"a":0,"a":0}\n'),
        ("no braces", b"a\n"),
        ("escapes", b'{"\\u0061":"\\ud800"}\n'),
        ("records", b'{"contribution_id":"r","account":"a","kind":"data","region":"eu","quantity":1}\n'),
    ):
        yield name, filled(b"", unit, b"", size)
    for name, bomb in json_bombs(size, "x", "contribution_id"):
        yield f"one line: {name}", bomb


def toml_bombs(size: int) -> Iterator[Bomb]:
    """A policy's size is capped, so they are all of up to that."""
    head = POLICY.encode()
    for name, unit in (
        ("comments", b"# " + b"x" * 78 + b"\n"),
        ("empty tables", b"[a]\n"),
        ("lists of tables", b"[[a]]\n"),
        ("deep tables", b"[" + b"a." * 120 + b"b]\n"),
        ("floats", b"1.5, "),
        ("one key", b"a = 1\n"),
    ):
        yield name, filled(head, unit, b"", size)
    yield "keys", head + b"".join(b"k%x = 1\n" % number for number in range((size - len(head)) // 12))
    yield "dotted keys", head + b"".join(b"k%x" % n + b".a" * 120 + b" = 1\n" for n in range((size - len(head)) // 260))
    yield "tables", head + b"".join(b"[t%x]\n" % number for number in range((size - len(head)) // 9))
    yield "a list", filled(b"a = [\n", b"1,\n", b"]\n", size)
    yield "lists in lists", filled(b"a = [\n", b"[],\n", b"]\n", size)
    yield "floats in a list", filled(b"a = [\n", b"1.5,\n", b"]\n", size)
    yield "deep lists", filled(b"a = ", b"[\n", b"", size)
    yield "deep braces", b"a = " + b"{a=" * 2000
    yield "digits", filled(b"a = [\n", b"9" * 4000 + b",\n", b"]\n", size)
    yield "hexadecimal digits", filled(b"a = [\n", b"0x" + b"f" * 8000 + b",\n", b"]\n", size)
    yield "a text", filled(b'a = """\n', b"x" * 80 + b"\n", b'"""\n', size)
    yield "escapes", filled(b'a = """\n', b"\\u0061" * 100 + b"\n", b'"""\n', size)
    yield "trimmed lines", filled(b'a = """\\\n', b"   \n", b'"""\n', size)
    table = head.replace(b"[tables]\n", b"[tables]\n%s")
    entries = b"".join(b"t%d = [\n%s]\n" % (n, b"1,\n" * 4096) for n in range(min(64, (size - len(head)) // 12_400)))
    yield "tables of numbers", table.replace(b"%s", entries)
    yield from _formulas(head, size)


def _formulas(head: bytes, size: int) -> Iterator[Bomb]:
    """Lines of a formula that the analysis could lose itself in."""
    start, _, _ = head.partition(b"points =")
    lines = min(120, max(1, (size - len(start)) // 8100))

    def formula(*texts: bytes) -> bytes:
        named = b"".join(b'l%d = "%s"\n' % (number, text) for number, text in enumerate(texts))
        return start + named + b'payout = "min(pool, sum(l%d))"\n' % (len(texts) - 1)

    yield "brackets", formula(b"(" * 4000 + b"quantity" + b")" * 4000)
    yield "sums", formula(*[filled(b"quantity", b" + quality", b"", 8000)] * lines)
    yield "choices", formula(*[filled(b"", b"1 if quantity > quality else ", b"0", 8000)] * lines)
    yield "remainders", formula(*[filled(b"quantity", b" % 7 + 1", b"", 8000)] * lines)
    doubled = [b"quantity", *[b"l%d + l%d" % (n, n) for n in range(100)]]
    yield "doubled lines", formula(*doubled)
    squared = [b"quantity", *[b"l%d * l%d" % (n, n) for n in range(20)]]
    yield "squared lines", formula(*squared)
    nested = [b"quantity", *[b"min(l%d, quality) if l%d > %d else max(l%d, 1)" % (n, n, n, n) for n in range(100)]]
    yield "choices of choices", formula(*nested)
    conditions = b" and ".join(b"quantity > %d" % n for n in range(400))
    yield "conditions", formula(*[b"1 if %s else 0" % conditions] * lines)
    tiers = b"tiers(quantity, [%s, (rest, 1)])" % b", ".join(b"(%d, 1)" % (n + 1) for n in range(60))
    yield "tiers", formula(*[b"%s + %s" % (tiers, tiers)] * min(lines, 20))
    yield "unknown names", formula(*[filled(b"a", b" + quantitx", b"", 8000)] * lines)


def parquet_bombs(size: int, path: str) -> Iterator[Bomb]:
    """Small files of many large values; `size` is what they would unpack to, several times over."""
    names = RULES_HEADER.split(",")
    rows = 1 << 16

    def written(columns: dict[str, pa.Array], **options: object) -> bytes:
        ones = pa.array(["1"] * len(next(iter(columns.values()))))
        table = pa.table({name: columns.get(name, ones) for name in names})
        parquet.write_table(table, path, **options)
        with open(path, "rb") as file:
            return file.read()

    long = "a" * max(1000, size // 16)
    many = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([long]))
    yield "one long word, many rows", written({"kind": many}, store_schema=False)
    words = pa.array(["a" * (size // 64)] * 64)
    yield "compressed words", written({"kind": words}, compression="ZSTD", use_dictionary=False)
    yield (
        "shared beginnings",
        written(
            {"kind": pa.array([long + str(number) for number in range(512)])},
            use_dictionary=False,
            column_encoding={"kind": "DELTA_BYTE_ARRAY"},
        ),
    )
    yield "rows of nothing", written({"kind": pa.nulls(1 << 21)})
    yield "groups of one row", written({"kind": pa.array(["data"] * 2000)}, row_group_size=1)
    wide = pa.table({f"c{number}": ["1"] for number in range(min(20_000, size // 300))})
    parquet.write_table(wide, path)
    with open(path, "rb") as file:
        yield "columns", file.read()


def mutated(rng: random.Random, honest: bytes, count: int) -> Iterator[Bomb]:
    """An honest file with bytes changed, pieces doubled, or cut."""
    changes: tuple[Callable[[bytes], bytes], ...] = (
        lambda data: wrong_bytes(rng, data),
        lambda data: data[: rng.randrange(len(data))],
        lambda data: data[: len(data) // 2] + data[: len(data) // 2],
        lambda data: data[len(data) // 2 :] + data[: len(data) // 2],
        lambda data: data[:-1],
    )
    for number in range(count):
        yield f"changed {number}", rng.choice(changes)(honest)
