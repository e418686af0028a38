"""What a line's text says before its names are looked up (SPEC §8.1.3)."""

from __future__ import annotations

from dataclasses import dataclass

from zkpay.policy.language.tree import Span


@dataclass(frozen=True)
class Number:
    """A natural number."""

    value: int
    span: Span
    depth: int = 1


@dataclass(frozen=True)
class Name:
    """A name that stands alone."""

    name: str
    span: Span
    depth: int = 1


@dataclass(frozen=True)
class Quoted:
    """A string: a declared value of a symbol field."""

    text: str
    span: Span
    depth: int = 1


@dataclass(frozen=True)
class Operation:
    """A sign or word between two operands; `not` has one."""

    sign: str
    operands: tuple[Syntax, ...]
    span: Span
    depth: int


@dataclass(frozen=True)
class Choice:
    """`value if condition else otherwise`; without `else` it says which contributions an aggregate goes over."""

    value: Syntax
    condition: Syntax
    otherwise: Syntax | None
    span: Span
    depth: int


@dataclass(frozen=True)
class Call:
    """A function's name with its arguments; `name_span` is the name's place."""

    function: str
    arguments: tuple[Syntax, ...]
    span: Span
    name_span: Span
    depth: int


@dataclass(frozen=True)
class LookUp:
    """An entry of a table."""

    table: Name
    index: Syntax
    span: Span
    depth: int


@dataclass(frozen=True)
class Tiers:
    """`tiers(argument, [(upto, rate), ...])`."""

    argument: Syntax
    slices: tuple[tuple[Syntax, Syntax], ...]
    span: Span
    depth: int


Syntax = Number | Name | Quoted | Operation | Choice | Call | LookUp | Tiers
