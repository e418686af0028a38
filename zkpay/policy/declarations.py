"""What a policy declares beside its formula: fields, tables, constants, money and rules (SPEC §8.1.1).

The checks here take more than one value; each value by itself was checked by `schema.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from zkpay.ledger.fields import Field, NumberField, SymbolField
from zkpay.ledger.problems import Problem
from zkpay.ledger.record_layout import MAX_BLOCKS, RecordLayout
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, RECORD_COLUMNS, Rules, WindowLimit
from zkpay.policy.language.names import POOL, name_fault, nearest
from zkpay.policy.language.tree import Table
from zkpay.policy.places import KeyPath, Places, dotted
from zkpay.policy.schema import FieldSection, PolicyDocument

POOL_BITS: Final = 112
"""A pool has fewer than 2^112 base units, so that a payout fits its leaf."""
AMOUNT_BITS: Final = 128
"""An amount has fewer than 2^128 base units."""

_SHOWN_NAMES: Final = 12


@dataclass
class Findings:
    """The problems of a file, gathered."""

    source: str
    places: Places
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: KeyPath, value: str | None, why: str, remedy: str) -> None:
        """Add one; `value` as written."""
        self.problems.append(Problem(self.source, self.places.line_of(path), dotted(path), value, why, remedy))


def read_fields(document: PolicyDocument, findings: Findings) -> tuple[Field, ...]:
    """The fields, in the policy's order."""
    found: list[Field] = []
    for name, section in document.fields.items():
        path = ("fields", name)
        if name in RECORD_COLUMNS:
            why = f"`{name}` is a column that every file of contributions may have"
            findings.report(path, None, why, "choose another name")
        if section.values is not None:
            if section.max is not None or section.min is not None:
                findings.report(path, None, "both a symbol and a number", "write values, or max and perhaps min")
            found.append(SymbolField(name, tuple(section.values)))
        else:
            found.append(_number_field(name, section, findings))
    return tuple(found)


def read_tables(document: PolicyDocument, fields: Iterable[Field], findings: Findings) -> dict[str, Table]:
    """The tables by name, ascending."""
    symbols = [field for field in fields if isinstance(field, SymbolField)]
    tables: dict[str, Table] = {}
    for name, entries in sorted(document.tables.items()):
        if isinstance(entries, list):
            tables[name] = Table(name, None, tuple(entries))
            continue
        keyed_by = [field for field in symbols if set(field.values) == set(entries)]
        if len(keyed_by) == 1:
            (key,) = keyed_by
            tables[name] = Table(name, key.name, tuple(entries[value] for value in key.values))
        elif keyed_by:
            names = " and ".join(f"`{field.name}`" for field in keyed_by)
            findings.report(("tables", name), None, f"its keys are the values of {names}", "let their values differ")
        else:
            _report_keys(name, entries, symbols, findings)
    return tables


def read_rules(document: PolicyDocument, fields: tuple[Field, ...], findings: Findings) -> Rules:
    """The rules, and the fields with them."""
    section = document.rules
    names = [*(field.name for field in fields), ACCOUNT, FINGERPRINT]
    seen: list[set[str]] = []
    for index, combination in enumerate(section.unique):
        for name in combination:
            if name not in names:
                findings.report(("rules", "unique", index), name, "no field of this policy", _known(name, names))
        if set(combination) in seen:
            findings.report(("rules", "unique", index), None, "the same rule as one before", "leave it out")
        seen.append(set(combination))
    window = None
    if section.limit is not None:
        if section.limit.account is None and section.limit.window is None:
            findings.report(("rules", "limit"), None, "a limit on nothing", "write account = 100, or window = { ... }")
        if section.limit.window is not None:
            window = WindowLimit(**section.limit.window.model_dump())
            numbers = [field.name for field in fields if isinstance(field, NumberField)]
            if window.time not in numbers:
                path = ("rules", "limit", "window", "time")
                findings.report(path, window.time, "no number field of this policy", _known(window.time, numbers))
    account = None if section.limit is None else section.limit.account
    unique = tuple(tuple(combination) for combination in section.unique)
    rules = Rules(fields, unique, account, window, section.corrections, tuple(section.reasons))
    try:
        RecordLayout(rules).places  # noqa: B018 - the layout fits or it doesn't
    except ValueError:
        why = f"the fields take more than the {MAX_BLOCKS} blocks of a record"
        findings.report(("fields",), None, why, "declare fewer, or with smaller maxima")
    return rules


def read_pools(document: PolicyDocument, findings: Findings) -> tuple[dict[str, int], int]:
    """The named pools by name, ascending, and the whole pool, in base units."""
    section = document.policy
    if section.pool is not None and document.pools is not None:
        why, remedy = "a pool beside [pools]", "keep one of them; `pool` is the sum of [pools]"
        findings.report(("policy", "pool"), section.pool, why, remedy)
    if section.pool is None and document.pools is None:
        findings.report(("policy", "pool"), None, "missing", "add it, or name several under [pools]")
        return {}, 0
    if document.pools is None:
        paths: dict[str, tuple[KeyPath, str]] = {POOL: (("policy", "pool"), str(section.pool))}
    else:
        paths = {name: (("pools", name), amount) for name, amount in sorted(document.pools.items())}
    pools = {name: _base_units(path, amount, document, findings) for name, (path, amount) in paths.items()}
    whole = sum(pools.values())
    if whole >= 1 << POOL_BITS:
        path = ("policy", "pool") if document.pools is None else ("pools",)
        remedy = f"a pool has fewer than 2^{POOL_BITS} base units"
        findings.report(path, section.pool, "too large", remedy)
    return ({} if document.pools is None else pools), whole


def read_amounts(document: PolicyDocument, findings: Findings) -> dict[str, int]:
    """The named amounts by name, ascending, in base units."""
    amounts: dict[str, int] = {}
    for name, amount in sorted(document.amounts.items()):
        path = ("amounts", name)
        amounts[name] = _base_units(path, amount, document, findings)
        if amounts[name] >= 1 << AMOUNT_BITS:
            findings.report(path, amount, "too large", f"an amount has fewer than 2^{AMOUNT_BITS} base units")
    return amounts


def check_names(document: PolicyDocument, findings: Findings) -> None:
    """One namespace for all that a formula can name, and its own lines."""
    sections: dict[str, Mapping[str, object]] = {
        "fields": document.fields,
        "tables": document.tables,
        "constants": document.constants,
        "amounts": document.amounts,
        "pools": document.pools or {},
        "formula": document.formula,
    }
    taken: dict[str, str] = {}
    for section, names in sections.items():
        for name in names:
            fault = name_fault(name)
            if fault is not None:
                findings.report((section, name), None, *fault)
            elif name in taken:
                why = f"there is {taken[name]}.{name} already"
                findings.report((section, name), None, why, "choose another name for one of them")
            taken.setdefault(name, section)


def _number_field(name: str, section: FieldSection, findings: Findings) -> NumberField:
    path = ("fields", name)
    if section.max is None:
        why = "neither values nor a maximum"
        findings.report(path, None, why, 'write { values = ["data", ...] } or { max = "1000" }')
        return NumberField(name, 0)
    minimum = section.min or 0
    if minimum > section.max:
        findings.report((*path, "min"), str(minimum), f"more than the maximum {section.max}", "mend one of the two")
    return NumberField(name, section.max, minimum)


def _report_keys(name: str, entries: Mapping[str, int], symbols: list[SymbolField], findings: Findings) -> None:
    """What keeps a table from having an entry for each value of a field, by the field that it's most like."""
    path = ("tables", name)
    likeness = {field.name: len(set(field.values) & set(entries)) for field in symbols}
    key = max(symbols, key=lambda field: likeness[field.name], default=None)
    if key is None or likeness[key.name] == 0:
        why = "its keys are the values of no field"
        findings.report(path, None, why, "write one entry for each value of a symbol field, or a list [3, 2, 1]")
        return
    for value in key.values:
        if value not in entries:
            written = value if "." not in value else f'"{value}"'
            findings.report(path, None, f'no entry for the value "{value}" of `{key.name}`', f"add {written} = NUMBER")
    for value in entries:
        if value not in key.values:
            why, remedy = f"not a value of `{key.name}`", f"add it to fields.{key.name}.values or remove it"
            findings.report((*path, value), None, why, remedy)


def _base_units(path: KeyPath, amount: str, document: PolicyDocument, findings: Findings) -> int:
    """An amount of tokens in base units."""
    token = document.policy.token
    whole, _, fraction = amount.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > token.decimals:
        why = f"{len(fraction)} decimals, but {token.symbol} has {token.decimals}"
        findings.report(path, amount, why, "shorten the amount or mend token.decimals")
    return int(whole + fraction.ljust(token.decimals, "0"))


def _known(name: str, names: list[str]) -> str:
    near = nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    shown = ", ".join(names[:_SHOWN_NAMES]) + (", ..." if len(names) > _SHOWN_NAMES else "")
    return f"use one of {shown}" if names else "declare one under [fields]"
