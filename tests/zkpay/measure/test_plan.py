"""Which cases the options of `zkpay bench` ask for."""

import pytest

from zkpay.errors import InputError
from zkpay.measure.plan import SECTIONS, Plan, make_plan

POLICIES = ("pro-rata", "square-root", "fixed-price")


def plan(full: bool = False, up_to: int | None = None, runs: int | None = None, only: tuple[str, ...] = ()) -> Plan:
    return make_plan(full=full, up_to=up_to, runs=runs, only=only, policies=POLICIES)


def test_without_options_a_few_minutes() -> None:
    found = plan()
    assert found.sections == SECTIONS
    assert (found.sizes, found.runs) == ((1 << 10, 1 << 12, 1 << 14, 1 << 16), 3)
    cases = [(case.section, case.policy, case.profile, case.records) for case in found.cases()]
    assert cases == [
        *(("scaling", "pro-rata", "default", size) for size in found.sizes),
        ("profiles", "pro-rata", "conservative", 1 << 14),
        ("profiles", "pro-rata", "compact", 1 << 14),
        ("policies", "square-root", "default", 1 << 14),
        ("policies", "fixed-price", "default", 1 << 14),
    ]


def test_full_goes_to_two_million_and_every_power() -> None:
    found = plan(full=True)
    assert (found.sizes, found.runs) == (tuple(1 << log for log in range(10, 22)), 5)
    last = found.cases()[len(found.sizes) - 1]
    assert (last.records, last.accounts) == (1 << 21, 1 << 17)


@pytest.mark.parametrize(
    ("up_to", "sizes"), [(1 << 4, (16,)), (1 << 13, (1 << 10, 1 << 12, 1 << 13)), (1 << 12, (1 << 10, 1 << 12))]
)
def test_up_to_is_always_measured(up_to: int, sizes: tuple[int, ...]) -> None:
    found = plan(up_to=up_to, runs=1, only=("profiles", "scaling"))
    assert found.sizes == sizes
    assert found.sections == ("scaling", "profiles")
    assert {case.records for case in found.cases() if case.section == "profiles"} == {min(sizes[-1], 1 << 14)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"up_to": 1000}, "power of two"),
        ({"up_to": 1 << 40}, r"at most 2\^21"),
        ({"up_to": 0}, "at least 2"),
        ({"up_to": 1}, "at least 2"),
        ({"runs": 0}, "at least 1"),
        ({"only": ("everything",)}, "ceilings, kernels"),
    ],
)
def test_bad_options_say_what_to_choose(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        plan(**arguments)
