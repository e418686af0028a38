"""What a review of this proof system's design found before it was written, and what a cheating operator tries first."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, cheats, named, played

ENCODING = "zkpay/ledger/test_encoding.py"
FRI = "attacks/test_engine_fri.py"
HIDING = "attacks/test_engine_zero_knowledge.py"
LIFTING = "attacks/test_engine_lifting.py"
OWN = "attacks/test_security_cases.py"
PARAMETERS = "zkpay/stark/test_parameters.py"
REVIEW = "review of this design"
SECURITY = "zkpay/stark/test_security.py"
TREE = "zkpay/ledger/test_tree.py"

FINDINGS = (
    Case(
        "R1",
        "a small epoch whose slack at a fixed blowup leaves 62 bits of 100",
        f"{REVIEW}, 1; Ben-Sasson, Carmon, Haboeck, Kopparty and Saraf, eprint 2025/2055",
        (
            *named(PARAMETERS, "test_every_height_proves_100_bits", "test_wide_circuits_keep_their_bits"),
            *named("zkpay/stark/test_every_size.py", "test_every_size_of_every_preset_proves_100_bits"),
            *named(SECURITY, "test_queries_for_100_bits"),
        ),
    ),
    Case(
        "R2",
        "a leaf's element that opens as two numbers, because its parts have room for p more",
        f"{REVIEW}, 2",
        (
            *named(
                OWN,
                "test_finding_2_second_openings_of_a_contributions_leaf",
                "test_finding_2_second_openings_of_a_payouts_leaf",
                "test_finding_2_tag_reason_and_kind_have_no_second_opening",
            ),
            *named(
                ENCODING,
                "TestContributionLeaf::test_second_reading_of_an_element_is_refused",
                "TestContributionLeaf::test_every_element_but_the_salt_has_at_most_30_bits",
                "TestPayoutLeaf::test_second_reading_of_an_element_is_refused",
            ),
            *cheats(
                "quantity_opened_with_p_more",
                "quantity_opened_with_two_p_more",
                "payout_opened_with_p_more",
                "payout_opened_with_two_p_more",
            ),
        ),
    ),
    Case(
        "R3",
        "a rejection without its reason, or of the original for the sake of its copy; one record that blocks an epoch",
        f"{REVIEW}, 3",
        (
            *played("finding 3: a rejection without its reason"),
            *named(OWN, "test_finding_3_a_record_out_of_range_blocks_no_epoch"),
            *named("attacks/test_circuit_verdicts.py", "test_a_witness_exists_exactly_where_verdicts_are_lawful"),
            *cheats("reject_as_duplicate", "reject_as_out_of_range", "counts_by_reason", "rejected_count_in_the_leaf"),
        ),
    ),
    Case(
        "R4",
        "a short table that is several tables at once, each on its part of the domain",
        f"{REVIEW}, 4",
        named(
            LIFTING,
            "test_two_copies_pass_a_verifier_without_the_lifting_check",
            "test_the_real_verifier_rejects_two_copies_for_every_seed",
            "test_claims_can_not_be_chosen_to_satisfy_both_points",
            "test_a_second_point_of_the_wrong_order_is_no_check",
        ),
    ),
    Case(
        "R5",
        "queries that draw a fibre and look at one fixed point of it",
        f"{REVIEW}, 5",
        named(FRI, "test_queries_of_a_fibre_instead_of_a_point"),
    ),
    Case(
        "R6",
        "a quotient of more cosets than are opened; a selector whose degree isn't counted",
        f"{REVIEW}, 6",
        (
            *named(
                PARAMETERS,
                "test_tables_without_room_for_masks_are_refused",
                "test_minimum_height_has_room_in_every_profile",
            ),
            *named(
                "zkpay/stark/test_air.py",
                "test_constraints_beyond_the_degree_are_refused",
                "test_helpers_hold_all_interactions_within_the_degree",
            ),
        ),
    ),
    Case(
        "R7",
        "a figure of soundness without the list of words that a prover may mean, the lifting check or every row",
        f"{REVIEW}, 7; ethereum/soundcalc",
        (
            *named(
                SECURITY, "test_lookups_and_lifting_are_counted", "test_every_round_equals_the_independent_calculation"
            ),
            *named("zkpay/stark/test_soundcalc.py", "test_lists_are_no_longer_than_is_reckoned_with"),
            *named(PARAMETERS, "test_the_calculator_is_fed_by_the_layout"),
        ),
    ),
    Case(
        "R8",
        "masks that are too short, or serve a second transcript after a proof was interrupted; small tables unsalted",
        f"{REVIEW}, 8",
        (
            *named(
                HIDING,
                "test_masks_have_full_rank_on_what_is_revealed",
                "test_quotient_masks_have_full_rank",
                "test_every_column_has_a_mask_and_every_row_a_salt",
            ),
            *named(
                "zkpay/epoch/test_job.py",
                "test_a_killed_proof_goes_on_and_comes_out_the_same",
                "test_a_seed_is_for_one_profile_epoch_and_code",
                "test_a_damaged_stage_is_computed_again",
            ),
        ),
    ),
    Case(
        "R9",
        "heights that tell how many payouts are 0, or that the prover may choose",
        f"{REVIEW}, 9",
        (
            *named(
                "attacks/test_circuit_heights.py",
                "test_payouts_of_nothing_are_payouts",
                "test_rejected_records_have_rows",
            ),
            *named(OWN, "test_case_20_heights_follow_from_public_values"),
            *named("circuits/test_payout_circuit.py", "test_digest_follows_policy_and_heights_only", "test_heights"),
            *cheats("account_without_accepted_records"),
        ),
    ),
    Case(
        "R10",
        "a leaf beyond the last; a node hash that can be turned round; a zero for an empty leaf; trees of none and one",
        f"{REVIEW}, 10",
        (
            *named(OWN, "test_finding_10_a_leaf_beyond_the_last", "test_finding_10_roots_of_none_and_of_one"),
            *named("attacks/test_hash_inversion.py", "test_a_leaf_below_an_honest_root", "test_a_leaf_of_any_digest"),
            *named("zkpay/poseidon/test_permutation.py", "test_hashes_feed_forward"),
            *named("attacks/test_engine_trees.py", "test_the_last_leaf_twice", "test_an_index_modulo_the_size"),
            *named(
                TREE,
                "test_empty_tree_is_the_empty_leaf",
                "test_empty_subtrees_tile_exactly_the_positions_after_the_last_leaf",
                "TestRootFromPath::test_empty_position_is_no_leaf_even_with_its_true_path",
            ),
            *cheats("leaf_beyond_the_last", "payout_beyond_the_last"),
        ),
    ),
    Case(
        "R11",
        "padding that provides tuples or splits a group; flags that are forced one way only; tuples that lack a field",
        f"{REVIEW}, 11",
        (
            *played("9 padding that carries points", "finding 11: groups and their ends"),
            *named(
                OWN,
                "test_finding_11_tuples_carry_every_field",
                "test_finding_11_the_divisor_is_public_in_every_row",
            ),
            *named(
                "attacks/test_circuit_multiplicities.py",
                "test_no_side_of_a_bus_comes_to_p",
                "test_too_many_look_ups_are_refused",
            ),
            *named("attacks/test_engine_buses.py", "test_helpers_are_bound_on_the_last_row"),
            *cheats("padding_with_points", "account_in_two_groups", "two_accounts_in_one_group"),
        ),
    ),
    Case(
        "R12",
        "rows of a shorter table that meet other points than those that lie above them",
        f"{REVIEW}, 12",
        (
            *named("zkpay/verifier/test_merkle.py", "test_any_index_set_opens_its_own_rows"),
            *named("zkpay/prover/test_steps.py", "test_lifted_column_is_constant_on_fibres"),
        ),
    ),
    Case(
        "R13",
        "a last polynomial of the next power of two, where exactly K over the arities is allowed",
        f"{REVIEW}, 13",
        named(FRI, "test_the_last_polynomials_length_is_exact"),
    ),
    Case(
        "R14",
        "derived numbers, lists of totals or fixed tables that no message holds; uses of the hash that could meet",
        f"{REVIEW}, 14",
        (
            *named("attacks/test_engine_inventory.py", "test_everything_that_a_verifier_knows_is_listed"),
            *named(PARAMETERS, "test_every_number_is_bound"),
            *named(
                "zkpay/stark/test_transcript.py",
                "test_all_uses_of_the_hash_are_apart",
                "test_a_challenge_in_the_base_field_is_drawn_again",
            ),
            *named("attacks/test_engine_statement.py", "test_a_public_tuple_that_meets_its_challenge"),
        ),
    ),
    Case(
        "R15",
        "an identity over integers that holds modulo p alone",
        f"{REVIEW}, 15",
        (
            *named(OWN, "test_finding_15_every_number_of_an_identity_is_looked_up"),
            *played("finding 15: quotient, remainder and carry"),
            *named(
                "circuits/test_carry.py",
                "test_plans_stay_below_the_modulus",
                "test_products_pass_exactly_when_equal",
                "test_joined_lines_hold_exactly_when_equal",
                "test_carries_are_lowered_where_the_largest_would_wrap",
            ),
            *named("circuits/test_formula_compiler.py", "test_all_witnesses_of_small_formulas"),
        ),
    ),
)

FIRST = (
    Case(
        "C1",
        "open a packed limb with p more",
        f"{REVIEW}, C",
        (
            *named(OWN, "test_finding_2_second_openings_of_a_contributions_leaf"),
            *cheats("quantity_opened_with_p_more", "payout_opened_with_p_more"),
        ),
    ),
    Case(
        "C2",
        "call a rival's records copies, or let a copy win over its original",
        f"{REVIEW}, C",
        (*played("finding 3: a rejection without its reason"), *cheats("reject_as_duplicate", "accept_duplicate")),
    ),
    Case(
        "C3",
        "put a leaf beyond the last one into the tree of payouts",
        f"{REVIEW}, C",
        (*named(OWN, "test_finding_10_a_leaf_beyond_the_last"), *cheats("leaf_beyond_the_last")),
    ),
    Case(
        "C4",
        "let padding split an account's rows, or provide tuples of one's own making",
        f"{REVIEW}, C",
        (*played("9 padding that carries points"), *cheats("padding_with_points", "made_up_weight")),
    ),
    Case(
        "C5",
        "make the epoch so small that few bits are left",
        f"{REVIEW}, C",
        named("zkpay/stark/test_every_size.py", "test_every_size_of_every_preset_proves_100_bits"),
    ),
    Case(
        "C6",
        "use a quotient, remainder or carry whose limb is a bit too wide",
        f"{REVIEW}, C",
        (
            *played("finding 15: quotient, remainder and carry"),
            *named("circuits/test_intervals.py", "test_lines_and_limbs_stay_in_reach"),
            *cheats("score_that_wraps", "payout_that_wraps"),
        ),
    ),
)
