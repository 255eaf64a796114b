"""How often are tunings called better or worse that differ by their seed alone?

    python bench/seed_pairs.py --runs 80 --pairs 40 --out runs/seed_pairs

Tunes the starter on the demo's recipe, for a quarter of its three epochs so that one tuning
takes 20 seconds, with another seed each time: the seed decides the order of the data, nothing
else differs. Each tuning answers the demo's test set. Then `tunesmith compare` is asked about 40
pairs with one run a side, and about 40 with two and with three runs a side. Finished runs are
used again, so the program can be stopped and started. The rates, with Jeffreys' 95 % interval,
go to `seed_pairs.json` in the folder, and to stdout.
"""

import argparse
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scipy import stats

from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.evaluation.score import score_files
from tunesmith.files import write_json, write_json_lines
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.models.load import find_model
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.compare import compare
from tunesmith.stages.demo import RECIPE
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.preparing.split_rows import read_split
from tunesmith.stages.responders.load_responder import tuned_responder
from tunesmith.stages.responders.renderer import recipe_renderer
from tunesmith.stages.train import train

TUNED = "tuned"
NOTHING_SHOWN = "no difference shown"
RUNS_A_SIDE = (1, 2, 3)


def main() -> None:
    """Tune what is missing, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=80)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--epochs", type=float, default=0.75, help="of the 3 that the demo has")
    parser.add_argument("--seconds", type=float, default=1e9, help="start no tuning after this")
    parser.add_argument("--out", type=Path, default=Path("runs/seed_pairs"))
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    paths = [arguments.out / f"seed-{seed:02d}" for seed in range(arguments.runs)]
    for seed, path in enumerate(paths):
        if time.monotonic() > end:
            return
        tuned(path, seed, arguments.epochs)
    record: dict[str, Any] = {"schema": 1, "epochs": arguments.epochs, "runs": len(paths)}
    record["spread"] = spread(paths)
    record["rates"] = {
        str(count): rates(pairs(paths, count, arguments.pairs)) for count in RUNS_A_SIDE
    }
    write_json(arguments.out / "seed_pairs.json", record)
    print(json.dumps(record, indent=2))


def tuned(path: Path, seed: int, epochs: float) -> None:
    """A run that differs from the others by its seed, with graded answers of the tuned model."""
    folder = RunFolder(path)
    if folder.scores.is_file():
        return
    start = time.monotonic()
    recipe = load_recipe(RECIPE, overrides=[f"training.epochs={epochs}", f"training.seed={seed}"])
    train(Run(recipe=recipe, folder=folder, paths_from=RECIPE.parent))
    renderer = recipe_renderer(recipe, RECIPE.parent)
    responder = tuned_responder(recipe, renderer, find_model(str(folder.model)))
    rows = list(read_split(folder, "test"))
    answers = list(
        answer_all(
            responder, [OpenQuestion(example_id=row.id, messages=row.prompt) for row in rows]
        )
    )
    write_json_lines(folder.completions(TUNED), (answer.to_json() for answer in answers))
    references = {row.id: row.reference for row in rows}
    files = {metric: folder.grades(metric) for metric in TEXT_METRICS}
    for metric, file in files.items():
        grades = grade_completions(answers, references, metric=metric, model=TUNED)
        write_json_lines(file, (grade.to_json() for grade in grades))
    write_json(folder.scores, score_files(files))
    print(f"{path}: {time.monotonic() - start:.0f} s", flush=True)


def spread(paths: Sequence[Path]) -> dict[str, Any]:
    """Mean and standard deviation of the runs' scores, by metric."""
    records = [json.loads((path / "scores.json").read_text(encoding="utf-8")) for path in paths]
    found = {}
    for metric in TEXT_METRICS:
        values = [record["metrics"][metric][TUNED]["value"] for record in records]
        found[metric] = {
            "mean": round(statistics.mean(values), 2),
            "standard deviation": round(statistics.stdev(values), 2),
            "lowest": round(min(values), 2),
            "highest": round(max(values), 2),
        }
    return found


def pairs(
    paths: Sequence[Path], runs_a_side: int, num_pairs: int
) -> list[tuple[Sequence[Path], Sequence[Path]]]:
    """Pairs whose sides share no run. All runs are dealt out before any is used again."""
    rng = random.Random(runs_a_side)
    found: list[tuple[Sequence[Path], Sequence[Path]]] = []
    deck: list[Path] = []
    while len(found) < num_pairs:
        if len(deck) < 2 * runs_a_side:
            deck = rng.sample(list(paths), len(paths))
        hand, deck = deck[: 2 * runs_a_side], deck[2 * runs_a_side :]
        found.append((hand[:runs_a_side], hand[runs_a_side:]))
    return found


def rates(drawn: Sequence[tuple[Sequence[Path], Sequence[Path]]]) -> dict[str, Any]:
    """How often each metric, and the verdict over all, said better or worse."""
    claims: Counter[str] = Counter()
    wordings = set()
    for first, second in drawn:
        result = compare(first, second, progress=SilentProgress(), num_rows=0)
        wordings.add(result.claim)
        claims["verdict"] += result.verdict["outcome"] != NOTHING_SHOWN
        for one in result.comparisons:
            claims[one.metric] += one.verdict != NOTHING_SHOWN
    found: dict[str, Any] = {"pairs": len(drawn), "claim": wordings.pop()}
    for name in ("verdict", *TEXT_METRICS):
        around = stats.beta(claims[name] + 0.5, len(drawn) - claims[name] + 0.5)
        low, high = (100 * around.ppf((0.025, 0.975))).round(1).tolist()
        rate = round(100 * claims[name] / len(drawn), 1)
        found[name] = {"better or worse": claims[name], "rate": rate, "low": low, "high": high}
    return found


if __name__ == "__main__":
    main()
