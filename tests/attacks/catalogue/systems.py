"""Attacks on whole systems like this one, from look-ups to receipts: found by their auditors, or in the wild."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, cheats, named, played

OWN = "attacks/test_security_cases.py"
FROZEN = "attacks/test_engine_frozen.py"
STATEMENT = "attacks/test_engine_statement.py"
PROOF = "zkpay/stark/test_proof.py"

CASES = (
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
            "test_wrong_sums[paces]",
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
            *named(
                "zkpay/epoch/test_verify.py",
                "test_a_proof_of_another_epoch_fails",
                "test_forged_statements_fail_by_their_numbers_or_by_the_proof",
            ),
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
            *named("attacks/test_engine_shapes.py", "test_no_value_is_claimed_twice_or_not_at_all"),
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
            *named("attacks/test_engine_queries.py", "test_few_queries_are_ground_for"),
            *named("attacks/test_engine_fri.py", "test_work_is_needed_and_bound"),
            *named("zkpay/epoch/test_verify.py", "test_a_profile_of_the_provers_own_choice_fails", "test_expectations"),
            *cheats("policy_alone"),
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
            *named(
                "zkpay/epoch/test_verify.py",
                "test_expectations",
                "test_a_list_with_the_right_sums_and_other_payees_fails",
            ),
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
            *named(
                "test_metamorphic.py",
                "test_the_order_of_records_does_not_matter",
                "test_splitting_a_record_splits_its_sum",
            ),
            *named("zkpay/policy/test_stress.py", "test_a_root_rewards_splitting_and_a_share_does_not"),
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
            *named(
                "zkpay/stark/test_statement.py",
                "test_only_one_encoding",
                "test_size_is_capped_before_parsing",
                "test_numbers_too_long_for_the_interpreter_are_refused",
            ),
            *named("zkpay/policy/test_policy.py", "test_hostile_policies_are_refused_at_once"),
            *named("zkpay/epoch/test_receipts.py", "test_garbage_is_unreadable"),
            *named("attacks/test_engine_points.py", "test_a_point_out_of_the_domain_that_is_a_row"),
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
