"""Attacks on zero knowledge: what a proof tells beyond its statement."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, named

HIDING = "attacks/test_engine_zero_knowledge.py"
JOB = "zkpay/epoch/test_job.py"
RANDOMNESS = "zkpay/prover/test_randomness.py"
SEEDS = "attacks/test_engine_seeds.py"

CASES = (
    Case(
        "Z1",
        "masks that are missing, or shorter than what is shown of a column",
        "plonky2 PR 1605 and 1625; Haboeck and Al Kindi, eprint 2024/1037",
        named(
            HIDING,
            "test_masks_of_the_real_parameters_have_full_rank",
            "test_every_column_of_a_payout_circuit_has_a_mask",
            "test_the_test_sees_a_missing_mask",
        ),
    ),
    Case(
        "Z2",
        "one stream of random numbers that two places draw from",
        "Plonky3 PR 1962",
        (
            *named(
                RANDOMNESS,
                "test_labels_and_seeds_give_unrelated_streams",
                "test_every_proof_draws_its_own_seed_and_every_use_its_own_label",
            ),
            *named(SEEDS, "test_processes_that_part_draw_apart"),
            *named(HIDING, "test_a_seed_fixes_a_proof_and_must_not_serve_two"),
            *named(JOB, "test_a_seed_is_for_one_profile_epoch_and_code", "test_two_proofs_share_no_commitment"),
        ),
    ),
    Case(
        "Z3",
        "sums of buses, shown for each table, that tell of the rows",
        "found in the design of this proof system; Haboeck and Al Kindi, eprint 2024/1037",
        named(
            HIDING,
            "test_helpers_and_quotient_chunks_are_masked",
            "test_a_simulator_needs_no_witness",
            "test_claims_do_not_confirm_a_guess_of_the_witness",
        ),
        "No table's sum is sent: one accumulator, masked like every column, closes over all of them.",
    ),
    Case(
        "Z4",
        "rows that are committed to without a salt",
        "Plonky3's hiding Merkle trees",
        named(HIDING, "test_every_column_has_a_mask_and_every_row_a_salt", "test_the_test_sees_a_missing_mask"),
    ),
    Case(
        "Z5",
        "a factor or denominator of 0 that shows in an argument over rows",
        "plonky2 PR 1625",
        named("zkpay/prover/test_program.py", "test_a_zero_denominator_is_named"),
        "Nothing is multiplied up along the rows. A denominator of 0 has a chance of 2^-100 for a whole proof; the"
        " prover then stops, and draws anew when it is asked again.",
    ),
    Case(
        "Z6",
        "a length, or a time, that depends on the witness",
        "multi-openings are as long as the queried positions make them",
        named(HIDING, "test_proof_length_depends_on_the_queries_only"),
        "Times of proving aren't hidden from who watches the operator's machine (SECURITY.md).",
    ),
    Case(
        "Z7",
        "a fixed seed that is used outside of tests",
        "Plonky3's documentation of its hiding Merkle trees",
        (
            *named(SEEDS, "test_no_seed_is_written_down", "test_nobody_can_ask_for_a_seed"),
            *named(RANDOMNESS, "test_fresh_seeds_come_from_the_operating_system"),
            *named(HIDING, "test_two_proofs_of_one_witness_share_nothing"),
            *named(JOB, "test_after_a_proof_was_published_its_seed_is_gone"),
        ),
    ),
)
