"""A recipe and where its base model lies -> the model as training needs it, adapter and all."""

from transformers import PreTrainedModel

from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.load import ModelPlace, load_network, to_device
from tunesmith.models.quantized import load_quantized
from tunesmith.recipe.recipe import Recipe
from tunesmith.training.dropout import set_dropout
from tunesmith.training.engine import Engine, seed_everything


def load_trainable(place: ModelPlace, recipe: Recipe, *, engine: Engine) -> LanguageModel:
    """Load a base model with fresh seeds, on the engine's device, with the recipe's adapter.

    Raises:
        MissingError: No such model.
        RecipeError: The adapter's settings do not fit the model.
        RefusedError: peft could do what the recipe asks, and Tunesmith cannot.
    """
    training = recipe.training
    seed_everything(training.seed, 0)
    network = _load_base(place, recipe, engine)
    set_dropout(network, training.dropout)
    model = choose_layout(to_device(network, engine.device))
    lora = training.lora
    if lora is not None:
        from tunesmith.models.adapter import (  # noqa: PLC0415 - peft takes a second
            add_adapter,
            narrow_frozen,
        )

        model.network = add_adapter(model.inner, lora, dropout=training.dropout)
        if engine.precision == "bf16" and not lora.use_dora:
            narrow_frozen(model.inner)
    return model


def _load_base(place: ModelPlace, recipe: Recipe, engine: Engine) -> PreTrainedModel:
    lora, is_random = recipe.training.lora, recipe.model.weights == "random"
    if lora is not None and lora.quantize is not None:
        return load_quantized(place, device=engine.device)
    return load_network(place, has_random_weights=is_random)
