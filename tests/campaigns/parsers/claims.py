"""Readers that judge: a receipt against its epoch, a proof against its statement, a whole public folder.

They accept what was issued and nothing else, whatever the bytes.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from tests.campaigns.parsers.lines import csv_mutation, text_mutation
from tests.campaigns.parsers.observe import Reader, require
from tests.campaigns.parsers.policies import WORDS
from tests.campaigns.parsers.seeds import use_light_toy
from tests.campaigns.parsers.target import COMMON_KEYS, TOY_PROOF, Target, json_keys, public_folder, receipts
from tests.campaigns.parsers.trees import cbor_mutation, json_mutation
from tests.reference import toy
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.layout import COMMITMENT, LEAVES, PAYOUTS, POLICY, PROOF, STATEMENT
from zkpay.epoch.receipt import Receipt
from zkpay.epoch.receipt_check import check_receipt
from zkpay.epoch.security_report import SecurityReport
from zkpay.epoch.verdict import Verdict
from zkpay.epoch.verify import verify
from zkpay.policy.policy import load_policy
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement
from zkpay.verifier.verify import verify_proof

PUBLIC = (POLICY, COMMITMENT, LEAVES, STATEMENT, PROOF, PAYOUTS)


def _open_receipt(folder: Path) -> Reader:
    public = public_folder(folder)
    policy = load_policy(public / POLICY)
    statement_bytes = (public / STATEMENT).read_bytes()
    statement = Statement.from_bytes(statement_bytes)
    parameters = derive(PROFILES["default"], build_circuit(policy, statement))
    verdict = Verdict(
        statement=statement,
        policy=policy,
        profile="default",
        security=SecurityReport.of(parameters),
        checks=(),
        not_checked=(),
        warnings=(),
        statement_digest=keccak256(statement_bytes),
        proof_digest=bytes(32),
        payouts_public=True,
        sizes={},
        seconds=0.0,
    )
    issued = {Receipt.from_bytes(data, "seed").account: data for data in receipts(folder)}

    def read(data: bytes) -> None:
        receipt = Receipt.from_bytes(data, "receipt")
        require(receipt.to_bytes() == data, "accepted bytes that are not the one encoding of their content")
        found = check_receipt(receipt, verdict, public)
        # Where nothing was paid, records that were rejected may be left out; nothing says how many there are.
        if found.receipt.payout is not None:
            require(data == issued.get(receipt.account), "accepted a receipt with a payout that nobody issued")

    return read


def _toy_seeds(folder: Path) -> list[bytes]:
    return [_joined(toy.STATEMENT, (folder / TOY_PROOF).read_bytes())]


def _joined(statement: bytes, proof: bytes) -> bytes:
    return len(statement).to_bytes(2, "big") + statement + proof


def _parted(data: bytes) -> tuple[bytes, bytes]:
    stop = 2 + int.from_bytes(data[:2], "big")
    return data[2:stop], data[stop:]


def _open_toy(folder: Path) -> Reader:
    circuit = use_light_toy().circuit
    (honest,) = _toy_seeds(folder)

    def read(data: bytes) -> None:
        statement, proof = _parted(data)
        verify_proof(circuit, statement, Proof.from_bytes(proof))
        require((statement, proof) == _parted(honest), "accepted a statement or proof that nobody proved")

    return read


def _toy_mutation(rng: random.Random, data: bytes) -> bytes:
    statement, proof = _parted(data)
    if rng.random() < 0.1:
        statement = statement[: rng.randrange(len(statement) + 1)] + rng.randbytes(rng.randrange(3))
    return _joined(statement[:100], cbor_mutation(rng, proof))


def _open_folder(folder: Path) -> Reader:
    """One file of a public folder replaced: its place among PUBLIC, then its bytes."""
    public = Path(tempfile.mkdtemp(prefix="zkpay-public-", dir=folder)) / "public"
    shutil.copytree(public_folder(folder), public)
    honest = {name: (public / name).read_bytes() for name in PUBLIC}

    def read(data: bytes) -> None:
        name = PUBLIC[(data or b"\0")[0] % len(PUBLIC)]
        (public / name).write_bytes(data[1:])
        try:
            verify(public, leaves=name == LEAVES)
        finally:
            (public / name).write_bytes(honest[name])
        # Of a policy, comments and spaces don't count; of all else every byte does.
        require(name == POLICY or data[1:] == honest[name], f"accepted a {name} that nobody published")

    return read


def _folder_seeds(folder: Path) -> list[bytes]:
    return [bytes([place]) + (public_folder(folder) / name).read_bytes() for place, name in enumerate(PUBLIC)]


def _folder_mutation(rng: random.Random, data: bytes) -> bytes:
    place, content = (data or b"\0")[0] % len(PUBLIC), data[1:]
    name = PUBLIC[place]
    if name == PROOF:
        content = cbor_mutation(rng, content)
    elif name in (COMMITMENT, STATEMENT):
        content = json_mutation(rng, content)
    elif name == PAYOUTS:
        content = csv_mutation(rng, content)
    elif name == POLICY:
        content = text_mutation(rng, content, WORDS)
    return bytes([place]) + content


TARGETS = (
    Target(
        "receipt",
        "epoch",
        receipts,
        _open_receipt,
        json_mutation,
        5_000,
        60,
        words=json_keys(
            *COMMON_KEYS, "account", "contributions", "payout", "fields", "lines", "leaf", "path", "index", "replaces"
        ),
    ),
    Target("verify", "toy", _toy_seeds, _open_toy, _toy_mutation, 1_000, 60),
    Target("folder", "proved", _folder_seeds, _open_folder, _folder_mutation, 40, 60, 1 << 21),
)
