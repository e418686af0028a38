"""The JSON Schema of policy files: presets are valid under it, mistakes that editors should show are not."""

import json
import re
import tomllib
from typing import Any

import pytest

from zkpay.policy.schema import PolicyDocument
from zkpay.policy.tools.json_schema import DIALECT, policy_schema
from zkpay.policy.tools.presets import PRESETS, preset

# What describes and doesn't decide.
NOTES = {"$schema", "$defs", "title", "description", "default"}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def errors(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str = "") -> list[str]:
    """Where a document breaks a schema; ValueError for a keyword of JSON Schema that isn't known here."""
    found: list[str] = []

    def check(holds: bool, keyword: str) -> None:
        if not holds:
            found.append(f"{path or '.'}: {keyword}")

    for keyword, expected in schema.items():
        match keyword:
            case "$ref":
                found += errors(value, root["$defs"][expected.removeprefix("#/$defs/")], root, path)
            case "type":
                right = isinstance(value, TYPES[expected]) and (expected == "boolean" or not isinstance(value, bool))
                check(right, keyword)
            case "anyOf":
                check(any(not errors(value, choice, root) for choice in expected), keyword)
            case "oneOf":
                check(sum(not errors(value, choice, root) for choice in expected) == 1, keyword)
            case "not":
                check(bool(errors(value, expected, root)), keyword)
            case "enum":
                check(value in expected, keyword)
            case "pattern":
                check(not isinstance(value, str) or re.search(expected, value) is not None, keyword)
            case "maxLength":
                check(not isinstance(value, str) or len(value) <= expected, keyword)
            case "minimum":
                check(not isinstance(value, int) or value >= expected, keyword)
            case "required":
                check(not isinstance(value, dict) or set(expected) <= value.keys(), keyword)
            case "minItems" | "maxItems" if isinstance(value, list):
                check(len(value) >= expected if keyword == "minItems" else len(value) <= expected, keyword)
            case "minProperties" | "maxProperties" if isinstance(value, dict):
                check(len(value) >= expected if keyword == "minProperties" else len(value) <= expected, keyword)
            case "items" if isinstance(value, list):
                for index, entry in enumerate(value):
                    found += errors(entry, expected, root, f"{path}[{index}]")
            case "propertyNames" if isinstance(value, dict):
                for key in value:
                    found += errors(key, expected, root, f"{path}.{key}")
            case "properties" if isinstance(value, dict):
                for key in expected.keys() & value.keys():
                    found += errors(value[key], expected[key], root, f"{path}.{key}")
            case "additionalProperties" if isinstance(value, dict):
                for key in value.keys() - schema.get("properties", {}).keys():
                    check(expected is not False, f"{keyword} {key}")
                    if isinstance(expected, dict):
                        found += errors(value[key], expected, root, f"{path}.{key}")
            case "items" | "properties" | "additionalProperties" | "propertyNames":
                pass
            case "minItems" | "maxItems" | "minProperties" | "maxProperties":
                pass
            case _ if keyword not in NOTES:
                raise ValueError(f"unknown keyword {keyword}")
    return found


def broken(text: str) -> list[str]:
    schema = policy_schema()
    return errors(tomllib.loads(text), schema, schema)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid(name: str) -> None:
    assert broken(preset(name).text) == []


# Preset, what is replaced, by what, a word of the error.
MISTAKES = [
    ("pro-rata", "unique =", "uniqe =", "additionalProperties uniqe"),
    ("pro-rata", 'pool = "100000"', "pool = 100000", "type"),
    ("pro-rata", 'pool = "100000"', 'pool = "1e5"', "pattern"),
    ("pro-rata", 'pool = "100000"', "", "oneOf"),
    ("pools-per-kind", 'name = "Pools per kind"', 'name = "P"\npool = "1"', "oneOf"),
    ("pools-per-kind", 'data_pool = "60000"', "data_pool = 60000", "type"),
    ("pro-rata", "decimals = 18", 'decimals = "x"', "anyOf"),
    ("pro-rata", 'name = "Pro rata"', "name = 7", "type"),
    ("pro-rata", "payout =", "pay =", "required"),
    ("pro-rata", "points =", "sum =", "not"),
    ("pro-rata", "points =", "Points =", "pattern"),
    ("pro-rata", 'payout = "pool * score // total(score)"', "payout = 3", "type"),
    ("pro-rata", 'quality = { max = "10000" }', 'quality = { maximum = "10000" }', "additionalProperties maximum"),
    ("pro-rata", 'unique = ["fingerprint"]', 'unique = "fingerprint"', "type"),
    ("pro-rata", 'unique = ["fingerprint"]', 'unique = ["a", "b", "c", "d"]', "maxItems"),
    ("fixed-price", "corrections = true", 'corrections = "yes"', "type"),
    ("fixed-price", "count = 200", "counts = 200", "additionalProperties counts"),
    ("capped-pro-rata", "record_cap = 50_000", "record_cap = -1", "anyOf"),
    ("capped-pro-rata", "data = 400_000", 'data = "many"', "oneOf"),
]


@pytest.mark.parametrize(("name", "old", "new", "word"), MISTAKES)
def test_mistakes_are_found(name: str, old: str, new: str, word: str) -> None:
    text = preset(name).text
    assert text.count(old) == 1
    found = broken(text.replace(old, new))
    assert any(word in error for error in found), found


def test_the_schema_is_of_its_dialect_and_of_all_sections() -> None:
    schema = policy_schema()
    assert schema["$schema"] == DIALECT
    assert set(schema["properties"]) == set(PolicyDocument.model_fields)
    assert schema["additionalProperties"] is False
    text = json.dumps(schema)
    assert '"null"' not in text
    assert set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', text)) <= schema["$defs"].keys()
