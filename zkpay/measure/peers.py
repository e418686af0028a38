"""Other proof systems on the same machine, where they are installed: a Groth16 circuit by circom and snarkjs.

The circuit (bench/peers/payouts.circom of a checkout) says what of zkpay's statement it proves and what not. Its
tools are found on the path or in bench/peers/node_modules; nothing is installed or fetched from here.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zkpay.measure.machine import checkout
from zkpay.measure.macro import NotMeasurableError

Content = dict[str, Any]

SIZES: Final = ((2, 1), (3, 2))
"""Logarithms of contributions and accounts: what snarkjs sets up within minutes on two cores."""
POOL: Final = 100_000 * 10**18
WEIGHTS: Final = (3, 5, 40, 1)
SCALE: Final = 10_000
SEED: Final = 1
_SALT_LIMIT: Final = 2**248
_TIMEOUT: Final = 1800


@dataclass(frozen=True)
class Tools:
    """The commands, and the folder of circomlib's sources."""

    circom: str
    snarkjs: str
    circomlib: Path


def find_tools(folder: Path) -> Tools:
    """circom (or circom2, its WebAssembly build), snarkjs and circomlib; NotMeasurableError names what is missing.

    folder: bench/peers.
    """
    modules = [folder / "node_modules", *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)))]
    path = os.pathsep.join([*(str(place / ".bin") for place in modules), os.environ.get("PATH", "")])
    circom = shutil.which("circom", path=path) or shutil.which("circom2", path=path)
    snarkjs = shutil.which("snarkjs", path=path)
    library = next((place / "circomlib" for place in modules if (place / "circomlib" / "circuits").is_dir()), None)
    missing = [name for name, found in (("circom", circom), ("snarkjs", snarkjs), ("circomlib", library)) if not found]
    if circom is None or snarkjs is None or library is None:
        raise NotMeasurableError(f"{', '.join(missing)} not found; `npm ci` in bench/peers installs them")
    return Tools(circom, snarkjs, library)


def measure_peers(workplace: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> Content:
    """Seconds and sizes of Groth16 for each size; NotMeasurableError says what is missing."""
    root = checkout()
    folder = None if root is None else root / "bench" / "peers"
    if folder is None or not (folder / "payouts.circom").is_file():
        raise NotMeasurableError("the peers' circuits come with a checkout of zkpay, not with the installed package")
    tools = find_tools(folder)
    place = workplace / "peers"
    place.mkdir()
    shutil.copy(folder / "payouts.circom", place)
    # Beside the circuit: the WebAssembly build reads nothing outside its folder.
    shutil.copytree(tools.circomlib / "circuits", place / "circomlib" / "circuits")
    return _measure(place, tools, sizes)


def _measure(place: Path, tools: Tools, sizes: Sequence[tuple[int, int]]) -> Content:
    """Compile all sizes, make one universal set-up that is large enough for all, then set up, prove and verify each."""
    compiled = [_compile(place, tools, *size) for size in sizes]
    power = max(found["constraints"] for found in compiled).bit_length()
    universal = _timed([tools.snarkjs, "powersoftau", "new", "bn128", str(power), "0.ptau"], place)
    universal += _timed([tools.snarkjs, "powersoftau", "contribute", "0.ptau", "1.ptau", "-e=benchmark"], place)
    universal += _timed([tools.snarkjs, "powersoftau", "prepare", "phase2", "1.ptau", "2.ptau"], place)
    return {
        "statement": "bench/peers/payouts.circom",
        "universal_setup_seconds": round(universal, 3),
        "measured": [
            {
                "system": "Groth16, circom and snarkjs",
                "contributions": 1 << records,
                "accounts": 1 << accounts,
                **found,
                **_prove(place, tools, f"{records}_{accounts}"),
            }
            for (records, accounts), found in zip(sizes, compiled, strict=True)
        ],
    }


def _compile(place: Path, tools: Tools, log_records: int, log_accounts: int) -> Content:
    """The circuit of one size, and its inputs."""
    name = f"{log_records}_{log_accounts}"
    (place / f"{name}.circom").write_text(
        'pragma circom 2.1.6;\ninclude "payouts.circom";\n'
        f"component main {{public [pool]}} = Payouts({log_records}, {log_accounts});\n",
        encoding="ascii",
    )
    inputs = circuit_inputs(1 << log_records, 1 << log_accounts)
    (place / f"{name}.json").write_text(json.dumps(inputs), encoding="ascii")
    seconds = _timed([tools.circom, f"{name}.circom", "--r1cs", "--wasm", "--O2"], place)
    constraints = constraint_count((place / f"{name}.r1cs").read_bytes())
    return {"constraints": constraints, "compile_seconds": round(seconds, 3)}


def _prove(place: Path, tools: Tools, name: str) -> Content:
    """Set up, prove and verify one size. Proving is from inputs to proof: the witness, then Groth16."""

    def snarkjs(*arguments: str) -> float:
        return _timed([tools.snarkjs, *arguments], place)

    own = snarkjs("groth16", "setup", f"{name}.r1cs", "2.ptau", "0.zkey")
    own += snarkjs("zkey", "contribute", "0.zkey", "1.zkey", "-e=benchmark")
    own += snarkjs("zkey", "export", "verificationkey", "1.zkey", "key.json")
    witness = snarkjs("wtns", "calculate", f"{name}_js/{name}.wasm", f"{name}.json", "witness.wtns")
    proving = snarkjs("groth16", "prove", "1.zkey", "witness.wtns", "proof.json", "public.json")
    verifying = snarkjs("groth16", "verify", "key.json", "public.json", "proof.json")
    return {
        "setup_seconds": round(own, 3),
        "prove_seconds": round(witness + proving, 3),
        "verify_seconds": round(verifying, 3),
        # Two points of G1 and one of G2, uncompressed; the file is their decimal digits.
        "proof_bytes": 2 * 64 + 128,
        "proving_key_bytes": (place / "1.zkey").stat().st_size,
        "paid": json.loads((place / "public.json").read_text(encoding="ascii"))[3],
    }


def circuit_inputs(records: int, accounts: int, seed: int = SEED) -> Content:
    """Contributions for the circuit with what it compares them with, as decimal strings; every account has one."""
    source = random.Random(seed)
    known = sorted({source.getrandbits(160) for _ in range(accounts)})
    owners = [*known, *(source.choice(known) for _ in range(records - accounts))]
    source.shuffle(owners)
    kinds = [source.randrange(len(WEIGHTS)) for _ in range(records)]
    quantities = [source.randrange(1, 10**6) for _ in range(records)]
    qualities = [source.randrange(1, SCALE + 1) for _ in range(records)]
    points = [
        WEIGHTS[kind] * quantity * quality // SCALE
        for kind, quantity, quality in zip(kinds, quantities, qualities, strict=True)
    ]
    ordered = sorted(zip(owners, points, strict=True))
    scores = [sum(own for owner, own in ordered if owner == account) for account in known]

    def texts(values: Sequence[int]) -> list[str]:
        return [str(value) for value in values]

    return {
        "pool": str(POOL),
        "account": texts(owners),
        "kind": texts(kinds),
        "quantity": texts(quantities),
        "quality": texts(qualities),
        "salt": texts([source.randrange(_SALT_LIMIT) for _ in range(records)]),
        "sortedAccount": texts([owner for owner, _ in ordered]),
        "sortedPoints": texts([own for _, own in ordered]),
        "paidAccount": texts(known),
        "score": texts(scores),
        "payoutSalt": texts([source.randrange(_SALT_LIMIT) for _ in range(accounts)]),
    }


def constraint_count(data: bytes) -> int:
    """Constraints of a compiled circuit, from the header of its .r1cs file (iden3, "R1CS binary format")."""
    if data[:4] != b"r1cs":
        raise ValueError("no .r1cs file")
    position, sections = 12, int.from_bytes(data[8:12], "little")
    for _ in range(sections):
        kind, size = int.from_bytes(data[position : position + 4], "little"), data[position + 4 : position + 12]
        position += 12
        if kind == 1:
            field = int.from_bytes(data[position : position + 4], "little")
            # After the prime: wires, public outputs, public inputs, private inputs (4 bytes each), labels (8).
            place = position + 4 + field + 4 * 4 + 8
            return int.from_bytes(data[place : place + 4], "little")
        position += int.from_bytes(size, "little")
    raise ValueError("an .r1cs file without a header")


def _timed(command: Sequence[str], place: Path) -> float:
    """Seconds of a whole process; NotMeasurableError with its last words if it fails."""
    began = time.monotonic()
    try:
        subprocess.run(
            command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT, check=True
        )
    except subprocess.CalledProcessError as error:
        words = [line for line in f"{error.stdout}\n{error.stderr}".splitlines() if line.strip()]
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise NotMeasurableError(f"{name} failed: {words[-1].strip() if words else error.returncode}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotMeasurableError(f"{Path(command[0]).name}: {error}") from None
    return time.monotonic() - began
