"""What the starter knows, what tuning makes of it, and what remains without pretraining.

    make study                     # or: python bench/study.py --seeds 3 --out runs/study

Tunes the starter on its own material: in full, with an adapter, and in full from random
weights, each with several seeds, and answers the test set. Prints exact match by kind of row
as JSON, the median over the seeds with the lowest and the highest, and the share of facts
that the base completes as plain statements.
"""

import argparse
import json
import random
import statistics
from collections import defaultdict
from pathlib import Path

from tunesmith.evaluation.metrics import exact_match
from tunesmith.files import read_json_lines
from tunesmith.generation.generate import Prompt, generate
from tunesmith.recipe.load import load_recipe
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.answer import answer
from tunesmith.stages.demo import RECIPE
from tunesmith.stages.progress import SilentProgress
from tunesmith.stages.run_folder import RunFolder
from tunesmith.stages.speaker import named_speaker
from tunesmith.stages.train import train
from tunesmith.starter.facts import all_facts
from tunesmith.starter.wordings import all_wordings, fill

VARIANTS = {
    "full": [],
    "adapter": ["training.method={lora: {rank: 8}}", "training.learning_rate=2e-3"],
    "random weights": ["model.weights=random"],
}
FACTS_PER_RELATION = 20
Shares = dict[str, float]


def main() -> None:
    """Run every variant and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/study"))
    arguments = parser.parse_args()
    print(json.dumps({"facts completed by the base": facts_completed()}), flush=True)
    for name, overrides in VARIANTS.items():
        runs = [
            _tuned(arguments.out / f"{name}-{seed}", [*overrides, f"training.seed={seed}"])
            for seed in range(arguments.seeds)
        ]
        for model in ("base", "tuned"):
            print(json.dumps({f"{name}, {model}": _spread([run[model] for run in runs])}))


def facts_completed() -> Shares:
    """Share of facts, in per cent by relation, that the base completes as a statement."""
    speaker = named_speaker("starter", recipe=GenerationRecipe(max_new_tokens=10))
    shares = {}
    for relation, facts in all_facts().items():
        pattern = all_wordings()[relation].sentence
        chosen = random.Random(0).sample(facts, min(FACTS_PER_RELATION, len(facts)))
        starts = [(fill(pattern, fact).rpartition(fact.y)[0].rstrip(), fact.y) for fact in chosen]
        usable = [(start, wanted) for start, wanted in starts if start]
        prompts = [Prompt(ids=speaker.tokenizer.hf(s).input_ids, key=s) for s, _ in usable]
        written = generate(speaker.model, prompts, recipe=speaker.recipe, stop_ids=speaker.stop_ids)
        texts = [speaker.tokenizer.decode(one.ids).strip() for one in written]
        hits = [text.startswith(w) for text, (_, w) in zip(texts, usable, strict=True)]
        shares[relation] = round(100 * statistics.mean(hits), 1)
    shares["all"] = round(statistics.mean(shares.values()), 1)
    return shares


def _tuned(path: Path, overrides: list[str]) -> dict[str, Shares]:
    folder = RunFolder(path)
    recipe = load_recipe(RECIPE, overrides=overrides)
    progress = SilentProgress()
    train(recipe, folder, recipe_folder=RECIPE.parent, progress=progress)
    answer(recipe, folder, recipe_folder=RECIPE.parent, progress=progress)
    return {model: _shares(folder, model) for model in ("base", "tuned")}


def _shares(folder: RunFolder, model: str) -> Shares:
    """Exact match in per cent, by tag, and the share of answers that end by themselves."""
    answers = {row["example_id"]: row for row in read_json_lines(folder.completions(model))}
    scores: dict[str, list[float]] = defaultdict(list)
    for row in read_json_lines(folder.examples("test")):
        score = exact_match(answers[row["id"]]["text"], row["response"])
        tags = dict(tag.split(":") for tag in row["tags"] if ":" in tag)
        kinds = ["all", tags["task"], f"{tags['form']}, wording {tags['wording']}"]
        for kind in kinds:
            scores[kind].append(score)
    ended = [100.0 * (row["finish_reason"] == "stop") for row in answers.values()]
    return {kind: statistics.mean(s) for kind, s in {**scores, "ended": ended}.items()}


def _spread(runs: list[Shares]) -> dict[str, list[float]]:
    """Kind -> median, lowest, highest."""
    return {
        kind: [
            round(figure, 1)
            for figure in (
                statistics.median(run[kind] for run in runs),
                min(run[kind] for run in runs),
                max(run[kind] for run in runs),
            )
        ]
        for kind in sorted(runs[0])
    }


if __name__ == "__main__":
    main()
