"""A job -> the recipe of its run: the uploaded rows, the model it begins from, the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import RecipeError
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.recipe.yaml_text import read_yaml
from tunesmith.serving.api_error import ApiError
from tunesmith.serving.tuning.job_request import JobRequest, training_keys
from tunesmith.serving.tuning.uploads import UploadFolder

_DEFAULTS = "defaults.yaml"
_SECTIONS = ("examples", "template", "training", "generation", "evaluation")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecipes:
    """What all jobs of a server have in common.

    Attributes:
        uploads: The files.
        defaults: Sections of a recipe that every job begins with.
    """

    uploads: UploadFolder
    defaults: Mapping[str, Any]

    def of(self, asked: JobRequest, base: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe of a job.

        Args:
            asked: What the client asked for.
            base: The recipe's `model`: where the model lies that it begins from.

        Raises:
            ApiError: No run can be made of it.
        """
        training = dict(self.defaults.get("training", {}))
        training |= training_keys(asked.hyperparameters, training.get("learning_rate"))
        recipe = {
            **self.defaults,
            "model": dict(base),
            "sources": [self._source(asked.training_file)],
            "training": {**training, "seed": asked.seed},
        }
        if asked.validation_file is not None:
            recipe["sources"].append(self._source(asked.validation_file, use_as="validation"))
            examples = dict(recipe.get("examples", {}))
            examples["split"] = {"validation": 0.0, **examples.get("split", {})}
            recipe["examples"] = examples
        try:
            recipe_from_mapping(recipe)
        except RecipeError as error:
            raise ApiError(str(error), code="invalid_value") from None
        return recipe

    def _source(self, file_id: str, **more: str) -> dict[str, Any]:
        return {"path": str(self.uploads.path(file_id).resolve()), "kind": "jsonl", **more}


def read_defaults(folder: Path) -> dict[str, Any]:
    """The sections of `defaults.yaml` in a folder of jobs; empty where there is none.

    Raises:
        RecipeError: It holds something else.
    """
    path = folder / _DEFAULTS
    if not path.is_file():
        return {}
    found = read_yaml(path.read_text(encoding="utf-8")).value or {}
    unknown = sorted(set(found) - set(_SECTIONS)) if isinstance(found, dict) else ["no group"]
    if unknown:
        cure = f"It may hold {', '.join(_SECTIONS)}."
        raise RecipeError(f"{unknown[0]!r} is not for all jobs", where=str(path), cure=cure)
    recipe_from_mapping({**found, "sources": [{"path": "rows.jsonl"}]}, name=str(path))
    return dict(found)
