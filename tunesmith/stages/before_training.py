"""A run -> nothing, if all that its later stages need is there; else the error, before a step.

Training is what takes long. Whatever would end the run after it and can be looked at before is
looked at here; docs/before-training.md lists it, and what cannot be known.
"""

import os
import shutil
import sys
from io import BytesIO
from pathlib import Path

import psutil

from tunesmith.errors import DiskFullError, RecipeError, TunesmithError
from tunesmith.evaluation.judge.absolute import score_prompt
from tunesmith.evaluation.metric import MeasureError
from tunesmith.evaluation.metrics import find_metric
from tunesmith.evaluation.probes.harness import check_benchmarks
from tunesmith.models.whole_weights import check_weights
from tunesmith.stages.execution.claim import FOLDERS
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.plugins_used import metric_plugins
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.renderer import recipe_model
from tunesmith.stages.test_set.judging import check_endpoints
from tunesmith.stages.test_set.rivals import (
    check_rivals,
    judged_models,
    other_models,
    rival_names,
)
from tunesmith.training.engine import choose_engine
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.resources.memory_budget import free_memory

_TRIED_ROWS = 20
_KEPT = 3  # checkpoints stand at once while the oldest is replaced
_BYTES_PER_TOKEN = 8  # of an answer, as text and once more in the report
_BYTES_PER_GRADE = 200
_REPORT_BYTES = 4_000_000
_GIGA = 1e9


def check_before_reading(run: Run) -> None:
    """Look at what needs no rows: device, folder, judge, rivals, rubric, the report's pictures.

    Raises:
        RecipeError: The recipe asks for what this machine, or a package, does not have.
        RemoteError: A server is not there, or lacks the model.
        MissingError: A model, a rubric or the variable with a key is not there.
        TunesmithError: A judge or rival does not fit into memory.
    """
    choose_engine(run.recipe.training)
    check_parts(run.folder)
    _check_base(run)
    check_drawing()
    evaluation = run.recipe.evaluation
    if evaluation.rubric is not None:
        score_prompt(run.recipe_folder / evaluation.rubric)
    check_endpoints(run, is_asked=True)
    check_benchmarks(evaluation.benchmarks)


def check_before_training(run: Run) -> None:
    """Look at what needs the rows: who cannot be asked them, what cannot mark them.

    Raises:
        MissingError: A rival is not there.
        RecipeError: A package's metric fails on every reference.
    """
    check_rivals(run)
    try_metrics(run)
    for notice in _budget_notices(run):
        run.progress.note(notice)
    recipe = run.recipe.training
    if recipe.early_stopping is not None and not len(open_store(run.folder, "validation")):
        run.progress.note(
            f"training.early_stopping is {recipe.early_stopping}, but there are no validation "
            "rows, so training goes on to its end"
        )


def _check_base(run: Run) -> None:
    """Memory is looked at when it is known how it will be trained."""
    if run.recipe.model.weights == "pretrained":
        place = recipe_model(run.recipe, run.recipe_folder)
        check_weights(place, free=sys.maxsize, where="model")


def check_parts(folder: RunFolder) -> None:
    """Make sure that what an earlier run left can be written to.

    Raises:
        RecipeError: A part of the folder cannot.
    """
    for name in FOLDERS:
        part = folder.path / name
        if part.is_dir() and not os.access(part, os.W_OK | os.X_OK):
            raise RecipeError(
                "nothing can be written there",
                where=str(part),
                cure="Change its permissions, or name another folder with --run.",
            )


def check_drawing() -> None:
    """Draw a picture as the report does.

    Raises:
        TunesmithError: This machine's matplotlib cannot.
    """
    try:
        from matplotlib.figure import Figure

        import tunesmith.report.page  # noqa: F401 - with all that draws

        figure = Figure()
        figure.text(0.5, 0.5, "1")
        figure.savefig(BytesIO(), format="svg")
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        raise TunesmithError(
            f"the report's pictures cannot be drawn ({error})",
            where="matplotlib",
            cure="Install it anew, or look at MPLBACKEND and MPLCONFIGDIR.",
        ) from error


def try_metrics(run: Run) -> None:
    """Let each metric of a package mark some references by themselves.

    Raises:
        RecipeError: It fails on all of them.
    """
    references = [
        example.reference
        for _, example in zip(range(_TRIED_ROWS), read_split(run.folder, "test"), strict=False)
    ]
    for plugin in metric_plugins(run.recipe):
        measure, marks, fault = find_metric(plugin.name).measure, [], ""
        for reference in references:
            try:
                marks.append(measure(reference, reference))
            except MeasureError as error:
                fault = str(error)
        if references and not marks:
            raise RecipeError(
                f"{fault}, on each of the {len(references)} test rows that were tried",
                where="evaluation.metrics",
                cure=f"Leave it out, or tell the authors of {plugin.package}.",
            )
        if marks and not any(marks):
            run.progress.note(
                f"metric {plugin.name} gives 0 to the references themselves, in each of "
                f"{len(marks)} test rows that were tried"
            )


def _budget_notices(run: Run) -> list[str]:
    """Calls that will be made at least, beside those that may be."""
    num_rows = sum(not one.is_text for one in read_split(run.folder, "test"))
    num_models = len(judged_models(run))
    judge = run.recipe.evaluation.judge
    asked = [(f"rival {name}", one, num_rows) for name, one in rival_names(run.recipe).items()]
    asked += [("the judge", judge, num_rows * num_models)] if judge is not None else []
    return [
        f"max_calls of {name} is {one.max_calls:,}, and there are {calls:,} answers to be had of "
        "it: the others count as failed"
        for name, one, calls in asked
        if one.max_calls is not None and one.max_calls < calls
    ]


def check_memory(plan: TrainingPlan) -> None:
    """Make sure that gradients and moments fit, which no smaller batch makes smaller.

    Raises:
        TunesmithError: They do not.
    """
    gradients = sum(weight.nbytes for weight in plan.optimizer.parameters)
    needed, free = gradients + _moment_bytes(plan), free_memory(plan.model.device)
    if plan.model.device.type == "cpu":
        free += int(psutil.swap_memory().free)
    if needed > free:
        raise TunesmithError(
            f"gradients and the optimiser's moments take {needed / _GIGA:,.1f} GB of memory, "
            f"{free / _GIGA:,.1f} GB are free",
            where="training",
            cure="Use method: lora, or a smaller model, or free some memory.",
        )


def check_disk(run: Run, plan: TrainingPlan) -> None:
    """Make sure that checkpoints, the model, answers and the report find room.

    What an interrupted training left there already needs no more room.

    Raises:
        DiskFullError: They do not.
    """
    needed = _training_bytes(plan) + _answer_bytes(run)
    needed -= sum(map(_bytes_in, (run.folder.checkpoints, run.folder.model)))
    free = shutil.disk_usage(run.folder.path).free
    if needed > free:
        raise DiskFullError(
            f"checkpoints, model, answers and report take about {needed / _GIGA:,.2f} GB, "
            f"{free / _GIGA:,.2f} GB are free",
            where=str(run.folder.path),
            cure="Free some space, or name a folder on another disk with --run.",
        )


def _moment_bytes(plan: TrainingPlan) -> int:
    """Of the optimiser; of tables of which some rows are read, those rows have moments."""
    num_moments = 2 if plan.recipe.optimizer == "adamw" else 1  # at least
    return num_moments * sum(weight.nbytes for weight in plan.optimizer.parameters)


def _training_bytes(plan: TrainingPlan) -> int:
    trained = sum(p.nbytes for p in plan.model.network.parameters() if p.requires_grad)
    whole = trained + _moment_bytes(plan)
    num_best = 2 if plan.validation is not None and plan.recipe.keep == "best" else 0
    is_full = plan.recipe.lora is None
    model = sum(p.nbytes for p in plan.model.network.parameters()) if is_full else trained
    return int(min(_KEPT, plan.num_steps) * whole + num_best * trained + model)


def _answer_bytes(run: Run) -> int:
    recipe = run.recipe
    num_rows = len(open_store(run.folder, "test"))
    num_answers = num_rows * (2 + len(other_models(run)))
    answer = _BYTES_PER_TOKEN * recipe.generation.max_new_tokens
    grades = _BYTES_PER_GRADE * (2 + len(recipe.evaluation.metrics))
    return num_answers * (answer + grades) + _REPORT_BYTES


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
