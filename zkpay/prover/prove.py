"""The proof-system prover, the other side of the verifier's numbered steps (SPEC §4.8).

1. Derive parameters and layout, begin the transcript.
2. Mask and commit the main columns; draw the bus challenges.
3. Compute, mask and commit helper columns and accumulator; draw alpha.
4. Compute the quotient, split it, add the FRI mask, commit; draw zeta.
5. Open all columns out of the domain; draw lambda.
6. Fold the DEEP codeword, layer by layer.
7. Grind, draw the queries, open rows and fibres.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.keccak import grind
from zkpay.prover.buses import accumulator_column, helper_columns
from zkpay.prover.commit import commit_columns, commit_tree, open_rows
from zkpay.prover.deep import deep_codeword, open_out_of_domain
from zkpay.prover.fri import commit_layers, open_layer
from zkpay.prover.groups import RowGroup
from zkpay.prover.memory import available_memory, kept_cosets
from zkpay.prover.program import constraint_program
from zkpay.prover.quotient import quotient_coefficients
from zkpay.prover.randomness import MaskSource, fresh_seed
from zkpay.prover.split import split_quotient
from zkpay.stark.air import Circuit
from zkpay.stark.domains import GRIND
from zkpay.stark.layout import ACCUMULATOR, AUXILIARY_TREE, MAIN_TREE, QUOTIENT_TREE, layout_of
from zkpay.stark.parameters import Profile, derive
from zkpay.stark.proof import Proof, element_bytes
from zkpay.stark.protocol import (
    begin,
    bus_target,
    constraint_count,
    draw_alpha,
    draw_bus_challenges,
    draw_lambda,
    draw_queries,
    draw_zeta,
    grinding_seed,
    powers_of,
)

Columns = NDArray[np.uint32]
Report = Callable[[str], None]
Witness = Mapping[str, Columns] | Callable[[], Mapping[str, Columns]]
"""Main columns uint32[width, height] of each table by name, or what makes them: then nobody else holds them, and their
memory is free again when the prover is done with them."""

STAGES = ("commit trace", "buses", "quotient", "openings", "folding", "queries")


def prove_circuit(
    circuit: Circuit,
    witness: Witness,
    statement: bytes,
    profile: Profile,
    *,
    report: Report = lambda stage: None,
    seed: bytes | None = None,
    check: bool = True,
) -> Proof:
    """A proof for `statement` bytes from the main columns of each table.

    `report` hears each stage of `STAGES` as it begins. `seed` is for tests: a seed must never serve two proofs;
    by default it comes from the operating system. `check` off lets false witnesses through, for attack tests.
    """
    # 1. Parameters and layout are functions of circuit and profile.
    circuit.check()
    parameters = derive(profile, circuit)
    layout = layout_of(circuit)
    masks = MaskSource(seed if seed is not None else fresh_seed())
    transcript = begin(circuit, parameters, statement)

    # 2. Main columns.
    columns = witness() if callable(witness) else witness
    del witness
    report(STAGES[0])
    traces = {position: columns[item.table.name] for position, item in enumerate(circuit.placed)}
    del columns
    keep = kept_cosets(circuit, parameters, available_memory())
    main = commit_columns(MAIN_TREE, layout.main, traces, parameters, masks, keep)
    buses = draw_bus_challenges(transcript, circuit, main.root)

    # 3. Helpers and accumulator.
    report(STAGES[1])
    helpers: dict[int, Columns] = {}
    row_sums: dict[int, Columns] = {}
    for position, item in enumerate(circuit.placed):
        # The trace goes table by table; the committed coefficients serve from here on.
        helpers[position], row_sums[position] = helper_columns(circuit, item, buses, traces.pop(position))
    target = bus_target(circuit, buses)
    helpers[ACCUMULATOR] = accumulator_column(circuit, row_sums, target, check=check)
    del row_sums
    auxiliary = commit_columns(AUXILIARY_TREE, layout.auxiliary, helpers, parameters, masks, parameters.blowup)
    del helpers
    alpha = draw_alpha(transcript, auxiliary.root)

    # 4. Quotient.
    report(STAGES[2])
    weights = powers_of(alpha, sum(constraint_count(item.table) for item in circuit.placed) + 1)
    programs = []
    used = 0
    for item in circuit.placed:
        count = constraint_count(item.table)
        ratio = parameters.height // item.height
        own = weights[used : used + count]
        programs.append(constraint_program(circuit, item.table, ratio, buses, own, weights[-1]))
        used += count

    def values(position: int, coset: int) -> tuple[Columns, Columns]:
        return main.values(position, coset), auxiliary.values(position, coset)

    coefficients = quotient_coefficients(
        circuit,
        parameters,
        programs,
        values,
        lambda coset: auxiliary.values(ACCUMULATOR, coset),
        weights[-1],
        target,
    )
    chunks = split_quotient(coefficients, parameters, masks, check=check)
    del coefficients
    group = RowGroup(chunks, parameters.height, 1, parameters.blowup)
    quotient = commit_tree(QUOTIENT_TREE, layout.quotient, [group], masks, parameters.blowup)
    zeta = draw_zeta(transcript, quotient.root)

    # 5. Out-of-domain values.
    report(STAGES[3])
    trees = (main, auxiliary, quotient)
    claimed = open_out_of_domain(circuit, layout, parameters, zeta, trees)
    out_of_domain = element_bytes(claimed)
    batching = draw_lambda(transcript, out_of_domain)
    codeword = deep_codeword(circuit, layout, parameters, zeta, batching, claimed, trees)

    # 6. FRI.
    report(STAGES[4])
    layers, final = commit_layers(transcript, parameters, codeword, check=check)
    final_polynomial = element_bytes(final)

    # 7. Work, queries, openings.
    report(STAGES[5])
    nonce = grind(grinding_seed(transcript, final_polynomial), GRIND, parameters.grinding_bits)
    indices = draw_queries(transcript, parameters, nonce)
    return Proof(
        profile=profile.name,
        main_root=main.root,
        auxiliary_root=auxiliary.root,
        quotient_root=quotient.root,
        out_of_domain=out_of_domain,
        layer_roots=tuple(layer.root for layer in layers),
        final_polynomial=final_polynomial,
        nonce=nonce,
        trees=tuple(open_rows(tree, indices) for tree in trees),
        layers=tuple(open_layer(layer, indices) for layer in layers),
    )
