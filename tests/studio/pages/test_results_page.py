"""The Results page: the report's parts, rows by any filter, and nothing that teaches a test row."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.serving.page.browser import BINARY, browser_page
from tests.studio.results_run import HOSTILE, MODELS, answered_row, results_run, score_of
from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.errors import DataError
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.line_log import read_lines
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.studio.pages import results_page
from tunesmith.studio.results.found_rows import (
    ANY_SIGN,
    CUT,
    MISSING,
    RowFilter,
    completed,
    found_places,
    grade_records,
    shown_row,
)
from tunesmith.studio.results.row_index import row_index

ROWS = 50


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return results_run(tmp_path_factory.mktemp("results"), rows=ROWS)


@pytest.fixture(scope="module")
def running(run: RunFolder) -> Iterator[RunningStudio]:
    with studio(run.path.parent.parent) as one:
        yield one


def found(run: RunFolder, **wanted: object) -> list[int]:
    """The numbers of the rows that a filter finds."""
    index = row_index(run)
    asked = completed(RowFilter.model_validate(wanted), index)
    return [int(place) for place in found_places(asked, index)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, lambda n: True),
        ({"tag": "task:t1"}, lambda n: n % 2 == 1),
        ({"tag": "task:none"}, lambda n: False),
        ({"source": "b<i>.jsonl"}, lambda n: n % 3 == 0),
        ({"sign": "repeats"}, lambda n: n % 5 == 0 and n < ROWS - 1),
        ({"sign": "repeats", "model": "base"}, lambda n: False),
        ({"sign": ANY_SIGN}, lambda n: n % 5 == 0 and n < ROWS - 1),
        ({"sign": CUT}, lambda n: n % 8 == 0),
        ({"sign": MISSING}, lambda n: n == ROWS - 1),
        ({"sign": MISSING, "model": "base"}, lambda n: False),
        ({"metric": "chrf", "low": 30, "high": 60},
         lambda n: 30 <= (score_of(n, "tuned", "chrf") or -1) <= 60),
        ({"metric": "chrf", "model": "base", "high": 10, "tag": "task:t0"},
         lambda n: n % 2 == 0 and (score_of(n, "base", "chrf") or 0) <= 10),
    ],
)  # fmt: skip
def test_a_filter_finds_what_it_says(run: RunFolder, wanted: dict[str, object], expected) -> None:  # type: ignore[no-untyped-def]
    assert found(run, **wanted) == [n for n in range(ROWS) if expected(n)]


def test_rows_are_sorted_by_score_and_by_what_tuning_changed(run: RunFolder) -> None:
    scores = {n: score_of(n, "tuned", "chrf") for n in range(ROWS)}
    graded = [n for n in scores if scores[n] is not None]
    lowest = found(run, metric="chrf", order="lowest")
    assert lowest[: len(graded)] == sorted(graded, key=lambda n: scores[n] or 0)
    assert set(lowest[len(graded) :]) == {n for n in scores if scores[n] is None}
    highest = found(run, metric="chrf", order="highest")
    assert highest[: len(graded)] == sorted(graded, key=lambda n: -(scores[n] or 0))
    gain = {n: (scores[n] or 0) - (score_of(n, "base", "chrf") or 0) for n in graded}
    assert gain[found(run, metric="chrf", order="gain")[0]] == max(gain.values())
    assert gain[found(run, metric="chrf", order="drop")[0]] == min(gain.values())


def test_a_row_is_shown_with_the_answers_that_are_its_own(run: RunFolder) -> None:
    index = row_index(run)
    for number in (0, 7, 31, ROWS - 1):
        row = shown_row(index, number)
        assert row.example == answered_row(number)
        texts = {one.model: one.text for one in row.answers}
        assert list(texts)[:2] == ["base", "tuned"]
        for model in MODELS:
            gone = model == "tuned" and number == ROWS - 1
            assert texts[model] == (None if gone else f"{model} says {number} km {HOSTILE} ")
        assert row.answers[1].scores["exact_match"] == score_of(number, "tuned", "exact_match")
        reasons = [one["reason"] for one in grade_records(index, number) if one["score"] is None]
        assert reasons == (["no number"] * 4 if number % 10 == 9 else [])


def test_lines_in_any_order_and_twice_are_told_by_their_ids(tmp_path: Path) -> None:
    run = results_run(tmp_path, rows=9)
    lines = list(read_json_lines(run.completions("tuned")))
    double = {**lines[3], "text": "a second one"}
    stray = {**lines[3], "example_id": "0" * 16}
    write_json_lines(run.completions("tuned"), [*reversed(lines), double, stray])
    index = row_index(run)
    texts = [shown_row(index, n).answers[1].text for n in range(8)]
    assert texts == [one["text"] for one in lines]
    assert index.told.answers["tuned"].num_answers == 10


def test_files_that_change_are_read_again_and_damaged_ones_named(tmp_path: Path) -> None:
    run = results_run(tmp_path, rows=9)
    assert row_index(run) is row_index(run)
    run.completions("base").unlink()
    assert "base" not in row_index(run).models
    run.completions("tuned").write_text('{"example_id": "a", "model":\n')
    with pytest.raises(DataError, match=r"tuned\.jsonl.*is damaged"):
        row_index(run)


def test_what_the_report_counts_is_what_the_report_reads(run: RunFolder) -> None:
    from tunesmith.report.record import read_run_record

    record, told = read_run_record(run.path), row_index(run).told
    assert told.answers == record.answers
    assert {key: dict(value) for key, value in told.failures.items()} == record.failures
    assert told.num_test_rows == record.num_test_rows


def test_the_page_holds_the_reports_parts_and_pages_of_rows(running: RunningStudio) -> None:
    text = running.get("/results").text
    assert "tunesmith report runs/mine" in text
    assert '<div class="card verdict' in text
    assert "50 of 50 test rows, page 1 of 3" in text
    assert text.count("<article") == 20
    part = running.get("/results/rows?tag=task:t1&page=99", hx_request="true").text
    assert "<!doctype" not in part
    assert "25 of 50 test rows, page 2 of 2" in part
    assert part.count("<article") == 5
    assert "No row is like this" in running.get("/results/rows?low=1000").text


def test_no_text_of_a_row_or_model_becomes_part_of_the_page(running: RunningStudio) -> None:
    row = answered_row(9).id
    for path in ("/results", "/results/rows?sign=repeats", f"/results/row?row={row}"):
        text = running.get(path).text
        assert "<script>window" not in text
        assert "<b>x</b>" not in text
        assert "b<i>" not in text
        assert " style=" not in text


def test_a_test_row_has_its_provenance_and_nothing_to_teach_it(running: RunningStudio) -> None:
    row = answered_row(9).id
    text = running.get(f"/results/row?row={row}&run=runs/mine").text
    assert "b&lt;i&gt;.jsonl:9" in text
    assert "line 10 of" in text
    assert text.count("no number") == 4
    for path in ("/results", f"/results/row?row={row}"):
        forms = re.findall(r"(?s)<form.*?</form>", running.get(path).text)
        assert all('method="get"' in form for form in forms)
        assert "hx-post" not in running.get(path).text
    assert running.get("/results/row?row=nothing").status == 404


def test_large_files_are_read_after_the_page_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_page, "_SOON_READ", 100)
    results_run(tmp_path, rows=5)
    with studio(tmp_path) as one:
        waiting = one.get("/results?tag=task:t1").text
        assert "<article" not in waiting
        assert 'hx-get="/results?run=&amp;model=' in waiting
        assert "2 of 5 test rows" in one.get("/results?tag=task:t1", hx_request="true").text
        assert "2 of 5 test rows" in one.get("/results?tag=task:t1").text


def test_opening_the_page_is_a_look_at_the_test_set(tmp_path: Path) -> None:
    results_run(tmp_path, rows=5)
    with studio(tmp_path) as one:
        one.get("/results")
        one.get("/results/rows?page=1")
    looks = [look for look in read_lines(tmp_path / "looks.jsonl") if look]
    assert [look["command"] for look in looks] == ["studio"]
    assert set(looks[0]["scores"]) == {"exact_match", "chrf", "loss"}


@pytest.mark.parametrize(
    "query",
    ["model=x", "sign=x", "source=x", "metric=x", "order=x", "page=-1", "low=a", "more=1",
     "run=../x", "low=nan&x=1", "sign=%00"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(running: RunningStudio, query: str) -> None:
    reply = running.get(f"/results/rows?{query}", hx_request="true")
    assert 400 <= reply.status < 500
    assert 'class="problem"' in reply.text


def test_a_run_without_rows_has_a_page(tmp_path: Path) -> None:
    run = results_run(tmp_path, rows=5)
    for path in (run.examples("test"), run.scores, *run.path.glob("*/*.jsonl")):
        path.unlink(missing_ok=True)
    with studio(tmp_path) as one:
        assert "0 of 0 test rows" in one.get("/results").text


def test_an_empty_file_of_rows_is_no_fault(tmp_path: Path) -> None:
    run = results_run(tmp_path, rows=5)
    run.signs("tuned").write_bytes(b"")
    run.grades("chrf").write_bytes(b"")
    assert np.isfinite(row_index(run).scores["exact_match"]["tuned"]).all()


@pytest.mark.skipif(BINARY is None, reason="no Chromium here")
def test_a_reader_filters_and_turns_pages_by_keys(running: RunningStudio, tmp_path: Path) -> None:
    with browser_page(tmp_path / "browser") as page:
        page.open(f"{running.url}/results", "window.htmx && document.querySelector('#rows')")
        event = "new KeyboardEvent('keydown', {key: 'n', bubbles: true})"
        page.run(f"document.body.dispatchEvent({event})")
        page.wait("document.body?.innerText.includes('page 2 of 3')")
        page.run(
            "(() => { const one = document.querySelector('[name=tag]'); one.value = 'task:t1'; "
            "one.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )
        page.wait("document.body?.innerText.includes('25 of 50')")
        assert page.run("window.hit === undefined")
        assert not any("evil.example" in address for address in page.requested())
        assert page.complaints() == []
