"""What an account's leaves mean under a policy, for those who issue receipts and those who check (SPEC §8.6).

Fields are read out of the leaves; what the formula makes of them is computed by its definition, one account at a time,
with the totals that the statement gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zkpay.epoch.receipt import LineValue, Opening, ReceiptContribution
from zkpay.errors import Rejected
from zkpay.ledger.encoding import ContributionLeaf, decode_contribution_leaf
from zkpay.ledger.fields import UNDECLARED, Field, NumberField
from zkpay.ledger.rules import ACCEPTED
from zkpay.policy.language.definition import Outcome, Record, evaluate
from zkpay.policy.language.tree import Formula, Level, Type
from zkpay.policy.policy import Policy


@dataclass(frozen=True)
class AccountReading:
    """All records of one account as their leaves tell them, and what the formula pays for them.

    lines: what each line that is about one account came to, `payout` left out; amount: the payout in base units. None
    both of them if no record was accepted.
    """

    contributions: tuple[ReceiptContribution, ...]
    lines: dict[str, LineValue] | None
    amount: int | None


def read_account(
    policy: Policy, totals: Mapping[str, int], account: bytes, openings: Sequence[Opening]
) -> AccountReading:
    """Read all leaves of an account; `totals` by text.

    Rejected `wrong-account` for somebody else's leaf, `records-incomplete` where the formula has no value for these
    records, otherwise by what is wrong with a leaf that no record has.
    """
    leaves = [_checked_leaf(policy, account, opening) for opening in openings]
    told = [_told(policy, opening, leaf) for opening, leaf in zip(openings, leaves, strict=True)]
    accepted = [index for index, leaf in enumerate(leaves) if leaf.reason == ACCEPTED]
    if not accepted:
        return AccountReading(tuple(told), None, None)
    try:
        found = evaluate(policy.formula, [Record(account, leaves[index].values) for index in accepted], totals)
    except ArithmeticError as error:
        # What is safe for all records of the epoch needn't be for some: total(min(x)) - min(x) without the smallest x.
        raise Rejected("records-incomplete", f"these can't be all accepted records: {error}") from None
    for place, index in enumerate(accepted):
        told[index] = replace(told[index], lines=_lines(policy.formula, found, Level.CONTRIBUTION, place))
    lines = _lines(policy.formula, found, Level.ACCOUNT, 0)
    lines.pop(policy.formula.payout.name, None)
    return AccountReading(tuple(told), lines, found.payouts[0])


def _lines(formula: Formula, found: Outcome, level: Level, place: int) -> dict[str, LineValue]:
    """The lines of one level for one record or account."""
    lines: dict[str, LineValue] = {}
    for name, values in found.lines.items():
        expression = formula.lines[name].expression
        if expression.level is level and isinstance(values, list):
            value = values[place]
            lines[name] = bool(value) if expression.type is Type.CONDITION else str(value)
    return lines


def _checked_leaf(policy: Policy, account: bytes, opening: Opening) -> ContributionLeaf:
    """The leaf's content; an accepted one is in all bounds of the policy, on which the formula relies."""
    leaf = decode_contribution_leaf(opening.leaf, policy.layout)
    if leaf.account != account:
        raise Rejected("wrong-account", f"record {opening.index} is not this account's")
    for field in policy.rules.fields if leaf.reason == ACCEPTED else ():
        if not _fits(field, leaf.values[field.name]):
            raise Rejected("out-of-bounds", f"record {opening.index} was accepted with a {field.name} out of bounds")
    return leaf


def _fits(field: Field, value: int) -> bool:
    if isinstance(field, NumberField):
        return field.minimum <= value <= field.maximum
    return value != UNDECLARED


def _told(policy: Policy, opening: Opening, leaf: ContributionLeaf) -> ReceiptContribution:
    fields: dict[str, str | None] = {}
    for field in policy.rules.fields:
        value = leaf.values[field.name]
        if isinstance(field, NumberField):
            fields[field.name] = str(value)
        else:
            fields[field.name] = None if value == UNDECLARED else field.values[value]
    return ReceiptContribution(
        opening=opening,
        fields=fields,
        fingerprint_key="".join(f"{element:08x}" for element in leaf.fingerprint_key),
        reason=policy.rules.reason_names[leaf.reason],
        replaces=leaf.replaces,
        lines={},
    )
