"""Honest files to start from, made by zkpay itself in a process whose random numbers are fixed.

    python -m tests.campaigns.parsers.seeds epoch FOLDER     # everything but the proof
    python -m tests.campaigns.parsers.seeds proved FOLDER    # with it
    python -m tests.campaigns.parsers.seeds toy FOLDER       # a short proof of a small circuit, for tests only

So the same files come out everywhere, and a finding can be run again.
"""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import zkpay
from tests.campaigns.parsers.target import RECEIPTS, TOY_PROOF
from tests.reference import toy
from tests.zkpay.epoch.folders import make_committed_rules
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.layout import PAYOUTS, PROOF, STATEMENT
from zkpay.epoch.private import open_epoch
from zkpay.epoch.prove import statement_of
from zkpay.prover.prove import prove_circuit
from zkpay.stark.parameters import PROFILES

TOY_HEIGHTS = (2048, 1024, 1024)
TOY_QUERIES = 2


def use_light_toy() -> toy.Toy:
    """A circuit of a few rows, for which this process's prover and verifier make do with two queries."""
    toy.use_light_parameters(pytest.MonkeyPatch(), TOY_QUERIES)
    return toy.toy(*TOY_HEIGHTS)


def _make_toy(folder: Path) -> None:
    case = use_light_toy()
    proof = prove_circuit(case.circuit, case.witness, toy.STATEMENT, PROFILES["default"])
    (folder / TOY_PROOF).write_bytes(proof.to_bytes())


def _make_epoch(folder: Path, *, proved: bool) -> None:
    made_epoch = make_committed_rules(folder)
    public = made_epoch / "public"
    if proved:
        zkpay.prove(made_epoch)
    else:
        # All that stands beside a proof. Receipts ask for a proof's file, not for what is in it.
        epoch = open_epoch(made_epoch)
        statement = statement_of(epoch)
        statement = replace(statement, circuit_digest=build_circuit(epoch.policy, statement).digest)
        (public / STATEMENT).write_bytes(statement.to_bytes())
        (public / PAYOUTS).write_bytes(epoch.payouts.to_bytes())
        (public / PROOF).write_bytes(b"")
    zkpay.issue_receipts(made_epoch, out=folder / RECEIPTS)


def main(kind: str, folder: Path) -> None:
    """Make the files of one kind."""
    os.urandom = random.Random(f"parsers/{kind}").randbytes
    if kind == "toy":
        _make_toy(folder)
    else:
        _make_epoch(folder, proved=kind == "proved")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
