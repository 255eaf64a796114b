"""The files of a run -> report.html, report.md and curves.svg."""

from pathlib import Path

from tunesmith.errors import MissingError
from tunesmith.files import write_text
from tunesmith.report.markdown import report_markdown
from tunesmith.report.page import report_html
from tunesmith.report.pictures.curves import all_curves, standalone_svg
from tunesmith.report.record import RunRecord, read_run_record
from tunesmith.report.summary import summary_lines
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Result


def report(folder: RunFolder, *, progress: Progress) -> Result:
    """Write the report of whatever the run has done so far.

    Returns:
        `report`, the path of the page, and `summary`, its essence in lines of text.

    Raises:
        MissingError: There is no such run.
        DataError: A file of the run is damaged.
    """
    if not is_run(folder.path) or not folder.recipe.is_file():
        raise MissingError(
            "no such run", where=str(folder.path), cure="Run tunesmith run RECIPE first."
        )
    progress.start("writing the report", None)
    record = write_report(folder.path)
    progress.close()
    return {"report": str(folder.path / "report.html"), "summary": summary_lines(record)}


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
