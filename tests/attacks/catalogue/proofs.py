"""Attacks on the low-degree test, the trees below it, and the bytes of a proof."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, named, on_a_proof

FRI = "attacks/test_engine_fri.py"
LIFTING = "attacks/test_engine_lifting.py"
MANIFEST = "attacks/test_engine_manifest.py"
MERKLE = "zkpay/verifier/test_merkle.py"
MUTATION = "attacks/test_engine_mutation.py"
PARAMETERS = "zkpay/stark/test_parameters.py"
PROOF = "zkpay/stark/test_proof.py"
STATEMENT = "attacks/test_engine_statement.py"

CASES = (
    Case(
        "P1",
        "a last polynomial that is longer than allowed: every word is of low degree",
        "Plonky3 commit e784f449 and GHSA-f69f-5fx9-w9r9; OpenVM GHSA-4w7p-8f9q-f4g2; icicle 928; lambda_vm PR 363",
        named(FRI, "test_a_last_polynomial_longer_than_allowed", "test_the_last_polynomials_length_is_exact"),
    ),
    Case(
        "P2",
        "a second height that is added to a fold without randomness of its own",
        "Plonky3 GHSA-f69f-5fx9-w9r9",
        named(
            LIFTING,
            "test_two_copies_pass_a_verifier_without_the_lifting_check",
            "test_the_real_verifier_rejects_two_copies_for_every_seed",
        ),
        "Nothing joins FRI below its first layer: shorter tables are lifted to the tallest one's domain, each opening"
        " with a weight of its own. What could be smuggled in there is copies of a short table.",
    ),
    Case(
        "P3",
        "no queries, fewer than there should be, or one many times",
        "Plonky3 PR 1735 and 1772",
        (
            *on_a_proof("openings of fewer or more positions: Plonky3 #1735, #1772"),
            *named(
                "attacks/test_engine_queries.py",
                "test_few_queries_are_ground_for",
                "test_a_verifier_with_another_number_of_queries",
                "test_a_verifier_at_full_strength",
            ),
            *named(FRI, "test_repeated_queries_are_opened_once"),
            *named(PARAMETERS, "test_every_height_proves_100_bits"),
        ),
    ),
    Case(
        "P4",
        "layers, arities and siblings as many as the prover likes",
        "Plonky3 PR 1676 and 1698; Least Authority on Plonky3, A and E",
        (
            *on_a_proof(
                "layers, arities and siblings that the prover chooses: Plonky3 #1676, #1698; Least Authority A and E"
            ),
            *named(FRI, "test_the_number_of_layers_is_fixed"),
            *named(MUTATION, "test_well_formed_proofs_of_other_shapes"),
        ),
    ),
    Case(
        "P5",
        "queries, blowup, work or field as the prover likes",
        "winterfell 160 and GHSA-8fhq-pf83-pv93; lambdaworks 110",
        (
            *on_a_proof(
                "parameters, shapes and keys in the proof: winterfell #160, GHSA-8fhq-pf83-pv93",
                "another profile: winterfell #160",
            ),
            *named("attacks/test_engine_queries.py", "test_a_verifier_with_another_number_of_queries"),
            *named(MANIFEST, "test_a_key_more"),
            *named(STATEMENT, "test_the_profile_is_bound", "test_the_verifier_returns_its_own_parameters"),
        ),
    ),
    Case(
        "P6",
        "heights of 0, of more than the field has, or whose logarithm overflows",
        "Plonky3 PR 1535; qp-plonky2, V12",
        (
            *named(
                "attacks/test_engine_shapes.py",
                "test_a_height_that_is_no_power_of_two",
                "test_a_height_that_the_field_has_no_domain_for",
                "test_a_height_without_room_for_masks",
            ),
            *named(PARAMETERS, "test_domains_beyond_the_field_are_refused"),
            *named(STATEMENT, "test_other_heights"),
            *named("zkpay/stark/test_statement.py", "test_values_out_of_form"),
        ),
    ),
    Case(
        "P7",
        "a point out of the domain that lies in it",
        "Plonky3 PR 1760, 1762 and 1791; Miden's security notes",
        (
            *named("attacks/test_engine_points.py", "test_a_point_out_of_the_domain_that_is_a_row"),
            *named(
                "zkpay/stark/test_transcript.py",
                "test_challenges_leave_the_base_field",
                "test_a_challenge_in_the_base_field_is_drawn_again",
            ),
        ),
    ),
    Case(
        "P8",
        "the border between two tables in one leaf is moved; a row that is too long is hidden by a salt that is short",
        "Plonky3 PR 1757 and 1793",
        (
            *on_a_proof("borders between salt, row and neighbour: Plonky3 #1757, #1793"),
            *named(
                "attacks/test_engine_trees.py",
                "test_nothing_but_lengths_tells_a_salt_from_a_row",
                "test_the_border_between_two_tables_of_a_row",
            ),
            *named(MERKLE, "test_boundaries_between_groups_can_not_move"),
            *named(MUTATION, "test_openings_of_other_lengths"),
        ),
    ),
    Case(
        "P9",
        "paths of a wrong length, nodes for leaves, indices out of range",
        "plonky2 PR 709 and 723; Plonky3 PR 1768 and 1921; zkSecurity on OpenVM 2, 09",
        (
            *on_a_proof(
                "paths of another length: plonky2 #709, #723; Plonky3 #1768, #1921",
                "digests for rows and rows for digests: OpenZeppelin #3091, plonky2 #709",
            ),
            *named("attacks/test_engine_trees.py", "test_the_children_of_a_node_as_a_row"),
            *named(MERKLE, "test_opening_for_other_indices"),
        ),
        "Trees have no caps, and all groups of rows have heights that the tree has.",
    ),
    Case(
        "P10",
        "siblings in a multi-opening that are changed, shared wrongly, reordered or too many",
        "Plonky3 PR 1794; Miden's security notes",
        (
            *on_a_proof("siblings surplus, reordered or changed: Plonky3 #1794"),
            *named(
                MERKLE,
                "test_no_digest_can_be_added_left_out_swapped_or_changed",
                "test_any_index_set_opens_its_own_rows",
                "test_layers",
            ),
        ),
    ),
    Case(
        "P11",
        "quotient chunks of another number or width, a quotient for another alpha, an identity that nobody checks",
        "Plonky3's error cases; SP1 GHSA-63x8-x938-vx33",
        (
            *on_a_proof("a quotient that was committed to for another alpha: SP1 GHSA-63x8-x938-vx33"),
            *named(FRI, "test_a_false_statement_shows_at_zeta", "test_a_lie_at_zeta_shows_in_the_folds"),
            *named("attacks/test_engine_frozen.py", "test_the_quotient_after_zeta"),
            *named(STATEMENT, "test_every_claim_counts"),
        ),
    ),
    Case(
        "P12",
        "columns that are moved from one commitment to another, so that they are chosen later",
        "Zellic on SP1 Hypercube, 3.4; lambda_vm PR 909",
        (
            *on_a_proof("columns and openings in another round's tree: Zellic on SP1 Hypercube 3.4; lambda_vm #909"),
            *named("attacks/test_engine_frozen.py", "test_multiplicities_after_the_bus_challenges"),
            *named(MERKLE, "test_trees_are_told_apart"),
        ),
    ),
    Case(
        "P13",
        "the mask of FRI cancels a false claim that it shares a weight with",
        "found in the design of this proof system",
        named(FRI, "test_a_mask_that_shares_its_weight_with_a_claim"),
    ),
    Case(
        "P14",
        "words of high degree with true openings, of low degree on a part of the domain, or with one leaf wrong",
        "Ben-Sasson and others on FRI, ICALP 2018; review of this design, 5",
        (
            *on_a_proof("a lie at zeta and one wrong leaf"),
            *named(
                FRI,
                "test_a_low_degree_word_in_the_place_of_the_true_one",
                "test_a_word_of_low_degree_on_a_quarter_of_the_domain_only",
                "test_queries_of_a_fibre_instead_of_a_point",
                "test_one_wrong_leaf",
            ),
        ),
    ),
    Case(
        "P15",
        "elements of p or more, other encodings, bytes that nobody reads",
        "zkSecurity on OpenVM 2, 05, 06 and 0a; Plonky3 PR 1765 and 1773; rkm0959 on SP1, 3-2",
        (
            *on_a_proof(
                "x and x + P: Plonky3 #1765, #1773; rkm0959 on SP1, 3-2",
                "other encodings, trailing data: zkSecurity on OpenVM 2, 05, 06 and 0a",
            ),
            *named(PROOF, "test_only_one_encoding_is_a_proof", "test_elements_of_the_modulus_or_more"),
            *named(MUTATION, "test_one_changed_byte"),
            *named(MERKLE, "test_elements_have_one_encoding"),
        ),
    ),
    Case(
        "P16",
        "a malformed proof that fills memory or ends in a crash",
        "zkSecurity on OpenVM 2, 0f; Zellic on SP1 Hypercube, 3.6, 3.7, 3.17 and 3.18; Least Authority on Plonky3, F",
        (
            *on_a_proof("cut files: zkSecurity on OpenVM 2, 0f; Zellic 3.6, 3.7"),
            *named("attacks/test_bombs.py", "test_no_bomb_goes_off"),
            *named(PROOF, "test_announced_lengths_are_not_believed", "test_big_numbers_are_refused"),
            *named(MUTATION, "test_random_bytes", "test_well_formed_data_of_a_wrong_kind"),
        ),
    ),
)
