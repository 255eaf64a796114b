"""What other trainers are told is what the recipe says, in their words."""

from typing import Any

import pytest

from tunesmith.export.data_formats.trainer_settings import TRAINERS, TrainedElsewhere
from tunesmith.recipe.recipe import TrainingRecipe


def _settings(form: str, num_steps: int = 100, **training: Any) -> dict[str, Any]:
    numbers = {"learning_rate": 1e-4, "examples_per_step": 4, "epochs": 2.0}
    recipe = TrainingRecipe.model_validate({**numbers, **training})
    what = TrainedElsewhere(
        recipe=recipe,
        model="some/model",
        revision="abc",
        num_steps=num_steps,
        longest=70,
        has_validation=False,
        is_bf16=True,
    )
    return TRAINERS[form].settings(what)


@pytest.mark.parametrize(("num_steps", "warmed"), [(100, 3), (40, 2), (30, 0), (1, 0)])
def test_a_warm_up_of_one_step_would_be_a_step_that_changes_nothing(
    num_steps: int, warmed: int
) -> None:
    assert _settings("trl", num_steps)["warmup_steps"] == warmed


def test_a_constant_rate_after_a_warm_up_has_a_name_of_its_own() -> None:
    found = _settings("axolotl", schedule="constant")
    assert found["lr_scheduler"] == "constant_with_warmup"
    found = _settings("axolotl", schedule="constant", warmup_fraction=0.0)
    assert found["lr_scheduler"] == "constant"


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("trl", {"lora_target_modules": "all-linear", "load_in_4bit": True}),
        ("axolotl", {"lora_target_linear": True, "load_in_4bit": True, "adapter": "qlora"}),
        ("llamafactory", {"lora_target": "all", "quantization_bit": 4, "finetuning_type": "lora"}),
    ],
)
def test_an_adapter_on_four_bits_is_told_in_each_ones_words(
    form: str, wanted: dict[str, object]
) -> None:
    found = _settings(form, method={"lora": {"quantize": "nf4", "use_dora": True}})
    assert wanted.items() <= found.items()
    assert found["peft_use_dora" if form == "axolotl" else "use_dora"] is True


@pytest.mark.parametrize("form", list(TRAINERS))
def test_a_hub_models_revision_and_what_was_not_asked_for(form: str) -> None:
    found = _settings(form)
    assert found["revision_of_model" if form == "axolotl" else "model_revision"] == "abc"
    assert not [name for name in found if "lora" in name or "eval" in name]
    assert found["num_epochs" if form == "axolotl" else "num_train_epochs"] == 2.0
