"""The shape of a policy file, as pydantic models (SPEC §8.1).

Models check one value each; what relates two values (weights for exactly the kinds, decimals that fit) is
checked in `policy.py`, where the whole is known. Unknown keys are refused: a mistyped rule must not pass in
silence.
"""

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from zkpay.ledger.codes import BUILT_IN_REASONS, MAX_DISCRETIONARY_REASONS, MAX_KINDS

MAX_NAME_BYTES: Final = 128
MAX_SYMBOL_CHARACTERS: Final = 16
MAX_DECIMALS: Final = 36
QUANTITY_LIMIT: Final = 2**96
"""The largest `max` of quantity."""
QUALITY_LIMIT: Final = 2**28 - 1
"""The largest `max` of quality."""
WEIGHT_LIMIT: Final = 2**28 - 1

_DIGITS: Final = re.compile(r"[0-9]{1,64}")
_AMOUNT: Final = re.compile(r"[0-9]{1,64}(\.[0-9]{1,64})?")
_KIND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_REASON: Final = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
MAX_REASON_CHARACTERS: Final = 64


def fault(why: str, remedy: str) -> PydanticCustomError:
    """A finding that carries its remedy to the message."""
    return PydanticCustomError("policy", "{why}", {"why": why, "remedy": remedy})


def _natural(value: object) -> int:
    """A TOML integer or a string of decimal digits; leading zeros are allowed."""
    if type(value) is int:
        if value < 0:
            raise fault("negative", "write a whole number of 0 or more")
        return value
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise fault("not a whole number", "write decimal digits only")


def _at_most(limit: int, shown: str) -> AfterValidator:
    def check(value: int) -> int:
        if value > limit:
            raise fault("too large", f"use at most {shown}")
        return value

    return AfterValidator(check)


def _printable(value: str) -> str:
    if not value.strip() or len(value.encode("utf-8")) > MAX_NAME_BYTES:
        raise fault("not a name", f"write 1 to {MAX_NAME_BYTES} bytes")
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in value):
        raise fault("a control character", "remove it")
    return value


def _symbol(value: str) -> str:
    if not 1 <= len(value) <= MAX_SYMBOL_CHARACTERS or not value.isprintable() or re.search(r"\s", value):
        raise fault("not a token symbol", f"write 1 to {MAX_SYMBOL_CHARACTERS} characters without white space")
    return value


def _amount(value: str) -> str:
    if not _AMOUNT.fullmatch(value):
        raise fault("not an amount", 'write decimal digits, with a point if need be, as in "250000.5"')
    return value


def _kind(value: str) -> str:
    if not _KIND.fullmatch(value):
        raise fault("not the name of a kind", "use up to 64 letters, digits, `_`, `-` and `.`")
    return value


def _reason(value: str) -> str:
    if not _REASON.fullmatch(value) or len(value) > MAX_REASON_CHARACTERS:
        raise fault("not the name of a reason", "use lower-case words joined by `_` or `-`")
    if value in BUILT_IN_REASONS:
        raise fault("a reason of zkpay's own", "leave it out, it is always there")
    return value


def _distinct(values: list[str]) -> list[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise fault(f'"{value}" is listed twice', "name each once")
    return values


def _known_unique(value: str) -> str:
    if value != "fingerprint":
        raise fault("only `fingerprint` can be unique", 'write unique = ["fingerprint"]')
    return value


Natural = Annotated[int, BeforeValidator(_natural)]
Quantity = Annotated[Natural, _at_most(QUANTITY_LIMIT, "2^96")]
Quality = Annotated[Natural, _at_most(QUALITY_LIMIT, f"{QUALITY_LIMIT}")]
Weight = Annotated[Natural, _at_most(WEIGHT_LIMIT, f"{WEIGHT_LIMIT}")]
Decimals = Annotated[Natural, _at_most(MAX_DECIMALS, f"{MAX_DECIMALS}")]
Name = Annotated[str, AfterValidator(_printable)]
Symbol = Annotated[str, AfterValidator(_symbol)]
Amount = Annotated[str, AfterValidator(_amount)]
Kinds = Annotated[
    list[Annotated[str, AfterValidator(_kind)]],
    Field(min_length=1, max_length=MAX_KINDS),
    AfterValidator(_distinct),
]
Reasons = Annotated[
    list[Annotated[str, AfterValidator(_reason)]],
    Field(max_length=MAX_DISCRETIONARY_REASONS),
    AfterValidator(_distinct),
]
Unique = Annotated[list[Annotated[str, AfterValidator(_known_unique)]], AfterValidator(_distinct)]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Token(_Section):
    """What is paid out: its symbol, and how many decimals one token has in base units."""

    symbol: Symbol
    decimals: Decimals


class PolicySection(_Section):
    """`[policy]`: the name, the token, and the pool in tokens (a string, so that no float can creep in)."""

    name: Name
    pool: Amount
    token: Token


class KindField(_Section):
    """`fields.kind`: the kinds of contribution, in the order of their codes."""

    values: Kinds


class QuantityField(_Section):
    """`fields.quantity`: the largest quantity that can be accepted."""

    max: Quantity


class QualityField(_Section):
    """`fields.quality`: the largest quality that can be accepted."""

    max: Quality


class Fields(_Section):
    """`[fields]`: what a contribution has."""

    kind: KindField
    quantity: QuantityField
    quality: QualityField


class Tables(_Section):
    """`[tables]`: the weight of each kind."""

    weight: dict[str, Weight]


class Rules(_Section):
    """`[rules]`: which field is unique, and the reasons for which the operator may reject at discretion."""

    unique: Unique = []
    reasons: Reasons = []


class FormulaSection(_Section):
    """`[formula]`: points of a contribution, score and payout of an account, as text."""

    points: str
    score: str
    payout: str


class PolicyDocument(_Section):
    """A whole policy file."""

    policy: PolicySection
    fields: Fields
    tables: Tables
    rules: Rules = Rules()
    formula: FormulaSection
