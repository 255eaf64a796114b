"""Does the gain of doubling lie in the interval that `tunesmith curve` gives for it?

    python bench/doublings.py --out runs/doublings --seconds 900

Each case is a curve over 1/8, 1/4, 1/2 and all rows of some material with a model: the starter
on parts of its own material, or a two-layer model with random weights on questions made by a
rule. The law is fitted to the first three sizes and asked for the gain from 1/2 to all, which
was measured too. Every case gives a doubling by token F1, and one by loss. Finished tunings are
used again. The share that held, with Jeffreys' 95 % interval, goes to `doublings.json`.
"""

import argparse
import json
import random
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from tests.tiny import save_tiny_model
from tunesmith.evaluation.power_law import doubling_gain
from tunesmith.evaluation.score import metric_bounds
from tunesmith.files import read_json, write_json, write_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.stages.curve import curve
from tunesmith.stages.demo import RECIPE
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder

METRICS = ("token_f1", "loss")
STARTER = ((320, 0), (160, 1), (640, 2), (1300, 3))
TINY = ("vowel", "copy", "order", "sum")


def main() -> None:
    """Measure what is missing, then count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/doublings"))
    parser.add_argument("--seconds", type=float, default=1e9, help="start no case after this")
    parser.add_argument("--rounds", type=int, default=3, help="of the small models")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    doublings = []
    for name, run in cases(arguments.out, arguments.rounds):
        if time.monotonic() > end:
            break
        result = curve(run, seeds=2)
        for one in held_out(run.folder.path, result.sizes):
            doublings.append({"case": name, "rows": result.sizes[-1], **one})
            print(json.dumps(doublings[-1]), flush=True)
        write_json(arguments.out / "doublings.json", counted(doublings))
    print(json.dumps(counted(doublings)["held"]))


def cases(out: Path, rounds: int) -> Iterator[tuple[str, Run]]:
    """Small models and the starter in turn, so that a run cut short has some of each."""
    place = out / "tiny"
    if not place.is_dir():
        save_tiny_model(place, "llama")
    small = [(rule, number) for number in range(rounds) for rule in TINY]
    for number, (rule, seed) in enumerate(small):
        yield f"tiny {rule} {seed}", tiny_run(out, place, rule, seed)
        if number % 3 == 2 and number // 3 < len(STARTER):
            rows, drawn = STARTER[number // 3]
            yield f"starter {rows} {drawn}", starter_run(out, rows, drawn)


def tiny_run(out: Path, model: Path, rule: str, seed: int) -> Run:
    """A model with random weights, and as many rows as the round has."""
    data = out / f"{rule}-{seed}.jsonl"
    write_json_lines(data, made_rows(rule, 260 * (seed + 1), seed))
    return opened(
        out / f"tiny-{rule}-{seed}",
        model={"name": str(model.resolve())},
        sources=[{"path": str(data.resolve())}],
        template={"name": "question-answer"},
        examples={"split": {"validation": 0.08, "test": 0.2}, "drop_near_duplicates": None},
        training={"steps": 80, "learning_rate": 5e-3, "examples_per_step": 8, "seed": seed},
        generation={"max_new_tokens": 8},
    )


def made_rows(rule: str, count: int, seed: int) -> Iterator[dict[str, str]]:
    """Questions about random letters, whose answers follow from a rule."""
    draw = random.Random(f"{rule} {seed}")
    for _ in range(count):
        word = "".join(draw.choices(string.ascii_lowercase, k=4))
        numbers = draw.randrange(10), draw.randrange(10)
        asked, told = {
            "vowel": (f"Vowel in {word}?", "yes" if set(word) & set("aeiou") else "no"),
            "copy": (f"Say {word}.", word),
            "order": (f"First of {word}?", min(word)),
            "sum": (f"{numbers[0]} + {numbers[1]} and {word}", str(sum(numbers))),
        }[rule]
        yield {"instruction": asked, "response": told}


def starter_run(out: Path, rows: int, seed: int) -> Run:
    """The starter on some of its material, for 60 steps."""
    material = RECIPE.parent / "material"
    lines = (material / "train.jsonl").read_text(encoding="utf-8").splitlines()
    random.Random(seed).shuffle(lines)
    data = out / f"starter-{rows}-{seed}.jsonl"
    data.write_text("\n".join(lines[:rows]) + "\n", encoding="utf-8")
    return opened(
        out / f"starter-{rows}-{seed}",
        sources=[
            {"path": str(data.resolve())},
            {"path": str(material / "test.jsonl"), "use_as": "test", "limit": 120},
        ],
        examples={"split": {"validation": 0.06, "test": 0.0}},
        template={"name": "alpaca"},
        training={"steps": 60, "learning_rate": 5e-4, "examples_per_step": 8, "seed": seed},
        generation={"max_new_tokens": 16},
    )


def opened(folder: Path, **sections: Any) -> Run:
    """A run by a recipe with these sections."""
    sections["training"] |= {"precision": "fp32", "device": "cpu", "checkpoint_every": 1000}
    sections["evaluation"] = {"metrics": ["token_f1"]}
    recipe = recipe_from_mapping(sections)
    progress = SilentProgress()
    return Run(recipe=recipe, folder=RunFolder(folder), paths_from=RECIPE.parent, progress=progress)


def held_out(folder: Path, sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """What the smaller sizes predict of the last doubling, and what it brought."""
    parts = [
        [
            read_json(folder / "curve" / f"rows-{size}-seed-{seed}" / "scores.json")
            for seed in (0, 1)
        ]
        for size in sizes
    ]
    weights = np.array(parts[0][0]["loss_weights"], dtype=np.float64)
    for name in METRICS:
        scores = [
            np.array([one["loss"] if name == "loss" else one["metrics"][name] for one in some])
            for some in parts
        ]
        shares = weights if name == "loss" else np.ones(scores[0].shape[1])
        gain = doubling_gain(
            sizes[:-1],
            scores[:-1],
            bounds=metric_bounds(name),
            weights=shares,
        )
        means = [float((one @ shares / shares.sum()).mean()) for one in scores]
        brought = means[-1] - means[-2]
        yield {
            "metric": name,
            "means": [round(mean, 3) for mean in means],
            "predicted": [round(end, 3) for end in (gain.low, gain.value, gain.high)],
            "brought": round(brought, 3),
            "held": bool(gain.low <= brought <= gain.high),
        }


def counted(doublings: list[dict[str, Any]]) -> dict[str, Any]:
    """How many held, of all and by metric, with Jeffreys' interval."""
    held = {}
    for name in ("all", *METRICS):
        some = [one["held"] for one in doublings if name in ("all", one["metric"])]
        right, wrong = sum(some), len(some) - sum(some)
        span = [
            round(float(100 * p), 1)
            for p in stats.beta.ppf((0.025, 0.975), right + 0.5, wrong + 0.5)
        ]
        held[name] = {"held": right, "of": len(some), "interval_percent": span}
    return {"held": held, "doublings": doublings}


if __name__ == "__main__":
    main()
