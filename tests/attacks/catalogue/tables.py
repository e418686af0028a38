"""Attacks on tables, on the buses that join them, and on what their constraints leave free."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, cheats, named, played

AIR = "zkpay/stark/test_air.py"
BUSES = "attacks/test_engine_buses.py"
ENCODING = "zkpay/ledger/test_encoding.py"
FOLDED = "attacks/test_circuit_folded.py"
OWN = "attacks/test_security_cases.py"
STATEMENT = "attacks/test_engine_statement.py"

CASES = (
    Case(
        "A1",
        "a table that is left out, added, twice there, in another place, or has no rows",
        "SP1 GHSA-c873-wfhp-wx5m; Cantina on OpenVM, 3.1.17 and 3.2.3; Zellic on SP1 Hypercube, 3.6; Plonky3's tests",
        (
            *named(STATEMENT, "test_tables_left_out_added_or_reordered"),
            *named(
                "attacks/test_engine_shapes.py",
                "test_a_table_that_is_there_twice",
                "test_a_table_that_is_left_out",
                "test_a_height_that_is_no_power_of_two",
            ),
            *named(AIR, "test_digest_covers_the_order_of_tables"),
        ),
    ),
    Case(
        "A2",
        "a bus's sum that is missing, free or unchecked, also where a table has no look-up",
        "rkm0959 on SP1, 6 and 10; Plonky3's tests of terminals",
        named(BUSES, "test_unbalanced_buses", "test_wrong_sums", "test_wrong_public_terms"),
        "No table sends a sum of its own.",
    ),
    Case(
        "A3",
        "multiplicities that wrap modulo p",
        "Cantina on OpenVM, 3.1.1; Plonky3 PR 1748 and 1912",
        (
            *named(
                "attacks/test_circuit_multiplicities.py",
                "test_what_is_taken_p_times_is_not_taken",
                "test_no_side_of_a_bus_comes_to_p",
            ),
            *named(BUSES, "test_unbalanced_buses[negative multiplicity]"),
        ),
    ),
    Case(
        "A4",
        "buses of one number, short tuples that are long ones with zeros, numbers that overflow",
        "Cantina on OpenVM, 3.2.1; zkSecurity on OpenVM 2, 04 and 1a; Plonky3 PR 1912; SP1 V4, 7",
        (
            *named(BUSES, "test_buses_do_not_mix"),
            *named("attacks/test_engine_shapes.py", "test_bus_numbers_that_are_equal_modulo_p"),
            *named(AIR, "test_buses_that_could_be_confused", "test_buses_pad_to_one_width"),
            *named(OWN, "test_case_15_trees_and_buses_are_apart", "test_finding_11_tuples_carry_every_field"),
        ),
    ),
    Case(
        "A5",
        "padding that sends, selectors that are no bits, a multiplicity of -1",
        "SP1 V4, 4; KALOS on SP1, 2 and 7; Cantina on OpenVM, 3.1.9 and 3.1.15",
        (
            *named(OWN, "test_case_9_padding_rows_send_and_count_nothing"),
            *played("9 padding that carries points"),
            *named(BUSES, "test_unbalanced_buses[negative multiplicity]", "test_every_kind_of_constraint[not a bit]"),
            *cheats("padding_with_points"),
        ),
    ),
    Case(
        "A6",
        "flags of rounds, or a hash's state on its way over several rows, that are free",
        "KALOS on SP1, 1; Cantina on OpenVM, 3.1.10, 3.1.11 and 3.1.20",
        (
            *named(FOLDED, "test_cheat_is_found_by_one_element", "test_look_ups_hold_on_rows_of_padding_too"),
            *named("attacks/test_circuit_hash.py", "test_cheat_is_found_by_one_constraint"),
            *named("attacks/test_circuit_nodes.py", "test_cheat_is_found_by_one_element"),
        ),
        "Rounds have no flags: which round a row is of stands in fixed columns.",
    ),
    Case(
        "A7",
        "one key with two beginnings: an account in two groups, in groups that are unsorted or split",
        "KALOS on SP1, 3; Cantina on OpenVM, 3.1.6",
        (
            *played("12 an account twice, a record twice or not at all", "finding 11: groups and their ends"),
            *named("attacks/test_order_wrap.py", "test_a_fall_fails_for_every_gap"),
            *cheats("account_in_two_groups", "account_around_another", "leaves_out_of_order"),
        ),
    ),
    Case(
        "A8",
        "limbs that aren't canonical, or one whose range is too wide",
        "OpenVM GHSA-jf2r-x3j4-23m7; Cantina on OpenVM, 3.1.5 and 3.1.7; SP1 GHSA-f77q-r5qm-w4m8",
        (
            *played("3 x and x + p"),
            *named("circuits/test_gadgets.py", "test_range_table_holds_every_range_and_nothing_else"),
            *named(
                OWN,
                "test_finding_2_second_openings_of_a_payouts_leaf",
                "test_finding_2_tag_reason_and_kind_have_no_second_opening",
            ),
            *cheats("account_of_more_bits", "account_element_of_31_bits"),
        ),
    ),
    Case(
        "A9",
        "a remainder of the divisor or more, a divisor of 0, two quotients",
        "RISC Zero GHSA-f6rc-24x4-ppxp; KALOS on SP1, 8; zkSecurity on OpenVM 2, 16",
        (
            *played("5 remainder not below the divisor"),
            *named(
                "circuits/test_formula_gadgets.py",
                "test_quotients_by_constants",
                "test_quotients_by_public_numbers",
                "test_quotients_by_naturals",
                "test_roots",
            ),
            *named("zkpay/policy/language/test_lowering_refusals.py", "test_divisors_that_could_be_zero_are_refused"),
            *named(OWN, "test_case_6_a_payout_where_nobody_has_scored"),
            *cheats("remainder_not_below_the_divisor", "root_of_points_too_large"),
        ),
    ),
    Case(
        "A10",
        "one key that is read twice in a row, with two values",
        "RISC Zero GHSA-g3qg-6746-3mg9",
        (
            *named("attacks/test_circuit_uniqueness.py", "test_cheat_is_found_by_one_constraint"),
            *named("attacks/test_circuit_limits.py", "test_cheat_is_found_by_one_constraint"),
            *cheats("weight_of_another_kind", "record_counted_twice"),
        ),
        "There is no memory to read from. Equal keys stand side by side in the sorted tables alone, and are told apart"
        " by the index of their record.",
    ),
    Case(
        "A11",
        "a flag that carries on from row to row, or from part to part, and is free",
        "RISC Zero GHSA-5c79-r6x7-3jx9; SP1 GHSA-c873-wfhp-wx5m",
        (
            *played("9 padding that carries points", "finding 11: groups and their ends"),
            *named(FOLDED, "test_cheat_is_found_by_one_element"),
            *cheats("account_without_an_end", "account_overlooked"),
        ),
        "A statement has one proof, not several that continue one another.",
    ),
    Case(
        "A12",
        "first and last rows exchanged; a constraint that goes round the end, or stops before it",
        "rkm0959 on SP1, 11; Miden on constraints that can be lifted",
        (
            *named(
                BUSES,
                "test_every_kind_of_constraint",
                "test_each_cheat_passes_without_its_constraints",
                "test_helpers_are_bound_on_the_last_row",
            ),
            *named("attacks/test_engine_shapes.py", "test_rows_that_a_constraint_holds_on"),
            *named("circuits/test_checker.py", "test_constraints_hold_where_they_apply"),
        ),
    ),
    Case(
        "A13",
        "a leaf of k elements that is one of k + 1, the last of which is 0; leaves that are nodes",
        "soroban-poseidon's advisory; plonky2 PR 709",
        (
            *named(
                ENCODING,
                "test_leaf_kinds_do_not_pass_for_one_another",
                "TestContributionLeaf::test_what_no_field_has_must_be_zero",
                "TestContributionLeaf::test_tag_and_length",
                "TestPayoutLeaf::test_unused_element_that_is_not_zero",
            ),
            *named(OWN, "test_case_22_a_node_is_no_leaf_and_a_leaf_no_node"),
            *cheats("contribution_tagged_as_payout", "payout_tagged_as_contribution"),
        ),
    ),
    Case(
        "A14",
        "a fixed table with another entry or of another height",
        "Plonky3's tests of preprocessed columns",
        (
            *named(
                "attacks/test_engine_shapes.py",
                "test_a_fixed_column_of_the_provers_own",
                "test_a_fixed_column_of_another_height",
            ),
            *named(STATEMENT, "test_another_circuit"),
            *named(OWN, "test_case_11_constants_are_the_policys"),
            *cheats("made_up_weight", "another_formula"),
        ),
    ),
    Case(
        "A15",
        "a hash with other constants, rounds or another matrix",
        "Ziren PR 524",
        (
            *named("attacks/test_circuit_constants.py", "test_a_hash_that_is_not_the_published_one"),
            *named("zkpay/poseidon/test_permutation.py", "test_constants_equal_the_published_ones", "test_identifier"),
        ),
    ),
    Case(
        "A16",
        "counts and sums that wrap modulo p",
        "zkSecurity on OpenVM 2, 03",
        (
            *played("4 carries that wrap", "7 sums modulo p"),
            *named("circuits/test_payout_circuit.py", "test_the_largest_epoch_adds_up_below_p"),
            *named("attacks/test_circuit_folded_totals.py", "test_folded_totals_hold_the_largest_sums"),
            *cheats("total_with_p_more", "paid_and_dust"),
        ),
    ),
    Case(
        "A17",
        "a proof that is shown again for another statement",
        "Veridise on Arianee, 001; zk-bug-tracker",
        (
            *named("zkpay/epoch/test_verify.py", "test_a_proof_of_another_epoch_fails", "test_expectations"),
            *cheats("proof_of_another_epoch", "another_epochs_label", "another_origin", "another_token"),
        ),
    ),
)
