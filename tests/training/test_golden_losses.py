"""The losses of ten steps on the reference engine (fp32, one thread): a refactor keeps them."""

import os
from pathlib import Path

import pytest

from tests.training.rig import make_plan, train
from tunesmith.recipe.recipe import TrainingRecipe

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
RECIPES = {
    "full": TrainingRecipe(epochs=3.0, examples_per_step=4, learning_rate=1e-2, micro_batch=2),
    "lora": TrainingRecipe(
        epochs=3.0, examples_per_step=4, learning_rate=1e-2, micro_batch=2, method="lora"
    ),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_ten_losses_are_the_golden_ones(tmp_path: Path, name: str, family: str) -> None:
    losses = train(make_plan(tmp_path / "run", RECIPES[name], family=family)).losses()
    path = GOLDEN / f"losses-{family}-{name}.txt"
    if os.environ.get("TUNESMITH_GOLDEN"):
        path.write_text("".join(f"{loss:.6f}\n" for loss in losses.values()))
    expected = [float(line) for line in path.read_text().split()]
    assert list(losses.values()) == pytest.approx(expected, rel=1e-4)
    assert len(expected) == 10
