"""What a measuring process computes: `python -m zkpay.measure.worker TASK JSON` prints one JSON object.

Each task runs in a process of its own, for what it loads and allocates would count against whoever is measured next.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zkpay.errors import ZkpayError

Content = dict[str, Any]


def ceilings(request: Content) -> Content:
    """Peak rates of the machine."""
    from zkpay.measure.ceilings import measure_ceilings

    return measure_ceilings(**request).as_json()


def kernels(request: Content) -> Content:
    """Every kernel; request: `ceilings` or null, `largest`, `rounds`."""
    from zkpay.measure.kernels import kernel_cases, measure_kernel
    from zkpay.measure.work import Ceilings

    found = None if request["ceilings"] is None else Ceilings.from_json(request["ceilings"])
    cases = kernel_cases(request["largest"])
    return {"kernels": [measure_kernel(case, found, request["rounds"]) for case in cases]}


def prepare(request: Content) -> Content:
    """Contributions and policy in `folder`; request: `policy`, `folder`, `records`, `accounts`.

    Answers with the files, or `refused`: what this version says of so many records.
    """
    from zkpay.measure.records import write_files

    folder = Path(request["folder"])
    try:
        written = write_files(request["policy"], folder, request["records"], request["accounts"])
    except ZkpayError as error:
        return {"refused": str(error)}
    return {"csv": str(written.csv), "parquet": str(written.parquet), "policy": str(written.policy)}


def memory(request: Content) -> Content:
    """The least that a proof's arrays take; request: `policy`, `profile`, `records`, `accounts`."""
    from zkpay.measure.circuits import circuit_for
    from zkpay.policy.policy import parse_policy
    from zkpay.policy.tools.presets import preset
    from zkpay.prover.memory import peak_bytes
    from zkpay.stark.parameters import derive, profile_by_name

    policy = parse_policy(preset(request["policy"]).text.encode(), request["policy"])
    try:
        circuit = circuit_for(policy, request["records"], request["accounts"])
    except ZkpayError:
        return {"bytes": 0}  # whoever makes the records says what is wrong
    return {"bytes": peak_bytes(circuit, derive(profile_by_name(request["profile"]), circuit), 0)}


def verify(request: Content) -> Content:
    """Verification within one process; request: `public`, `rounds`. Seconds, the best of the rounds:

    all: the whole verification. payouts: the part that reads the published list and builds its root. rest: without.
    """
    from zkpay.epoch.layout import PAYOUTS
    from zkpay.epoch.payouts import PayoutList
    from zkpay.epoch.verify import verify as verify_epoch
    from zkpay.ledger.tree import MerkleTree
    from zkpay.poseidon.permutation import hash_leaves

    public = Path(request["public"])

    def check_list() -> None:
        MerkleTree.build(hash_leaves(PayoutList.from_bytes((public / PAYOUTS).read_bytes()).leaves()))

    everything = _best(lambda: verify_epoch(public), request["rounds"])
    listed = _best(check_list, request["rounds"]) if (public / PAYOUTS).exists() else 0.0
    return {"all": everything, "payouts": listed, "rest": max(everything - listed, 0.0)}


def floor(request: Content) -> Content:
    """Tables, parameters and least work of a proof, from its public files; request: `profile`, `public`."""
    from zkpay.circuits.payout_circuit import build_circuit
    from zkpay.epoch.layout import POLICY, STATEMENT
    from zkpay.measure.floor import hashing_steps, proof_steps
    from zkpay.policy.policy import load_policy
    from zkpay.stark.parameters import derive, profile_by_name
    from zkpay.stark.statement import Statement

    public = Path(request["public"])
    policy = load_policy(public / POLICY)
    statement = Statement.from_bytes((public / STATEMENT).read_bytes())
    circuit = build_circuit(policy, statement)
    parameters = derive(profile_by_name(request["profile"]), circuit)
    hashing = hashing_steps(policy, circuit, statement.contribution_count, statement.account_count)
    return {
        "tables": [
            {
                "table": item.table.name,
                "height": item.height,
                "columns": item.table.width,
                "helpers": len(item.table.helpers),
                "constraints": len(item.table.constraints),
            }
            for item in circuit.placed
        ],
        "parameters": {
            "blowup": parameters.blowup,
            "queries": parameters.queries,
            "quotient_cosets": parameters.quotient_cosets,
            "arities": list(parameters.arities),
        },
        "accounts_paid": statement.account_count,
        "steps": [step.as_json() for step in (*hashing, *proof_steps(circuit, parameters))],
    }


TASKS: dict[str, Callable[[Content], Content]] = {
    "ceilings": ceilings,
    "kernels": kernels,
    "prepare": prepare,
    "memory": memory,
    "verify": verify,
    "floor": floor,
}


def _best(run: Callable[[], object], rounds: int) -> float:
    """As `ceilings.best_seconds`, which would load compiled kernels: a verifier has none."""
    run()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def main() -> None:
    """Run the task that the command line names."""
    task, request = sys.argv[1:]
    print(json.dumps(TASKS[task](json.loads(request))))


if __name__ == "__main__":
    main()
