"""The parser of a formula's line: precedence climbing over its tokens (SPEC §8.1.3).

Precedence is Python's, from loose to tight: `if else`, `or`, `and`, `not`, comparisons (which don't chain), `+ -`,
`* // %`. Text may be hostile: parsing takes linear time, and both brackets and operators nest MAX_DEPTH deep at
most, so that whoever walks the tree needs no more stack than that.
"""

from dataclasses import replace
from typing import Final

from zkpay.policy.language.syntax_nodes import Call, Choice, LookUp, Name, Number, Operation, Quoted, Syntax, Tiers
from zkpay.policy.language.syntax_tokens import Kind, Token, quoted, tokens
from zkpay.policy.language.tree import FormulaFault, Span

MAX_DEPTH: Final = 64
MAX_ARGUMENTS: Final = 64
"""Arguments of a call, and slices of tiers."""

_NOT: Final = 3
_COMPARISON: Final = 4
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")
_BINDING: Final = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "//", "%"), 6),
}
"""How tightly a sign between two operands binds."""

_TIERS: Final = "write tiers(x, [(100, 3), (rest, 1)]): (upto, rate) for each slice, the last one up to `rest`"

_NO_OPERAND: Final = {
    "-": ("there are no negative numbers", "write a - b, where b is at most a"),
    "+": ("a number has no sign", "leave the `+` out"),
    "not": ("`not` can't stand here", "put brackets around it: (not c)"),
    "if": ("the value comes before `if`", "write a if c else b"),
    "[": ("a list can't stand here", "declare it under [tables], and write name[n]"),
}
"""Signs that people start an operand with, why they can't, and what to write."""
_NO_FOLLOWER: Final = {
    "else": ("`else` without `if`", "write a if c else b"),
    ",": ("a comma outside a call", "remove it"),
}


def parse(text: str, line: str) -> Syntax:
    """What the text of line `line` says; FormulaFault at the first place that can't be read."""
    return _Parser(tokens(text, line), line).whole()


class _Parser:
    def __init__(self, found: list[Token], line: str) -> None:
        self.tokens = found
        self.line = line
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def fault(self, span: Span, why: str, remedy: str) -> FormulaFault:
        return FormulaFault(self.line, span, why, remedy)

    def too_deep(self, span: Span) -> FormulaFault:
        why = f"nested more than {MAX_DEPTH} deep"
        return self.fault(span, why, "name a part of it on a line of its own, above this one")

    def sees(self, *signs: str) -> bool:
        """Whether the next token is one of these signs."""
        return self.next.kind is Kind.SIGN and self.next.text in signs

    def takes(self, *signs: str) -> Token | None:
        """The next token if it's one of these signs, which is then behind us."""
        if not self.sees(*signs):
            return None
        self.place += 1
        return self.tokens[self.place - 1]

    def closes(self, opening: Token, closing: str) -> Token:
        """The closing bracket that must come next."""
        token = self.takes(closing)
        if token is not None:
            return token
        if self.next.kind is Kind.END:
            raise self.fault(opening.span, f"this `{opening.text}` isn't closed", f"add `{closing}`")
        raise self.unexpected()

    def depth_over(self, span: Span, *parts: Syntax) -> int:
        """The depth of a node over `parts`."""
        depth = 1 + max(part.depth for part in parts)
        if depth > MAX_DEPTH:
            raise self.too_deep(span)
        return depth

    def whole(self) -> Syntax:
        if self.next.kind is Kind.END:
            raise self.fault(Span(0, 0), "the line is empty", "write an expression between the quotes")
        expression = self.expression()
        if self.place < len(self.tokens) - 1:
            raise self.unexpected()
        return expression

    def expression(self) -> Syntax:
        """A choice, or what binds tighter."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep(self.next.span)
        value = self.operation(1)
        if self.takes("if"):
            condition = self.operation(1)
            otherwise = self.expression() if self.takes("else") else None
            last = otherwise or condition
            span = Span(value.span.start, last.span.stop)
            value = Choice(value, condition, otherwise, span, self.depth_over(span, value, condition, last))
        self.depth -= 1
        return value

    def operation(self, loosest: int) -> Syntax:
        """Operands joined by signs that bind at least as tightly as `loosest`."""
        left = self.prefixed(loosest)
        while self.next.kind is Kind.SIGN and _BINDING.get(self.next.text, 0) >= loosest:
            token = self.next
            self.place += 1
            binding = _BINDING[token.text]
            right = self.operation(binding + 1)
            span = Span(left.span.start, right.span.stop)
            left = Operation(token.text, (left, right), span, self.depth_over(span, left, right))
            if binding == _COMPARISON and self.sees(*_COMPARISONS):
                raise self.fault(self.next.span, "comparisons don't chain", "write a < b and b < c")
        return left

    def prefixed(self, loosest: int) -> Syntax:
        """An operand, which may start with `not`."""
        opening = self.takes("not")
        if opening is None:
            return self.operand()
        if loosest > _NOT:
            raise self.fault(opening.span, *_NO_OPERAND["not"])
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep(opening.span)
        operand = self.operation(_NOT)
        self.depth -= 1
        span = Span(opening.span.start, operand.span.stop)
        return Operation("not", (operand,), span, self.depth_over(span, operand))

    def operand(self) -> Syntax:
        token = self.next
        if token.kind is Kind.NUMBER:
            self.place += 1
            return Number(int(token.text), token.span)
        if token.kind is Kind.STRING:
            self.place += 1
            return Quoted(token.text, token.span)
        if token.kind is Kind.NAME:
            self.place += 1
            return self.named(token)
        opening = self.takes("(")
        if opening is None:
            raise self.missing()
        inside = self.expression()
        if self.sees(","):
            raise self.fault(self.next.span, "a list of values is no number", "name the function that takes them")
        closing = self.closes(opening, ")")
        return replace(inside, span=Span(opening.span.start, closing.span.stop))

    def named(self, token: Token) -> Syntax:
        """What starts with a name: the name, a call or an entry of a table."""
        opening = self.takes("(", "[")
        if opening is None:
            return Name(token.text, token.span)
        if opening.text == "[":
            index = self.expression()
            span = Span(token.span.start, self.closes(opening, "]").span.stop)
            return LookUp(Name(token.text, token.span), index, span, self.depth_over(span, index))
        if token.text == "tiers":
            return self.tiers(token, opening)
        arguments: list[Syntax] = []
        closing = self.takes(")")
        while closing is None:
            if len(arguments) == MAX_ARGUMENTS:
                raise self.fault(self.next.span, f"more than {MAX_ARGUMENTS} arguments", "split the call")
            arguments.append(self.expression())
            closing = None if self.takes(",") else self.closes(opening, ")")
        span = Span(token.span.start, closing.span.stop)
        depth = self.depth_over(span, *arguments) if arguments else 1
        return Call(token.text, tuple(arguments), span, token.span, depth)

    def tiers(self, name: Token, opening: Token) -> Syntax:
        argument = self.expression()
        listing = self.takes(",") and self.takes("[")
        if not listing:
            raise self.fault(name.span, "the slices of `tiers` are missing", _TIERS)
        slices: list[tuple[Syntax, Syntax]] = []
        end = self.takes("]")
        while end is None:
            if len(slices) == MAX_ARGUMENTS:
                raise self.fault(self.next.span, f"more than {MAX_ARGUMENTS} slices", "join some of them")
            bracket = self.takes("(")
            if bracket is None:
                raise self.fault(self.next.span, "a slice of `tiers` is written in brackets", _TIERS)
            upto = self.expression()
            if not self.takes(","):
                raise self.fault(bracket.span, "a slice of `tiers` has a bound and a rate", _TIERS)
            rate = self.expression()
            self.closes(bracket, ")")
            slices.append((upto, rate))
            end = None if self.takes(",") and not self.sees("]") else self.closes(listing, "]")
        if not slices:
            raise self.fault(name.span, "`tiers` has no slice", _TIERS)
        span = Span(name.span.start, self.closes(opening, ")").span.stop)
        parts = [argument, *(part for pair in slices for part in pair)]
        return Tiers(argument, tuple(slices), span, self.depth_over(span, *parts))

    def missing(self) -> FormulaFault:
        """The fault of a place where an operand should stand."""
        token = self.next
        if token.kind is Kind.SIGN and token.text in _NO_OPERAND:
            return self.fault(token.span, *_NO_OPERAND[token.text])
        before = self.tokens[self.place - 1] if self.place else token
        if before.kind is Kind.SIGN and before.text == "%":
            return self.fault(before.span, "`%` is the remainder of a division", "for 5 per cent of x: x * 5 // 100")
        remedy = "write a number, a name or an expression there"
        if token.kind is Kind.END:
            return self.fault(before.span, "something is missing at the end", remedy)
        return self.fault(token.span, f"something is missing before {quoted(token.text)}", remedy)

    def unexpected(self) -> FormulaFault:
        """The fault of a token that can't follow what was read."""
        token = self.next
        if token.kind is Kind.SIGN and token.text in (")", "]"):
            return self.fault(token.span, f"nothing that this `{token.text}` could close", "remove it")
        if token.kind is Kind.SIGN and token.text in _NO_FOLLOWER:
            return self.fault(token.span, *_NO_FOLLOWER[token.text])
        return self.fault(
            token.span, f"{quoted(token.text)} can't follow directly", "put a sign such as * or + or a comma between"
        )
