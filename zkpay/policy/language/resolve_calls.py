"""Calls of functions: which arguments they take, of which type and level (SPEC §8.1.2, §8.1.3)."""

from typing import Final

from zkpay.policy.language.names import FUNCTIONS, REST_WORD, function_remedy
from zkpay.policy.language.resolve_checks import Checks
from zkpay.policy.language.syntax_nodes import Call, Choice, Name, Syntax, Tiers
from zkpay.policy.language.syntax_tokens import quoted
from zkpay.policy.language.tree import REST, Expression, Form, FormulaFaults, Level, Span, Type

MAX_TOTALS: Final = 16
MAX_TOTAL_CHARACTERS: Final = 512

_FIXED: Final = {
    "clamp": (Form.CLAMP, 3),
    "isqrt": (Form.ROOT, 1),
    "round_div": (Form.ROUND_DIVIDE, 2),
    "ceil_div": (Form.CEIL_DIVIDE, 2),
}
"""Functions of numbers with a fixed number of arguments."""
_EXTREMES: Final = {"min": (Form.MINIMUM, Form.SMALLEST), "max": (Form.MAXIMUM, Form.LARGEST)}
"""Of several numbers, or of one over contributions."""


class Calls(Checks):
    """The functions of the language."""

    def call(self, syntax: Call) -> Expression:
        """The expression of a call."""
        name = syntax.function
        if name in _FIXED:
            form, count = _FIXED[name]
            self.check_count(syntax, count)
            return self.make(form, self.numbers(syntax.arguments), Type.NUMBER, syntax.span)
        if name in _EXTREMES:
            of_several, over_contributions = _EXTREMES[name]
            if len(syntax.arguments) == 1:
                return self.aggregate(over_contributions, syntax)
            self.check_count(syntax, 2, or_more=True)
            return self.make(of_several, self.numbers(syntax.arguments), Type.NUMBER, syntax.span)
        if name == "sum":
            self.check_count(syntax, 1)
            return self.aggregate(Form.SUM, syntax)
        if name == "count":
            return self.count(syntax)
        if name == "total":
            self.check_count(syntax, 1)
            return self.total(syntax)
        raise self.no_function(syntax)

    def check_count(self, syntax: Call, count: int, *, or_more: bool = False) -> None:
        """FormulaFaults if there are more or fewer arguments."""
        given = len(syntax.arguments)
        if given == count or (or_more and given > count):
            return
        noun = "argument" if count == 1 else "arguments"
        more = " or more" if or_more else ""
        why = f"`{syntax.function}` takes {count}{more} {noun}, not {given}"
        raise self.fault(syntax.span, why, f"write {FUNCTIONS[syntax.function]}")

    def no_function(self, syntax: Call) -> FormulaFaults:
        """The fault of a call of something that is no function."""
        name, scope = syntax.function, self.scope
        if name in scope.tables:
            why = f"`{name}` is a table, not a function"
            return self.fault(syntax.name_span, why, f"write {scope.index_text(scope.tables[name])}")
        if name in scope.names:
            return self.fault(syntax.name_span, f"`{name}` is not a function", f"to multiply write {name} * (...)")
        return self.fault(syntax.name_span, f"there is no function {quoted(name)}", function_remedy(name))

    def aggregate(self, form: Form, syntax: Call) -> Expression:
        """A number over the account's contributions, or over those where a condition holds."""
        (argument,) = syntax.arguments
        parts: list[Syntax] = [argument]
        if isinstance(argument, Choice) and argument.otherwise is None:
            parts = [argument.value, argument.condition]
        found = self.all_typed([Type.NUMBER, Type.CONDITION][: len(parts)], parts)
        self.check_aggregated(syntax, found)
        return self.make(form, found, Type.NUMBER, syntax.span, level=Level.ACCOUNT)

    def count(self, syntax: Call) -> Expression:
        """How many contributions the account has, or how many of them meet a condition."""
        if len(syntax.arguments) > 1:
            self.check_count(syntax, 1)
        found = self.all_typed([Type.CONDITION] * len(syntax.arguments), syntax.arguments)
        if found:
            self.check_aggregated(syntax, found)
        return self.make(Form.COUNT, found, Type.NUMBER, syntax.span, level=Level.ACCOUNT)

    def check_aggregated(self, syntax: Call, found: list[Expression]) -> None:
        """FormulaFaults unless there is one value for each contribution."""
        name = syntax.function
        account = next((part for part in found if part.level is Level.ACCOUNT), None)
        if account is not None:
            why = f"`{name}` goes over contributions, but {quoted(account.text)} is a value of the account"
            raise self.fault(account.span, why, "use it as it is, or total(...) for the sum over all accounts")
        if self.joint_level(found) < Level.CONTRIBUTION:
            text = found[0].text if len(found[0].text) <= 40 else "..."
            why = f"{quoted(found[0].text)} is the same for every contribution"
            remedy = {"sum": f"write count() * ({text})", "count": f"write count() if {text} else 0"}
            raise self.fault(found[0].span, why, remedy.get(name, f"write {text} itself"))

    def total(self, syntax: Call) -> Expression:
        """The sum over all accounts, which the statement shows."""
        (argument,) = self.numbers(syntax.arguments)
        inside = argument.text if len(argument.text) <= 40 else "..."
        if argument.level is Level.CONTRIBUTION:
            why = f"`total` goes over accounts, but {quoted(argument.text)} is a value of each contribution"
            raise self.fault(argument.span, why, f"write total(sum({inside}))")
        if argument.level is not Level.ACCOUNT:
            why = f"{quoted(argument.text)} is the same for every account"
            raise self.fault(argument.span, why, "for the number of accounts write total(min(count(), 1))")
        text = f"total({argument.text})"
        if len(text) > MAX_TOTAL_CHARACTERS:
            why = f"a total of {len(text):,} characters; a statement has room for {MAX_TOTAL_CHARACTERS}"
            raise self.fault(syntax.span, why, "name its argument on a line of its own, above this one")
        if text not in self.scope.totals and len(self.scope.totals) == MAX_TOTALS:
            raise self.fault(syntax.span, f"more than {MAX_TOTALS} totals", "use fewer")
        self.scope.totals.setdefault(text, argument)
        return self.make(Form.TOTAL, [argument], Type.NUMBER, syntax.span, level=Level.TOTAL, value=text, text=text)

    def tiers(self, syntax: Tiers) -> Expression:
        """Each slice of a number at its own rate."""
        rates = [rate for _, rate in syntax.slices]
        argument, *rates_found = self.numbers([syntax.argument, *rates])
        arguments = [argument]
        before = 0
        for index, ((upto, _), rate) in enumerate(zip(syntax.slices, rates_found, strict=True)):
            last = index == len(rates_found) - 1
            if isinstance(upto, Name) and upto.name == REST_WORD:
                if not last:
                    raise self.fault(upto.span, "`rest` is not the last bound", "remove what follows it, or move it")
                bound = self.constant(REST, REST_WORD, upto.span)
            else:
                bound = self.bound(upto, before)
                before = self.known_value(bound) or before
            arguments += [bound, rate]
        return self.make(Form.TIERS, arguments, Type.NUMBER, syntax.span)

    def bound(self, syntax: Syntax, before: int) -> Expression:
        """A bound of tiers, which must be known and exceed the one before."""
        found = self.typed(Type.NUMBER, syntax)
        value = self.known_value(found)
        if value is None:
            why = f"{quoted(found.text)} is not a bound that is known beforehand"
            raise self.fault(found.span, why, "write a number, or the name of one under [constants] or [amounts]")
        if value <= before:
            why = f"the bound {value} does not exceed {before}, where the slice begins"
            raise self.fault(found.span, why, "write the bounds in increasing order, the first at least 1")
        return self.constant(value, found.text, Span(found.span.start, found.span.stop))
