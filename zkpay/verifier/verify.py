"""The proof-system verifier, as numbered steps (SPEC §4.8).

1. Derive parameters and layout from the circuit and the profile; nothing but the profile's name is taken from the
   proof.
2. Check the outer shape of the proof.
3. Replay the transcript: circuit, parameters, statement, then each commitment before the challenge that needs it.
4. Check that the folded constraints at zeta equal the quotient there.
5. Check the proof of work and draw the queries.
6. Open rows of the three trees at the queried indices.
7. Compute the DEEP codeword there, and follow it through the FRI layers and folds down to the last polynomial.

A proof that passes shows, up to the errors in `security`, a trace that satisfies every constraint, bus and sum.
"""

from __future__ import annotations

from zkpay.errors import Rejected
from zkpay.stark.air import Circuit
from zkpay.stark.field import EXT_ONE, EXT_ZERO, EXTENSION_DEGREE, ext_add, ext_mul, ext_pow, ext_sub
from zkpay.stark.layout import layout_of
from zkpay.stark.parameters import PROFILES, Parameters, derive
from zkpay.stark.proof import Proof, parse_elements, parse_extensions
from zkpay.stark.protocol import (
    begin,
    draw_alpha,
    draw_bus_challenges,
    draw_fold,
    draw_lambda,
    draw_queries,
    draw_zeta,
    grinding_passes,
    grinding_seed,
)
from zkpay.verifier.constraints import combine_coordinates, quotient_numerator
from zkpay.verifier.merkle import DIGEST_BYTES, open_tree
from zkpay.verifier.openings import check_layers, deep_values

TREES = 3


def verify_proof(circuit: Circuit, statement: bytes, proof: Proof) -> Parameters:
    """Check `proof` for `circuit` and the canonical `statement` bytes; Rejected with a reason if it fails.

    Returns the parameters, which tell the proven bits.
    """
    # 1. Parameters and layout are the verifier's own.
    profile = PROFILES.get(proof.profile)
    if profile is None:
        raise Rejected("unknown-profile", f"the proof names the profile {proof.profile[:40]!r}")
    circuit.check()
    parameters = derive(profile, circuit)
    layout = layout_of(circuit)

    # 2. Shape: every length that does not depend on the queries.
    _check_shape(proof, parameters)
    claimed = parse_extensions(proof.out_of_domain, layout.opening_count, "out-of-domain values")
    final = parse_elements(proof.final_polynomial, EXTENSION_DEGREE * parameters.final_length, "final polynomial")

    # 3. Transcript: each message is absorbed before the challenge that depends on it.
    transcript = begin(circuit, parameters, statement)
    buses = draw_bus_challenges(transcript, circuit, proof.main_root)
    alpha = draw_alpha(transcript, proof.auxiliary_root)
    zeta = draw_zeta(transcript, proof.quotient_root)
    weights = draw_lambda(transcript, proof.out_of_domain, layout.opening_count)
    folds = [draw_fold(transcript, layer, root) for layer, root in enumerate(proof.layer_roots)]

    # 4. Constraints at zeta: numerator = (sum over chunks of zeta^(i s) q_i) * (zeta^N - 1).
    chunks = [claimed[k] for k in layout.quotient_openings]
    step = ext_pow(zeta, parameters.split)
    quotient = EXT_ZERO
    for first in reversed(range(0, len(chunks), EXTENSION_DEGREE)):
        quotient = ext_add(ext_mul(quotient, step), combine_coordinates(chunks[first : first + EXTENSION_DEGREE]))
    vanishing = ext_sub(ext_pow(zeta, parameters.height), EXT_ONE)
    if quotient_numerator(circuit, layout, buses, alpha, zeta, claimed) != ext_mul(quotient, vanishing):
        raise Rejected("constraints-unsatisfied", "the constraints at the out-of-domain point don't match the quotient")

    # 5. Proof of work, then queries.
    seed = grinding_seed(transcript, proof.final_polynomial)
    if not grinding_passes(seed, proof.nonce, parameters.grinding_bits):
        raise Rejected("missing-work", f"the nonce does not show {parameters.grinding_bits} bits of work")
    indices = draw_queries(transcript, parameters, proof.nonce)

    # 6. Openings: rows of the three trees at exactly the queried points.
    roots = (proof.main_root, proof.auxiliary_root, proof.quotient_root)
    rows = [
        open_tree(roots[tree], tree, layout.groups(tree), parameters.blowup, indices, proof.trees[tree])
        for tree in range(TREES)
    ]

    # 7. DEEP codeword at the queries, and low degree of it: fibres of each layer, down to the last polynomial.
    deep = deep_values(circuit, layout, parameters, zeta, weights, claimed, indices, rows)
    known = dict(zip(indices, deep, strict=True))
    check_layers(parameters, proof.layer_roots, folds, known, proof.layers, final.reshape(-1, EXTENSION_DEGREE))
    return parameters


def _check_shape(proof: Proof, parameters: Parameters) -> None:
    layers = len(parameters.arities)
    if len(proof.trees) != TREES or len(proof.layers) != layers or len(proof.layer_roots) != layers:
        raise Rejected("wrong-length", f"a proof has {TREES} tree openings and {layers} FRI layers")
    roots = (proof.main_root, proof.auxiliary_root, proof.quotient_root, *proof.layer_roots)
    if any(len(root) != DIGEST_BYTES for root in roots):
        raise Rejected("wrong-length", f"a root has {DIGEST_BYTES} bytes")
    if not 0 <= proof.nonce < 1 << 64:
        raise Rejected("wrong-length", "the nonce is a 64-bit number")
