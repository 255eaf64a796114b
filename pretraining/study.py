"""What the starter knows, what tuning makes of it, and what remains without pretraining.

    make study                     # or: python -m pretraining.study --seeds 3 --out runs/study

Tunes the starter on its own material: in full, with an adapter, from random weights, and with
12 to 1,200 pairs at equal steps, each with several seeds; answers the test set each time.
Writes `tunesmith/starter/study.json`, which the demo's report quotes, and prints it. Figures
are the median over the seeds with the lowest and the highest; scores are exact match.
"""

import argparse
import json
import platform
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from pretraining.facts import all_facts
from pretraining.knowledge import bare_questions, facts_completed
from tunesmith import __version__
from tunesmith.evaluation.metrics import exact_match
from tunesmith.examples.example import Example
from tunesmith.files import write_json
from tunesmith.generation.responder import OpenQuestion, Responder, answer_all
from tunesmith.models.load import find_model
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.recipe.recipe import GenerationRecipe, Recipe
from tunesmith.stages.demo import RECIPE, STUDY
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.load_responder import (
    base_responder,
    named_responder,
    tuned_responder,
)
from tunesmith.stages.responders.renderer import recipe_renderer
from tunesmith.stages.train import train

FACTS_PER_RELATION = 40
BARE_QUESTIONS = 100
MANY_ANSWERS = 20
PAIRS = (12, 36, 120, 360, 1200)
LORA = "training.method={lora: {rank: 8}}"
VARIANTS = {
    "full": [],
    "lora": [LORA, "training.learning_rate=4e-3"],
    "random weights": ["model.weights=random"],
}
Shares = dict[str, float]


def main() -> None:
    """Measure everything, write it and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/study"))
    parser.add_argument("--record", type=Path, default=STUDY, help="where the figures are written")
    arguments = parser.parse_args()
    study: dict[str, Any] = {"schema": 1, **_circumstances(), "seeds": arguments.seeds}
    study["base"] = base_figures()
    seeds = range(arguments.seeds)
    study["variants"] = {
        name: _spread([_tuned(arguments.out / f"{name}-{seed}", overrides, seed) for seed in seeds])
        for name, overrides in VARIANTS.items()
    }
    steps = int(statistics.median(study["variants"]["full"]["steps"]))
    study["pairs"] = {
        str(count): _spread(
            [_tuned(arguments.out / f"{count}-{seed}", _few(count, steps), seed) for seed in seeds]
        )
        for count in PAIRS
    }
    write_json(arguments.record, study)
    print(json.dumps(study, indent=2))


def base_figures() -> dict[str, Any]:
    """What the base does without being tuned."""
    recipe = load_recipe(RECIPE)
    responder = named_responder("starter", recipe=GenerationRecipe(max_new_tokens=16))
    facts = facts_completed(responder, facts_per_relation=FACTS_PER_RELATION)
    continued = bare_questions(responder, num_questions=BARE_QUESTIONS)
    folder = RunFolder(Path("runs/study/base"))
    base = base_responder(recipe, recipe_renderer(recipe, RECIPE.parent))
    return {
        "facts completed": {name: round(share, 1) for name, share in facts.items()},
        "bare questions": dict(Counter(one.kind for one in continued)),
        "shown": [{"question": one.question, "goes on": one.text} for one in continued[:5]],
        "test": _rounded(_shares(base, _test_rows(recipe, folder))),
    }


def _circumstances() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "tunesmith": __version__,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
    }


def _few(count: int, steps: int) -> list[str]:
    """The first pairs of the set, as often as it takes; nothing is held out of so few."""
    rows_read = steps * load_recipe(RECIPE).training.examples_per_step
    return [
        f"sources.0.limit={count}",
        f"training.epochs={rows_read / count}",
        "training.keep=last",
        "examples.split.validation=0.0",
    ]


def _test_rows(recipe: Recipe, folder: RunFolder) -> list[Example]:
    from tunesmith.stages.prepare import prepare  # noqa: PLC0415 - only for the base

    prepare(Run(recipe=recipe, folder=folder, paths_from=RECIPE.parent))
    return list(read_split(folder, "test"))


def _tuned(path: Path, overrides: list[str], seed: int) -> Shares:
    folder = RunFolder(path)
    recipe = load_recipe(RECIPE, overrides=[*overrides, f"training.seed={seed}"])
    result = train(Run(recipe=recipe, folder=folder, paths_from=RECIPE.parent))
    place = find_model(str(folder.model))
    responder = tuned_responder(recipe, recipe_renderer(recipe, RECIPE.parent), place)
    shares = _shares(responder, list(read_split(folder, "test")))
    print(json.dumps({str(path): {"all": round(shares["all"], 1)}}), flush=True)
    return {**shares, "tuning seconds": result.seconds, "steps": result.steps}


def _shares(responder: Responder, rows: list[Example]) -> Shares:
    """Exact match in per cent, by task and by kind of row, and how many answers end."""
    questions = [OpenQuestion(example_id=row.id, messages=row.prompt) for row in rows]
    answers = {answer.example_id: answer for answer in answer_all(responder, questions)}
    scores: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        score = exact_match(answers[row.id].text, row.reference)
        for kind in _kinds(row):
            scores[kind].append(score)
    scores["answers that end"] = [
        100.0 * (answer.finish_reason == "stop") for answer in answers.values()
    ]
    return {kind: statistics.mean(found) for kind, found in scores.items()}


def _kinds(row: Example) -> list[str]:
    tags = dict(tag.split(":") for tag in row.tags if ":" in tag)
    task, form, wording = tags["task"], tags["form"], tags["wording"]
    kinds = ["all", f"task {task}"]
    if task == "company":
        return [*kinds, "company questions, reworded"]
    if task not in all_facts():
        return [*kinds, "tasks with a text"]
    if form == "sentence":
        return [*kinds, "facts, whole sentences"]
    kinds.append(f"facts, short, wording {wording}")
    if len({fact.y for fact in all_facts()[task]}) >= MANY_ANSWERS:
        kinds.append(f"facts, short, at least {MANY_ANSWERS} possible answers")
    return kinds


def _spread(runs: list[Shares]) -> dict[str, list[float]]:
    """Kind -> median, lowest, highest."""
    kinds = list(dict.fromkeys(kind for run in runs for kind in run))
    found = {kind: [run[kind] for run in runs] for kind in kinds}
    return {
        kind: [round(statistics.median(f), 1), round(min(f), 1), round(max(f), 1)]
        for kind, f in found.items()
    }


def _rounded(shares: Shares) -> Shares:
    return {kind: round(share, 1) for kind, share in shares.items()}


if __name__ == "__main__":
    main()
