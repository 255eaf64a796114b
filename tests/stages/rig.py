"""Runs over small data and tiny models, by the stages alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.recipe import Recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.run_folder import RunFolder

COLOURS = ("red", "blue", "green", "black", "white", "pink", "grey", "gold")


class Talk:
    """A Progress that remembers what was said."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.tasks: list[str] = []
        self.statuses: list[str] = []

    def start(self, task: str, total: int | None) -> None:
        self.tasks.append(task)

    def advance(self, count: int = 1) -> None:
        pass

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        pass


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Rows as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def colour_rows(count: int = 8) -> list[dict[str, str]]:
    """Questions with one-word answers, all different."""
    return [
        {"instruction": f"Colour {i}?", "response": f"{COLOURS[i % 8]}{i // 8 or ''}"}
        for i in range(count)
    ]


def make_recipe(
    folder: Path, data: Path, weights: str = "pretrained", **sections: Mapping[str, Any]
) -> Recipe:
    """A recipe over one file: all rows are trained on, no baselines, unless a section says so."""
    settings: dict[str, Any] = {
        "model": {"name": str(folder), "weights": weights},
        "sources": [{"path": str(data)}],
        "examples": {"split": {"validation": 0.0, "test": 0.0}},
        "template": {"name": "question-answer"},
    }
    settings["training"] = with_numbers(sections.pop("training", {}))
    settings["evaluation"] = {"baselines": [], **sections.pop("evaluation", {})}
    settings.update(sections)
    return recipe_from_mapping(settings)


def with_numbers(training: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of `training` with a number in the place of each `auto`: no test searches for them."""
    numbers = {"learning_rate": 5e-5, "examples_per_step": 8}
    numbers |= {} if "steps" in training else {"epochs": 2}
    return {"precision": "fp32", "device": "cpu", **numbers, **training}


def opened(recipe: Recipe, folder: RunFolder, recipe_folder: Path, progress: Progress) -> Run:
    """A run as stages take it."""
    return Run(recipe=recipe, folder=folder, paths_from=recipe_folder, progress=progress)


def run_folder(path: Path) -> RunFolder:
    """A folder for a run."""
    return RunFolder(path)
