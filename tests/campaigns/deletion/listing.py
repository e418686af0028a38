"""The part of CONSTRAINTS.md about presets: each family of names with what kills its members, or why nothing does."""

from __future__ import annotations

import re
from collections import Counter

from tests.attacks.registry import CHEATS, family, load_all
from tests.campaigns.deletion.catalogue import CHEAT, REASON, is_permutation, names_of, stored
from zkpay.policy.tools.presets import PRESETS

SAYS = (
    (r" line \d+", "a number that the formula doesn't give: one line of its sum misses"),
    (r" carry\[\d+\]( top)? has", "a number that is off by P * 2^(R k): the carry of line k takes the wrap"),
    (r"pick\[\d+\]|picks one|difference", "that one number is at most another, or below it, which it isn't"),
    (
        r" (order|within|below) is a bit| <= .* is a bit| < .* is a bit",
        "a choice that is neither of both: twice the one less the other",
    ),
    (r" if equal", "that a record is of another kind than it is"),
    (
        r"is in the (policy|table)",
        "another entry of a table than the one that the kind picks, or that an undeclared kind is one",
    ),
    (r"is 0 where idle", "that an account earns by a record that was rejected"),
    (r" remainder\[?.* has|remainder has", "a quotient that is rounded up, or kept back"),
    (r" has \d+ bits", "a number that other numbers read as another: one limb is out of its range"),
    (r"_limb\[\d+\]", "a total, or a sum paid, that the accounts' numbers don't add up to"),
    (r"starts|adds up|goes on|group ends", "sums and counts of an account that its records don't come to"),
    (r"reason .* is a bit", "counts by reason that are moved by a row which is no record"),
    (r"uniqueness", "a verdict on copies and originals that the rules don't allow"),
    (r"limit", "a verdict on a record that a limit doesn't allow"),
    (r"contributions/(a valid|undeclared|out of range|below)", "a verdict on a record that its values don't allow"),
    (r"", "a verdict, an account or an amount that the records don't come to"),
)
"""What the generated lies state, by what is found in a name."""


def says(name: str) -> str:
    """What a generated lie against a name states."""
    return next(what for pattern, what in SAYS if re.search(pattern, name))


def preset_lines() -> list[str]:
    """The lines of the table, with its heading."""
    load_all()
    titles = {entry.title: entry.says for entry in CHEATS.values()}
    known = stored()
    families: dict[str, Counter[tuple[str, str, str]]] = {}
    presets: dict[tuple[str, tuple[str, str, str]], set[str]] = {}
    total: Counter[str] = Counter()
    for title in PRESETS:
        killed_shapes = {family(name): how for name, how in known[title].items() if is_permutation(name)}
        for name in names_of(title):
            how = known[title].get(name) or (killed_shapes.get(family(name)) if is_permutation(name) else None)
            if how is None:
                answer = ("open", "open", "")
            elif how.startswith(REASON):
                answer = (REASON, "none", how.partition(" ")[2])
            elif how.startswith(CHEAT):
                answer = (CHEAT, f"`{how.partition(' ')[2]}`", titles[how.partition(" ")[2]])
            else:
                answer = ("generated lie", "generated", says(name))
            total["names"] += 1
            total[answer[0]] += 1
            shape = re.sub(r"\d+", "#", family(name))
            families.setdefault(shape, Counter())[answer] += 1
            presets.setdefault((shape, answer), set()).add(title)
    lines = [
        "## Presets",
        "",
        "The same for the circuits of all presets: a lie that is generated from a seed (answers.json of the deletion",
        "campaign has the seeds), a scripted cheat, or a reason. Rounds of permutations go by family. Reasons are",
        "worked out for tables of 1,024 rows, hence at most 1,024 records and accounts, and the bounds that follow:",
        "they say nothing about larger epochs, where limbs have other widths, sums more terms and liars more rows.",
        "",
        f"{total['names']:,} names: {total['generated lie']:,} killed by generated lies,"
        f" {total[CHEAT]:,} by scripted cheats, {total[REASON]:,} explained, {total['open']:,} open.",
        "",
        "| Constraint, interaction or sum | Members | Presets | Killed by | What false thing it states, or why not |",
        "|---|---|---|---|---|",
    ]
    for shape, answers in families.items():
        for answer, members in answers.items():
            where = presets[shape, answer]
            told = "all" if len(where) == len(PRESETS) else ", ".join(title for title in PRESETS if title in where)
            lines.append(f"| `{shape}` | {members} | {told} | {answer[1]} | {answer[2]} |")
    return lines
