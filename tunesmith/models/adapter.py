"""A model -> the same model with a low-rank adapter (LoRA, arXiv 2106.09685), and back."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from tunesmith.errors import RecipeError
from tunesmith.models.quantized import set_product_dtype
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
        with _without_peft_warning():
            return get_peft_model(network, config)
    except ValueError as error:
        names = sorted({name.rsplit(".", 1)[-1] for name, _ in network.named_modules() if name})
        raise RecipeError(
            f"no module matches {recipe.targets!r} ({error})",
            where="training.method.lora.targets",
            cure=f"Use all-linear, or some of: {', '.join(names)}.",
        ) from error


def narrow_frozen(network: PreTrainedModel) -> None:
    """Keep the frozen matrices of an adapted model in bf16, in place, for bf16 training.

    Autocast rounds them so at every use: the products stay what they were, half of the memory
    and the rounding go. Matrices that learn, norms, and an embedding's table stay as they are.
    What is stored in four bits is widened to bf16 from now on.
    """
    set_product_dtype(network, torch.bfloat16)
    tables = {id(m.weight) for m in network.modules() if isinstance(m, torch.nn.Embedding)}
    for module in network.modules():
        if isinstance(module, torch.nn.Linear | Conv1D) and id(module.weight) not in tables:
            for parameter in module.parameters(recurse=False):
                if not parameter.requires_grad and parameter.is_floating_point():
                    parameter.data = parameter.data.to(torch.bfloat16)


def load_adapter(network: PreTrainedModel, folder: Path) -> Any:
    """Put a saved adapter around the model it was trained on, and merge it in.

    What comes out is a model like any other: peft froze its weights, and they learn again.
    """
    with _without_peft_warning():
        adapted = PeftModel.from_pretrained(network, str(folder))
    return adapted.merge_and_unload().requires_grad_(True)


@contextmanager
def _without_peft_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        # peft 0.21 asks for a property that transformers 5.23 renamed; harmless until 6.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        yield
