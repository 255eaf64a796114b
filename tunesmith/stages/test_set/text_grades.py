"""Models' answers and the references -> `grades/<metric>.jsonl`, by every metric of texts."""

from collections.abc import Iterator, Sequence

from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.token_metrics import TOKEN_METRICS
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import Completion
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.opened_run import Run


def text_metrics(recipe: Recipe) -> list[str]:
    """The recipe's metrics of texts; the others need the model itself."""
    return [metric for metric in recipe.evaluation.metrics if metric not in TOKEN_METRICS]


def write_text_grades(run: Run, models: Sequence[str]) -> list[str]:
    """Grade what the models answered; the names of the metrics."""
    folder, progress = run.folder, run.progress
    references = ReferenceFile(folder.examples("test"))
    metrics = text_metrics(run.recipe)
    for metric in metrics:
        progress.start(f"grading {metric}", None)
        grades = _grades(run, references, metric, models)
        write_json_lines(folder.grades(metric), grades)
        progress.close()
    return metrics


def _grades(
    run: Run, references: ReferenceFile, metric: str, models: Sequence[str]
) -> Iterator[dict[str, object]]:
    for model in models:
        lines = read_json_lines(run.folder.completions(model))
        answers = (Completion(**record) for record in lines)
        for grade in grade_completions(answers, references, metric=metric, model=model):
            yield grade.to_json()
