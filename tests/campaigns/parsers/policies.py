"""The reader of policies, and of the formulas in them."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.parsers.lines import text_mutation
from tests.campaigns.parsers.observe import Reader, require
from tests.campaigns.parsers.target import Target
from zkpay.epoch.layout import POLICY
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.policy.language.formula import parse_formula
from zkpay.policy.language.names import FUNCTIONS, POOL
from zkpay.policy.policy import parse_policy
from zkpay.policy.tools.json_schema import policy_schema
from zkpay.policy.tools.lint import lint
from zkpay.policy.tools.presets import presets

FORMULA_WORDS = (
    *FUNCTIONS, "if", "else", "and", "or", "not", "rest", POOL, "account", "payout", "x", "//", "%",
    "==", "!=", "<=", ">=", "+", "-", "*", "(", ")", "[", "]", ",", "1", "0", "true", "false", '"', '"""', "#", "{ }",
    "=", ".",
)  # fmt: skip


def _open_policy(_: Path) -> Reader:
    def read(data: bytes) -> None:
        policy = parse_policy(data, POLICY)
        policy.layout.blocks.bit_length()
        lint(policy, MAX_CONTRIBUTIONS)
        numbers = {**policy.constants, **policy.amounts, **policy.pools, POOL: policy.pool}
        again = parse_formula(policy.texts, policy.rules.fields, policy.tables, numbers)
        texts = {name: line.expression.text for name, line in again.lines.items()}
        require(texts == policy.texts, "a normalised formula that is normalised otherwise the second time")

    return read


def _policy_seeds(_: Path) -> list[bytes]:
    return [preset.text.encode() for preset in presets()]


def _policy_keys() -> list[str]:
    """The keys of a policy file, from its schema."""
    schema = policy_schema()
    models = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for model in models for key in model.get("properties", {})})


TABLES = ("[policy]", "[fields]", "[rules]", "[formula]", "[tables]", "[pools]", "[amounts]")
WORDS = (*FORMULA_WORDS, *_policy_keys(), *TABLES)
TARGETS = (
    Target(
        "policy",
        "none",
        _policy_seeds,
        _open_policy,
        lambda rng, data: text_mutation(rng, data, WORDS),
        2_000,
        100,
        words=WORDS,
    ),
)
