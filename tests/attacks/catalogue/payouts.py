"""Attacks on numbers, rows and accounts of a payout: what was found in the nearest products, and by their auditors."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, cheats, named, played

OWN = "attacks/test_security_cases.py"

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
            *named("attacks/test_engine_statement.py", "test_elements_out_of_range_in_claims_and_last_polynomial"),
            *named("zkpay/stark/test_proof.py", "test_elements_of_the_modulus_or_more"),
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
)
