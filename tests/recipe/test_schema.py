"""The shipped JSON Schema is that of the models."""

import os
from pathlib import Path

from tunesmith.recipe.schema import SCHEMA_PATH, recipe_schema, schema_text

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


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
