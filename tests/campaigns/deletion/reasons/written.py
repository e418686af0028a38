"""Why some names have no lie under some presets, where the reason is the preset's numbers."""

from __future__ import annotations

import re


class Reason:
    """Names of some presets (None: of all) that nothing can use the absence of."""

    def __init__(self, pattern: str, reason: str, titles: tuple[str, ...] | None = None) -> None:
        self.pattern, self.reason, self.titles = pattern, reason, titles

    def covers(self, title: str, name: str) -> bool:
        """Whether it is about a name of a preset."""
        return (self.titles is None or title in self.titles) and re.fullmatch(self.pattern, name) is not None


REASONS = [
    Reason(
        r"contributions/\w+ (within|below) is a bit",
        "kept: whoever asks a comparison is promised a bit. To use its absence here, some use would have to read "
        "another value: a valid record needs one of them, a rejected one a product of 0, and the sign is right "
        "for both.",
    ),
    Reason(
        r"payouts/is_real is a bit",
        "kept: a cheat of the tests takes an account by parts of a row where numbers have one limb, a lie here "
        "where a payout is the sum of two quotients. Here it is one. All rows of a leaf that pay too little have one "
        "remainder: so their parts are -d / c with one c and d below 2^16, and to add up to 1 modulo P takes over "
        "2^14 rows, of which there are at most 1,024. Rows of other amounts differ by the pool or more before the "
        "division, for which a remainder has no room, or have nothing due. In tables of 2^17 rows there is a lie: "
        "test_campaign_crowds.py.",
        ("pro-rata", "square-root", "diminishing-per-kind"),
    ),
    Reason(
        r"(uniqueness|tally)/order (low|high) bits 0-14 has 15 bits",
        "Both tables sort all records, by the account first. Elements of accounts that follow each other in one of "
        "them differ first at some place; records with the same elements before it follow each other in the other "
        "table as well, so that this element is compared with another and looked up there. What else makes up the key "
        "is two slots an element, or the index: less than 2^30 without a look-up.",
        ("quadratic-match",),
    ),
    Reason(
        r"payouts/total\(matched\)_limb\[0\] is added up",
        "The total would be too small by 1 at least, and everybody's share of the pool so much larger that together "
        "they come to pool / 2^57 > 690,000 more than the pool, where roundings take less than 1,024. Where 0 is told, "
        "which counts as 1, the total has to be 1 to be paid: it is 0 or, with two donors of 100 or more in an "
        "account, over 190, as each donor's root is 1,000 or more and twice the roots' products is what is matched.",
        ("quadratic-match",),
    ),
    Reason(
        r"payouts/score: tiers\(.* order equal above the pick\[3\]",
        "By unreachable.py something false can only be said of points of 2^42 or more, that they are at most 10,000. "
        "They then stand in the first tier as well: the score is 50 + 5 times as many and 18,000,000, which is over "
        "241,892,558,110,720, where the largest total that a statement may say is 204,800,018,500,000.",
        ("tiered-rates",),
    ),
    Reason(
        r"payouts/total\(score\)_limb\[0\] is added up",
        "The total would be too small by 1 at least, and everybody's share of the pool so much larger that together "
        "they come to pool / 2^56 > 1,300,000 more than the pool, where roundings take less than 1,024. Where 0 is "
        "told, which counts as 1, the total has to be 1 to be paid: but a score is 0, or that of 100 points or more.",
        ("threshold-bonus",),
    ),
    Reason(
        r"payouts/score: base \* bonus_percent // 100\[3\] has 4 bits",
        "Two lines read the limb, x. Short of bonus_level, where the flag is 0, only its own does, and nothing reads "
        "the quotient. From there on the last line of the choice asks 4096 * x to be t = 4096 * (its own limb, below "
        "16) - carry, from -12,288 to 65,535, and the last line of the quotient reads 409,600 * x, which is 100 * t: "
        "it stays below 2^25, far from P, so that it holds over the integers. Both lines hold for one number t * 2^30 "
        "and the lower limbs: 100 times it and a remainder below 100 are what is divided, and the choice is it.",
        ("threshold-bonus",),
    ),
]


def reason_for(title: str, name: str) -> str | None:
    """The written reason for a name of a preset."""
    return next((entry.reason for entry in REASONS if entry.covers(title, name)), None)
