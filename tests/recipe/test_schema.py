"""The shipped JSON Schema is that of the models."""

import json
import os
from pathlib import Path
from typing import Any

from tunesmith.recipe.commented import SCHEMA_PATH
from tunesmith.recipe.recipe import Recipe

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def recipe_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a recipe."""
    schema = Recipe.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Tunesmith recipe",
    }


def schema_text() -> str:
    """The schema as the shipped file holds it."""
    return json.dumps(recipe_schema(), indent=2, ensure_ascii=False) + "\n"


def test_golden_schema_is_the_models() -> None:
    if os.environ.get("TUNESMITH_GOLDEN"):
        SCHEMA_PATH.write_text(schema_text())
    assert SCHEMA_PATH.read_text() == schema_text(), "the models changed; see `make golden`"


def test_the_schema_refuses_unknown_keys_and_explains_known_ones() -> None:
    schema = recipe_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["sources"]
    for section in schema["$defs"].values():
        assert section["additionalProperties"] is False
        for name, field in section["properties"].items():
            assert "description" in field or "$ref" in field, name
