"""The 25 known attacks on systems like this one: where each was seen, and which tests play it here.

A test is a function `file::name` of tests/, a cheat `cheats/NAME` of the campaign of that name, which is played end to
end. An attack on something that isn't there yet says so in `not_yet`.
"""

from __future__ import annotations

from dataclasses import dataclass

CASES_FILE = "attacks/test_security_cases.py"
PLAYED = f"{CASES_FILE}::test_attack_is_played_by_a_cheat"


@dataclass(frozen=True)
class Case:
    """sources: where the attack was found or described. not_yet: what of it can't apply, and why."""

    number: int
    attack: str
    sources: str
    tests: tuple[str, ...]
    not_yet: str = ""


def own(name: str) -> str:
    """A test of the file of cases."""
    return f"{CASES_FILE}::{name}"


CASES = (
    Case(
        1,
        "limbs that are in range and tied to nothing",
        "Code4rena on SP1, H-01; Ceno PR 1345; Pico PR 101",
        (PLAYED, "cheats/score_too_high", "cheats/points_in_the_tally"),
    ),
    Case(
        2,
        "a factor without a range lets packed values overlap",
        "Binance proof of reserves, commit f71f1e1",
        (PLAYED, "cheats/made_up_weight", "cheats/weight_of_another_kind", "cheats/price_of_another_kind"),
    ),
    Case(
        3,
        "x and x + p, or -1 as a large number",
        "SP1 V3 audit, 3-2; Plonky3 PR 1765 and 1773; Semaphore; zk-kit",
        (
            own("test_finding_2_second_openings_of_a_payouts_leaf"),
            own("test_finding_2_second_openings_of_a_contributions_leaf"),
            "attacks/test_engine_statement.py::test_elements_out_of_range_in_claims_and_last_polynomial",
            "zkpay/stark/test_proof.py::test_elements_of_the_modulus_or_more",
            "cheats/payout_opened_with_p_more",
            "cheats/quantity_opened_with_two_p_more",
            "cheats/element_with_p_more",
        ),
    ),
    Case(
        4,
        "a carry that takes a wrap of the modulus",
        "Ceno PR 1345",
        (PLAYED, "cheats/score_that_wraps", "cheats/payout_that_wraps", "cheats/total_with_p_more"),
    ),
    Case(
        5,
        "a remainder that is negative or not below its divisor",
        "Polygon zkEVM, zk-bug-tracker 20; Pico DIVREM",
        (PLAYED, "cheats/remainder_not_below_the_divisor", "cheats/points_rounded_up", "cheats/points_rounded_down"),
    ),
    Case(
        6,
        "nothing divided by nothing: no score, no record, no pool",
        "KALOS, 8; zero divisors in OpenVM's tests",
        (
            own("test_case_6_a_payout_where_nobody_has_scored"),
            own("test_case_6_nothing_at_all"),
            "zkpay/epoch/test_prove.py::test_edge_cases_are_proved_and_verified",
        ),
    ),
    Case(
        7,
        "payouts that are the pool modulo p, or more than it",
        "Summa PR 289",
        (
            own("test_case_7_more_than_the_pool"),
            PLAYED,
            "cheats/more_than_the_pool",
            "cheats/paid_less_than_the_payouts",
        ),
    ),
    Case(
        8,
        "a comparison that binds nothing",
        "Summa, zk-bug-tracker 19; Pico DIVREM",
        (PLAYED, "cheats/bonus_without_the_level", "cheats/payout_cap_exceeded", "cheats/tier_boundary_shifted"),
    ),
    Case(
        9,
        "padding that carries points or look-ups",
        "SP1 V4, 4; KALOS, 7",
        (own("test_case_9_padding_rows_send_and_count_nothing"), PLAYED, "cheats/padding_with_points"),
    ),
    Case(
        10,
        "first and last rows without constraints; a payout to padding",
        "KALOS, 10 and 11; SP1 V3, 11",
        (
            PLAYED,
            own("test_finding_10_a_leaf_beyond_the_last"),
            "cheats/leaf_beyond_the_last",
            "cheats/sum_starts_above_nothing",
        ),
    ),
    Case(
        11,
        "a constant that is the same on every row, and not the published one",
        "Zcash Orchard, 2026",
        (own("test_case_11_constants_are_the_policys"), "cheats/another_pool", "cheats/another_formula"),
    ),
    Case(
        12,
        "an account twice; a record twice, or not at all",
        "KALOS, 3; StealthDrop",
        (
            PLAYED,
            "cheats/account_in_two_groups",
            "cheats/account_around_another",
            "cheats/record_counted_twice",
            "cheats/record_left_out",
            "cheats/record_dropped",
        ),
    ),
    Case(
        13,
        "a multiplicity of p",
        "Plonky3 PR 1748; stark-backend, linear constraints on multiplicities",
        (own("test_case_13_no_tuple_can_be_taken_p_times"),),
    ),
    Case(
        14,
        "an entry of a table that is always true; a denominator of 0",
        "Plonky2 lookup advisory; p3-security",
        (
            own("test_case_14_no_row_of_a_fixed_table_is_always_true"),
            "attacks/test_engine_statement.py::test_a_public_tuple_that_meets_its_challenge",
        ),
    ),
    Case(
        15,
        "a tuple of one bus taken on another",
        "SP1 V4, 7; stark-backend 312",
        (
            own("test_case_15_trees_and_buses_are_apart"),
            "attacks/test_engine_buses.py::test_buses_do_not_mix",
            "zkpay/stark/test_air.py::test_buses_that_could_be_confused",
        ),
    ),
    Case(
        16,
        "a look-up sum that nobody checks",
        "SP1 V3, 5, 6 and 10",
        (
            "attacks/test_engine_buses.py::test_unbalanced_buses",
            "attacks/test_engine_buses.py::test_wrong_public_terms",
            "attacks/test_engine_buses.py::test_helpers_are_bound_on_the_last_row",
        ),
    ),
    Case(
        17,
        "a challenge that is drawn before what it tests is committed",
        "lambda_vm PR 906 and 909",
        (
            "attacks/test_engine_frozen.py::test_multiplicities_after_the_bus_challenges",
            "attacks/test_engine_frozen.py::test_helpers_after_alpha",
            "attacks/test_engine_frozen.py::test_the_quotient_after_zeta",
            "attacks/test_engine_transcript.py::test_inventory_of_messages_and_challenges",
        ),
    ),
    Case(
        18,
        "a proof of another epoch, policy, ledger or pool; a statement that isn't absorbed",
        "Frozen Heart; Plonky3 audit, B; Zellic on SP1 Hypercube, 3.1 to 3.3 and 3.9",
        (
            own("test_case_18_a_witness_of_another_statement"),
            "attacks/test_engine_frozen.py::test_another_statement",
            "cheats/another_epochs_label",
            "cheats/another_origin",
            "cheats/another_token",
            "cheats/another_pool",
            "cheats/proof_of_another_epoch",
            "cheats/another_contribution_root",
            "cheats/another_payout_root",
        ),
    ),
    Case(
        19,
        "values that are opened and not absorbed; a sponge with collisions",
        "Plonky3 PR 627 and 1769, audit, C; SP1 V3, 1-2; halo2 query collision",
        (
            "attacks/test_engine_transcript.py::test_every_message_counts_alone",
            "attacks/test_engine_frozen.py::test_claims_after_lambda",
            "attacks/test_engine_frozen.py::test_the_last_polynomial_after_the_queries",
            "zkpay/stark/test_transcript.py::test_messages_can_not_be_split_joined_or_relabelled",
        ),
    ),
    Case(
        20,
        "heights that the proof chooses",
        "CVE-2026-40323; Zellic on SP1 Hypercube, 3.12 and 4.2; stark-backend 313",
        (
            own("test_case_20_heights_follow_from_public_values"),
            "attacks/test_engine_statement.py::test_other_heights",
            "zkpay/stark/test_proof.py::test_a_proof_carries_nothing_that_the_verifier_should_know_itself",
        ),
    ),
    Case(
        21,
        "parameters that the proof chooses",
        "Plonky3 PR 1747; winterfell's AcceptableOptions; SP1 V3, 4; Code4rena on SP1, M-01",
        (
            "attacks/test_engine_statement.py::test_the_verifier_returns_its_own_parameters",
            "attacks/test_engine_statement.py::test_the_profile_is_bound",
            "attacks/test_engine_fri.py::test_work_is_needed_and_bound",
            "zkpay/epoch/test_verify.py::test_a_profile_of_the_provers_own_choice_fails",
        ),
    ),
    Case(
        22,
        "a node that passes for a leaf; an index modulo the size; a path of another length",
        "OpenZeppelin 3091; RFC 6962; Zellic on SP1 Hypercube, 4.4, 4.5 and 4.8; winterfell 200",
        (
            own("test_case_22_a_node_is_no_leaf_and_a_leaf_no_node"),
            "zkpay/verifier/test_merkle.py::test_a_node_is_not_a_leaf",
            "zkpay/ledger/test_tree.py::test_leaf_past_the_last_has_no_path",
            "cheats/path_too_long",
            "cheats/path_too_short",
            "cheats/payout_beyond_the_last",
            "cheats/contribution_tagged_as_payout",
        ),
    ),
    Case(
        23,
        "two views of one log; a receipt of somebody else or of another log",
        "C2SP tlog-witness; Sunlight's lock; the Yeti log's incident of 2022",
        (
            "zkpay/epoch/test_receipts.py::test_a_receipt_of_another_epoch_fails",
            "cheats/receipt_of_another_epoch",
            "cheats/relabelled_receipt",
            "cheats/somebody_elses_payout",
            "cheats/second_list_for_one_root",
        ),
        "an epoch's root is given by who verifies (`--expect-root`): signed checkpoints, and with them rollback and"
        " concurrent signers, are not part of this version",
    ),
    Case(
        24,
        "rounding and dust to one's own good; gains by splitting up",
        "CodeHawks on stake.link, 153 and 695; Secureum on Unipool; Binance's dummy users",
        (
            own("test_case_24_dust_is_less_than_a_unit_for_each_account"),
            PLAYED,
            "cheats/dust_into_own_account",
            "cheats/rounded_up",
            "cheats/account_without_records",
        ),
        "whether a formula rewards splitting is the policy's affair: `zkpay policy stress` shows it before an epoch",
    ),
    Case(
        25,
        "hostile sizes and values that crash or stall; blinding that is missing or used twice",
        "Code4rena on SP1, M-02, M-03, M-04 and M-07; Jolt PR 1609; Plonky3 PR 1762 and 1962; zisk 942; Dusk",
        (
            own("test_case_25_hostile_statements_are_rejected_not_crashed_on"),
            "attacks/test_bombs.py::test_no_bomb_goes_off",
            "zkpay/stark/test_proof.py::test_announced_lengths_are_not_believed",
            "attacks/test_engine_mutation.py::test_truncated_extended_and_spliced",
            "attacks/test_engine_zero_knowledge.py::test_the_test_sees_a_missing_mask",
            "attacks/test_engine_zero_knowledge.py::test_two_proofs_of_one_witness_share_nothing",
        ),
    ),
)
