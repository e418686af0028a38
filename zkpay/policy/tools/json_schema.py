"""The JSON Schema of policy files, from the models that read them (SPEC §8.1.1), for editors.

An editor sees mistyped keys and malformed values by it. What relates several parts of a policy, and the formula's
language, is beyond a schema: `zkpay policy lint` finds those.
"""

from __future__ import annotations

from typing import Any, Final

from zkpay.policy.language.names import MAX_NAME_CHARACTERS, PAYOUT, RESERVED
from zkpay.policy.schema import PolicyDocument

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_NAMED: Final = ("pools", "fields", "tables", "constants", "amounts", "formula")
"""The sections whose keys are names that the policy gives."""
_AMOUNT_PATTERN: Final = r"^[0-9]{1,64}(\.[0-9]{1,64})?$"


def policy_schema() -> dict[str, Any]:
    """A schema of draft 2020-12 that every policy which can be read is valid under."""
    schema = _plain(PolicyDocument.model_json_schema())
    sections = schema["properties"]
    names = {
        "pattern": "^[a-z_][a-z0-9_]*$",
        "maxLength": MAX_NAME_CHARACTERS,
        "not": {"enum": sorted(RESERVED)},
    }
    for name in _NAMED:
        for shape in _objects(sections[name]):
            shape["propertyNames"] = names
    for name in ("amounts", "pools"):
        for shape in _objects(sections[name]):
            shape["additionalProperties"] = {"type": "string", "pattern": _AMOUNT_PATTERN}
    sections["formula"]["required"] = [PAYOUT]
    schema["$defs"]["PolicySection"]["properties"]["pool"] = {"type": "string", "pattern": _AMOUNT_PATTERN}
    schema["oneOf"] = [
        {"required": ["pools"], "properties": {"policy": {"not": {"required": ["pool"]}}}},
        {"not": {"required": ["pools"]}, "properties": {"policy": {"required": ["pool"]}}},
    ]
    return {"$schema": DIALECT, **schema, "title": "A policy of zkpay"}


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a section's schema that describe a table, whether or not the section may be absent."""
    return [part for part in (schema, *schema.get("anyOf", ())) if part.get("type") == "object"]


def _plain(schema: Any) -> Any:
    """The schema without null, which TOML hasn't got, and without titles that only repeat the key."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if "anyOf" in kept and len(choices) == 1:
        del kept["anyOf"]
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept
