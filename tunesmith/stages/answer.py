"""A test set and the models of a run -> completions/<model>.jsonl; or any file and any model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tunesmith.errors import MissingError, RecipeError
from tunesmith.examples.conversion.questions import to_question
from tunesmith.examples.example import last_user_text
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.files import hash_file, hash_json
from tunesmith.generation.responder import Completion, OpenQuestion, Responder
from tunesmith.models.load import find_model, is_model_folder, weights_fingerprint
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import explain_source, read_source
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.answer_rows import are_answers, write_answers
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.output_file import check_outputs
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, require_current, run_stage
from tunesmith.stages.prepare import write_recipe
from tunesmith.stages.preparing.preparation_stage import preparation
from tunesmith.stages.preparing.settled_template import asked_renderer, settled_renderer
from tunesmith.stages.responders.kept_stops import keep_stops, stops_of
from tunesmith.stages.responders.load_responder import (
    base_responder,
    load_responder,
    tuned_responder,
)
from tunesmith.stages.responders.renderer import Renderer, model_renderer
from tunesmith.stages.results.answered import Answered, AnsweredFile
from tunesmith.stages.test_set.completions import answer_onto, count_completions
from tunesmith.stages.test_set.overlap_check import check_overlap
from tunesmith.stages.test_set.rivals import answer_others, speak
from tunesmith.stages.train import base_record, identity_of_base, training_stage

BASE, TUNED = "base", "tuned"
_UNCLEAR = frozenset({".txt", ".text", ".log", ""})  # endings that do not say how a file is read


def answer(run: Run) -> Answered:
    """Let the base and the tuned model answer the test set, and whoever else the recipe names.

    Args:
        run: With the recipe that it was trained with.

    Raises:
        MissingError: The run has no model yet.
        RefusedError: Its data or model were made by another recipe, or its test set holds what
            it was trained on.
    """
    checked_run(run, stage="answer")
    recipe, folder = run.recipe, run.folder
    with run.locked():
        if not is_model_folder(folder.model):
            raise MissingError(
                "the run has no model yet",
                where=str(folder.path),
                cure="Run tunesmith train first.",
            )
        asked = asked_renderer(run)
        base = base_record(asked.place, run)
        check_overlap(run)
        keep_stops(folder, stops_of(recipe.generation, asked.place))
        require_current(folder, [preparation(run, asked), training_stage(run, base)])
        renderer = settled_renderer(run, asked)
        write_recipe(run, asked)
        place = find_model(str(folder.model))
        loaders: dict[str, Callable[[], Responder]] = {
            BASE: lambda: base_responder(recipe, renderer),
            TUNED: lambda: tuned_responder(recipe, renderer, place),
        }
        weights = {BASE: identity_of_base(base), TUNED: weights_fingerprint(folder.model)}
        results = {
            name: answer_test(name, run, renderer, weights=weights[name], load=load)
            for name, load in loaders.items()
        }
        others = answer_others(run, renderer, base=weights[BASE])
        return Answered.from_dict(results | others)


def answer_test(
    name: str, run: Run, renderer: Renderer, *, weights: Any, load: Callable[[], Responder]
) -> StageResult:
    """Let one model answer the test set, where something changed.

    Args:
        name: What its answers are filed under.
        run: Its data is prepared.
        renderer: How it is asked.
        weights: What identifies them.
        load: Gives the model; called where answers are missing.
    """
    recipe, folder = run.recipe, run.folder
    stage = Stage(
        name=f"answer {name}",
        inputs={
            "model": weights,
            "rendering": renderer.fingerprint,
            "test": hash_file(folder.examples("test")),
            "generation": recipe.generation.model_dump(exclude={"batch"}),
            "code": code_of("sandbox", "templates", "tokens", "models", "generation"),
        },
        outputs=[folder.completions(name)],
    )
    return run_stage(folder, stage, lambda: speak(name, run, stage, load))


def answer_file(
    model: str,
    questions: Path,
    output: Path | None,
    *,
    generation: GenerationRecipe,
    progress: Progress,
) -> AnsweredFile:
    """Let one model answer every row of a file; a reference in it is not needed.

    Finished answers wait in a partial file beside the output, so that the same command goes
    on where a killed one was.

    Args:
        model: starter, a run, a folder or a Hub id.
        questions: Rows with an instruction, question, prompt or messages.
        output: Questions and answers in the file's order, as JSON Lines, CSV, TSV or Parquet by
            its name; written whole or not at all. None: they are only returned.
        generation: Length, temperature, batch size.
        progress: Told of answers.

    Raises:
        RecipeError: The output is the input, a folder, somebody's file, or nowhere that can be
            written to.
        DataError: No row can be asked.
    """
    if output is not None:
        _check_output(output, questions)
    asked, count = _questions(questions, progress)
    renderer = model_renderer(find_model(model))
    key = _file_key(renderer, asked, generation)
    with TemporaryDirectory() as passing:
        place = output or Path(passing) / "answers"
        partial = place.with_name(f"{place.name[:40]}.{key[:12]}.partial")
        progress.start("answering", len(asked))
        completions = answer_onto(
            partial,
            asked,
            load=lambda: load_responder(renderer, name=model, recipe=generation),
            progress=progress,
        )
        rows = [_row(*pair) for pair in zip(asked, completions, strict=True)]
        if output is not None:
            write_answers(output, rows)
        partial.unlink(missing_ok=True)
    return AnsweredFile(
        **count_completions(completions),
        dropped=dict(count.dropped),
        output=None if output is None else str(output),
        rows=tuple(rows),
    )


def _check_output(output: Path, questions: Path) -> None:
    if output.exists() and questions.exists() and output.samefile(questions):
        problem = "is the file of --input, which would be overwritten"
        cure = "Name a new file that can be written."
        raise RecipeError(problem, where=f"--output {output}", cure=cure)
    check_outputs("--output", {output: are_answers})


def _questions(path: Path, progress: Progress) -> tuple[list[OpenQuestion], ReadCount]:
    """What a file asks; how it was read is said where its name does not."""
    count, asked = ReadCount(), []
    for item in _read_questions(path):
        if isinstance(item, Dropped):
            count.add(item)
        else:
            count.num_kept += 1
            asked.append(item)
    if path.suffix.lower() in _UNCLEAR:
        read = explain_source(SourceRecipe(path=str(path.resolve())), folder=Path.cwd())
        progress.note(
            f"{path} is read as {read.kind} ({read.reason}): {len(asked):,} questions. To ask "
            "each line, name it .csv, with `question` as its first line"
        )
    check_read(count, max_bad=1.0)
    return asked, count


def _row(question: OpenQuestion, completion: Completion) -> dict[str, Any]:
    """An answer beside what was asked."""
    record = completion.to_json()
    asked = last_user_text(question.messages)
    return {"example_id": record.pop("example_id"), "question": asked, **record}


def _file_key(
    renderer: Renderer, asked: Sequence[OpenQuestion], generation: GenerationRecipe
) -> str:
    """A hash of all that decides the answers to a file."""
    place = renderer.place
    return hash_json(
        {
            "model": place.name,
            "weights": weights_fingerprint(place.folder) if place.folder else place.revision,
            "rendering": renderer.fingerprint,
            "questions": [
                [question.example_id, [asdict(message) for message in question.messages]]
                for question in asked
            ],
            "generation": generation.model_dump(exclude={"batch"}),
            "code": code_of("sandbox", "templates", "tokens", "models", "generation"),
        }
    )


def _read_questions(path: Path) -> Iterator[OpenQuestion | Dropped]:
    for piece in read_source(SourceRecipe(path=str(path.resolve())), folder=Path.cwd()):
        messages = piece if isinstance(piece, Dropped) else to_question(piece)
        if isinstance(messages, Dropped):
            yield messages
        else:
            yield OpenQuestion(example_id=piece.source, messages=messages)
