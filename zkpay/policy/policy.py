"""A policy, read and checked, and its digest (SPEC §8.1).

The digest covers what counts and nothing else: comments, white space, the order of tables and the spelling
of numbers and formulas don't change it; every field, table, constant, amount, rule and line does, and the order of
fields, values, reasons (which gives them their places and codes), unique rules and lines.
"""

import os
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import rfc8785
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from zkpay.errors import InputError
from zkpay.ledger.contributions import MAX_ACCOUNTS, MAX_CONTRIBUTIONS
from zkpay.ledger.fields import Field, SymbolField
from zkpay.ledger.problems import Bare, MalformedFile, Problem
from zkpay.ledger.record_layout import RecordLayout
from zkpay.ledger.rules import Rules
from zkpay.policy.declarations import (
    POOL_BITS,
    Findings,
    check_names,
    read_amounts,
    read_fields,
    read_pools,
    read_rules,
    read_tables,
)
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.lowering import lower
from zkpay.policy.language.names import POOL
from zkpay.policy.language.program import Program
from zkpay.policy.language.tree import Formula, FormulaFault, FormulaFaults, Table
from zkpay.policy.places import KeyPath, Places, dotted
from zkpay.policy.schema import PolicyDocument
from zkpay.policy.source import MAX_POLICY_BYTES, parse_toml
from zkpay.stark.keccak import keccak256

__all__ = ["POOL_BITS", "Policy", "load_policy", "parse_policy"]

_DIGEST_LABEL: Final = b"zkpay/policy/v1"


@dataclass(frozen=True)
class Policy:
    """What a policy says.

    `pool` in base units, the sum of `pools` where these are named. pools, amounts: base units by name. `rules` holds
    the fields too. Mappings are in ascending order of names, so that policies of one digest differ in nothing but the
    places in their texts, to which messages point.
    """

    name: str
    pool: int
    symbol: str
    decimals: int
    pools: dict[str, int]
    amounts: dict[str, int]
    constants: dict[str, int]
    tables: dict[str, Table]
    rules: Rules
    formula: Formula
    _programs: dict[tuple[int, int], Program] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def texts(self) -> dict[str, str]:
        """The normalised text of each line, in the policy's order."""
        return {name: line.expression.text for name, line in self.formula.lines.items()}

    @cached_property
    def layout(self) -> RecordLayout:
        """Where a record's leaf holds what."""
        return RecordLayout(self.rules)

    def program(self, records: int, accounts: int) -> Program:
        """The formula with bounds for at most so many records and accounts; FormulaFault if they go too far, which
        no number of records up to 2^21 does. Accounts count up to the 2^20 that an epoch can pay.
        """
        key = (records, min(accounts, MAX_ACCOUNTS))
        if key not in self._programs:
            self._programs[key] = lower(self.formula, *key)
        return self._programs[key]

    @cached_property
    def digest(self) -> bytes:
        """Keccak-256 of a label and the RFC 8785 form of the content; amounts are strings there, as RFC
        8785's numbers end at 2^53.
        """
        return keccak256(_DIGEST_LABEL + rfc8785.dumps(self._content()))

    def _content(self) -> dict[str, Any]:
        """All that counts."""
        rules = self.rules
        window = rules.window_limit
        return {
            "name": self.name,
            "token": {"symbol": self.symbol, "decimals": self.decimals},
            "pool": str(self.pool),
            "pools": _strings(self.pools),
            "fields": [_field_content(declared) for declared in rules.fields],
            "tables": {
                name: {"field": table.field, "entries": [str(entry) for entry in table.values]}
                for name, table in self.tables.items()
            },
            "constants": _strings(self.constants),
            "amounts": _strings(self.amounts),
            "unique": [list(combination) for combination in rules.unique],
            "account_limit": None if rules.account_limit is None else str(rules.account_limit),
            "window_limit": None
            if window is None
            else {"time": window.time, "length": str(window.length), "count": str(window.count)},
            "corrections": rules.corrections,
            "reasons": list(rules.reasons),
            "formula": [[name, text] for name, text in self.texts.items()],
        }


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """Read a policy file; InputError with file, line, key, value, reason and remedy for all that is wrong."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            # A named pipe would be waited for.
            raise InputError(f"{path}: not a plain file; give the path of a policy file")
        with Path(path).open("rb") as file:
            text = file.read(MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}; give the path of a policy file") from error
    return parse_policy(text, str(path))


def parse_policy(text: bytes, source: str) -> Policy:
    """The policy that a TOML text says; `source` is how messages name it.  InputError as `load_policy`."""
    content, places = parse_toml(text, source)
    try:
        document = PolicyDocument.model_validate(content)
    except ValidationError as error:
        raise MalformedFile([_as_problem(details, source, places) for details in error.errors()]) from error
    findings = Findings(source, places)
    fields = read_fields(document, findings)
    tables = read_tables(document, fields, findings)
    check_names(document, findings)
    # Without these, faults of the formula would only repeat what was found.
    if findings.problems:
        read_rules(document, fields, findings)
        read_pools(document, findings)
        read_amounts(document, findings)
        raise _all(findings)
    rules = read_rules(document, fields, findings)
    pools, pool = read_pools(document, findings)
    amounts = read_amounts(document, findings)
    constants = dict(sorted(document.constants.items()))
    try:
        formula = parse_formula(document.formula, fields, tables, {**constants, **amounts, **pools, POOL: pool})
    except FormulaFaults as error:
        _report_faults(error.faults, document.formula, findings)
        raise _all(findings) from error
    if findings.problems:
        raise _all(findings)
    token = document.policy.token
    policy = Policy(
        document.policy.name,
        pool,
        token.symbol,
        token.decimals,
        pools,
        amounts,
        constants,
        tables,
        rules,
        formula,
    )
    try:
        policy.program(MAX_CONTRIBUTIONS, MAX_ACCOUNTS)
    except (FormulaFault, FormulaFaults) as error:
        faults = error.faults if isinstance(error, FormulaFaults) else (error,)
        _report_faults(faults, document.formula, findings)
        raise _all(findings) from error
    return policy


def _all(findings: Findings) -> MalformedFile:
    """What is raised for the findings, in the order of the file."""
    return MalformedFile(sorted(findings.problems, key=lambda problem: (problem.line, problem.character)))


def _report_faults(faults: tuple[FormulaFault, ...], texts: dict[str, str], findings: Findings) -> None:
    for fault in faults:
        path = ("formula", fault.line)
        if fault.line not in texts:
            findings.report(path, None, fault.why, fault.remedy)
            continue
        line, character, excerpt = findings.places.inside(path, texts[fault.line], fault.span)
        findings.problems.append(
            Problem(
                findings.source,
                line,
                dotted(path),
                None,
                fault.why,
                fault.remedy,
                character=character,
                excerpt=excerpt,
            )
        )


def _strings(numbers: dict[str, int]) -> dict[str, str]:
    return {name: str(number) for name, number in numbers.items()}


def _field_content(declared: Field) -> dict[str, Any]:
    if isinstance(declared, SymbolField):
        return {"name": declared.name, "values": list(declared.values)}
    return {"name": declared.name, "max": str(declared.maximum), "min": str(declared.minimum)}


_PLAIN: Final = {
    "missing": ("missing", "add it"),
    "extra_forbidden": ("not a key that a policy has", "remove it or mend its spelling"),
    "string_type": ("not a string", "write it in quotes"),
    "bool_type": ("neither true nor false", "write true or false"),
    "list_type": ("not a list", "write [...]"),
    "dict_type": ("not a table", "write { ... }"),
    "model_type": ("not a table", "write { ... }"),
    "table": ("neither a table nor a list", "write { data = 3, ... } or [3, 2, 1]"),
    "too_short": ("too few entries", "list at least one"),
    "too_long": ("too many entries", "shorten the list"),
}
"""pydantic's error types, in words that don't take Python for granted."""


def _as_problem(details: ErrorDetails, source: str, places: Places) -> Problem:
    path: KeyPath = details["loc"]
    if path[:1] == ("tables",):
        # The third part says which of the two shapes of a table it was checked as.
        path = path[:2] + path[3:]
    context = details.get("ctx", {})
    why, remedy = _PLAIN.get(details["type"], (details["msg"], "see the policy format in SPEC.md"))
    if details["type"] == "policy":
        why, remedy = context["why"], context["remedy"]
    if details["type"] == "too_long":
        remedy = f"list at most {context['max_length']}"
    given = details["input"]
    value = None
    if details["type"] != "missing" and isinstance(given, str | int):
        value = given if isinstance(given, str) else Bare(str(given).lower() if isinstance(given, bool) else given)
    return Problem(source, places.line_of(path), dotted(path), value, why, remedy)
