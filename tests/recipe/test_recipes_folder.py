"""Every recipe in `recipes/` loads, and begins with the command that runs it."""

from pathlib import Path

import pytest

from tunesmith.recipe.load_recipe import load_recipe

FOLDER = Path(__file__).resolve().parents[2] / "recipes"
PATHS = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_shipped_recipe_loads_and_names_its_command(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# tunesmith run recipes/{path.name}"
    for source in load_recipe(path).sources:
        assert source.hub or (FOLDER / str(source.path)).exists()


def test_there_are_recipes() -> None:
    assert PATHS
