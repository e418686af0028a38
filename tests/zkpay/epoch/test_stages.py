"""Time left: from the plan at first, then more and more from what stages really took."""

import pytest

from zkpay.epoch.stages import Progress, Stages

NAMES = ("read", "first", "second", "third")
PLAN = {"first": 10.0, "second": 20.0, "third": 10.0}


class Told:
    """Stages on a clock of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.all: list[Progress] = []
        self.stages = Stages(NAMES, self.all.append, lambda: self.now)

    def run(self, factor: float) -> None:
        """Every stage takes `factor` times what the plan says."""
        self.stages.begin("read")
        self.now += 1
        self.stages.plan(PLAN)
        for name, seconds in PLAN.items():
            self.stages.within(name, 0.0)
            for step in range(1, 4):
                self.now += seconds * factor / 4
                self.stages.within(name, step / 4)
            self.now += seconds * factor / 4


def test_without_a_plan_stages_are_told_only() -> None:
    told = Told()
    told.stages.begin("read")
    told.stages.notice("something")
    assert told.all == [Progress(1, 4, "read"), Progress(0, 4, "something")]


def test_a_right_plan_counts_down() -> None:
    told = Told()
    told.run(1.0)
    assert [progress.number for progress in told.all] == [1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]
    left = [progress.seconds_left for progress in told.all[1:]]
    assert left == pytest.approx([40, 37.5, 35, 32.5, 30, 25, 20, 15, 10, 7.5, 5, 2.5][: len(left)])
    own = [progress.stage_seconds_left for progress in told.all[1:6]]
    assert own == pytest.approx([10, 7.5, 5, 2.5, 20])
    shares = [progress.share or 0.0 for progress in told.all[1:]]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(1 / 41)
    assert shares[-1] == pytest.approx(38.5 / 41)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_wrong_plan_is_corrected_by_the_clock(factor: float) -> None:
    told = Told()
    told.run(factor)
    # At the start of the second stage, with a quarter of the job behind it, 30 planned seconds are left.
    second = next(progress for progress in told.all if progress.name == "second")
    assert second.seconds_left == pytest.approx(30 * factor, rel=0.35)
    third = next(progress for progress in told.all if progress.name == "third")
    assert third.seconds_left == pytest.approx(10 * factor, rel=0.1)


def test_a_stage_that_is_not_planned_takes_no_time() -> None:
    told = Told()
    told.stages.plan({"third": 5.0})
    told.stages.begin("first")
    told.now += 1
    told.stages.begin("third")
    assert [progress.seconds_left for progress in told.all] == [5.0, 5.0]


def test_a_name_that_is_no_stage_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        Told().stages.begin("fourth")
