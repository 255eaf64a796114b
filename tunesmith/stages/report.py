"""The files of a run -> report.html, report.md and curves.svg."""

from tunesmith.errors import MissingError
from tunesmith.report.summary import summary_lines
from tunesmith.report.write import write_report
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
