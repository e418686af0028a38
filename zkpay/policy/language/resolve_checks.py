"""What every step of resolving needs: the names in force, and the checks of types and levels (SPEC §8.1.2)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT
from zkpay.policy.language.names import FUNCTIONS, REST_WORD, is_plain, nearest
from zkpay.policy.language.spelling import spelled
from zkpay.policy.language.syntax_nodes import Name, Syntax
from zkpay.policy.language.syntax_tokens import quoted
from zkpay.policy.language.tree import Expression, Form, FormulaFault, FormulaFaults, Level, Line, Span, Table, Type

MAX_FAULTS_OF_LINE: Final = 16
"""More mistakes than this in one line aren't looked for."""

_SHOWN_VALUES: Final = 8
_MAX_SUGGESTIONS: Final = 20


class Scope:
    """The names of a policy while its lines are resolved one by one.

    lines: those resolved so far. order: the names of all lines. broken: lines with faults, which others may read
    without a fault of their own. totals: the arguments of all totals so far, by text.
    """

    def __init__(
        self, fields: Sequence[Field], tables: Mapping[str, Table], constants: Mapping[str, int], order: Iterable[str]
    ) -> None:
        self.fields = {field.name: field for field in fields}
        self.tables = tables
        self.constants = constants
        self.order = tuple(order)
        self.lines: dict[str, Line] = {}
        self.broken: set[str] = set()
        self.totals: dict[str, Expression] = {}
        self._suggestions = 0
        self.names = frozenset([*self.fields, *tables, *constants, *self.order])

    def field_with(self, value: str) -> SymbolField | None:
        """The first symbol field that has this value."""
        symbols = (field for field in self.fields.values() if isinstance(field, SymbolField))
        return next((field for field in symbols if value in field.values), None)

    def nearest(self, name: str, known: Iterable[str]) -> str | None:
        """The known name that was probably meant; after many such questions always None, as each takes time."""
        self._suggestions += 1
        return nearest(name, known) if self._suggestions <= _MAX_SUGGESTIONS else None

    def value_text(self, value: str) -> str:
        """How a formula writes a declared value: quoted where the bare word is something else or no word."""
        return value if is_plain(value) and value not in self.names else f"'{value}'"

    def index_text(self, table: Table) -> str:
        """An example of a look-up in this table."""
        return f"{table.name}[{table.field or 0}]"


class Checks(ABC):
    """One line's resolver: what it needs to make checked expressions."""

    def __init__(self, scope: Scope, line: str) -> None:
        self.scope = scope
        self.line = line

    @abstractmethod
    def resolve(self, syntax: Syntax) -> Expression:
        """The expression that a piece of syntax stands for; FormulaFaults if it makes no sense."""

    def fault(self, span: Span, why: str, remedy: str) -> FormulaFaults:
        """A single mistake."""
        return FormulaFaults([FormulaFault(self.line, span, why, remedy)])

    def make(
        self,
        form: Form,
        arguments: Sequence[Expression],
        kind: Type,
        span: Span,
        *,
        level: Level | None = None,
        value: int | str | None = None,
        text: str | None = None,
    ) -> Expression:
        """An expression; its level follows from its arguments, and its text from its form, unless they are given."""
        return Expression(
            form,
            tuple(arguments),
            value,
            kind,
            self.joint_level(arguments) if level is None else level,
            spelled(form, arguments) if text is None else text,
            self.line,
            span,
        )

    def constant(self, value: int, text: str, span: Span) -> Expression:
        """A number that is known."""
        return self.make(Form.CONSTANT, (), Type.NUMBER, span, level=Level.CONSTANT, value=value, text=text)

    def known_value(self, expression: Expression) -> int | None:
        """The value of a number, a named constant, or a line that is one."""
        while expression.form is Form.LINE:
            expression = self.scope.lines[expression.text].expression
        return expression.value if expression.form is Form.CONSTANT and isinstance(expression.value, int) else None

    def typed(self, wanted: Type, syntax: Syntax) -> Expression:
        """The expression, if it's of the type wanted."""
        expression = self.resolve(syntax)
        if expression.type is not wanted:
            raise self.mismatch(expression, wanted)
        return expression

    def all_typed(self, wanted: Sequence[Type], parts: Sequence[Syntax]) -> list[Expression]:
        """All parts, of the types wanted; their mistakes don't hide one another."""
        found: list[Expression] = []
        faults: list[FormulaFault] = []
        failed = False
        for kind, part in zip(wanted, parts, strict=True):
            try:
                found.append(self.typed(kind, part))
            except FormulaFaults as error:
                faults += error.faults
                failed = True
            if len(faults) >= MAX_FAULTS_OF_LINE:
                break
        if failed:
            raise FormulaFaults(faults)
        return found

    def numbers(self, parts: Sequence[Syntax]) -> list[Expression]:
        """All parts, which must be numbers."""
        return self.all_typed([Type.NUMBER] * len(parts), parts)

    def joint_level(self, parts: Sequence[Expression]) -> Level:
        """The level of what reads these; contributions and accounts can't be read together."""
        contribution = next((part for part in parts if part.level is Level.CONTRIBUTION), None)
        account = next((part for part in parts if part.level is Level.ACCOUNT), None)
        if contribution is not None and account is not None:
            why = (
                f"{quoted(contribution.text)} is a value of each contribution, {quoted(account.text)} one of the "
                "account: they can't meet"
            )
            inside = contribution.text if len(contribution.text) <= 40 else "..."
            aggregate = f"sum({inside})" if contribution.type is Type.NUMBER else f"count({inside}) > 0"
            raise self.fault(
                contribution.span, why, f"aggregate the former, as {aggregate}; a contribution can't read its account"
            )
        return max((part.level for part in parts), default=Level.CONSTANT)

    def mismatch(self, expression: Expression, wanted: Type) -> FormulaFaults:
        """The fault of an expression of another type than the one wanted."""
        why = f"{quoted(expression.text)} is a {expression.type.value}, where a {wanted.value} is needed"
        inside = expression.text if len(expression.text) <= 40 else "..."
        if expression.type is Type.CONDITION:
            remedy = f"write 1 if {inside} else 0"
        elif expression.type is Type.NUMBER:
            remedy = f"compare it, as {inside} > 0"
        else:
            field = self.scope.fields[str(expression.value)]
            first = self.scope.value_text(field.values[0]) if isinstance(field, SymbolField) else ""
            table = next((table for table in self.scope.tables.values() if table.field == field.name), None)
            remedy = f"compare it, as {field.name} == {first}"
            if table is not None and wanted is Type.NUMBER:
                remedy = f"look it up in a table, as {table.name}[{field.name}], or {remedy}"
        return self.fault(expression.span, why, remedy)

    def unknown(self, syntax: Name) -> FormulaFaults:
        """The fault of a name that stands for no value at this place."""
        name, scope = syntax.name, self.scope
        shown = quoted(name)
        if name in scope.broken:
            return FormulaFaults([])
        if name == self.line:
            return self.fault(syntax.span, f"{shown} reads itself", "read lines above it only")
        if name in scope.order:
            why = f"{shown} is defined further down"
            return self.fault(syntax.span, why, f"move its line up, above `{self.line}`")
        if name in scope.tables:
            return self.fault(syntax.span, f"{shown} is a table", f"write {scope.index_text(scope.tables[name])}")
        if name in FUNCTIONS:
            return self.fault(syntax.span, f"{shown} is a function", f"write {FUNCTIONS[name]}")
        if name == REST_WORD:
            return self.fault(syntax.span, f"{shown} is the last bound of tiers only", f"write {FUNCTIONS['tiers']}")
        field = scope.field_with(name)
        if field is not None:
            why = f"{shown} is a value of the field `{field.name}`"
            return self.fault(syntax.span, why, f"compare them: {field.name} == {name}")
        if name in (ACCOUNT, FINGERPRINT):
            why = f"{shown} stands in every record, but not in formulas, which read fields"
            return self.fault(syntax.span, why, "leave it out; rules.unique and rules.limit go by it")
        near = scope.nearest(name, [known for known in scope.names if known != self.line])
        remedy = f"did you mean `{near}`?" if near else "declare it as a field, a constant, an amount or a line above"
        return self.fault(syntax.span, f"{shown} is not a name of this policy", remedy)

    def values_shown(self, field: SymbolField) -> str:
        """Some values of a field, for messages."""
        shown = ", ".join(self.scope.value_text(value) for value in field.values[:_SHOWN_VALUES])
        return shown if len(field.values) <= _SHOWN_VALUES else f"{shown}, ..."

    def field_expression(self, field: Field, span: Span) -> Expression:
        """A field of the contribution."""
        kind = Type.NUMBER if isinstance(field, NumberField) else Type.SYMBOL
        return self.make(Form.FIELD, (), kind, span, level=Level.CONTRIBUTION, value=field.name, text=field.name)
