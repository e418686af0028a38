"""Attacks on Fiat-Shamir: something is chosen after the challenge that should have tested it."""

from __future__ import annotations

from tests.attacks.catalogue.case import Case, named

FROZEN = "attacks/test_engine_frozen.py"
HASHED = "zkpay/stark/test_transcript.py"
MESSAGES = "attacks/test_engine_transcript.py"
STATEMENT = "attacks/test_engine_statement.py"

CASES = (
    Case(
        "F1",
        "public values aren't absorbed: one is changed after the proof was made",
        "Trail of Bits' Frozen Heart, 2022; zk-bug-tracker 6, 11 and 12; Plonky3 PR 358; Least Authority on Plonky3, B",
        (
            *named(FROZEN, "test_another_statement", "test_chosen_after_the_whole_proof[publics]"),
            *named(STATEMENT, "test_another_statement", "test_every_public_value"),
        ),
    ),
    Case(
        "F2",
        "the circuit or its buses aren't absorbed: it is chosen to fit the challenges",
        "Zellic on SP1 Hypercube, 3.1 to 3.3; Cantina on OpenVM, 3.2.4",
        (
            *named(FROZEN, "test_chosen_after_the_whole_proof[circuit]"),
            *named(STATEMENT, "test_another_circuit"),
            *named("zkpay/stark/test_air.py", "test_digest_covers_every_part"),
        ),
    ),
    Case(
        "F3",
        "values at zeta aren't absorbed before the weights that batch them",
        "Plonky3 PR 627",
        (
            *named(FROZEN, "test_claims_after_lambda"),
            *named("attacks/test_engine_fri.py", "test_claims_chosen_after_lambda"),
        ),
    ),
    Case(
        "F4",
        "the last polynomial isn't absorbed before the queries",
        "Plonky3 PR 393; Least Authority on Plonky3, C",
        named(FROZEN, "test_the_last_polynomial_after_the_queries"),
    ),
    Case(
        "F5",
        "a bus's sum isn't absorbed before what tests it",
        "SP1 GHSA-8m24-3cfx-9fjw; rkm0959 on SP1, 5; Plonky3 PR 1385",
        named(
            FROZEN,
            "test_helpers_after_alpha",
            "test_chosen_after_the_whole_proof[sum targets]",
            "test_chosen_after_the_whole_proof[public terms]",
        ),
        "No table sends a sum of its own: one accumulator closes over all tables, and its target is the verifier's.",
    ),
    Case(
        "F6",
        "columns that feed a bus are committed to after the bus's challenges",
        "rkm0959 on SP1, 8 and 9",
        named(FROZEN, "test_multiplicities_after_the_bus_challenges"),
    ),
    Case(
        "F7",
        "a sponge that overwrites its state, or takes zeros for an end",
        "rkm0959 on SP1, 1 and 2; Plonky3 PR 1738 and 1769; Zellic on SP1 Hypercube, 3.13",
        (
            *named(HASHED, "test_messages_can_not_be_split_joined_or_relabelled", "test_a_squeeze_binds_what_follows"),
            *named(MESSAGES, "test_neighbouring_messages_can_not_be_cut_elsewhere"),
        ),
    ),
    Case(
        "F8",
        "only a part of the public values is absorbed, or more than there should be is let through",
        "Zellic on SP1 Hypercube, 3.9; zkSecurity on OpenVM 2, 08",
        (
            *named(STATEMENT, "test_another_statement"),
            *named(MESSAGES, "test_each_value_is_bound_by_its_own_item"),
            *named("attacks/test_engine_inventory.py", "test_everything_that_a_verifier_knows_is_listed"),
            *named("zkpay/stark/test_statement.py", "test_round_trip_and_every_field_counts"),
        ),
    ),
    Case(
        "F9",
        "numbers that give the shape are absorbed modulo p",
        "Zellic on SP1 Hypercube, 3.12 and 3.24",
        (
            *named("attacks/test_engine_shapes.py", "test_numbers_are_absorbed_whole"),
            *named(MESSAGES, "test_everything_known_beforehand_changes_the_first_challenge"),
        ),
    ),
    Case(
        "F10",
        "proof of work that is bound to nothing, or whose mask overflows and lets every nonce pass",
        "Plonky3 PR 1747; zkSecurity on OpenVM 2, 0c and 0d",
        (
            *named(
                "attacks/test_engine_manifest.py",
                "test_much_work_is_much_work",
                "test_a_second_nonce_at_full_strength",
            ),
            *named("attacks/test_engine_fri.py", "test_work_is_needed_and_bound"),
            *named(FROZEN, "test_another_nonce"),
            *named(HASHED, "test_proof_of_work_counts_exactly_the_bits_asked_for"),
        ),
    ),
    Case(
        "F11",
        "indices of queries that aren't uniform",
        "Plonky3 PR 1598 and 1774; zkSecurity on OpenVM 2, 0c",
        (
            *named(HASHED, "test_indices_are_uniform_and_whole", "test_elements_are_rejected_not_reduced"),
            *named("attacks/test_engine_fri.py", "test_queries_of_a_fibre_instead_of_a_point"),
        ),
    ),
    Case(
        "F12",
        "a challenge that is drawn twice and is the same",
        "plutus-halo2-verifier-gen 65; Veridise on SP1, VUL-002",
        (
            *named(HASHED, "test_consecutive_challenges_differ", "test_many_challenges_are_uniform_and_apart"),
            *named("attacks/test_engine_points.py", "test_equal_weights_let_sums_trade"),
        ),
    ),
    Case(
        "F13",
        "challenges that the proof brings along",
        "provekit 361",
        (
            *named("zkpay/stark/test_proof.py", "test_a_proof_carries_nothing_that_the_verifier_should_know_itself"),
            *named("attacks/test_engine_manifest.py", "test_a_key_more"),
        ),
    ),
    Case(
        "F14",
        "a digest of the circuit that misses a part of it",
        "SP1 V4, 8; SP1 GHSA-6248-228x-mmvh; rkm0959 on SP1, 4",
        (
            *named(
                "zkpay/stark/test_air.py", "test_digest_covers_every_part", "test_digest_covers_the_order_of_tables"
            ),
            *named("zkpay/stark/test_parameters.py", "test_every_number_is_bound"),
            *named("attacks/test_engine_inventory.py", "test_a_verifier_of_another_version_rejects"),
        ),
    ),
)
