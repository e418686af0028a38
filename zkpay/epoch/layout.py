"""The folder of an epoch: which files there are, under which names, and how large each may be (SPEC §8.2).

DIR/public/    what the world gets; verification reads nothing else
DIR/private/   records and the salts' seed, mode 0600 in a folder of mode 0700
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from zkpay.epoch.files import StrPath
from zkpay.errors import InputError
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.policy.source import MAX_POLICY_BYTES
from zkpay.stark import proof, statement

POLICY: Final = "policy.toml"
COMMITMENT: Final = "commitment.json"
LEAVES: Final = "leaves.bin"
STATEMENT: Final = "statement.json"
PROOF: Final = "payout.zkproof"
PAYOUTS: Final = "payouts.csv"
CONTRIBUTIONS: Final = "contributions.bin"
SEED: Final = "seed"
SETTINGS: Final = "settings.json"

LEAF_BYTES: Final = 32
MAX_BYTES: Final = {
    POLICY: MAX_POLICY_BYTES,
    COMMITMENT: 1 << 16,
    LEAVES: LEAF_BYTES * MAX_CONTRIBUTIONS,
    STATEMENT: statement.MAXIMUM_BYTES,
    PROOF: proof.MAXIMUM_BYTES,
    # An account has 42 characters, a payout 34 at most, counts 7 each, a salt 40, four commas and a line feed.
    PAYOUTS: 135 * MAX_ACCOUNTS + 64,
    # Two texts of 128 bytes and at most 280 bytes of columns for each record; 100 slots of fields are 200 of them.
    CONTRIBUTIONS: 768 * MAX_CONTRIBUTIONS + (1 << 16),
    SEED: 32,
    SETTINGS: 1 << 16,
}
"""Largest size of each file, in bytes."""

PUBLIC_NAMES: Final = frozenset({POLICY, COMMITMENT, LEAVES, STATEMENT, PROOF, PAYOUTS})


def public_folder(folder: StrPath) -> Path:
    """DIR/public of an epoch folder; InputError if there is none."""
    public = Path(folder) / "public"
    if not (public / COMMITMENT).is_file():
        raise InputError(f"{folder}: not the folder of a committed epoch: {public / COMMITMENT} is missing")
    return public


def private_folder(folder: StrPath) -> Path:
    """DIR/private of an epoch folder."""
    return Path(folder) / "private"


def unknown_entries(public: StrPath) -> list[str]:
    """Names in public/ that are no part of an epoch, sorted; InputError if it is no folder."""
    try:
        return sorted(set(os.listdir(public)) - PUBLIC_NAMES)
    except OSError as error:
        raise InputError(f"{public}: not a folder that can be read: {error.strerror}") from None
