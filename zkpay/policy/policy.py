"""A policy, read and checked, and its digest (SPEC §8.1, §4.3).

The digest covers what counts and nothing else: comments, white space, the order of tables and the spelling
of numbers don't change it; every kind, weight, bound, rule, reason (and the order of kinds and reasons,
which gives them their codes) does.
"""

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import rfc8785
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from zkpay.errors import InputError
from zkpay.ledger.codes import UNKNOWN_KIND, reason_names
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.policy.formula import SUPPORTED, differing_lines, normalised
from zkpay.policy.schema import PolicyDocument
from zkpay.policy.source import MAX_POLICY_BYTES, KeyPath, dotted, line_of, parse_toml
from zkpay.stark.keccak import keccak256

__all__ = ["POOL_BITS", "UNKNOWN_KIND", "Policy", "load_policy", "parse_policy", "reason_names"]

POOL_BITS: Final = 112
"""A pool has fewer than 2^112 base units, so that a payout fits its leaf."""

_DIGEST_LABEL: Final = b"zkpay/policy/v1"


@dataclass(frozen=True)
class Policy:
    """What a policy says.

    `pool` in base units; `kinds[code]` and `weights[code]` belong together; `unique`: a fingerprint is
    accepted once only; `reasons`: the discretionary rejection reasons, the built-in ones left out (see
    `reason_names`).
    """

    name: str
    pool: int
    symbol: str
    decimals: int
    kinds: tuple[str, ...]
    weights: tuple[int, ...]
    quantity_max: int
    quality_max: int
    unique: bool
    reasons: tuple[str, ...]

    @cached_property
    def digest(self) -> bytes:
        """Keccak-256 of a label and the RFC 8785 form of the content; amounts are strings there, as RFC
        8785's numbers end at 2^53.
        """
        content: dict[str, Any] = {
            "name": self.name,
            "pool": str(self.pool),
            "token": {"symbol": self.symbol, "decimals": self.decimals},
            "kinds": [{"name": kind, "weight": weight} for kind, weight in zip(self.kinds, self.weights, strict=True)],
            "quantity_max": str(self.quantity_max),
            "quality_max": self.quality_max,
            "unique": ["fingerprint"] if self.unique else [],
            "reasons": list(self.reasons),
            "formula": {name: normalised(line) for name, line in SUPPORTED.items()},
        }
        return keccak256(_DIGEST_LABEL + rfc8785.dumps(content))


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
    content, lines = parse_toml(text, source)
    try:
        document = PolicyDocument.model_validate(content)
    except ValidationError as error:
        raise MalformedFile([_as_problem(details, source, lines) for details in error.errors()]) from error
    return _checked(document, source, lines)


def _checked(document: PolicyDocument, source: str, lines: dict[KeyPath, int]) -> Policy:
    """The checks that take more than one value, and the policy."""
    problems: list[Problem] = []

    def report(path: KeyPath, value: str | None, why: str, remedy: str) -> None:
        problems.append(Problem(source, line_of(lines, path), dotted(path), value, why, remedy))

    kinds = tuple(document.fields.kind.values)
    weight = document.tables.weight
    for kind in kinds:
        if kind not in weight:
            report(("tables", "weight"), None, f'no weight for the kind "{kind}"', f"add {kind} = NUMBER")
    for kind in weight:
        if kind not in kinds:
            report(
                ("tables", "weight", kind),
                None,
                "a weight for no kind",
                "add it to fields.kind.values or remove it",
            )
    token = document.policy.token
    whole, _, fraction = document.policy.pool.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > token.decimals:
        report(
            ("policy", "pool"),
            document.policy.pool,
            f"{len(fraction)} decimals, but {token.symbol} has {token.decimals}",
            "shorten the amount or mend token.decimals",
        )
    pool = int(whole + fraction.ljust(token.decimals, "0"))
    if pool >= 1 << POOL_BITS:
        report(
            ("policy", "pool"),
            document.policy.pool,
            "too large",
            f"a pool has fewer than 2^{POOL_BITS} base units",
        )
    for name in differing_lines(document.formula):
        report(
            ("formula", name),
            getattr(document.formula, name),
            "this formula isn't supported",
            f'the one formula that is has {name} = "{SUPPORTED[name]}"',
        )
    if problems:
        raise MalformedFile(problems)
    return Policy(
        name=document.policy.name,
        pool=pool,
        symbol=token.symbol,
        decimals=token.decimals,
        kinds=kinds,
        weights=tuple(weight[kind] for kind in kinds),
        quantity_max=document.fields.quantity.max,
        quality_max=document.fields.quality.max,
        unique=bool(document.rules.unique),
        reasons=tuple(document.rules.reasons),
    )


_PLAIN: Final = {
    "missing": ("missing", "add it"),
    "extra_forbidden": ("not a key that a policy has", "remove it or mend its spelling"),
    "string_type": ("not a string", "write it in quotes"),
    "list_type": ("not a list", "write [...]"),
    "dict_type": ("not a table", "write { ... }"),
    "model_type": ("not a table", "write { ... }"),
    "too_short": ("too few entries", "list at least one"),
    "too_long": ("too many entries", "shorten the list"),
}
"""pydantic's error types, in words that don't take Python for granted."""


def _as_problem(details: ErrorDetails, source: str, lines: dict[KeyPath, int]) -> Problem:
    path: KeyPath = details["loc"]
    context = details.get("ctx", {})
    why, remedy = _PLAIN.get(details["type"], (details["msg"], "see the policy format in SPEC.md"))
    if details["type"] == "policy":
        why, remedy = context["why"], context["remedy"]
    if details["type"] == "too_long":
        remedy = f"list at most {context['max_length']}"
    given = details["input"]
    value = None
    if details["type"] != "missing" and isinstance(given, str | int):
        value = str(given).lower() if isinstance(given, bool) else str(given)
    return Problem(source, line_of(lines, path), dotted(path), value, why, remedy)
