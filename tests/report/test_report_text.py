"""report.md, the terminal's summary, and the words and numbers they share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.errors import DataError
from tunesmith.report.markdown import markdown_escaped
from tunesmith.report.number_text import duration, flat_items, number, signed
from tunesmith.report.record import MAX_ROWS, read_run_record
from tunesmith.report.side_by_side import script_json, side_by_side
from tunesmith.report.summary import summary_lines
from tunesmith.stages.report import write_report

MakeRun = Callable[..., Path]
GOLDEN = Path(__file__).parents[1] / "golden" / "report.md"


def test_report_md_is_the_golden_one(make_run: MakeRun) -> None:
    folder = make_run()
    write_report(folder)
    written = (folder / "report.md").read_text(encoding="utf-8")
    if os.environ.get("TUNESMITH_GOLDEN") == "1":
        GOLDEN.write_text(written, encoding="utf-8")
    assert written == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("scores.json", '{"metrics": 5}', "scores.json"),
        ("scores.json", '{"metrics": {"chrf": {"tuned": []}}}', "scores.json"),
        ("scores.json", '{"comparisons": [{}]}', "scores.json"),
        ("environment.json", "5", "environment.json"),
        ("recipe.yaml", "[1, 2]", "recipe.yaml"),
        ("recipe.yaml", "a: [", "recipe.yaml"),
        ("log.jsonl", '{"loss": 1}\n', "log.jsonl"),
        ("completions/tuned.jsonl", '{"model": "tuned", "finish_reason": "stop"}\n', "completions"),
    ],
)
def test_a_file_that_holds_something_else_is_named(
    make_run: MakeRun, name: str, content: str, told: str
) -> None:
    folder = make_run()
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=f"{told}: this is not what tunesmith writes"):
        write_report(folder)


def test_texts_in_report_md_stay_texts(make_run: MakeRun) -> None:
    hostile = "<script>\n# Title\n| a | b |\u2028```![x](http://y)"
    folder = make_run(hostile)
    write_report(folder)
    for line in (folder / "report.md").read_text(encoding="utf-8").split("\n"):
        assert line.startswith("    ") or "<script>" not in line
        assert line.startswith("    ") or "![x]" not in line
    assert markdown_escaped("a|b *c*\n<d>") == r"a\|b \*c\* &lt;d\>"


def test_the_summary_says_verdict_scores_failures_and_where(make_run: MakeRun) -> None:
    record = read_run_record(make_run())
    lines = summary_lines(record, report=Path("runs/capitals/report.html"))
    text = "\n".join(lines)
    assert lines[0].startswith("Better. On these 9 test rows, tuned is better than base on ")
    assert "token F1" in text
    assert "tuned: 1 failed under exact match, token F1, ROUGE-L, chrF (no completion)" in text
    assert "base: 10 of 10 answers were cut off" in text
    assert lines[-1] == "Report: runs/capitals/report.html"
    assert max(map(len, lines)) < 160


def test_answers_that_hang_on_a_near_tie_are_counted(make_run: MakeRun) -> None:
    folder = make_run()
    path = folder / "completions" / "1.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[0] = lines[0].replace("}", ',"has_near_tie":true}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = "\n".join(summary_lines(read_run_record(folder)))
    assert "tuned: 1 of 9 answers hang on two nearly equal tokens" in text


def test_the_summary_of_an_unscored_run_makes_no_claim(tmp_path: Path) -> None:
    assert summary_lines(read_run_record(tmp_path))[0].startswith("Nothing yet.")


def test_a_step_logged_twice_counts_as_logged_last(make_run: MakeRun) -> None:
    folder = make_run()
    with (folder / "log.jsonl").open("ab") as stream:
        stream.write(b'{"step": 60, "split": "train", "loss": 9.5}\n{"step": 61, "spl')
    train = read_run_record(folder).points("train")
    assert len(train) == 60
    assert train[-1].loss == 9.5


def test_only_some_rows_of_a_large_test_set_are_kept_and_the_page_says_so(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_ROWS == 5_000
    monkeypatch.setattr("tunesmith.report.record.MAX_ROWS", 4)
    folder = make_run()
    record = write_report(folder)
    assert (len(record.rows), record.num_test_rows) == (4, 10)
    assert record.scores["chrf"]["base"].count == 10
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "The first 4 of 10 test rows are shown" in html


def test_very_long_texts_lower_the_number_of_rows_shown(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_run_record(make_run())
    assert side_by_side(record).note == ""
    monkeypatch.setattr("tunesmith.report.side_by_side.MAX_CHARACTERS", 1500)
    shown = side_by_side(record)
    assert 1 <= shown.num_shown < 10
    assert "all of them are in data/test.jsonl" in shown.note


def test_json_in_a_page_holds_no_character_that_html_acts_on() -> None:
    written = script_json({"a": "</script><!--&\u2028\u2029>"})
    assert not set("<>&\u2028\u2029") & set(written)


def test_numbers_read_well() -> None:
    assert (number(None), number(-0.04), number(1234.56)) == ("–", "0.0", "1,234.6")
    assert (signed(0.04), signed(-2.5), signed(2.5)) == ("+0.0", "−2.5", "+2.5")
    assert [duration(s) for s in (0.04, 59.9, 59.99, 200, 7500)] == [
        "0.0 s",
        "59.9 s",
        "1 min 0 s",
        "3 min 20 s",
        "2 h 5 min",
    ]


def test_settings_are_listed_whole() -> None:
    settings = {"a": {"b": None, "c": [1, 2], "d": {}}, "e": [{"f": True}, {"f": "x"}], "g": []}
    assert flat_items(settings) == [
        ("a.b", "null"),
        ("a.c", "1, 2"),
        ("a.d", "{}"),
        ("e[0].f", "true"),
        ("e[1].f", "x"),
        ("g", "[]"),
    ]
