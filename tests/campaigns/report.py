"""Summaries of campaigns: results/NAME.json and NAME.md, and the table over all of them in results/README.md."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.campaigns.campaign import Campaign, Tally

RESULTS = Path(__file__).parent / "results"
FORMAT = "zkpay/campaign/v2"
SHOWN = 100
"""Findings that a summary lists."""


class Report:
    """A run of one campaign while it goes on. `all_ran` is set when every unit has been run."""

    def __init__(self, campaign: Campaign, seed: str, folder: Path = RESULTS) -> None:
        self.campaign = campaign
        self.tally = Tally()
        self.units = 0
        self.all_ran = False
        self._seed = seed
        self._folder = folder
        self._commit = current_commit()
        self._began = time.monotonic()

    def go_on(self) -> str:
        """Take over what the summary in the folder counts; what stands against that, or nothing."""
        path = self._folder / f"{self.campaign.name}.json"
        if not path.exists():
            return f"{path} isn't there"
        last = json.loads(path.read_text(encoding="utf-8"))
        if " " in self._commit:
            return "the tree has changes"
        if (last["commit"], last["seed"]) != (self._commit, self._seed):
            return f"the last run was of commit {last['commit']} and seed {last['seed']}"
        if last["findings_count"] > len(last["findings"]):
            return "the last run found more than its summary lists"
        self.units = last["units"]
        self.tally.counts.update(last["counts"])
        for name, counts in last["tables"].items():
            self.tally.count(name, counts)
        for place, what in last["findings"]:
            self.tally.find(place, what)
        self._began -= last["seconds"]
        return ""

    def add(self, tally: Tally, units: int) -> None:
        """Take what some units found."""
        self.tally.add(tally)
        self.units += units

    def content(self) -> dict[str, Any]:
        """The summary; a run is finished if every unit ran and all targets were reached."""
        counts, targets = self.tally.counts, dict(self.campaign.targets)
        return {
            "format": FORMAT,
            "campaign": self.campaign.name,
            "question": self.campaign.question,
            "finished": self.all_ran and all(counts[what] >= least for what, least in targets.items()),
            "commit": self._commit,
            "seed": self._seed,
            "seconds": round(time.monotonic() - self._began),
            "units": self.units,
            "targets": targets,
            "findings_count": len(self.tally.findings),
            "counts": dict(sorted(counts.items())),
            "tables": {name: dict(sorted(found.items())) for name, found in sorted(self.tally.tables.items())},
            "findings": [list(finding) for finding in self.tally.findings[:SHOWN]],
        }

    def write(self) -> None:
        """Write the summary in both forms, and the table over all summaries."""
        content = self.content()
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = self._folder / self.campaign.name
        stem.with_suffix(".json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        stem.with_suffix(".md").write_text(summary(content), encoding="utf-8")
        (self._folder / "README.md").write_text(overview(self._folder), encoding="utf-8")


def summary(content: Mapping[str, Any]) -> str:
    """One run as Markdown."""
    counts = content["counts"]
    lines = [
        f"# {content['campaign'].capitalize()} campaign: {_state(content)}",
        "",
        f"{content['question']} **{content['findings_count']:,} findings.**",
        "",
        f"Commit {content['commit']}, seed `{content['seed']}`, {content['units']:,} units in"
        f" {content['seconds']:,} s.",
        "",
        "| What | How many | Asked for |",
        "|---|---|---|",
    ]
    targets = content["targets"]
    for name in sorted({*counts, *targets}):
        lines.append(f"| {name} | {counts.get(name, 0):,} | {f'{targets[name]:,}' if name in targets else ''} |")
    for name, found in content["tables"].items():
        lines += ["", f"| {name} | How many |", "|---|---|"]
        lines += [f"| {what} | {count:,} |" for what, count in found.items()]
    for place, what in content["findings"]:
        lines += ["", f"Finding at `{place}`:", "", "```", what.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def overview(folder: Path = RESULTS) -> str:
    """The table over all summaries in a folder."""
    lines = [
        "# The last run of each campaign",
        "",
        "Written by `python -m tests.campaigns` (`make campaign`) from the JSON files beside it.",
        "",
        "| Campaign | What it asks | Ran | Findings | State | Commit | Seed |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        asked = content["targets"] or content["counts"]
        ran = ", ".join(f"{content['counts'].get(what, 0):,} {what}" for what in asked)
        lines.append(
            f"| [{content['campaign']}]({path.stem}.md) | {content['question']} | {ran} |"
            f" {content['findings_count']:,} | {_state(content)} | {content['commit'][:12]}"
            f"{' with changes' if ' ' in content['commit'] else ''} | `{content['seed']}` |"
        )
    return "\n".join(lines) + "\n"


def _state(content: Mapping[str, Any]) -> str:
    return "finished" if content["finished"] else "UNFINISHED"


def current_commit() -> str:
    """The commit that is run, marked where the tree differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=RESULTS.parent).stdout.strip()

    try:
        # Summaries of campaigns that ran before don't count as changes.
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/tests/campaigns/results")
        return git("rev-parse", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
