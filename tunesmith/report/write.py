"""A run folder -> report.html, report.md and curves.svg in it."""

from pathlib import Path

from tunesmith.files import write_text
from tunesmith.report.markdown import report_markdown
from tunesmith.report.page import report_html
from tunesmith.report.pictures.curves import all_curves, standalone_svg
from tunesmith.report.record import RunRecord, read_run_record


def write_report(folder: Path) -> RunRecord:
    """Write the report of what the run has done so far; the files are whole or absent.

    Raises:
        DataError: A file of the run is damaged; the line is named.
    """
    record = read_run_record(folder)
    curves = all_curves(record)
    if "step" in curves:
        write_text(folder / "curves.svg", standalone_svg(curves["step"]))
    write_text(folder / "report.md", report_markdown(record, has_curves="step" in curves))
    write_text(folder / "report.html", report_html(record, curves))
    return record
