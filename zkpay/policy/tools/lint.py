"""What is allowed in a policy and probably not meant (SPEC §8.1.4).

Errors are found by reading the policy; a warning says that something has no effect, or one that people overlook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.ledger.rules import ACCOUNT
from zkpay.policy.language.tree import REST, Expression, Form, Formula, Level
from zkpay.policy.policy import Policy
from zkpay.policy.tools.caps import caps, every_expression
from zkpay.policy.tools.pool_bound import largest_sum
from zkpay.policy.tools.probes import Bounds
from zkpay.policy.tools.rule_words import used_names

_ZERO_OF_ZERO = (
    Form.DIVIDE,
    Form.ROUND_DIVIDE,
    Form.CEIL_DIVIDE,
    Form.REMAINDER,
    Form.SUBTRACT,
    Form.ROOT,
    Form.TIERS,
    Form.SUM,
    Form.LARGEST,
    Form.SMALLEST,
)
"""Forms that are 0 where their first argument is."""


@dataclass(frozen=True)
class Caution:
    """code: what kind, for programs. where: the key of the policy, as `formula.points`. why and remedy in words."""

    code: str
    where: str
    why: str
    remedy: str


def lint(policy: Policy, records: int) -> list[Caution]:
    """All warnings, for at most `records` records and accounts."""
    bounds = Bounds(policy.formula, records)
    return [
        *_unused(policy),
        *_payouts(policy, bounds, records),
        *_tiers(policy.formula, bounds),
        *_idle_caps(policy.formula, bounds),
        *_crossed_clamps(policy.formula, bounds),
        *_early_divisions(policy.formula),
        *_narrow_totals(policy.formula),
        *_rules(policy, records),
    ]


def _unused(policy: Policy) -> Iterator[Caution]:
    """Names that nothing reads."""
    formula, rules = policy.formula, policy.rules
    expressions = list(every_expression(formula))
    fields = {str(part.value) for part in expressions if part.form is Form.FIELD} | used_names(rules)
    fields |= {field.name for field in rules.numbers if field.minimum}
    lines = {str(part.value) for part in expressions if part.form is Form.LINE}
    # A constant that was looked up in a table keeps the table's name in its text.
    texts = {part.text.partition("[")[0] for part in expressions if part.form in (Form.CONSTANT, Form.TABLE)}
    for field in formula.fields:
        if field.name not in fields:
            kept = "its values are still checked" if isinstance(field, SymbolField) else "its bounds are still checked"
            why = f"neither formula nor rules read {field.name}; {kept}, and it takes room in every record"
            yield Caution("unused-field", f"fields.{field.name}", why, "remove it, or use it")
    for name in formula.tables:
        if name not in texts:
            yield Caution("unused-table", f"tables.{name}", f"no line reads {name}", "remove it, or use it")
    for name in (*policy.constants, *policy.amounts, *policy.pools):
        if name not in texts:
            section = "constants" if name in policy.constants else "amounts" if name in policy.amounts else "pools"
            yield Caution("unused-name", f"{section}.{name}", f"no line reads {name}", "remove it, or use it")
    for name in formula.lines:
        if name != "payout" and name not in lines:
            why = f"no line reads {name}; it is proved nowhere, and only shown in receipts"
            yield Caution("unused-line", f"formula.{name}", why, "remove it, or use it")


def _payouts(policy: Policy, bounds: Bounds, accounts: int) -> Iterator[Caution]:
    most = largest_sum(policy.formula, bounds, accounts)
    if most == 0:
        yield Caution("pays-nothing", "formula.payout", "every payout is 0", "mend the formula")
    if policy.formula.payout.expression.level <= Level.TOTAL:
        why = "everybody with an accepted record gets the same, however little they did"
        yield Caution("same-for-all", "formula.payout", why, "divide a pool by points, if that isn't meant")
    if most is None or most > policy.pool:
        why = "nothing in its form keeps the payouts within the pool; an epoch whose payouts exceed it can't be proved"
        remedy = (
            "share the pool (pool * x // total(x)), or write x if total(x) <= pool else pool * x // total(x); or see"
            " to it by `zkpay policy simulate` before you commit"
        )
        yield Caution("may-exceed-pool", "formula.payout", why, remedy)


def _tiers(formula: Formula, bounds: Bounds) -> Iterator[Caution]:
    for expression in _once(formula, Form.TIERS):
        last = expression.arguments[-2]
        high = bounds.highest(expression.arguments[0])
        if last.value == REST or not isinstance(last.value, int):
            continue
        if high is None or high > last.value:
            why = f"{expression.arguments[0].text} can exceed the last bound, {last.text}; all above it counts nothing"
            remedy = "add a last slice (rest, RATE), with rate 0 if that is meant"
            yield Caution("tiers-stop", f"formula.{expression.line}", why, remedy)


def _idle_caps(formula: Formula, bounds: Bounds) -> Iterator[Caution]:
    for cap in caps(formula):
        if cap.expression.form is Form.MINIMUM:
            limits = [part for part in cap.expression.arguments if part.form is Form.CONSTANT]
            high = bounds.highest(cap.without)
            values = [part.value for part in limits if isinstance(part.value, int)]
            if values and high is not None and high <= min(values):
                why = f"{cap.without.text} is at most {high:,}, so that {cap.text} never cuts anything off"
                yield Caution("idle-cap", f"formula.{cap.line}", why, "lower the cap, or leave it out")


def _crossed_clamps(formula: Formula, bounds: Bounds) -> Iterator[Caution]:
    for expression in _once(formula, Form.CLAMP):
        value, low, high = expression.arguments
        least, most = bounds.lowest(low), bounds.highest(high)
        if least is not None and most is not None and least > most:
            why = f"{low.text} is above {high.text}, so that {expression.text} is always {high.text}"
            remedy = f"write the smaller bound first: clamp({value.text}, {high.text}, {low.text})"
            yield Caution("crossed-clamp", f"formula.{expression.line}", why, remedy)


def _early_divisions(formula: Formula) -> Iterator[Caution]:
    for expression in _once(formula, Form.MULTIPLY):
        for part in expression.arguments:
            if part.form is Form.DIVIDE and part.level > Level.CONSTANT:
                why = f"{part.text} is rounded down before it is multiplied, so that up to a whole factor is lost"
                yield Caution("early-division", f"formula.{expression.line}", why, "multiply first, divide last")


def _narrow_totals(formula: Formula) -> Iterator[Caution]:
    """Totals are public; over a part of all records they may cover a single account."""
    conditions: dict[str, str | None] = {}
    for name, line in formula.lines.items():
        conditions[name] = _counts_only(line.expression, conditions)
    for text, argument in formula.totals.items():
        condition = _counts_only(argument, conditions)
        if condition is not None:
            why = f"{text} is public; where only one account has records with {condition}, it shows their value"
            remedy = "see that several accounts have some, or say so to those who hand them in"
            yield Caution("narrow-total", f"formula.{argument.line}", why, remedy)


def _counts_only(expression: Expression, of_lines: dict[str, str | None]) -> str | None:
    """The condition of records outside which the expression is 0, or None if there is none.

    of_lines: that of the lines before this one.
    """
    arguments, form = expression.arguments, expression.form
    if form is Form.LINE:
        return of_lines[str(expression.value)]
    if form in (Form.SUM, Form.LARGEST, Form.SMALLEST, Form.COUNT) and len(arguments) > (form is not Form.COUNT):
        return arguments[-1].text
    if form is Form.CONDITIONAL:
        nothing = arguments[2].form is Form.CONSTANT and arguments[2].value == 0
        return arguments[0].text if nothing and arguments[0].level is Level.CONTRIBUTION else None
    found = [_counts_only(argument, of_lines) for argument in arguments]
    if form in (Form.MULTIPLY, Form.MINIMUM):
        return next((condition for condition in found if condition is not None), None)
    if form in (Form.ADD, Form.MAXIMUM):
        return found[0] if len(set(found)) == 1 else None
    return found[0] if found and form in _ZERO_OF_ZERO else None


def _rules(policy: Policy, records: int) -> Iterator[Caution]:
    rules = policy.rules
    if not rules.unique:
        why = "the same content may be handed in, and paid, any number of times"
        yield Caution(
            "no-unique", "rules.unique", why, 'add unique = ["fingerprint"], or say so to those who rely on it'
        )
    for index, combination in enumerate(rules.unique):
        for other in rules.unique:
            if set(other) < set(combination):
                why = f"{' and '.join(other)} is unique already, so that {' and '.join(combination)} is"
                yield Caution("implied-unique", f"rules.unique[{index}]", why, "remove the longer one")
        named = [field for field in rules.symbols if field.name in combination]
        if len(named) == len(set(combination) - {ACCOUNT}) and named:
            why = f"{' and '.join(combination)} takes few values, so that most records will be duplicates"
            yield Caution("coarse-unique", f"rules.unique[{index}]", why, "add a field that tells records apart")
    window, limit = rules.window_limit, rules.account_limit
    if limit is not None and limit >= records:
        why = f"no epoch has more than {records:,} records"
        yield Caution("idle-limit", "rules.limit.account", why, "lower it, or remove it")
    if window is not None:
        if limit is not None and limit <= window.count:
            why = f"the limit of {limit:,} for each account binds before that of {window.count:,} for each window"
            yield Caution("idle-limit", "rules.limit.window", why, "lower the window's count, or remove it")
        time = next((field for field in rules.numbers if field.name == window.time), None)
        if isinstance(time, NumberField) and time.maximum < window.length:
            why = f"{window.time} is at most {time.maximum:,}, so that all records fall into one window"
            yield Caution("single-window", "rules.limit.window", why, "shorten the window, or use limit.account")


def _once(formula: Formula, form: Form) -> Iterator[Expression]:
    """The expressions of a form, one for each text."""
    seen: set[str] = set()
    for expression in every_expression(formula):
        if expression.form is form and expression.text not in seen:
            seen.add(expression.text)
            yield expression
