"""Small circuits for the tests of the proof system, with witnesses, parameters and ready proofs.

The toy has three heights, every kind of constraint, next-row reads, public scalars, preprocessed columns of three
periods, look-ups with multiplicities, payloads of degree two, terms of the verifier's own and circuit-wide sums.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from zkpay.errors import Rejected
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, PublicTerm, Table
from zkpay.stark.expression import Public, linear
from zkpay.stark.field import P
from zkpay.stark.parameters import PROFILES, Parameters, derive
from zkpay.stark.proof import Proof
from zkpay.verifier.verify import verify_proof

Witness = Mapping[str, np.ndarray]

STATEMENT = b"a statement"
SEED = bytes(range(32))
RANGE = Bus("range", 1, 1)
SQUARES = Bus("squares", 2, 2)
OWN_TERMS = (PublicTerm(SQUARES, (7, 49), 3), PublicTerm(SQUARES, (2, 4), -1))
SCALE, OFFSET = 17, 5
BEATS, UNIT = (2, 0, 3, P - 1), 9


@dataclass(frozen=True)
class Toy:
    """A circuit and a witness that satisfies it: columns by table name, uint32[width, height]."""

    circuit: Circuit
    witness: Witness


@cache
def toy(tall: int = 4096, middle: int = 2048, short: int = 1024, seed: int = 1) -> Toy:
    """Records (tall) look their amounts up in squares (short); walks (middle) stand in no bus but have a sum."""
    generator = np.random.default_rng(seed)
    amount = generator.integers(0, short, tall)
    flag = generator.integers(0, 2, tall)
    start = int(generator.integers(0, P))
    pace = generator.integers(0, P, middle)

    records = _records()
    walks = Table("walks")
    place, step = walks.column("place"), walks.column("step")
    walks.first("starts", place - Public("start"))
    walks.transition("moves", place.next - place - step)
    walks.sum("paces", "steps", step)
    squares = _squares(short)

    witness = toy_witness(amount, flag, start, pace, short)
    running = witness["records"][5]
    rows = np.arange(short)
    circuit = Circuit(
        placed=(PlacedTable(records, tall), PlacedTable(walks, middle), PlacedTable(squares, short)),
        publics={"scale": SCALE, "offset": OFFSET, "last": tall - 1, "flagged": int(running[-1]) % P, "start": start},
        public_terms=OWN_TERMS,
        sum_targets={
            "amounts": int(amount.sum()) % P,
            "mixed": int((flag * amount).sum() + rows.sum()) % P,
            "paces": int(pace.sum()) % P,
        },
    )
    return Toy(circuit, witness)


def toy_witness(amount: np.ndarray, flag: np.ndarray, start: int, pace: np.ndarray, short: int) -> Witness:
    """All columns, from those that are free."""
    rows = np.arange(short)
    public_counts = np.zeros(short, dtype=np.int64)
    for term in OWN_TERMS:
        public_counts[term.payload[0]] += term.multiplicity
    lookups = np.bincount(amount, minlength=short)
    flagged = np.bincount(amount[flag == 1], minlength=short) + public_counts
    running = np.cumsum(flag * amount)
    places = (start + np.concatenate([[0], np.cumsum(pace % P)[:-1]])) % P
    return {
        "records": _columns(
            np.arange(len(amount)),
            amount,
            flag,
            SCALE * amount + OFFSET,
            amount**3,
            running,
            (amount + 1) * flag,
            np.resize(BEATS, len(amount)) * amount + UNIT,
            amount**4 % P,
        ),
        "walks": _columns(places, pace),
        "squares": _columns(lookups, flagged, rows**2, np.concatenate([[0], np.cumsum(rows)[:-1]])),
    }


def _records() -> Table:
    table = Table("records")
    position, amount, flag = table.column("position"), table.column("amount"), table.column("flag")
    scaled, cube, running = table.column("scaled"), table.column("cube"), table.column("running")
    product, beaten, fourth = table.column("product"), table.column("beaten"), table.column("fourth")
    beat, unit = table.preprocessed_column("beat", BEATS), table.preprocessed_column("unit", [UNIT])
    table.first("position starts", position)
    table.transition("position counts", position.next - position - 1)
    table.last("position ends", position - Public("last"))
    table.boolean("flag is a bit", flag)
    table.every("scaled", linear([(Public("scale"), amount), (-1, scaled)]) + Public("offset"))
    table.every("cube", cube - amount * amount * amount)
    table.every("product", product - (amount + 1) * flag)
    table.every("beaten", beaten - beat * amount - unit)
    table.every("fourth", fourth - amount * amount * amount * amount)
    table.last("fourth ends", fourth * amount - cube * amount * amount)
    table.first("running starts", running - flag * amount)
    table.transition("running adds", running.next - running - flag.next * amount.next)
    table.last("running ends", running - Public("flagged"))
    table.send(RANGE, "amount in range", [amount])
    table.send(SQUARES, "amount has a square", [amount, amount * amount], flag)
    table.sum("amounts", "amounts", amount)
    table.sum("mixed", "flagged amounts", flag * amount)
    return table


def _squares(height: int) -> Table:
    table = Table("squares")
    value = table.preprocessed_column("value", np.arange(height))
    lookups, flagged, square = table.column("lookups"), table.column("flagged"), table.column("square")
    climb = table.column("climb")
    table.every("square", square - value * value)
    table.first("climb starts", climb)
    table.transition("climb adds", climb.next - climb - value)
    table.receive(RANGE, "serves range", [value], lookups)
    table.receive(SQUARES, "serves squares", [value, square], flagged)
    table.sum("mixed", "values", value)
    return table


def _columns(*values: np.ndarray) -> np.ndarray:
    return np.stack([np.asarray(column) % P for column in values]).astype(np.uint32)


def light_parameters(circuit: Circuit, queries: int, grinding_bits: int = 3, profile: str = "default") -> Parameters:
    """What the program derives, with far fewer queries and less work: for tests that need many small proofs.

    Folds go on down to 24 coefficients or so, as if the circuit were larger: several layers to attack.
    """
    parameters = derive(PROFILES[profile], circuit)
    arities, length = [], parameters.dimension
    while length > 47:
        arities.append(next(arity for arity in (8, 4, 2) if length % arity == 0 and length // arity >= 24))
        length //= arities[-1]
    return replace(
        parameters, queries=queries, grinding_bits=grinding_bits, arities=tuple(arities), final_length=length
    )


def use_light_parameters(monkeypatch: pytest.MonkeyPatch, queries: int, grinding_bits: int = 3) -> None:
    """Let prover and verifier both work with `light_parameters`."""

    # Circuits are kept beside their parameters, so that an id is never another circuit's.
    known: dict[tuple[str, int], tuple[Circuit, Parameters]] = {}

    def light(profile: Any, circuit: Circuit) -> Parameters:
        key = (profile.name, id(circuit))
        if key not in known:
            known[key] = (circuit, light_parameters(circuit, queries, grinding_bits, profile.name))
        return known[key][1]

    monkeypatch.setattr("zkpay.prover.prove.derive", light)
    monkeypatch.setattr("zkpay.verifier.verify.derive", light)


def verdict(circuit: Circuit, proof: Proof, statement: bytes = STATEMENT) -> str:
    """ "accepted", or the reason of the rejection; any other exception escapes."""
    try:
        verify_proof(circuit, statement, proof)
    except Rejected as rejection:
        return rejection.reason
    return "accepted"


@cache
def toy_proof(profile: str = "default") -> Proof:
    """A proof of the toy at its usual heights and full strength, made once."""
    case = toy()
    return prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES[profile])
