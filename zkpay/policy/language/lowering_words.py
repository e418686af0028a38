"""How to mend what lowering refuses, in the words of the formula."""

from __future__ import annotations

from zkpay.policy.language.lowering_nodes import MAX_TEXT, shortened
from zkpay.policy.language.tree import Expression, Form

_WRITTEN = {
    Form.SUBTRACT: "{a} - {b}",
    Form.DIVIDE: "{a} // {b}",
    Form.REMAINDER: "{a} % {b}",
    Form.ROUND_DIVIDE: "round_div({a}, {b})",
    Form.CEIL_DIVIDE: "ceil_div({a}, {b})",
    Form.TABLE: "{table}[{a}]",
}
_SIGNS = (Form.ADD, Form.SUBTRACT, Form.MULTIPLY, Form.DIVIDE, Form.REMAINDER)
_LOOSE = (Form.CONDITIONAL, Form.AND, Form.OR, Form.NOT, Form.EQUAL, Form.LESS, Form.AT_MOST, Form.IS_SYMBOL)


def remedy(expression: Expression, instead: str, condition: str) -> str:
    """What to write instead, or under which condition. `{a}` and `{b}` are the operands inside of a call, `{left}` and
    `{right}` beside a sign; long ones get a letter and a line of their own.
    """
    calls, signs, lines = {}, {}, []
    for letter, side, operand in zip("ab", ("left", "right"), expression.arguments, strict=False):
        text = operand.text
        if len(text) > MAX_TEXT:
            lines.append(f'{letter} = "{shortened(text)}"')
            text = letter
        calls[letter] = text
        signs[side] = f"({text})" if operand.form in _LOOSE and text != letter else text
    whole = expression.text
    if lines:
        tight = {
            letter: f"({text})" if operand.form in (*_LOOSE, *_SIGNS) and text != letter else text
            for (letter, text), operand in zip(calls.items(), expression.arguments, strict=True)
        }
        whole = _WRITTEN[expression.form].format(**tight, table=expression.value)
    named = f"add the line{'s' if len(lines) > 1 else ''} {' and '.join(lines)}, then " if lines else ""
    filled = [template.format(**calls, **signs) for template in (instead, condition)]
    return f"{named}write {filled[0]}, or guard it: {whole} if {filled[1]} else 0"
