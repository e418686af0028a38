"""A policy's rules in words, and what policy and rules leave open (SPEC §3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from zkpay.ledger.fields import NumberField
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, Rules, WindowLimit
from zkpay.policy.language.tree import Form, Formula, Level
from zkpay.policy.tools.caps import caps, every_expression


def rules_in_words(rules: Rules) -> list[str]:
    """One sentence for each thing that keeps a record from being accepted, in the order of the rules."""
    sentences = []
    if rules.corrections:
        sentences.append(
            "A record may name an earlier one of the same account that it replaces; that one is rejected as"
            " superseded, whatever becomes of the new one."
        )
    sentences += [_field_in_words(field) for field in rules.numbers]
    sentences += [
        f"{field.name} is one of {', '.join(field.values)}; a record with another value is rejected as undeclared."
        for field in rules.symbols
    ]
    if rules.reasons:
        sentences.append(
            f"The operator may reject a record as {_either(rules.reasons)}, at discretion; how many were is public."
        )
    sentences += [
        f"Of records with the same {' and '.join(combination)} the first in intake order counts; later ones are"
        " rejected as duplicate."
        for combination in rules.unique
    ]
    if rules.window_limit is not None:
        sentences.append(_window_in_words(rules.window_limit))
    if rules.account_limit is not None:
        sentences.append(
            f"The first {rules.account_limit:,} records of an account that pass all this are accepted; later ones are"
            " rejected as over_account_limit."
        )
    return sentences


def open_risks(rules: Rules, formula: Formula) -> list[str]:
    """What this policy does not protect against, as far as its form tells."""
    risks = [
        "zkpay proves that payouts follow this formula from the committed records. It doesn't prove that what the"
        " records say is true, that the values are fair, or that accounts are different people."
    ]
    damped = [cap for cap in caps(formula) if cap.expression.level is Level.ACCOUNT]
    if formula.payout.expression.level <= Level.TOTAL:
        risks.append("Splitting: every account gets the same, so that each further account is paid as much again.")
    elif damped:
        places = "; ".join(f"{cap.text} in {cap.line}" for cap in damped)
        risks.append(
            f"Splitting: who spreads work over several accounts goes under what each account is limited by ({places})."
            " No formula can tell accounts of one person from accounts of several."
        )
    else:
        risks.append(
            "Splitting: nothing in the formula caps or damps an account, so spreading work over accounts gains nothing"
            " by a cap or root; nor does anything hold a large contributor back. Steps can make splitting or joining"
            " pay: `zkpay policy stress` measures it."
        )
    if rules.account_limit is not None or rules.window_limit is not None:
        risks.append("Limits for each account are limits for each account: two accounts have twice as much.")
    else:
        risks.append("Volume: an account may hand in any number of records.")
    if not rules.unique:
        risks.append("Copies: nothing is unique under this policy, so the same content can be paid many times.")
    elif rules.needs_fingerprint:
        risks.append("Near-copies: content that differs in a single byte has another fingerprint.")
    if all(set(combination) & {ACCOUNT} for combination in rules.unique) and rules.unique:
        risks.append("Copies by others: the rule looks at one account at a time, another may hand in the same.")
    if rules.window_limit is not None:
        risks.append(f"Times: {rules.window_limit.time} is what the record says; who writes it chooses the window.")
    if rules.reasons:
        risks.append(
            f"Discretion: nothing is proved about records rejected as {_either(rules.reasons)} but their number."
        )
    if any(expression.form is Form.TOTAL for expression in every_expression(formula)):
        risks.append(
            "Privacy: totals are public, and with public payouts an account with a single record shows what that"
            " record earned, to within rounding."
        )
    return risks


def _field_in_words(field: NumberField) -> str:
    if not field.minimum:
        return f"{field.name} is at most {field.maximum:,}; a record with more is rejected as out_of_range."
    return (
        f"{field.name} is {field.minimum:,} to {field.maximum:,}; a record with less is rejected as below_minimum,"
        " one with more as out_of_range."
    )


def _window_in_words(window: WindowLimit) -> str:
    return (
        f"Of an account's records within one span of {window.length:,} of {window.time} (spans start at multiples of"
        f" it) the first {window.count:,} in intake order pass; later ones are rejected as over_window_limit."
    )


def _either(names: Iterable[str]) -> str:
    return " or ".join(names)


def used_names(rules: Rules) -> set[str]:
    """Fields that a rule reads, beyond their own bounds."""
    names = {name for combination in rules.unique for name in combination} - {ACCOUNT, FINGERPRINT}
    if rules.window_limit is not None:
        names.add(rules.window_limit.time)
    return names
