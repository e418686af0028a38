"""Known attacks on systems like this one: where each was seen, and which tests play it here.

`python -m tests.attacks.cases` writes CASES.md anew.
"""

from __future__ import annotations

from pathlib import Path

from tests.attacks.catalogue import masks, payouts, proofs, review, systems, tables, transcript
from tests.attacks.catalogue.case import Case
from tests.attacks.catalogue.listing import listing

FAMILIES: dict[str, tuple[Case, ...]] = {
    "Attacks on whole systems": (*payouts.CASES, *systems.CASES),
    "Fiat-Shamir": transcript.CASES,
    "Low-degree test, trees and bytes of a proof": proofs.CASES,
    "Tables and buses": tables.CASES,
    "Zero knowledge": masks.CASES,
    "Findings of the review of this design": review.FINDINGS,
    "What a cheating operator tries first": review.FIRST,
}
CASES = tuple(case for cases in FAMILIES.values() for case in cases)
LISTING = Path(__file__).parent / "CASES.md"


def page() -> str:
    """CASES.md as it should be."""
    return listing(FAMILIES)


if __name__ == "__main__":
    LISTING.write_text(page(), encoding="utf-8")
