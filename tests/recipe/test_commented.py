"""The recipe that `tunesmith init` writes explains every key and changes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.recipe.commented import Choice, commented_recipe
from tunesmith.recipe.fields import walk
from tunesmith.recipe.load_recipe import load_recipe, recipe_from_mapping


def test_the_commented_recipe_is_the_default_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(commented_recipe("my data.jsonl", schema="/some/schema.json"))
    assert load_recipe(path) == recipe_from_mapping({"sources": [{"path": "my data.jsonl"}]})


def test_every_key_stands_in_it_with_its_meaning() -> None:
    text = " ".join(commented_recipe().replace("#", " ").split())
    for field in walk():
        assert f"{field.path[-1]}:" in text
        assert field.description.rstrip(".").lower() in text.lower(), field.path


def test_keys_that_are_commented_out_can_be_switched_on(tmp_path: Path) -> None:
    text = commented_recipe().replace("  method: full\n", "").replace("  # method:", "  method:")
    for line in ("lora:", "rank:", "alpha:", "targets:", "use_rslora:", "use_dora:", "quantize:"):
        text = text.replace(f"  #   {line}", f"    {line}").replace(
            f"  #     {line}", f"      {line}"
        )
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    lora = load_recipe(path).training.lora
    assert lora is not None
    assert lora.rank == 8


@pytest.mark.parametrize("name", ["plain", "alpaca", "concatenate", "question-answer", "chatml"])
def test_what_a_chosen_template_silences_is_commented_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(commented_recipe(chosen={("template", "name"): Choice(value=name)}))
    assert load_recipe(path).template.name == name


def test_no_line_is_longer_than_a_screen() -> None:
    assert max(len(line) for line in commented_recipe().splitlines()) <= 100


def test_golden_commented_recipe(golden: Callable[[str, str], None]) -> None:
    golden("recipe.yaml", commented_recipe())
