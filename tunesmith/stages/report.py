"""The files of a run -> its diagnosis, report.html, report.md and curves.svg."""

from dataclasses import replace
from pathlib import Path

from tunesmith.diagnosis.diagnose import diagnose
from tunesmith.errors import MissingError
from tunesmith.files import write_json, write_text
from tunesmith.language.catalogue import catalogue_of
from tunesmith.language.translate import in_language
from tunesmith.report.markdown import report_markdown
from tunesmith.report.page import report_html
from tunesmith.report.pictures.curves import all_curves, standalone_svg
from tunesmith.report.record import RunRecord, read_run_record
from tunesmith.report.summary import summary_lines
from tunesmith.stages.execution.claim import is_run
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import note_look
from tunesmith.stages.results.reported import Report


def report(folder: RunFolder, *, progress: Progress, language: str | None = None) -> Report:
    """Write the report of whatever the run has done so far.

    Args:
        folder: Of the run.
        progress: Who hears of it.
        language: That it is written in; None: as the run's recipe says.

    Raises:
        MissingError: There is no such run.
        RecipeError: There is no such language.
        DataError: A file of the run is damaged.
    """
    if not is_run(folder.path) or not folder.recipe.is_file():
        raise MissingError(
            "no such run", where=str(folder.path), cure="Run tunesmith run RECIPE first."
        )
    progress.start("writing the report", None)
    record = write_report(folder.path, language=language)
    progress.close()
    note_look(folder, "report", progress=progress)
    lines = summary_lines(record, report=folder.page)
    return Report(report=str(folder.page), diagnosis=record.findings, summary=tuple(lines))


def report_run(run: Run) -> Report:
    """Write the report of whatever a run has done so far.

    Raises:
        MissingError: There is no such run.
        DataError: A file of the run is damaged.
    """
    checked_run(run, stage="write_report")
    return report(run.folder, progress=run.progress)


def write_report(folder: Path, *, language: str | None = None) -> RunRecord:
    """Write the report of what the run has done so far; the files are whole or absent.

    What is told is found in English, as records keep it; only the pages are in the language.

    Raises:
        RecipeError: There is no such language.
        DataError: A file of the run is damaged; the line is named.
    """
    record = read_run_record(folder)
    catalogue_of(language or record.language)  # unknown: nothing is written
    record = replace(record, findings=diagnose(record), language=language or record.language)
    found = [finding.to_json() for finding in record.findings]
    write_json(folder / "diagnosis.json", {"schema": 1, "findings": found})
    with in_language(record.language):
        curves = all_curves(record)
        if "step" in curves:
            write_text(folder / "curves.svg", standalone_svg(curves["step"]))
        write_text(folder / "report.md", report_markdown(record, has_curves="step" in curves))
        write_text(folder / "report.html", report_html(record, curves))
    return record
