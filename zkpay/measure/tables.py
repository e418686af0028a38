"""The tables of a benchmark document: rows of text that a terminal or a page lays out (SPEC §9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zkpay.measure.work import Ceilings, Work

Content = dict[str, Any]

BUSY = 0.1
"""Others' share of the machine from which a run counts as disturbed."""
_WORTH_A_RATIO = 0.01
"""Seconds from which a floor is compared with what was measured; below, starting a stage is what takes the time."""


@dataclass(frozen=True)
class TextTable:
    """title: what it shows, in a line. head: column titles; the first column is a name, all others are numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def lines(self) -> list[str]:
        """For a terminal: the title, then columns, numbers to the right."""
        widths = [max(len(row[place]) for row in (self.head, *self.rows)) for place in range(len(self.head))]

        def line(row: Sequence[str]) -> str:
            numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            return "  ".join([row[0].ljust(widths[0]), *numbers])

        return [self.title, *(f"  {line(row).rstrip()}" for row in (self.head, *self.rows))]

    def markdown(self) -> list[str]:
        """For a page: the title as a paragraph, then the table."""
        rule = "|---" + "|---:" * (len(self.head) - 1) + "|"
        return [
            f"{self.title}:",
            "",
            f"| {' | '.join(self.head)} |",
            rule,
            *(f"| {' | '.join(r)} |" for r in self.rows),
        ]


def all_tables(document: Content) -> list[TextTable]:
    """Every table that the document has something for."""
    tables = [
        ceilings_table(document),
        kernels_table(document),
        start_table(document),
        *(cases_table(document, section) for section in ("scaling", "profiles", "policies")),
        *(floor_table(document, case) for case in largest_cases(document)),
        peers_table(document),
    ]
    return [table for table in tables if table.rows]


def machine_line(document: Content) -> str:
    """What was measured on and with."""
    machine, versions = document["machine"], document["versions"]
    memory = "" if machine["memory_bytes"] is None else f", {machine['memory_bytes'] / 2**30:.0f} GiB"
    sets = " with AVX-512" if "avx512f" in machine["instruction_sets"] else ""
    commit = "" if versions["commit"] is None else f" ({versions['commit'][:10]}{'+' if versions['modified'] else ''})"
    return (
        f"{machine['cores']} cores of {machine['processor']}{sets}{memory}, {machine['system']}, {versions['python']},"
        f" numpy {versions['numpy']}, numba {versions['numba']}, zkpay {versions['zkpay']}{commit}"
    )


def load_line(document: Content) -> str:
    """Whether others used the machine meanwhile; empty if nobody can tell."""
    load = document["load"]["largest_other_load"]
    if load is None:
        return ""
    if not document["load"]["disturbed"]:
        return f"Others used at most {100 * load:.0f} % of the machine meanwhile."
    loads = [run["other_load"] for run in runs_of(document) if run.get("other_load") is not None]
    busy = sum(other > BUSY for other in loads)
    return (
        f"Others used more than {100 * BUSY:.0f} % of the machine in {busy} of {len(loads)} runs, {100 * load:.0f} % at"
        " most; medians are shown."
    )


def runs_of(content: Any) -> list[Content]:
    """Every measured run anywhere in a document."""
    if isinstance(content, list):
        return [run for entry in content for run in runs_of(entry)]
    if not isinstance(content, dict):
        return []
    own = content.get("runs")
    if isinstance(own, list):
        return [run for run in own if isinstance(run, dict)]
    return [run for entry in content.values() for run in runs_of(entry)]


def ceilings_table(document: Content) -> TextTable:
    """Peak rates."""
    found = document["ceilings"] or {}
    rows = (
        ("products mod P", "products", "G/s"),
        ("additions mod P", "additions", "G/s"),
        ("products added to 64-bit totals", "accumulations", "G/s"),
        ("operations on 64-bit words", "word_operations", "G/s"),
        ("reading memory", "read_bytes", "GB/s"),
        ("copying memory, read and written", "copy_bytes", "GB/s"),
    )
    lines = tuple((name, f"{found[key] / 1e9:.1f}", unit) for name, key, unit in rows if key in found)
    return TextTable("Ceilings of the machine, all cores", ("", "rate", "unit"), lines)


def kernels_table(document: Content) -> TextTable:
    """Rate of each kernel and its share of the ceiling."""
    rows = tuple(
        (
            f"{entry['kernel']}, {entry['shape']}",
            f"{entry['rate'] / 1e6:,.1f}",
            entry["unit"],
            "" if entry["share_of_ceiling"] is None else f"{100 * entry['share_of_ceiling']:.0f} %",
        )
        for entry in document["kernels"]
    )
    return TextTable("Kernels, best of five", ("kernel", "million/s", "of", "of the ceiling"), rows)


def start_table(document: Content) -> TextTable:
    """What everybody waits for."""
    start = document["start"]
    if start is None:
        return TextTable("Start", (), ())
    small = f"zkpay prove, {start['small_contributions']:,} contributions"
    rows = (
        ("zkpay --help", f"{start['help']['seconds']:.2f}"),
        (small, f"{start['small_proof']['seconds']:.2f}"),
        ("compiling all kernels, once", f"{start['compile_seconds']:.1f}"),
    )
    return TextTable("Start, whole processes", ("", "seconds"), rows)


def cases_table(document: Content, section: str) -> TextTable:
    """Commit, prove, verify of one section's cases."""
    cases = [case for case in document["cases"] if case["section"] == section]
    runs = max((len(case["prove"]["runs"]) for case in cases), default=0)
    titles = {
        "scaling": ("contributions x accounts", "Pro rata, default profile, whole processes"),
        "profiles": ("profile", "Other profiles, pro rata"),
        "policies": ("policy", "Other policies, default profile"),
    }
    name, title = titles[section]
    proving = ("commit, CSV", "Parquet", "prove", "CSV and prove", "prove, µs a record", "peak GB", "proof KiB")
    head = (name, *proving, "verify", "its work", "list of payouts")
    rows = tuple(_case_row(case, section) for case in cases)
    return TextTable(f"{title}, medians of {runs}, in seconds", head, rows)


def _case_row(case: Content, section: str) -> tuple[str, ...]:
    size = f"{case['contributions']:,} x {case['accounts']:,}"
    name = {"scaling": size, "profiles": f"{case['profile']}, {size}", "policies": f"{case['policy']}, {size}"}[section]
    prove, verify = case["prove"], case["verify"]
    return (
        name,
        f"{case['commit']['csv']['seconds']:.2f}",
        f"{case['commit']['parquet']['seconds']:.2f}",
        f"{prove['seconds']:.2f}",
        f"{case['commit']['csv']['seconds'] + prove['seconds']:.2f}",
        f"{1e6 * prove['seconds'] / case['contributions']:.1f}",
        f"{prove['peak_bytes'] / 1e9:.2f}",
        f"{case['proof_bytes'] / 1024:.0f}",
        f"{verify['process']['seconds']:.2f}",
        f"{verify['within_seconds']['rest']:.2f}",
        f"{verify['within_seconds']['payouts']:.2f}",
    )


def largest_cases(document: Content) -> list[Content]:
    """The largest case of the scaling table, which the floor report is about."""
    cases = [case for case in document["cases"] if case["section"] == "scaling"]
    return sorted(cases, key=lambda case: int(case["contributions"]))[-1:] if document["ceilings"] else []


def floor_table(document: Content, case: Content) -> TextTable:
    """Each stage's floor, what was measured, and the gap between them."""
    ceilings = Ceilings.from_json(document["ceilings"])
    floors = stage_floors(case, ceilings)
    measured = case["prove"]["stages"]
    rows = [
        (
            stage,
            *(("", "") if stage not in floors else tuple(f"{value:.2f}" for value in floors[stage])),
            "" if stage not in floors else f"{max(floors[stage]):.2f}",
            f"{seconds:.2f}",
            f"{seconds / max(floors[stage]):.1f}" if max(floors.get(stage, (0.0,))) >= _WORTH_A_RATIO else "",
        )
        for stage, seconds in measured.items()
    ]
    least, spent = sum(max(floor) for floor in floors.values()), sum(measured.values())
    rows.append(("all", "", "", f"{least:.2f}", f"{spent:.2f}", f"{spent / least:.1f}"))
    size = f"{case['contributions']:,} contributions, {case['accounts']:,} accounts"
    head = ("stage", "computing", "memory", "floor", "measured", "times the floor")
    return TextTable(f"Floor of a proof of {size}, in seconds at the ceilings", head, tuple(rows))


def stage_floors(case: Content, ceilings: Ceilings) -> dict[str, tuple[float, float]]:
    """Seconds of computing and of memory by stage; a stage without counted work is missing.

    A stage's floor is the longer of the two, as if memory worked through the whole stage: no more than the sum of
    its steps' floors.
    """
    floors: dict[str, tuple[float, float]] = {}
    for step in case["steps"]:
        work = Work(**step["work"])
        computing, moving = floors.get(step["stage"], (0.0, 0.0))
        floors[step["stage"]] = (computing + work.computing_seconds(ceilings), moving + work.moving_seconds(ceilings))
    return floors


def peers_table(document: Content) -> TextTable:
    """Other systems, same statement in small."""
    peers = document["peers"]
    rows = tuple(
        (
            f"{entry['system']}, {entry['contributions']} x {entry['accounts']}",
            f"{entry['constraints']:,}",
            f"{entry['setup_seconds']:.1f}",
            f"{entry['prove_seconds']:.2f}",
            f"{1e3 * entry['prove_seconds'] / entry['contributions']:.1f}",
            f"{entry['verify_seconds']:.2f}",
            f"{entry['proof_bytes']:,}",
        )
        for entry in (peers or {}).get("measured", [])
    )
    head = ("system, records x accounts", "constraints", "set-up", "prove", "ms a record", "verify", "proof bytes")
    return TextTable("Peers, seconds", head, rows)
