"""The challenges and the values that both sides derive from them (SPEC §4.4, one round a function).

Prover and verifier call the same functions in the same order; only where a message comes from differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.errors import Rejected
from zkpay.stark.air import Circuit, Table
from zkpay.stark.domains import GRIND, prefix_bytes
from zkpay.stark.field import (
    EXT_ONE,
    EXT_ZERO,
    Extension,
    P,
    ext_add,
    ext_inverse,
    ext_mul,
    ext_scale,
    ext_sub,
    two_adic_generator,
)
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import Parameters
from zkpay.stark.transcript import Transcript

PROTOCOL = "zkpay/stark/v1"


@dataclass(frozen=True)
class BusChallenges:
    """gamma and the powers of beta for bus tuples, the powers of delta for the circuit-wide sums."""

    gamma: Extension
    beta_powers: tuple[Extension, ...]
    delta_powers: tuple[Extension, ...]


def begin(circuit: Circuit, parameters: Parameters, statement: bytes) -> Transcript:
    """Round 0: bind circuit, parameters, heights and every public value before anything is committed."""
    transcript = Transcript(PROTOCOL)
    transcript.absorb("circuit", circuit.digest)
    transcript.absorb("parameters", parameters.to_bytes())
    transcript.absorb("heights", b"".join(item.height.to_bytes(8, "little") for item in circuit.placed))
    transcript.absorb("statement", statement)
    transcript.absorb("publics", repr(sorted(circuit.publics.items())).encode())
    terms = [(term.bus.identifier, term.payload, term.multiplicity) for term in circuit.public_terms]
    transcript.absorb("public terms", repr(terms).encode())
    transcript.absorb("sum targets", repr(sorted(circuit.sum_targets.items())).encode())
    return transcript


def draw_bus_challenges(transcript: Transcript, circuit: Circuit, main_root: bytes) -> BusChallenges:
    """Round 1: after the main trace is fixed. Soundness error: "buses" in `security`."""
    transcript.absorb("main root", main_root)
    beta = transcript.extension("beta")
    gamma = transcript.extension("gamma")
    delta = transcript.extension("delta")
    # beta^0 .. beta^(W-1) weigh the payload, beta^W the bus identifier; sums start at delta^1, LogUp has delta^0.
    return BusChallenges(
        gamma, powers_of(beta, circuit.bus_width + 1), powers_of(delta, len(circuit.sum_targets) + 1)[1:]
    )


def draw_alpha(transcript: Transcript, auxiliary_root: bytes) -> Extension:
    """Round 2: folds all constraints; after helpers and accumulator are fixed. Error: "constraints"."""
    transcript.absorb("auxiliary root", auxiliary_root)
    return transcript.extension("alpha")


def draw_zeta(transcript: Transcript, quotient_root: bytes) -> Extension:
    """Round 3: the out-of-domain point, outside the base field and so outside every domain. Error: "out-of-domain"."""
    transcript.absorb("quotient root", quotient_root)
    return transcript.extension("zeta")


def draw_lambda(transcript: Transcript, out_of_domain: bytes, count: int) -> tuple[Extension, ...]:
    """Round 4: a weight for each opening; after every out-of-domain value is fixed. Error: "batching"."""
    transcript.absorb("out of domain", out_of_domain)
    return transcript.extensions("lambda", count)


def draw_fold(transcript: Transcript, layer: int, layer_root: bytes) -> Extension:
    """Rounds 5...: one for each FRI layer, layer 0 included. Error: "folding"."""
    transcript.absorb(f"layer {layer}", layer_root)
    return transcript.extension(f"fold {layer}")


def grinding_seed(transcript: Transcript, final_polynomial: bytes) -> bytes:
    """Last round, first half: what the proof of work is about."""
    transcript.absorb("final polynomial", final_polynomial)
    return transcript.seed("grind")


def grinding_passes(seed: bytes, nonce: int, bits: int) -> bool:
    """Whether Keccak(domain, seed, nonce) ends in `bits` zero bits (of its first word, little-endian)."""
    word = keccak256(prefix_bytes(GRIND) + seed + nonce.to_bytes(8, "little"))[:8]
    return int.from_bytes(word, "little") & ((1 << bits) - 1) == 0


def draw_queries(transcript: Transcript, parameters: Parameters, nonce: int) -> list[int]:
    """Last round, second half: indices uniform in the whole domain. Error: "queries"."""
    transcript.absorb("nonce", nonce.to_bytes(8, "little"))
    return transcript.indices("queries", parameters.domain.bit_length() - 1, parameters.queries)


def powers_of(base: Extension, count: int) -> tuple[Extension, ...]:
    """1, base, base^2, ..., `count` of them."""
    powers = [EXT_ONE]
    while len(powers) < count:
        powers.append(ext_mul(powers[-1], base))
    return tuple(powers[:count])


def denominator(challenges: BusChallenges, identifier: int, payload: list[Extension]) -> Extension:
    """gamma + sum_k beta^k payload_k + beta^W identifier, for payload values in the challenge field."""
    result = ext_add(challenges.gamma, ext_scale(challenges.beta_powers[-1], identifier))
    for power, entry in zip(challenges.beta_powers, payload, strict=False):
        result = ext_add(result, ext_mul(power, entry))
    return result


def bus_target(circuit: Circuit, challenges: BusChallenges) -> Extension:
    """What all rows' fractions and weighted sums must add up to: targets minus the verifier's own fractions."""
    target = EXT_ZERO
    for term in circuit.public_terms:
        payload: list[Extension] = [(entry % P, 0, 0, 0, 0) for entry in term.payload]
        bottom = denominator(challenges, term.bus.identifier, payload)
        if bottom == EXT_ZERO:
            raise Rejected("zero-denominator", "a public bus tuple meets its challenge; draw a new proof")
        target = ext_sub(target, ext_scale(ext_inverse(bottom), term.multiplicity % P))
    for name, power in zip(circuit.sum_names, challenges.delta_powers, strict=True):
        target = ext_add(target, ext_scale(power, circuit.sum_targets[name] % P))
    return target


def constraint_count(table: Table) -> int:
    """Powers of alpha that a table takes: its constraints, then its helpers."""
    return len(table.constraints) + len(table.helpers)


def root_of_unity(order: int) -> int:
    """The generator of the subgroup of `order` (a power of two)."""
    return two_adic_generator(order.bit_length() - 1)
