"""Completions and references -> grades, scores with intervals, and a verdict."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.token_metrics import TokenMetric, TokenTotals, grade_tokens
from tunesmith.files import hash_file, read_json_lines, write_json, write_json_lines
from tunesmith.generation.answer import Completion, Speaker
from tunesmith.models.load import find_model, weights_fingerprint
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.answer import BASE, TUNED, answer
from tunesmith.stages.prepare import open_store
from tunesmith.stages.progress import Progress
from tunesmith.stages.rendering import Rendering, recipe_rendering
from tunesmith.stages.run_folder import RunFolder
from tunesmith.stages.speaker import base_speaker, tuned_speaker
from tunesmith.stages.stage import Result, Stage, code_of, run_stage
from tunesmith.stages.train import base_record, identity_of_base
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed
from tunesmith.training.validate import row_losses

_ROWS_AT_ONCE = 8
_LOSS: TokenMetric = "loss"


def evaluate(
    recipe: Recipe,
    folder: RunFolder,
    *,
    recipe_folder: Path,
    progress: Progress,
) -> Result:
    """Grade what base and tuned answered, and what they expect of the references.

    Answers first, where that has not been done.

    Args:
        recipe: Names the metrics.
        folder: Of the run.
        recipe_folder: What relative paths are relative to.
        progress: Told of rows.

    Returns:
        The content of `scores.json`.
    """
    answer(recipe, folder, recipe_folder=recipe_folder, progress=progress)
    with folder.locked():
        rendering = recipe_rendering(recipe, recipe_folder)
        stage = Stage(
            name="evaluate",
            inputs={
                "test": hash_file(folder.examples("test")),
                "completions": {m: hash_file(folder.completions(m)) for m in (BASE, TUNED)},
                "models": [
                    identity_of_base(base_record(rendering.place, recipe, folder)),
                    weights_fingerprint(folder.model),
                ],
                "code": code_of("tokens", "models", "training/validate.py", "evaluation"),
                "rendering": rendering.fingerprint,
                "evaluation": recipe.evaluation.model_dump(),
            },
            outputs=[folder.scores, *map(folder.grades, {*recipe.evaluation.metrics, _LOSS})],
        )
        return run_stage(folder, stage, lambda: _work(recipe, folder, rendering, progress))


def _work(recipe: Recipe, folder: RunFolder, rendering: Rendering, progress: Progress) -> Result:
    references = ReferenceFile(folder.examples("test"))
    paths: dict[str, Path] = {}
    for metric in recipe.evaluation.metrics:
        if metric in TEXT_METRICS:
            paths[metric] = folder.grades(metric)
            progress.start(f"grading {metric}", None)
            write_json_lines(paths[metric], _text_grades(folder, references, metric))
            progress.close()
    totals = _token_totals(recipe, folder, rendering, progress)
    wanted: list[TokenMetric] = [_LOSS]
    if "token_accuracy" in recipe.evaluation.metrics:
        wanted.insert(0, "token_accuracy")
    for token_metric in wanted:
        paths[token_metric] = folder.grades(token_metric)
        rows = (grade.to_json() for grade in grade_tokens(totals, metric=token_metric))
        write_json_lines(paths[token_metric], rows)
    for stale in folder.grades(_LOSS).parent.glob("*.jsonl"):
        if stale not in paths.values():
            stale.unlink()
    progress.start("scoring", None)
    scores = score_files(paths)
    progress.close()
    write_json(folder.scores, scores)
    return scores


def _text_grades(
    folder: RunFolder, references: Mapping[str, str], metric: str
) -> Iterator[dict[str, object]]:
    for model in (BASE, TUNED):
        completions = (
            Completion(**record) for record in read_json_lines(folder.completions(model))
        )
        for grade in grade_completions(completions, references, metric=metric, model=model):
            yield grade.to_json()


def _token_totals(
    recipe: Recipe, folder: RunFolder, rendering: Rendering, progress: Progress
) -> list[TokenTotals]:
    """Each test row's loss under both models; three numbers a row are kept."""
    store = open_store(folder, "test")
    if not len(store):
        return []
    place = find_model(str(folder.model))
    totals = []
    for model in (BASE, TUNED):
        speaker = (
            base_speaker(recipe, rendering)
            if model == BASE
            else tuned_speaker(recipe, rendering, place)
        )
        progress.start(f"measuring the loss ({model})", len(store))
        totals += _measured(model, speaker, store, progress)
        progress.close()
    return totals


def _measured(
    name: str, speaker: Speaker, store: TokenStore, progress: Progress
) -> list[TokenTotals]:
    feed = Feed(
        store=store,
        rows_of_step=lambda _: [],
        micro_batch=_ROWS_AT_ONCE,
        shared_row_limit=speaker.model.shared_row_limit,
        device=torch.device(speaker.model.device),
        ranks=Ranks(),
        smallest_saving=speaker.model.smallest_saving,
    )
    sums: dict[str, tuple[float, int, int]] = {}
    for row in row_losses(speaker.model, feed, precision="fp32"):
        progress.advance()
        nats, targets, correct = sums.get(store.example_id(row.row), (0.0, 0, 0))
        sums[store.example_id(row.row)] = (
            nats + row.nats,
            targets + row.num_targets,
            correct + row.num_correct,
        )
    return [
        TokenTotals(
            example_id=example_id, model=name, nats=nats, num_targets=targets, num_correct=correct
        )
        for example_id, (nats, targets, correct) in sums.items()
    ]
