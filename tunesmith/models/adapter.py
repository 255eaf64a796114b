"""A model -> the same model with a low-rank adapter (LoRA, arXiv 2106.09685), the rest frozen."""

import warnings
from typing import Any

from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from tunesmith.errors import RecipeError
from tunesmith.recipe.recipe import LoraRecipe


def add_adapter(network: PreTrainedModel, recipe: LoraRecipe, *, dropout: float) -> Any:
    """Wrap a model in a trainable adapter; its own weights stop requiring gradients.

    Raises:
        RecipeError: The target names match no module.
    """
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # type: ignore[arg-type]  # peft divides it by the rank
        lora_dropout=dropout,
        target_modules=recipe.targets,
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),
        task_type="CAUSAL_LM",
    )
    try:
        return _wrap(network, config)
    except ValueError as error:
        names = sorted({name.rsplit(".", 1)[-1] for name, _ in network.named_modules() if name})
        raise RecipeError(
            f"no module matches {recipe.targets!r} ({error})",
            where="training.method.lora.targets",
            cure=f"Use all-linear, or some of: {', '.join(names)}.",
        ) from error


def _wrap(network: PreTrainedModel, config: LoraConfig) -> Any:
    with warnings.catch_warnings():
        # peft 0.21 asks for a property that transformers 5.23 renamed; harmless until 6.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        return get_peft_model(network, config)
