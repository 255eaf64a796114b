"""The data section: counts add up, the figure is what was counted, people's texts are shown."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.report.test_page import parsed
from tunesmith.files import read_json, write_json, write_json_lines
from tunesmith.report.data.data_facts import MAX_SOURCES, source_lines
from tunesmith.report.data.data_record import MAX_CONTRADICTIONS, SAMPLE_ROWS, read_data_record
from tunesmith.report.data.data_section import data_section
from tunesmith.report.pictures.lengths import lengths_svg
from tunesmith.report.record import read_run_record
from tunesmith.stages.preparing.token_lengths import token_lengths
from tunesmith.stages.report import write_report

MakeRun = Callable[..., Path]


def test_the_section_tells_counts_reasons_hidden_lengths_and_what_to_decide(
    make_run: MakeRun,
) -> None:
    words = parsed(data_section(read_run_record(make_run()))).words
    for told in (
        "100 rows kept, 4 dropped.",
        "Duplicates droppedexact 3",
        "Hidden2 mail addresses, 1 phone number",
        "Contradictions1 pair to decide",
        "capitals.jsonljsonl6033 exact duplicate",
        "more.csvcsv410",
        "half of the rows up to 22, the longest 45; test:",
        "Capital of Australia?capitals.jsonl:7Sydneycapitals.jsonl:9Canberra",
        "A sample",
    ):
        assert told in words


def test_a_source_loses_what_was_too_long_for_the_model_later(make_run: MakeRun) -> None:
    folder = make_run()
    late = {"reason": "too long", "detail": "900 tokens", "text": "x"}
    rows = [{**late, "source": f"more.csv:{line}"} for line in range(5)]
    write_json_lines(folder / "data" / "dropped.jsonl", rows)
    lines, _ = source_lines(read_run_record(folder))
    assert lines[1] == ("more.csv", "csv", "36", "5", "5 too long")
    assert lines[0][2:4] == ("60", "3"), "the counts stand where the file of rows is gone"


def test_many_sources_are_cut_and_counted(make_run: MakeRun) -> None:
    folder = make_run()
    path = folder / "data" / "summary.json"
    many = {f"wiki/{n}.md": {"kept": n, "dropped": 0} for n in range(MAX_SOURCES + 5)}
    kinds = [{"name": "wiki", "kind": "folder", "reason": ""}]
    write_json(path, {**read_json(path), "by_source": many, "read_as": kinds})
    lines, note = source_lines(read_run_record(folder))
    assert len(lines) == MAX_SOURCES
    assert lines[0][:3] == (f"wiki/{MAX_SOURCES + 4}.md", "folder", str(MAX_SOURCES + 4))
    assert note == "5 more sources with 10 rows."


def test_every_file_may_be_missing(make_run: MakeRun) -> None:
    folder = make_run()
    for path in (folder / "data").iterdir():
        if path.name not in ("summary.json", "test.jsonl"):
            path.unlink()
    summary = folder / "data" / "summary.json"
    write_json(summary, {"kept": 3, "dropped": {}, "splits": {}})
    write_report(folder)
    words = parsed((folder / "report.html").read_text(encoding="utf-8")).words
    assert "3 rows kept, 0 dropped." in words
    assert "Hidden" not in words
    assert "A sample" not in words


def test_the_sample_is_spread_over_the_file_and_bounded(make_run: MakeRun) -> None:
    folder = make_run() / "data"
    sample = read_data_record(folder).sample
    assert len(sample) == SAMPLE_ROWS
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    places = [next(n for n, line in enumerate(lines) if one.id in line) for one in sample]
    assert places == sorted(set(places))
    assert max(b - a for a, b in pairwise(places)) < len(lines) / 3
    write_json_lines(folder / "train.jsonl", [sample[0].to_json()])
    assert [one.id for one in read_data_record(folder).sample] == [sample[0].id]


def test_of_many_contradictions_some_are_shown_and_all_counted(make_run: MakeRun) -> None:
    folder = make_run()
    side = {"id": "0", "source": "a:1", "answer": "x"}
    one = {"question": "Q?", "similarity": 1.0, "first": side, "second": side}
    write_json_lines(folder / "data" / "contradictions.jsonl", [one] * (MAX_CONTRADICTIONS + 3))
    record = read_run_record(folder)
    assert record.data.num_contradictions == MAX_CONTRADICTIONS + 3
    assert f", {MAX_CONTRADICTIONS} shown" in data_section(record)
    assert "data/contradictions.jsonl" in data_section(record)


@pytest.mark.parametrize("longest", [1, 39, 40, 41, 79, 80, 5000])
def test_bars_hold_every_row_once_and_the_right_one(longest: int) -> None:
    counts = Counter({1: 3, longest: 2, (longest + 1) // 2: 5})
    record = token_lengths({"train": counts, "test": Counter()}, max_tokens=8192)
    width, one = record["width"], record["splits"]["train"]
    assert list(record["splits"]) == ["train"]
    assert sum(one["rows"]) == counts.total()
    assert len(one["rows"]) <= 40
    for bar, rows in enumerate(one["rows"]):
        inside = range(bar * width, (bar + 1) * width)
        assert rows == sum(count for length, count in counts.items() if length in inside)
    in_order = sorted(counts.elements())
    assert one["median"] == in_order[(len(in_order) - 1) // 2]
    assert one["longest"] == longest


def test_the_figure_is_the_same_for_the_same_counts_and_takes_the_page_s_colours() -> None:
    record = token_lengths(
        {"test": Counter({30: 4}), "train": Counter({5: 9, 31: 1})}, max_tokens=64
    )
    svg = lengths_svg(record)
    assert svg == lengths_svg(record)
    assert svg is not None
    assert svg.count("var(--train)") >= 1
    assert not re.search(r"#0[1-5]0[1-5]", svg)
    assert "http" not in svg
    assert lengths_svg(token_lengths({}, max_tokens=64)) is None
