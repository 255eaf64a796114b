"""Finished runs made by hand: colours are asked for, and a run knows some of them."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.stages.rig import with_numbers
from tunesmith.evaluation.metrics import TEXT_METRICS, grade_completions
from tunesmith.evaluation.score import score_files
from tunesmith.examples.example import Example, Message
from tunesmith.files import write_json, write_json_lines, write_text
from tunesmith.generation.responder import Completion
from tunesmith.recipe.load_recipe import recipe_from_mapping, resolved_yaml
from tunesmith.stages.execution.run_folder import RunFolder


def example(number: int, answer: str = "") -> Example:
    """A question; another answer makes it another example."""
    asked = Message(role="user", content=f"Colour {number}?")
    return Example(
        messages=(asked, Message(role="assistant", content=answer or f"colour {number}")),
        source=f"colours.jsonl:{number}",
    )


def made_run(
    path: Path,
    *,
    right: float,
    seed: int = 0,
    train: Sequence[Example] = (),
    test: Sequence[Example] = (),
    settings: Mapping[str, Any] | None = None,
    sections: Mapping[str, Any] | None = None,
) -> Path:
    """A run that answers a share of its test rows right; the seed decides which."""
    folder = RunFolder(path)
    training = with_numbers({"seed": seed, **(settings or {})})
    given = {"sources": [{"path": "colours.jsonl"}], "training": training, **(sections or {})}
    recipe = recipe_from_mapping(given)
    write_text(folder.recipe, resolved_yaml(recipe))
    test = test or [example(number) for number in range(40)]
    write_json_lines(folder.examples("test"), (one.to_json() for one in test))
    write_json_lines(
        folder.examples("train"), (one.to_json() for one in train or [example(99, "none")])
    )
    environment = {"schema": 1, "device": "cpu", "seed": seed, "base": {"fingerprint": "f"}}
    write_json(folder.environment, environment)
    rng = random.Random(f"{seed} {right}")
    texts = [one.reference if rng.random() < right else f"not {one.reference}" for one in test]
    write_answers(folder, test, texts)
    return path


def write_answers(folder: RunFolder, test: Sequence[Example], texts: Sequence[str]) -> None:
    """Completions of the tuned model, their grades and the scores."""
    answers = [
        Completion(example_id=one.id, model="tuned", text=text, num_tokens=3, finish_reason="stop")
        for one, text in zip(test, texts, strict=True)
    ]
    write_json_lines(folder.completions("tuned"), (answer.to_json() for answer in answers))
    references = {one.id: one.reference for one in test}
    paths = {metric: folder.grades(metric) for metric in TEXT_METRICS}
    for metric, path in paths.items():
        grades = grade_completions(answers, references, metric=metric, model="tuned")
        write_json_lines(path, (grade.to_json() for grade in grades))
    write_json(folder.scores, score_files(paths))
