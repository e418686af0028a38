"""What the pages about formulas say can be written can be written, and does what they say."""

import re

import pytest

from tests.zkpay.policy.preset_pages import DOCS
from zkpay.ledger.problems import MalformedFile
from zkpay.policy.language.definition import Record, evaluate
from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import preset

FORMULA = (DOCS / "formula.md").read_text(encoding="utf-8")
RULES = (DOCS / "rules.md").read_text(encoding="utf-8")


def example() -> str:
    (text,) = re.findall(r"```toml\n(.*?)```", FORMULA, re.DOTALL)
    return text


def with_line(text: str) -> Policy:
    """The page's policy with one more line about accounts, over two of its own."""
    points, *rest = example().partition("[formula]\n")[2].splitlines(keepends=True)
    added = f'x = "sum(quantity)"\ny = "sum(quality)"\nn = "count(quality > 5000)"\nscore = "x"\nadded = "{text}"\n'
    before = example().partition("[formula]\n")[0]
    return parse_policy("".join([before, "[formula]\n", points, added, *rest]).encode(), "docs.toml")


def test_the_example_is_a_policy() -> None:
    policy = parse_policy(example().encode(), "docs.toml")
    assert list(policy.formula.lines) == ["points", "data", "compute", "due", "payout"]
    records = [
        Record(b"a", {"kind": 0, "quantity": 1000, "quality": 10_000}),
        Record(b"b", {"kind": 1, "quantity": 10, "quality": 5000}),
        Record(b"b", {"kind": 0, "quantity": 3000, "quality": 10_000}),
    ]
    # Of the data pool a has 3,000 of 12,000 points, b the rest and all of compute; both are capped.
    assert evaluate(policy.formula, records).payouts == [5000 * 10**18] * 2


@pytest.mark.parametrize(
    "text",
    [
        "isqrt(10_000 * x)",
        "clamp(x, 3, 7)",
        "round_div(x, n + 1)",
        "n > 0 and x // n > 2",
        "x // n if n > 0 else 0",
        "x // max(n, 1)",
        "x // count()",
        "total(sum(points))",
        "total(score)",
        "total(1 if score > 0 else 0)",
        "x - min(x, y)",
        "max(x, y) - y",
        "x + y - y",
        "x - x // 7",
        "x - x % 7",
        "x - x * 3 // 4",
        "x - y if x >= y else 0",
        "min(quality if kind == 'data')",
        "max(quality if quality > 5)",
        "count(kind != 'data')",
        "share[min(n, 3)]",
        "weight['data']",
        "tiers(x, [(10, 3), (100, 2), (rest, 1)])",
        "pool // 2",
    ],
)
def test_what_the_page_shows_compiles(text: str) -> None:
    assert "added" in with_line(text).formula.lines


@pytest.mark.parametrize(
    ("text", "why"), [("x - y", "negative"), ("x // n", "divide by zero"), ("x <= y <= n", "chain"), ("x / 2", "//")]
)
def test_what_the_page_rules_out_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedFile, match=why):
        with_line(text)


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("threshold-bonus", "score", "base + (base - bonus_level) // 4 if base >= bonus_level else base"),
        ("fixed-price", "payout", "due if total(due) <= pool else pool * due // total(due)"),
        ("threshold-bonus", "score", "0 if base < entry_level else base"),
    ],
)
def test_other_ways_that_the_pages_name_compile(name: str, line: str, text: str) -> None:
    changed = re.sub(rf'(?m)^({line}\s*=) ".*"', rf'\1 "{text}"', preset(name).text)
    assert parse_policy(changed.encode(), name).texts[line]


def test_a_capped_share_of_a_pool_for_each_kind_compiles() -> None:
    text = "min(data_pool * data_points // total(data_points), data_points * data_price)"
    page = " ".join((DOCS / "presets" / "pools-per-kind.md").read_text(encoding="utf-8").split())
    assert f"`data_share = {text}`" in page
    changed = preset("pools-per-kind").text.replace("data_pool * data_points // total(data_points)", text)
    policy = parse_policy(changed.replace("[rules]", '[amounts]\ndata_price = "0.5"\n[rules]').encode(), "pools")
    assert policy.texts["data_share"] == text


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}
    for path, text in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            file, _, anchor = target.partition("#")
            found = (path.parent / file).resolve() if file else path
            assert found.is_file(), f"{path.name}: {target}"
            if found not in pages:
                assert not anchor, f"{path.name}: {target}"
                continue
            headings = {
                re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
                for heading in re.findall(r"(?m)^#+ (.*)$", pages[found])
            }
            assert not anchor or anchor in headings, f"{path.name}: {target}"


def test_the_pages_on_rules_and_limits_say_what_no_formula_can_do() -> None:
    for word in ("What no formula can do", "false-name-proof", "What lowers the gain"):
        assert word in RULES
