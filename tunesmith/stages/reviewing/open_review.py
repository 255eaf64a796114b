"""A run -> its validation rows answered, and a desk at which a person says what is wrong."""

from pathlib import Path

from tunesmith.line_log import author_name
from tunesmith.stages.execution.opened_run import open_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.responders.model_names import TUNED
from tunesmith.stages.reviewing.review_answers import MOST_ROWS, answer_for_review
from tunesmith.stages.reviewing.review_desk import ReviewDesk


def open_review(
    run: Path,
    *,
    progress: Progress,
    author: str | None = None,
    model: str = TUNED,
    most_rows: int = MOST_ROWS,
) -> ReviewDesk:
    """Let the model answer where it has not, and open the desk.

    Args:
        run: The run's folder.
        progress: Told of answers.
        author: Who reviews; TUNESMITH_AUTHOR or the login's name, if not given.
        model: `tuned` or `base`.
        most_rows: How many validation rows are answered.

    Raises:
        MissingError: There is no such run, or it has no model.
        DataError: No validation row asks anything.
    """
    opened = open_run(run, progress=progress)
    answer_for_review(opened, model=model, most_rows=most_rows)
    return ReviewDesk(opened.folder, author=author or author_name(), model=model)
