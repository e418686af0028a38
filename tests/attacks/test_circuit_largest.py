"""Claims about largest values of several limbs: only the largest value of each account passes.

Claims mix limbs of different records, carry over what another account attained, shift from limb to limb, go round
the field, and weigh rows so that the weights add up to one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.attacks.forgery import Draft
from tests.circuits.scenarios import Record, policy_of
from zkpay.circuits.checker import violations
from zkpay.circuits.gadgets.compare import Comparison
from zkpay.circuits.gadgets.witness import fill_gadget
from zkpay.ledger.fields import SLOT_BITS
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

BEST = "max(quantity)"
LIMB = 1 << SLOT_BITS
POLICY: Policy = policy_of({"payout": BEST}, rules=('reasons = ["spam"]',))
SPAM = 8
RECORDS = (
    Record(account=1, quantity=3 * LIMB + 5),
    Record(account=1, quantity=9),
    Record(account=1, quantity=50 * LIMB, reason=SPAM),
    Record(account=2, quantity=LIMB + 7),
    Record(account=2, quantity=LIMB + 6),
)
TRUTH = (3 * LIMB + 5, LIMB + 7)
GROUPS = (0, 0, 0, 1, 1)
WEIGHTS = (0, 1, 2, P - 1)


def passes(draft: Draft, claims: Sequence[tuple[int, int]], attained: Sequence[int]) -> bool:
    """Whether the tally holds with these limbs for the two accounts, and these numbers of rows that attain them."""
    tally = draft["tally"]
    for row, (group, weight) in enumerate(zip(GROUPS, attained, strict=True)):
        tally[f"{BEST} attained"][row] = weight
        for k, limb in enumerate(claims[group]):
            tally[f"{BEST}[{k}]"][row] = limb
    (gadget,) = (found for found in tally.table.gadgets if isinstance(found, Comparison))
    fill_gadget(tally, gadget)
    if tally[gadget.difference.name].max() >= LIMB:
        return False
    (placed,) = (item for item in draft.circuit.placed if item.table.name == "tally")
    alone = replace(draft.circuit, placed=(placed,))
    return not any(violation.table for violation in violations(alone, {"tally": tally.values}))


def limbs(value: int) -> tuple[int, int]:
    return value % LIMB, value // LIMB


def sums(values: Sequence[int]) -> Sequence[int]:
    """Running sums of three rows and of two, in the field."""
    return [*(sum(values[: k + 1]) % P for k in range(3)), *(sum(values[3 : k + 1]) % P for k in range(3, 5))]


def test_true_claims_pass_with_any_weights_that_add_up() -> None:
    draft = Draft(RECORDS, POLICY)
    claims = [limbs(value) for value in TRUTH]
    for attained, expected in (
        ((1, 1, 1, 1, 1), True),
        # The weights of the rows that have it add up to 1 in the end, whatever order they come in.
        ((0, 0, 0, 1, 1), False),
        ((1, 1, 0, 1, 1), False),
        ((1, 1, 1, 0, 1), False),
        ((1, 1, 1, 1, 0), False),
    ):
        assert passes(draft, claims, attained) is expected, attained


@pytest.mark.parametrize(
    "claim",
    [
        # Limbs of two records; of the rejected one; of the other account; lower, higher; limb by limb out of range.
        (9, 3),
        (5, 4),
        (0, 50),
        (7, 1),
        (9, 0),
        (6, 3),
        (5 + LIMB, 2),
        ((5 - LIMB) % P, 4),
        (5, P - 1),
        (P - 1, 3),
        (5 + 3 * LIMB, 0),
    ],
)
def test_no_weights_make_another_number_the_largest(claim: tuple[int, int]) -> None:
    draft = Draft(RECORDS, POLICY)
    for weights in itertools.product(WEIGHTS, repeat=3):
        attained = sums([*weights, 1, 0])
        assert not passes(draft, [claim, limbs(TRUTH[1])], attained), weights


def test_nothing_is_attained_across_accounts() -> None:
    draft = Draft(RECORDS, POLICY)
    first = limbs(TRUTH[0])
    # The second account claims what the first one has, or what none has, with all that was attained so far.
    for claim in (first, (8, 1), (6, 1), (7, 2)):
        for weights in itertools.product((0, 1, P - 1), repeat=2):
            for carried in (0, 1):
                own = [(carried + weights[0]) % P, (carried + sum(weights)) % P]
                assert not passes(draft, [first, claim], [1, 1, 1, *own]), (claim, weights, carried)
    assert passes(draft, [first, limbs(TRUTH[1])], [1, 1, 1, 1, 1])
