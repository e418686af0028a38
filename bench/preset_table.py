"""What each preset costs to prove, as a Markdown table between two marks of a page.

    python -m bench.preset_table docs/presets/README.md [--records 16384] [--accounts 1024] [--rounds 5]

Every round proves all presets once, so that a machine's moods fall on all of them; the fastest round is shown, since
nothing makes a proof faster than it is.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path

import zkpay
from zkpay.measure.records import write_records
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.presets import PRESETS, preset

BEGIN = "<!-- costs: written by python -m bench.preset_table docs/presets/README.md -->"
END = "<!-- end of costs -->"
SEED = 1


def make_epoch(name: str, folder: Path, records: int, accounts: int) -> Path:
    """A committed epoch of synthetic records under a preset."""
    text = preset(name).text
    folder.mkdir(parents=True)
    policy = folder / "policy.toml"
    policy.write_text(text, encoding="utf-8")
    csv = write_records(parse_policy(text.encode(), name), folder / "records.csv", records, accounts, SEED)
    return zkpay.commit(csv, policy, epoch="costs", origin="bench.example", out=folder / "epoch").folder


def measured(folder: Path) -> float:
    """Seconds that `prove` takes in this process, files read and written."""
    start = time.perf_counter()
    zkpay.prove(folder)
    return time.perf_counter() - start


def rows(records: int, accounts: int, rounds: int) -> list[list[str]]:
    """The table's rows, pro rata first."""
    workplace = Path(tempfile.mkdtemp())
    try:
        folders = {name: make_epoch(name, workplace / name, records, accounts) for name in PRESETS}
        for folder in folders.values():
            measured(folder)  # compiles kernels, fills caches
        seconds: dict[str, list[float]] = {name: [] for name in PRESETS}
        for _ in range(rounds):
            for name, folder in folders.items():
                seconds[name].append(measured(folder))
        best = {name: min(times) for name, times in seconds.items()}
        return [[*_shape(folders[name], name), *_times(best, name)] for name in PRESETS]
    finally:
        shutil.rmtree(workplace)


def _shape(folder: Path, name: str) -> list[str]:
    found = zkpay.inspect(folder / "public" / "payout.zkproof")
    if found.claim is None:
        raise ValueError(f"{folder} holds no statement")
    columns = {table: width for table, _, width in found.claim.tables}
    cells = sum(height * width for _, height, width in found.claim.tables)
    return [
        f"[{name}]({name}.md)",
        str(columns["contributions"]),
        str(columns["payouts"]),
        str(sum(columns.values())),
        f"{cells / 1e6:.1f}",
        f"{found.total_bytes / 1024:.0f}",
    ]


def _times(best: dict[str, float], name: str) -> list[str]:
    return [f"{best[name]:.2f}", f"{best[name] / best['pro-rata']:.2f}"]


def table(records: int, accounts: int, rounds: int) -> str:
    """The text between the marks."""
    head = ["preset", "contributions", "payouts", "all tables", "million cells", "proof KiB", "prove, s", "to pro-rata"]
    lines = [
        f"Columns of the tables with a row for each contribution and each account, and of all tables; {records:,}",
        f"contributions of {accounts:,} accounts, seed {SEED}, default profile; the fastest of {rounds} proofs in",
        f"one warm process with {os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}):",
        "",
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *["| " + " | ".join(row) + " |" for row in rows(records, accounts, rounds)],
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--records", type=int, default=1 << 14)
    parser.add_argument("--accounts", type=int, default=1 << 10)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    text = chosen.page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        parser.error(f"{chosen.page} has no place for the table: {BEGIN} ... {END}")
    made = table(chosen.records, chosen.accounts, chosen.rounds)
    chosen.page.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
