"""README, the page of benchmarks and its chart are what `bench.report` makes of the JSON that README names."""

import json
from pathlib import Path

import pytest

from bench.chart import chart
from bench.report import BEGIN, END, ROOT, main, read_document, reports, source_of, with_figures

README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCE = source_of(README)
DOCUMENT = read_document(ROOT / SOURCE)


@pytest.mark.parametrize("place", ["README.md", "docs/benchmarks.md", "docs/benchmarks.svg"])
def test_what_is_written_is_what_was_measured(place: str) -> None:
    made = reports(SOURCE, README)[place]
    remedy = f"{place} differs from {SOURCE}: run python -m bench.report {SOURCE}"
    assert (ROOT / place).read_bytes() == made, remedy


def test_ours_are_in_results_and_complete() -> None:
    assert Path(SOURCE).parent.as_posix() == "bench/results"
    assert DOCUMENT["complete"]
    assert DOCUMENT["failed"] == []


def test_another_measurement_gives_another_page_and_chart() -> None:
    other = json.loads(json.dumps(DOCUMENT))
    case = next(case for case in other["cases"] if case["section"] == "scaling")
    case["prove"]["seconds"] *= 3
    assert with_figures(README, other, SOURCE) != README
    assert chart(other) != chart(DOCUMENT)


def test_only_the_part_between_the_marks_changes() -> None:
    page = f"before\n{BEGIN.format(source='old.json')}\nold\n{END}\nafter\n"
    made = with_figures(page, DOCUMENT, SOURCE)
    assert made.startswith(f"before\n{BEGIN.format(source=SOURCE)}\n")
    assert made.endswith(f"{END}\nafter\n")
    with pytest.raises(ValueError, match="no place for figures"):
        with_figures("nothing", DOCUMENT, SOURCE)


def test_other_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / "x.json"
    strange.write_text('{"schema": "something/else"}')
    with pytest.raises(ValueError, match="schema 'something/else'"):
        read_document(strange)
    monkeypatch.setattr("sys.argv", ["report", str(strange)])
    with pytest.raises(SystemExit):
        main()
    assert "put it into bench/results/" in capsys.readouterr().err
