"""Every kernel by itself: the cases of `zkpay bench`, one test each. Run with `make bench`.

Names give kernel, shape and seed; the report's extra info has the rate in millions a second.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from zkpay.measure.kernels import KernelCase, kernel_cases


@pytest.mark.parametrize("case", kernel_cases(), ids=lambda case: case.title)
def test_kernel(benchmark: BenchmarkFixture, case: KernelCase) -> None:
    run = case.prepare()
    run()  # compiles
    benchmark.pedantic(run, rounds=5, iterations=1)  # type: ignore[no-untyped-call]
    if benchmark.stats is not None:
        benchmark.extra_info[f"million {case.unit} per second"] = case.items / benchmark.stats.stats.min / 1e6
