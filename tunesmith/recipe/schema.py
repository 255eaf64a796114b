"""The recipe's models -> a JSON Schema that editors complete and check recipes by.

The text is shipped as `recipe.schema.json` beside this module; `make golden` rewrites it.
"""

import json
from pathlib import Path
from typing import Any

from tunesmith.recipe.recipe import Recipe

SCHEMA_PATH = Path(__file__).with_name("recipe.schema.json")


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
