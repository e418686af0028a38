"""One unit of coverage-guided fuzzing in a process of its own: atheris, which is libFuzzer for Python.

    python -m tests.campaigns.parsers.fuzz MODULE TARGET --kind-folder FOLDER --seed N --runs N --out FILE

The fuzzer itself stops at its first finding. Here findings are noted, one of each sort, and it goes on; what comes out
is a JSON file. Only what kills the process ends it early.
"""

from __future__ import annotations

import argparse
import importlib
import json
import mmap
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

LONGEST_SECONDS = 2.0
"""For one small input; an honest one takes milliseconds, but for a whole proof."""
KILL_SECONDS = 60
MOST_MEGABYTES = 3000
MOST_FINDINGS = 20
EXCLUDED = ("zkpay.kernels", "zkpay.prover", "zkpay.circuits", "zkpay.measure", "zkpay.poseidon", "zkpay.stark.field")


def main() -> None:
    """Fuzz one target for so many executions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("module", help="the module that has it among its TARGETS")
    parser.add_argument("target")
    parser.add_argument("--kind-folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    with atheris.instrument_imports(include=["zkpay", "tomllib"], exclude=list(EXCLUDED)):
        found = importlib.import_module(arguments.module)
        observing = importlib.import_module("tests.campaigns.parsers.observe")
    target = next(target for target in found.TARGETS if target.name == arguments.target)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=arguments.out.parent))
    seeds = target.seeds(arguments.kind_folder)
    corpus, words = _write_corpus(folder, seeds, target.words)
    read = target.open(arguments.kind_folder)
    if all(observing.observe(read, seed) != "accepted" for seed in seeds):
        raise SystemExit("no honest input is accepted: nothing would be tried but the first check")
    keep = _keeper(arguments.out.parent / "current", target.longest)
    outcomes: Counter[str] = Counter()
    findings: dict[str, bytes] = {}
    done = 0

    def finish() -> None:
        shown = [[what, observing.minimised(read, data, what).hex()] for what, data in findings.items()]
        arguments.out.write_text(json.dumps({"outcomes": outcomes, "findings": shown}), encoding="utf-8")
        # libFuzzer's own way out would not let anything be written any more.
        sys.stdout.flush()
        os._exit(0)

    def run(data: bytes) -> None:
        nonlocal done
        keep(data)
        signal.alarm(KILL_SECONDS)
        begun = time.perf_counter()
        try:
            outcomes[observing.observe(read, data)] += 1
        except BaseException as error:
            # Panics of libraries in Rust derive from BaseException.
            findings.setdefault(observing.site(error), data)
            outcomes["finding"] += 1
        if time.perf_counter() - begun > LONGEST_SECONDS and _is_slow(read, data, observing):
            findings.setdefault(f"more than {LONGEST_SECONDS} s", data)
        done += 1
        if done >= arguments.runs or len(findings) >= MOST_FINDINGS:
            finish()

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        rng = random.Random(seed)
        try:
            return _mutated(rng, data, longest)
        except Exception:
            # Fuzz() would wait for ever: a fault of the campaign ends the unit.
            traceback.print_exc()
            os._exit(70)

    def _mutated(rng: random.Random, data: bytes, longest: int) -> bytes:
        if rng.random() < 0.4:
            return bytes(atheris.Mutate(data, longest))
        return bytes(target.mutate(rng, data or rng.choice(seeds))[:longest])

    options = [
        sys.argv[0], f"-seed={arguments.seed}", f"-max_len={target.longest}",
        *([f"-dict={words}"] if target.words else []),
        # Its own timer would end the process before it was late.
        "-timeout=0", f"-rss_limit_mb={MOST_MEGABYTES}", f"-artifact_prefix={arguments.out.parent}/",
        "-verbosity=0", "-len_control=0", str(corpus),
    ]  # fmt: skip
    atheris.Setup(options, run, custom_mutator=mutate)
    atheris.Fuzz()


def _keeper(path: Path, longest: int) -> Callable[[bytes], None]:
    """Keeps each input where whoever started this process finds it, should the reader end the process."""
    path.write_bytes(bytes(8 + longest))
    with path.open("r+b") as file:
        kept = mmap.mmap(file.fileno(), 0)

    def keep(data: bytes) -> None:
        kept[: 8 + len(data)] = len(data).to_bytes(8, "little") + data

    return keep


def _is_slow(read: object, data: bytes, observing: object) -> bool:
    """Whether it takes as long every time, and wasn't only waiting for the machine."""
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        observing.fault_of(read, data)  # type: ignore[attr-defined]
        seconds.append(time.process_time() - begun)
    return min(seconds) > LONGEST_SECONDS


def _write_corpus(folder: Path, seeds: Iterable[bytes], words: Iterable[str]) -> tuple[Path, Path]:
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    lines = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words]
    (folder / "words").write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")
    return corpus, folder / "words"


if __name__ == "__main__":
    main()
