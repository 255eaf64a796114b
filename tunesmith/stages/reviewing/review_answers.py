"""A run's validation rows, or new questions -> what its model answers, ready to be reviewed.

Test rows are never among them: what one looks at to decide what to change is no test any more.
Where there are many validation rows, a random sample is answered; it lies in `reviews/` in the run.
"""

from collections.abc import Iterator
from typing import Any

from tunesmith.errors import DataError, MissingError
from tunesmith.evaluation.usability.measure import UsabilityFiles, measure_usability
from tunesmith.examples.example import Example
from tunesmith.files import folder_lock, hash_file, read_json_lines, write_json_lines
from tunesmith.generation.responder import OpenQuestion
from tunesmith.models.load import weights_fingerprint
from tunesmith.rounds.kind_rates import shuffled_ids
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, run_stage
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.model_names import TUNED, base_of_run, run_responder
from tunesmith.stages.reviewing.review_files import ReviewFiles, review_files
from tunesmith.stages.test_set.completions import answer_onto, count_completions

MOST_ROWS = 300


def answer_for_review(run: Run, *, model: str = TUNED, most_rows: int = MOST_ROWS) -> ReviewFiles:
    """Let a model of a run answer its validation rows, where it has not.

    Args:
        run: With a model; opened by its recipe or by its folder.
        model: `tuned` or `base`.
        most_rows: How many rows are answered; more than there are is all of them.

    Raises:
        MissingError: The run has no model, or its data is gone.
        DataError: No validation row asks anything.
    """
    folder, files = run.folder, review_files(run.folder)
    if not folder.model.is_dir() or not folder.examples("validation").is_file():
        cure = "tunesmith run RECIPE tunes one."
        raise MissingError("the run has no model yet", where=str(folder.path), cure=cure)
    with folder_lock(folder.path):
        _write_rows(folder, files, most_rows)
        stage = Stage(
            name=f"review {model}",
            inputs={
                "model": _weights(model, folder),
                "rows": hash_file(files.rows),
                "generation": run.recipe.generation.model_dump(exclude={"batch"}),
                "code": code_of("sandbox", "templates", "tokens", "models", "generation"),
            },
            outputs=[files.answers(model), files.signs(model)],
        )
        run_stage(folder, stage, lambda: _answer(run, files, model, stage.key))
    return files


def _weights(model: str, folder: RunFolder) -> Any:
    place = folder.model if model == TUNED else base_of_run(folder).folder
    return None if place is None else weights_fingerprint(place)


def _write_rows(folder: RunFolder, files: ReviewFiles, most_rows: int) -> None:
    """The sample; it stays as it is while the validation rows do, but grows where more is asked."""
    ids = [one.id for one in _asking(folder)]
    if not ids:
        cure = "Hold some out: --set examples.split.validation=0.1, and run again."
        problem = "no validation row asks anything, and test rows are never reviewed"
        raise DataError(problem, where=str(folder.path), cure=cure)
    known = [row["id"] for row in read_json_lines(files.rows)] if files.rows.is_file() else []
    order = shuffled_ids(ids)
    if {*known} <= {*ids} and len(known) >= min(most_rows, len(ids)):
        return
    wanted = {*order[:most_rows]}
    write_json_lines(files.rows, (one.to_json() for one in _asking(folder) if one.id in wanted))


def _asking(folder: RunFolder) -> Iterator[Example]:
    return (one for one in read_split(folder, "validation") if not one.is_text)


def _answer(run: Run, files: ReviewFiles, model: str, key: str) -> StageResult:
    rows = [Example.from_json(row) for row in read_json_lines(files.rows)]
    questions = [OpenQuestion(example_id=one.id, messages=one.prompt) for one in rows]
    place = files.answers(model)
    partial = place.with_name(f".{model}-{key[:12]}.jsonl")
    run.progress.start(f"answering validation rows ({model})", len(questions))
    answers = answer_onto(
        partial,
        questions,
        load=lambda: run_responder(model, run.folder, run.recipe.generation),
        progress=run.progress,
        is_lenient=True,
    )
    write_json_lines(place, (one.to_json() for one in answers))
    for old in place.parent.glob(f".{model}-{'[0-9a-f]' * 12}.jsonl"):
        old.unlink()
    measure_usability(
        UsabilityFiles(
            train=run.folder.examples("train"),
            test=files.rows,
            completions={model: place},
            signs=files.signs,
        ),
        markers=(),
        comparisons=(),
    )
    return count_completions(answers)
