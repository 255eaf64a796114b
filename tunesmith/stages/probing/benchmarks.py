"""Base and tuned of a run, handed to lm-evaluation-harness -> what `scores.json` says of it."""

from importlib.metadata import version as find_version

from tunesmith.evaluation.probes.harness import (
    benchmark_figures,
    benchmark_results,
    check_benchmarks,
)
from tunesmith.models.load import find_model, weights_fingerprint
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.stage import Stage, StageResult, forget, run_stage
from tunesmith.stages.responders.load_responder import base_responder, tuned_responder
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.stages.train import base_record, identity_of_base

STAGE = "benchmarks"


def benchmark_run(run: Run, renderer: Renderer) -> StageResult:
    """Hand base and tuned to lm_eval, where something changed.

    Returns:
        What `scores.json` says: lm_eval's `version`, and `figures`, one a benchmark and metric;
        empty where the recipe names no benchmark.
    """
    recipe = run.recipe
    names = list(recipe.evaluation.benchmarks)
    if not names:
        forget(run.folder, STAGE)
        return {}
    check_benchmarks(names)
    version = find_version("lm_eval")
    stage = Stage(
        name=STAGE,
        inputs={
            "names": names,
            "lm_eval": version,
            "models": [
                identity_of_base(base_record(renderer.place, run)),
                weights_fingerprint(run.folder.model),
            ],
        },
        outputs=[],
    )

    def work() -> StageResult:
        run.progress.start("lm_eval's benchmarks", None)
        base = benchmark_results(base_responder(recipe, renderer), names)
        place = find_model(str(run.folder.model))
        tuned = benchmark_results(tuned_responder(recipe, renderer, place), names)
        run.progress.close()
        return {"version": version, "figures": benchmark_figures(base, tuned)}

    return run_stage(run.folder, stage, work)
