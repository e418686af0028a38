"""Settings that every test shares: bounded property tests, and a switch that forbids leaving tests out.

With ZKPAY_REQUIRE_ALL set to anything but 0, a test (or a whole file) that would be skipped fails instead, so
that a run that says "passed" has run everything.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# Kernels compile on first use, so a time limit on single examples would only measure the compiler.
settings.register_profile("zkpay", max_examples=50, deadline=None, print_blob=True)
settings.load_profile("zkpay")

REQUIRE_ALL = os.environ.get("ZKPAY_REQUIRE_ALL", "0") not in ("", "0")


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # A skip's long representation is (path, line, message).
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one under ZKPAY_REQUIRE_ALL; expected failures stay as they are."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = f"left out under ZKPAY_REQUIRE_ALL: {_skip_reason(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Likewise for a module skipped as a whole, by importorskip or skip(allow_module_level=True)."""
    report = yield
    if REQUIRE_ALL and report.outcome == "skipped":
        report.longrepr = f"left out under ZKPAY_REQUIRE_ALL: {_skip_reason(report)}"
        report.outcome = "failed"
    return report
