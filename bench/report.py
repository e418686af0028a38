"""Writes what `zkpay bench` measured into README.md, docs/benchmarks.md and the chart beside it.

    python -m bench.report bench/results/2026-11-23.json

Nothing in these places is written by hand, and a test compares them with the JSON that README.md names.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from bench.chart import chart
from zkpay.measure.suite import SCHEMA
from zkpay.measure.tables import (
    all_tables,
    cases_table,
    floor_table,
    largest_cases,
    load_line,
    machine_line,
    start_table,
)

Content = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
README = "README.md"
PAGE = "docs/benchmarks.md"
CHART = "docs/benchmarks.svg"
BEGIN = "<!-- figures: python -m bench.report {source} -->"
BEGIN_PATTERN = r"<!-- figures: python -m bench\.report (\S+) -->"
END = "<!-- end of figures -->"


def read_document(path: Path) -> Content:
    """A benchmark document; ValueError if it is none or of another version."""
    document: Content = json.loads(path.read_text(encoding="utf-8"))
    if document.get("schema") != SCHEMA:
        raise ValueError(f"{path}: schema {document.get('schema')!r}, expected {SCHEMA}")
    return document


def readme_part(document: Content) -> list[str]:
    """The lines between the marks of README.md."""
    lines = [
        f"Measured by `zkpay bench` on {machine_line(document)}.",
        *([line] if (line := load_line(document)) else []),
        f"[All of it]({PAGE}), kernels and policies too.",
        "",
        f"![Seconds and memory by contributions]({CHART})",
    ]
    tables = [
        cases_table(document, "scaling"),
        cases_table(document, "profiles"),
        start_table(document),
        *(floor_table(document, case) for case in largest_cases(document)),
    ]
    for table in tables:
        if table.rows:
            lines += ["", *table.markdown()]
    return lines


def page(document: Content, source: str) -> str:
    """docs/benchmarks.md: every table."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `python -m bench.report {source}` from a run of `zkpay bench` on {document['started'][:10]}.",
        f"Machine: {machine_line(document)}.",
        *([line] if (line := load_line(document)) else []),
        "",
        "Seconds of commands are of whole processes by the clock; peak memory is the process's own. A floor is what",
        "the algorithm must do, counted, over the peak rates of this machine, measured in the same run; what isn't",
        "counted (files, the policy's integers, random masks) has no floor.",
        "",
        f"![Seconds and memory by contributions]({Path(CHART).name})",
    ]
    for table in all_tables(document):
        lines += ["", f"## {table.title.partition(', ')[0]}", "", *table.markdown()]
    for key, title in (("left_out", "Left out"), ("failed", "Failed")):
        if document[key]:
            lines += ["", f"## {title}", "", *(f"- {entry['what']}: {entry['why']}" for entry in document[key])]
    return "\n".join(lines) + "\n"


def with_figures(readme: str, document: Content, source: str) -> str:
    """README.md with the part between its marks made anew; ValueError if it has no marks."""
    found = re.search(rf"{BEGIN_PATTERN}\n.*?{re.escape(END)}", readme, re.DOTALL)
    if found is None:
        raise ValueError(f"README.md has no place for figures: {BEGIN} ... {END}")
    part = "\n".join([BEGIN.format(source=source), *readme_part(document), END])
    return readme[: found.start()] + part + readme[found.end() :]


def source_of(readme: str) -> str:
    """The document that README.md's figures come from, relative to the checkout."""
    found = re.search(BEGIN_PATTERN, readme)
    if found is None:
        raise ValueError("README.md does not say where its figures come from")
    return found[1]


def reports(source: str, readme: str) -> dict[str, bytes]:
    """Every file that the document at `source` (relative to the checkout) makes, by its place there."""
    document = read_document(ROOT / source)
    return {
        README: with_figures(readme, document, source).encode(),
        PAGE: page(document, source).encode(),
        CHART: chart(document),
    }


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=Path, help="a JSON file that zkpay bench wrote, within the checkout")
    chosen = parser.parse_args().document.resolve()
    if not chosen.is_relative_to(ROOT):
        parser.error(f"{chosen} is not in the checkout: put it into bench/results/ first")
    try:
        made = reports(chosen.relative_to(ROOT).as_posix(), (ROOT / README).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    for place, data in made.items():
        (ROOT / place).write_bytes(data)


if __name__ == "__main__":
    main()
