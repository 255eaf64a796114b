"""A model and a data set -> a recipe, its prepared run, and the same rows for the peers.

Everyone trains the same token ids in the same order with the same masks: those of Tunesmith's
own preparation, so that no difference of templates or sampling is taken for one of speed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from measuring.models import model_folder
from measuring.texts import data_set, is_real
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.training.schedule import rows_of_step

LEARNING_RATE = 5e-5
EXAMPLES_PER_STEP = 8
_MAX_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where material comes from and where everything goes.

    Attributes:
        bench: The folder of environments, models, rows and runs; ignored by git.
        shared: Real data sets and tokenizers, which need not exist.
    """

    bench: Path
    shared: Path

    @property
    def material(self) -> Path:
        """Models, data sets and prepared runs; made once."""
        return self.bench / "material"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that every contender trains.

    Attributes:
        name: Of the folder that holds it.
        model: Its folder.
        recipe: Of Tunesmith.
        run: A prepared run folder, never trained in.
        rows: Token ids and masks in the order of Tunesmith's steps, JSON Lines.
        held_out: Likewise, never trained on; empty unless asked for.
        facts: Tokens and trained tokens an example has on average, how many rows, real or not.
    """

    name: str
    model: Path
    recipe: Path
    run: Path
    rows: Path
    held_out: Path
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is trained on what.

    Attributes:
        model: See `models.py`.
        data: See `texts.py`.
        num_rows: Generated rows, as many; None: the data set as it is.
        train_on: As in a recipe.
        validation: Share that is held out.
        max_grad_norm: As in a recipe.
    """

    model: str
    data: str
    num_rows: int | None = None
    train_on: str = "response"
    validation: float = 0
    max_grad_norm: float | None = 1.0

    @property
    def name(self) -> str:
        """Of its folder."""
        size = [str(self.num_rows)] if self.num_rows else []
        held_out = ["held-out"] if self.validation else []
        return "-".join([self.model, self.data, *size, self.train_on, *held_out])


def make_task(material: Material, places: Places) -> Task:
    """Prepare a task, or find it prepared by the same code."""
    recipe, model = write_recipe(material, places)
    folder = recipe.parent
    has_file = is_real(material.data, places.shared, material.num_rows)
    return Task(
        name=folder.name,
        model=model,
        recipe=recipe,
        run=folder / "run",
        rows=folder / "ordered.jsonl",
        held_out=folder / "held-out.jsonl",
        facts={**_prepare(folder), "is_real": has_file},
    )


def write_recipe(material: Material, places: Places) -> tuple[Path, Path]:
    """A recipe beside its rows, not prepared yet; its path and the model's folder."""
    folder = places.material / "tasks" / material.name
    where, tokenizers = places.material / "models", places.shared / "tokenizers"
    model = model_folder(material.model, where=where, tokenizers=tokenizers)
    found = data_set(material.data, shared=places.shared, num_rows=material.num_rows)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row) for row in found.rows]
    _write_if_new(folder / "rows.jsonl", "\n".join(lines) + "\n")
    recipe = _recipe(model, found.template, material)
    if "system" in found.rows[0]:
        recipe["sources"][0]["fields"] = {"system": "system"}
    _write_if_new(folder / "recipe.yaml", yaml.safe_dump(recipe, sort_keys=False))
    return folder / "recipe.yaml", model


def _write_if_new(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _recipe(model: Path, template: str, material: Material) -> dict[str, Any]:
    """Every row is kept and trained, for what is measured is the training."""
    return {
        "model": {"name": str(model)},
        "sources": [{"path": "rows.jsonl"}],
        "examples": {
            "redact": [],
            "drop_near_duplicates": None,
            "group_near_duplicates": None,
            "split": {"validation": material.validation, "test": 0},
        },
        "template": {"name": template, "train_on": material.train_on},
        "training": {
            "steps": _MAX_STEPS,
            "examples_per_step": EXAMPLES_PER_STEP,
            "max_tokens": 2048,
            "learning_rate": LEARNING_RATE,
            "schedule": "constant",
            "warmup_fraction": 0,
            "max_grad_norm": material.max_grad_norm,
            "keep": "last",
        },
    }


def _prepare(folder: Path) -> dict[str, Any]:
    """Prepare with Tunesmith, then write its rows out for the others."""
    recipe, run = load_recipe(folder / "recipe.yaml"), RunFolder(folder / "run", folder)
    prepare(Run(recipe=recipe, folder=run, paths_from=folder))
    store = open_store(run, "train")
    ordered = [
        row
        for step in range(min(_MAX_STEPS, len(store) // EXAMPLES_PER_STEP))
        for row in rows_of_step(
            step, num_rows=len(store), num_steps=_MAX_STEPS, recipe=recipe.training
        )
    ]
    _write_rows(folder / "ordered.jsonl", store, ordered)
    held_out = open_store(run, "validation")
    _write_rows(folder / "held-out.jsonl", held_out, range(len(held_out)))
    return {
        "rows": len(store),
        "tokens": round(float(store.lengths.mean()), 1),
        "trained_tokens": round(float(store.num_targets.mean()), 1),
    }


def _write_rows(path: Path, store: Any, order: Any) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row in order:
            example = store[row]
            record = {"ids": example.ids.tolist(), "is_trained": example.is_trained.tolist()}
            stream.write(json.dumps(record) + "\n")
