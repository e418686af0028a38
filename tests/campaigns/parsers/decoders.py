"""Readers of the small public files, each of which has one encoding."""

from __future__ import annotations

from functools import partial

from tests.campaigns.parsers.lines import csv_mutation
from tests.campaigns.parsers.target import COMMON_KEYS, TOY_PROOF, Target, canonical_reader, json_keys, seed_files
from tests.campaigns.parsers.trees import cbor_mutation, json_mutation
from zkpay.epoch.commitment import Commitment, leaves_from_bytes, leaves_to_bytes
from zkpay.epoch.layout import COMMITMENT, LEAF_BYTES, LEAVES, PAYOUTS, STATEMENT
from zkpay.epoch.payouts import PayoutList
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement

TARGETS = (
    Target(
        "statement",
        "epoch",
        partial(seed_files, STATEMENT),
        partial(canonical_reader, lambda data: Statement.from_bytes(data).to_bytes()),
        json_mutation,
        60_000,
        40,
        words=json_keys(
            *COMMON_KEYS, "circuit_digest", "commitment_digest", "counts", "totals", "pool", "paid", "dust"
        ),
    ),
    Target(
        "commitment",
        "epoch",
        partial(seed_files, COMMITMENT),
        partial(canonical_reader, lambda data: Commitment.from_bytes(data).to_bytes()),
        json_mutation,
        60_000,
        40,
        words=json_keys(*COMMON_KEYS, "contribution_count", "leaves_digest", "private_payouts"),
    ),
    Target(
        "proof",
        "toy",
        lambda folder: [(folder / TOY_PROOF).read_bytes()],
        partial(canonical_reader, lambda data: Proof.from_bytes(data).to_bytes()),
        cbor_mutation,
        60_000,
        40,
        words=("format", "zkpay/proof/v1", "trees", "layers", "rows", "salts", "siblings", "fibres", "nonce"),
    ),
    Target(
        "payouts",
        "epoch",
        partial(seed_files, PAYOUTS),
        partial(canonical_reader, lambda data: PayoutList.from_bytes(data).to_bytes()),
        csv_mutation,
        60_000,
        40,
        words=("account,payout,accepted,rejected,salt\n", "0x", ","),
    ),
    Target(
        "leaves",
        "epoch",
        partial(seed_files, LEAVES),
        partial(canonical_reader, lambda data: leaves_to_bytes(leaves_from_bytes(data, -(-len(data) // LEAF_BYTES)))),
        lambda rng, data: data + data[: rng.choice((1, LEAF_BYTES))],
        60_000,
        10,
    ),
)
