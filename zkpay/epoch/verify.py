"""Verify an epoch from its public folder alone, as numbered steps (SPEC §9).

1. Read every file, none over its size.
2. Decode each one; it must be the one encoding of its content.
3. Commitment, statement and policy must agree, and with what the caller expects.
4. The statement's numbers must add up under the policy.
5. The list of payouts, unless private, must have root R_p and the statement's totals.
6. Rebuild the circuit from policy and statement; verify the proof.
7. leaves.bin must be the file committed to; on request R_c is built from it again. Its digest, most of the work of a
   large epoch, is computed beside steps 2 to 6.

Neither the prover nor a compiled kernel is loaded.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.commitment import Commitment, leaves_from_bytes
from zkpay.epoch.files import StrPath, read_capped
from zkpay.epoch.layout import (
    COMMITMENT,
    LEAF_BYTES,
    LEAVES,
    MAX_BYTES,
    PAYOUTS,
    POLICY,
    PROOF,
    STATEMENT,
    unknown_entries,
)
from zkpay.epoch.payouts import PayoutList
from zkpay.epoch.security_report import SecurityReport
from zkpay.epoch.verdict import (
    LEAVES_NOT_CHECKED,
    NOT_CHECKED,
    ORIGIN_NOT_CHECKED,
    PAYOUTS_NOT_CHECKED,
    Checks,
    Verdict,
)
from zkpay.errors import InputError, Refused, Rejected
from zkpay.ledger.tree import MerkleTree
from zkpay.policy.policy import Policy, load_policy, parse_policy
from zkpay.poseidon.permutation import hash_leaves
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Digest, Statement, digest_hex, parse_digest
from zkpay.threads import start_pool
from zkpay.verifier.verify import verify_proof

_REQUIRED: Final = (POLICY, COMMITMENT, LEAVES, STATEMENT, PROOF)


@dataclass(frozen=True)
class Expectations:
    """What the caller knows from elsewhere; None where nothing is known."""

    policy_digest: bytes | None
    origin: str | None
    root: Digest | None


def verify(
    public: StrPath,
    *,
    expect_policy: StrPath | None = None,
    expect_origin: str | None = None,
    expect_root: str | None = None,
    leaves: bool = False,
) -> Verdict:
    """The verdict on a public folder; Rejected if anything in it is false, InputError if it can't be read.

    expect_policy: a policy file of one's own; expect_origin: the label; expect_root: R_c as 64 hex digits, 0x allowed.
    leaves: build R_c from leaves.bin, which takes seconds for a million records.
    """
    began = time.monotonic()
    checks = Checks()
    expected = _expectations(expect_policy, expect_origin, expect_root)

    # 1. Files.
    files = read_public(public)
    warnings = [f"{name} is no part of an epoch and was ignored" for name in unknown_entries(public)]

    with start_pool(1) as beside:
        leaves_digest = beside.submit(keccak256, files[LEAVES])

        # 2. Contents.
        policy = parse_policy(files[POLICY], POLICY)
        commitment = Commitment.from_bytes(files[COMMITMENT])
        statement = Statement.from_bytes(files[STATEMENT])
        proof = Proof.from_bytes(files[PROOF], PROOF)
        checks.record("encodings", "commitment, statement and proof are in their one canonical form")

        # 3. Agreement.
        _check_agreement(checks, policy, commitment, statement)
        _check_expectations(checks, expected, policy, commitment)

        # 4. Numbers.
        check_numbers(checks, policy, statement)

        # 5. Payouts.
        listed = files.get(PAYOUTS)
        if listed is not None:
            if listed.count(b"\n") != statement.account_count + 1:
                # Before a stranger's long list is read line by line.
                raise Rejected("payouts-mismatch", f"{PAYOUTS} has not one line for each of the statement's accounts")
            _check_payouts(checks, statement, PayoutList.from_bytes(listed))
        elif not commitment.private_payouts:
            raise Rejected("payouts-missing", f"the commitment says that payouts are public, but {PAYOUTS} is missing")
        if listed is not None and commitment.private_payouts:
            warnings.append(f"{PAYOUTS} is there, though the epoch was committed with private payouts")

        # 6. Proof.
        parameters = check_proof(checks, policy, statement, files[STATEMENT], proof)

        # 7. Leaves.
        _check_leaves(checks, commitment, files[LEAVES], leaves_digest.result(), rebuild=leaves)
    security = SecurityReport.of(parameters)
    return Verdict(
        statement=statement,
        policy=policy,
        profile=parameters.profile.name,
        security=security,
        checks=tuple(checks.passed),
        not_checked=(
            *NOT_CHECKED,
            *([] if expected.root is not None else [ORIGIN_NOT_CHECKED]),
            *([] if leaves else [LEAVES_NOT_CHECKED]),
            *([] if listed is not None else [PAYOUTS_NOT_CHECKED]),
        ),
        warnings=tuple(warnings),
        statement_digest=keccak256(files[STATEMENT]),
        proof_digest=keccak256(files[PROOF]),
        payouts_public=listed is not None,
        sizes={name: len(data) for name, data in files.items()},
        seconds=time.monotonic() - began,
    )


def read_public(public: StrPath) -> dict[str, bytes]:
    """The bytes of every file of an epoch in `public`, by name; payouts.csv may be missing."""
    folder = Path(public)
    if not (folder / COMMITMENT).exists() and (folder / "public" / COMMITMENT).exists():
        raise InputError(f"{public}: the folder of a whole epoch; verification reads {folder / 'public'}")
    if not folder.is_dir():
        raise InputError(f"{public}: no such folder; give the path of an epoch's public folder")
    names = [*_REQUIRED, *([PAYOUTS] if (folder / PAYOUTS).exists() else [])]
    return {name: read_capped(folder / name, MAX_BYTES[name]) for name in names}


def check_proof(
    checks: Checks, policy: Policy, statement: Statement, statement_bytes: bytes, proof: Proof
) -> Parameters:
    """Rebuild the circuit and verify the proof of a statement whose numbers were checked."""
    try:
        circuit = build_circuit(policy, statement)
        checks.require(
            circuit.digest == statement.circuit_digest,
            "circuit",
            "circuit-mismatch",
            f"the statement is about circuit {statement.circuit_digest.hex()}, this version of zkpay builds"
            f" {circuit.digest.hex()} for this policy",
            f"circuit {circuit.digest.hex()} rebuilt from policy and statement",
        )
        parameters = verify_proof(circuit, statement_bytes, proof)
    except Refused as error:
        # The prover's refusal of a policy means to a verifier that it can't check what it was given.
        raise InputError(f"this version of zkpay can't check such an epoch: {error}") from error
    checks.record("proof", f"the proof shows the statement, profile {parameters.profile.name}")
    return parameters


def check_numbers(checks: Checks, policy: Policy, statement: Statement) -> None:
    """What must hold of the public numbers among themselves and under the policy."""
    names = tuple(name for name, _ in statement.counts)
    counts = dict(statement.counts)
    checks.require(
        names == tuple(policy.rules.usable_reasons.values()) and sum(counts.values()) == statement.contribution_count,
        "counts",
        "counts-mismatch",
        "the counts by reason don't belong to the policy or don't add up to the number of records",
        f"{statement.contribution_count} in all: "
        + ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "accepted"),
    )
    checks.require(
        statement.pool == policy.pool and statement.paid + statement.dust == statement.pool,
        "pool",
        "pool-mismatch",
        f"pool {statement.pool}, paid {statement.paid}, dust {statement.dust}; the policy's pool is {policy.pool}",
        "paid and dust add up to the policy's pool, exactly",
    )
    accepted = counts["accepted"]
    checks.require(
        statement.account_count <= accepted and (statement.account_count > 0) == (accepted > 0),
        "accounts",
        "accounts-mismatch",
        f"{statement.account_count} accounts are paid for {accepted} accepted records",
        f"accounts with an accepted record: {statement.account_count}",
    )
    checks.require(
        tuple(text for text, _ in statement.totals) == tuple(policy.formula.totals),
        "totals",
        "totals-mismatch",
        "the totals are not those of the policy's formula, in its order",
        f"totals of the policy's formula: {len(statement.totals)}",
    )


def _expectations(policy: StrPath | None, origin: str | None, root: str | None) -> Expectations:
    return Expectations(
        policy_digest=None if policy is None else load_policy(policy).digest,
        origin=origin,
        root=None if root is None else parse_digest(root.lower().removeprefix("0x"), "the expected root"),
    )


def _check_agreement(checks: Checks, policy: Policy, commitment: Commitment, statement: Statement) -> None:
    """Commitment and statement name the same epoch, and the policy is the one that both name."""
    for name, committed, stated in (
        ("origin", commitment.origin, statement.origin),
        ("epoch", commitment.epoch, statement.epoch),
        ("contribution_root", commitment.contribution_root, statement.contribution_root),
        ("contribution_count", commitment.contribution_count, statement.contribution_count),
        ("policy_digest", commitment.policy_digest, statement.policy_digest),
        # Binds the rest: the digest of leaves.bin, and whether payouts are private.
        ("commitment_digest", commitment.digest, statement.commitment_digest),
    ):
        if committed != stated:
            raise Rejected("commitment-mismatch", f"commitment and statement differ in {name}")
    checks.record("commitment", f"the statement is about the committed records, R_c {_root(commitment)}")
    checks.require(
        policy.digest == commitment.policy_digest,
        "policy",
        "policy-mismatch",
        f"{POLICY} has digest {policy.digest.hex()}, committed was {commitment.policy_digest.hex()}",
        f"policy {policy.digest.hex()}",
    )


def _check_expectations(checks: Checks, expected: Expectations, policy: Policy, commitment: Commitment) -> None:
    """What the caller knows from elsewhere."""
    if expected.policy_digest is not None:
        checks.require(
            policy.digest == expected.policy_digest,
            "expected-policy",
            "unexpected-policy",
            f"the epoch's policy has digest {policy.digest.hex()}, expected was {expected.policy_digest.hex()}",
            "the policy is the expected one",
        )
    if expected.origin is not None:
        checks.require(
            commitment.origin == expected.origin,
            "expected-origin",
            "unexpected-origin",
            f"the origin is {commitment.origin!r}, expected was {expected.origin!r}",
            "the origin is the expected one",
        )
    if expected.root is not None:
        checks.require(
            commitment.contribution_root == expected.root,
            "expected-root",
            "unexpected-root",
            f"R_c is {_root(commitment)}, expected was {digest_hex(expected.root)}",
            "R_c is the expected one",
        )


def _check_leaves(checks: Checks, commitment: Commitment, data: bytes, digest: bytes, *, rebuild: bool) -> None:
    count = commitment.contribution_count
    checks.require(
        len(data) == LEAF_BYTES * count and digest == commitment.leaves_digest,
        "leaves-digest",
        "leaves-mismatch",
        f"{LEAVES} is not the file that was committed to",
        f"{LEAVES} is the file that was committed to",
    )
    if rebuild:
        root = MerkleTree.build(leaves_from_bytes(data, count)).root
        checks.require(
            root == commitment.contribution_root,
            "leaves-root",
            "leaves-root-mismatch",
            f"the leaves have root {digest_hex(root)}, committed was {_root(commitment)}",
            f"R_c built again from all leaves: {count}",
        )


def _check_payouts(checks: Checks, statement: Statement, payouts: PayoutList) -> None:
    checks.require(
        len(payouts) == statement.account_count
        and sum(payouts.payouts) == statement.paid
        and int(payouts.accepted.sum()) == dict(statement.counts)["accepted"],
        "payout-totals",
        "payouts-mismatch",
        f"{PAYOUTS} and the statement differ in the number of accounts, the sum paid or the accepted records",
        f"all payouts add up to what was paid: {len(payouts)}",
    )
    root = MerkleTree.build(hash_leaves(payouts.leaves())).root
    checks.require(
        root == statement.payout_root,
        "payout-root",
        "payout-root-mismatch",
        f"{PAYOUTS} has root {digest_hex(root)}, proved was {digest_hex(statement.payout_root)}",
        f"R_p {digest_hex(root)} built again from {PAYOUTS}",
    )


def _root(commitment: Commitment) -> str:
    return digest_hex(commitment.contribution_root)
