"""What a run of `zkpay bench` measures: which parts, sizes, policies and profiles, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from zkpay.errors import InputError

SECTIONS: Final = ("ceilings", "kernels", "start", "scaling", "profiles", "policies", "peers")
"""In the order in which they are measured."""
PROFILES: Final = ("conservative", "compact")
"""Besides the default one, which the scaling table has."""

SMALLEST, USUAL, FULL, BEYOND = 10, 16, 20, 21
_COMPARED: Final = 14
"""Profiles and policies are compared at 2^14 contributions, or the largest size if that is less."""
_ACCOUNTS_SHARE: Final = 16


@dataclass(frozen=True)
class Case:
    """One macro case; `section` is scaling, profiles or policies."""

    section: str
    policy: str
    profile: str
    records: int
    runs: int

    @property
    def accounts(self) -> int:
        """A sixteenth of the records."""
        return max(1, self.records // _ACCOUNTS_SHARE)

    @property
    def title(self) -> str:
        """As progress shows it."""
        return f"{self.records:,} contributions, {self.policy}, {self.profile}"


@dataclass(frozen=True)
class Plan:
    """sections: some of SECTIONS. sizes: numbers of contributions, ascending. runs: proofs of each case.

    kernel_log: no kernel case has more than 2^kernel_log rows. policies: those compared besides pro rata.
    """

    sections: tuple[str, ...]
    sizes: tuple[int, ...]
    runs: int
    kernel_log: int
    policies: tuple[str, ...]

    def cases(self) -> list[Case]:
        """The macro cases in order, small ones first."""
        compared = max((size for size in self.sizes if size <= 1 << _COMPARED), default=self.sizes[0])
        found = [Case("scaling", "pro-rata", "default", size, self.runs) for size in self.sizes]
        found += [Case("profiles", "pro-rata", profile, compared, self.runs) for profile in PROFILES]
        found += [Case("policies", policy, "default", compared, self.runs) for policy in self.policies]
        return [case for case in found if case.section in self.sections]


def make_plan(*, full: bool, up_to: int | None, runs: int | None, only: Iterable[str], policies: Sequence[str]) -> Plan:
    """The plan that the options ask for; InputError if they make none.

    full: every power of two from 2^10 to 2^20 and 2^21, five runs; else every fourth one to 2^16, three runs. up_to:
    the largest number of contributions. only: sections, all of them if empty. policies: all that there are.
    """
    last = (BEYOND if full else USUAL) if up_to is None else up_to.bit_length() - 1
    if last < 1:
        raise InputError(f"--up-to {up_to}: at least 2 contributions")
    if up_to is not None and up_to != 1 << last:
        raise InputError(f"--up-to {up_to}: choose a power of two, for instance 2^{last}")
    if last > BEYOND:
        raise InputError(f"--up-to {up_to}: an epoch has at most 2^{BEYOND} contributions")
    if runs is not None and runs < 1:
        raise InputError(f"--runs {runs}: at least 1")
    chosen = tuple(only) or SECTIONS
    unknown = [section for section in chosen if section not in SECTIONS]
    if unknown:
        raise InputError(f"--only {unknown[0]}: choose from {', '.join(SECTIONS)}")
    logs = range(SMALLEST, last + 1, 1 if full else 2)
    sizes = tuple(sorted({1 << log for log in logs} | {1 << last}))
    return Plan(
        sections=tuple(section for section in SECTIONS if section in chosen),
        sizes=sizes,
        runs=runs if runs is not None else 5 if full else 3,
        kernel_log=min(20, max(last, SMALLEST)) if up_to is not None else 20,
        policies=tuple(name for name in policies if name != "pro-rata"),
    )
