"""A program for fewer records and accounts: the same values, within narrower bounds (SPEC §8.1.4).

What was proved for many holds for few, so nothing is proved again. Each node is made anew from its narrowed
arguments; it keeps the bounds that it had where the new ones are no better, and its level: what was proved of accounts
holds where there is one, even if nothing about accounts is left in it.
"""

from __future__ import annotations

from zkpay.policy.language.lowering_nodes import Nodes, Place
from zkpay.policy.language.program import Node, Operation, Program
from zkpay.policy.language.tree import Formula, Span


def narrowed(program: Program, formula: Formula, records: int, accounts: int) -> Program:
    """The formula's program, narrowed to at most so many records and accounts, 1 or more."""
    nodes = Nodes(formula, records, accounts, formula.payout.expression)
    nodes.most_nodes = None
    made: dict[Node, Node] = {}
    for node in program.nodes:
        nodes.place, nodes.least_level = Place(node.text, node.line, Span(0, 0)), node.level
        made[node] = _made_again(nodes, node, [made[argument] for argument in node.arguments])
    lines = {name: made[node] for name, node in program.lines.items()}
    return nodes.program(lines, {text: made[node] for text, node in program.totals.items()})


def _made_again(nodes: Nodes, node: Node, arguments: list[Node]) -> Node:
    """The node with other arguments, within its own bounds."""
    within = (node.low, node.high)
    match node.operation:
        case Operation.CONSTANT:
            return nodes.constant(node.low)
        case Operation.FIELD:
            return nodes.number_field(str(node.value))
        case Operation.TABLE_OF_SYMBOL if isinstance(node.value, tuple):
            return nodes.table_of_symbol(str(node.value[0]), str(node.value[1]))
        case Operation.IS_SYMBOL if isinstance(node.value, tuple):
            return nodes.is_symbol(str(node.value[0]), int(node.value[1]))
        case Operation.TABLE:
            return nodes.entry(str(node.value), arguments[0])
        case Operation.SELECT:
            return nodes.select(arguments[0], arguments[1], arguments[2], within)
        case Operation.SUM | Operation.LARGEST:
            return nodes.aggregate(node.operation, arguments[0])
        case Operation.TOTAL:
            return nodes.total(str(node.value), arguments[0], within)
        case Operation.AT_MOST:
            return nodes.at_most(*arguments)
        case Operation.AND:
            return nodes.both(*arguments)
        case Operation.OR:
            return nodes.either(*arguments)
        case Operation.NOT:
            return nodes.negation(*arguments)
    return nodes.arithmetic(node.operation, *arguments, within=within)
