"""Contributions to measure with: what `zkpay sample` writes, and synthetic records for any other policy.

A few accounts do most of the work, quantities spread over orders of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from zkpay.epoch.sample import sample
from zkpay.ledger.fields import SymbolField
from zkpay.ledger.rules import FINGERPRINT
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import preset

LARGEST: Final = 2**40
"""Values are drawn below this, whatever a field's maximum."""
SEED: Final = 1
SAMPLED: Final = "pro-rata"
"""The policy that is measured with the records of `zkpay sample`, whose columns are its own."""


@dataclass(frozen=True)
class RecordFiles:
    """The same records twice, and the policy to commit them with."""

    csv: Path
    parquet: Path
    policy: Path


def write_files(policy: str, folder: Path, records: int, accounts: int, seed: int = SEED) -> RecordFiles:
    """Records as CSV and Parquet and the preset `policy` in an empty folder."""
    # Loaded here: only a preparing process needs it.
    from pyarrow import csv, parquet, string

    text = preset(policy).text
    file = folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    rows = folder / "records.csv"
    if policy == SAMPLED:
        sample(records, accounts, seed=seed, out=rows)
    else:
        write_records(parse_policy(text.encode(), policy), rows, records, accounts, seed)
    columns = rows.open(encoding="utf-8").readline().strip().split(",")
    options = csv.ConvertOptions(column_types={name: string() for name in columns})
    table = csv.read_csv(rows, convert_options=options)
    parquet.write_table(table, folder / "records.parquet")
    return RecordFiles(rows, folder / "records.parquet", file)


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
