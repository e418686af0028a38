"""What files cost a reader: seconds of CPU and bytes of memory, each file in a process forked for it under limits.

    python -m tests.campaigns.parsers.measure KIND --size BYTES --seed TEXT --changed N --out FILE

Honest files are measured first. A file that takes more than twice their memory or three times their time, give or take
what one process differs from the next, is too dear, whether it is accepted or not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from tests.campaigns.parsers import bombs
from tests.campaigns.parsers.honest import honest, replayed
from tests.campaigns.parsers.observe import fault_of
from tests.zkpay.epoch.folders import RULES_POLICY
from zkpay.epoch.commitment import Commitment
from zkpay.epoch.files import read_capped
from zkpay.epoch.layout import MAX_BYTES, PAYOUTS, PROOF, STATEMENT
from zkpay.epoch.payouts import PayoutList
from zkpay.epoch.receipt import MAX_BYTES as RECEIPT_BYTES
from zkpay.epoch.receipt import Receipt
from zkpay.ledger.reader import read_contributions
from zkpay.policy.policy import load_policy, parse_policy
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement

MEMORY_FACTOR, MEMORY_SLACK = 2.0, 24 << 20
TIME_FACTOR, TIME_SLACK = 3.0, 0.3
UNPACKING_MEMORY, UNPACKING_TIME = 1280 << 20, 5.0
"""What the process that unpacks Parquet may take beyond what honest files of that size take that don't compress."""
MOST_MEMORY = 6 << 30
"""Address space over what the process has when it starts: a reader that asks for more gets a MemoryError."""
MOST_SECONDS = 60
FORMATS = {"statement": "zkpay/statement/v1", "commitment": "zkpay/commitment/v1", "receipt": "zkpay/receipt/v1"}
MEMBERS = {"statement": "counts", "commitment": "origin", "receipt": "contributions"}
SUFFIXES = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}
RULES = parse_policy(RULES_POLICY.encode(), "policy").rules


@dataclass(frozen=True)
class Cost:
    """What one file took. fault: what escaped the reader, or how its process ended; None for neither."""

    name: str
    size: int
    seconds: float
    memory: int
    fault: str | None

    def too_dear(self, honest_seconds: float, honest_memory: int, *, unpacked: bool = False) -> bool:
        """Whether it cost more than an honest file may; unpacked: in a process of its own."""
        return self.seconds > TIME_FACTOR * honest_seconds + (
            UNPACKING_TIME if unpacked else TIME_SLACK
        ) or self.memory > MEMORY_FACTOR * honest_memory + (UNPACKING_MEMORY if unpacked else MEMORY_SLACK)


def read_file(kind: str, path: Path) -> None:
    """Read a file as the commands do: from its path, under the cap of its kind."""
    if kind == "statement":
        Statement.from_bytes(read_capped(path, MAX_BYTES[STATEMENT]))
    elif kind == "commitment":
        Commitment.from_bytes(read_capped(path, 1 << 16))
    elif kind == "proof":
        Proof.from_bytes(read_capped(path, MAX_BYTES[PROOF]))
    elif kind == "payouts":
        PayoutList.from_bytes(read_capped(path, MAX_BYTES[PAYOUTS]))
    elif kind == "receipt":
        Receipt.from_bytes(read_capped(path, RECEIPT_BYTES), "receipt")
    elif kind == "policy":
        load_policy(path)
    else:
        read_contributions(path, RULES)


def measured(kind: str, name: str, path: Path) -> Cost:
    """The cost of one file, which may be hostile."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _run_limited(kind, path, tell)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        said = pipe.read().decode("utf-8", "replace")
    _, status, _ = os.wait4(child, 0)
    try:
        content = json.loads(said)
    except ValueError:
        # The system counts nothing for a process that was killed: it took all that it may.
        how = f"signal {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else f"exit {status >> 8}"
        return Cost(name, path.stat().st_size, MOST_SECONDS, MOST_MEMORY, f"its process ended with {how}")
    return Cost(name, path.stat().st_size, content["seconds"], content["memory"], content["fault"])


def _run_limited(kind: str, path: Path, tell: int) -> None:
    """In the child: read, tell the cost, and end without a word from anybody else."""
    try:
        before = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        resource.setrlimit(resource.RLIMIT_AS, (before + MOST_MEMORY, before + MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        signal.alarm(3 * MOST_SECONDS)
        began = time.process_time()
        fault = fault_of(lambda _: read_file(kind, path), b"")
        seconds = time.process_time() - began
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        told = {
            "seconds": seconds + children.ru_utime + children.ru_stime,
            "memory": max(0, own.ru_maxrss * 1024 - resident) + children.ru_maxrss * 1024,
            "fault": fault,
        }
        os.write(tell, json.dumps(told).encode())
    finally:
        os._exit(0)


def hostile(kind: str, size: int, rng: random.Random, changed: int, scratch: Path) -> Iterator[bombs.Bomb]:
    """Files of about that size that want to cost more than honest ones."""
    if kind in FORMATS:
        yield from bombs.json_bombs(size, FORMATS[kind], MEMBERS[kind])
    elif kind == "proof":
        yield from bombs.cbor_bombs(size)
    elif kind == "policy":
        yield from bombs.toml_bombs(size)
    elif kind == "jsonl":
        yield from bombs.jsonl_bombs(size)
    elif kind == "parquet":
        yield from bombs.parquet_bombs(size, str(scratch))
    else:
        yield from bombs.csv_bombs(size)
    for _, data in honest(kind, size, rng):
        yield from bombs.mutated(rng, data, changed)


def costs(kind: str, files: Iterable[bombs.Bomb], folder: Path) -> Iterator[Cost]:
    """The cost of each file, written into the folder and removed again."""
    path = folder / f"file{SUFFIXES.get(kind, '')}"
    for name, data in files:
        path.write_bytes(data)
        del data
        yield measured(kind, name, path)
        path.unlink()


def main() -> None:
    """Measure the files of one kind and size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--changed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    kind, size = arguments.kind, arguments.size
    with tempfile.TemporaryDirectory(prefix="zkpay-measure-") as folder:
        place = Path(folder)
        known = list(costs(kind, honest(kind, size, rng), place))
        seconds, memory = max(cost.seconds for cost in known), max(cost.memory for cost in known)
        # What an honest file can cost that compresses. It bounds Parquet as well as what honest files take that don't.
        packed = list(costs(kind, replayed(kind, size), place))
        findings = [f"{cost.name}, which is honest: {cost.fault}" for cost in known + packed if cost.fault]
        others = []
        for cost in costs(kind, hostile(kind, size, rng, arguments.changed, place / "scratch"), place):
            others.append(cost)
            print(f"{cost.seconds:8.3f} s {cost.memory >> 10:10,} KiB {cost.size:12,} {cost.name} {cost.fault or ''}")
            if cost.fault:
                findings.append(f"{cost.name}, {cost.size:,} bytes: {cost.fault}")
            elif cost.too_dear(seconds, memory, unpacked=bool(packed)) or any(
                cost.too_dear(bound.seconds, bound.memory) for bound in packed
            ):
                findings.append(
                    f"{cost.name}, {cost.size:,} bytes: {cost.seconds:.2f} s and {cost.memory >> 10:,} KiB; honest"
                    f" files of {size:,} take {seconds:.2f} s and {memory >> 10:,} KiB"
                )
    every = [asdict(cost) for cost in chain(known, packed, others)]
    arguments.out.write_text(json.dumps({"costs": every, "findings": findings}), encoding="utf-8")


if __name__ == "__main__":
    main()
