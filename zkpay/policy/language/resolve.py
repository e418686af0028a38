"""From syntax to the tree: names looked up, types and levels checked (SPEC §8.1.2).

A bare word is the name of a field, table, constant or line if there is one; a declared value of a symbol field
stands beside that field only, in `kind == data` or `weight[data]`, and in quotes where the word is taken.
"""

from typing import Final

from zkpay.ledger.fields import SymbolField
from zkpay.policy.language.resolve_calls import Calls
from zkpay.policy.language.resolve_checks import Scope
from zkpay.policy.language.syntax_nodes import Call, Choice, LookUp, Name, Number, Operation, Quoted, Syntax, Tiers
from zkpay.policy.language.syntax_tokens import quoted
from zkpay.policy.language.tree import Expression, Form, Table, Type

_ARITHMETIC: Final = {
    "+": Form.ADD,
    "-": Form.SUBTRACT,
    "*": Form.MULTIPLY,
    "//": Form.DIVIDE,
    "%": Form.REMAINDER,
}
_ORDER: Final = {"<": Form.LESS, "<=": Form.AT_MOST, ">": Form.LESS, ">=": Form.AT_MOST}
_SWAPPED: Final = (">", ">=")
_CONNECTIVES: Final = {"and": Form.AND, "or": Form.OR}


def resolve_line(scope: Scope, line: str, syntax: Syntax) -> Expression:
    """The expression of a line; FormulaFaults with all mistakes that don't follow from one another."""
    resolver = _Resolver(scope, line)
    expression = resolver.resolve(syntax)
    if expression.type is Type.SYMBOL:
        raise resolver.mismatch(expression, Type.NUMBER)
    return expression


class _Resolver(Calls):
    def resolve(self, syntax: Syntax) -> Expression:
        match syntax:
            case Number():
                return self.constant(syntax.value, str(syntax.value), syntax.span)
            case Name():
                return self.named(syntax)
            case Quoted():
                why = f"{quoted(syntax.text)} in quotes is a declared value, which stands beside its field only"
                raise self.fault(syntax.span, why, f"compare it with a field, as kind == '{syntax.text[:40]}'")
            case Operation():
                return self.operation(syntax)
            case Choice():
                return self.choice(syntax)
            case LookUp():
                return self.look_up(syntax)
            case Tiers():
                return self.tiers(syntax)
            case Call():
                return self.call(syntax)

    def named(self, syntax: Name) -> Expression:
        name, scope = syntax.name, self.scope
        if name in scope.fields:
            return self.field_expression(scope.fields[name], syntax.span)
        if name in scope.constants:
            return self.constant(scope.constants[name], name, syntax.span)
        if name in scope.lines:
            read = scope.lines[name].expression
            return self.make(Form.LINE, (), read.type, syntax.span, level=read.level, value=name, text=name)
        raise self.unknown(syntax)

    def operation(self, syntax: Operation) -> Expression:
        sign, span = syntax.sign, syntax.span
        if sign in ("==", "!="):
            equal = self.equality(syntax)
            return equal if sign == "==" else self.make(Form.NOT, [equal], Type.CONDITION, span)
        if sign in _ARITHMETIC:
            return self.make(_ARITHMETIC[sign], self.numbers(syntax.operands), Type.NUMBER, span)
        if sign in _ORDER:
            self.check_no_symbols(syntax)
            left, right = self.numbers(syntax.operands)
            arguments = [right, left] if sign in _SWAPPED else [left, right]
            return self.make(_ORDER[sign], arguments, Type.CONDITION, span)
        conditions = self.all_typed([Type.CONDITION] * len(syntax.operands), syntax.operands)
        form = Form.NOT if sign == "not" else _CONNECTIVES[sign]
        return self.make(form, conditions, Type.CONDITION, span)

    def check_no_symbols(self, syntax: Operation) -> None:
        field = next((found for part in syntax.operands if (found := self.symbol_field(part))), None)
        if field is not None:
            why = f"`{field.name}` is a symbol: it has no order"
            raise self.fault(syntax.span, why, f"compare it by == or !=, as {field.name} == {self.first_value(field)}")

    def equality(self, syntax: Operation) -> Expression:
        """Two numbers, or a symbol field and one of its values."""
        left, right = syntax.operands
        for symbol, value in ((left, right), (right, left)):
            field = self.symbol_field(symbol)
            if field is None:
                continue
            other = self.symbol_field(value)
            if other is not None:
                why = f"`{field.name}` and `{other.name}` are two fields"
                remedy = f"compare a field with one of its values, as {field.name} == {self.first_value(field)}"
                raise self.fault(syntax.span, why, remedy)
            argument = self.field_expression(field, symbol.span)
            code = self.value_code(field, value, f"{field.name} == {{}}")
            text = f"{field.name} == {self.scope.value_text(field.values[code])}"
            return self.make(Form.IS_SYMBOL, [argument], Type.CONDITION, syntax.span, value=code, text=text)
        # With an unknown name on the left, a word on the right may well be right.
        if isinstance(left, Name) and left.name not in self.scope.names and isinstance(right, Name | Quoted):
            self.resolve(left)
        return self.make(Form.EQUAL, self.numbers(syntax.operands), Type.CONDITION, syntax.span)

    def choice(self, syntax: Choice) -> Expression:
        if syntax.otherwise is None:
            remedy = "write a if c else b; only sum(x if c), min(x if c) and max(x if c) go without"
            raise self.fault(syntax.span, "`if` without `else`", remedy)
        parts = [syntax.value, syntax.condition, syntax.otherwise]
        value, condition, otherwise = self.all_typed([Type.NUMBER, Type.CONDITION, Type.NUMBER], parts)
        return self.make(Form.CONDITIONAL, [condition, value, otherwise], Type.NUMBER, syntax.span)

    def look_up(self, syntax: LookUp) -> Expression:
        name = syntax.table.name
        table = self.scope.tables.get(name)
        if table is None:
            near = self.scope.nearest(name, self.scope.tables)
            remedy = f"did you mean `{near}`?" if near else "declare it under [tables]"
            raise self.fault(syntax.table.span, f"{quoted(name)} is not a table", remedy)
        if table.field is not None:
            return self.look_up_symbol(table, syntax)
        field = self.symbol_field(syntax.index)
        if field is not None:
            why = f"the entries of `{name}` are numbered, but `{field.name}` is a symbol"
            remedy = f"give it an entry for each value: {name} = {{ {self.first_value(field)} = 1, ... }}"
            raise self.fault(syntax.index.span, why, remedy)
        index = self.typed(Type.NUMBER, syntax.index)
        known = self.known_value(index)
        text = f"{name}[{index.text}]"
        if known is None:
            return self.make(Form.TABLE, [index], Type.NUMBER, syntax.span, value=name, text=text)
        if known >= len(table.values):
            why = f"`{name}` has entries 0 to {len(table.values) - 1}, none of number {known}"
            raise self.fault(index.span, why, f"use at most {len(table.values) - 1}, or lengthen the table")
        return self.constant(table.values[known], text, syntax.span)

    def look_up_symbol(self, table: Table, syntax: LookUp) -> Expression:
        field = self.scope.fields[str(table.field)]
        if not isinstance(field, SymbolField):
            raise TypeError(f"table {table.name} is keyed by {field.name}, which is no symbol field")
        index = syntax.index
        other = self.symbol_field(index)
        if other is not None and other is not field:
            why = f"`{table.name}` is keyed by the field `{field.name}`, not by `{other.name}`"
            raise self.fault(index.span, why, f"write {table.name}[{field.name}]")
        if other is not None:
            argument = self.field_expression(field, index.span)
            text = f"{table.name}[{field.name}]"
            return self.make(Form.TABLE, [argument], Type.NUMBER, syntax.span, value=table.name, text=text)
        code = self.value_code(field, index, f"{table.name}[{{}}]")
        text = f"{table.name}[{self.scope.value_text(field.values[code])}]"
        return self.constant(table.values[code], text, syntax.span)

    def symbol_field(self, syntax: Syntax) -> SymbolField | None:
        """The symbol field that the syntax names, if it's just that."""
        field = self.scope.fields.get(syntax.name) if isinstance(syntax, Name) else None
        return field if isinstance(field, SymbolField) else None

    def first_value(self, field: SymbolField) -> str:
        return self.scope.value_text(field.values[0])

    def value_code(self, field: SymbolField, syntax: Syntax, written: str) -> int:
        """The code of the value of `field` that the syntax names; `written`: a right text, with {} for the value."""
        word = syntax.text if isinstance(syntax, Quoted) else syntax.name if isinstance(syntax, Name) else None
        taken = isinstance(syntax, Name) and word in self.scope.names
        if word in field.values and not taken:
            return field.values.index(word)
        if word is None:
            why = f"only a value of the field `{field.name}` can stand here"
            raise self.fault(syntax.span, why, f"write {written.format(self.first_value(field))}")
        if word in field.values:
            why = f"`{word}` is another name of this policy as well as a value of `{field.name}`"
            raise self.fault(syntax.span, why, f"for the value write {written.format(self.scope.value_text(word))}")
        near = self.scope.nearest(word, [*field.values, field.name])
        remedy = f"did you mean `{near}`?" if near else f"its values are {self.values_shown(field)}"
        raise self.fault(syntax.span, f"{quoted(word)} is not a value of the field `{field.name}`", remedy)
