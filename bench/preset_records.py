"""Synthetic records for any policy: a few accounts do most of the work, quantities spread over orders of magnitude."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zkpay.ledger.fields import SymbolField
from zkpay.ledger.rules import FINGERPRINT
from zkpay.policy.policy import Policy

LARGEST = 2**40
"""Values are drawn below this, whatever a field's maximum."""


def write_records(policy: Policy, path: Path, records: int, accounts: int, seed: int) -> Path:
    """A CSV of `records` records that the policy takes as it is, so that no field is beyond its bounds."""
    random = np.random.default_rng(seed)
    weights = random.pareto(1.2, accounts) + 0.3
    # Every account has a record, so that there are as many as asked for.
    owners = np.concatenate([np.arange(accounts), random.choice(accounts, records, p=weights / weights.sum())])[
        :records
    ]
    columns = {
        "contribution_id": [f"c{index}" for index in range(records)],
        "account": [f"account-{owner}" for owner in owners.tolist()],
    }
    for field in policy.rules.fields:
        if isinstance(field, SymbolField):
            codes = random.integers(0, len(field.values), records)
            columns[field.name] = [field.values[code] for code in codes.tolist()]
        else:
            span = min(field.maximum, LARGEST) - field.minimum
            values = np.minimum(random.lognormal(np.log(span + 1) / 2, 2.0, records), span).astype(np.int64)
            columns[field.name] = [str(field.minimum + value) for value in values.tolist()]
    unique = {name for combination in policy.rules.unique for name in combination}
    for field in policy.rules.numbers:
        if field.name in unique:
            # Numbered within the bounds, so that most of them are different.
            numbers = [field.minimum + index % (field.maximum - field.minimum + 1) for index in range(records)]
            columns[field.name] = [str(number) for number in numbers]
    if FINGERPRINT in unique:
        columns[FINGERPRINT] = [random.bytes(16).hex() for _ in range(records)]
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
