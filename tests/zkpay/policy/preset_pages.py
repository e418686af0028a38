"""The worked numbers of docs/presets/*.md: the records in its csv block, and the payouts in its table."""

import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from zkpay.policy.policy import Policy, parse_policy
from zkpay.policy.tools.presets import preset

DOCS = Path(__file__).resolve().parents[3] / "docs"
_CSV = re.compile(r"```csv\n(.*?)```", re.DOTALL)


class Page(NamedTuple):
    """csv: the records. payouts: tokens by account, as the page states them."""

    text: str
    csv: str
    payouts: dict[str, Decimal]


def read_page(name: str) -> Page:
    text = (DOCS / "presets" / f"{name}.md").read_text(encoding="utf-8")
    (csv,) = _CSV.findall(text)
    table = text[text.index("| account |") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return Page(text, csv, {row[0]: Decimal(row[-1]) for row in rows})


def preset_policy(name: str) -> Policy:
    return parse_policy(preset(name).text.encode(), f"{name}.toml")
