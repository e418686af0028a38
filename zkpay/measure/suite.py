"""A whole run of `zkpay bench`: one document that grows with each part, and is whole at any time (SPEC §9).

The document (schema zkpay/benchmark/v1) says what was measured, on which machine, with which versions and commit;
`complete` tells whether the run came to its end, `left_out` what it could not do and why. It holds no name of a
person, a host or a folder, so that it can be sent in as it is.
"""

from __future__ import annotations

import datetime
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from zkpay.epoch.files import PUBLIC_FILE, replace_file
from zkpay.epoch.stages import Progress, StageReport
from zkpay.errors import Refused
from zkpay.measure.child import ChildFailedError
from zkpay.measure.machine import describe_machine, describe_versions, is_supported, load_average
from zkpay.measure.macro import NotMeasurableError, check_memory, measure_case, measure_start, warm_up, work
from zkpay.measure.peers import measure_peers
from zkpay.measure.plan import Case, Plan
from zkpay.measure.tables import BUSY, runs_of

SCHEMA: Final = "zkpay/benchmark/v1"

Content = dict[str, Any]


class Suite:
    """One run. `document` is what was measured so far; it is written to `out` after each part."""

    def __init__(self, plan: Plan, out: Path) -> None:
        if not is_supported():
            raise Refused("benchmarks need a system that tells a process's peak memory: Linux, macOS or another Unix")
        self._plan = plan
        self._out = out
        self._began = time.monotonic()
        self.document: Content = {
            "schema": SCHEMA,
            "complete": False,
            "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "seconds": 0.0,
            "plan": {"sections": list(plan.sections), "sizes": list(plan.sizes), "runs": plan.runs},
            "machine": describe_machine(),
            "versions": describe_versions(),
            "load": {"average_before": load_average(), "largest_other_load": None, "disturbed": False},
            "ceilings": None,
            "kernels": [],
            "start": None,
            "cases": [],
            "peers": None,
            "left_out": [],
            "failed": [],
        }

    def run(self, report: StageReport) -> None:
        """Measure everything; Ctrl-C passes through with `document` and file as they are by then."""
        parts = self._parts()
        self._save()
        with tempfile.TemporaryDirectory(prefix="zkpay-bench-") as workplace:
            for number, (title, part) in enumerate(parts, start=1):
                report(Progress(number, len(parts), title))
                try:
                    part(Path(workplace))
                except NotMeasurableError as error:
                    self.document["left_out"].append({"what": title, "why": str(error)})
                except ChildFailedError as error:
                    # What zkpay refuses before it starts is no failure: too little memory, say.
                    where = "left_out" if error.code == Refused.exit_code else "failed"
                    self.document[where].append({"what": title, "why": str(error)})
                self._save()
        self.document["complete"] = not self.document["failed"]
        self._save()

    def _parts(self) -> list[tuple[str, Callable[[Path], None]]]:
        parts: list[tuple[str, Callable[[Path], None]]] = []
        cases = self._plan.cases()
        if cases or "start" in self._plan.sections:
            parts.append(("warming up", warm_up))
        for section, title, part in (
            ("ceilings", "ceilings of the machine", self._ceilings),
            ("kernels", "kernels", self._kernels),
            ("start", "start and first compile", self._start),
        ):
            if section in self._plan.sections:
                parts.append((title, part))
        for case in cases:
            parts.append((case.title, lambda workplace, case=case: self._case(case, workplace)))  # type: ignore[misc]
        if "peers" in self._plan.sections:
            parts.append(("peers", self._peers))
        return parts

    def _ceilings(self, workplace: Path) -> None:
        self.document["ceilings"] = work("ceilings", {})

    def _kernels(self, workplace: Path) -> None:
        request = {"ceilings": self.document["ceilings"], "largest": self._plan.kernel_log, "rounds": 5}
        self.document["kernels"] = work("kernels", request)["kernels"]

    def _start(self, workplace: Path) -> None:
        self.document["start"] = measure_start(workplace, self._plan.runs)

    def _case(self, case: Case, workplace: Path) -> None:
        check_memory(case)
        self.document["cases"].append(measure_case(case, workplace))

    def _peers(self, workplace: Path) -> None:
        self.document["peers"] = measure_peers(workplace)

    def _save(self) -> None:
        self.document["seconds"] = round(time.monotonic() - self._began, 1)
        loads = [run["other_load"] for run in runs_of(self.document) if run.get("other_load") is not None]
        if loads:
            self.document["load"]["largest_other_load"] = max(loads)
            self.document["load"]["disturbed"] = max(loads) > BUSY
        replace_file(self._out, json.dumps(self.document, indent=1).encode() + b"\n", PUBLIC_FILE)
