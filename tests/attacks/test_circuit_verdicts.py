"""Every assignment of reasons to a few records: a witness exists exactly where all verdicts are lawful.

The lawful verdicts are worked out here from the rules alone, so that neither more nor less passes than they say.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.circuits.scenarios import POLICY, SPAM, Record, maximum_of, scenario
from zkpay.circuits.checker import violations
from zkpay.ledger.rules import ACCEPTED, DUPLICATE, OUT_OF_RANGE, UNDECLARED_VALUE

REASONS = (ACCEPTED, DUPLICATE, OUT_OF_RANGE, UNDECLARED_VALUE, SPAM)
GOOD = Record(account=1, quantity=10, fingerprint=4)
COPY = Record(account=2, quantity=20, fingerprint=4)
OTHER = Record(account=2, quantity=30, fingerprint=5)
LARGE = Record(account=3, quantity=maximum_of(POLICY, "quantity") + 1, fingerprint=4)
# Of a kind that the policy does not declare.
STRANGE = Record(account=3, quantity=10, kind=63, fingerprint=4)


def lawful(records: Sequence[Record]) -> bool:
    """Whether every record has a reason that the rules allow, and the one that they force."""
    seen = set()
    for record in records:
        within = record.quantity <= maximum_of(POLICY, "quantity") and record.quality <= maximum_of(POLICY, "quality")
        known = record.kind < len(POLICY.rules.symbols[0].values)
        if record.reason in (ACCEPTED, DUPLICATE):
            if not (within and known) or (record.fingerprint in seen) != (record.reason == DUPLICATE):
                return False
            seen.add(record.fingerprint)
        elif (record.reason == OUT_OF_RANGE and within) or (record.reason == UNDECLARED_VALUE and known):
            return False
    return True


def assignments() -> list[tuple[Record, ...]]:
    """All verdicts on an original and its copy; some on four records of every sort."""
    chosen = [*itertools.repeat((GOOD, LARGE, COPY, OTHER), 12), *itertools.repeat((STRANGE, COPY), 8)]
    dice = random.Random(20)
    found: list[tuple[Record, ...]] = [
        (replace(GOOD, reason=a), replace(COPY, reason=b)) for a, b in itertools.product(REASONS, repeat=2)
    ]
    # An accepted record of an unknown kind has no weight, so there is no epoch to build of it.
    for records in chosen:
        reasons = [dice.choice(REASONS[record.kind == 63 :]) for record in records]
        found.append(tuple(replace(record, reason=r) for record, r in zip(records, reasons, strict=True)))
    found += [
        (GOOD, replace(LARGE, reason=OUT_OF_RANGE), replace(COPY, reason=DUPLICATE), OTHER),
        (replace(LARGE, reason=SPAM), GOOD, replace(COPY, reason=SPAM), replace(COPY, reason=DUPLICATE)),
        (replace(STRANGE, reason=UNDECLARED_VALUE), COPY, replace(GOOD, reason=DUPLICATE)),
    ]
    return found


def test_both_sorts_are_among_them() -> None:
    verdicts = [lawful(records) for records in assignments()]
    assert min(verdicts.count(True), verdicts.count(False)) >= 5


@pytest.mark.parametrize("records", assignments(), ids=lambda records: "-".join(str(r.reason) for r in records))
def test_a_witness_exists_exactly_where_verdicts_are_lawful(records: tuple[Record, ...]) -> None:
    epoch = scenario(records)
    assert (violations(epoch.circuit, epoch.witness()) == []) == lawful(records)
