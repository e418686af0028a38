"""Cases that once disagreed, kept as texts and records, so that they stay what they were when the generator changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.campaigns.differential.case import Case
from tests.campaigns.differential.records import Row
from zkpay.policy.language.definition import Record, evaluate
from zkpay.policy.policy import Policy, parse_policy

FILE = Path(__file__).parent / "regressions.json"


@dataclass(frozen=True)
class Regression:
    """found: what was wrong. payouts: what the definition pays, in the order of accounts."""

    found: str
    policy: Policy
    rows: list[Row]
    reasons: list[int]

    @property
    def payouts(self) -> list[int]:
        records = [
            Record(row.account.to_bytes(20, "big"), row.values)
            for row, reason in zip(self.rows, self.reasons, strict=True)
            if not reason
        ]
        return evaluate(self.policy.formula, records).payouts


def load() -> list[dict[str, Any]]:
    """All regressions as they stand in the file."""
    loaded: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def regression_of(content: dict[str, Any]) -> Regression:
    """One regression, its policy read."""
    policy = parse_policy("\n".join(content["policy"]).encode(), "regression")
    rows = [
        Row(record["account"], record["values"], record.get("fingerprint"), record.get("replaces"))
        for record in content["records"]
    ]
    return Regression(content["found"], policy, rows, [record.get("reason", 0) for record in content["records"]])


def in_words(seed: str, what: str, case: Case) -> dict[str, object]:
    """A finding as it goes into the file."""
    records = []
    for row, reason in zip(case.rows, case.reasons, strict=True):
        record: dict[str, object] = {"account": row.account, "values": row.values, "reason": reason}
        if row.fingerprint is not None:
            record["fingerprint"] = row.fingerprint
        if row.replaces is not None:
            record["replaces"] = row.replaces
        records.append(record)
    return {"found": f"{seed}: {what}", "policy": case.made.text.splitlines(), "records": records}
