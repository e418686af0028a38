"""Policies: what is read, what its digest covers, and everything that is refused, with its place."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from zkpay.errors import InputError
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.policy.policy import Policy, load_policy, parse_policy, reason_names

TEXT = """\
[policy]
name = "Datanet rewards, epoch 42"
pool = "250000.5"                      # in tokens
token = { symbol = "OPEN", decimals = 18 }
[fields]
kind = { values = ["data", "compute", "model", "evaluation"] }
quantity = { max = "1000000000" }
quality = { max = "10000" }            # basis points
[tables]
weight = { data = 3, compute = 5, model = 40, evaluation = 1 }
[rules]
unique = ["fingerprint"]
reasons = ["spam", "withdrawn"]
[formula]
points = "weight[kind] * quantity * quality // 10_000"
score  = "sum(points)"
payout = "pool * score // total(score)"
"""


def parse(text: str) -> Policy:
    return parse_policy(text.encode(), "p.toml")


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def problems_of(text: str | bytes) -> tuple[Problem, ...]:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(MalformedFile) as caught:
        parse_policy(raw, "p.toml")
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 4
    for problem in caught.value.problems:
        assert problem.source == "p.toml"
        assert problem.why
        assert problem.remedy
        assert str(problem) in str(caught.value)
    return caught.value.problems


def test_policy_as_read() -> None:
    policy = parse(TEXT)
    assert policy == Policy(
        name="Datanet rewards, epoch 42",
        pool=2500005 * 10**17,
        symbol="OPEN",
        decimals=18,
        kinds=("data", "compute", "model", "evaluation"),
        weights=(3, 5, 40, 1),
        quantity_max=10**9,
        quality_max=10**4,
        unique=True,
        reasons=("spam", "withdrawn"),
    )
    assert reason_names(policy) == (
        "accepted",
        "duplicate",
        "out_of_range",
        "unknown_kind",
        "spam",
        "withdrawn",
    )


def test_file_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TEXT)
    assert load_policy(path) == parse(TEXT)
    path.write_text(changed('"10000"', '"x"'))
    with pytest.raises(InputError, match=r"policy\.toml, line 8: fields\.quality\.max = \"x\""):
        load_policy(path)
    with pytest.raises(InputError, match="can't be read"):
        load_policy(tmp_path / "absent.toml")


def test_rules_are_optional() -> None:
    policy = parse(changed('[rules]\nunique = ["fingerprint"]\nreasons = ["spam", "withdrawn"]\n', ""))
    assert not policy.unique
    assert policy.reasons == ()


class TestDigest:
    def test_definition(self) -> None:
        content: dict[str, Any] = {
            "name": "Datanet rewards, epoch 42",
            "pool": "250000500000000000000000",
            "token": {"symbol": "OPEN", "decimals": 18},
            "kinds": [
                {"name": "data", "weight": 3},
                {"name": "compute", "weight": 5},
                {"name": "model", "weight": 40},
                {"name": "evaluation", "weight": 1},
            ],
            "quantity_max": "1000000000",
            "quality_max": 10000,
            "unique": ["fingerprint"],
            "reasons": ["spam", "withdrawn"],
            "formula": {
                "points": "weight [ kind ] * quantity * quality // 10000",
                "score": "sum ( points )",
                "payout": "pool * score // total ( score )",
            },
        }
        expected = keccak.new(digest_bits=256, data=b"zkpay/policy/v1" + rfc8785.dumps(content)).digest()
        assert parse(TEXT).digest == expected

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("# in tokens", "# quite another comment"),
            ('"250000.5"', '"0250000.500"'),
            ('"1000000000"', "1_000_000_000"),
            ('"1000000000"', '"0001000000000"'),
            ("decimals = 18", "decimals = 0x12"),
            (
                "{ data = 3, compute = 5, model = 40, evaluation = 1 }",
                "{ model = 40, evaluation = 1, data = 3, compute = 5 }",
            ),
            ("10_000", "1_0000"),
            ("weight[kind] * quantity * quality // 10_000", "weight[kind]*quantity *  quality//10000"),
            ("sum(points)", " sum ( points ) "),
            ("[rules]\n", "[rules]\n\n\n"),
            ('symbol = "OPEN"', "symbol = 'OPEN'"),
        ],
    )
    def test_spelling_does_not_count(self, old: str, new: str) -> None:
        assert parse(changed(old, new)).digest == parse(TEXT).digest

    def test_order_of_tables_and_byte_order_mark_do_not_count(self) -> None:
        head, formula = TEXT.split("[formula]")
        assert parse("\ufeff[formula]" + formula + head).digest == parse(TEXT).digest

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("epoch 42", "epoch 43"),
            ('"250000.5"', '"250000.50000000001"'),
            ("OPEN", "OPEM"),
            ("decimals = 18", "decimals = 17"),
            ('"data", "compute"', '"compute", "data"'),
            ("data = 3", "data = 4"),
            ('"1000000000"', '"1000000001"'),
            ('"10000"', '"9999"'),
            ('unique = ["fingerprint"]', "unique = []"),
            ('["spam", "withdrawn"]', '["withdrawn", "spam"]'),
            ('["spam", "withdrawn"]', '["spam"]'),
        ],
    )
    def test_everything_else_counts(self, old: str, new: str) -> None:
        assert parse(changed(old, new)).digest != parse(TEXT).digest

    def test_every_field_counts(self) -> None:
        policy = parse(TEXT)
        other: dict[str, Any] = {
            "name": "x",
            "pool": 1,
            "symbol": "x",
            "decimals": 1,
            "kinds": ("a", "b", "c", "d"),
            "weights": (1, 2, 3, 4),
            "quantity_max": 1,
            "quality_max": 1,
            "unique": False,
            "reasons": (),
        }
        assert set(other) == {field.name for field in dataclasses.fields(Policy)}
        digests = {dataclasses.replace(policy, **{name: value}).digest for name, value in other.items()}
        assert len(digests | {policy.digest}) == len(other) + 1


class TestBounds:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"1000000000"', f'"{2**96}"'),
            ('"10000"', f'"{2**28 - 1}"'),
            ('"10000"', '"0"'),
            ('"10000"', "0"),
            ("data = 3", f"data = {2**28 - 1}"),
            ("data = 3", 'data = "0"'),
            ('"250000.5"', '"0"'),
            ('"250000.5"', '"5192296858534827.628530496329220095"'),
        ],
    )
    def test_the_extreme_values_are_allowed(self, old: str, new: str) -> None:
        parse(changed(old, new))

    def test_62_kinds_and_12_reasons(self) -> None:
        kinds = [f"k{i}" for i in range(62)]
        text = changed('["data", "compute", "model", "evaluation"]', str(kinds).replace("'", '"'))
        weights = ", ".join(f"{kind} = {i}" for i, kind in enumerate(kinds))
        text = text.replace("data = 3, compute = 5, model = 40, evaluation = 1", weights)
        text = text.replace('"spam", "withdrawn"', ", ".join(f'"r-{i}"' for i in range(12)))
        policy = parse(text)
        assert policy.weights == tuple(range(62))
        assert len(reason_names(policy)) == 16


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "value", "why"),
    [
        ('"250000.5"', "250000.5", 3, "policy.pool", "250000.5", "a float"),
        ('"10000"', "1e4", 8, "fields.quality.max", "1e4", "a float"),
        ('"10000"', "inf", 8, "fields.quality.max", "inf", "a float"),
        ("data = 3", "data = 0.3", 10, "tables.weight.data", "0.3", "a float"),
        ('"250000.5"', "250000", 3, "policy.pool", "250000", "not a string"),
        ('"250000.5"', '"2.5e5"', 3, "policy.pool", "2.5e5", "not an amount"),
        ('"250000.5"', '"-1"', 3, "policy.pool", "-1", "not an amount"),
        ('"250000.5"', '"250,000"', 3, "policy.pool", "250,000", "not an amount"),
        ('"250000.5"', '"0.' + "0" * 18 + '1"', 3, "policy.pool", "0." + "0" * 18 + "1", "19 decimals"),
        ('"250000.5"', '"5192296858534827.628530496329220096"', 3, "policy.pool", None, "too large"),
        ("decimals = 18", "decimals = 37", 4, "policy.token.decimals", "37", "too large"),
        ('"OPEN"', '"O P"', 4, "policy.token.symbol", "O P", "not a token symbol"),
        ('"OPEN"', '""', 4, "policy.token.symbol", "", "not a token symbol"),
        ('"Datanet rewards, epoch 42"', '""', 2, "policy.name", "", "not a name"),
        ('"Datanet rewards, epoch 42"', '"a\\nb"', 2, "policy.name", "a\nb", "control character"),
        ('"Datanet rewards, epoch 42"', "42", 2, "policy.name", "42", "not a string"),
        ('"data", "compute"', '"data", "data"', 6, "fields.kind.values", None, "listed twice"),
        ('"data", "compute"', '"data", "comp ute"', 6, "fields.kind.values[1]", "comp ute", "name of a kind"),
        ('"data", "compute", "model", "evaluation"', "", 6, "fields.kind.values", None, "too few"),
        ('"1000000000"', f'"{2**96 + 1}"', 7, "fields.quantity.max", None, "too large"),
        ('"1000000000"', '"1_000"', 7, "fields.quantity.max", "1_000", "not a whole number"),
        ('"1000000000"', '"1.5"', 7, "fields.quantity.max", "1.5", "not a whole number"),
        ('"1000000000"', "true", 7, "fields.quantity.max", "true", "not a whole number"),
        ('"1000000000"', "-5", 7, "fields.quantity.max", "-5", "negative"),
        ('"10000"', f"{2**28}", 8, "fields.quality.max", str(2**28), "too large"),
        ("data = 3", f"data = {2**28}", 10, "tables.weight.data", str(2**28), "too large"),
        ("data = 3, ", "", 10, "tables.weight", None, 'no weight for the kind "data"'),
        ("data = 3", "data = 3, extra = 1", 10, "tables.weight.extra", None, "a weight for no kind"),
        ('["fingerprint"]', '["account"]', 12, "rules.unique[0]", "account", "only `fingerprint`"),
        ('["fingerprint"]', "true", 12, "rules.unique", "true", "not a list"),
        ('"spam"', '"duplicate"', 13, "rules.reasons[0]", "duplicate", "zkpay's own"),
        ('"spam"', '"Spam"', 13, "rules.reasons[0]", "Spam", "name of a reason"),
        ('"spam"', '"withdrawn"', 13, "rules.reasons", None, "listed twice"),
        ('"spam"', ", ".join(f'"r{i}"' for i in range(12)), 13, "rules.reasons", None, "too many"),
        ("reasons =", "reason =", 13, "rules.reason", None, "not a key"),
        ("10_000", "10_001", 15, "formula.points", None, "isn't supported"),
        ("sum(points)", "isqrt(sum(points))", 16, "formula.score", "isqrt(sum(points))", "isn't supported"),
        ("pool * score", "pool*score*1", 17, "formula.payout", None, "isn't supported"),
        ("10_000", "10__000", 15, "formula.points", None, "isn't supported"),
        ("sum(points)", "su m(points)", 16, "formula.score", "su m(points)", "isn't supported"),
        ('score  = "sum(points)"\n', "", 14, "formula.score", None, "missing"),
        ("[tables]\nweight", "[table]\nweight", 0, "tables", None, "missing"),
    ],
)
def test_refused_with_place_and_value(old: str, new: str, line: int, column: str, value: str | None, why: str) -> None:
    found = [p for p in problems_of(changed(old, new)) if p.column == column]
    assert [(problem.line, column) for problem in found] == [(line, column)]
    assert why in found[0].why
    if value is not None:
        assert found[0].value == value


def test_supported_formula_is_named() -> None:
    (problem,) = problems_of(changed("sum(points)", "max(points)"))
    assert 'score = "sum(points)"' in problem.remedy


def test_float_says_how_to_write_it() -> None:
    (problem,) = problems_of(changed('"250000.5"', "250000.5"))
    assert 'as a string: "250000.5"' in problem.remedy


def test_all_problems_at_once() -> None:
    text = changed("data = 3", "data = -3").replace('"10000"', '"x"').replace('"spam"', '"SPAM"')
    assert {problem.line for problem in problems_of(text)} == {8, 10, 13}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (b"", 0, "empty"),
        (b" \n", 0, "empty"),
        (b"[policy]\nname = \n", 2, "not TOML"),
        (b"[policy\n", 1, "not TOML"),
        (b"a = 1\na = 2\n", 2, "not TOML"),
        (b"a = 1\nb = '\xff'\n", 2, "not UTF-8"),
        (TEXT.encode("utf-16"), 1, "not UTF-8"),
        (b"a = " + b"9" * 5000, 0, "not TOML"),
        (b"a = " + b"[" * 8_000, 0, "not TOML"),
        (b"#" * (2**20 + 1), 0, "bytes"),
    ],
)
def test_text_that_is_no_toml(text: bytes, line: int, why: str) -> None:
    (problem,) = problems_of(text)
    assert problem.line == line
    assert why in problem.why


@given(st.binary(max_size=200))
def test_any_bytes_end_in_an_input_error(raw: bytes) -> None:
    problems_of(raw)


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_any_changed_letter_is_read_or_refused(position: int, letter: str) -> None:
    try:
        parse(TEXT[:position] + letter + TEXT[position + 1 :])
    except InputError:
        return


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x = [\n[" + " " * 8000 + "\n]]", "policy: missing"),
        ("[" + ".".join(["a"] * 100) + "]", "nested more than 8 deep"),
        (".".join(["a"] * 100) + " = 1", "nested more than 8 deep"),
        ("[" + ".".join(["a"] * 3000) + "]", "more than 128 dots"),
        (".".join(["a"] * 20000) + " = 1", "a line of over 8,192 characters"),
        ("a = " + "[" * 3000 + "]" * 3000, "not TOML"),
        ("[policy]\npool = 0x" + "f" * 5000, "a number too large"),
        ("[fields]\nquality = { max = 0x" + "f" * 5000 + " }", "a number too large"),
        ("x = 1\n" * 20000, "a policy has at most 65,536"),
    ],
)
def test_hostile_policies_are_refused_at_once(text: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        parse_policy(text.encode(), "policy.toml")


def test_white_space_around_a_formula_costs_nothing() -> None:
    padded = TEXT.replace('"sum(points)"', '"sum(points)' + " " * 8000 + '"')
    assert parse_policy(padded.encode(), "p").digest == parse_policy(TEXT.encode(), "p").digest
