"""Two small epochs for the tests of folders, receipts and commands: a plain one, and one that takes every rule, pool
and level that a policy can have, and leaves of two blocks.
"""

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
    f"r7,{DAVE},magic,1,1,aa07,rejected,undeclared",
    f"r8,{CAROL},model,3,2500,aa08,,",
)


RULES_POLICY = """\
[policy]
name = "Two pools and every rule"
token = { symbol = "OPEN", decimals = 6 }
[pools]
data_pool = "100000"
compute_pool = "150000.5"
[fields]
kind = { values = ["data", "compute", "model-v2"] }
region = { values = ["eu", "us"] }
quantity = { max = "1000000000000000000000000" }
quality = { min = "100", max = "10000" }
task = { max = "99" }
timestamp = { max = "4000000000" }
[tables]
weight = { data = 3, compute = 5, "model-v2" = 40 }
[constants]
bar = 5_000
[rules]
unique = ["fingerprint", ["account", "task"]]
limit = { account = 3, window = { time = "timestamp", length = 86400, count = 2 } }
corrections = true
reasons = ["spam"]
[formula]
good = "quality >= bar"
points = "weight[kind] * quantity * quality // 10_000"
bonus = "points // 2 if good and region == eu else 0"
data_score = "sum(points if kind == data)"
other_score = "isqrt(sum(points + bonus if kind != data))"
steady = "count(good) >= 2"
payout = "data_pool * data_score // total(data_score) + compute_pool * other_score // total(other_score)"
"""
RULES_HEADER = "contribution_id,account,kind,region,quantity,quality,task,timestamp,fingerprint,replaces,status,reason"
RULES_ROWS = (
    f"r0,{ALICE},data,eu,1200,9000,1,1000,aa00,,,",
    f"r1,{BOB},compute,us,17,10000,1,1000,aa01,,,",
    f"r2,{ALICE},data,eu,5,6000,1,2000,aa02,,,",  # the account's task of r0 again
    f"r3,{BOB},compute,us,17,10000,2,1000,aa00,,,",  # the fingerprint of r0
    f"r4,{CAROL},model-v2,eu,999999999999999999999999,4321,1,86400,aa04,,,",
    f"r5,{ALICE},compute,eu,10,7000,2,3000,aa05,,,",
    f"r6,{ALICE},data,eu,10,7000,3,4000,aa06,,,",  # the third of its day
    f"r7,{ALICE},data,us,10,7000,4,86400,aa07,,,",
    f"r8,{ALICE},data,us,10,7000,5,86401,aa08,,,",  # the fourth of the account
    f"r9,{CAROL},data,us,10,99,2,1,aa09,,rejected,below_minimum",
    f"r10,{DAVE},magic,eu,1,100,1,1,aa10,,rejected,undeclared",
    f"r11,{DAVE},data,eu,10,10001,2,1,aa11,,rejected,out_of_range",
    f"r12,{DAVE},data,eu,10,200,3,1,aa12,,rejected,spam",
    f"r13,{BOB},data,eu,8,8000,5,100,aa13,,,",  # corrected by r14
    f"r14,{BOB},data,eu,9,8000,5,100,aa14,r13,,",
)
RULES_COUNTS = {
    "accepted": 6, "duplicate": 2, "out_of_range": 1, "undeclared": 1, "below_minimum": 1, "over_window_limit": 1,
    "over_account_limit": 1, "superseded": 1, "spam": 1,
}  # fmt: skip


def csv_text(rows: tuple[str, ...] = ROWS, header: str = HEADER) -> str:
    """The records as a CSV file."""
    return "\n".join((header, *rows)) + "\n"


def write_inputs(
    folder: Path, rows: tuple[str, ...] = ROWS, policy: str = POLICY, header: str = HEADER
) -> tuple[Path, Path]:
    """Write records and policy into `folder`; returns their paths."""
    contributions, policy_path = folder / "contributions.csv", folder / "policy.toml"
    contributions.write_text(csv_text(rows, header), encoding="utf-8")
    policy_path.write_text(policy, encoding="utf-8")
    return contributions, policy_path


def make_committed(folder: Path, *, private_payouts: bool = False, epoch: str = "2025-08") -> Path:
    """A committed epoch of the plain records in `folder`/epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    return _committed(folder, *write_inputs(folder), private_payouts=private_payouts, epoch=epoch)


def make_committed_rules(folder: Path, *, private_payouts: bool = False) -> Path:
    """A committed epoch of the records under every rule in `folder`/epoch."""
    inputs = write_inputs(folder, RULES_ROWS, RULES_POLICY, RULES_HEADER)
    return _committed(folder, *inputs, private_payouts=private_payouts, epoch="2025-08")


def _committed(folder: Path, contributions: Path, policy: Path, *, private_payouts: bool, epoch: str) -> Path:
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
