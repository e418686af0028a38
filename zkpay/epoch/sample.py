"""Synthetic contributions and a policy for them, for trying things out.

Shaped like real reward data: a few accounts do most of the work (Pareto), quantities spread over orders of magnitude
(lognormal), some records copy an earlier fingerprint, a few are rejected by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from zkpay.epoch.files import PUBLIC_FILE, StrPath, replace_file
from zkpay.errors import InputError, Refused
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS

KINDS: Final = ("data", "compute", "model", "evaluation")
_KIND_SHARES: Final = (0.62, 0.22, 0.04, 0.12)
_DUPLICATE_SHARE: Final = 0.02
_SPAM_SHARE: Final = 0.004
_QUANTITY_MAX: Final = 10**9
_QUALITY_MAX: Final = 10_000

POLICY_TEXT: Final = """\
# A policy for synthetic contributions; every line counts, comments and spaces don't.
[policy]
name = "Sample rewards"
pool = "250000.0"                       # in tokens
token = { symbol = "TOKEN", decimals = 18 }

[fields]
kind = { values = ["data", "compute", "model", "evaluation"] }
quantity = { max = "1000000000" }
quality = { max = "10000" }             # basis points

[tables]
weight = { data = 3, compute = 5, model = 40, evaluation = 1 }

[rules]
unique = ["fingerprint"]                # the first record with a fingerprint counts, copies are rejected
reasons = ["spam", "withdrawn"]         # what else the operator may reject a record for

[formula]
points = "weight[kind] * quantity * quality // 10_000"
score  = "sum(points)"
payout = "pool * score // total(score)"
"""


@dataclass(frozen=True)
class Sample:
    """The files that `sample` wrote, and how many records and accounts are in them."""

    contributions: Path
    policy: Path
    contribution_count: int
    account_count: int


def sample(contributions: int, accounts: int, *, seed: int = 1, out: StrPath) -> Sample:
    """Write `out` (a .csv) and the policy beside it; the same numbers and seed give the same bytes.

    InputError for numbers out of range or another suffix, Refused if one of the files exists.
    """
    path = Path(out)
    if path.suffix != ".csv":
        raise InputError(f"{out}: a sample is written as CSV; name it FILE.csv")
    if not 0 <= contributions <= MAX_CONTRIBUTIONS:
        raise InputError(f"{contributions} contributions: choose 0 to {MAX_CONTRIBUTIONS}")
    if seed < 0:
        raise InputError(f"seed {seed}: choose 0 or more")
    if not 1 <= accounts <= MAX_ACCOUNTS:
        raise InputError(f"{accounts} accounts: choose 1 to {MAX_ACCOUNTS}")
    policy = path.with_name(f"{path.stem}.policy.toml")
    for existing in (path, policy):
        if existing.exists():
            raise Refused(f"{existing} exists; remove it, or name another file")
    replace_file(policy, POLICY_TEXT.encode(), PUBLIC_FILE)
    replace_file(path, _rows(contributions, accounts, seed).encode("ascii"), PUBLIC_FILE)
    return Sample(path, policy, contributions, accounts)


def _rows(count: int, accounts: int, seed: int) -> str:
    random = np.random.default_rng(seed)
    addresses = [random.bytes(20).hex() for _ in range(accounts)]
    weights = random.pareto(1.2, accounts) + 0.3
    owners = random.choice(accounts, count, p=weights / weights.sum())
    kinds = random.choice(len(KINDS), count, p=_KIND_SHARES)
    quantities = np.clip(random.lognormal(8.0, 2.2, count), 1, _QUANTITY_MAX).astype(np.int64)
    qualities = np.rint(_QUALITY_MAX * random.beta(6.0, 2.0, count)).astype(np.int64)
    # A copy takes the fingerprint of a record before it; record 0 has none to copy.
    sources = np.arange(count)
    copies = np.flatnonzero(random.random(count) < _DUPLICATE_SHARE)
    copies = copies[copies > 0]
    sources[copies] = random.integers(0, copies)
    spam = random.random(count) < _SPAM_SHARE
    digits = random.bytes(32 * count).hex()
    lines = ["contribution_id,account,kind,quantity,quality,fingerprint,status,reason"]
    lines += [
        f"c{number},0x{addresses[owner]},{KINDS[kind]},{quantity},{quality},{digits[64 * source : 64 * source + 64]},"
        + ("rejected,spam" if rejected else ",")
        for number, (owner, kind, quantity, quality, source, rejected) in enumerate(
            zip(
                owners.tolist(),
                kinds.tolist(),
                quantities.tolist(),
                qualities.tolist(),
                sources.tolist(),
                spam.tolist(),
                strict=True,
            )
        )
    ]
    return "\n".join(lines) + "\n"
