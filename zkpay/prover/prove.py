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
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zkpay.kernels.keccak import grind
from zkpay.prover.buses import accumulator_column, helper_columns
from zkpay.prover.commit import CommittedTree, commit_columns, commit_tree, open_rows
from zkpay.prover.deep import deep_codeword, open_out_of_domain
from zkpay.prover.fri import commit_layers, open_layer
from zkpay.prover.groups import Room, RowGroup
from zkpay.prover.memory import available_memory, kept_cosets
from zkpay.prover.program import constraint_program
from zkpay.prover.quotient import quotient_coefficients
from zkpay.prover.randomness import MaskSource, fresh_seed
from zkpay.prover.split import split_quotient
from zkpay.prover.stored import NoStore, StageStore, trace_values, tree_arrays, tree_from_arrays, tree_shapes
from zkpay.stark.air import Circuit
from zkpay.stark.domains import GRIND
from zkpay.stark.field import Extension
from zkpay.stark.layout import ACCUMULATOR, AUXILIARY_TREE, MAIN_TREE, QUOTIENT_TREE, layout_of
from zkpay.stark.parameters import Parameters, Profile, derive
from zkpay.stark.proof import Proof, element_bytes
from zkpay.stark.protocol import (
    BusChallenges,
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
Report = Callable[[str, float], None]
"""Hears a stage of `STAGES` and which share of it is done: 0 as it begins."""
Witness = Mapping[str, Columns] | Callable[[], Mapping[str, Columns]]
"""Main columns uint32[width, height] of each table by name, or what makes them: then nobody else holds them, and their
memory is free again when the prover is done with them."""

_NOTHING_STORED: Final = NoStore()
# Of their stages' time, roughly: what comes before the commitment.
_HELPERS_SHARE: Final = 0.6
_CONSTRAINTS_SHARE: Final = 0.8

STAGES = ("commit trace", "buses", "quotient", "openings", "folding", "queries")
STORED: Final = STAGES[:3]
"""The stages that end with a committed tree, main, auxiliary and quotient: what they computed can be put away."""


def prove_circuit(
    circuit: Circuit,
    witness: Witness,
    statement: bytes,
    profile: Profile,
    *,
    report: Report = lambda stage, share: None,
    seed: bytes | None = None,
    memory: int | None = None,
    store: StageStore = _NOTHING_STORED,
    check: bool = True,
) -> Proof:
    """A proof for `statement` bytes from the main columns of each table.

    A seed must never serve two proofs; by default it comes from the operating system. Who gives one gives a `store`
    along that belongs to this seed, statement and witness and to no others, or is a test. What the store holds is not
    computed again; the proof is the same, byte for byte. memory: bytes that the prover's arrays may take, by default
    what is free. `check` off lets false witnesses through, for attack tests.
    """
    # 1. Parameters and layout are functions of circuit and profile.
    circuit.check()
    parameters = derive(profile, circuit)
    layout = layout_of(circuit)
    masks = MaskSource(seed if seed is not None else fresh_seed())
    transcript = begin(circuit, parameters, statement)

    def stored_tree(stage: str, tree: int) -> CommittedTree | None:
        groups = layout.groups(tree)
        arrays = store.load(stage, tree_shapes(tree, groups, parameters))
        return None if arrays is None else tree_from_arrays(arrays, tree, groups, parameters, masks)

    # 2. Main columns.
    room = Room()
    # Asked before there is a witness, for what a proof needs includes it.
    keep = kept_cosets(circuit, parameters, available_memory() if memory is None else memory)
    main = stored_tree(STAGES[0], MAIN_TREE)
    if main is None:
        # Whoever fills the witness tells of it as a stage of its own.
        columns = dict(witness() if callable(witness) else witness)
        report(STAGES[0], 0.0)
        traces = {position: columns.pop(item.table.name) for position, item in enumerate(circuit.placed)}
        main = commit_columns(MAIN_TREE, layout.main, traces, parameters, masks, keep, room)
        store.save(STAGES[0], tree_arrays(main))
    del witness
    buses = draw_bus_challenges(transcript, circuit, main.root)

    # 3. Helpers and accumulator.
    report(STAGES[1], 0.0)
    target = bus_target(circuit, buses)
    auxiliary = stored_tree(STAGES[1], AUXILIARY_TREE)
    if auxiliary is None:
        helpers: dict[int, Columns] = {}
        row_sums: dict[int, Columns] = {}
        for position, item in enumerate(circuit.placed):
            # The trace is freed as it is committed to; its coefficients give it back, a table at a time.
            trace = trace_values(main, position, room)
            helpers[position], row_sums[position] = helper_columns(circuit, item, buses, trace)
            del trace
        helpers[ACCUMULATOR] = accumulator_column(circuit, row_sums, target, check=check)
        del row_sums
        report(STAGES[1], _HELPERS_SHARE)
        auxiliary = commit_columns(AUXILIARY_TREE, layout.auxiliary, helpers, parameters, masks, keep, room)
        del helpers
        store.save(STAGES[1], tree_arrays(auxiliary))
    alpha = draw_alpha(transcript, auxiliary.root)

    # 4. Quotient.
    report(STAGES[2], 0.0)
    quotient = stored_tree(STAGES[2], QUOTIENT_TREE)
    if quotient is None:
        coefficients = _quotient(circuit, parameters, main, auxiliary, buses, alpha, target, room, report)
        chunks = split_quotient(coefficients, parameters, masks, check=check)
        del coefficients
        group = RowGroup(chunks, parameters.height, 1, parameters.blowup)
        quotient = commit_tree(QUOTIENT_TREE, layout.quotient, [group], masks, keep, room)
        store.save(STAGES[2], tree_arrays(quotient))
    zeta = draw_zeta(transcript, quotient.root)

    # 5. Out-of-domain values.
    report(STAGES[3], 0.0)
    trees = (main, auxiliary, quotient)
    claimed = open_out_of_domain(circuit, layout, parameters, zeta, trees)
    out_of_domain = element_bytes(claimed)
    batching = draw_lambda(transcript, out_of_domain, layout.opening_count)
    codeword = deep_codeword(circuit, layout, parameters, zeta, batching, claimed, trees)

    # 6. FRI.
    report(STAGES[4], 0.0)
    layers, final = commit_layers(transcript, parameters, codeword, check=check)
    final_polynomial = element_bytes(final)

    # 7. Work, queries, openings.
    report(STAGES[5], 0.0)
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


def _quotient(
    circuit: Circuit,
    parameters: Parameters,
    main: CommittedTree,
    auxiliary: CommittedTree,
    buses: BusChallenges,
    alpha: Extension,
    target: Extension,
    room: Room,
    report: Report,
) -> Columns:
    """uint32[5, cosets * N]: the quotient's coefficients."""
    weights = powers_of(alpha, sum(constraint_count(item.table) for item in circuit.placed) + 1)
    programs = []
    used = 0
    for item in circuit.placed:
        count = constraint_count(item.table)
        ratio = parameters.height // item.height
        own = weights[used : used + count]
        programs.append(constraint_program(circuit, item.table, ratio, buses, own, weights[-1]))
        used += count
    cells = [item.table.width * item.height for item in circuit.placed]
    everything, done = sum(cells) * parameters.quotient_cosets, 0

    def values(position: int, coset: int) -> tuple[Columns, Columns]:
        nonlocal done
        report(STAGES[2], _CONSTRAINTS_SHARE * done / everything)
        done += cells[position]
        main_room, auxiliary_room = room.take(main.shape(position), auxiliary.shape(position))
        return main.values(position, coset, main_room), auxiliary.values(position, coset, auxiliary_room)

    return quotient_coefficients(
        circuit,
        parameters,
        programs,
        values,
        lambda coset: auxiliary.values(ACCUMULATOR, coset),
        weights[-1],
        target,
    )
