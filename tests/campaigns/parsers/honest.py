"""Honest files of about a given size, of the sort that costs a reader most: the measure for all others of that size."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from tests.zkpay.epoch.folders import POLICY, RULES_HEADER
from zkpay.epoch.commitment import Commitment
from zkpay.epoch.payouts import PayoutList
from zkpay.epoch.receipt import Opening, Receipt, ReceiptContribution
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.encoding import LEAF_ELEMENTS, SALT_ELEMENTS
from zkpay.stark.field import P
from zkpay.stark.proof import LayerOpening, Proof, TreeOpening
from zkpay.stark.statement import MAXIMUM_TOTAL_CHARACTERS, MAXIMUM_TOTALS, Digest, Statement

Named = tuple[str, bytes]


def honest(kind: str, size: int, rng: random.Random) -> Iterator[Named]:
    """Honest files of one kind, each of at most about `size` bytes."""
    if kind == "statement":
        yield "statement", _statement(rng).to_bytes()
    elif kind == "commitment":
        yield "commitment", Commitment("o" * 250, "e" * 250, _digest(rng), 5, bytes(32), bytes(32), True).to_bytes()
    elif kind == "proof":
        yield "proof", _proof(rng, size).to_bytes()
    elif kind == "payouts":
        yield "payouts", _payouts(rng, size // 90).to_bytes()
    elif kind == "receipt":
        # 21 digests of 67 characters and 24 elements of 11 for each record.
        yield "deep", _receipt(rng, size // 1900, 21).to_bytes()
        yield "flat", _receipt(rng, size // 460, 0).to_bytes()
    elif kind == "policy":
        yield "tables", _policy(size)
        yield "formulas", _formulas(size)
    else:
        yield "short records", _records(kind, size // SHORT[kind], short=True)
        yield "long records", _records(kind, size // LONG[kind], short=False)


def replayed(kind: str, size: int) -> Iterator[Named]:
    """Of a kind that compresses, an honest file of that size with as many rows as can be: one record, handed in again
    and again.
    """
    if kind == "parquet":
        # Sixteen rows take a byte.
        yield "one record again and again", _records(kind, min(16 * size, MAX_CONTRIBUTIONS), short=False, again=True)


SHORT = {"csv": 33, "jsonl": 185, "parquet": 40}
LONG = {"csv": 215, "jsonl": 380, "parquet": 150}
"""Bytes of a record, about."""


def _digest(rng: random.Random) -> Digest:
    return tuple(rng.randrange(P) for _ in range(8))


def _statement(rng: random.Random) -> Statement:
    totals = tuple((f"{n:02}" * (MAXIMUM_TOTAL_CHARACTERS // 2), 10**79) for n in range(MAXIMUM_TOTALS))
    counts = tuple((f"reason{n:03}" * 20, n) for n in range(64))
    return Statement(
        bytes(32), bytes(32), "o" * 256, "e" * 256, bytes(32), _digest(rng), 5, counts, _digest(rng), 1, 1, 1, 0, totals
    )


def _proof(rng: random.Random, size: int) -> Proof:
    part = rng.randbytes(size // 64)
    trees = tuple(TreeOpening((part,) * 8, (part,) * 8, part) for _ in range(3))
    layers = (LayerOpening(part, part),) * 4
    root = bytes(32)
    return Proof("default", root, root, root, part, (root,) * 8, part, 2**63, trees, layers)


def _payouts(rng: random.Random, count: int) -> PayoutList:
    accounts = np.arange(1, count + 1, dtype=">u8").view(np.uint8).reshape(-1, 8)
    salts = np.frombuffer(rng.randbytes(4 * SALT_ELEMENTS * count), dtype=np.uint32).reshape(SALT_ELEMENTS, -1) % P
    return PayoutList(
        np.concatenate([np.zeros((count, 12), dtype=np.uint8), accounts], axis=1),
        [10**20] * count,
        np.ones(count, dtype=np.int64),
        np.ones(count, dtype=np.int64),
        salts,
    )


def _receipt(rng: random.Random, count: int, depth: int) -> Receipt:
    def opening(number: int) -> Opening:
        leaf = tuple(rng.randrange(P) for _ in range(LEAF_ELEMENTS))
        return Opening(number, leaf, tuple(_digest(rng) for _ in range(depth)))

    records = tuple(
        ReceiptContribution(
            opening(number),
            {"kind": "data", "quantity": "5"},
            "00" * 32,
            "accepted",
            None,
            {"points": "10"},
        )
        for number in range(max(1, count))
    )
    return Receipt("o", "e", _digest(rng), _digest(rng), bytes(32), bytes(32), bytes(20), records, None)


def _policy(size: int) -> bytes:
    entries = b"".join(b"t%d = [\n%s]\n" % (n, b"12345,\n" * 4096) for n in range(min(60, size // 29_000)))
    return POLICY.encode().replace(b"[tables]\n", b"[tables]\n" + entries)


def _formulas(size: int) -> bytes:
    lines = [f'l{number} = "{" + ".join(["quantity * 3"] * 100)}"\n' for number in range(min(100, size // 1600))]
    return POLICY.encode().replace(b"[formula]\n", b"[formula]\n" + "".join(lines).encode())


def _records(form: str, count: int, *, short: bool, again: bool = False) -> bytes:
    """again: each is the first, as of an intake that was replayed."""
    names = RULES_HEADER.split(",")
    if short:
        lines = [f"{n:x},a,data,eu,1,100,1,1,{n:x},,,".split(",") for n in range(count)]
        lines = [[*line[:8], line[8].zfill(len(line[8]) + len(line[8]) % 2), *line[9:]] for line in lines]
    else:
        lines = [
            f"record-{n:040},person-{n:030}@example.org,model-v2,us,999999999999,9999,77,1700000000,{n:064x},,,".split(
                ","
            )
            for n in range(1 if again else count)
        ]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *lines])
        return text.getvalue().encode()
    if form == "jsonl":
        return "".join(json.dumps(dict(zip(names, line, strict=True))) + "\n" for line in lines).encode()
    sink = io.BytesIO()
    columns = list(zip(*lines, strict=True)) if lines else [()] * len(names)
    held = {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    table = pa.table(held)
    parquet.write_table(table.take(np.zeros(count, dtype=np.int64)) if again else table, sink)
    return sink.getvalue()
