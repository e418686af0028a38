"""Changes to binary files that libraries read: Parquet tables, and numpy's archives of the private records."""

from __future__ import annotations

import io
import random
import re
import zipfile

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

_TYPES = (
    pa.string(), pa.large_string(), pa.binary(), pa.int8(), pa.uint64(), pa.int64(), pa.float64(), pa.bool_(),
    pa.null(), pa.decimal128(38, 0), pa.decimal256(76, 0), pa.decimal128(20, 2), pa.date32(), pa.timestamp("ns"),
    pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.string()), pa.struct([("a", pa.string())]),
)  # fmt: skip
_CODECS = ("NONE", "SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI")

_MOST_ROWS = 1 << 20
"""No group of more is read here: the library makes room for as many as are claimed."""


def parquet_mutation(rng: random.Random, data: bytes) -> bytes:
    """A table with a column of another type, encoding or value, written again; a file that is none, with bytes changed.

    Half of them get wrong bytes as well: lengths, counts and offsets of the format itself.
    """
    if rng.random() < 0.3:
        return wrong_bytes(rng, data)
    try:
        with parquet.ParquetFile(io.BytesIO(data)) as file:
            claimed = [file.metadata.row_group(index).num_rows for index in range(file.metadata.num_row_groups)]
            if max(claimed, default=0) > _MOST_ROWS:
                return wrong_bytes(rng, data)
            table = file.read(use_threads=False)
        for _ in range(rng.choice((1, 1, 2))):
            table = _changed_table(rng, table)
        sink = io.BytesIO()
        plain = rng.random() < 0.5
        parquet.write_table(
            table,
            sink,
            compression=rng.choice(_CODECS),
            use_dictionary=not plain,
            row_group_size=rng.choice((1, 3, 1000)),
            data_page_version=rng.choice(("1.0", "2.0")),
            store_schema=rng.random() < 0.5,
        )
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return wrong_bytes(rng, data)
    written = sink.getvalue()
    return written if rng.random() < 0.5 else wrong_bytes(rng, written)


def _changed_table(rng: random.Random, table: pa.Table) -> pa.Table:
    if not table.num_columns:
        return pa.table({"contribution_id": ["r0"]})
    place = rng.randrange(table.num_columns)
    name, column = table.column_names[place], table.column(place)
    kind = rng.randrange(7)
    if kind == 0:
        return table.remove_column(place)
    if kind == 1:
        return table.append_column(rng.choice((name, "", "x", "status", "\x1b[2J", "é" * 100)), column)
    if kind == 2:
        return table.slice(rng.randrange(table.num_rows + 1))
    if kind == 3:
        return pa.concat_tables([table] * rng.choice((2, 3)))
    if kind == 4:
        values = column.to_pylist()
        if values:
            values[rng.randrange(len(values))] = rng.choice((None, "", "\0", "a" * 5000, "9" * 60, "é", "\x1b"))
        return table.set_column(place, name, pa.array(values, type=pa.string()))
    wanted = rng.choice(_TYPES)
    try:
        cast = pc.cast(column, wanted)
    except (pa.ArrowException, ValueError):
        cast = pa.nulls(table.num_rows, wanted)
    return table.set_column(place, name, cast)


def wrong_bytes(rng: random.Random, data: bytes) -> bytes:
    """A few bytes changed, mostly near the end, where Parquet and zip keep their directories; sometimes cut."""
    if not data:
        return data
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        start = 0 if rng.random() < 0.4 else max(0, len(changed) - 2000)
        changed[rng.randrange(start, len(changed))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed[: rng.randrange(len(changed))] if rng.random() < 0.05 else changed)


def archive_mutation(rng: random.Random, data: bytes) -> bytes:
    """An archive of numpy arrays with a header, a name, a length or a member changed."""
    kind = rng.randrange(6)
    if kind == 0:
        return wrong_bytes(rng, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    except Exception:
        # Whatever zipfile says of a mutated archive.
        return wrong_bytes(rng, data)
    if not members:
        return data
    place = rng.randrange(len(members))
    name, content = members[place]
    if kind == 1:
        del members[place]
    elif kind == 2:
        members[place] = (rng.choice(("ids.npy", "symbol..npy", "number.x.npy", "symbol.x.npy", "é.npy", "x")), content)
    elif kind == 3:
        members[place] = (name, members[rng.randrange(len(members))][1])
    elif kind == 4:
        members[place] = (name, wrong_bytes(rng, content))
    else:
        members[place] = (name, _other_header(rng, content))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", rng.choice((zipfile.ZIP_STORED,) * 9 + (zipfile.ZIP_DEFLATED,))) as archive:
        for member, held in members:
            archive.writestr(zipfile.ZipInfo(member), held)
    return buffer.getvalue()


def _other_header(rng: random.Random, content: bytes) -> bytes:
    """numpy's header with another type or shape, of the same length."""
    stop = content.find(b"\n") + 1
    header = content[:stop]
    values = ("-1", "0", "1", "3", "9" * 20, "(1,)", "1.5", "None", "[[", "2**70")
    types = ("'|O'", "'<u1'", "'>i8'", "'<u4'", "'|V0'", "'|S9'", "'<M8'", "[('a','<u1')]", "'x'", "u", "{")
    if rng.random() < 0.5:
        new = re.sub(rb"\d+(?=[,)])", lambda match: rng.choice(values).encode(), header, count=1)
    else:
        new = re.sub(rb"'[<>|][a-z]\d+'", lambda match: rng.choice(types).encode(), header, count=1)
    new = new.rstrip(b"\n ")
    return new[: stop - 1].ljust(stop - 1) + b"\n" + content[stop:]
