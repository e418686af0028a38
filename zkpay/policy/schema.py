"""The shape of a policy file, as pydantic models (SPEC §8.1.1).

Models check one value each; what relates two values (a table's keys and a field's values, decimals that fit) is
checked in `declarations.py`, where the whole is known. Unknown keys are refused: a mistyped rule must not pass in
silence.
"""

import re
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.fields import MAX_NUMBER_BITS, MAX_SYMBOLS
from zkpay.ledger.rules import BUILT_IN_REASONS, MAX_DISCRETIONARY_REASONS, MAX_UNIQUE_RULES

MAX_NAME_BYTES: Final = 128
MAX_SYMBOL_CHARACTERS: Final = 16
MAX_DECIMALS: Final = 36
MAX_FIELDS: Final = 128
MAX_TABLES: Final = 64
MAX_TABLE_ENTRIES: Final = 4096
MAX_CONSTANTS: Final = 256
MAX_POOLS: Final = 16

_DIGITS: Final = re.compile(r"[0-9]{1,64}")
_AMOUNT: Final = re.compile(r"[0-9]{1,64}(\.[0-9]{1,64})?")
_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
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


def _positive(value: int) -> int:
    if value == 0:
        raise fault("too small", "write at least 1")
    return value


def _printable(value: str) -> str:
    if not value.strip() or len(value.encode("utf-8")) > MAX_NAME_BYTES:
        raise fault("not a name", f"write 1 to {MAX_NAME_BYTES} bytes")
    # Invisible characters too, such as those that turn the direction of writing: a verdict shows this name.
    if not value.isprintable():
        raise fault("a control or invisible character", "remove it")
    return value


def _symbol(value: str) -> str:
    if not 1 <= len(value) <= MAX_SYMBOL_CHARACTERS or not value.isprintable() or re.search(r"\s", value):
        raise fault("not a token symbol", f"write 1 to {MAX_SYMBOL_CHARACTERS} characters without white space")
    return value


def _amount(value: str) -> str:
    if not _AMOUNT.fullmatch(value):
        raise fault("not an amount", 'write decimal digits, with a point if need be, as in "250000.5"')
    return value


def _declared_value(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise fault("not a declared value", "use up to 64 letters, digits, `_`, `-` and `.`, no sign first")
    return value


def _reason(value: str) -> str:
    if not _REASON.fullmatch(value) or len(value) > MAX_REASON_CHARACTERS:
        raise fault("not the name of a reason", "use lower-case words joined by `_` or `-`")
    if value in BUILT_IN_REASONS:
        raise fault("a reason of zkpay's own", "leave it out, it is always there")
    if value.replace("-", "_") in BUILT_IN_REASONS:
        # Readers of a verdict would take what is at the operator's discretion for proved.
        raise fault("too like a reason of zkpay's own, which is proved", "choose another name")
    return value


def _combination(value: object) -> object:
    """A name alone is a combination of one."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return value
    raise fault("neither a name nor a list of names", 'write "fingerprint" or ["account", "task"]')


def _table_shape(value: object) -> str | None:
    return "keyed" if isinstance(value, dict) else "numbered" if isinstance(value, list) else None


def _distinct(values: list[str]) -> list[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise fault(f'"{value}" is listed twice', "name each once")
    return values


Natural = Annotated[
    int,
    BeforeValidator(_natural),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_DIGITS.pattern}$"}]}
    ),
]
Number = Annotated[Natural, _at_most((1 << MAX_NUMBER_BITS) - 1, f"2^{MAX_NUMBER_BITS} - 1")]
Positive = Annotated[Number, AfterValidator(_positive)]
Count = Annotated[Natural, AfterValidator(_positive), _at_most(MAX_CONTRIBUTIONS, f"{MAX_CONTRIBUTIONS:,}")]
Decimals = Annotated[Natural, _at_most(MAX_DECIMALS, f"{MAX_DECIMALS}")]
Name = Annotated[str, AfterValidator(_printable)]
Symbol = Annotated[str, AfterValidator(_symbol)]
Amount = Annotated[str, AfterValidator(_amount)]
Values = Annotated[
    list[Annotated[str, AfterValidator(_declared_value)]],
    Field(min_length=1, max_length=MAX_SYMBOLS),
    AfterValidator(_distinct),
]
Reasons = Annotated[
    list[Annotated[str, AfterValidator(_reason)]],
    Field(max_length=MAX_DISCRETIONARY_REASONS),
    AfterValidator(_distinct),
]
Entries = Annotated[
    Annotated[dict[str, Number], Field(min_length=1, max_length=MAX_SYMBOLS), Tag("keyed")]
    | Annotated[list[Number], Field(min_length=1, max_length=MAX_TABLE_ENTRIES), Tag("numbered")],
    Discriminator(
        _table_shape,
        custom_error_type="table",
        custom_error_message="not a table",
    ),
]
Combination = Annotated[
    list[str],
    BeforeValidator(_combination),
    Field(min_length=1),
    AfterValidator(_distinct),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class _Section(BaseModel):
    # Built within the whole document, never alone.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Token(_Section):
    """What is paid out: its symbol, and how many decimals one token has in base units."""

    symbol: Symbol
    decimals: Decimals


class PolicySection(_Section):
    """`[policy]`: the name, the token, and the pool in tokens (a string, so that no float can creep in)."""

    name: Name
    token: Token
    pool: Amount | None = None


class FieldSection(_Section):
    """`fields.NAME`: either the values that a symbol field has, in the order of their codes, or the bounds of a
    number field, within which a record can be accepted.
    """

    values: Values | None = None
    max: Number | None = None
    min: Number | None = None


class WindowSection(_Section):
    """`rules.limit.window`: at most `count` records of an account in each span of `length` of the field `time`."""

    time: str
    length: Positive
    count: Count


class LimitSection(_Section):
    """`rules.limit`: at most so many records of an account, in all and in each window of time."""

    account: Count | None = None
    window: WindowSection | None = None


class RulesSection(_Section):
    """`[rules]`: what only one record may have, limits, corrections, and reasons to reject at discretion."""

    unique: Annotated[list[Combination], Field(max_length=MAX_UNIQUE_RULES)] = []
    limit: LimitSection | None = None
    corrections: bool = False
    reasons: Reasons = []


class PolicyDocument(_Section):
    """A whole policy file."""

    policy: PolicySection
    pools: Annotated[dict[str, Amount], Field(min_length=1, max_length=MAX_POOLS)] | None = None
    fields: Annotated[dict[str, FieldSection], Field(max_length=MAX_FIELDS)] = {}
    tables: Annotated[dict[str, Entries], Field(max_length=MAX_TABLES)] = {}
    constants: Annotated[dict[str, Number], Field(max_length=MAX_CONSTANTS)] = {}
    amounts: Annotated[dict[str, Amount], Field(max_length=MAX_CONSTANTS)] = {}
    rules: RulesSection = RulesSection()
    formula: dict[str, str]
