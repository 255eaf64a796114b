"""The starter and its material -> answers of eight tunings whose worth can be read off them.

`python -m bench.usable` tunes them: too little, too much, on shuffled answers, on the test rows
themselves, on labels alone, from random weights, and as it should be.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.usable_worlds import material
from tunesmith.examples.example import Example
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import Completion, OpenQuestion, answer_all
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.train import train

GENERATION: dict[str, Any] = {"max_new_tokens": 40}


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """The rows and settings of one tuning; None as rows: the starter as it is."""

    rows: Sequence[Example] | None
    training: Mapping[str, Any] = field(default_factory=dict)
    weights: str = "pretrained"


def tunings() -> dict[str, Tuning]:
    """All of them by name."""
    rng = random.Random(7)
    rows, test = material("train"), material("test")
    usual = {"examples_per_step": 8, "learning_rate": 5e-4}
    whole = {"epochs": 3, "examples_per_step": 16, "learning_rate": 5e-4}
    labelled = [row for row in rows if "task:tone" in row.tags]
    return {
        "untouched base": Tuning(rows=None),
        "under-trained, 100 rows": Tuning(
            rows=rng.sample(rows, 100),
            training={"epochs": 2, "examples_per_step": 8, "learning_rate": 5e-5},
        ),
        "300 rows": Tuning(rows=rng.sample(rows, 300), training={**usual, "steps": 60}),
        "shuffled answers": Tuning(
            rows=_shuffled(rng.sample(rows, 300), rng), training={**usual, "steps": 60}
        ),
        "leaked test": Tuning(
            rows=test, training={"steps": 110, "examples_per_step": 8, "learning_rate": 8e-4}
        ),
        "random weights": Tuning(rows=rows, training=whole, weights="random"),
        "over-trained, 30 rows": Tuning(
            rows=rng.sample(rows, 30),
            training={"steps": 80, "examples_per_step": 8, "learning_rate": 1e-3},
        ),
        "labels only": Tuning(rows=labelled, training={**usual, "steps": 30}),
        "under-trained, 300 rows": Tuning(
            rows=rng.sample(rows, 300), training={**usual, "learning_rate": 3e-4, "steps": 15}
        ),
        "good": Tuning(rows=rows, training=whole),
    }


def answers_of(name: str, tuning: Tuning, folder: Path) -> Path:
    """The file of a tuning's answers to the starter's test rows; made where it is missing."""
    file = folder / f"{name}.jsonl"
    if not file.is_file():
        model = "starter" if tuning.rows is None else str(_tune(name, tuning, folder))
        responder = named_responder(model, recipe=GenerationRecipe(**GENERATION))
        asked = [OpenQuestion(example_id=e.id, messages=e.prompt) for e in material("test")]
        said = answer_all(responder, asked, on_answer=lambda *_: None, is_lenient=True)
        write_json_lines(file, (one.to_json() for one in said))
    return file


def read_answers(file: Path) -> dict[str, Completion]:
    """The answers by test row."""
    found = (Completion(**record) for record in read_json_lines(file))
    return {one.example_id: one for one in found}


def _tune(name: str, tuning: Tuning, folder: Path) -> Path:
    data = folder / f"{name} rows.jsonl"
    rows = tuning.rows or ()
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text("".join(json.dumps(row.to_json()) + "\n" for row in rows), encoding="utf-8")
    recipe = recipe_from_mapping(
        {
            "model": {"name": "starter", "weights": tuning.weights},
            "sources": [{"path": str(data)}],
            "examples": {"split": {"validation": 0.0, "test": 0.0}},
            "template": {"name": "alpaca"},
            "training": {"precision": "fp32", "keep": "last", **tuning.training},
            "generation": GENERATION,
        }
    )
    run = Run(
        recipe=recipe,
        folder=RunFolder(folder / f"{name} run"),
        paths_from=folder,
        progress=SilentProgress(),
    )
    run.claim()
    prepare(run)
    train(run)
    return run.folder.model


def _shuffled(rows: Sequence[Example], rng: random.Random) -> list[Example]:
    """The same questions with one another's answers."""
    answers = [row.messages[-1] for row in rows]
    rng.shuffle(answers)
    return [
        Example(messages=(*row.prompt, answer), source=row.source, tags=row.tags)
        for row, answer in zip(rows, answers, strict=True)
    ]
