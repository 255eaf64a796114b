"""Completions and references -> grades, scores with intervals, and a verdict."""

from collections.abc import Sequence

import torch

from tunesmith.errors import DataError, RecipeError
from tunesmith.evaluation.group_scores import group_scores
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.token_metrics import (
    TokenMetric,
    TokenTotals,
    grade_tokens,
)
from tunesmith.files import hash_file, write_json, write_json_lines
from tunesmith.generation.responder import Responder
from tunesmith.models.load import find_model, weights_fingerprint
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.answer import BASE, TUNED, answer
from tunesmith.stages.execution.opened_run import Run, checked_run
from tunesmith.stages.execution.output_file import are_grades
from tunesmith.stages.execution.plugins_used import metric_plugins
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.stage import Stage, StageResult, code_of, run_stage
from tunesmith.stages.exporting.exported import exported_models
from tunesmith.stages.looking.note_look import note_look, standing_of
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.preparing.settled_template import settled_renderer
from tunesmith.stages.probing.benchmarks import benchmark_run
from tunesmith.stages.probing.general_probes import probe_run
from tunesmith.stages.responders.load_responder import base_responder, tuned_responder
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.stages.results.scores import JudgeResult, Scores
from tunesmith.stages.test_set.judging import check_endpoints, judge_answers, judge_metrics
from tunesmith.stages.test_set.judging import try_judge_on_plants as try_judge
from tunesmith.stages.test_set.rivals import judged_models, other_models
from tunesmith.stages.test_set.text_grades import text_metrics, write_text_grades
from tunesmith.stages.test_set.usable import UsabilityStage
from tunesmith.stages.train import base_record, identity_of_base
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed
from tunesmith.training.validate import row_losses

_ROWS_AT_ONCE = 8
_LOSS: TokenMetric = "loss"


def evaluate(run: Run) -> Scores:
    """Grade what all models answered, and what base and tuned expect of the references.

    Answers first, where that has not been done.

    Args:
        run: Its recipe names the metrics, the judge, and who is compared.

    """
    checked_run(run, stage="evaluate")
    run.claim()
    check_endpoints(run)
    answer(run)
    models = [BASE, TUNED, *other_models(run), *exported_models(run.folder)]
    with run.locked():
        renderer = settled_renderer(run)
        _grade(run, renderer, models)
        usable = UsabilityStage(run=run, markers=renderer.template.markers, models=models)
        told = {
            "judge": judge_answers(run, judged_models(run)),
            "probes": probe_run(run, renderer),
            "benchmarks": benchmark_run(run, renderer),
        }
        scores = Scores.from_dict(_score(run, told, usable))
    note_look(run.folder, "evaluate", progress=run.progress)
    return scores


def check_judge(run: Run) -> JudgeResult:
    """Only try the recipe's judge with planted answers; the data is prepared, nothing trained.

    Raises:
        RecipeError: The recipe names no judge.
        DataError: No row was held out for testing.
    """
    if run.recipe.evaluation.judge is None:
        raise RecipeError(
            "the recipe names no judge",
            where="evaluation.judge",
            cure="For example: --set 'evaluation.judge={url: http://localhost:11434/v1, "
            "model: llama3}'",
        )
    prepare(run)
    if not len(ReferenceFile(run.folder.examples("test"))):
        cure = "Hold some rows out: examples.split.test."
        raise DataError(
            "there are no test rows to try it with", where=str(run.folder.path), cure=cure
        )
    return JudgeResult.from_dict(try_judge(run))


def _grade(run: Run, renderer: Renderer, models: Sequence[str]) -> None:
    """Write the grades that take no judge, where something changed."""
    recipe, folder = run.recipe, run.folder
    metrics = [*recipe.evaluation.metrics, _LOSS]
    stage = Stage(
        name="evaluate",
        inputs={
            "test": hash_file(folder.examples("test")),
            "completions": {model: hash_file(folder.completions(model)) for model in models},
            "models": [
                identity_of_base(base_record(renderer.place, run)),
                weights_fingerprint(folder.model),
            ],
            "code": code_of("tokens", "models", "training/validate.py", "evaluation"),
            "rendering": renderer.fingerprint,
            "metrics": metrics,
            "plugins": [plugin.fingerprint for plugin in metric_plugins(recipe)],
        },
        outputs=[folder.grades(metric) for metric in metrics],
    )
    run_stage(folder, stage, lambda: _write_grades(run, renderer, models))


def _write_grades(run: Run, renderer: Renderer, models: Sequence[str]) -> StageResult:
    recipe, folder = run.recipe, run.folder
    write_text_grades(run, models)
    totals = _token_totals(run, renderer)
    for token_metric in _token_metrics(recipe):
        rows = (grade.to_json() for grade in grade_tokens(totals, metric=token_metric))
        write_json_lines(folder.grades(token_metric), rows)
    return {}


def _score(run: Run, told: StageResult, usable: UsabilityStage) -> StageResult:
    """Write `scores.json` from the grades and what else was told, where one of them changed."""
    recipe, folder, progress = run.recipe, run.folder, run.progress
    names = [*text_metrics(recipe), *judge_metrics(recipe), *_token_metrics(recipe)]
    paths = {name: folder.grades(name) for name in names}
    for stale in folder.grades(_LOSS).parent.glob("*.jsonl"):
        if stale not in paths.values() and are_grades(stale):
            stale.unlink()
    stage = Stage(
        name="score",
        inputs={
            "grades": {name: hash_file(path) for name, path in paths.items()},
            **told,
            "usability": usable.inputs,
            "code": code_of("evaluation"),
        },
        outputs=[folder.scores, *usable.outputs],
    )

    def work() -> StageResult:
        progress.start("scoring", None)
        scores = score_files(paths)
        scores.update({name: one for name, one in told.items() if one})
        if groups := group_scores(folder.examples("test"), paths):
            scores["groups"] = groups
        if standing := standing_of(folder, scores):
            scores["looks"] = standing.to_json()
        scores |= usable.look(scores)
        progress.close()
        write_json(folder.scores, scores)
        return scores

    return run_stage(folder, stage, work)


def _token_metrics(recipe: Recipe) -> list[TokenMetric]:
    has_accuracy = "token_accuracy" in recipe.evaluation.metrics
    return ["token_accuracy", _LOSS] if has_accuracy else [_LOSS]


def _token_totals(run: Run, renderer: Renderer) -> list[TokenTotals]:
    """Each test row's loss under both models; three numbers a row are kept."""
    recipe, folder, progress = run.recipe, run.folder, run.progress
    store = open_store(folder, "test")
    if not len(store):
        return []
    place = find_model(str(folder.model))
    totals = []
    for model in (BASE, TUNED):
        responder = (
            base_responder(recipe, renderer)
            if model == BASE
            else tuned_responder(recipe, renderer, place)
        )
        progress.start(f"measuring the loss ({model})", len(store))
        totals += measured_tokens(model, responder, store, progress)
        progress.close()
    return totals


def measured_tokens(
    name: str, responder: Responder, store: TokenStore, progress: Progress
) -> list[TokenTotals]:
    """What a model makes of each row's reference; three numbers a row are kept."""
    feed = Feed(
        store=store,
        rows_of_step=lambda _: [],
        micro_batch=_ROWS_AT_ONCE,
        shared_row_limit=responder.model.shared_row_limit,
        device=torch.device(responder.model.device),
        ranks=Ranks(),
        smallest_saving=responder.model.smallest_saving,
    )
    sums: dict[str, tuple[float, int, int]] = {}
    for row in row_losses(responder.model, feed, precision="fp32"):
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
