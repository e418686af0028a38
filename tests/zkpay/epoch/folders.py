"""A small epoch with every kind of record, for the tests of folders, receipts and commands."""

import shutil
from pathlib import Path

import zkpay

POLICY = """\
# comments don't count
[policy]
name = "Small rewards"
pool = "1000.5"
token = { symbol = "OPEN", decimals = 6 }
[fields]
kind = { values = ["data", "model"] }
quantity = { max = "1000000" }
quality = { max = "10000" }
[tables]
weight = { data = 3, model = 40 }
[rules]
unique = ["fingerprint"]
reasons = ["spam", "withdrawn"]
[formula]
points = "weight[kind] * quantity * quality // 10_000"
score  = "sum(points)"
payout = "pool * score // total(score)"
"""
HEADER = "contribution_id,account,kind,quantity,quality,fingerprint,status,reason"
ALICE = "alice@example.org"
BOB = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
CAROL = "0x00000000000000000000000000000000000000cc"
DAVE = "0x00000000000000000000000000000000000000dd"  # all of whose records are rejected
ROWS = (
    f"r0,{ALICE},data,1200,9000,aa00,,",
    f"r1,{BOB},model,17,10000,aa01,,",
    f"r2,{ALICE},data,5,1,aa02,,",
    f"r3,{BOB},data,1200,9000,aa00,,",  # a copy of r0
    f"r4,{CAROL},data,999999,4321,aa04,,",
    f"r5,{DAVE},data,7,7,aa05,rejected,spam",
    f"r6,{BOB},data,1000001,10000,aa06,rejected,out_of_range",
    f"r7,{DAVE},magic,1,1,aa07,rejected,unknown_kind",
    f"r8,{CAROL},model,3,2500,aa08,,",
)


def csv_text(rows: tuple[str, ...] = ROWS) -> str:
    """The records as a CSV file."""
    return "\n".join((HEADER, *rows)) + "\n"


def write_inputs(folder: Path, rows: tuple[str, ...] = ROWS, policy: str = POLICY) -> tuple[Path, Path]:
    """Write records and policy into `folder`; returns their paths."""
    contributions, policy_path = folder / "contributions.csv", folder / "policy.toml"
    contributions.write_text(csv_text(rows), encoding="utf-8")
    policy_path.write_text(policy, encoding="utf-8")
    return contributions, policy_path


def make_committed(folder: Path, *, private_payouts: bool = False, epoch: str = "2025-08") -> Path:
    """A committed epoch in `folder`/epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    contributions, policy = write_inputs(folder)
    return zkpay.commit(
        contributions,
        policy,
        epoch=epoch,
        origin="example.org/rewards",
        out=folder / "epoch",
        private_payouts=private_payouts,
    ).folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copy_of(folder: Path, target: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(folder, target)
    return target
