"""A run and a format -> its model in that form, which was compared with what was measured."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunesmith.errors import MissingError, RecipeError
from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import TUNED, Column, compare_columns
from tunesmith.evaluation.verdict import metric_title
from tunesmith.files import folder_lock, write_json_lines
from tunesmith.generation.responder import Completion, Responder
from tunesmith.models.load import find_model, is_model_folder
from tunesmith.report.number_text import number
from tunesmith.stages.execution.opened_run import Run, open_run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.exporting.export_data import DATA_FORMATS
from tunesmith.stages.exporting.export_folder import write_checked_folder
from tunesmith.stages.exporting.export_gguf import write_checked_gguf
from tunesmith.stages.exporting.export_mlx import write_checked_mlx
from tunesmith.stages.exporting.exported import (
    Exported,
    exports_of,
    hash_of,
    remember_export,
    untold_stops,
)
from tunesmith.stages.exporting.exported_rows import MeasuredModel, exported_rows
from tunesmith.stages.exporting.new_place import check_free, new_place, write_record
from tunesmith.stages.exporting.ollama_folder import ollama_file, write_ollama_folder
from tunesmith.stages.exporting.runtime_comparison import RuntimeFindings
from tunesmith.stages.looking.note_look import Shown, note_look
from tunesmith.stages.responders.load_responder import tuned_responder
from tunesmith.stages.responders.renderer import model_renderer
from tunesmith.stages.test_set.text_grades import text_metrics

FORMATS = ("safetensors", "gguf", "ollama", "mlx")
_TYPES = {"safetensors": "f32", "gguf": "f16", "ollama": "q8_0", "mlx": "bf16"}
_IN_FOLDERS = ("safetensors", "mlx")


def export_model(
    folder: RunFolder,
    form: str,
    *,
    kind: str | None = None,
    out: Path | None = None,
    is_replacing: bool = False,
    progress: Progress,
) -> Exported:
    """Write a run's tuned model in another form, read it back, and compare it.

    Args:
        folder: A run that has answered its test rows.
        form: One of `FORMATS`.
        kind: How matrices are stored: f32, f16, q4_0 and so on.
        out: Where it goes; into the run's folder if not given.
        is_replacing: Something that stands there may be replaced.
        progress: Told of the steps.

    Raises:
        RecipeError: There is no such form, something stands at its place, or another process is
            at work in the run.
        MissingError: The run has no model or no answers.
        RefusedError: What was written is not the model that was measured.
    """
    if form not in FORMATS:
        cure = f"Known are {', '.join([*FORMATS, *DATA_FORMATS])}."
        raise RecipeError(f"no format {form!r}", where="--to", cure=cure)
    kind = (kind or _TYPES[form]).lower()
    path = _path(folder, form, kind, out)
    check_free(path, is_replacing=is_replacing)
    exports_of(folder)  # a list that cannot be read is told before the work
    run = open_run(folder.path, progress=progress)
    with folder_lock(folder.path):  # what is compared stays what it is
        responder = _tuned(run)
        measured = MeasuredModel(run=run, responder=responder, rows=exported_rows(run, responder))
        try:
            with new_place(path, is_replacing=is_replacing) as temporary:
                found = _written(temporary, measured, form=form, kind=kind)
                if temporary.is_dir():
                    told = {"format": form, "type": kind, "compared": found.figures}
                    write_record(temporary, told)
        finally:
            progress.close()
        name = f"{form}-{kind}" if form in _IN_FOLDERS else kind
        return _told(measured, found, name=name, form=form, path=path)


def _tuned(run: Run) -> Responder:
    """The tuned model as it was measured, on the processor.

    Raises:
        MissingError: There is none.
    """
    if not is_model_folder(run.folder.model):
        cure = "Run tunesmith run RECIPE first."
        raise MissingError("the run has no model yet", where=str(run.folder.path), cure=cure)
    place = find_model(str(run.folder.model))
    training = run.recipe.training.model_copy(update={"device": "cpu"})
    generation = run.recipe.generation.model_copy(update={"temperature": 0.0})
    recipe = run.recipe.model_copy(update={"training": training, "generation": generation})
    return tuned_responder(recipe, model_renderer(place), place)


def _path(folder: RunFolder, form: str, kind: str, out: Path | None) -> Path:
    name = folder.path.resolve().name
    file = f"{name}-{kind}.gguf" if form == "gguf" else f"{form}-{kind}"
    path = out or folder.path / "exports" / file
    if form == "gguf" and path.suffix != ".gguf":
        raise RecipeError(f"{path.name} is no name of a GGUF file", where="--out")
    return path


def _written(place: Path, measured: MeasuredModel, *, form: str, kind: str) -> RuntimeFindings:
    name = measured.run.folder.path.resolve().name
    if form == "safetensors":
        return write_checked_folder(place, measured, kind=kind)
    if form == "mlx":
        return write_checked_mlx(place, measured, kind=kind)
    if form == "gguf":
        return write_checked_gguf(place, measured, kind=kind, name=name)
    place.mkdir()
    file, generation = ollama_file(name, kind), measured.run.recipe.generation
    write_ollama_folder(place, file, measured.responder, generation)
    return write_checked_gguf(place / file, measured, kind=kind, name=name)


def _told(
    measured: MeasuredModel, found: RuntimeFindings, *, name: str, form: str, path: Path
) -> Exported:
    """The record, and the answers beside those of the other models."""
    folder = measured.run.folder
    completions = [replace(one, model=name) for one in found.completions]
    write_json_lines(folder.completions(name), (one.to_json() for one in completions))
    differences = _differences(measured, completions, name)
    untold = () if form == "ollama" else untold_stops(measured.responder.stops.texts)
    exported = Exported(
        name=name,
        format=form,
        path=str(path),
        sha256=hash_of(_only_gguf(path) if form == "ollama" else path),
        compared=found.figures,
        differences={one.metric: one.to_json() for one in differences},
        untold=untold,
        summary=(
            *_lines(found.figures, differences, name, form, path),
            *(f"not told: {one}" for one in untold),
        ),
    )
    remember_export(folder, exported)
    shown = Shown(
        scores={one.metric: [TUNED, name] for one in differences},
        comparisons=differences,
        is_choice=False,
    )
    note_look(folder, "export", shown=shown, progress=measured.run.progress)
    return exported


def _only_gguf(path: Path) -> Path:
    (found,) = path.glob("*.gguf")
    return found


def _differences(
    measured: MeasuredModel, completions: Sequence[Completion], name: str
) -> list[Comparison]:
    """How its scores differ from the tuned model's, row by row, under each metric of texts."""
    run = measured.run
    references = ReferenceFile(run.folder.examples("test"))
    tuned = [row.tuned for row in measured.rows]
    found = []
    for metric in text_metrics(run.recipe):
        columns = {
            model: _column(answers, references, metric, model)
            for model, answers in (("tuned", tuned), (name, completions))
        }
        found.append(compare_columns(columns, metric=metric, first="tuned", second=name))
    return found


def _column(
    answers: Sequence[Completion], references: ReferenceFile, metric: str, model: str
) -> Column:
    column = Column()
    for grade in grade_completions(iter(answers), references, metric=metric, model=model):
        if grade.score is None:
            column.failed.add(grade.example_id)
            continue
        column.ids[grade.example_id] = len(column.scores)
        column.scores.append(grade.score)
        column.weights.append(grade.weight)
    return column


def _lines(
    figures: Mapping[str, Any],
    differences: Sequence[Comparison],
    name: str,
    form: str,
    path: Path,
) -> list[str]:
    runtime = figures.get("runtime", "transformers" if form in _IN_FOLDERS else "llama.cpp")
    lines = [
        f"{figures['equal_answers']} of {figures['rows']} test answers are the same in {runtime}"
    ]
    told = []
    if "texts" in figures:
        told.append("{texts} texts and {prompts} prompts have the same ids".format(**figures))
    if "furthest_nats" in figures:
        told.append(f"next tokens differ by at most {figures['furthest_nats']:.2g} nats")
    elif "looked_at" in figures:
        told.append(f"next tokens are not compared: {runtime} tells nothing of them")
    lines += ["; ".join(told)] if told else []
    lines += [difference_line(one, name) for one in differences]
    lines.append(f"{form}: {path}")
    place = shlex.quote(str(path))
    if form == "mlx":
        lines.append(f"serve it: mlx_lm.server --model {place}")
    if form == "ollama":
        lines.append(f"create it: cd {place} && ollama create {_ollama_name(path)} -f Modelfile")
    return lines


def _ollama_name(folder: Path) -> str:
    """What Ollama may call it: the name of its file, in letters that Ollama takes."""
    name = _only_gguf(folder).stem.lower()
    return "".join(
        one if one.isascii() and (one.isalnum() or one in "._-") else "-" for one in name
    )


def difference_line(one: Comparison, name: str) -> str:
    """`q4_0: token F1 1.2 points worse (0.1 to 2.4)`."""
    title = metric_title(one.metric)
    if one.difference is None or one.low is None or one.high is None:
        return f"{name}: {title} cannot be compared"
    ends = sorted((abs(one.low), abs(one.high)))
    if one.verdict == "no difference shown":
        spread = f"{number(one.low)} to {number(one.high)}"
        return f"{name}: {title} {number(one.difference)} points ({spread}), no difference shown"
    points = number(abs(one.difference))
    return f"{name}: {title} {points} points {one.verdict} ({number(ends[0])} to {number(ends[1])})"
