"""Other proof systems on the same machine, where they are installed (bench/peers of a checkout)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zkpay.measure.machine import checkout
from zkpay.measure.macro import NotMeasurableError


def measure_peers(workplace: Path) -> dict[str, Any]:
    """NotMeasurableError says what is missing."""
    root = checkout()
    if root is None:
        raise NotMeasurableError("the peers' circuits come with a checkout of zkpay, not with the installed package")
    raise NotMeasurableError("no peer is written yet")
