"""Attacks on whole systems like this one: what was found in the nearest products, by their auditors, or in the wild."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, cheats, named, played

OWN = "attacks/test_security_cases.py"
FROZEN = "attacks/test_engine_frozen.py"
STATEMENT = "attacks/test_engine_statement.py"
PROOF = "zkpay/stark/test_proof.py"

CASES = (
    Case(
        "1",
        "limbs that are in range and tied to nothing",
        "Code4rena on SP1, H-01; Ceno PR 1345; Pico PR 101",
        (*played("1 limbs not tied to the value"), *cheats("score_too_high", "points_in_the_tally")),
    ),
    Case(
        "2",
        "a factor without a range lets packed values overlap",
        "Binance proof of reserves, commit f71f1e1",
        (
            *played("2 a factor without a range"),
            *cheats("made_up_weight", "weight_of_another_kind", "price_of_another_kind"),
        ),
    ),
    Case(
        "3",
        "x and x + p, or -1 as a large number",
        "SP1 V3 audit, 3-2; Plonky3 PR 1765 and 1773; Semaphore; zk-kit",
        (
            *played("3 x and x + p"),
            *named(
                OWN,
                "test_finding_2_second_openings_of_a_payouts_leaf",
                "test_finding_2_second_openings_of_a_contributions_leaf",
            ),
            *named(STATEMENT, "test_elements_out_of_range_in_claims_and_last_polynomial"),
            *named(PROOF, "test_elements_of_the_modulus_or_more"),
            *cheats("payout_opened_with_p_more", "quantity_opened_with_two_p_more", "element_with_p_more"),
        ),
    ),
    Case(
        "4",
        "a carry that takes a wrap of the modulus",
        "Ceno PR 1345",
        (*played("4 carries that wrap"), *cheats("score_that_wraps", "payout_that_wraps", "total_with_p_more")),
    ),
    Case(
        "5",
        "a remainder that is negative or not below its divisor",
        "Polygon zkEVM, zk-bug-tracker 20; Pico DIVREM",
        (
            *played("5 remainder not below the divisor"),
            *cheats("remainder_not_below_the_divisor", "points_rounded_up", "points_rounded_down"),
        ),
    ),
    Case(
        "6",
        "nothing divided by nothing: no score, no record, no pool",
        "KALOS on SP1, 8; zero divisors in OpenVM's tests",
        (
            *named(OWN, "test_case_6_a_payout_where_nobody_has_scored", "test_case_6_nothing_at_all"),
            *named("zkpay/epoch/test_prove.py", "test_edge_cases_are_proved_and_verified"),
        ),
    ),
    Case(
        "7",
        "payouts that are the pool modulo p, or more than it",
        "Summa PR 289",
        (
            *named(OWN, "test_case_7_more_than_the_pool"),
            *played("7 sums modulo p"),
            *cheats("more_than_the_pool", "paid_less_than_the_payouts"),
        ),
    ),
    Case(
        "8",
        "a comparison that binds nothing",
        "Summa, zk-bug-tracker 19; Pico DIVREM",
        (
            *played("8 a comparison that binds nothing"),
            *cheats("bonus_without_the_level", "payout_cap_exceeded", "tier_boundary_shifted"),
        ),
    ),
    Case(
        "9",
        "padding that carries points or look-ups",
        "SP1 V4, 4; KALOS on SP1, 7",
        (
            *named(OWN, "test_case_9_padding_rows_send_and_count_nothing"),
            *played("9 padding that carries points"),
            *cheats("padding_with_points"),
        ),
    ),
    Case(
        "10",
        "first and last rows without constraints; a payout to padding",
        "KALOS on SP1, 10 and 11; SP1 V3, 11",
        (
            *played("10 first and last rows"),
            *named(OWN, "test_finding_10_a_leaf_beyond_the_last"),
            *cheats("leaf_beyond_the_last", "sum_starts_above_nothing"),
        ),
    ),
    Case(
        "11",
        "a constant that is the same on every row, and not the published one",
        "Zcash Orchard, 2026",
        (*named(OWN, "test_case_11_constants_are_the_policys"), *cheats("another_pool", "another_formula")),
    ),
    Case(
        "12",
        "an account twice; a record twice, or not at all",
        "KALOS on SP1, 3; StealthDrop",
        (
            *played("12 an account twice, a record twice or not at all"),
            *cheats(
                "account_in_two_groups",
                "account_around_another",
                "record_counted_twice",
                "record_left_out",
                "record_dropped",
            ),
        ),
    ),
    Case(
        "13",
        "a multiplicity of p",
        "Plonky3 PR 1748; stark-backend, linear constraints on multiplicities",
        (
            *named(OWN, "test_case_13_no_tuple_can_be_taken_p_times"),
            *named(
                "attacks/test_circuit_multiplicities.py",
                "test_what_is_taken_p_times_is_not_taken",
                "test_no_side_of_a_bus_comes_to_p",
                "test_too_many_look_ups_are_refused",
            ),
        ),
    ),
    Case(
        "14",
        "an entry of a table that is always true; a denominator of 0",
        "Plonky2 lookup advisory; p3-security",
        (
            *named(OWN, "test_case_14_no_row_of_a_fixed_table_is_always_true"),
            *named("attacks/test_engine_points.py", "test_a_row_whose_denominator_is_zero"),
            *named(STATEMENT, "test_a_public_tuple_that_meets_its_challenge"),
        ),
    ),
    Case(
        "15",
        "a tuple of one bus taken on another",
        "SP1 V4, 7; stark-backend 312",
        (
            *named(OWN, "test_case_15_trees_and_buses_are_apart"),
            *named("attacks/test_engine_buses.py", "test_buses_do_not_mix"),
            *named("zkpay/stark/test_air.py", "test_buses_that_could_be_confused"),
            *named("attacks/test_engine_shapes.py", "test_bus_numbers_that_are_equal_modulo_p"),
        ),
    ),
    Case(
        "16",
        "a look-up sum that nobody checks",
        "SP1 V3, 5, 6 and 10",
        named(
            "attacks/test_engine_buses.py",
            "test_unbalanced_buses",
            "test_wrong_public_terms",
            "test_helpers_are_bound_on_the_last_row",
        ),
    ),
    Case(
        "17",
        "a challenge that is drawn before what it tests is committed",
        "lambda_vm PR 906 and 909",
        (
            *named(
                FROZEN,
                "test_multiplicities_after_the_bus_challenges",
                "test_helpers_after_alpha",
                "test_the_quotient_after_zeta",
            ),
            *named("attacks/test_engine_transcript.py", "test_inventory_of_messages_and_challenges"),
        ),
    ),
    Case(
        "18",
        "a proof of another epoch, policy, ledger or pool; a statement that isn't absorbed",
        "Frozen Heart; Plonky3 audit, B; Zellic on SP1 Hypercube, 3.1 to 3.3 and 3.9",
        (
            *named(OWN, "test_case_18_a_witness_of_another_statement"),
            *named(FROZEN, "test_another_statement", "test_chosen_after_the_whole_proof"),
            *cheats(
                "another_epochs_label",
                "another_origin",
                "another_token",
                "another_pool",
                "proof_of_another_epoch",
                "another_contribution_root",
                "another_payout_root",
            ),
        ),
    ),
    Case(
        "19",
        "values that are opened and not absorbed; a sponge with collisions",
        "Plonky3 PR 627 and 1769, audit, C; SP1 V3, 1-2; halo2 query collision",
        (
            *named("attacks/test_engine_transcript.py", "test_every_message_counts_alone"),
            *named(FROZEN, "test_claims_after_lambda", "test_the_last_polynomial_after_the_queries"),
            *named("zkpay/stark/test_transcript.py", "test_messages_can_not_be_split_joined_or_relabelled"),
        ),
    ),
    Case(
        "20",
        "heights that the proof chooses",
        "CVE-2026-40323; Zellic on SP1 Hypercube, 3.12 and 4.2; stark-backend 313",
        (
            *named(OWN, "test_case_20_heights_follow_from_public_values"),
            *named(STATEMENT, "test_other_heights"),
            *named(
                "attacks/test_engine_shapes.py",
                "test_a_height_that_is_no_power_of_two",
                "test_a_height_that_the_field_has_no_domain_for",
                "test_a_statement_whose_tables_would_have_no_height",
            ),
            *named(PROOF, "test_a_proof_carries_nothing_that_the_verifier_should_know_itself"),
        ),
    ),
    Case(
        "21",
        "parameters that the proof chooses",
        "Plonky3 PR 1747; winterfell's AcceptableOptions; SP1 V3, 4; Code4rena on SP1, M-01",
        (
            *named(STATEMENT, "test_the_verifier_returns_its_own_parameters", "test_the_profile_is_bound"),
            *named("attacks/test_engine_fri.py", "test_work_is_needed_and_bound"),
            *named("zkpay/epoch/test_verify.py", "test_a_profile_of_the_provers_own_choice_fails"),
        ),
    ),
    Case(
        "22",
        "a node that passes for a leaf; an index modulo the size; a path of another length",
        "OpenZeppelin 3091; RFC 6962; Zellic on SP1 Hypercube, 4.4, 4.5 and 4.8; winterfell 200",
        (
            *named(OWN, "test_case_22_a_node_is_no_leaf_and_a_leaf_no_node"),
            *named(
                "attacks/test_engine_trees.py",
                "test_the_children_of_a_node_as_a_row",
                "test_an_index_modulo_the_size",
                "test_a_node_of_a_smaller_tree",
                "test_the_last_leaf_twice",
            ),
            *named(
                "zkpay/ledger/test_tree.py",
                "test_leaf_past_the_last_has_no_path",
                "TestRootFromPath::test_index_at_or_beyond_the_count",
                "TestRootFromPath::test_path_too_short_or_too_long",
            ),
            *cheats("path_too_long", "path_too_short", "payout_beyond_the_last", "contribution_tagged_as_payout"),
        ),
    ),
    Case(
        "23",
        "two views of one log; a receipt of somebody else or of another log",
        "C2SP tlog-witness; Sunlight's lock; the Yeti log's incident of 2022",
        (
            *named("zkpay/epoch/test_receipts.py", "test_a_receipt_of_another_epoch_fails"),
            *named("zkpay/epoch/test_verify.py", "test_expectations"),
            *cheats(
                "receipt_of_another_epoch",
                "relabelled_receipt",
                "somebody_elses_payout",
                "somebody_elses_record",
                "second_list_for_one_root",
            ),
        ),
        "An epoch's root is given by who verifies (`--expect-root`): signed checkpoints, and with them rollback and"
        " concurrent signers, are not part of this version.",
    ),
    Case(
        "24",
        "rounding and dust to one's own good; gains by splitting up",
        "CodeHawks on stake.link, 153 and 695; Secureum on Unipool; Binance's dummy users",
        (
            *named(OWN, "test_case_24_dust_is_less_than_a_unit_for_each_account"),
            *played("24 rounding"),
            *cheats("dust_into_own_account", "rounded_up", "account_without_records"),
        ),
        "Whether a formula rewards splitting is the policy's affair: `zkpay policy stress` shows it before an epoch.",
    ),
    Case(
        "25",
        "hostile sizes and values that crash or stall; blinding that is missing or used twice",
        "Code4rena on SP1, M-02, M-03, M-04 and M-07; Jolt PR 1609; Plonky3 PR 1762 and 1962; zisk 942; Dusk",
        (
            *named(OWN, "test_case_25_hostile_statements_are_rejected_not_crashed_on"),
            *named("attacks/test_bombs.py", "test_no_bomb_goes_off", "test_no_statement_goes_off"),
            *named(PROOF, "test_announced_lengths_are_not_believed"),
            *named("attacks/test_engine_mutation.py", "test_truncated_extended_and_spliced"),
            *named(
                "attacks/test_engine_zero_knowledge.py",
                "test_the_test_sees_a_missing_mask",
                "test_two_proofs_of_one_witness_share_nothing",
            ),
        ),
    ),
    Case(
        "26",
        "one piece of work handed in many times, by scripts or by replay",
        "Trillian's identity hashes; Tessera's best-effort antispam",
        (
            *named("zkpay/ledger/test_intake.py", "test_either_of_two_unique_rules_makes_a_duplicate"),
            *named("attacks/test_circuit_uniqueness.py", "test_cheat_is_found_by_one_constraint"),
            *named("attacks/test_circuit_limits.py", "test_cheat_is_found_by_one_constraint"),
            *cheats("another_fingerprint", "accept_duplicate"),
        ),
        "Whether two different records are one piece of work can't be told from them: fingerprints are the operator's.",
    ),
    Case(
        "27",
        "a verifier inside a proof that checks less than the one outside",
        "CVE-2026-40323",
        (),
        "There is no recursion: the only verifier is the one of SPEC §4.8, in Python.",
    ),
    Case(
        "28",
        "a statement that is chosen so that its circuit computes its own challenge",
        "Khovratovich, Rothblum and Soukhanov on Fiat-Shamir for GKR, eprint 2025/118",
        (
            *named(STATEMENT, "test_another_circuit"),
            *named("zkpay/policy/language/test_lowering_refusals.py", "test_formulas_of_too_many_parts_are_refused"),
        ),
        "Formulas can't hash: no operation is one, and a formula has too few parts to write Keccak with what there is."
        " The circuit, with the policy in it, is absorbed before the first challenge.",
    ),
)
