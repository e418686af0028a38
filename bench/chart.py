"""The chart of a benchmark document: time and memory against the number of contributions, as SVG.

The same document gives the same bytes (with one version of Matplotlib), so that a test can hold the chart to it.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

Content = dict[str, Any]

SETTINGS: Any = {
    "svg.hashsalt": "zkpay",  # names of clip paths would differ from run to run
    "svg.fonttype": "none",  # text stays text: small, searchable, in the reader's font
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
}
COLOURS = ("#0b5fa5", "#c1571a", "#2f7d32", "#7a3b99")


def chart(document: Content) -> bytes:
    """SVG of the scaling cases: seconds on the left, peak memory on the right, both axes logarithmic."""
    cases = sorted(
        (case for case in document["cases"] if case["section"] == "scaling"),
        key=lambda case: int(case["contributions"]),
    )
    if not cases:
        raise ValueError("the document has no scaling cases")
    sizes = [int(case["contributions"]) for case in cases]
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        seconds, memory = figure.subplots(1, 2, width_ratios=(3, 2))
        lines = {
            "prove": [case["prove"]["seconds"] for case in cases],
            "commit, from CSV": [case["commit"]["csv"]["seconds"] for case in cases],
            "commit, from Parquet": [case["commit"]["parquet"]["seconds"] for case in cases],
            "verify": [case["verify"]["process"]["seconds"] for case in cases],
        }
        for (name, values), colour in zip(lines.items(), COLOURS, strict=True):
            seconds.plot(sizes, values, marker="o", markersize=4, color=colour, label=name)
        _axes(seconds, sizes, "seconds, whole process")
        seconds.legend(loc="upper left")
        peaks = [case["prove"]["peak_bytes"] / 1e9 for case in cases]
        memory.plot(sizes, peaks, marker="o", markersize=4, color=COLOURS[0])
        _axes(memory, sizes, "peak memory of prove, GB")
        with io.BytesIO() as file:
            figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Title": "zkpay by size"})
            return file.getvalue()


def _axes(axes: Axes, sizes: list[int], title: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(sizes[:: max(1, len(sizes) // 4)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(value):,}"))
    axes.tick_params(axis="x", labelrotation=30)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("contributions")
    axes.set_title(title, loc="left", fontsize=10)
