"""Every profile proves at least 100 bits at every size that an epoch of any preset can have.

Tables follow from the policy and the heights alone (`heights`), and those from the numbers of records and accounts: one
epoch for each combination of heights stands for all.
"""

from collections.abc import Iterator

import pytest

from tests.reference import stark_security
from zkpay.circuits import heights
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.errors import Refused
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import PRESETS, preset
from zkpay.stark.air import Circuit
from zkpay.stark.field import TWO_ADICITY
from zkpay.stark.parameters import MINIMUM_BITS, PROFILES, TALL_HEIGHT, Parameters, derive
from zkpay.stark.statement import Statement

LARGEST = (MAX_CONTRIBUTIONS.bit_length() - 1, MAX_ACCOUNTS.bit_length() - 1)


def policy_of(name: str) -> Policy:
    return parse_policy(preset(name).text.encode(), name)


def circuit_of(policy: Policy, records: int, accounts: int) -> Circuit:
    """The circuit of an epoch in which every record is accepted and nothing is paid."""
    counts = tuple((name, records if name == "accepted" else 0) for name in policy.rules.usable_reasons.values())
    roots, pool, totals = (0,) * 8, policy.pool, tuple((text, 0) for text in policy.formula.totals)
    return build_circuit(
        policy,
        Statement(
            bytes(32),
            policy.digest,
            "o",
            "e",
            bytes(32),
            roots,
            records,
            counts,
            roots,
            accounts,
            pool,
            0,
            pool,
            totals,
        ),
    )


def sizes(policy: Policy) -> Iterator[tuple[int, int]]:
    """Numbers of records and accounts, one pair for every combination of heights."""
    seen = set()
    for log_records in range(LARGEST[0] + 1):
        # 2^k leaves have 2^k - 1 nodes above them, one leaf more has more: both sides of the step.
        for records in sorted({1 << log_records, min((1 << log_records) + 1, 1 << LARGEST[0])}):
            for log_accounts in range(min(log_records, LARGEST[1]) + 1):
                for accounts in sorted({1 << log_accounts, min((1 << log_accounts) + 1, records, 1 << LARGEST[1])}):
                    found = tuple(heights.heights(policy, records, accounts).items())
                    if found not in seen:
                        seen.add(found)
                        yield records, accounts


def expected_rounds(parameters: Parameters, circuit: Circuit) -> dict[str, float]:
    """By the independent calculation, counted from the circuit."""
    tables = [item.table for item in circuit.placed]
    return stark_security.rounds(
        regime=parameters.profile.regime,
        m=parameters.security.multiplicity,
        height=parameters.height,
        dimension=parameters.dimension,
        domain=parameters.domain,
        constraints=sum(len(table.constraints) + len(table.helpers) for table in tables) + 1,
        fractions=sum(len(item.table.interactions) * item.height for item in circuit.placed)
        + len(circuit.public_terms),
        tuple_width=max(each.bus.width for table in tables for each in table.interactions) + 1,
        sums=len(circuit.sum_targets),
        arities=parameters.arities,
        queries=parameters.queries,
        grinding=parameters.grinding_bits,
    )


@pytest.mark.parametrize("name", PRESETS)
def test_every_size_of_every_preset_proves_100_bits(name: str) -> None:
    """The sum of all rounds' errors and the smallest round, by the program and by the independent calculation."""
    policy = policy_of(name)
    proved, refused = dict.fromkeys(PROFILES, 0), dict.fromkeys(PROFILES, 0)
    folded = set()
    for records, accounts in sizes(policy):
        circuit = circuit_of(policy, records, accounts)
        at = {item.table.name: item.height for item in circuit.placed}
        folded.add(heights.FOLDED_TREE in at)
        for profile in PROFILES.values():
            blowup = profile.blowup_tall if min(at.values()) >= TALL_HEIGHT else profile.blowup_short
            if blowup * max(at.values()) > 1 << TWO_ADICITY:
                with pytest.raises(Refused, match="largest domain"):
                    derive(profile, circuit)
                refused[profile.name] += 1
                continue
            parameters = derive(profile, circuit)
            rounds = expected_rounds(parameters, circuit)
            assert parameters.security.bits >= MINIMUM_BITS == 100
            assert {each.name: each.bits for each in parameters.security.rounds} == pytest.approx(rounds, abs=1e-6)
            assert stark_security.union(rounds) >= 100 - 1e-6
            assert min(rounds.values()) >= 100
            proved[profile.name] += 1
    assert folded == {False, True}
    assert min(proved.values()) >= 30
    # Only the largest epochs under the profile with the largest blowup have no room in the field.
    assert {name for name, count in refused.items() if count} <= {"compact"}
    assert refused["compact"] < proved["compact"]
