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
from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
from zkpay.ledger.fields import NumberField, SymbolField
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.rules import Rules, WindowLimit
from zkpay.policy.language.tree import Table
from zkpay.policy.policy import Policy, load_policy, parse_policy

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

FULL = """\
[policy]
name = "Every key"
token = { symbol = "T", decimals = 2 }
[pools]
data_pool = "100.5"
compute_pool = "0"
[fields]
timestamp = { max = 4_000_000_000 }
kind = { values = ["data", "model-v2", "v.3"] }
task = { max = "10", min = 1 }
quantity = { max = "340282366920938463463374607431768211455", min = "100" }
[tables]
weight = { data = 3, model-v2 = "5", "v.3" = 0 }
share = [3, "3", 2, 1]
[constants]
cap = 2_000_000
largest = "340282366920938463463374607431768211455"
[amounts]
price = "0.25"
[rules]
unique = ["fingerprint", ["account", "task"], ["kind"]]
limit = { account = 100, window = { time = "timestamp", length = 86_400, count = 10 } }
corrections = true
reasons = ["spam"]
[formula]
points = "weight[kind] * share[quantity % 4]"
score = "min(sum(points), cap)"
payout = "data_pool * score // total(score) + price * 0 + (compute_pool + pool) * 0"
"""


def parse(text: str) -> Policy:
    return parse_policy(text.encode(), "p.toml")


def changed(old: str, new: str, text: str = TEXT) -> str:
    assert old in text
    return text.replace(old, new)


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
    assert (policy.name, policy.pool, policy.symbol, policy.decimals) == (
        "Datanet rewards, epoch 42",
        2500005 * 10**17,
        "OPEN",
        18,
    )
    assert policy.pools == policy.amounts == policy.constants == {}
    assert policy.tables == {"weight": Table("weight", "kind", (3, 5, 40, 1))}
    assert policy.rules == Rules(
        (
            SymbolField("kind", ("data", "compute", "model", "evaluation")),
            NumberField("quantity", 10**9),
            NumberField("quality", 10**4),
        ),
        unique=(("fingerprint",),),
        reasons=("spam", "withdrawn"),
    )
    assert policy.layout.blocks == 1
    assert policy.texts == {
        "points": "weight[kind] * quantity * quality // 10000",
        "score": "sum(points)",
        "payout": "pool * score // total(score)",
    }


def test_every_key_as_read() -> None:
    policy = parse(FULL)
    assert policy.pool == 10050
    assert list(policy.pools.items()) == [("compute_pool", 0), ("data_pool", 10050)]
    assert policy.amounts == {"price": 25}
    assert policy.constants == {"cap": 2_000_000, "largest": 2**128 - 1}
    assert policy.tables == {
        "share": Table("share", None, (3, 3, 2, 1)),
        "weight": Table("weight", "kind", (3, 5, 0)),
    }
    assert policy.rules == Rules(
        (
            NumberField("timestamp", 4_000_000_000),
            SymbolField("kind", ("data", "model-v2", "v.3")),
            NumberField("task", 10, 1),
            NumberField("quantity", 2**128 - 1, 100),
        ),
        unique=(("fingerprint",), ("account", "task"), ("kind",)),
        account_limit=100,
        window_limit=WindowLimit("timestamp", 86_400, 10),
        corrections=True,
        reasons=("spam",),
    )
    assert policy.formula.constants == {
        "cap": 2_000_000,
        "largest": 2**128 - 1,
        "price": 25,
        "compute_pool": 0,
        "data_pool": 10050,
        "pool": 10050,
    }


def test_programs_are_lowered_once_for_each_size() -> None:
    policy = parse(TEXT)
    program = policy.program(8, 4)
    assert (program.records, program.accounts) == (8, 4)
    assert program is policy.program(8, 4)
    assert program is not policy.program(16, 4)
    assert dataclasses.replace(policy, name="x").program(8, 4) is not program


def test_file_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TEXT)
    assert load_policy(path) == parse(TEXT)
    path.write_text(changed('"10000"', '"x"'))
    with pytest.raises(InputError, match=r"policy\.toml, line 8: fields\.quality\.max = \"x\""):
        load_policy(path)
    with pytest.raises(InputError, match="can't be read"):
        load_policy(tmp_path / "absent.toml")
    with pytest.raises(InputError, match="not a plain file"):
        load_policy(tmp_path)


def test_most_is_optional() -> None:
    policy = parse(
        '[policy]\nname = "p"\npool = "1"\ntoken = { symbol = "T", decimals = 0 }\n[formula]\npayout = "count()"\n'
    )
    assert policy.rules == Rules(())
    assert policy.tables == {}


class TestDigest:
    def test_definition(self) -> None:
        content: dict[str, Any] = {
            "name": "Every key",
            "token": {"symbol": "T", "decimals": 2},
            "pool": "10050",
            "pools": {"compute_pool": "0", "data_pool": "10050"},
            "fields": [
                {"name": "timestamp", "max": "4000000000", "min": "0"},
                {"name": "kind", "values": ["data", "model-v2", "v.3"]},
                {"name": "task", "max": "10", "min": "1"},
                {"name": "quantity", "max": "340282366920938463463374607431768211455", "min": "100"},
            ],
            "tables": {
                "share": {"field": None, "entries": ["3", "3", "2", "1"]},
                "weight": {"field": "kind", "entries": ["3", "5", "0"]},
            },
            "constants": {"cap": "2000000", "largest": "340282366920938463463374607431768211455"},
            "amounts": {"price": "25"},
            "unique": [["fingerprint"], ["account", "task"], ["kind"]],
            "account_limit": "100",
            "window_limit": {"time": "timestamp", "length": "86400", "count": "10"},
            "corrections": True,
            "reasons": ["spam"],
            "formula": [
                ["points", "weight[kind] * share[quantity % 4]"],
                ["score", "min(sum(points), cap)"],
                ["payout", "data_pool * score // total(score) + price * 0 + (compute_pool + pool) * 0"],
            ],
        }
        expected = keccak.new(digest_bits=256, data=b"zkpay/policy/v1" + rfc8785.dumps(content)).digest()
        assert parse(FULL).digest == expected

    def test_is_the_same_on_every_machine(self) -> None:
        assert parse(TEXT).digest.hex() == "a77c1b8986c11b46fedf4a289729bcedef1c9d7f39fd8344c2e2f50fda997403"
        assert parse(FULL).digest.hex() == "78cefe81eeff773719e15cf9aced2a466ef5005a19a33833acf60141278612a4"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("# in tokens", "# quite another comment"),
            ('"250000.5"', '"0250000.500"'),
            ('"1000000000"', "1_000_000_000"),
            ('"1000000000"', '"0001000000000"'),
            ('"1000000000"', '"1000000000", min = 0'),
            ("decimals = 18", "decimals = 0x12"),
            (
                "{ data = 3, compute = 5, model = 40, evaluation = 1 }",
                "{ model = 40, evaluation = 1, data = 3, compute = 5 }",
            ),
            ("10_000", "1_0000"),
            ("weight[kind] * quantity * quality // 10_000", "weight[kind]*quantity *  quality//10000"),
            ("weight[kind] * quantity * quality // 10_000", "((weight[kind] * (quantity)) * quality) // 10000"),
            ("sum(points)", " sum ( points ) "),
            ("[rules]\n", "[rules]\n\n\n"),
            ("[rules]\n", "[constants]\n[amounts]\n[rules]\ncorrections = false\n"),
            ('symbol = "OPEN"', "symbol = 'OPEN'"),
            ('unique = ["fingerprint"]', 'unique = [["fingerprint"]]'),
        ],
    )
    def test_spelling_does_not_count(self, old: str, new: str) -> None:
        assert parse(changed(old, new)).digest == parse(TEXT).digest

    @pytest.mark.parametrize(
        "spelling",
        [
            "sum(points if (quantity > 5) and not ('data' == kind))",
            "sum(points if quantity > 0_5 and not kind == data)",
            "sum((points) if 5 < quantity and (kind != 'data'))",
        ],
    )
    def test_trees_count_and_not_their_texts(self, spelling: str) -> None:
        expected = parse(changed("sum(points)", "sum(points if 5 < quantity and kind != data)")).digest
        assert parse(changed("sum(points)", spelling)).digest == expected

    def test_order_of_tables_and_byte_order_mark_do_not_count(self) -> None:
        head, formula = TEXT.split("[formula]")
        assert parse("\ufeff[formula]" + formula + head).digest == parse(TEXT).digest

    def test_policies_of_one_digest_are_equal_in_every_way(self) -> None:
        turned = FULL
        for first, second in (("cap =", "largest"), ("weight", "share"), ("data_pool", "compute_pool")):
            above = next(line for line in FULL.splitlines() if line.startswith(first))
            below = next(line for line in FULL.splitlines() if line.startswith(second))
            turned = changed(f"{above}\n{below}", f"{below}\n{above}", turned)
        one, other = parse(FULL), parse(turned)
        assert one.digest == other.digest
        assert hash(one) == hash(other)
        assert list(one.formula.constants) == list(other.formula.constants)
        for name in ("pools", "amounts", "constants", "tables"):
            assert list(getattr(one, name).items()) == list(getattr(other, name).items())

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("Every key", "Every other key"),
            ('"100.5"', '"100.51"'),
            ("data_pool", "data_pot"),
            ('symbol = "T"', 'symbol = "U"'),
            ("decimals = 2", "decimals = 3"),
            ('"data", "model-v2"', '"model-v2", "data"'),
            ("data = 3", "data = 4"),
            ("[3, ", "[4, "),
            ("[3, ", "[3, 3, "),
            ("share", "shares"),
            ("min = 1 ", "min = 2 "),
            ("4_000_000_000", "4_000_000_001"),
            ("timestamp", "time"),
            ("cap = 2", "cap = 3"),
            ('"0.25"', '"0.26"'),
            ('"fingerprint", ["account", "task"]', '["account", "task"], "fingerprint"'),
            ('["account", "task"]', '["task", "account"]'),
            (', ["kind"]', ""),
            ("account = 100, ", ""),
            ("account = 100", "account = 101"),
            ("length = 86_400", "length = 86_401"),
            ("count = 10", "count = 11"),
            ("corrections = true", "corrections = false"),
            ("corrections = true\n", ""),
            ('["spam"]', '["scam"]'),
            ('["spam"]', "[]"),
            ("points", "marks"),
            ("min(sum(points), cap)", "min(cap, sum(points))"),
            ("min(sum(points), cap)", "min(sum(points), 2_000_000)"),
            ("price * 0", "0 * price"),
            ('price = "0.25"', 'price = "0.25"\nunused = "1"'),
            ("cap = 2", "unused = 1\ncap = 2"),
            ("score = ", 'unused = "1"\nscore = '),
        ],
    )
    def test_everything_else_counts(self, old: str, new: str) -> None:
        assert parse(changed(old, new, FULL)).digest != parse(FULL).digest

    def test_every_field_counts(self) -> None:
        policy, formula = parse(FULL), parse(TEXT).formula
        other: dict[str, Any] = {
            "name": "x",
            "pool": 1,
            "symbol": "x",
            "decimals": 1,
            "pools": {},
            "amounts": {},
            "constants": {},
            "tables": {},
            "rules": Rules(()),
            "formula": formula,
        }
        assert set(other) == {field.name for field in dataclasses.fields(Policy) if field.init}
        digests = {dataclasses.replace(policy, **{name: value}).digest for name, value in other.items()}
        assert len(digests | {policy.digest}) == len(other) + 1

    def test_every_rule_counts(self) -> None:
        policy = parse(FULL)
        other: dict[str, Any] = {
            "fields": policy.rules.fields[:-1],
            "unique": (),
            "account_limit": None,
            "window_limit": WindowLimit("timestamp", 86_400, 1),
            "corrections": False,
            "reasons": (),
        }
        assert set(other) == {field.name for field in dataclasses.fields(Rules)}
        changed_rules = [dataclasses.replace(policy.rules, **{name: value}) for name, value in other.items()]
        digests = {dataclasses.replace(policy, rules=rules).digest for rules in changed_rules}
        assert len(digests | {policy.digest}) == len(other) + 1


class TestBounds:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"1000000000"', f'"{2**128 - 1}"'),
            ('"10000"', '"0"'),
            ('"10000"', "0"),
            ("data = 3", f"data = {2**128 - 1}"),
            ("data = 3", 'data = "0"'),
            ('"250000.5"', '"0"'),
            ('"250000.5"', '"5192296858534827.628530496329220095"'),
            ("[rules]", f'[amounts]\nlarge = "{2**128 // 10**18}"\n[rules]'),
            ("[rules]", f"[constants]\nlarge = {2**128 - 1}\n[rules]"),
            ("[rules]", "[rules]\nlimit = { account = 1 }"),
            ("[rules]", f"[rules]\nlimit = {{ account = {MAX_CONTRIBUTIONS} }}"),
            ("[rules]", f"[rules]\nlimit = {{ window = {{ time = 'quantity', length = {2**128 - 1}, count = 1 }} }}"),
            ("[rules]", f"share = {[1] * 4096}\n[rules]".replace("1, ", "1,\n")),
        ],
    )
    def test_the_extreme_values_are_allowed(self, old: str, new: str) -> None:
        parse(changed(old, new))

    def test_62_values_and_12_reasons(self) -> None:
        kinds = [f"k{i}" for i in range(62)]
        text = changed('["data", "compute", "model", "evaluation"]', str(kinds).replace("'", '"'))
        weights = ", ".join(f"{kind} = {i}" for i, kind in enumerate(kinds))
        text = text.replace("data = 3, compute = 5, model = 40, evaluation = 1", weights)
        text = text.replace('"spam", "withdrawn"', ", ".join(f'"r-{i}"' for i in range(12)))
        policy = parse(text)
        assert policy.tables["weight"].values == tuple(range(62))
        assert len(policy.rules.reason_names) == 20


KINDS = '"data", "compute", "model", "evaluation"'
WEIGHTS = "{ data = 3, compute = 5, model = 40, evaluation = 1 }"
MONEY = [
    ('"250000.5"', "250000.5", 3, "policy.pool", "250000.5", "a float"),
    ('"250000.5"', "250000", 3, "policy.pool", "250000", "not a string"),
    ('"250000.5"', '"2.5e5"', 3, "policy.pool", "2.5e5", "not an amount"),
    ('"250000.5"', '"-1"', 3, "policy.pool", "-1", "not an amount"),
    ('"250000.5"', '"250,000"', 3, "policy.pool", "250,000", "not an amount"),
    ('"250000.5"', '"0.' + "0" * 18 + '1"', 3, "policy.pool", "0." + "0" * 18 + "1", "19 decimals"),
    ('"250000.5"', '"5192296858534827.628530496329220096"', 3, "policy.pool", None, "too large"),
    ('pool = "250000.5" ', "#", 1, "policy.pool", None, "missing"),
    ("[fields]", '[pools]\na = "1"\n[fields]', 3, "policy.pool", "250000.5", "a pool beside [pools]"),
    ("[fields]", "[pools]\n[fields]", 5, "pools", None, "too few"),
    ("[fields]", '[pools]\na = "1.0.0"\n[fields]', 6, "pools.a", "1.0.0", "not an amount"),
    ("[fields]", '[pools]\na = "5192296858534828"\n[fields]', 5, "pools", None, "too large"),
    ("[fields]", "[amounts]\na = 3\n[fields]", 6, "amounts.a", "3", "not a string"),
    ("[fields]", f'[amounts]\na = "{2**128 // 10**18 + 1}"\n[fields]', 6, "amounts.a", None, "too large"),
    ("[fields]", f'[amounts]\na = "0.{"0" * 18}1"\n[fields]', 6, "amounts.a", None, "19 decimals"),
    ("decimals = 18", "decimals = 37", 4, "policy.token.decimals", "37", "too large"),
    ('"OPEN"', '"O P"', 4, "policy.token.symbol", "O P", "not a token symbol"),
    ('"OPEN"', '""', 4, "policy.token.symbol", "", "not a token symbol"),
]
NAMES = [
    ('"Datanet rewards, epoch 42"', '""', 2, "policy.name", "", "not a name"),
    ('"Datanet rewards, epoch 42"', '"a\u202eb"', 2, "policy.name", "a\u202eb", "invisible character"),
    ('"Datanet rewards, epoch 42"', '"a\\nb"', 2, "policy.name", "a\nb", "control or invisible"),
    ('"Datanet rewards, epoch 42"', "42", 2, "policy.name", "42", "not a string"),
    ("[fields]", f"[constants]\na = {2**128}\n[fields]", 6, "constants.a", str(2**128), "too large"),
    ("[fields]", "[constants]\na = -1\n[fields]", 6, "constants.a", "-1", "negative"),
    ("[fields]", "[constants]\nA = 1\n[fields]", 6, "constants.A", None, "not a name"),
    ("[fields]", f"[constants]\n{'a' * 65} = 1\n[fields]", 6, f"constants.{'a' * 65}", None, "not a name"),
    ("[fields]", "[constants]\nmin = 1\n[fields]", 6, "constants.min", None, "a word of the formula language"),
    ("[fields]", "[constants]\npool = 1\n[fields]", 6, "constants.pool", None, "a word of the formula language"),
    ("[fields]", "[constants]\nrest = 1\n[fields]", 6, "constants.rest", None, "a word of the formula language"),
    ("[fields]", "[constants]\nif = 1\n[fields]", 6, "constants.if", None, "a word of the formula language"),
    ("[fields]", "[constants]\nkind = 1\n[fields]", 6, "constants.kind", None, "there is fields.kind already"),
    ("[fields]", "[constants]\nweight = 1\n[fields]", 6, "constants.weight", None, "there is tables.weight already"),
    ("[fields]", "[constants]\nscore = 1\n[fields]", 18, "formula.score", None, "there is constants.score already"),
    ("score  =", "sum =", 16, "formula.sum", None, "a word of the formula language"),
    ('score  = "sum(points)"', "score = 3", 16, "formula.score", "3", "not a string"),
    ('payout = "pool * score // total(score)"\n', "", 14, "formula.payout", None, "there is no line `payout`"),
    ("[formula]", "[formulas]", 14, "formulas", None, "not a key"),
    ("[formula]", "[formulas]", 0, "formula", None, "missing"),
]
FIELDS_AND_TABLES = [
    ('"10000"', "1e4", 8, "fields.quality.max", "1e4", "a float"),
    ('"10000"', "inf", 8, "fields.quality.max", "inf", "a float"),
    ("data = 3", "data = 0.3", 10, "tables.weight.data", "0.3", "a float"),
    ('"data", "compute"', '"data", "data"', 6, "fields.kind.values", None, "listed twice"),
    ('"data", "compute"', '"data", "comp ute"', 6, "fields.kind.values[1]", "comp ute", "not a declared value"),
    (KINDS, "", 6, "fields.kind.values", None, "too few"),
    (KINDS, ", ".join(f'"k{index}"' for index in range(63)), 6, "fields.kind.values", None, "too many"),
    ('{ max = "10000" }', "{ }", 8, "fields.quality", None, "neither values nor a maximum"),
    ('{ max = "10000" }', "{ min = 3 }", 8, "fields.quality", None, "neither values nor a maximum"),
    ('max = "10000"', 'max = "10000", values = ["a"]', 8, "fields.quality", None, "both a symbol and a number"),
    ('max = "10000"', 'max = "10000", min = 10_001', 8, "fields.quality.min", "10001", "more than the maximum 10000"),
    ('max = "10000"', 'most = "10000"', 8, "fields.quality.most", "10000", "not a key"),
    ('{ max = "10000" }', '"10000"', 8, "fields.quality", "10000", "not a table"),
    ("quality = {", "replaces = {", 8, "fields.replaces", None, "a column that every file"),
    ("quality = {", "contribution_id = {", 8, "fields.contribution_id", None, "a column that every file"),
    ("quality = {", "Quality = {", 8, "fields.Quality", None, "not a name"),
    (
        "quality = {",
        "".join(f"f{index} = {{ max = {2**128 - 1} }}\n" for index in range(10)) + "quality = {",
        5,
        "fields",
        None,
        "more than the 4 blocks of a record",
    ),
    ('"1000000000"', f'"{2**128}"', 7, "fields.quantity.max", None, "too large"),
    ('"1000000000"', '"1_000"', 7, "fields.quantity.max", "1_000", "not a whole number"),
    ('"1000000000"', '"1.5"', 7, "fields.quantity.max", "1.5", "not a whole number"),
    ('"1000000000"', "true", 7, "fields.quantity.max", "true", "not a whole number"),
    ('"1000000000"', "-5", 7, "fields.quantity.max", "-5", "negative"),
    ("[tables]", "[table]", 9, "table", None, "not a key"),
    ("data = 3", f"data = {2**128}", 10, "tables.weight.data", str(2**128), "too large"),
    ("data = 3, ", "", 10, "tables.weight", None, 'no entry for the value "data" of `kind`'),
    ("data = 3", "data = 3, extra = 1", 10, "tables.weight.extra", None, "not a value of `kind`"),
    (WEIGHTS, "{ a = 1 }", 10, "tables.weight", None, "values of no field"),
    (WEIGHTS, "{}", 10, "tables.weight", None, "too few"),
    (WEIGHTS, "[]", 10, "tables.weight", None, "too few"),
    (WEIGHTS, "3", 10, "tables.weight", "3", "neither a table nor a list"),
    (WEIGHTS, "[1, 'x']", 10, "tables.weight[1]", "x", "not a whole number"),
    (WEIGHTS, f"{[1] * 4097}".replace("1, ", "1,\n"), 10, "tables.weight", None, "too many"),
    (
        "quality = {",
        'sort = { values = ["model", "evaluation", "data", "compute"] }\nquality = {',
        11,
        "tables.weight",
        None,
        "its keys are the values of `kind` and `sort`",
    ),
]
RULES = [
    ('["fingerprint"]', '["wallet"]', 12, "rules.unique[0]", "wallet", "no field of this policy"),
    ('["fingerprint"]', '["kind", ["qality", "kind"]]', 12, "rules.unique[1]", "qality", "no field of this policy"),
    ('["fingerprint"]', '["fingerprint", ["fingerprint"]]', 12, "rules.unique[1]", None, "the same rule"),
    ('["fingerprint"]', '[["kind", "account"], ["account", "kind"]]', 12, "rules.unique[1]", None, "the same rule"),
    ('["fingerprint"]', '[["kind", "kind"]]', 12, "rules.unique[0]", None, "listed twice"),
    ('["fingerprint"]', "[[]]", 12, "rules.unique[0]", None, "too few"),
    ('["fingerprint"]', "[3]", 12, "rules.unique[0]", "3", "neither a name nor a list of names"),
    ('["fingerprint"]', '["kind", "account", "quality", "quantity"]', 12, "rules.unique", None, "too many"),
    ('["fingerprint"]', "true", 12, "rules.unique", "true", "not a list"),
    ("[rules]", "[rules]\nlimit = {}", 12, "rules.limit", None, "a limit on nothing"),
    ("[rules]", "[rules]\nlimit = 5", 12, "rules.limit", "5", "not a table"),
    ("[rules]", "[rules]\nlimit = { account = 0 }", 12, "rules.limit.account", "0", "too small"),
    ("[rules]", "[rules]\nlimit = { account = 2_097_153 }", 12, "rules.limit.account", "2097153", "too large"),
    (
        "[rules]",
        "[rules]\nlimit = { window = { time = 'kind', length = 1, count = 1 } }",
        12,
        "rules.limit.window.time",
        "kind",
        "no number field of this policy",
    ),
    (
        "[rules]",
        "[rules]\nlimit = { window = { time = 'quality', length = 0, count = 1 } }",
        12,
        "rules.limit.window.length",
        "0",
        "too small",
    ),
    (
        "[rules]",
        "[rules]\nlimit = { window = { time = 'quality', length = 1 } }",
        12,
        "rules.limit.window.count",
        None,
        "missing",
    ),
    ("[rules]", "[rules]\ncorrections = 1", 12, "rules.corrections", "1", "neither true nor false"),
    ('"spam"', '"duplicate"', 13, "rules.reasons[0]", "duplicate", "zkpay's own"),
    ('"spam"', '"superseded"', 13, "rules.reasons[0]", "superseded", "zkpay's own"),
    ('"spam"', '"out-of-range"', 13, "rules.reasons[0]", "out-of-range", "too like a reason of zkpay's own"),
    ('"spam"', '"Spam"', 13, "rules.reasons[0]", "Spam", "name of a reason"),
    ('"spam"', '"withdrawn"', 13, "rules.reasons", None, "listed twice"),
    ('"spam"', ", ".join(f'"r{i}"' for i in range(12)), 13, "rules.reasons", None, "too many"),
    ("reasons =", "reason =", 13, "rules.reason", None, "not a key"),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "value", "why"), [*MONEY, *NAMES, *FIELDS_AND_TABLES, *RULES])
def test_refused_with_place_and_value(old: str, new: str, line: int, column: str, value: str | None, why: str) -> None:
    found = [problem for problem in problems_of(changed(old, new)) if problem.column == column]
    assert [(problem.line, column) for problem in found] == [(line, column)]
    assert why in found[0].why
    if value is not None:
        assert found[0].value == value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"250000.5"', "250000.5", "policy.pool = 250000.5: a float"),
        ('"250000.5"', "250000", "policy.pool = 250000: not a string"),
        ('"250000.5"', '"2.5e5"', 'policy.pool = "2.5e5": not an amount'),
        ("[rules]", "[rules]\ncorrections = 1", "rules.corrections = 1: neither"),
        ("[rules]", "[rules]\nunique_ = true", "rules.unique_ = true: not a key"),
    ],
)
def test_messages_quote_what_the_file_quotes(old: str, new: str, said: str) -> None:
    assert any(said in str(problem) for problem in problems_of(changed(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ('["fingerprint"]', '["finger_print"]', "did you mean `fingerprint`?"),
        ('["fingerprint"]', '["zzz"]', "use one of kind, quantity, quality, account, fingerprint"),
        (WEIGHTS, "{ a = 1 }", "write one entry for each value of a symbol field, or a list [3, 2, 1]"),
        ("data = 3, ", "", "add data = NUMBER"),
    ],
)
def test_remedy(old: str, new: str, remedy: str) -> None:
    assert [problem.remedy for problem in problems_of(changed(old, new))] == [remedy]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "sum(points)",
            "sum(pints)",
            """\
p.toml, line 16, column 15: formula.score: `pints` is not a name of this policy; did you mean `points`?
    score  = "sum(pints)"
                  ^^^^^""",
        ),
        (
            "pool * score // total",
            "pool * score / total",
            """\
p.toml, line 17, column 24: formula.payout: there are no fractions; use `//`, which rounds down, or round_div(a, b) \
or ceil_div(a, b)
    payout = "pool * score / total(score)"
                           ^""",
        ),
        (
            '"sum(points)"',
            "'''\n\n  sum(points) *\n  sum(pints)'''",
            """\
p.toml, line 19, column 7: formula.score: `pints` is not a name of this policy; did you mean `points`?
      sum(pints)'''
          ^^^^^""",
        ),
        (
            "sum(points)",
            'sum(pints if kind == \\"data\\")',
            """\
p.toml, line 16: formula.score: `pints` is not a name of this policy; did you mean `points`?
    sum(pints if kind == "data")
        ^^^^^""",
        ),
        (
            "weight[kind] * quantity",
            "quantity - quality",
            """\
p.toml, line 15, column 11: formula.points: `quantity - quality * quality // 10000` can be negative: quantity is 0 to \
1_000_000_000, quality * quality // 10000 is 0 to 10_000; write quantity - min(quantity, quality * quality // 10000), \
or guard it: quantity - quality * quality // 10000 if quantity >= quality * quality // 10000 else 0
    points = "quantity - quality * quality // 10_000"
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^""",
        ),
        (
            '"sum(points)"',
            '""',
            """\
p.toml, line 16, column 11: formula.score: the line is empty; write an expression between the quotes
    score  = ""
              ^""",
        ),
    ],
)
def test_fault_of_a_formula_is_shown_in_its_place(old: str, new: str, message: str) -> None:
    (problem,) = problems_of(changed(old, new))
    assert str(problem) == message


def test_place_in_a_long_line_is_shown_with_what_stands_around_it() -> None:
    text = changed("sum(points)", "sum(points) + " * 30 + "pints" + " + sum(points)" * 30)
    (problem,) = problems_of(text)
    line, below = problem.excerpt.splitlines()
    assert len(line) == 106
    assert line.startswith("...")
    assert line.endswith("...")
    assert line[below.index("^") : below.rindex("^") + 1] == "pints"
    assert text.splitlines()[15][problem.character - 1 :].startswith("pints")


def test_lines_elsewhere_than_below_their_header() -> None:
    head, _, lines = TEXT.partition("[formula]\n")
    dotted = "".join(f"formula.{line}\n" for line in lines.splitlines())
    assert parse(dotted + head).digest == parse(TEXT).digest
    (problem,) = problems_of(dotted.replace("sum(points)", "sum(pints)") + head)
    assert (problem.line, problem.character) == (2, 23)
    table = 'formula = { points = "pints", score = "1", payout = "score" }\n'
    (problem,) = problems_of(table + head)
    assert (problem.line, problem.character, problem.excerpt) == (1, 0, "pints\n^^^^^")


def test_faults_of_all_lines_and_sections_at_once() -> None:
    text = changed("sum(points)", "sum(pints)").replace("weight[kind] *", "weight[knd] +")
    # A value that isn't even an amount hides the rest: nothing can be said about a file of the wrong shape.
    assert [problem.line for problem in problems_of(changed('"250000.5"', '"1.0.0"', text))] == [3]
    found = problems_of(changed('"250000.5"', '"0.0000000000000000001"', text))
    assert [(problem.line, problem.character) for problem in found] == [(3, 0), (15, 18), (16, 15)]
    assert str(MalformedFile(found)).startswith("p.toml: 3 errors, nothing was read\np.toml, line 3: policy.pool = ")


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
        ("x = 1\n" * 50000, "a policy has at most 262,144"),
    ],
)
def test_hostile_policies_are_refused_at_once(text: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        parse_policy(text.encode(), "policy.toml")


def test_white_space_around_a_formula_costs_nothing() -> None:
    padded = TEXT.replace('"sum(points)"', '"sum(points)' + " " * 8000 + '"')
    assert parse_policy(padded.encode(), "p").digest == parse_policy(TEXT.encode(), "p").digest
