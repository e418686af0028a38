"""The policies that zkpay brings along, complete and commented, to start from (docs/presets)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from zkpay.errors import InputError

PRESETS: Final = (
    "pro-rata",
    "capped-pro-rata",
    "square-root",
    "tiered-rates",
    "pools-per-kind",
    "fixed-price",
    "threshold-bonus",
    "diminishing-per-kind",
    "quadratic-match",
)
"""Names, the plainest first."""


@dataclass(frozen=True)
class Preset:
    """summary: its first line, a sentence. text: the policy file."""

    name: str
    summary: str
    text: str


def preset(name: str) -> Preset:
    """The preset of that name; InputError with all names if there is none."""
    if name not in PRESETS:
        raise InputError(f'there is no preset "{name}"; choose one of {", ".join(PRESETS)}')
    text = files("zkpay.policy").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    return Preset(name, text.partition("\n")[0].removeprefix("# "), text)


def presets() -> tuple[Preset, ...]:
    """All presets."""
    return tuple(preset(name) for name in PRESETS)
