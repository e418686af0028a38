"""Look at a proof file without judging it: what it claims to prove, its parameters, bits and sizes (SPEC §8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.files import StrPath, read_capped
from zkpay.epoch.layout import MAX_BYTES, POLICY, PROOF, STATEMENT
from zkpay.epoch.security_report import SecurityReport
from zkpay.policy.policy import Policy, parse_policy
from zkpay.stark.parameters import Parameters, derive, profile_by_name
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement


@dataclass(frozen=True)
class Claim:
    """What the files beside a proof say that it proves, and the parameters that follow. Nothing of it is verified.

    tables: name, rows and committed columns of each table.
    """

    statement: Statement
    policy: Policy
    parameters: Parameters
    security: SecurityReport
    tables: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Inspection:
    """A proof file. sizes: bytes of its parts. claim: None where statement and policy don't stand beside it."""

    profile: str
    total_bytes: int
    sizes: dict[str, int]
    claim: Claim | None


def inspect(proof: StrPath) -> Inspection:
    """Read a proof file, and the statement and policy in its folder if they are there.

    InputError if a file can't be read; Rejected if one contradicts itself.
    """
    path = Path(proof)
    data = read_capped(path, MAX_BYTES[PROOF])
    content = Proof.from_bytes(data, str(path))
    sizes = {
        "commitments": 32 * (3 + len(content.layer_roots)),
        "out-of-domain values": len(content.out_of_domain),
        "final polynomial": len(content.final_polynomial),
    }
    for name, tree in zip(("main rows", "auxiliary rows", "quotient rows"), content.trees, strict=False):
        sizes[name] = sum(map(len, tree.rows)) + sum(map(len, tree.salts))
    sizes["tree paths"] = sum(len(tree.siblings) for tree in content.trees)
    sizes["fold openings"] = sum(len(layer.fibres) + len(layer.siblings) for layer in content.layers)
    return Inspection(content.profile, len(data), sizes, _claim(path.parent, content.profile))


def _claim(folder: Path, profile: str) -> Claim | None:
    if not ((folder / STATEMENT).exists() and (folder / POLICY).exists()):
        return None
    statement = Statement.from_bytes(read_capped(folder / STATEMENT, MAX_BYTES[STATEMENT]))
    policy = parse_policy(read_capped(folder / POLICY, MAX_BYTES[POLICY]), str(folder / POLICY))
    circuit = build_circuit(policy, statement)
    parameters = derive(profile_by_name(profile), circuit)
    return Claim(
        statement=statement,
        policy=policy,
        parameters=parameters,
        security=SecurityReport.of(parameters),
        tables=tuple((item.table.name, item.height, item.table.width) for item in circuit.placed),
    )
