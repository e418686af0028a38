"""Every name of every preset's circuit, with a lie from a seed, a scripted cheat, or a reason.

answers.json keeps, for each preset and name, the first lie or cheat that was found, or why there is none. The campaign
replays them and finds others; `python -m tests.campaigns.deletion.catalogue SECONDS PRESET ...` looks for missing ones.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.attacks.registry import REDUNDANT, family, load_all
from tests.campaigns.deletion.families import FAMILIES
from tests.campaigns.deletion.ground import LIMITED, Ground, ground, ground_for
from tests.campaigns.deletion.reasons.exclusive import why_exclusive
from tests.campaigns.deletion.reasons.implied import why_beyond, why_implied, why_small, why_total
from tests.campaigns.deletion.reasons.joined import why_bounded, why_held, why_joined
from tests.campaigns.deletion.reasons.openings import why_closed
from tests.campaigns.deletion.reasons.overdrawn import why_overdrawn
from tests.campaigns.deletion.reasons.overpaid import why_overpaid
from tests.campaigns.deletion.reasons.spending import why_spent
from tests.campaigns.deletion.reasons.summed import why_summed
from tests.campaigns.deletion.reasons.tops import why_compared
from tests.campaigns.deletion.reasons.unreachable import why_too_large, why_unreachable
from tests.campaigns.deletion.reasons.written import reason_for
from tests.campaigns.deletion.scripts import cheats_for, kills_by_script, shape_of, speaking
from tests.campaigns.deletion.search import kills
from tests.circuits.scenarios import Record, scenario
from zkpay.policy.tools.presets import PRESETS
from zkpay.stark.air import Circuit

ANSWERS = Path(__file__).parent / "answers.json"
OPEN = Path(__file__).parent / "open.json"
LIE, CHEAT, LOOK_UP, REASON = "lie", "cheat", "look-up", "reason"
OFFERS = {"range/ranges on offer": "range", "tables/entries on offer": "tables"}
QUICK, ATTEMPTS = 20, 120
SORTED = re.compile(
    r"(uniqueness|\w+_limit|\w+_nodes).*|tally/(order|padding|record|ordinal|group).*|.* (round|cube).*|.*counted"
)
"""Names of tables whose order has to be forged with the lie: scripted cheats do that."""


@cache
def circuit_of(title: str) -> Circuit:
    """A circuit of a preset, as of all its short epochs."""
    policy = ground(title).policy
    with speaking(policy):
        return scenario([Record(account=1)], policy).circuit


def names_of(title: str) -> tuple[str, ...]:
    """Every name of a preset's circuit."""
    return shape_of(ground(title).policy)


def is_permutation(name: str) -> bool:
    """Whether the name is of a round of the hash: these go by family."""
    return " round " in name or " cube[" in name


@cache
def asked_of(title: str) -> tuple[str, ...]:
    """The names of a preset, of permutation rounds the middle one of each family."""
    families: dict[str, list[str]] = {}
    for name in names_of(title):
        if is_permutation(name):
            families.setdefault(family(name), []).append(name)
    chosen = {members[len(members) // 2] for members in families.values()}
    return tuple(name for name in names_of(title) if not is_permutation(name) or name in chosen)


def stored() -> dict[str, dict[str, str]]:
    """For each preset and name `lie SEED`, `lie SEED NAME` (aimed at another name), `cheat TITLE`, `reason TEXT`, or
    `look-up NAME`: a name whose lie goes through where nothing is on offer.
    """
    if not ANSWERS.exists():
        return {}
    found: dict[str, dict[str, str]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return found


def store(found: Mapping[str, Mapping[str, str]]) -> None:
    """Write answers.json."""
    ordered = {
        title: {name: found[title][name] for name in names_of(title) if name in found[title]}
        for title in PRESETS
        if title in found
    }
    ANSWERS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def open_names() -> dict[str, list[str]]:
    """The names of each preset that have no answer yet; they are findings of the campaign."""
    known = stored()
    found = {title: [name for name in asked_of(title) if name not in known.get(title, {})] for title in PRESETS}
    return {title: names for title, names in found.items() if names}


@cache
def explained(title: str, name: str) -> str | None:
    """Why nothing can use the absence of a name under a preset; None if no reason is known."""
    load_all()
    place = ground(title)
    bounds, plans, tables = place.circuit.bounds, place.plans, place.tables
    found = why_implied(plans, name) or why_total(bounds, plans, name) or why_beyond(bounds, plans, name)
    found = found or why_overdrawn(bounds, name) or why_spent(bounds, plans, name)
    found = found or why_small(bounds, plans, tables, name) or reason_for(title, name)
    found = found or next((entry.reason for entry in REDUNDANT.values() if entry.covers(name)), None)
    table = tables.get(name.partition("/")[0])
    if found is None and table is not None:
        found = why_unreachable(table, name) or why_closed(bounds, plans, table, name)
        found = found or why_compared(plans, table, name)
        found = found or why_summed(bounds, plans, table, tables["totals"], name) or why_exclusive(plans, table, name)
        found = found or why_joined(bounds, plans, tables, name)
        found = found or why_too_large(bounds, table, name) or why_overpaid(bounds, plans, table, name)
        found = found or why_held(plans, table, name) or why_bounded(plans, table, name)
    return found


def replay(title: str, name: str, how: str) -> bool:
    """Whether a stored answer is one: a kill, or the reason of today."""
    kind, _, rest = how.partition(" ")
    if kind == REASON:
        return explained(title, name) == rest
    if kind == CHEAT:
        return any(
            entry.title == rest and kills_by_script(entry, name, ground_for(title, name).policy)
            for entry in cheats_for(name)
        )
    if kind == LOOK_UP:
        # What is offered can't be taken away alone, and without the whole bus nothing is looked up.
        return rest in look_ups(title, name) and replay(title, rest, stored()[title][rest])
    seed, _, aimed = rest.partition(" ")
    return name in kills(ground_for(title, name), aimed or name, seed)


def look_ups(title: str, name: str) -> list[str]:
    """The look-ups of what `name` offers."""
    interactions = [item for placed in circuit_of(title).placed for item in placed.table.interactions]
    return [item.name for item in interactions if item.bus.name == OFFERS[name] and item.name != name]


def find(place: Ground, name: str, found: dict[str, str]) -> None:
    """Look for an answer about a name: a kill, then a reason. What else is killed on the way is noted as well."""
    title = place.title.partition(LIMITED)[0]
    if name in OFFERS:
        taken = [other for other in look_ups(title, name) if found.get(other, "").startswith(LIE)]
        found.update((name, f"{LOOK_UP} {other}") for other in taken[:1])
        return
    if re.fullmatch(SORTED, name) and _by_script(place, name, found):
        return
    if _by_lie(place, name, found, range(QUICK)) or _by_script(place, name, found):
        return
    reason = explained(title, name)
    if reason is not None:
        found[name] = f"{REASON} {reason}"
        return
    if _by_lie(place, name, found, range(QUICK, ATTEMPTS)):
        return
    for lies in FAMILIES:
        if lies.letters == "t" and not name.startswith(("payouts", "totals")):
            continue
        if _by_lie(place, name, found, range(lies.attempts), lies.letters):
            return


def _by_lie(place: Ground, name: str, found: dict[str, str], seeds: range, prefix: str = "") -> bool:
    for number in seeds if name in place.names else ():
        for killed in kills(place, name, f"{prefix}{number}"):
            if place is ground_for(place.title.partition(LIMITED)[0], killed):
                found.setdefault(killed, f"{LIE} {prefix}{number}" + ("" if killed == name else f" {name}"))
        if name in found:
            return True
    return False


def _by_script(place: Ground, name: str, found: dict[str, str]) -> bool:
    for entry in cheats_for(name):
        if kills_by_script(entry, name, place.policy):
            found[name] = f"{CHEAT} {entry.title}"
            return True
    return False


def main(titles: list[str], seconds: float) -> None:
    """Look for what is missing, so long for each preset; answers that are none any more are looked for again."""
    for title in titles:
        began, known = time.monotonic(), stored()
        found = {
            name: how
            for name, how in known.get(title, {}).items()
            if name in names_of(title) and _holds(title, name, how)
        }
        for name in asked_of(title):
            if name not in found and time.monotonic() - began < seconds:
                find(ground_for(title, name), name, found)
                store(known | {title: found})
        store(known | {title: found})
        missing = open_names().get(title, [])
        print(f"{title}: {len(names_of(title))} names, {len(found)} answers, {len(missing)} open", flush=True)
        for name in missing:
            print(f"    {name}", flush=True)
    OPEN.write_text(json.dumps(open_names(), indent=1) + "\n", encoding="utf-8")


def _holds(title: str, name: str, how: str) -> bool:
    # Scripted cheats take long; the campaign plays them.
    return how.startswith(CHEAT) or replay(title, name, how)


if __name__ == "__main__":
    main(sys.argv[2:] or list(PRESETS), float(sys.argv[1]) if len(sys.argv) > 1 else 1e9)
