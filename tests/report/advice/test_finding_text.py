"""The diagnosis reads the same in the terminal, in report.md and on the page."""

from dataclasses import replace
from pathlib import Path

from tests.diagnosis.records import CALM, changed, log, with_summary
from tunesmith.diagnosis.diagnose import diagnose
from tunesmith.files import read_json
from tunesmith.report.advice.finding import Finding
from tunesmith.report.advice.finding_text import finding_blocks, finding_lines, findings_section
from tunesmith.report.markdown import markdown_escaped
from tunesmith.report.record import RunRecord, read_run_record
from tunesmith.stages.report import write_report

RISING = changed(log=log([2.0, 2.5, 4.0, 5.0]))


def diagnosed(record: RunRecord) -> RunRecord:
    return replace(record, findings=diagnose(record))


def test_sentence_figure_and_change_stand_everywhere() -> None:
    record = diagnosed(RISING)
    markdown = "\n".join(finding_blocks(record, markdown_escaped))
    for text in ("\n".join(finding_lines(record)), markdown, findings_section(record)):
        assert "The learning rate is too high." in text
        assert "validation loss 2.000 at step 0, 5.000 at step 100" in text
        assert "tunesmith run mine.yaml --set training.learning" in text.replace("\\_", "_")


def test_nothing_stands_out_is_said_and_before_there_are_rows_nothing() -> None:
    assert list(finding_lines(CALM)) == ["What next: nothing stands out."]
    assert "Nothing stands out." in findings_section(CALM)
    assert list(finding_blocks(CALM, markdown_escaped))[-1] == "Nothing stands out."
    begun = replace(CALM, summary={})
    assert not [*finding_lines(begun), *finding_blocks(begun, markdown_escaped)]
    assert findings_section(begun) == ""


def test_a_row_of_the_page_is_searched_for_by_a_click_and_others_are_not() -> None:
    shown = CALM.rows[0].example.id
    finding = Finding(
        rule="x", severity="would help", sentence="X.", rows=(shown, "a.jsonl:3"), change="a: 1"
    )
    html = findings_section(replace(CALM, findings=(finding,)))
    assert f'<a href="#answers" data-search="{shown}">' in html
    assert 'data-search="a.jsonl:3"' not in html


def test_of_many_findings_the_terminal_shows_the_first() -> None:
    finding = Finding(rule="x", severity="would help", sentence="X.", change="a: 1\nb: 2")
    lines = list(finding_lines(replace(CALM, findings=(finding,) * 8)))
    assert lines[-1] == "  ... and 2 more in diagnosis.json and the report"
    assert lines[1:5] == [
        "  1. X. (would help)",
        "     in the recipe:",
        "       a: 1",
        "       b: 2",
    ]


def test_what_a_task_is_called_acts_on_nothing() -> None:
    record = diagnosed(with_summary(dropped={"<img src=x>\n# Title": 300}))
    blocks = list(finding_blocks(record, markdown_escaped))
    assert not any(line.startswith("# Title") for block in blocks for line in block.splitlines())
    assert "<img" not in findings_section(record)


def test_the_diagnosis_is_a_file_of_the_run_and_comes_back_with_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "summary.json").write_text('{"kept": 3, "splits": {}}')
    record = write_report(tmp_path)
    assert [finding.rule for finding in record.findings] == ["nothing held out"]
    written = read_json(tmp_path / "diagnosis.json")
    assert written["findings"] == [one.to_json() for one in record.findings]
    assert read_run_record(tmp_path).findings == record.findings
